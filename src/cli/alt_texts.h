/* Captions for the pictures of documents. A picture that is met again is known by its content, and
 * captioned once in a run. */
#ifndef CAPTION_CLI_ALT_TEXTS_H
#define CAPTION_CLI_ALT_TEXTS_H

#include "base/file.h"
#include "base/hash.h"
#include "cli/decoding_options.h"

struct alt_texts {
    const struct decoding_options *decoding; /* set by the caller; the rest zeroed */
    caption_model *model;
    caption_captioner *captioner;
    caption_session *session;
    struct alt_text *texts; /* [count], owned */
    size_t count, capacity;
    struct siphash_key keys[2];
};

/* Opens the model. */
bool alt_texts_open(struct alt_texts *texts, caption_error *error);

/* The caption of a picture, owned by `texts`; "" where the model is too unsure (--min-confidence).
 * NULL with `error` set; messages begin with `name`. */
const char *alt_texts_find(struct alt_texts *texts, const struct file_bytes *picture,
                           const char *name, caption_error *error);

void alt_texts_free(struct alt_texts *texts);

#endif

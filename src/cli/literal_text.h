/* Literal text before and after captions, as --before "ohwx man, " asks for. The model never sees
 * it; it is put around every caption of a result before an output gets that. */
#ifndef CAPTION_CLI_LITERAL_TEXT_H
#define CAPTION_CLI_LITERAL_TEXT_H

#include "caption.h"

struct literal_text {
    const char *before, *after; /* NULL: none */
};

/* False with `error` set, which names the flag, where a text is not UTF-8 or has control
 * characters: a caption is one line. */
bool literal_text_check(const struct literal_text *text, caption_error *error);

/* `in` with the text around each caption that has words; everything else of `out` is borrowed from
 * `in`. False when memory is short. Freed with literal_text_free. */
bool literal_text_add(const struct literal_text *text, const caption_result *in,
                      caption_result *out, caption_error *error);
void literal_text_free(const caption_result *in, caption_result *out);

#endif

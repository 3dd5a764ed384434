/* Requests ask for captions in different ways: each way is a captioner, and a session of it in each
 * thread. All that differ in no more than their search share their weights. */
#ifndef CAPTION_SERVE_CACHES_H
#define CAPTION_SERVE_CACHES_H

#include "caption.h"
#include "decode/suggester.h"
#include "serve/photo_request.h"

/* Captioners with weights of their own, one a precision, prepared when they are first needed. Any
 * number of threads may share them. */
struct captioners;

/* For `threads` threads, which share the memory that photos may take. Prepares the captioner of
 * `usual`, whose prefix and style must stay. NULL with `error` set as caption_captioner_new. */
struct captioners *captioners_new(const caption_model *model, const caption_options *usual,
                                  size_t threads, caption_error *error);
void captioners_free(struct captioners *captioners);

/* The captioner of `usual`. */
const caption_captioner *captioners_usual(const struct captioners *captioners);

/* The sessions of a worker, of that many threads each: that of the usual options, and those of the
 * ways that were asked for last. */
struct variants;
struct variants *variants_new(struct captioners *captioners, const caption_options *usual,
                              size_t threads, caption_error *error);
void variants_free(struct variants *variants);

/* A way of captioning. */
struct variant {
    caption_options options;
    char *prefix; /* owned; that of the options */
    caption_captioner *captioner;
    caption_session *session; /* NULL: there is no such variant */
    unsigned long used;       /* when, in calls */
};

/* The variant of these options, made if need be. NULL with `error` set as caption_captioner_with
 * does. It stays until the next call. */
const struct variant *variants_find(struct variants *variants, const caption_options *options,
                                    caption_error *error);

/* Whether captions of both options come from one session: they agree in all that requests may
 * choose. */
bool variants_equal(const caption_options *a, const caption_options *b);

/* Photos that sentences were last suggested about. Their features are kept, in memory that is
 * bounded, so that no photo is encoded anew for each key typed. Any number of threads may share
 * them. */

struct seen_photos;

/* Of the last `most` photos, with features of `width` numbers. NULL with `error` set when memory is
 * short. */
struct seen_photos *seen_photos_new(size_t most, size_t width, caption_error *error);
void seen_photos_free(struct seen_photos *seen);

/* Shows the suggester the photo of a request: its bytes, or the one that request->photo_id names,
 * or none. Bytes are encoded unless their photo is kept, and photo_id is set: a hash with a key
 * that nobody knows, so that the name of a photo is known only to who sent it. False with `error`
 * set where the photo cannot be read, or with the status CAPTION_ERROR_IO where it is not kept. */
bool seen_photos_show(struct seen_photos *seen, struct suggester *suggester,
                      struct photo_request *request, caption_error *error);

#endif

/* Photos that sentences were last suggested about. Their features are kept, in memory that is
 * bounded, so that no photo is encoded anew for each key typed. Any number of threads may share
 * them. */
#ifndef CAPTION_SERVE_SEEN_PHOTOS_H
#define CAPTION_SERVE_SEEN_PHOTOS_H

#include "decode/suggester.h"
#include "serve/photo_request.h"

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

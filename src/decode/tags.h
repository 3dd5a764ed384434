/* From the word head's logits to the tags of a photo. */
#ifndef CAPTION_DECODE_TAGS_H
#define CAPTION_DECODE_TAGS_H

#include "decode/decode.h"
#include "model/tag_calibration.h"
#include "text/tag_words.h"

/* Puts into the result the tags that are at least as sure as `least`, surest first, of equals the
 * more frequent word. logits are (tags->count,). False when memory is short. */
bool tags_set(struct decode_result *result, const struct tag_words *tags,
              const struct tag_calibration *calibration, const float *logits, double least,
              caption_error *error);

/* tags_set for each photo, by its row of the logits (count, K), if the plan's options ask for tags.
 */
bool tags_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                    struct decode_result *results, caption_error *error);

#endif

/* Results that outlive the search. */
#ifndef CAPTION_DECODE_RESULT_H
#define CAPTION_DECODE_RESULT_H

#include "decode/decode.h"

/* Copies `count` captions with their words. On failure the result is empty. */
bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error);

#endif

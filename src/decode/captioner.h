/* Many photos to features, many features to captions, and how likely many captions are, divided
 * over threads, for scoring and for training, which hold all of them (pipeline.h is for photos that
 * come and go). The work is cut the same way for any number of threads, so results do not depend on
 * it. */
#ifndef CAPTION_DECODE_CAPTIONER_H
#define CAPTION_DECODE_CAPTIONER_H

#include <stdio.h>

#include "base/threads.h"
#include "decode/decode.h"
#include "decode/likelihood.h"
#include "infer/precision.h"

/* Loads and encodes photos read from files: features (count, F). `augment` is what every photo gets
 * (NULL: none), `threads` NULL the calling thread alone; a progress bar on `stream` (NULL: none)
 * has the label `note`. The first photo that cannot be read is the error. */
bool captioner_features(const struct model *model, enum precision precision,
                        const struct photo_file *files, size_t count, const struct augment *augment,
                        struct threads *threads, FILE *stream, const char *note, real *features,
                        caption_error *error);

/* decode_features for any number of photos, counted from 0. results[count] are freed with
 * decode_results_free. */
bool captioner_decode(const struct decode_plan *plan, const real *features, size_t count,
                      struct threads *threads, struct decode_result *results, caption_error *error);

/* likelihood_captions for any number of captions, in float, described in a style (STYLE_NONE: in
 * none). `threads` NULL: the calling thread alone. */
bool captioner_likelihood(const struct model *model, size_t style,
                          const struct likelihood_caption *captions, size_t count,
                          struct threads *threads, double *logprobs, caption_error *error);

#endif

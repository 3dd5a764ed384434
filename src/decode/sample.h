/* Captions drawn word by word from the model's distribution, after temperature, top-k (Fan et al.,
 * 2018) and top-p (Holtzman et al., 2020), in this order. Each of the `top` draws of a photo has a
 * stream of random numbers of its own, which depends on the seed, the photo's number and the
 * draw's, and on nothing else. Draws are sorted by log-probability; two may be the same. */
#ifndef CAPTION_DECODE_SAMPLE_H
#define CAPTION_DECODE_SAMPLE_H

#include "decode/decode.h"

/* The memory of drawing for up to `photos` photos at once, planned once: a run allocates its
 * results and nothing else. Holds on to `plan`. NULL with `error` set when memory is short. */
struct sampler;
struct sampler *sampler_new(const struct decode_plan *plan, size_t photos, caption_error *error);
void sampler_free(struct sampler *sampler);

/* See decode_workspace_share. */
void sampler_share(struct sampler *sampler, struct threads *threads);

/* features (count, F), 1 <= count <= photos; results[count] are empty. On failure some may have
 * been set. */
bool sampler_run(struct sampler *sampler, const real *features, size_t count, size_t first_photo,
                 struct decode_result *results, caption_error *error);

#endif

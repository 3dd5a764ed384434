/* Beam search over all photos of a call at once. At each time step the `beam_size` best
 * continuations of a photo's hypotheses are taken, <end> like any word: those that say <end> are
 * finished and leave the batch, the others go on. So beam size 1 is greedy. Of the finished ones
 * the `top` best by score are kept, of a model that re-ranks them those it chooses
 * from; a photo is done when none goes on, or none that does can still be among them. */
#ifndef CAPTION_DECODE_BEAM_H
#define CAPTION_DECODE_BEAM_H

#include "decode/decode.h"
#include "decode/plan.h"

/* The memory of searches over up to `photos` photos at once, planned once: a search allocates its
 * results and nothing else. Holds on to `plan`. NULL with `error` set when memory is short. */
struct beam_search;
struct beam_search *beam_search_new(const struct decode_plan *plan, size_t photos,
                                    caption_error *error);
void beam_search_free(struct beam_search *search);

/* See decode_workspace_share. */
void beam_search_share(struct beam_search *search, struct threads *threads);

/* features (count, F), 1 <= count <= photos; results[count] are empty. On failure some may have
 * been set. */
bool beam_search_run(struct beam_search *search, const real *features, size_t count,
                     struct decode_result *results, caption_error *error);

/* The captions that a beam search finished, in the order of the model's re-ranking
 * (model/confidence.h). */

/* How many captions of a photo the search keeps: the options' `top` or, to choose them from, as
 * many as the beam is wide. */
size_t reorder_pool(const struct decode_plan *plan);

/* Of each of `count` photos the options' `top` best captions stay, best first, of equals the one
 * that was before; their scores become what they are ranked by. The captions have their signals. Of
 * a model without a re-ranking all stays as it is. */
void reorder_captions(const struct decode_plan *plan, struct decode_result *results, size_t count);

#endif

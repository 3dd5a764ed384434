/* The captions that a beam search finished, in the order of the model's re-ranking
 * (model/rerank.h). */
#ifndef CAPTION_DECODE_REORDER_H
#define CAPTION_DECODE_REORDER_H

#include "decode/plan.h"

/* How many captions of a photo the search keeps: the options' `top` or, to choose them from, as
 * many as the beam is wide. */
size_t reorder_pool(const struct decode_plan *plan);

/* Of each of `count` photos the options' `top` best captions stay, best first, of equals the one
 * that was before; their scores become what they are ranked by. The captions have their signals. Of
 * a model without a re-ranking all stays as it is. */
void reorder_captions(const struct decode_plan *plan, struct decode_result *results, size_t count);

#endif

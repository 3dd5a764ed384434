/* Held-out perplexity: how surprised the model is by what people said of the photos. */
#ifndef CAPTION_EVAL_PERPLEXITY_H
#define CAPTION_EVAL_PERPLEXITY_H

#include "base/threads.h"
#include "data/dataset.h"
#include "model/model.h"

/* exp of the mean negative log-likelihood of a word of the reference captions, <end> included;
 * words that the model does not know count as <unk>. photos[count] are indices into the data set's
 * photos, features (count, F) theirs, which are described in `style`. `threads` may be NULL. */
bool perplexity_compute(const struct model *model, size_t style, const struct dataset *dataset,
                        const size_t *photos, size_t count, const real *features,
                        struct threads *threads, double *perplexity, caption_error *error);

#endif

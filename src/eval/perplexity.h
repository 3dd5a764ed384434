/* Held-out perplexity: how surprised the model is by people's captions of the photos. */
#ifndef CAPTION_EVAL_PERPLEXITY_H
#define CAPTION_EVAL_PERPLEXITY_H

#include "base/threads.h"
#include "data/dataset.h"
#include "decode/likelihood.h"
#include "model/model.h"

/* The reference captions in the numbers of a model's words, to ask how likely the model finds
 * them. */

struct reference_words {
    struct likelihood_caption *captions; /* [count], photo after photo, each with its photo */
    size_t count;
    size_t *first;   /* [photos + 1]: captions[first[i] .. first[i + 1]) are those of photo i */
    uint32_t *words; /* of all captions */
    size_t word_count;
};

/* Of photos[count], indices into the data set's photos, with features (count, F). Words that the
 * model does not know are <unk>. Holds on to features; freed with reference_words_free, after a
 * failure too. */
bool reference_words_init(struct reference_words *references, const struct model *model,
                          const struct dataset *dataset, const size_t *photos, size_t count,
                          const real *features, caption_error *error);
void reference_words_free(struct reference_words *references);

/* exp of the mean negative log-likelihood of a word of the reference captions, <end> included;
 * words that the model does not know count as <unk>. photos[count] are indices into the data set's
 * photos, features (count, F) theirs, which are described in `style`. `threads` may be NULL. */
bool perplexity_compute(const struct model *model, size_t style, const struct dataset *dataset,
                        const size_t *photos, size_t count, const real *features,
                        struct threads *threads, double *perplexity, caption_error *error);

#endif

/* Held-out perplexity: how surprised the model is by people's captions of the photos. */
#ifndef CAPTION_EVAL_PERPLEXITY_H
#define CAPTION_EVAL_PERPLEXITY_H

#include "data/dataset.h"
#include "decode/captioner.h"

/* The reference captions in the numbers of a model's words, to ask how likely the model finds
 * them. */
struct reference_words {
    struct likelihood_caption *captions; /* [count], photo after photo, each with its photo */
    size_t count;
    size_t photos;
    size_t *first;   /* [photos + 1]: captions[first[i] .. first[i + 1]) are those of photo i */
    uint32_t *words; /* of all captions */
    size_t word_count;
};

/* Of photos with features (photos->count, F). Words that the model does not know are <unk>. Holds
 * on to features; freed with reference_words_free, after a failure too. */
bool reference_words_init(struct reference_words *references, const struct model *model,
                          const struct dataset_selection *photos, const real *features,
                          caption_error *error);
void reference_words_free(struct reference_words *references);

/* exp of the mean negative log-likelihood of a word of the reference captions, <end> included. */
bool perplexity_compute(const struct likelihood_scorer *scorer,
                        const struct reference_words *references, double *perplexity,
                        caption_error *error);

#endif

/* How well the model foresees people's captions of photos that it did not learn from: perplexity,
 * and how often the next word is among those that it suggests. */
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

/* How often a person's next word is among those that the model suggests, with the photo and without
 * it: what `caption suggest` is worth. */

/* Suggestions among which a word counts as found. */
enum { NEXT_WORD_SUGGESTIONS = 5 };

/* Shares from 0 to 1. */
struct next_word_shares {
    double first; /* of the places: what comes is the first suggestion */
    double among; /* it is one of NEXT_WORD_SUGGESTIONS */
    double words; /* the same of the words alone, without the ends */
};

struct next_word {
    size_t places; /* words of the references, and the end of each; a word that the model does not
                      know is never suggested */
    struct next_word_shares with, without; /* the photo */
};

/* What comes in every place of the references, given the words before it. */
bool next_word_compute(const struct likelihood_scorer *scorer,
                       const struct reference_words *references, struct next_word *out,
                       caption_error *error);

/* Whether a model looks at its photos: a photo's caption must become less likely when the
 * model is shown another one. A model that has learned language alone finds it as likely. */

/* Fractions of the swaps in which the log-likelihood fell; one that stays as it was has not. */
struct swaps {
    size_t count;
    double generated;  /* of the caption that the model made for the photo, as drawn */
    double references; /* of the references: the mean over the photo's captions */
};

/* Whether there are photos enough to swap: two. */
bool swaps_check(const struct dataset_selection *photos, caption_error *error);

/* Draws `count` pairs, at least one, of a photo and another one with a seed that is always the
 * same, and compares the log-likelihood of the first one's captions given it and given the other.
 * The photos are those of the references, at least two, each with at least one caption, and
 * results[references->photos]. */
bool swaps_compute(const struct likelihood_scorer *scorer, const struct reference_words *references,
                   const struct decode_result *results, size_t count, struct swaps *out,
                   caption_error *error);

#endif

/* How often a person's next word is among those that the model suggests, with the photo and without
 * it: what `caption suggest` is worth. */
#ifndef CAPTION_EVAL_NEXT_WORD_H
#define CAPTION_EVAL_NEXT_WORD_H

#include "decode/captioner.h"
#include "eval/perplexity.h"

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

#endif

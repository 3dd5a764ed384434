/* Sentences to words: lower case, split as the Penn Treebank tokenizer does, its punctuation tokens
 * dropped (the set that coco-caption drops), so that training and scoring see the same words. */
#ifndef CAPTION_TEXT_TOKENIZER_H
#define CAPTION_TEXT_TOKENIZER_H

#include "base/error.h"

struct tokens {
    size_t count;
    char **words; /* [count], owned */
};

bool tokenize(const char *sentence, struct tokens *out, caption_error *error);
void tokens_free(struct tokens *tokens);

#endif

/* Splits plain text (see tokenizer.h) into tokens as the Penn Treebank does: a lexer in which the
 * longest match of a table of rules wins, after the PTBTokenizer of Stanford CoreNLP. */
#ifndef CAPTION_TEXT_TREEBANK_H
#define CAPTION_TEXT_TREEBANK_H

#include <stdbool.h>
#include <stddef.h>

struct treebank_token {
    const char *text; /* within the text given; not terminated */
    size_t length;
    bool punctuation; /* one of the tokens that coco-caption drops, or a part of one */
};

/* The next token of the text at *cursor, which is moved past it. False at the end. Time is linear
 * in the length of the text. */
bool treebank_next(const char **cursor, struct treebank_token *token);

#endif

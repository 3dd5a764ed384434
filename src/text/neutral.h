/* Rewrites sentences so that they name neither the gender nor the age group of a person, about
 * which captions often claim more than the photo shows. Rules rewrite the finished sentence, so
 * they work for any model without training:
 *
 *     a young man with his dog           a person with their dog
 *     a man and two women                three people
 *     a man is talking to a woman        a person is talking to another person
 *     two boys and a girl                three children
 *     a policeman smiles as he walks     a police officer smiles as they walk
 *     a dog with a ball in his mouth     a dog with a ball in its mouth
 *
 * "child" stays and replaces boy and girl; no finer age is kept. The words are in neutral_words.c;
 * all others are left unchanged. English only. */
#ifndef CAPTION_TEXT_NEUTRAL_H
#define CAPTION_TEXT_NEUTRAL_H

#include "base/error.h"

/* The rewritten sentence. Input and output are words of the tokenizer separated by single spaces.
 * Freed with free(). */
char *neutral_sentence(const char *sentence, caption_error *error);

#endif

/* Sentences that tell neither the gender nor the age group of a person, both of which a photo often
 * shows less of than a caption claims. Rules rewrite the finished sentence, so they hold for any
 * model and nothing is learned anew:
 *
 *     a young man with his dog           a person with their dog
 *     a man and two women                three people
 *     a man is talking to a woman        a person is talking to another person
 *     two boys and a girl                three children
 *     a policeman smiles as he walks     a police officer smiles as they walk
 *     a dog with a ball in his mouth     a dog with a ball in its mouth
 *
 * "child" stays and stands for boy and girl; no finer age is told. The words are in
 * neutral_words.c; what stands in none of its tables is left as it is. English only. */
#ifndef CAPTION_TEXT_NEUTRAL_H
#define CAPTION_TEXT_NEUTRAL_H

#include "base/error.h"

/* The sentence rewritten: words as the tokenizer makes them, parted by single spaces, in and out.
 * Freed with free(). */
char *neutral_sentence(const char *sentence, caption_error *error);

#endif

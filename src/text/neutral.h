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

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The rewritten sentence. Input and output are words of the tokenizer separated by single spaces.
 * Freed with free(). */
char *neutral_sentence(const char *sentence, caption_error *error);

/* --- for the files of the neutral wording themselves, but for neutral_is_in ---
 *
 * Tables of words, without any grammar (neutral_words.c). */

/* A noun that implies a person's gender or age group, or one that implies neither and is its own
 * replacement. */
struct neutral_noun {
    const char *singular, *plural;       /* in captions */
    const char *before;                  /* "police" of "police officer", or NULL */
    const char *to_singular, *to_plural; /* replacements */
};

/* How many nouns the tables have. */
enum { NEUTRAL_NOUNS = 83 };

/* The noun whose singular or plural the word is, or NULL. Compounds of -man, -woman, -men and
 * -women are found by their prefix. */
const struct neutral_noun *neutral_noun_find(const char *word, bool *is_plural);

/* The first noun that is replaced by the word, or NULL. */
const struct neutral_noun *neutral_noun_of(const char *word, bool *is_plural);

struct neutral_pronoun {
    const char *word;
    const char *person, *animal; /* replacements, by what it refers to */
};

const struct neutral_pronoun *neutral_pronoun_find(const char *word);

/* The replacement of a word that does not depend on context; the word itself if there is none. */
const char *neutral_other_word(const char *word);

enum neutral_set {
    NEUTRAL_AGES,      /* adjectives of age: "young", "elderly" */
    NEUTRAL_BABIES,    /* the age is in the noun: "baby girl" */
    NEUTRAL_PEOPLE,    /* people who are neither replaced nor replacements: "skateboarder" */
    NEUTRAL_SPORTS,    /* words after "girls" and "men 's": "team", "soccer" */
    NEUTRAL_ANIMALS,   /* animals, to which "his" may refer */
    NEUTRAL_FUNCTIONS, /* articles, prepositions, conjunctions, auxiliary verbs */
    NEUTRAL_VERBS,     /* words after "watches her", where "her ball" would be possessive */
    NEUTRAL_COSTUMES,  /* of "cowboy hat" */
    NEUTRAL_SETS
};

bool neutral_is_in(enum neutral_set set, const char *word);

/* Forms of English words, derived from spelling. */

/* Whether the word is longer than `ending` and ends in it. */
bool neutral_ends_in(const char *word, const char *ending);

/* "a" or "an". */
const char *neutral_article(const char *word);

/* The verb after "they", from its form after "he": "walks" becomes "walk" in place, "is" gives
 * "are", other endings stay. Never longer than before, unless it is a constant. */
const char *neutral_plural_verb(char *verb);

/* Several people in one phrase: merges consecutive phrases of the same kind of people, in place:
 *
 *     a person and a person              two people
 *     two people a person and a child    three people and a child
 *     a group of people and people       a group of people
 *     a blond child and child            two blond children
 *
 * Returns how many words are left. */
size_t neutral_phrases_join(const char **words, size_t count);

#endif

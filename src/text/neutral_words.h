/* The words that neutral.h goes by: tables, and nothing of grammar. */
#ifndef CAPTION_TEXT_NEUTRAL_WORDS_H
#define CAPTION_TEXT_NEUTRAL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A noun that tells a person's gender or age group, or one that tells neither and is its own
 * replacement. */
struct neutral_noun {
    const char *singular, *plural;       /* as captions have it */
    const char *before;                  /* "police" of "police officer", or NULL */
    const char *to_singular, *to_plural; /* what is said instead */
};

/* How many nouns the tables have. */
enum { NEUTRAL_NOUNS = 83 };

/* The noun whose singular or plural the word is, or NULL. Compounds of -man, -woman, -men and
 * -women are found by what stands before that. */
const struct neutral_noun *neutral_noun_find(const char *word, bool *is_plural);

/* The first noun that is replaced by the word. NULL: none is. */
const struct neutral_noun *neutral_noun_said(const char *word, bool *is_plural);

struct neutral_pronoun {
    const char *word;
    const char *person, *animal; /* what is said instead, of whom */
};

const struct neutral_pronoun *neutral_pronoun_find(const char *word);

/* A word that is replaced by another whatever stands around it; the word itself if there is none.
 */
const char *neutral_other_word(const char *word);

enum neutral_set {
    NEUTRAL_AGES,      /* adjectives of age: "young", "elderly" */
    NEUTRAL_BABIES,    /* the age is in the noun: "baby girl" */
    NEUTRAL_PEOPLE,    /* who is neither replaced nor replaces: "skateboarder" */
    NEUTRAL_SPORTS,    /* what "girls" and "men 's" stand before: "team", "soccer" */
    NEUTRAL_ANIMALS,   /* what "his" may be said of and no person is meant */
    NEUTRAL_FUNCTIONS, /* articles, prepositions, conjunctions, auxiliary verbs */
    NEUTRAL_VERBS,     /* what "watches her" goes on with, where "her ball" would be hers */
    NEUTRAL_COSTUMES,  /* of "cowboy hat" */
    NEUTRAL_SETS
};

bool neutral_is_in(enum neutral_set set, const char *word);

#endif

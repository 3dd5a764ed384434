#include "text/neutral.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/tokenizer.h"

/* Most words that replace one: "other", "police" and "officer". */
enum { GROWTH = 3 };

/* Words between an adjective of age and its noun, at most: "young blond haired girl". */
enum { AGE_REACH = 3 };

/* Whether a verb must agree with a "they" that was "he". */
enum agreement { NO_VERB, VERB_FOLLOWS, VERB_WAS, VERB_MAY_FOLLOW };

/* The nouns of the words before the one in hand, each once in the singular and once in the plural,
 * and whether one of those words is an animal or a person. Kept, so that no word is looked at again
 * for every noun and pronoun that follows it. */
struct mentions {
    size_t words; /* how many of the words are noted here */
    struct mention {
        const struct neutral_noun *noun;
        bool is_plural;
    } nouns[2 * NEUTRAL_NOUNS];
    size_t count;
    bool animal, person; /* a "mother bird" is no person */
};

struct rewriting {
    char **words; /* [count], as decoded; writable */
    size_t count, next;
    struct mentions mentions; /* up to date after note_mentions */
    const char **out;         /* (GROWTH * count,) */
    size_t length;
    enum agreement agreement;
};

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

/* The word `ahead` places on, 0 being the current one; "" after the last. */
static const char *peek(const struct rewriting *r, size_t ahead) {
    return ahead < r->count - r->next ? r->words[r->next + ahead] : "";
}

/* The output word `back` places ago, 1 being the last; "" before the first. */
static const char *written(const struct rewriting *r, size_t back) {
    return back <= r->length ? r->out[r->length - back] : "";
}

static bool is_function(const char *word) {
    return !*word || neutral_is_in(NEUTRAL_FUNCTIONS, word);
}

static bool is_noun(const char *word) {
    bool is_plural;
    return neutral_noun_find(word, &is_plural) != NULL;
}

/* "mans hat", from captions without apostrophes. */
static bool is_owner(const char *word) {
    return is(word, "mans") || is(word, "womans");
}

static bool is_person(const char *word) {
    return is_noun(word) || is_owner(word) || neutral_is_in(NEUTRAL_PEOPLE, word);
}

static bool is_animal(const char *word) {
    return neutral_is_in(NEUTRAL_ANIMALS, word);
}

static bool is_child(const char *word) {
    bool is_plural;
    const struct neutral_noun *noun = neutral_noun_find(word, &is_plural);
    return noun && is(noun->to_singular, "child");
}

static bool is_article(const char *word) {
    return is(word, "a") || is(word, "an");
}

/* Writes the word, and adapts an article before it. */
static void write_word(struct rewriting *r, const char *word) {
    const bool both_unchanged = word == peek(r, 0) && r->next > 0 && r->length > 0 &&
                                r->words[r->next - 1] == r->out[r->length - 1];
    if (is_article(written(r, 1)) && !both_unchanged) r->out[r->length - 1] = neutral_article(word);
    r->out[r->length++] = word;
}

/* "young" of "a young man", and of "a young blond girl"; "little" of "little girl". */
static bool tells_age(const struct rewriting *r) {
    const char *word = peek(r, 0);
    const bool little = is(word, "little"), middle = is(word, "middle") && is(peek(r, 1), "aged");
    if (!little && !middle && !neutral_is_in(NEUTRAL_AGES, word)) return false;
    if (is(written(r, 1), "year") || is(written(r, 1), "years")) return false;
    for (size_t ahead = 1; ahead <= AGE_REACH; ahead++) {
        const char *noun = peek(r, ahead);
        if (is_person(noun)) return !little || is_child(noun);
        if (is_function(noun) || is_animal(noun)) return false;
    }
    return false;
}

static void drop_age(struct rewriting *r) {
    if (is(written(r, 1), "very")) r->length--;
}

static void note_noun(struct mentions *mentions, const char *word) {
    bool is_plural;
    const struct neutral_noun *noun = neutral_noun_find(word, &is_plural);
    if (!noun) return;
    for (size_t i = 0; i < mentions->count; i++)
        if (mentions->nouns[i].noun == noun && mentions->nouns[i].is_plural == is_plural) return;
    mentions->nouns[mentions->count++] = (struct mention){noun, is_plural};
}

static const struct mentions *note_mentions(struct rewriting *r) {
    struct mentions *mentions = &r->mentions;
    for (; mentions->words < r->next; mentions->words++) {
        const char *word = r->words[mentions->words];
        if (is_animal(word))
            mentions->animal = true;
        else if (is_person(word) && !is_animal(r->words[mentions->words + 1]))
            mentions->person = true;
        note_noun(mentions, word);
    }
    return mentions;
}

/* Whether "he" is an animal: one was named before, and no person. */
static bool is_of_animal(struct rewriting *r) {
    const struct mentions *mentions = note_mentions(r);
    return mentions->animal && !mentions->person;
}

static const char *pronoun_for(struct rewriting *r, const struct neutral_pronoun *pronoun) {
    const char *next = peek(r, 1);
    const bool animal = is_of_animal(r), alone = is_function(next);
    if (is(pronoun->word, "his") && alone && !is(next, "or") && !is(next, "and"))
        return animal ? "its" : "theirs";
    if (is(pronoun->word, "her") && (alone || neutral_is_in(NEUTRAL_VERBS, next)))
        return animal ? "it" : "them";
    return animal ? pronoun->animal : pronoun->person;
}

static bool say_pronoun(struct rewriting *r) {
    const struct neutral_pronoun *pronoun = neutral_pronoun_find(peek(r, 0));
    if (!pronoun) return false;
    const char *word = pronoun_for(r, pronoun);
    const bool twice =
        (is(written(r, 1), "or") || is(written(r, 1), "and")) && is(written(r, 2), word);
    if (twice) /* "his or her" */
        r->length--;
    else
        write_word(r, word);
    r->agreement = is(word, "they") ? VERB_FOLLOWS : NO_VERB;
    return true;
}

static bool is_adverb(const char *word) {
    return neutral_ends_in(word, "ly") || is(word, "also") || is(word, "then") || is(word, "just");
}

/* The verb of "they": next to it, after an adverb, or a second one after "and". */
static bool say_verb(struct rewriting *r) {
    char *word = r->words[r->next];
    const enum agreement before = r->agreement;
    r->agreement = NO_VERB;
    if (before == VERB_WAS && (is(word, "and") || is(word, "or"))) r->agreement = VERB_MAY_FOLLOW;
    if (before == VERB_FOLLOWS && is_adverb(word)) r->agreement = VERB_FOLLOWS;
    if (before == NO_VERB || before == VERB_WAS || r->agreement == VERB_FOLLOWS) return false;
    if (is_person(word) || neutral_pronoun_find(word) || is(word, "and")) return false;
    r->agreement = VERB_WAS;
    write_word(r, neutral_plural_verb(word));
    return true;
}

/* "girls" of "girls soccer team" and "men 's" of "men 's team": the number of such words that only
 * express possession. */
static size_t attribute_words(const struct rewriting *r, bool is_plural) {
    const bool owned = is_plural && is(peek(r, 1), "'s");
    const char *next = peek(r, owned ? 2 : 1);
    if (neutral_is_in(NEUTRAL_SPORTS, next)) return owned ? 2 : 1;
    return !owned && neutral_is_in(NEUTRAL_PEOPLE, next) ? 1 : 0;
}

/* "male" and "fellow" before a noun, detected from the next word. */
static bool is_adjective(const struct rewriting *r) {
    const char *word = peek(r, 0), *next = peek(r, 1);
    if (!is(word, "male") && !is(word, "female") && !is(word, "fellow")) return false;
    if (is_function(next) || is(next, "'s")) return false;
    if (neutral_ends_in(next, "ing") || neutral_is_in(NEUTRAL_VERBS, next)) return false;
    const bool one =
        is_article(written(r, 1)) || is(written(r, 1), "the") || is_article(written(r, 2));
    const bool verb = one && neutral_ends_in(next, "s") && !neutral_ends_in(next, "is") &&
                      !neutral_ends_in(next, "ss");
    return !verb;
}

/* Whether the noun is redundant: "baby girl", "boy child", "mother bird". */
static bool is_needless(const struct rewriting *r, const struct neutral_noun *noun) {
    const char *next = peek(r, 1);
    if (is_adjective(r)) return true;
    if (is(noun->to_singular, "child"))
        return neutral_is_in(NEUTRAL_BABIES, written(r, 1)) || is(next, "child");
    return is(noun->to_singular, "parent") && is_animal(next);
}

/* "cowboy" of "cowboy hat": the name of a thing. */
static bool is_costume(const struct rewriting *r) {
    return strncmp(peek(r, 0), "cow", 3) == 0 && neutral_is_in(NEUTRAL_COSTUMES, peek(r, 1));
}

/* Whether a noun before this one says the same after the rewriting, in the singular or
 * (`or_plural`) either. *same: it was this very noun, or may mean it. */
static bool was_named(struct rewriting *r, const struct neutral_noun *noun, bool or_plural,
                      bool *same) {
    const struct mentions *mentions = note_mentions(r);
    bool named = false;
    *same = false;
    for (size_t i = 0; i < mentions->count; i++) {
        const struct neutral_noun *earlier = mentions->nouns[i].noun;
        if (mentions->nouns[i].is_plural && !or_plural) continue;
        if (!is(earlier->to_singular, noun->to_singular)) continue;
        named = true;
        if (earlier == noun || is(earlier->singular, earlier->to_singular)) *same = true;
    }
    return named;
}

/* "a man ... a woman" are two people, so write "a person ... another person". */
static void tell_apart(struct rewriting *r, const struct neutral_noun *noun) {
    bool same;
    const bool and_one = is_article(written(r, 1)) && is(written(r, 2), "and");
    if (!was_named(r, noun, and_one, &same)) return;
    if (is_article(written(r, 1)))
        r->out[r->length - 1] = "another";
    else if (is(written(r, 1), "the") && !same)
        write_word(r, "other");
}

static bool say_noun(struct rewriting *r) {
    bool is_plural;
    const struct neutral_noun *noun = neutral_noun_find(peek(r, 0), &is_plural);
    if (!noun || is_costume(r)) return false;
    const size_t attributes = attribute_words(r, is_plural);
    if (attributes > 0) {
        r->next += attributes - 1;
        return true;
    }
    if (is_needless(r, noun)) return true;
    if (!is_plural) tell_apart(r, noun);
    if (noun->before) write_word(r, noun->before);
    write_word(r, is_plural ? noun->to_plural : noun->to_singular);
    return true;
}

static bool say_owner(struct rewriting *r) {
    if (!is_owner(peek(r, 0))) return false;
    write_word(r, "person");
    write_word(r, "'s");
    return true;
}

static void rewrite_word(struct rewriting *r) {
    if (say_verb(r)) return;
    if (tells_age(r)) {
        drop_age(r);
        return;
    }
    if (say_pronoun(r) || say_noun(r) || say_owner(r)) return;
    write_word(r, neutral_other_word(peek(r, 0)));
}

static char *join(const char *const *words, size_t count, caption_error *error) {
    size_t size = 1;
    for (size_t i = 0; i < count; i++) size += strlen(words[i]) + 1;
    char *sentence = memory_uninitialised(size, 1, "a sentence", error);
    if (!sentence) return NULL;
    char *end = sentence;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) *end++ = ' ';
        end = stpcpy(end, words[i]);
    }
    *end = '\0';
    return sentence;
}

char *neutral_sentence(const char *sentence, caption_error *error) {
    struct tokens tokens;
    if (!tokens_split(sentence, &tokens, error)) return NULL;
    struct rewriting r = {.words = tokens.words, .count = tokens.count};
    char *rewritten = NULL;
    r.out = memory_uninitialised(r.count, GROWTH * sizeof *r.out, "a sentence", error);
    if (r.out) {
        for (; r.next < r.count; r.next++) rewrite_word(&r);
        rewritten = join(r.out, neutral_phrases_join(r.out, r.length), error);
    }
    free(r.out);
    tokens_free(&tokens);
    return rewritten;
}

#include "text/neutral_words.h"

#include <stdbool.h>
#include <string.h>

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

bool neutral_ends_in(const char *word, const char *ending) {
    const size_t length = strlen(word), size = strlen(ending);
    return length > size && is(word + length - size, ending);
}

const char *neutral_article(const char *word) {
    static const char *const like_y[] = {"uni", "use", "usu", "eu", "one"};
    for (size_t i = 0; i < sizeof like_y / sizeof *like_y; i++)
        if (strncmp(word, like_y[i], strlen(like_y[i])) == 0) return "a";
    return strchr("aeiou", word[0]) ? "an" : "a";
}

const char *neutral_plural_verb(char *verb) {
    static const char *const irregular[][2] = {
        {"is", "are"}, {"'s", "'re"}, {"was", "were"}, {"has", "have"}, {"does", "do"}};
    static const char *const es[] = {"ches", "shes", "sses", "xes", "zzes", "oes"};
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (is(verb, irregular[i][0])) return irregular[i][1];
    size_t length = strlen(verb);
    if (!neutral_ends_in(verb, "s") || neutral_ends_in(verb, "ss")) return verb;
    verb[--length] = '\0';
    if (length > 3 && neutral_ends_in(verb, "ie")) {
        memcpy(verb + length - 2, "y", 2);
        return verb;
    }
    for (size_t i = 0; i < sizeof es / sizeof *es; i++) {
        const size_t size = strlen(es[i]) - 1;
        if (length > size && memcmp(verb + length - size, es[i], size) == 0)
            verb[length - 1] = '\0';
    }
    return verb;
}

enum { MOST_ADJECTIVES = 2 };

static const char *const numbers[] = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                      "seven", "eight", "nine", "ten",   "eleven", "twelve"};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* "the two blond children": words[start .. adjectives) are the number or determiner,
 * words[adjectives .. head) are adjectives, words[head] is the noun. */
struct phrase {
    size_t start, adjectives, head;
    size_t number; /* 0: unknown */
    const struct neutral_noun *noun;
    bool is_plural;
};

static size_t number_of(const char *word) {
    if (is(word, "a") || is(word, "an") || is(word, "another")) return 1;
    for (size_t n = 1; n < NUMBERS; n++)
        if (is(word, numbers[n])) return n;
    return 0;
}

/* Determiners without a number that may precede a plural. */
static bool is_vague(const char *word) {
    static const char *const vague[] = {"the",   "several", "many", "some", "few",     "these",
                                        "those", "their",   "its",  "all",  "various", "multiple"};
    for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
        if (is(word, vague[i])) return true;
    return false;
}

static bool may_be_adjective(const char *word) {
    bool is_plural;
    return !neutral_is_in(NEUTRAL_FUNCTIONS, word) && !neutral_is_in(NEUTRAL_ANIMALS, word) &&
           !neutral_is_in(NEUTRAL_PEOPLE, word) && !neutral_noun_of(word, &is_plural) &&
           !neutral_ends_in(word, "s") && number_of(word) == 0 && !is_vague(word);
}

static bool has_determiner(const struct phrase *phrase) {
    return phrase->adjectives > phrase->start;
}

/* Reads the number or determiner at phrase->start. */
static void read_number(const char **words, size_t count, struct phrase *phrase) {
    size_t at = phrase->start;
    phrase->number = number_of(words[at]);
    if (phrase->number > 0 || is_vague(words[at])) at++;
    if (at < count && phrase->number == 1 && is(words[at], "few")) {
        phrase->number = 0;
        at++;
    }
    if (at < count && at > phrase->start && is(words[at], "other")) at++;
    phrase->adjectives = at;
}

/* The phrase that begins at `start`, if one does. */
static bool read_phrase(const char **words, size_t count, size_t start, struct phrase *phrase) {
    *phrase = (struct phrase){.start = start};
    if (start >= count) return false;
    read_number(words, count, phrase);
    for (size_t at = phrase->adjectives; at < count && at - phrase->adjectives <= MOST_ADJECTIVES;
         at++) {
        phrase->noun = neutral_noun_of(words[at], &phrase->is_plural);
        phrase->head = at;
        if (phrase->noun) break;
        if (!may_be_adjective(words[at])) return false;
        /* "smiling" is one of "a smiling child" alone: "holding child and child" */
        if (!has_determiner(phrase) && neutral_ends_in(words[at], "ing")) return false;
    }
    if (!phrase->noun) return false;
    const bool one = !phrase->is_plural && (!has_determiner(phrase) || is(words[start], "the"));
    if (one) phrase->number = 1;
    return true;
}

/* Where no word gives the number, the phrase begins behind a word that cannot belong to it; NULL:
 * it begins the sentence. */
static bool may_begin(const char *before, const struct phrase *phrase) {
    if (has_determiner(phrase) || !before) return true;
    return neutral_is_in(NEUTRAL_FUNCTIONS, before) && number_of(before) == 0 && !is_vague(before);
}

/* "a blond child and child", "a blond child and a blond child", not "a blond child and a child". */
static bool same_people(const char **words, const struct phrase *a, const struct phrase *b) {
    const size_t adjectives = b->head - b->adjectives;
    if (a->noun != b->noun) return false;
    if (adjectives == 0 && !has_determiner(b) && !a->noun->before) return true;
    if (adjectives != a->head - a->adjectives) return false;
    for (size_t i = 0; i < adjectives; i++)
        if (!is(words[a->adjectives + i], words[b->adjectives + i])) return false;
    return true;
}

/* Writes the determiners of both phrases together to how[2]; returns how many. `number` is the sum,
 * 0 where one number is unknown: then the determiners of that phrase stay. */
static size_t join_numbers(const char **words, const struct phrase *a, const struct phrase *b,
                           size_t number, const char **how) {
    size_t count = 0;
    if (number > 0) {
        if (is(words[a->start], "the")) how[count++] = "the";
        how[count++] = numbers[number];
        if (is(words[a->start], "another")) how[count++] = "other";
        return count;
    }
    const struct phrase *vague = a->number == 0 ? a : b;
    while (count < 2 && vague->start + count < vague->adjectives) {
        how[count] = words[vague->start + count];
        count++;
    }
    return count;
}

/* Writes one phrase over the end of both; returns where it begins. */
static size_t write_joined(const char **words, const struct phrase *a, const struct phrase *b,
                           size_t number) {
    const char *how[2], *adjectives[MOST_ADJECTIVES];
    const size_t determiners = join_numbers(words, a, b, number, how);
    const size_t adjective_count = a->head - a->adjectives;
    for (size_t i = 0; i < adjective_count; i++) adjectives[i] = words[a->adjectives + i];
    const size_t start = b->head - adjective_count - determiners;
    size_t at = start;
    for (size_t i = 0; i < determiners; i++) words[at++] = how[i];
    for (size_t i = 0; i < adjective_count; i++) words[at++] = adjectives[i];
    words[at] = a->noun->to_plural;
    return start;
}

/* "a person or a person": the first is enough. Returns where it then begins. */
static size_t drop_second(const char **words, const struct phrase *a, const struct phrase *b) {
    const size_t start = a->start + (b->head - a->head);
    memmove(words + start, words + a->start, (a->head + 1 - a->start) * sizeof *words);
    return start;
}

/* Joins the phrase with one that follows it, if they are of the same people. What is left ends
 * where both ended, so that the words behind them stay where they are. Returns where it begins. */
static size_t join(const char **words, size_t count, const struct phrase *a) {
    const size_t next = a->head + 1;
    const bool either = next < count && is(words[next], "or");
    const bool both = next < count && is(words[next], "and");
    struct phrase b;
    if (!read_phrase(words, count, next + (either || both), &b) || !same_people(words, a, &b))
        return a->start;
    if (b.head + 1 < count && is(words[b.head + 1], "'s")) return a->start;
    if (either) return a->is_plural == b.is_plural ? drop_second(words, a, &b) : a->start;
    const size_t number = a->number && b.number ? a->number + b.number : 0;
    const bool other = has_determiner(a) && is(words[a->adjectives - 1], "other");
    if (number >= NUMBERS || other) return a->start;
    return write_joined(words, a, &b, number);
}

size_t neutral_phrases_join(const char **words, size_t count) {
    size_t done = 0;
    for (size_t start = 0; start < count;) {
        const char *before = done > 0 ? words[done - 1] : NULL;
        struct phrase phrase;
        size_t joined = start;
        if (read_phrase(words, count, start, &phrase) && may_begin(before, &phrase))
            joined = join(words, count, &phrase);
        if (joined == start)
            words[done++] = words[start++];
        else
            start = joined;
    }
    return done;
}

#include "text/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* An ending, and its replacement in another form of the word. */
struct ending {
    const char *ending, *instead;
    bool undoubled;     /* "running": the letter before it is written once in the other form */
    size_t least_bytes; /* of the other form */
};

/* The first ending whose other form is in the vocabulary is used: "posing" belongs to "pose". */
static const struct ending endings[] = {
    {"s", "", false, 2},  {"ies", "y", false, 3}, {"ves", "f", false, 3}, {"ves", "fe", false, 3},
    {"es", "", false, 3}, {"ied", "y", false, 3}, {"ed", "e", false, 3},  {"ed", "", false, 3},
    {"ed", "", true, 3},  {"ing", "e", false, 3}, {"ing", "", false, 3},  {"ing", "", true, 3},
};

/* Adverbs are left out; these endings find their adjectives. */
static const struct ending adverb_endings[] = {
    {"ly", "", false, 3}, {"ily", "y", false, 3}, {"ly", "le", false, 4}};

/* Endings of words that have no other form without it. */
static const char *const stems[] = {"ss", "us", "eed"};

/* Relations between the words of a vocabulary. */
struct forms {
    const struct vocabulary *vocabulary;
    uint32_t
        *others; /* [count], another form of the word, nearer to the root; itself at the root */
    bool *is_function; /* [count] */
    bool *is_settled;  /* [count]: no ending is looked at */
};

static bool is_in(const char *const *list, const char *word) {
    for (; *list; list++) {
        if (strcmp(*list, word) == 0) return true;
    }
    return false;
}

static bool ends_with(const char *word, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    return length > size && memcmp(word + length - size, ending, size) == 0;
}

static bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (unsigned char)byte >= 0x80;
}

/* More than one letter, and no "'s" or "n't". */
static bool is_word(const char *word) {
    size_t letters = 0;
    for (const char *byte = word; *byte; byte++) {
        if (*byte == '\'') return false;
        letters += is_letter(*byte);
    }
    return letters > 1;
}

static bool is_number(const char *word) {
    return word[strspn(word, "0123456789")] == '\0';
}

bool content_may_repeat(const char *word) {
    return is_number(word) || is_in(content_repeatable, word);
}

/* The word with the ending replaced, in `other`; false if it does not end so. */
static bool replaced(const char *word, const struct ending *rule,
                     char other[static VOCABULARY_LONGEST_WORD + 2]) {
    const size_t length = strlen(word);
    if (!ends_with(word, length, rule->ending)) return false;
    size_t stem = length - strlen(rule->ending);
    if (rule->undoubled) {
        if (stem < 2 || word[stem - 1] != word[stem - 2]) return false;
        stem--;
    }
    const size_t added = strlen(rule->instead);
    if (stem + added < rule->least_bytes) return false;
    memcpy(other, word, stem);
    memcpy(other + stem, rule->instead, added + 1);
    return true;
}

/* The number of the first word made by the rules that the vocabulary has, or VOCABULARY_UNK. */
static size_t found_by(const struct vocabulary *vocabulary, const char *word,
                       const struct ending *rules, size_t count) {
    char other[VOCABULARY_LONGEST_WORD + 2];
    for (size_t i = 0; i < count; i++) {
        if (!replaced(word, &rules[i], other)) continue;
        const size_t number = vocabulary_find(vocabulary, other);
        if (number != VOCABULARY_UNK) return number;
    }
    return VOCABULARY_UNK;
}

static void look_up_tables(struct forms *forms) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (const char *const *word = content_functions; *word; word++) {
        const size_t number = vocabulary_find(vocabulary, *word);
        if (number == VOCABULARY_UNK) continue;
        forms->is_function[number] = forms->is_settled[number] = true;
    }
    for (const char *const *word = content_own_words; *word; word++) {
        const size_t number = vocabulary_find(vocabulary, *word);
        if (number != VOCABULARY_UNK) forms->is_settled[number] = true;
    }
    for (const struct content_form *form = content_irregular_forms; form->form; form++) {
        const size_t number = vocabulary_find(vocabulary, form->form);
        const size_t other = vocabulary_find(vocabulary, form->other);
        if (number == VOCABULARY_UNK || other == VOCABULARY_UNK) continue;
        forms->others[number] = (uint32_t)other;
        forms->is_settled[number] = forms->is_settled[other] = true; /* prevents cycles */
    }
}

static void look_at_ending(struct forms *forms, size_t number) {
    const char *word = forms->vocabulary->words[number];
    const size_t length = strlen(word);
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
        if (ends_with(word, length, stems[i])) return;
    }
    const size_t adjective = found_by(forms->vocabulary, word, adverb_endings,
                                      sizeof adverb_endings / sizeof adverb_endings[0]);
    if (adjective != VOCABULARY_UNK) {
        forms->is_function[number] = true;
        return;
    }
    const size_t other =
        found_by(forms->vocabulary, word, endings, sizeof endings / sizeof endings[0]);
    if (other != VOCABULARY_UNK) forms->others[number] = (uint32_t)other;
}

static uint32_t root_of(const struct forms *forms, size_t number) {
    uint32_t root = (uint32_t)number;
    while (forms->others[root] != root) root = forms->others[root];
    return root;
}

/* bases[root] becomes the form counted most often, then every form's base its root's. */
static void choose_bases(const struct forms *forms, uint32_t *bases) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (size_t i = 0; i < vocabulary->count; i++) bases[i] = CONTENT_NONE;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        const uint32_t root = root_of(forms, i);
        if (forms->is_function[i] || forms->is_function[root]) continue;
        const uint32_t best = bases[root];
        if (best == CONTENT_NONE || vocabulary->counts[i] > vocabulary->counts[best]) {
            bases[root] = (uint32_t)i;
        }
    }
}

static void find_forms(struct forms *forms) {
    const struct vocabulary *vocabulary = forms->vocabulary;
    for (size_t i = 0; i < vocabulary->count; i++) forms->others[i] = (uint32_t)i;
    look_up_tables(forms);
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        if (forms->is_settled[i]) continue;
        if (is_word(vocabulary->words[i])) {
            look_at_ending(forms, i);
        } else {
            forms->is_function[i] = true;
        }
    }
}

bool content_bases(const struct vocabulary *vocabulary, uint32_t *bases, caption_error *error) {
    struct forms forms = {.vocabulary = vocabulary};
    forms.others = memory_zeroed(vocabulary->count, sizeof *forms.others, "words", error);
    forms.is_function = memory_zeroed(vocabulary->count, sizeof *forms.is_function, "words", error);
    forms.is_settled = memory_zeroed(vocabulary->count, sizeof *forms.is_settled, "words", error);
    const bool ok = forms.others && forms.is_function && forms.is_settled;
    if (ok) {
        find_forms(&forms);
        choose_bases(&forms, bases);
        for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
            bases[i] = forms.is_function[i] ? CONTENT_NONE : bases[root_of(&forms, i)];
        }
    }
    free(forms.others);
    free(forms.is_function);
    free(forms.is_settled);
    return ok;
}

#include "decode/constraints.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void allow_only(real *logits, size_t count, size_t word) {
    for (size_t i = 0; i < count; i++) {
        if (i != word) logits[i] = -(real)INFINITY;
    }
}

/* Forbids every word that once followed what are now the last n - 1 words. */
static void forbid_repeats(size_t n, const uint32_t *words, size_t length, real *logits) {
    if (n == 0) return;
    for (size_t i = 0; i + n <= length; i++) {
        const uint32_t *last = words + length - (n - 1);
        if (memcmp(words + i, last, (n - 1) * sizeof *words) == 0) {
            logits[words[i + n - 1]] = -(real)INFINITY;
        }
    }
}

/* Forbids all forms of the content words that the caption has. */
static void forbid_said(const uint32_t *next_form, const uint32_t *words, size_t length,
                        real *logits) {
    if (!next_form) return;
    for (size_t i = 0; i < length; i++) {
        uint32_t form = words[i];
        while (next_form[form] != CONTENT_NONE && !isinf(logits[form])) {
            logits[form] = -(real)INFINITY;
            form = next_form[form];
        }
    }
}

static bool may_end(const struct decode_plan *plan, const uint32_t *words, size_t length) {
    return length > 0 && length >= plan->options.min_length && !plan->never_last[words[length - 1]];
}

void constraints_apply(const struct decode_plan *plan, const uint32_t *words, size_t length,
                       real *logits) {
    size_t count = plan->model->decoder.words;
    if (length < plan->prefix_count) {
        allow_only(logits, count, plan->prefix[length]);
        return;
    }
    if (length >= plan->options.max_length) allow_only(logits, count, VOCABULARY_END);
    if (!may_end(plan, words, length)) logits[VOCABULARY_END] = -(real)INFINITY;
    logits[VOCABULARY_PAD] = -(real)INFINITY;
    logits[VOCABULARY_START] = -(real)INFINITY;
    logits[VOCABULARY_UNK] = -(real)INFINITY;
    forbid_said(plan->next_form, words, length, logits);
    forbid_repeats(plan->options.no_repeat_ngram, words, length, logits);
}

size_t constraints_shortest(const struct decode_plan *plan) {
    size_t shortest = 1;
    if (plan->prefix_count > shortest) shortest = plan->prefix_count;
    if (plan->options.min_length > shortest) shortest = plan->options.min_length;
    return shortest;
}

size_t constraints_trim(const struct decode_plan *plan, const uint32_t *words, size_t length) {
    size_t shortest = constraints_shortest(plan);
    while (length > shortest && plan->never_last[words[length - 1]]) length--;
    return length;
}

bool repeats_link(const struct vocabulary *vocabulary, const uint32_t *bases, uint32_t *next_form,
                  caption_error *error) {
    const size_t count = vocabulary->count;
    uint32_t *first = memory_uninitialised(count, sizeof *first, "forms of words", error);
    if (!first) return false;
    for (size_t i = 0; i < count; i++) {
        first[i] = CONTENT_NONE;
        next_form[i] = CONTENT_NONE;
    }
    /* A form takes its place behind the first of its ring. */
    for (size_t i = VOCABULARY_SPECIALS; i < count; i++) {
        const uint32_t base = bases[i], word = (uint32_t)i;
        if (base == CONTENT_NONE || content_may_repeat(vocabulary->words[i])) continue;
        if (first[base] == CONTENT_NONE) {
            first[base] = word;
            next_form[word] = word;
            continue;
        }
        next_form[word] = next_form[first[base]];
        next_form[first[base]] = word;
    }
    free(first);
    return true;
}

/* The list that ImageCaptioning.pytorch forbids as "bad endings" (articles, prepositions, forms of
 * "to be"), with the rest of each class. Words that do end sentences people write stay out of it,
 * though they are prepositions too: "looks down", "walk by", "jumps over", "stands outside", "sits
 * behind", "her", "him". */
static const char *const never_last_words[] = {
    /* articles and determiners */
    "a", "an", "the", "this", "that", "these", "those", "some", "every", "each",
    /* possessives */
    "his", "its", "their", "my", "your", "our", "whose",
    /* prepositions */
    "in", "on", "of", "at", "to", "for", "from", "with", "without", "into", "onto", "upon", "under",
    "near", "beside", "between", "among", "amongst", "against", "across", "along", "through",
    "throughout", "during", "before", "after", "toward", "towards", "about", "within", "via", "per",
    "atop", "amid", "alongside",
    /* conjunctions and relatives */
    "and", "or", "but", "nor", "than", "as", "like", "while", "whilst", "when", "where", "if",
    "because", "although", "though", "whereas", "until", "who", "whom", "which", "so",
    /* auxiliary verbs and adverbs of degree */
    "is", "are", "am", "was", "were", "be", "been", "being", "has", "have", "had", "having", "does",
    "do", "very"};

void endings_mark(const struct vocabulary *vocabulary, bool *never_last) {
    for (size_t i = 0; i < sizeof never_last_words / sizeof *never_last_words; i++) {
        size_t word = vocabulary_find(vocabulary, never_last_words[i]);
        if (word != VOCABULARY_UNK) never_last[word] = true;
    }
}

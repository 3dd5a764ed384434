#include "eval/ngrams.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

size_t ngrams_of_length(size_t length, size_t order) {
    return length >= order ? length - order + 1 : 0;
}

/* Open-addressing hash tables whose size is known before: entries are numbered as they come.
 * An n-gram is keyed by the number of its first n - 1 words and its last word, so 64 bits name
 * n-grams of every order, and one table holds them all. */
struct table {
    uint32_t *slots; /* number + 1 */
    size_t mask;
    size_t count;
};

struct word_table {
    struct table table;
    const char **words;
};

struct ngram_table {
    struct table table;
    uint64_t *keys;
};

/* No entry's number: the prefix of single words. */
static const uint32_t no_prefix = UINT32_MAX;

static bool table_init(struct table *table, size_t most, caption_error *error) {
    size_t slots = 16;
    while (slots / 2 < most) {
        if (!size_multiply(slots, 2, &slots)) return error_memory(error, "n-grams");
    }
    table->mask = slots - 1;
    table->slots = memory_zeroed(slots, sizeof *table->slots, "n-grams", error);
    return table->slots != NULL;
}

static uint32_t number_of_word(struct word_table *words, const char *word) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = word; *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    struct table *table = &words->table;
    size_t slot = (size_t)(hash ^ hash >> 32) & table->mask;
    for (; table->slots[slot]; slot = (slot + 1) & table->mask) {
        uint32_t number = table->slots[slot] - 1;
        if (strcmp(words->words[number], word) == 0) return number;
    }
    words->words[table->count] = word;
    table->slots[slot] = (uint32_t)++table->count;
    return table->slots[slot] - 1;
}

static uint32_t number_of_ngram(struct ngram_table *ngrams, uint32_t prefix, uint32_t word) {
    const uint64_t key = (uint64_t)prefix << 32 | word;
    uint64_t hash =
        key * 0x9E3779B97F4A7C15u; /* Fibonacci hashing: the high bits are the good ones */
    struct table *table = &ngrams->table;
    size_t slot = (size_t)(hash >> 32) & table->mask;
    for (; table->slots[slot]; slot = (slot + 1) & table->mask) {
        uint32_t number = table->slots[slot] - 1;
        if (ngrams->keys[number] == key) return number;
    }
    ngrams->keys[table->count] = key;
    table->slots[slot] = (uint32_t)++table->count;
    return table->slots[slot] - 1;
}

static int compare_numbers(const void *a, const void *b) {
    const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return (first > second) - (first < second);
}

/* Turns sorted numbers into distinct ones with counts; returns how many. */
static size_t count_runs(const uint32_t *sorted, size_t count, struct ngram *out) {
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i] == sorted[i - 1]) {
            out[distinct - 1].count++;
        } else {
            out[distinct++] = (struct ngram){sorted[i], 1};
        }
    }
    return distinct;
}

/* What the building of the n-grams needs beside their result. */
struct workspace {
    struct word_table words;
    struct ngram_table ngrams;
    uint32_t *numbers; /* of the n-grams that start at each word of a sentence */
    uint32_t *sorted;
    size_t words_used, grams_used; /* of the result's arrays */
};

static void workspace_free(struct workspace *workspace) {
    free(workspace->words.table.slots);
    free(workspace->words.words);
    free(workspace->ngrams.table.slots);
    free(workspace->ngrams.keys);
    free(workspace->numbers);
    free(workspace->sorted);
}

/* Sums over all sentences. */
struct extent {
    size_t sentences, words, grams, longest;
};

static bool add_extent(struct extent *extent, const struct tokens *tokens) {
    extent->sentences++;
    if (tokens->count > extent->longest) extent->longest = tokens->count;
    bool ok = size_add(extent->words, tokens->count, &extent->words);
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        ok = ok && size_add(extent->grams, ngrams_of_length(tokens->count, order), &extent->grams);
    }
    return ok;
}

static bool measure(const struct scores_item *items, size_t count, struct extent *extent,
                    caption_error *error) {
    *extent = (struct extent){0};
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = ok && add_extent(extent, items[i].candidate);
        for (size_t j = 0; j < items[i].reference_count; j++) {
            ok = ok && add_extent(extent, &items[i].references[j]);
        }
    }
    if (ok && extent->grams < UINT32_MAX) return true;
    return error_set(error, CAPTION_ERROR_LIMIT, "captions of too many words to be scored");
}

static bool allocate(struct ngrams *ngrams, struct workspace *workspace, size_t count,
                     const struct extent *extent, caption_error *error) {
    const char *what = "n-grams";
    ngrams->items = memory_uninitialised(count, sizeof *ngrams->items, what, error);
    ngrams->sentences =
        memory_uninitialised(extent->sentences, sizeof *ngrams->sentences, what, error);
    ngrams->words = memory_uninitialised(extent->words, sizeof *ngrams->words, what, error);
    ngrams->grams = memory_uninitialised(extent->grams, sizeof *ngrams->grams, what, error);
    workspace->words.words =
        memory_uninitialised(extent->words, sizeof *workspace->words.words, what, error);
    workspace->ngrams.keys =
        memory_uninitialised(extent->grams, sizeof *workspace->ngrams.keys, what, error);
    workspace->numbers =
        memory_uninitialised(extent->longest, sizeof *workspace->numbers, what, error);
    workspace->sorted =
        memory_uninitialised(extent->longest, sizeof *workspace->sorted, what, error);
    return ngrams->items && ngrams->sentences && ngrams->words && ngrams->grams &&
           workspace->words.words && workspace->ngrams.keys && workspace->numbers &&
           workspace->sorted && table_init(&workspace->words.table, extent->words, error) &&
           table_init(&workspace->ngrams.table, extent->grams, error);
}

/* Counts one sentence into the next free places of the result. */
static void count_sentence(struct ngrams *ngrams, struct workspace *workspace,
                           const struct tokens *tokens, struct ngrams_sentence *sentence) {
    uint32_t *words = ngrams->words + workspace->words_used;
    workspace->words_used += tokens->count;
    sentence->words = words;
    sentence->length = tokens->count;
    for (size_t i = 0; i < tokens->count; i++) {
        words[i] = number_of_word(&workspace->words, tokens->words[i]);
        workspace->numbers[i] = no_prefix;
    }
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        const size_t count = ngrams_of_length(tokens->count, order);
        for (size_t i = 0; i < count; i++) {
            workspace->numbers[i] =
                number_of_ngram(&workspace->ngrams, workspace->numbers[i], words[i + order - 1]);
        }
        memcpy(workspace->sorted, workspace->numbers, count * sizeof *workspace->sorted);
        qsort(workspace->sorted, count, sizeof *workspace->sorted, compare_numbers);
        struct ngram *grams = ngrams->grams + workspace->grams_used;
        sentence->orders[order - 1] = grams;
        sentence->distinct[order - 1] = count_runs(workspace->sorted, count, grams);
        workspace->grams_used += sentence->distinct[order - 1];
    }
}

static void count_all(struct ngrams *ngrams, struct workspace *workspace,
                      const struct scores_item *items) {
    struct ngrams_sentence *sentence = ngrams->sentences;
    for (size_t i = 0; i < ngrams->count; i++) {
        ngrams->items[i] = (struct ngrams_item){sentence, sentence + 1, items[i].reference_count};
        count_sentence(ngrams, workspace, items[i].candidate, sentence++);
        for (size_t j = 0; j < items[i].reference_count; j++) {
            count_sentence(ngrams, workspace, &items[i].references[j], sentence++);
        }
    }
    ngrams->numbers = workspace->ngrams.table.count;
}

bool ngrams_init(struct ngrams *ngrams, const struct scores_item *items, size_t count,
                 caption_error *error) {
    *ngrams = (struct ngrams){.count = count};
    struct extent extent;
    if (!measure(items, count, &extent, error)) return false;
    struct workspace workspace = {0};
    bool ok = allocate(ngrams, &workspace, count, &extent, error);
    if (ok) count_all(ngrams, &workspace, items);
    workspace_free(&workspace);
    return ok;
}

void ngrams_free(struct ngrams *ngrams) {
    free(ngrams->items);
    free(ngrams->sentences);
    free(ngrams->words);
    free(ngrams->grams);
    *ngrams = (struct ngrams){0};
}

#include "eval/ngrams.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool table_init(struct ngram_numbers_table *table, size_t most, caption_error *error) {
    size_t slots = 16;
    while (slots / 2 < most) {
        if (!size_multiply(slots, 2, &slots)) return error_memory(error, "n-grams");
    }
    table->mask = slots - 1;
    table->key = siphash_key_new();
    table->slots = memory_zeroed(slots, sizeof *table->slots, "n-grams", error);
    return table->slots != NULL;
}

/* Room for that many different words and n-grams, fewer than NGRAM_NONE. Freed with
 * ngram_numbers_free, after a failure too. */
static bool ngram_numbers_init(struct ngram_numbers *numbers, size_t words, size_t grams,
                               caption_error *error) {
    *numbers = (struct ngram_numbers){0};
    numbers->texts = memory_uninitialised(words, sizeof *numbers->texts, "n-grams", error);
    numbers->keys = memory_uninitialised(grams, sizeof *numbers->keys, "n-grams", error);
    return numbers->texts && numbers->keys && table_init(&numbers->words, words, error) &&
           table_init(&numbers->grams, grams, error);
}

static void ngram_numbers_free(struct ngram_numbers *numbers) {
    free(numbers->words.slots);
    free(numbers->grams.slots);
    free(numbers->texts);
    free(numbers->keys);
    *numbers = (struct ngram_numbers){0};
}

/* The slot that holds the word, or the free one that it would take. */
static size_t word_slot(const struct ngram_numbers *numbers, const char *word) {
    const struct ngram_numbers_table *table = &numbers->words;
    size_t slot = (size_t)siphash_string(table->key, word) & table->mask;
    while (table->slots[slot] && strcmp(numbers->texts[table->slots[slot] - 1], word) != 0) {
        slot = (slot + 1) & table->mask;
    }
    return slot;
}

static size_t gram_slot(const struct ngram_numbers *numbers, uint64_t key) {
    const struct ngram_numbers_table *table = &numbers->grams;
    /* Multiplied by a random odd number (Dietzfelbinger et al., 1997): the high bits are the good
     * ones. */
    const uint64_t hash = key * (table->key.first | 1);
    size_t slot = (size_t)(hash >> 32) & table->mask;
    while (table->slots[slot] && numbers->keys[table->slots[slot] - 1] != key) {
        slot = (slot + 1) & table->mask;
    }
    return slot;
}

static uint64_t key_of(uint32_t prefix, uint32_t word) {
    return (uint64_t)prefix << 32 | word;
}

/* The number of a word, which must stay where it is, or of a prefix (NGRAM_NONE: none) and a word;
 * a new one is added. */
static uint32_t ngram_numbers_add_word(struct ngram_numbers *numbers, const char *word) {
    struct ngram_numbers_table *table = &numbers->words;
    const size_t slot = word_slot(numbers, word);
    if (!table->slots[slot]) {
        numbers->texts[table->count] = word;
        table->slots[slot] = (uint32_t)++table->count;
    }
    return table->slots[slot] - 1;
}

static uint32_t ngram_numbers_add(struct ngram_numbers *numbers, uint32_t prefix, uint32_t word) {
    struct ngram_numbers_table *table = &numbers->grams;
    const uint64_t key = key_of(prefix, word);
    const size_t slot = gram_slot(numbers, key);
    if (!table->slots[slot]) {
        numbers->keys[table->count] = key;
        table->slots[slot] = (uint32_t)++table->count;
    }
    return table->slots[slot] - 1;
}

/* A free slot's 0 becomes NGRAM_NONE. */
static uint32_t ngram_numbers_find_word(const struct ngram_numbers *numbers, const char *word) {
    return numbers->words.slots[word_slot(numbers, word)] - 1;
}

static uint32_t ngram_numbers_find(const struct ngram_numbers *numbers, uint32_t prefix,
                                   uint32_t word) {
    return numbers->grams.slots[gram_slot(numbers, key_of(prefix, word))] - 1;
}

static const char what[] = "n-grams";

size_t ngrams_of_length(size_t length, size_t order) {
    return length >= order ? length - order + 1 : 0;
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
    struct ngrams_scratch scratch;
    size_t words_used, grams_used; /* of the result's arrays */
};

bool ngrams_scratch_init(struct ngrams_scratch *scratch, size_t longest, caption_error *error) {
    *scratch = (struct ngrams_scratch){.longest = longest};
    scratch->words = memory_uninitialised(longest, sizeof *scratch->words, what, error);
    scratch->numbers = memory_uninitialised(longest, sizeof *scratch->numbers, what, error);
    scratch->sorted = memory_uninitialised(longest, sizeof *scratch->sorted, what, error);
    scratch->grams =
        memory_uninitialised(longest, NGRAMS_ORDERS * sizeof *scratch->grams, what, error);
    return scratch->words && scratch->numbers && scratch->sorted && scratch->grams;
}

void ngrams_scratch_free(struct ngrams_scratch *scratch) {
    free(scratch->words);
    free(scratch->numbers);
    free(scratch->sorted);
    free(scratch->grams);
    *scratch = (struct ngrams_scratch){0};
}

/* Sums over all sentences. */
struct ngram_extent {
    size_t sentences, words, grams, longest;
};

static bool add_extent(struct ngram_extent *extent, const struct tokens *tokens) {
    extent->sentences++;
    if (tokens->count > extent->longest) extent->longest = tokens->count;
    bool ok = size_add(extent->words, tokens->count, &extent->words);
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        ok = ok && size_add(extent->grams, ngrams_of_length(tokens->count, order), &extent->grams);
    }
    return ok;
}

static bool measure(const struct scores_item *items, size_t count, struct ngram_extent *extent,
                    caption_error *error) {
    *extent = (struct ngram_extent){0};
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
                     const struct ngram_extent *extent, caption_error *error) {
    ngrams->items = memory_uninitialised(count, sizeof *ngrams->items, what, error);
    ngrams->sentences =
        memory_uninitialised(extent->sentences, sizeof *ngrams->sentences, what, error);
    ngrams->words = memory_uninitialised(extent->words, sizeof *ngrams->words, what, error);
    ngrams->grams = memory_uninitialised(extent->grams, sizeof *ngrams->grams, what, error);
    return ngrams->items && ngrams->sentences && ngrams->words && ngrams->grams &&
           ngram_numbers_init(&ngrams->known, extent->words, extent->grams, error) &&
           ngrams_scratch_init(&workspace->scratch, extent->longest, error);
}

/* Sorts the numbers of one order into `grams`; returns how many are distinct. */
static size_t sort_order(struct ngrams_scratch *scratch, size_t count, struct ngram *grams) {
    memcpy(scratch->sorted, scratch->numbers, count * sizeof *scratch->sorted);
    qsort(scratch->sorted, count, sizeof *scratch->sorted, compare_numbers);
    return count_runs(scratch->sorted, count, grams);
}

/* Counts one sentence into the next free places of the result. */
static void count_sentence(struct ngrams *ngrams, struct workspace *workspace,
                           const struct tokens *tokens, struct ngrams_sentence *sentence) {
    uint32_t *words = ngrams->words + workspace->words_used;
    uint32_t *numbers = workspace->scratch.numbers;
    workspace->words_used += tokens->count;
    sentence->words = words;
    sentence->length = tokens->count;
    for (size_t i = 0; i < tokens->count; i++) {
        words[i] = ngram_numbers_add_word(&ngrams->known, tokens->words[i]);
        numbers[i] = NGRAM_NONE;
    }
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        const size_t count = ngrams_of_length(tokens->count, order);
        for (size_t i = 0; i < count; i++) {
            numbers[i] = ngram_numbers_add(&ngrams->known, numbers[i], words[i + order - 1]);
        }
        struct ngram *grams = ngrams->grams + workspace->grams_used;
        sentence->orders[order - 1] = grams;
        sentence->distinct[order - 1] = sort_order(&workspace->scratch, count, grams);
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
    ngrams->numbers = ngrams->known.grams.count;
}

/* Whether the n-grams of that order at two places of a sentence are the same words. */
static bool is_same(char *const *words, size_t order, size_t a, size_t b) {
    for (size_t i = 0; i < order; i++) {
        if (strcmp(words[a + i], words[b + i]) != 0) return false;
    }
    return true;
}

/* The number of a known n-gram, or one behind all known ones: that of the first place in the
 * sentence where it stands. */
static uint32_t find_number(const struct ngrams *ngrams, const struct tokens *tokens,
                            const struct ngrams_scratch *scratch, size_t order, size_t place,
                            uint32_t prefix) {
    const uint32_t word = scratch->words[place + order - 1];
    if (word != NGRAM_NONE && (order == 1 || prefix < ngrams->numbers)) {
        const uint32_t number = ngram_numbers_find(&ngrams->known, prefix, word);
        if (number != NGRAM_NONE) return number;
    }
    size_t first = 0;
    while (!is_same(tokens->words, order, first, place)) first++;
    return (uint32_t)(ngrams->numbers + first);
}

void ngrams_count(const struct ngrams *ngrams, const struct tokens *tokens,
                  struct ngrams_scratch *scratch, struct ngrams_sentence *sentence) {
    const size_t length = tokens->count < scratch->longest ? tokens->count : scratch->longest;
    struct ngram *grams = scratch->grams;
    *sentence = (struct ngrams_sentence){.words = scratch->words, .length = length};
    for (size_t i = 0; i < length; i++) {
        scratch->words[i] = ngram_numbers_find_word(&ngrams->known, tokens->words[i]);
        scratch->numbers[i] = NGRAM_NONE;
    }
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        const size_t count = ngrams_of_length(length, order);
        for (size_t i = 0; i < count; i++) {
            scratch->numbers[i] =
                find_number(ngrams, tokens, scratch, order, i, scratch->numbers[i]);
        }
        sentence->orders[order - 1] = grams;
        sentence->distinct[order - 1] = sort_order(scratch, count, grams);
        grams += scratch->longest;
    }
}

bool ngrams_init(struct ngrams *ngrams, const struct scores_item *items, size_t count,
                 caption_error *error) {
    *ngrams = (struct ngrams){.count = count};
    struct ngram_extent extent;
    if (!measure(items, count, &extent, error)) return false;
    struct workspace workspace = {0};
    bool ok = allocate(ngrams, &workspace, count, &extent, error);
    if (ok) count_all(ngrams, &workspace, items);
    ngrams_scratch_free(&workspace.scratch);
    return ok;
}

void ngrams_free(struct ngrams *ngrams) {
    free(ngrams->items);
    free(ngrams->sentences);
    free(ngrams->words);
    free(ngrams->grams);
    ngram_numbers_free(&ngrams->known);
    *ngrams = (struct ngrams){0};
}

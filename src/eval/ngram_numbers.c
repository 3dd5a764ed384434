#include "eval/ngram_numbers.h"

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

bool ngram_numbers_init(struct ngram_numbers *numbers, size_t words, size_t grams,
                        caption_error *error) {
    *numbers = (struct ngram_numbers){0};
    numbers->texts = memory_uninitialised(words, sizeof *numbers->texts, "n-grams", error);
    numbers->keys = memory_uninitialised(grams, sizeof *numbers->keys, "n-grams", error);
    return numbers->texts && numbers->keys && table_init(&numbers->words, words, error) &&
           table_init(&numbers->grams, grams, error);
}

void ngram_numbers_free(struct ngram_numbers *numbers) {
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

uint32_t ngram_numbers_add_word(struct ngram_numbers *numbers, const char *word) {
    struct ngram_numbers_table *table = &numbers->words;
    const size_t slot = word_slot(numbers, word);
    if (!table->slots[slot]) {
        numbers->texts[table->count] = word;
        table->slots[slot] = (uint32_t)++table->count;
    }
    return table->slots[slot] - 1;
}

uint32_t ngram_numbers_add(struct ngram_numbers *numbers, uint32_t prefix, uint32_t word) {
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
uint32_t ngram_numbers_find_word(const struct ngram_numbers *numbers, const char *word) {
    return numbers->words.slots[word_slot(numbers, word)] - 1;
}

uint32_t ngram_numbers_find(const struct ngram_numbers *numbers, uint32_t prefix, uint32_t word) {
    return numbers->grams.slots[gram_slot(numbers, key_of(prefix, word))] - 1;
}

#include "text/vocabulary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char *const specials[VOCABULARY_SPECIALS] = {"<pad>", "<start>", "<end>", "<unk>"};

/* Word numbers + 1 fill the 32-bit slots of the hash table. */
static const size_t most_words = UINT32_MAX - 1;

/* The slot that holds the word, or the empty one where it belongs. slot_count is a power of two and
 * the table at most half full. */
static size_t slot_of(const struct vocabulary *vocabulary, const char *word) {
    const size_t mask = vocabulary->slot_count - 1;
    size_t slot = (size_t)siphash_string(vocabulary->key, word) & mask;
    while (vocabulary->slots[slot] &&
           strcmp(vocabulary->words[vocabulary->slots[slot] - 1], word) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* Inserts all words except the special ones, which are not found by name. */
static void fill_slots(struct vocabulary *vocabulary) {
    memset(vocabulary->slots, 0, vocabulary->slot_count * sizeof *vocabulary->slots);
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        vocabulary->slots[slot_of(vocabulary, vocabulary->words[i])] = (uint32_t)(i + 1);
    }
}

static bool grow_slots(struct vocabulary *vocabulary, size_t slot_count, caption_error *error) {
    uint32_t *slots = memory_zeroed(slot_count, sizeof *slots, "a vocabulary", error);
    if (!slots) return false;
    free(vocabulary->slots);
    vocabulary->slots = slots;
    vocabulary->slot_count = slot_count;
    vocabulary->key = siphash_key_new();
    fill_slots(vocabulary);
    return true;
}

/* Makes space for one more word, in the arrays and in the table. */
static bool reserve(struct vocabulary *vocabulary, caption_error *error) {
    const size_t needed = vocabulary->count + 1;
    if (needed > most_words) {
        return error_set(error, CAPTION_ERROR_LIMIT, "more than %zu words in a vocabulary",
                         most_words);
    }
    size_t words = vocabulary->capacity, counts = vocabulary->capacity;
    if (!memory_grow(&vocabulary->words, &words, needed, sizeof *vocabulary->words, "a vocabulary",
                     error) ||
        !memory_grow(&vocabulary->counts, &counts, needed, sizeof *vocabulary->counts,
                     "a vocabulary", error)) {
        return false;
    }
    vocabulary->capacity = words;
    if (needed <= vocabulary->slot_count / 2) return true;
    const size_t slot_count = vocabulary->slot_count ? vocabulary->slot_count * 2 : 64;
    return grow_slots(vocabulary, slot_count, error);
}

static bool append(struct vocabulary *vocabulary, const char *word, uint64_t count,
                   caption_error *error) {
    if (!reserve(vocabulary, error)) return false;
    char *copy = memory_string(word, error);
    if (!copy) return false;
    vocabulary->words[vocabulary->count] = copy;
    vocabulary->counts[vocabulary->count] = count;
    vocabulary->count++;
    return true;
}

bool vocabulary_init(struct vocabulary *vocabulary, caption_error *error) {
    *vocabulary = (struct vocabulary){0};
    for (size_t i = 0; i < VOCABULARY_SPECIALS; i++) {
        if (append(vocabulary, specials[i], 0, error)) continue;
        vocabulary_free(vocabulary);
        return false;
    }
    return true;
}

void vocabulary_free(struct vocabulary *vocabulary) {
    for (size_t i = 0; i < vocabulary->count; i++) free(vocabulary->words[i]);
    free(vocabulary->words);
    free(vocabulary->counts);
    free(vocabulary->slots);
    *vocabulary = (struct vocabulary){0};
}

size_t vocabulary_find(const struct vocabulary *vocabulary, const char *word) {
    uint32_t entry = vocabulary->slots[slot_of(vocabulary, word)];
    return entry ? entry - 1 : VOCABULARY_UNK;
}

static bool is_printable_ascii(char byte) {
    return byte > ' ' && byte < 0x7f;
}

bool vocabulary_is_word(const char *word, size_t length) {
    if (length == 0 || length > VOCABULARY_LONGEST_WORD) return false;
    for (size_t i = 0; i < length;) {
        if (is_printable_ascii(word[i])) { /* nearly all are, and every start checks thousands */
            i++;
            continue;
        }
        uint32_t code = 0;
        size_t bytes = utf8_decode(word + i, length - i, &code);
        if (bytes == 0 || utf8_is_space(code)) return false;
        i += bytes;
    }
    for (size_t i = 0; word[0] == '<' && i < VOCABULARY_SPECIALS; i++) {
        if (strlen(specials[i]) == length && memcmp(specials[i], word, length) == 0) return false;
    }
    return true;
}

bool vocabulary_count(struct vocabulary *vocabulary, const char *word, uint64_t times,
                      caption_error *error) {
    uint32_t entry = vocabulary->slots[slot_of(vocabulary, word)];
    if (entry) {
        uint64_t *count = &vocabulary->counts[entry - 1];
        *count = *count > UINT64_MAX - times ? UINT64_MAX : *count + times;
        return true;
    }
    if (!vocabulary_is_word(word, strlen(word))) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "a word for the vocabulary: expected 1 to %d bytes of UTF-8 without white "
                         "space and not the name of a special word",
                         VOCABULARY_LONGEST_WORD);
    }
    if (!append(vocabulary, word, times, error)) return false;
    vocabulary->slots[slot_of(vocabulary, word)] = (uint32_t)vocabulary->count;
    return true;
}

bool vocabulary_merge(struct vocabulary *vocabulary, const struct vocabulary *other,
                      caption_error *error) {
    for (size_t i = VOCABULARY_SPECIALS; i < other->count; i++) {
        if (!vocabulary_count(vocabulary, other->words[i], other->counts[i], error)) return false;
    }
    return true;
}

bool vocabulary_copy(const struct vocabulary *vocabulary, struct vocabulary *copy,
                     caption_error *error) {
    if (!vocabulary_init(copy, error)) return false;
    if (vocabulary_merge(copy, vocabulary, error)) return true;
    vocabulary_free(copy);
    return false;
}

struct vocabulary_entry {
    char *word;
    uint64_t count;
};

static int compare_entries(const void *a, const void *b) {
    const struct vocabulary_entry *first = a, *second = b;
    if (first->count != second->count) return first->count < second->count ? 1 : -1;
    return strcmp(first->word, second->word);
}

bool vocabulary_prune(struct vocabulary *vocabulary, uint64_t min_count, caption_error *error) {
    const size_t count = vocabulary->count - VOCABULARY_SPECIALS;
    struct vocabulary_entry *entries =
        memory_uninitialised(count, sizeof *entries, "a vocabulary", error);
    if (!entries) return false;
    size_t kept = 0;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        if (vocabulary->counts[i] < min_count) {
            free(vocabulary->words[i]);
        } else {
            entries[kept++] =
                (struct vocabulary_entry){vocabulary->words[i], vocabulary->counts[i]};
        }
    }
    qsort(entries, kept, sizeof *entries, compare_entries);
    for (size_t i = 0; i < kept; i++) {
        vocabulary->words[VOCABULARY_SPECIALS + i] = entries[i].word;
        vocabulary->counts[VOCABULARY_SPECIALS + i] = entries[i].count;
    }
    vocabulary->count = VOCABULARY_SPECIALS + kept;
    fill_slots(vocabulary);
    free(entries);
    return true;
}

/* The word of that number, or NULL for special and invalid numbers. */
static const char *spoken(const struct vocabulary *vocabulary, uint32_t number) {
    if (number < VOCABULARY_SPECIALS || number >= vocabulary->count) return NULL;
    return vocabulary->words[number];
}

char *vocabulary_sentence(const struct vocabulary *vocabulary, const uint32_t *words, size_t count,
                          caption_error *error) {
    size_t size = 1, last = 0;
    for (; last < count && words[last] != VOCABULARY_END; last++) {
        const char *word = spoken(vocabulary, words[last]);
        if (word && !size_add(size, strlen(word) + 1, &size)) size = SIZE_MAX;
    }
    char *sentence = memory_uninitialised(size, 1, "a sentence", error);
    if (!sentence) return NULL;
    char *end = sentence;
    for (size_t i = 0; i < last; i++) {
        const char *word = spoken(vocabulary, words[i]);
        if (!word) continue;
        if (end > sentence) *end++ = ' ';
        end = stpcpy(end, word);
    }
    *end = '\0';
    return sentence;
}

/* The text of a vocabulary: one `word<TAB>count` a line. */

/* The digits of a 64-bit number, a tab and a newline. */
enum { COUNT_SIZE = 22 };

struct entry_line {
    const char *text;
    size_t size;
    size_t number; /* from 1 */
};

static bool line_error(const struct entry_line *line, const char *name, const char *message,
                       caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: %s", name, line->number, message);
}

/* Decimal digits only. */
static bool parse_count(const char *text, size_t size, uint64_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10u, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value)) return false;
    }
    *out = value;
    return size > 0;
}

static bool parse_line(struct vocabulary *vocabulary, const struct entry_line *line,
                       const char *name, caption_error *error) {
    const char *tab = memchr(line->text, '\t', line->size);
    if (!tab) return line_error(line, name, "expected word<TAB>count, found no tab", error);
    const size_t length = (size_t)(tab - line->text);
    if (!vocabulary_is_word(line->text, length)) {
        return line_error(line, name,
                          "expected a word: valid UTF-8, not empty, without white space or control "
                          "characters, not a special word",
                          error);
    }
    uint64_t times;
    if (!parse_count(tab + 1, line->size - length - 1, &times)) {
        return line_error(line, name, "expected a whole number below 2^64 after the tab", error);
    }
    char word[VOCABULARY_LONGEST_WORD + 1];
    memcpy(word, line->text, length);
    word[length] = '\0';
    const size_t before = vocabulary->count;
    if (!vocabulary_count(vocabulary, word, times, error)) return false;
    if (vocabulary->count > before) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: \"%s\" for a second time", name,
                     line->number, word);
}

bool vocabulary_parse(struct vocabulary *vocabulary, const char *text, size_t size,
                      const char *name, caption_error *error) {
    if (!vocabulary_init(vocabulary, error)) return false;
    struct entry_line line = {.text = text, .number = 1};
    for (const char *end = text + size; line.text < end; line.number++) {
        const char *newline = memchr(line.text, '\n', (size_t)(end - line.text));
        const char *next = newline ? newline + 1 : end;
        line.size = (size_t)((newline ? newline : end) - line.text);
        if (line.size > 0 && line.text[line.size - 1] == '\r') line.size--;
        if (!parse_line(vocabulary, &line, name, error)) {
            vocabulary_free(vocabulary);
            return false;
        }
        line.text = next;
    }
    return true;
}

char *vocabulary_format(const struct vocabulary *vocabulary, caption_error *error) {
    size_t size = 1;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        if (!size_add(size, strlen(vocabulary->words[i]) + COUNT_SIZE, &size)) size = SIZE_MAX;
    }
    char *text = memory_uninitialised(size, 1, "a vocabulary", error);
    if (!text) return NULL;
    char *end = text;
    for (size_t i = VOCABULARY_SPECIALS; i < vocabulary->count; i++) {
        const size_t room = size - (size_t)(end - text);
        end +=
            snprintf(end, room, "%s\t%" PRIu64 "\n", vocabulary->words[i], vocabulary->counts[i]);
    }
    *end = '\0';
    return text;
}

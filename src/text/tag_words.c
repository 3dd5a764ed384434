#include "text/tag_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/content.h"

/* A tag to choose from. */
struct choice {
    uint32_t word;
    uint64_t count;
};

static int by_falling_count(const void *a, const void *b) {
    const struct choice *left = a, *right = b;
    if (left->count != right->count) return left->count < right->count ? 1 : -1;
    return left->word < right->word ? -1 : left->word > right->word;
}

static bool allocate(struct tag_words *tags, size_t count, size_t word_count,
                     caption_error *error) {
    *tags = (struct tag_words){.word_count = word_count};
    tags->names = memory_zeroed(count, sizeof *tags->names, "tags", error);
    tags->tags = memory_uninitialised(word_count, sizeof *tags->tags, "tags", error);
    if (!tags->names || !tags->tags) {
        tag_words_free(tags);
        return false;
    }
    for (size_t i = 0; i < word_count; i++) tags->tags[i] = TAG_NONE;
    return true;
}

void tag_words_free(struct tag_words *tags) {
    free(tags->names);
    free(tags->tags);
    *tags = (struct tag_words){0};
}

/* The counts of all forms at the word that represents them, zero elsewhere, most frequent first. */
static void count_forms(const struct vocabulary *vocabulary, const uint32_t *bases,
                        struct choice *choices) {
    for (size_t i = 0; i < vocabulary->count; i++) choices[i].word = (uint32_t)i;
    for (size_t i = 0; i < vocabulary->count; i++) {
        if (bases[i] == CONTENT_NONE) continue;
        uint64_t *sum = &choices[bases[i]].count;
        if (__builtin_add_overflow(*sum, vocabulary->counts[i], sum)) *sum = UINT64_MAX;
    }
    qsort(choices, vocabulary->count, sizeof *choices, by_falling_count);
}

static bool take_most_frequent(struct tag_words *tags, const struct vocabulary *vocabulary,
                               const uint32_t *bases, const struct choice *choices, size_t most,
                               caption_error *error) {
    size_t count = 0;
    while (count < size_smaller(most, vocabulary->count) && choices[count].count > 0) count++;
    if (!allocate(tags, count, vocabulary->count, error)) return false;
    for (size_t i = 0; i < count; i++) {
        tags->names[i] = choices[i].word;
        tags->tags[choices[i].word] = (uint32_t)i;
    }
    tags->count = count;
    for (size_t i = 0; i < vocabulary->count; i++) {
        if (bases[i] != CONTENT_NONE) tags->tags[i] = tags->tags[bases[i]];
    }
    return true;
}

bool tag_words_choose(struct tag_words *tags, const struct vocabulary *vocabulary, size_t most,
                      caption_error *error) {
    *tags = (struct tag_words){0};
    uint32_t *bases = memory_uninitialised(vocabulary->count, sizeof *bases, "tags", error);
    struct choice *choices = memory_zeroed(vocabulary->count, sizeof *choices, "tags", error);
    bool ok = bases && choices && content_bases(vocabulary, bases, error);
    if (ok) {
        count_forms(vocabulary, bases, choices);
        ok = take_most_frequent(tags, vocabulary, bases, choices, most, error);
    }
    free(bases);
    free(choices);
    return ok;
}

/* Appends the forms of one tag, its name first, and a newline. */
static char *append_tag(char *end, const struct tag_words *tags,
                        const struct vocabulary *vocabulary, const uint32_t *next, size_t tag) {
    end = stpcpy(end, vocabulary->words[tags->names[tag]]);
    for (uint32_t word = next[tags->word_count + tag]; word != TAG_NONE; word = next[word]) {
        if (word == tags->names[tag]) continue;
        *end++ = ' ';
        end = stpcpy(end, vocabulary->words[word]);
    }
    *end++ = '\n';
    return end;
}

/* A list of its words for each tag, in the order of the vocabulary: next[word_count + tag] is the
 * first, next[word] the one after it, TAG_NONE the end. */
static void list_forms(const struct tag_words *tags, uint32_t *next) {
    for (size_t i = 0; i < tags->word_count + tags->count; i++) next[i] = TAG_NONE;
    for (size_t i = tags->word_count; i-- > 0;) {
        const uint32_t tag = tags->tags[i];
        if (tag == TAG_NONE) continue;
        next[i] = next[tags->word_count + tag];
        next[tags->word_count + tag] = (uint32_t)i;
    }
}

char *tag_words_format(const struct tag_words *tags, const struct vocabulary *vocabulary,
                       caption_error *error) {
    size_t size = 1;
    for (size_t i = 0; i < tags->word_count; i++) {
        if (tags->tags[i] != TAG_NONE) size += strlen(vocabulary->words[i]) + 1;
    }
    uint32_t *next =
        memory_uninitialised(tags->word_count + tags->count, sizeof *next, "tags", error);
    char *text = memory_uninitialised(size, 1, "tags", error);
    if (next && text) {
        list_forms(tags, next);
        char *end = text;
        for (size_t i = 0; i < tags->count; i++) end = append_tag(end, tags, vocabulary, next, i);
        *end = '\0';
    } else {
        free(text);
        text = NULL;
    }
    free(next);
    return text;
}

/* A list of tags while it is read. */
struct tag_reader {
    struct tag_words *tags;
    const struct vocabulary *vocabulary;
    const char *name;
    size_t line; /* from 1 */
};

static bool parse_form(const struct tag_reader *reader, const char *text, size_t length,
                       bool is_name, caption_error *error) {
    struct tag_words *tags = reader->tags;
    if (!vocabulary_is_word(text, length)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: expected words parted by single spaces", reader->name,
                         reader->line);
    }
    char word[VOCABULARY_LONGEST_WORD + 1];
    memcpy(word, text, length);
    word[length] = '\0';
    const size_t number = vocabulary_find(reader->vocabulary, word);
    if (number == VOCABULARY_UNK) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: \"%s\" is not a word of the vocabulary", reader->name,
                         reader->line, word);
    }
    if (tags->tags[number] != TAG_NONE) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %zu: \"%s\" for a second time",
                         reader->name, reader->line, word);
    }
    if (is_name) tags->names[tags->count] = (uint32_t)number;
    tags->tags[number] = (uint32_t)tags->count;
    return true;
}

static bool parse_line(const struct tag_reader *reader, const char *text, size_t size,
                       caption_error *error) {
    const char *const start = text, *const end = text + size;
    for (;;) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        const char *form_end = space ? space : end;
        if (!parse_form(reader, text, (size_t)(form_end - text), text == start, error)) {
            return false;
        }
        if (!space) break;
        text = space + 1;
    }
    reader->tags->count++;
    return true;
}

/* Every line takes up a word at least, so there are no more tags than words. */
static bool parse_lines(struct tag_reader *reader, const char *text, size_t size,
                        caption_error *error) {
    const char *const end = text + size;
    for (reader->line = 1; text < end; reader->line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: line %zu: expected a newline at its end", reader->name,
                             reader->line);
        }
        if (!parse_line(reader, text, (size_t)(newline - text), error)) return false;
        text = newline + 1;
    }
    return true;
}

bool tag_words_parse(struct tag_words *tags, const struct vocabulary *vocabulary, const char *text,
                     size_t size, const char *name, caption_error *error) {
    if (!allocate(tags, vocabulary->count, vocabulary->count, error)) return false;
    struct tag_reader reader = {.tags = tags, .vocabulary = vocabulary, .name = name};
    if (parse_lines(&reader, text, size, error)) return true;
    tag_words_free(tags);
    return false;
}

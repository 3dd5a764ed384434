#include "train/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/table.h"
#include "model/decoder.h"
#include "text/tokenizer.h"

bool captions_init(struct captions *captions, const struct dataset *dataset,
                   const struct vocabulary *vocabulary, caption_error *error) {
    *captions = (struct captions){.count = dataset->caption_count};
    size_t total = 0;
    for (size_t i = 0; i < captions->count; i++) total += dataset->captions[i].count;
    captions->words = memory_zeroed(total, sizeof *captions->words, "captions", error);
    captions->begin =
        memory_zeroed(captions->count + 1, sizeof *captions->begin, "captions", error);
    if (!captions->words || !captions->begin) {
        captions_free(captions);
        return false;
    }
    size_t next = 0;
    for (size_t i = 0; i < captions->count; i++) {
        const struct tokens *tokens = &dataset->captions[i];
        captions->begin[i] = next;
        for (size_t j = 0; j < tokens->count; j++) {
            captions->words[next++] = (int32_t)vocabulary_find(vocabulary, tokens->words[j]);
        }
        if (tokens->count > captions->longest) captions->longest = tokens->count;
    }
    captions->begin[captions->count] = next;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        size_t count = dataset->photos[i].count;
        if (count > captions->most) captions->most = count;
    }
    return true;
}

void captions_free(struct captions *captions) {
    free(captions->words);
    free(captions->begin);
    *captions = (struct captions){0};
}

size_t captions_targets(const struct captions_part *part) {
    const size_t *begin = part->captions->begin + part->first;
    return begin[part->count] - begin[0] + part->count;
}

size_t captions_steps(size_t words) {
    return words + 2;
}

struct tbptt_sequence captions_sequence(const struct captions *captions, size_t index,
                                        size_t vector, int32_t *inputs, int32_t *targets) {
    const int32_t *words = captions->words + captions->begin[index];
    size_t count = captions->begin[index + 1] - captions->begin[index];
    inputs[0] = DECODER_VECTOR - (int32_t)vector;
    targets[0] = DECODER_NOTHING;
    inputs[1] = VOCABULARY_START;
    memcpy(inputs + 2, words, count * sizeof *inputs);
    memcpy(targets + 1, words, count * sizeof *targets);
    targets[count + 1] = VOCABULARY_END;
    return (struct tbptt_sequence){
        .inputs = inputs, .targets = targets, .steps = captions_steps(count)};
}

static const size_t largest_file = (size_t)2 << 30;

/* The text as it grows. */
struct text_reader {
    struct text *text;
    const struct vocabulary *vocabulary;
    const struct file_stop *stop;
    size_t words, word_capacity, begin_capacity;
};

static bool add_word(struct text_reader *reader, const char *word, caption_error *error) {
    struct text *text = reader->text;
    if (!memory_grow(&text->words, &reader->word_capacity, reader->words + 1, sizeof *text->words,
                     "text", error)) {
        return false;
    }
    const size_t number = vocabulary_find(reader->vocabulary, word);
    text->words[reader->words++] = (int32_t)number;
    text->known += number != VOCABULARY_UNK;
    return true;
}

/* "t-shirt" as "t", "shirt": data sets differ in whether they split at hyphens. The word is cut up
 * in place. */
static bool add_parts(struct text_reader *reader, char *word, caption_error *error) {
    char *rest = NULL;
    for (char *part = strtok_r(word, "-", &rest); part; part = strtok_r(NULL, "-", &rest)) {
        if (!add_word(reader, part, error)) return false;
    }
    return true;
}

static bool add_sentence(void *context, const struct line *line, caption_error *error) {
    struct text_reader *reader = context;
    struct text *text = reader->text;
    struct tokens tokens;
    if (!tokenize(line->text, &tokens, error)) return false;
    const size_t first = reader->words;
    bool ok = true;
    for (size_t i = 0; ok && i < tokens.count; i++) {
        char *word = tokens.words[i];
        const bool whole =
            !strchr(word, '-') || vocabulary_find(reader->vocabulary, word) != VOCABULARY_UNK;
        ok = whole ? add_word(reader, word, error) : add_parts(reader, word, error);
    }
    tokens_free(&tokens);
    if (!ok || reader->words == first) return ok;
    if (!memory_grow(&text->begin, &reader->begin_capacity, text->count + 2, sizeof *text->begin,
                     "text", error)) {
        return false;
    }
    text->begin[text->count++] = first;
    text->begin[text->count] = reader->words;
    return true;
}

static bool read_file(struct text_reader *reader, const char *path, caption_error *error) {
    struct file_bytes file;
    if (!file_read_unless(path, largest_file, reader->stop, &file, error)) return false;
    const size_t known = reader->text->known;
    const bool ok = lines_each((const char *)file.data, file.size, add_sentence, reader, error);
    file_bytes_free(&file);
    if (!ok || reader->text->known > known) return ok;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected text, a sentence a line, but no word of it is in the vocabulary",
                     path);
}

bool text_read(struct text *text, const char *const *paths, size_t count,
               const struct vocabulary *vocabulary, const struct file_stop *stop,
               caption_error *error) {
    *text = (struct text){0};
    struct text_reader reader = {.text = text, .vocabulary = vocabulary, .stop = stop};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = read_file(&reader, paths[i], error);
    ok = ok && (text->order = memory_zeroed(text->count, sizeof *text->order, "text", error)) &&
         (text->start = memory_zeroed(text->count + 1, sizeof *text->start, "text", error));
    if (!ok) text_free(text);
    return ok;
}

void text_free(struct text *text) {
    free(text->words);
    free(text->begin);
    free(text->order);
    free(text->start);
    *text = (struct text){0};
}

struct captions text_captions(const struct text *text, size_t each) {
    struct captions captions = {
        .words = text->words, .begin = text->begin, .count = text->count, .most = each};
    for (size_t i = 0; i < text->count; i++) {
        const size_t words = text->begin[i + 1] - text->begin[i];
        if (words > captions.longest) captions.longest = words;
    }
    return captions;
}

/* <start> and each word are fed. */
static size_t sentence_steps(const struct text *text, size_t sentence) {
    return text->begin[sentence + 1] - text->begin[sentence] + 1;
}

void text_shuffle(struct text *text, struct random random) {
    for (size_t i = 0; i < text->count; i++) text->order[i] = i;
    random_shuffle(&random, text->order, text->count);
    text->start[0] = 0;
    for (size_t i = 0; i < text->count; i++) {
        text->start[i + 1] = text->start[i] + sentence_steps(text, text->order[i]);
    }
}

size_t text_steps(const struct text *text, size_t rows) {
    return (text->begin[text->count] + text->count) / rows; /* words, and a <start> each */
}

/* The place in the order of the sentence that holds this step of the stream. */
static size_t find_sentence(const struct text *text, size_t step) {
    size_t low = 0, high = text->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        *(text->start[middle] <= step ? &low : &high) = middle;
    }
    return low;
}

static int32_t as_target(int32_t word) {
    return word == VOCABULARY_UNK ? DECODER_NOTHING : word;
}

void text_window_row(const struct text_window *window, size_t row, int32_t *inputs,
                     int32_t *targets) {
    const struct text *text = window->text;
    size_t step = row * text_steps(text, window->rows) + window->first;
    size_t place = find_sentence(text, step);
    for (size_t t = 0; t < window->steps; t++, step++) {
        if (step == text->start[place + 1]) place++;
        const size_t sentence = text->order[place], at = step - text->start[place];
        const int32_t *words = text->words + text->begin[sentence];
        const bool last = at + 1 == sentence_steps(text, sentence);
        inputs[t] = at == 0 ? (int32_t)VOCABULARY_START : words[at - 1];
        targets[t] = last ? (int32_t)VOCABULARY_END : as_target(words[at]);
    }
}

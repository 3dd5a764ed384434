#include "report/word_rows.h"

#include <math.h>

#include "base/terminal.h"
#include "report/json_text.h"

static cJSON *probability(double logprob) {
    return cJSON_CreateNumber(round(exp(logprob) * 1e4) / 1e4);
}

/* Adds a word to "words". `is_read`: it was, and has a rank. */
static bool put_word(cJSON *list, const caption_word *word, bool is_read, caption_error *error) {
    cJSON *item = cJSON_CreateObject();
    if (!item || !cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        return error_memory(error, "a row of words");
    }
    return json_put(item, "word", json_text(word->text, error), error) &&
           (is_read || json_put(item, "probability", probability(word->logprob), error)) &&
           json_put(item, "logprob", json_logprob(word->logprob), error) &&
           (!is_read || json_put(item, "rank", cJSON_CreateNumber((double)word->rank), error));
}

static bool put_words(cJSON *row, const caption_words *words, bool are_read, caption_error *error) {
    cJSON *list = cJSON_AddArrayToObject(row, "words");
    if (!list) return error_memory(error, "a row of words");
    for (size_t i = 0; i < words->count; i++)
        if (!put_word(list, &words->words[i], are_read, error)) return false;
    return true;
}

cJSON *word_rows_json(const char *text, const caption_words *words, caption_error *error) {
    cJSON *row = cJSON_CreateObject();
    if (row && json_put(row, "text", json_text(text, error), error) &&
        put_words(row, words, false, error))
        return row;
    cJSON_Delete(row);
    error_memory(error, "a row of words");
    return NULL;
}

bool word_rows_suggestions(const char *text, const caption_words *words, bool json_lines,
                           FILE *stream, caption_error *error) {
    if (!json_lines) {
        for (size_t i = 0; i < words->count; i++)
            fprintf(stream, "%s\t%.4f\n", words->words[i].text, exp(words->words[i].logprob));
        return true;
    }
    cJSON *row = word_rows_json(text, words, error);
    const bool done = row && json_write_line(row, stream, error);
    cJSON_Delete(row);
    return done;
}

static double sum_of(const caption_words *words) {
    double sum = 0;
    for (size_t i = 0; i < words->count; i++) sum += words->words[i].logprob;
    return sum;
}

static void write_scores(size_t line, const caption_words *words, FILE *stream) {
    for (size_t i = 0; i < words->count; i++) {
        const caption_word *word = &words->words[i];
        fprintf(stream, "%zu\t", line);
        plain_text_to_reader(stream, word->text);
        fprintf(stream, "\t%.4f\t%zu\n", word->logprob, word->rank);
    }
}

bool word_rows_scores(size_t line, const char *sentence, const caption_words *words,
                      bool json_lines, FILE *stream, caption_error *error) {
    if (!json_lines) {
        write_scores(line, words, stream);
        return true;
    }
    cJSON *row = cJSON_CreateObject();
    if (!row) return error_memory(error, "a row of words");
    const bool done = json_put(row, "line", cJSON_CreateNumber((double)line), error) &&
                      json_put(row, "sentence", json_text(sentence, error), error) &&
                      json_put(row, "logprob", json_logprob(sum_of(words)), error) &&
                      put_words(row, words, true, error) && json_write_line(row, stream, error);
    cJSON_Delete(row);
    return done;
}

bool word_rows_sentence(const caption_text *sentence, FILE *stream, caption_error *error) {
    cJSON *row = cJSON_CreateObject();
    if (!row) return error_memory(error, "a row of words");
    const bool done = json_put(row, "caption", json_text(sentence->text, error), error) &&
                      json_put(row, "logprob", json_logprob(sentence->logprob), error) &&
                      json_write_line(row, stream, error);
    cJSON_Delete(row);
    return done;
}

#include "report/caption_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"

struct table_output {
    struct caption_output output;
    struct caption_rows rows;
    enum caption_table_format format;
    bool begun;
};

/* Part of a field in quotes: quotes in it are doubled. */
static void write_quoted(FILE *stream, const char *text) {
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        plain_text_part_to_reader(stream, text, (size_t)(quote - text));
        fputs("\"\"", stream);
    }
    plain_text_to_reader(stream, text);
}

/* Whether a spreadsheet would take the field for a formula (OWASP, CSV Injection): it begins with
 * one of these, which may be of full width. */
static bool is_formula(const char *text) {
    static const char *const begins[] = {"=",  "+",      "-",      "@",      "\t",    "\r",
                                         "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(text, begins[i], strlen(begins[i])) == 0) return true;
    return false;
}

/* Begins a field in quotes. `safe`: an apostrophe keeps `text`, its first, from being a formula. */
static void begin_quoted(FILE *stream, const char *text, bool safe) {
    fputs(safe && is_formula(text) ? "\"'" : "\"", stream);
}

/* A field in quotes where it must be. (Some spreadsheets separate by semicolons or tabs.) */
static void write_field(FILE *stream, const char *text, bool safe) {
    if (!strpbrk(text, ",;\"\t\r\n") && !(safe && is_formula(text))) {
        plain_text_to_reader(stream, text);
        return;
    }
    begin_quoted(stream, text, safe);
    write_quoted(stream, text);
    fputc('"', stream);
}

/* The field as in other outputs: names separated by ", ". */
static void write_tags(FILE *stream, const caption_result *result, bool safe) {
    if (result->tag_count == 0) return;
    begin_quoted(stream, result->tags[0].name, safe);
    for (size_t i = 0; i < result->tag_count; i++) {
        if (i > 0) fputs(", ", stream);
        write_quoted(stream, result->tags[i].name);
    }
    fputc('"', stream);
}

static void write_number(FILE *stream, double number) {
    if (isfinite(number)) fprintf(stream, "%.4f", number);
    fputc(',', stream);
}

static void write_caption(const struct table_output *table, const caption_text *caption) {
    FILE *stream = table->rows.stream;
    if (caption) write_field(stream, caption->text, table->rows.safe);
    fputc(',', stream);
    write_number(stream, caption ? caption->logprob : (double)NAN);
    if (table->rows.confidence) write_number(stream, caption ? caption->confidence : (double)NAN);
}

/* `caption`: NULL where there is none. */
static void write_record(const struct table_output *table, const struct caption_row *row,
                         const caption_text *caption) {
    FILE *stream = table->rows.stream;
    const bool safe = table->rows.safe;
    write_field(stream, row->path, safe);
    fputc(',', stream);
    if (table->rows.tags != TAGS_ALONE) write_caption(table, caption);
    if (table->rows.tags != TAGS_HIDDEN) {
        write_tags(stream, row->result, safe);
        fputc(',', stream);
    }
    if (!caption) write_field(stream, row->result->error.message, safe);
    fputs("\r\n", stream);
}

static void write_csv(const struct table_output *table, const struct caption_row *row) {
    const caption_result *result = row->result;
    const bool all = table->rows.n_best && table->rows.tags != TAGS_ALONE;
    if (result->count == 0) write_record(table, row, NULL);
    for (size_t i = 0; i < (all || result->count == 0 ? result->count : 1); i++)
        write_record(table, row, &result->captions[i]);
}

static void write_csv_head(const struct caption_rows *rows) {
    fputs("path,", rows->stream);
    if (rows->tags != TAGS_ALONE) fputs("caption,logprob,", rows->stream);
    if (rows->tags != TAGS_ALONE && rows->confidence) fputs("confidence,", rows->stream);
    if (rows->tags != TAGS_HIDDEN) fputs("tags,", rows->stream);
    fputs("error\r\n", rows->stream);
}

/* Writes what precedes a row: a header before the first, or a separator. */
static void begin_row(struct table_output *table) {
    FILE *stream = table->rows.stream;
    if (table->format == CAPTION_TABLE_JSON) fputc(table->begun ? ',' : '[', stream);
    if (table->format == CAPTION_TABLE_CSV && !table->begun) write_csv_head(&table->rows);
    table->begun = true;
}

static bool flush(const struct table_output *table, caption_error *error) {
    errno = 0;
    if (fflush(table->rows.stream) == 0 && !ferror(table->rows.stream)) return true;
    return error_set(error, CAPTION_ERROR_IO, "standard output: cannot write: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}

static bool write_row(struct caption_output *output, const struct caption_row *row,
                      caption_error *error) {
    struct table_output *table = (struct table_output *)output;
    begin_row(table);
    if (table->format == CAPTION_TABLE_CSV)
        write_csv(table, row);
    else if (!caption_rows_write(&table->rows, row->path, row->result, error))
        return false;
    return flush(table, error);
}

/* An array or table without rows is valid, too. */
static bool end_table(struct caption_output *output, caption_error *error) {
    struct table_output *table = (struct table_output *)output;
    if (table->format == CAPTION_TABLE_JSON)
        fputs(table->begun ? "]\n" : "[]\n", table->rows.stream);
    else if (!table->begun)
        begin_row(table);
    return flush(table, error);
}

static void free_table(struct caption_output *output) {
    free(output);
}

struct caption_output *caption_table_new(const struct caption_rows *rows,
                                         enum caption_table_format format, caption_error *error) {
    struct table_output *table = memory_zeroed(1, sizeof *table, "an output", error);
    if (!table) return NULL;
    table->output = (struct caption_output){.row = write_row, .end = end_table, .free = free_table};
    table->rows = *rows;
    table->rows.json_lines = format == CAPTION_TABLE_JSON || format == CAPTION_TABLE_JSON_LINES;
    table->format = format;
    return &table->output;
}

static bool put_caption(cJSON *object, const caption_text *caption, caption_error *error) {
    return json_put(object, "caption", json_text(caption->text, error), error) &&
           json_put(object, "logprob", json_logprob(caption->logprob), error) &&
           (isnan(caption->confidence) ||
            json_put(object, "confidence", json_logprob(caption->confidence), error));
}

static bool put_n_best(cJSON *row, const caption_result *result, caption_error *error) {
    cJSON *list = cJSON_AddArrayToObject(row, "captions");
    if (!list) return error_memory(error, "a row of captions");
    for (size_t i = 0; i < result->count; i++) {
        cJSON *item = cJSON_CreateObject();
        if (!item || !cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            return error_memory(error, "a row of captions");
        }
        if (!put_caption(item, &result->captions[i], error)) return false;
    }
    return true;
}

static bool put_tags(cJSON *row, const caption_result *result, caption_error *error) {
    cJSON *list = cJSON_AddArrayToObject(row, "tags");
    if (!list) return error_memory(error, "a row of tags");
    for (size_t i = 0; i < result->tag_count; i++) {
        cJSON *item = cJSON_CreateObject();
        if (!item || !cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            return error_memory(error, "a row of tags");
        }
        const caption_tag *tag = &result->tags[i];
        if (!json_put(item, "name", json_text(tag->name, error), error) ||
            !json_put(item, "confidence", cJSON_CreateNumber(round(tag->confidence * 1e4) / 1e4),
                      error)) {
            return false;
        }
    }
    return true;
}

static bool put_result(const struct caption_rows *rows, cJSON *row, const char *path,
                       const caption_result *result, caption_error *error) {
    if (path && !json_put(row, "path", json_text(path, error), error)) return false;
    if (result->count == 0)
        return json_put(row, "error", json_text(result->error.message, error), error);
    if (rows->tags == TAGS_ALONE) return put_tags(row, result, error);
    if (!put_caption(row, &result->captions[0], error)) return false;
    if (rows->n_best && !put_n_best(row, result, error)) return false;
    return rows->tags == TAGS_HIDDEN || put_tags(row, result, error);
}

static bool write_json(const struct caption_rows *rows, const char *path,
                       const caption_result *result, caption_error *error) {
    cJSON *row = cJSON_CreateObject();
    if (!row) return error_memory(error, "a row of captions");
    bool done =
        put_result(rows, row, path, result, error) && json_write_line(row, rows->stream, error);
    cJSON_Delete(row);
    return done;
}

static void write_path(const struct caption_rows *rows, const char *path) {
    if (!rows->with_path) return;
    plain_text_to_reader(rows->stream, path);
    fputc('\t', rows->stream);
}

static void write_tag_rows(const struct caption_rows *rows, const char *path,
                           const caption_result *result) {
    for (size_t i = 0; rows->photils && i < result->tag_count; i++) {
        write_path(rows, path);
        fprintf(rows->stream, "%s:%.2f\n", result->tags[i].name, result->tags[i].confidence);
    }
    if (rows->photils || result->count == 0) return;
    write_path(rows, path);
    tag_text_write(rows->stream, result);
    fputc('\n', rows->stream);
}

static void write_text(const struct caption_rows *rows, const char *path,
                       const caption_result *result) {
    size_t count = rows->n_best || result->count == 0 ? result->count : 1;
    for (size_t i = 0; i < count; i++) {
        if (result->captions[i].text[0] == '\0') continue; /* not sure enough */
        write_path(rows, path);
        if (rows->with_logprob) fprintf(rows->stream, "%.4f\t", result->captions[i].logprob);
        plain_text_to_reader(rows->stream, result->captions[i].text);
        if (rows->tags == TAGS_SHOWN) {
            fputc('\t', rows->stream);
            tag_text_write(rows->stream, result);
        }
        fputc('\n', rows->stream);
    }
}

bool caption_rows_write(const struct caption_rows *rows, const char *path,
                        const caption_result *result, caption_error *error) {
    if (rows->json_lines) return write_json(rows, path, result, error);
    if (rows->tags == TAGS_ALONE)
        write_tag_rows(rows, path, result);
    else
        write_text(rows, path, result);
    return true;
}

struct caption_vis {
    struct caption_output output;
    struct file_writer writer;
    size_t count;
};

static bool put_row(cJSON *object, const struct caption_row *row, caption_error *error) {
    char id[32];
    snprintf(id, sizeof id, "%zu", row->number + 1);
    return json_put(object, "image_id", json_text(id, error), error) &&
           json_put(object, "caption", json_text(row->result->captions[0].text, error), error) &&
           json_put(object, "file_name", json_text(row->path, error), error);
}

static bool add_row(struct caption_output *output, const struct caption_row *row,
                    caption_error *error) {
    struct caption_vis *vis = (struct caption_vis *)output;
    if (row->result->count == 0 || row->result->captions[0].text[0] == '\0') return true;
    cJSON *object = cJSON_CreateObject();
    if (!object) return error_memory(error, "a row of captions");
    FILE *stream = vis->writer.stream;
    fputc(vis->count++ == 0 ? '[' : ',', stream);
    const bool ok = put_row(object, row, error) && json_write_line(object, stream, error);
    cJSON_Delete(object);
    return ok && file_writer_is_whole(&vis->writer, error);
}

static bool end_file(struct caption_output *output, caption_error *error) {
    struct caption_vis *vis = (struct caption_vis *)output;
    fputs(vis->count == 0 ? "[]\n" : "]\n", vis->writer.stream);
    return file_writer_commit(&vis->writer, error);
}

static void free_vis(struct caption_output *output) {
    struct caption_vis *vis = (struct caption_vis *)output;
    file_writer_abandon(&vis->writer);
    free(vis);
}

struct caption_output *caption_vis_new(const char *path, caption_error *error) {
    struct caption_vis *vis = memory_zeroed(1, sizeof *vis, "an output", error);
    if (!vis) return NULL;
    vis->output = (struct caption_output){.row = add_row, .end = end_file, .free = free_vis};
    if (file_writer_open(&vis->writer, path, error)) return &vis->output;
    free(vis);
    return NULL;
}

/* More than a row has. */
static const size_t largest_row = (size_t)1 << 16;

/* A row of this file, or of eval --results with confidences. */
static bool is_row(const cJSON *object) {
    static const char *const keys[] = {"image_id", "caption", "file_name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, keys[i]))) return false;
    const bool sure = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, "confidence"));
    return cJSON_GetArraySize(object) == (int)(sizeof keys / sizeof *keys) + sure;
}

bool caption_vis_recognise(const char *path) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, largest_row, &beginning)) return false;
    const char *text = (const char *)beginning.data;
    bool ours = strcmp(text, "[]\n") == 0;
    if (text[0] == '[' && !ours) {
        cJSON *row = cJSON_ParseWithLengthOpts(text + 1, beginning.size - 1, NULL, false);
        ours = is_row(row);
        cJSON_Delete(row);
    }
    file_bytes_free(&beginning);
    return ours;
}

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

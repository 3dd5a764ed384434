#include "report/caption_rows.h"

#include <math.h>

#include "base/plain_text.h"
#include "report/json_text.h"

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
    return rows->tags == TAGS_NOT_TOLD || put_tags(row, result, error);
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

static void write_tags(const struct caption_rows *rows, const char *path,
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
        if (rows->tags == TAGS_TOLD) {
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
        write_tags(rows, path, result);
    else
        write_text(rows, path, result);
    return true;
}

#include "data/rows.h"

#include <stdio.h>

#include "base/json.h"
#include "data/fields.h"
#include "data/lines.h"
#include "data/table.h"

/* Places are fixed words and two numbers at most. */
enum { PLACE_SIZE = 64 };

static const char *const name_keys[] = {"file_name",  "file_path", "image",
                                        "image_path", "filename",  "path"};
static const char *const caption_keys[] = {"captions", "caption", "text"};
static const char *const id_keys[] = {"id", "image_id"};

#define COUNT(keys) (sizeof(keys) / sizeof *(keys))

/* The first of the keys that the row has, or NULL. */
static const char *find_key(const cJSON *row, const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (cJSON_GetObjectItemCaseSensitive(row, keys[i])) return keys[i];
    }
    return NULL;
}

static bool is_row(const cJSON *value) {
    return cJSON_IsObject(value) && find_key(value, name_keys, COUNT(name_keys));
}

bool rows_recognises_array(const struct source *source) {
    return cJSON_IsArray(source->json) && (!source->json->child || is_row(source->json->child));
}

bool rows_recognises_lines(const struct source *source) {
    return is_row(source->json);
}

static bool row_error(const cJSON *row, const char *keys, const char *name, const char *place,
                      caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected an object with %s, found %s",
                     name, place, keys,
                     cJSON_IsObject(row) ? "none of them in it" : json_type(row));
}

/* Selects the row's photo, adding it where it is new. */
static bool read_photo(const cJSON *row, const char *place, struct builder *builder,
                       caption_error *error) {
    const char *name = builder->dataset->name;
    const char *name_key = find_key(row, name_keys, COUNT(name_keys));
    if (!name_key) {
        return row_error(row, "a photo's \"file_name\", \"file_path\", \"image\" or \"path\"", name,
                         place, error);
    }
    const char *file_name = fields_file_name(row, name_key, name, place, error);
    if (!file_name) return false;
    const char *id_key = find_key(row, id_keys, COUNT(id_keys));
    char digits[FIELDS_DIGITS];
    const char *id = id_key ? fields_id(row, id_key, name, place, digits, error) : file_name;
    enum dataset_split split;
    if (!id || !fields_split(row, name, place, &split, error) ||
        !builder_photo_once(builder, file_name, id, split, error)) {
        return false;
    }
    if (builder->dataset->photos[builder->current].split == split) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: %s.split: expected the same as in an earlier row of %s, found another",
                     name, place, file_name);
}

static bool read_caption_list(const cJSON *captions, const char *key, const char *place,
                              struct builder *builder, caption_error *error) {
    const cJSON *caption;
    size_t index = 0;
    cJSON_ArrayForEach(caption, captions) {
        const cJSON *own = cJSON_GetObjectItemCaseSensitive(caption, "caption");
        const char *sentence = cJSON_GetStringValue(own ? own : caption);
        if (!sentence) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: %s.%s[%zu]: expected a string, found %s", builder->dataset->name,
                             place, key, index, json_type(caption));
        }
        if (!builder_sentence(builder, sentence, error)) return false;
        index++;
    }
    return true;
}

static bool read_captions(const cJSON *row, const char *place, struct builder *builder,
                          caption_error *error) {
    const char *name = builder->dataset->name;
    const char *key = find_key(row, caption_keys, COUNT(caption_keys));
    if (!key) return row_error(row, "\"captions\", \"caption\" or \"text\"", name, place, error);
    const cJSON *captions = cJSON_GetObjectItemCaseSensitive(row, key);
    if (cJSON_IsArray(captions)) return read_caption_list(captions, key, place, builder, error);
    if (cJSON_IsString(captions)) return builder_sentence(builder, captions->valuestring, error);
    if (cJSON_IsNull(captions)) return builder_sentence(builder, "", error);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: %s.%s: expected a string or an array of strings, found %s", name, place,
                     key, json_type(captions));
}

/* A row of `caption --jsonl` for a photo that could not be captioned. */
static bool is_failure(const cJSON *row) {
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(row, "error")) &&
           !find_key(row, caption_keys, COUNT(caption_keys));
}

static bool read_row(const cJSON *row, const char *place, struct builder *builder,
                     caption_error *error) {
    if (is_failure(row)) {
        builder->dataset->failed++;
        return true;
    }
    return read_photo(row, place, builder, error) && read_captions(row, place, builder, error);
}

bool rows_read_array(const struct source *source, struct builder *builder, caption_error *error) {
    const cJSON *row;
    size_t index = 0;
    cJSON_ArrayForEach(row, source->json) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "[%zu]", index++);
        if (!read_row(row, place, builder, error)) return false;
    }
    return true;
}

static bool read_line(const char *line, size_t length, size_t number, struct builder *builder,
                      caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", number);
    cJSON *row = json_parse(line, length, place, error);
    if (!row) return error_prefix(error, builder->dataset->name);
    bool ok = read_row(row, place, builder, error);
    cJSON_Delete(row);
    return ok;
}

bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error) {
    struct lines lines = lines_start(source->text, source->size);
    const char *line;
    size_t length;
    while (lines_next(&lines, &line, &length)) {
        if (!read_line(line, length, lines.number, builder, error)) return false;
    }
    return true;
}

bool rows_recognises_table(const struct source *source) {
    struct table table;
    if (source->json || source->folder || !table_open(&table, source->text, source->size, NULL)) {
        return false;
    }
    bool named = false;
    for (size_t i = 0; i < COUNT(name_keys); i++) named |= table_has(&table, name_keys[i]);
    table_close(&table);
    return named;
}

static bool read_table_row(cJSON *row, size_t number, struct builder *builder,
                           caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", number);
    if (!is_failure(row) && !find_key(row, caption_keys, COUNT(caption_keys)) &&
        !cJSON_AddNullToObject(row, "caption")) {
        return error_memory(error, "a row of a table");
    }
    return read_row(row, place, builder, error);
}

bool rows_read_table(const struct source *source, struct builder *builder, caption_error *error) {
    struct table table;
    cJSON *row = NULL;
    if (!table_open(&table, source->text, source->size, error)) return false;
    bool ok = true;
    while (ok && (ok = table_next(&table, builder->dataset->name, &row, error)) && row) {
        ok = read_table_row(row, table.line, builder, error);
        cJSON_Delete(row);
    }
    table_close(&table);
    return ok;
}

#include "data/formats.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "data/lines.h"
#include "data/table.h"

/* Places are fixed words and two numbers at most. */
enum { PLACE_SIZE = 64 };

/* Each list ends with NULL. */
static const char *const name_keys[] = {"file_name",  "file_path", "image", "image_path",
                                        "image_name", "filename",  "path",  NULL};
static const char *const caption_keys[] = {"captions", "caption", "text", "comment", NULL};
static const char *const id_keys[] = {"id", "image_id", NULL};

/* The first of the keys that the row has, or NULL. */
static const char *first_key(const cJSON *row, const char *const *keys) {
    for (size_t i = 0; keys[i]; i++)
        if (cJSON_GetObjectItemCaseSensitive(row, keys[i])) return keys[i];
    return NULL;
}

/* The same of the one that the caller names, if there is one. */
static const char *find_key(const cJSON *row, const char *named, const char *const *keys) {
    const char *const one[] = {named, NULL};
    return first_key(row, named ? one : keys);
}

static const char *find_name(const cJSON *row, const struct dataset_reading *how) {
    return find_key(row, how->photo_key, name_keys);
}

static const char *find_captions(const cJSON *row, const struct dataset_reading *how) {
    return find_key(row, how->caption_key, caption_keys);
}

/* Of LLaVA; NULL where captions are in another field. */
static const cJSON *find_conversation(const cJSON *row, const struct dataset_reading *how) {
    const cJSON *turns = cJSON_GetObjectItemCaseSensitive(row, "conversations");
    return cJSON_IsArray(turns) && !find_captions(row, how) ? turns : NULL;
}

static bool is_row(const cJSON *value, const struct dataset_reading *how) {
    return cJSON_IsObject(value) && (find_name(value, how) || find_conversation(value, how));
}

bool rows_recognises_array(const struct source *source) {
    return cJSON_IsArray(source->json) &&
           (!source->json->child || is_row(source->json->child, source->how));
}

bool rows_recognises_lines(const struct source *source) {
    return is_row(source->json, source->how);
}

static bool row_error(const cJSON *row, const char *keys, const char *name, const char *place,
                      caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: expected an object with %s, found %s",
                     name, place, keys,
                     cJSON_IsObject(row) ? "none of them in it" : json_type(row));
}

static bool name_error(const cJSON *row, const struct builder *builder, const char *place,
                       caption_error *error) {
    char keys[PLACE_SIZE] = "a photo's \"file_name\", \"file_path\", \"image\" or \"path\"";
    const char *named = builder->how->photo_key;
    if (named) snprintf(keys, sizeof keys, "\"%.40s\" (--photo-key)", named);
    return row_error(row, keys, builder->dataset->name, place, error);
}

/* Selects the row's photo, adding it where it is new. */
static bool read_photo(const cJSON *row, const char *place, struct builder *builder,
                       caption_error *error) {
    const char *name = builder->dataset->name, *name_key = find_name(row, builder->how);
    if (!name_key) return name_error(row, builder, place, error);
    const char *file_name = fields_file_name(row, name_key, name, place, error);
    if (!file_name) return false;
    const char *id_key = find_conversation(row, builder->how) ? NULL : first_key(row, id_keys);
    char digits[FIELDS_DIGITS];
    const char *id = id_key ? fields_id(row, id_key, name, place, digits, error) : file_name;
    enum dataset_split split;
    if (!id || !fields_split(row, name, place, &split, error)) return false;
    if (builder->inside) split = builder->split;
    if (!builder_photo_once(builder, file_name, id, split, error)) {
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

/* The model's first turn is the caption; later ones answer questions. */
static bool read_conversation(const cJSON *turns, const char *place, struct builder *builder,
                              caption_error *error) {
    const cJSON *turn;
    cJSON_ArrayForEach(turn, turns) {
        const char *from = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(turn, "from"));
        if (!from || (strcmp(from, "gpt") != 0 && strcmp(from, "assistant") != 0)) continue;
        const char *value = json_string(turn, "value", builder->dataset->name, place, error);
        return value && builder_sentence(builder, value, error);
    }
    return builder_sentence(builder, "", error);
}

static bool captions_error(const cJSON *row, const struct builder *builder, const char *place,
                           caption_error *error) {
    char keys[PLACE_SIZE] = "\"captions\", \"caption\" or \"text\"";
    const char *named = builder->how->caption_key;
    if (named) snprintf(keys, sizeof keys, "\"%.40s\" (--caption-key)", named);
    return row_error(row, keys, builder->dataset->name, place, error);
}

bool rows_read_captions(const cJSON *row, const char *place, struct builder *builder, bool *found,
                        caption_error *error) {
    const char *name = builder->dataset->name, *key = find_captions(row, builder->how);
    *found = key != NULL;
    if (!key) return true;
    const cJSON *captions = cJSON_GetObjectItemCaseSensitive(row, key);
    if (cJSON_IsArray(captions)) return read_caption_list(captions, key, place, builder, error);
    if (cJSON_IsString(captions)) return builder_sentence(builder, captions->valuestring, error);
    if (cJSON_IsNull(captions)) return builder_sentence(builder, "", error);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: %s.%s: expected a string or an array of strings, found %s", name, place,
                     key, json_type(captions));
}

/* A row of `caption --jsonl` for a photo that could not be captioned. */
static bool is_failure(const cJSON *row, const struct dataset_reading *how) {
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(row, "error")) &&
           !find_captions(row, how);
}

static bool read_row(const cJSON *row, const char *place, struct builder *builder,
                     caption_error *error) {
    const cJSON *turns = find_conversation(row, builder->how);
    if (is_failure(row, builder->how)) {
        builder->dataset->failed++;
        return true;
    }
    if (turns && !find_name(row, builder->how)) {
        builder->dataset->without_photo++;
        return true;
    }
    if (!read_photo(row, place, builder, error)) return false;
    if (turns) return read_conversation(turns, place, builder, error);
    bool found;
    return rows_read_captions(row, place, builder, &found, error) &&
           (found || captions_error(row, builder, place, error));
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

static bool read_line(void *builder, const struct line *line, caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", line->number);
    cJSON *row = json_parse(line->text, line->length, place, error);
    if (!row) return error_prefix(error, ((struct builder *)builder)->dataset->name);
    bool ok = read_row(row, place, builder, error);
    cJSON_Delete(row);
    return ok;
}

bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error) {
    return lines_each(source->text, source->size, read_line, builder, error);
}

bool rows_recognises_table(const struct source *source) {
    struct table table;
    if (source->json || source->folder || source->archive ||
        !table_open(&table, source->text, source->size, NULL)) {
        return false;
    }
    const char *key = source->how->photo_key;
    bool named = key && table_has(&table, key);
    for (size_t i = 0; !key && name_keys[i]; i++) named |= table_has(&table, name_keys[i]);
    table_close(&table);
    return named;
}

static bool read_table_row(cJSON *row, size_t number, struct builder *builder,
                           caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", number);
    const struct dataset_reading *how = builder->how;
    const char *key = how->caption_key ? how->caption_key : caption_keys[0];
    if (!is_failure(row, how) && !find_captions(row, how) && !cJSON_AddNullToObject(row, key)) {
        return error_memory(error, "a row of a table");
    }
    return read_row(row, place, builder, error);
}

/* A table without captions is a mistake; of rows, those that are empty are none. */
static bool check_columns(const struct table *table, const struct builder *builder,
                          caption_error *error) {
    const char *key = builder->how->caption_key;
    bool there = table_has(table, key ? key : "error");
    for (size_t i = 0; !key && caption_keys[i]; i++) there |= table_has(table, caption_keys[i]);
    if (there) return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: line 1: expected a column \"%.40s\" of captions, found none (--caption-key "
        "names another)",
        builder->dataset->name, key ? key : "caption");
}

bool rows_read_table(const struct source *source, struct builder *builder, caption_error *error) {
    struct table table;
    cJSON *row = NULL;
    if (!table_open(&table, source->text, source->size, error)) return false;
    bool ok = check_columns(&table, builder, error);
    while (ok && (ok = table_next(&table, builder->dataset->name, &row, error)) && row) {
        ok = read_table_row(row, table.line, builder, error);
        cJSON_Delete(row);
    }
    table_close(&table);
    return ok;
}

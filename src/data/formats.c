#include "data/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "data/table.h"
#include "image/photo.h"
#include "text/vocabulary.h"

static bool empty_error(const char *key, const char *expected, const char *name, const char *place,
                        caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s.%s: expected %s, found an empty string",
                     name, place, key, expected);
}

const char *fields_file_name(const cJSON *object, const char *key, const char *name,
                             const char *place, caption_error *error) {
    const char *file_name = json_string(object, key, name, place, error);
    if (!file_name || *file_name) return file_name;
    empty_error(key, "a file name", name, place, error);
    return NULL;
}

const char *fields_id(const cJSON *object, const char *key, const char *name, const char *place,
                      char digits[FIELDS_DIGITS], caption_error *error) {
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    if (id && !*id) {
        empty_error(key, "an id", name, place, error);
        return NULL;
    }
    if (id) return id;
    size_t number;
    if (!json_size(object, key, name, place, &number, error)) return NULL;
    snprintf(digits, FIELDS_DIGITS, "%zu", number);
    return digits;
}

enum dataset_split fields_split_word(const char *word) {
    static const struct {
        const char *word;
        enum dataset_split split;
    } spellings[] = {
        {"train", DATASET_TRAIN},    {"training", DATASET_TRAIN}, {"restval", DATASET_TRAIN},
        {"val", DATASET_VAL},        {"valid", DATASET_VAL},      {"dev", DATASET_VAL},
        {"validation", DATASET_VAL}, {"test", DATASET_TEST},      {"testing", DATASET_TEST},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strcasecmp(word, spellings[i].word) == 0) return spellings[i].split;
    }
    return DATASET_OTHER;
}

bool fields_split(const cJSON *object, const char *name, const char *place,
                  enum dataset_split *split, caption_error *error) {
    *split = DATASET_NONE;
    if (!cJSON_GetObjectItemCaseSensitive(object, "split")) return true;
    const char *word = json_string(object, "split", name, place, error);
    if (word) *split = fields_split_word(word);
    return word != NULL;
}

/* Places, for messages: fixed words and three numbers at most. */
enum { PLACE_SIZE = 128 };

/* --- COCO --- */

bool coco_recognises(const struct source *source) {
    return cJSON_IsObject(source->json) && !source->more &&
           cJSON_GetObjectItemCaseSensitive(source->json, "images") &&
           cJSON_GetObjectItemCaseSensitive(source->json, "annotations");
}

static bool read_image(const cJSON *image, const char *place, struct builder *builder,
                       struct name_index *ids, caption_error *error) {
    const char *name = builder->dataset->name;
    const char *file_name = fields_file_name(image, "file_name", name, place, error);
    if (!file_name) return false;
    char digits[FIELDS_DIGITS];
    const char *id = fields_id(image, "id", name, place, digits, error);
    enum dataset_split split;
    if (!id || !fields_split(image, name, place, &split, error)) return false;
    if (name_index_find(ids, id) != NAME_INDEX_NONE) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s.id: expected an id of its own, found that of another image: %s",
                         name, place, id);
    }
    if (!builder_photo(builder, file_name, NULL, id, split, error)) return false;
    const size_t photo = builder->current;
    return name_index_add(ids, builder->dataset->photos[photo].id, photo, error);
}

static bool read_images(const cJSON *root, struct builder *builder, struct name_index *ids,
                        caption_error *error) {
    const cJSON *images = json_array(root, "images", builder->dataset->name, "", error);
    if (!images) return false;
    const cJSON *image;
    size_t index = 0;
    cJSON_ArrayForEach(image, images) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "images[%zu]", index++);
        if (!read_image(image, place, builder, ids, error)) return false;
    }
    return true;
}

/* Of instances_*.json, which has the same photos. */
static bool is_object(const cJSON *annotation) {
    return !cJSON_GetObjectItemCaseSensitive(annotation, "caption") &&
           (cJSON_GetObjectItemCaseSensitive(annotation, "bbox") ||
            cJSON_GetObjectItemCaseSensitive(annotation, "category_id"));
}

static bool object_error(const char *name, const char *place, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: %s: expected a caption, found an object of a category (captions are in "
                     "COCO's captions_*.json, not in instances_*.json)",
                     name, place);
}

static bool read_annotation(const cJSON *annotation, const char *place, struct builder *builder,
                            const struct name_index *ids, caption_error *error) {
    const char *name = builder->dataset->name;
    char digits[FIELDS_DIGITS];
    const char *id = fields_id(annotation, "image_id", name, place, digits, error);
    if (!id) return false;
    const size_t photo = name_index_find(ids, id);
    if (is_object(annotation)) return object_error(name, place, error);
    if (photo == NAME_INDEX_NONE) {
        builder->dataset->orphans++;
        return true;
    }
    const char *caption = json_string(annotation, "caption", name, place, error);
    if (!caption) return false;
    builder_turn_to(builder, photo);
    return builder_sentence(builder, caption, error);
}

static bool read_annotations(const cJSON *root, struct builder *builder,
                             const struct name_index *ids, caption_error *error) {
    const cJSON *annotations = json_array(root, "annotations", builder->dataset->name, "", error);
    if (!annotations) return false;
    const cJSON *annotation;
    size_t index = 0;
    cJSON_ArrayForEach(annotation, annotations) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "annotations[%zu]", index++);
        if (!read_annotation(annotation, place, builder, ids, error)) return false;
    }
    return true;
}

bool coco_read(const struct source *source, struct builder *builder, caption_error *error) {
    struct name_index ids = {0};
    bool ok = read_images(source->json, builder, &ids, error) &&
              read_annotations(source->json, builder, &ids, error);
    name_index_free(&ids);
    return ok;
}

/* --- Karpathy --- */

bool karpathy_recognises(const struct source *source) {
    return cJSON_IsObject(source->json) && !source->more &&
           cJSON_GetObjectItemCaseSensitive(source->json, "images") &&
           !cJSON_GetObjectItemCaseSensitive(source->json, "annotations");
}

static bool is_word(const cJSON *value) {
    return cJSON_IsString(value) &&
           vocabulary_is_word(value->valuestring, strlen(value->valuestring));
}

static bool read_tokens(const cJSON *sentence, const char *place, struct builder *builder,
                        caption_error *error) {
    const char *name = builder->dataset->name;
    const cJSON *tokens = json_array(sentence, "tokens", name, place, error);
    if (!tokens) return false;
    const cJSON *token;
    size_t index = 0;
    cJSON_ArrayForEach(token, tokens) {
        if (!is_word(token)) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: %s.tokens[%zu]: expected a word (1 to %d bytes of UTF-8 without "
                             "white space, no special word), found %s",
                             name, place, index, VOCABULARY_LONGEST_WORD,
                             cJSON_IsString(token) ? "a string that is none" : json_type(token));
        }
        if (!builder_word(builder, token->valuestring, error)) return false;
        index++;
    }
    return builder_caption(builder, error);
}

static bool read_sentence(const cJSON *sentence, const char *place, struct builder *builder,
                          caption_error *error) {
    const char *name = builder->dataset->name;
    if (!cJSON_IsObject(sentence)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected an object with \"tokens\" or \"raw\", found %s", name,
                         place, json_type(sentence));
    }
    if (cJSON_GetObjectItemCaseSensitive(sentence, "tokens")) {
        return read_tokens(sentence, place, builder, error);
    }
    if (!cJSON_GetObjectItemCaseSensitive(sentence, "raw")) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected \"tokens\" or \"raw\", found neither", name, place);
    }
    const char *raw = json_string(sentence, "raw", name, place, error);
    return raw && builder_sentence(builder, raw, error);
}

/* "cocoid", else "imgid", else the file name. */
static const char *read_id(const cJSON *photo, const char *name, const char *place,
                           char digits[FIELDS_DIGITS], const char *filename, caption_error *error) {
    const char *key = cJSON_GetObjectItemCaseSensitive(photo, "cocoid") ? "cocoid" : "imgid";
    if (!cJSON_GetObjectItemCaseSensitive(photo, key)) return filename;
    return fields_id(photo, key, name, place, digits, error);
}

static bool read_photo(const cJSON *photo, const char *place, struct builder *builder,
                       caption_error *error) {
    const char *name = builder->dataset->name;
    const char *filename = fields_file_name(photo, "filename", name, place, error);
    if (!filename) return false;
    const char *folder = NULL;
    if (cJSON_GetObjectItemCaseSensitive(photo, "filepath")) {
        folder = json_string(photo, "filepath", name, place, error);
        if (!folder) return false;
    }
    enum dataset_split split;
    if (!fields_split(photo, name, place, &split, error)) return false;
    char digits[FIELDS_DIGITS];
    const char *id = read_id(photo, name, place, digits, filename, error);
    const char *source = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(photo, "source"));
    return id && builder_photo(builder, filename, folder, id, split, error) &&
           (!source || !*source || builder_source(builder, source, error));
}

static bool read_sentences(const cJSON *photo, size_t photo_index, const char *place,
                           struct builder *builder, caption_error *error) {
    const cJSON *sentences = json_array(photo, "sentences", builder->dataset->name, place, error);
    if (!sentences) return false;
    const cJSON *sentence;
    size_t index = 0;
    cJSON_ArrayForEach(sentence, sentences) {
        char sentence_place[PLACE_SIZE];
        snprintf(sentence_place, sizeof sentence_place, "images[%zu].sentences[%zu]", photo_index,
                 index++);
        if (!read_sentence(sentence, sentence_place, builder, error)) return false;
    }
    return true;
}

bool karpathy_read(const struct source *source, struct builder *builder, caption_error *error) {
    const cJSON *images = json_array(source->json, "images", builder->dataset->name, "", error);
    if (!images) return false;
    const cJSON *photo;
    size_t index = 0;
    cJSON_ArrayForEach(photo, images) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "images[%zu]", index);
        if (!read_photo(photo, place, builder, error) ||
            !read_sentences(photo, index, place, builder, error)) {
            return false;
        }
        index++;
    }
    return true;
}

/* --- kohya --- */

static bool has_text(const cJSON *entry, const struct dataset_reading *how) {
    const char *key = how->caption_key ? how->caption_key : "caption";
    return cJSON_GetObjectItemCaseSensitive(entry, key) ||
           cJSON_GetObjectItemCaseSensitive(entry, "tags");
}

bool kohya_recognises(const struct source *source) {
    const cJSON *first = cJSON_IsObject(source->json) ? source->json->child : NULL;
    return !source->more && cJSON_IsObject(first) && has_text(first, source->how);
}

static bool is_there(const struct builder *builder, const char *name) {
    char *path = file_join(builder->images, name, NULL);
    const bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* stem.EXTENSION where there is such a file in the folder of photos, else the stem; newly
 * allocated. */
static char *complete(const struct builder *builder, const char *stem, caption_error *error) {
    static const char *const extensions[] = {"",      ".png", ".jpg",  ".jpeg", ".webp", ".bmp",
                                             ".avif", ".gif", ".heic", ".tif",  ".tiff"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        char *name = memory_join(stem, extensions[i], "", error);
        if (!name || is_there(builder, name)) return name;
        free(name);
    }
    return memory_string(stem, error);
}

static bool add_photo(const char *key, const char *place, struct builder *builder,
                      caption_error *error) {
    if (!*key) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected a photo's path as the key, found an empty one",
                         builder->dataset->name, place);
    }
    char *name = photo_named(key) ? memory_string(key, error) : complete(builder, key, error);
    bool ok = name && builder_photo_once(builder, name, name, DATASET_NONE, error);
    free(name);
    return ok;
}

static bool read_tags(const cJSON *entry, const char *place, struct builder *builder,
                      caption_error *error) {
    if (!cJSON_GetObjectItemCaseSensitive(entry, "tags")) return true;
    const char *tags = json_string(entry, "tags", builder->dataset->name, place, error);
    return tags && builder_sentence(builder, tags, error);
}

static bool read_entry(const cJSON *entry, const char *place, struct builder *builder,
                       caption_error *error) {
    if (!cJSON_IsObject(entry)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s: expected an object with \"caption\" or \"tags\", found %s",
                         builder->dataset->name, place, json_type(entry));
    }
    bool found;
    return add_photo(entry->string, place, builder, error) &&
           rows_read_captions(entry, place, builder, &found, error) &&
           (found || read_tags(entry, place, builder, error));
}

bool kohya_read(const struct source *source, struct builder *builder, caption_error *error) {
    const cJSON *entry;
    size_t index = 0;
    cJSON_ArrayForEach(entry, source->json) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "photo %zu", index++);
        if (!read_entry(entry, place, builder, error)) return false;
    }
    return true;
}

/* --- Flickr's token text --- */

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* The bytes of NAME in a line NAME#NUMBER<TAB>CAPTION, 0 for any other line. A caption may be
 * missing, the tab with it. */
static size_t name_length(const char *line, size_t length) {
    const char *tab = memchr(line, '\t', length);
    const char *at = tab ? tab : line + length;
    const char *number_end = at;
    while (at > line && is_digit(at[-1])) at--;
    if (at == number_end || at == line || at[-1] != '#') return 0;
    return (size_t)(at - 1 - line);
}

bool token_text_recognises(const struct source *source) {
    struct lines lines = lines_start(source->text, source->size);
    const char *line;
    size_t length;
    return !source->json && lines_next(&lines, &line, &length) && name_length(line, length) > 0;
}

static bool read_line(void *context, const struct line *line, caption_error *error) {
    struct builder *builder = context;
    const size_t named = name_length(line->text, line->length);
    if (named == 0 || memchr(line->text, '\0', named)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: line %zu: expected NAME#NUMBER<TAB>CAPTION, found something else",
                         builder->dataset->name, line->number);
    }
    const char *tab = memchr(line->text, '\t', line->length);
    const char *sentence = tab ? tab : line->text + line->length;
    char *name = memory_substring(line->text, named, error);
    const bool ok = name && builder_photo_once(builder, name, name, DATASET_NONE, error) &&
                    builder_sentence(builder, sentence, error);
    free(name);
    return ok;
}

bool token_text_read(const struct source *source, struct builder *builder, caption_error *error) {
    return lines_each(source->text, source->size, read_line, builder, error);
}

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

const char *rows_photo_key(const cJSON *row) {
    return first_key(row, name_keys);
}

const char *rows_caption_key(const cJSON *row) {
    return first_key(row, caption_keys);
}

static bool table_has_one(const struct table *table, const char *const *keys) {
    for (size_t i = 0; keys[i]; i++)
        if (table_has(table, keys[i])) return true;
    return false;
}

bool rows_table_has_photos(const struct table *table) {
    return table_has_one(table, name_keys);
}

bool rows_table_has_captions(const struct table *table) {
    return table_has_one(table, caption_keys);
}

/* Of LLaVA; NULL where captions are in another field. */
static const cJSON *find_conversation(const cJSON *row, const struct dataset_reading *how) {
    const cJSON *turns = cJSON_GetObjectItemCaseSensitive(row, "conversations");
    return cJSON_IsArray(turns) && !find_captions(row, how) ? turns : NULL;
}

/* An id that is null is none; a conversation's is not its photo's. */
static const char *find_id(const cJSON *row, const struct dataset_reading *how) {
    const char *key = find_conversation(row, how) ? NULL : first_key(row, id_keys);
    return key && !cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(row, key)) ? key : NULL;
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
static bool read_row_photo(const cJSON *row, const char *place, struct builder *builder,
                           caption_error *error) {
    const char *name = builder->dataset->name, *name_key = find_name(row, builder->how);
    if (!name_key) return name_error(row, builder, place, error);
    const char *file_name = fields_file_name(row, name_key, name, place, error);
    if (!file_name) return false;
    const char *id_key = find_id(row, builder->how);
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

/* A list that another program wrote as text: "['A dog.' 'A brown dog.']" of NumPy, "['A dog.']" of
 * Python. As a caption it would be one long sentence. */
static bool is_written_list(const char *text) {
    const size_t length = strlen(text);
    return length > 3 && text[0] == '[' && (text[1] == '\'' || text[1] == '"') &&
           text[length - 1] == ']' && (text[length - 2] == '\'' || text[length - 2] == '"');
}

static bool read_sentence_text(const char *text, const char *key, const char *place,
                               struct builder *builder, caption_error *error) {
    if (!is_written_list(text)) return builder_sentence(builder, text, error);
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: %s.%s: expected a caption, found a list of them as text (JSON Lines keep "
                     "lists, as pandas' to_json(..., orient='records', lines=True) writes them)",
                     builder->dataset->name, place, key);
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
    if (cJSON_IsString(captions))
        return read_sentence_text(captions->valuestring, key, place, builder, error);
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
    if (!read_row_photo(row, place, builder, error)) return false;
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

static bool read_row_line(void *builder, const struct line *line, caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", line->number);
    cJSON *row = json_parse(line->text, line->length, place, error);
    if (!row) return error_prefix(error, ((struct builder *)builder)->dataset->name);
    bool ok = read_row(row, place, builder, error);
    cJSON_Delete(row);
    return ok;
}

bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error) {
    return lines_each(source->text, source->size, read_row_line, builder, error);
}

bool rows_recognises_table(const struct source *source) {
    struct table table;
    if (source->json || source->folder || source->archive ||
        !table_open(&table, source->text, source->size, NULL)) {
        return false;
    }
    const char *key = source->how->photo_key;
    const bool named = key ? table_has(&table, key) : rows_table_has_photos(&table);
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
    if (key ? table_has(table, key) : rows_table_has_captions(table) || table_has(table, "error"))
        return true;
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

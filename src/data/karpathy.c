#include "data/formats.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "data/fields.h"
#include "text/vocabulary.h"

/* Places are made of fixed words and three numbers at most. */
enum { PLACE_SIZE = 128 };

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

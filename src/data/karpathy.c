#include "data/karpathy.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "text/vocabulary.h"

/* Places are made of fixed words and three numbers at most. */
enum { PLACE_SIZE = 128 };

bool karpathy_recognises(const cJSON *root) {
    return cJSON_GetObjectItemCaseSensitive(root, "images") &&
           !cJSON_GetObjectItemCaseSensitive(root, "annotations");
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

static enum dataset_split split_of(const char *word) {
    enum dataset_split split;
    bool every;
    if (strcmp(word, "restval") == 0) return DATASET_TRAIN;
    return dataset_split_parse(word, &split, &every) && !every ? split : DATASET_OTHER;
}

/* "cocoid", else "imgid", else nothing: a whole number as text, or a string. False on error; *id is
 * NULL where there is none. */
static bool read_id(const cJSON *photo, const char *name, const char *place, char digits[32],
                    const char **id, caption_error *error) {
    const char *key = cJSON_GetObjectItemCaseSensitive(photo, "cocoid") ? "cocoid" : "imgid";
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(photo, key);
    *id = cJSON_GetStringValue(value);
    if (!value || *id) return true;
    size_t number;
    if (!json_size(photo, key, name, place, &number, error)) return false;
    snprintf(digits, 32, "%zu", number);
    *id = digits;
    return true;
}

static bool read_photo(const cJSON *photo, const char *place, struct builder *builder,
                       caption_error *error) {
    const char *name = builder->dataset->name;
    const char *filename = json_string(photo, "filename", name, place, error);
    if (!filename) return false;
    if (!*filename) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %s.filename: expected a file name, found an empty string", name,
                         place);
    }
    const char *folder = NULL;
    if (cJSON_GetObjectItemCaseSensitive(photo, "filepath")) {
        folder = json_string(photo, "filepath", name, place, error);
        if (!folder) return false;
    }
    const char *split = json_string(photo, "split", name, place, error);
    if (!split) return false;
    char digits[32];
    const char *id;
    if (!read_id(photo, name, place, digits, &id, error)) return false;
    return builder_photo(builder, filename, folder, id ? id : filename, split_of(split), error);
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

bool karpathy_read(const cJSON *root, struct builder *builder, caption_error *error) {
    const cJSON *images = json_array(root, "images", builder->dataset->name, "", error);
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

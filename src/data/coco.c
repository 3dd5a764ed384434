#include "data/formats.h"

#include <stdio.h>

#include "base/json.h"
#include "data/fields.h"

/* Places are a fixed word and a number. */
enum { PLACE_SIZE = 64 };

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

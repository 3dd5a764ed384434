#include "data/sidecar.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "data/lines.h"
#include "data/rows.h"

static const char *const extensions[] = {".txt", ".caption", ".json"};

size_t sidecar_count(const struct dataset_reading *how) {
    return how->sidecar ? 1 : sizeof extensions / sizeof *extensions;
}

const char *sidecar_extension(const struct dataset_reading *how, size_t index) {
    return how->sidecar ? how->sidecar : extensions[index];
}

char *sidecar_name(const char *photo, const char *extension, caption_error *error) {
    const size_t stem = file_stem_length(photo), dot = extension[0] != '.';
    const size_t size = strlen(extension) + 1;
    char *name = memory_zeroed(stem + dot + size, 1, "a file name", error);
    if (!name) return NULL;
    memcpy(name, photo, stem);
    if (dot) name[stem] = '.';
    memcpy(name + stem + dot, extension, size);
    return name;
}

static bool read_line(void *builder, const struct line *line, caption_error *error) {
    return builder_sentence(builder, line->text, error);
}

static bool read_object(const char *name, const char *text, size_t size, struct builder *builder,
                        caption_error *error) {
    cJSON *object = json_parse(text, size, name, error);
    if (!object) return false;
    bool found, ok = rows_read_captions(object, name, builder, &found, error);
    cJSON_Delete(object);
    return ok;
}

bool sidecar_read(const char *name, const char *text, size_t size, struct builder *builder,
                  caption_error *error) {
    static const char json[] = ".json";
    text_faults_count(&builder->dataset->faults, text, size);
    if (!text_faults_check(text, size, name, error)) return false;
    const size_t length = strlen(name), end = sizeof json - 1;
    const bool is_json = length > end && strcmp(name + length - end, json) == 0;
    return is_json ? read_object(name, text, size, builder, error)
                   : lines_each(text, size, read_line, builder, error);
}

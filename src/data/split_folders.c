#include "data/split_folders.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/names.h"
#include "data/fields.h"
#include "data/rows.h"

/* The path of a split's folder, newly allocated; NULL without an error where the name is none, or
 * the folder has no metadata. */
static char *find_split(const char *folder, const char *name, caption_error *error) {
    if (fields_split_word(name) == DATASET_OTHER) return NULL;
    char *path = file_join(folder, name, error);
    if (!path || source_has_metadata(path)) return path;
    free(path);
    return NULL;
}

bool split_folders_recognises(const struct source *source) {
    struct names names = {0};
    bool found = false;
    if (source->folder && names_read(&names, source->path, NULL)) {
        for (size_t i = 0; !found && i < names.count; i++) {
            char *path = find_split(source->path, names.names[i], NULL);
            found = path != NULL;
            free(path);
        }
    }
    names_free(&names);
    return found;
}

/* Messages of rows name the file that they stand in. */
static bool read_rows(const struct source *source, struct builder *builder, caption_error *error) {
    char *whole = builder->dataset->name;
    builder->dataset->name = source->path;
    bool ok;
    if (rows_recognises_lines(source))
        ok = rows_read_lines(source, builder, error);
    else if (rows_recognises_table(source))
        ok = rows_read_table(source, builder, error);
    else
        ok = source_refuse(source, "JSON Lines of photos, CSV of photos", error);
    builder->dataset->name = whole;
    return ok;
}

static bool read_split(const char *path, const char *name, struct builder *builder,
                       caption_error *error) {
    struct source source;
    if (!source_open(&source, path, builder->how, error)) return false;
    builder_enter(builder, name, fields_split_word(name));
    const bool ok = read_rows(&source, builder, error);
    builder->dataset->faults.zeros += source.faults.zeros;
    builder->dataset->faults.foreign += source.faults.foreign;
    source_close(&source);
    return ok;
}

bool split_folders_read(const struct source *source, struct builder *builder,
                        caption_error *error) {
    struct names names = {0};
    bool ok = names_read(&names, source->path, error);
    for (size_t i = 0; ok && i < names.count; i++) {
        caption_error problem = {.status = CAPTION_OK};
        char *path = find_split(source->path, names.names[i], &problem);
        if (path)
            ok = read_split(path, names.names[i], builder, error);
        else if (problem.status != CAPTION_OK)
            ok = error_set(error, problem.status, "%s", problem.message);
        free(path);
    }
    builder_enter(builder, NULL, DATASET_NONE);
    names_free(&names);
    return ok;
}

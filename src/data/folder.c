#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "data/formats.h"
#include "data/table.h"
#include "image/photo.h"

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

bool folder_recognises(const struct source *source) {
    return source->folder;
}

struct folder_reader {
    const char *texts, *photos; /* the two folders */
    struct builder *builder;
    size_t found; /* photos, with captions or without */
};

/* The first file of captions of a photo that is there, newly allocated; *path is NULL where there
 * is none. */
static bool find_sidecar(const struct folder_reader *reader, const char *photo, char **path,
                         caption_error *error) {
    const struct dataset_reading *how = reader->builder->how;
    *path = NULL;
    for (size_t i = 0; i < sidecar_count(how); i++) {
        char *name = sidecar_name(photo, sidecar_extension(how, i), error);
        *path = name ? file_join(reader->texts, name, error) : NULL;
        free(name);
        if (!*path) return false;
        if (access(*path, F_OK) == 0 || errno != ENOENT) return true;
        free(*path);
        *path = NULL;
    }
    return true;
}

static bool add_photo(struct folder_reader *reader, const char *photo, const char *path,
                      caption_error *error) {
    struct builder *builder = reader->builder;
    struct file_bytes file;
    if (!file_read_unless(path, SIDECAR_MAX_BYTES, builder->how->stop, &file, error)) return false;
    bool ok = builder_photo(builder, photo, NULL, photo, DATASET_NONE, error) &&
              sidecar_read(path, (const char *)file.data, file.size, builder, error);
    file_bytes_free(&file);
    return ok;
}

static bool read_photo(struct folder_reader *reader, const char *photo, caption_error *error) {
    char *path;
    reader->found++;
    if (!find_sidecar(reader, photo, &path, error)) return false;
    bool ok = true;
    if (path)
        ok = add_photo(reader, photo, path, error);
    else
        reader->builder->dataset->without_text++;
    free(path);
    return ok;
}

/* The files of a folder in the folder of photos ("": that itself), and of the folders in it. */
static bool search(struct folder_reader *reader, const char *inside, caption_error *error);

/* What lies in the folder of photos by that name. */
static bool read_entry(struct folder_reader *reader, const char *name, caption_error *error) {
    char *path = file_join(reader->photos, name, error);
    if (!path) return false;
    struct stat status;
    const bool folder = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
    const bool photo = !folder && photo_recognise(path);
    free(path);
    if (folder) return search(reader, name, error);
    return !photo || read_photo(reader, name, error);
}

static bool search(struct folder_reader *reader, const char *inside, caption_error *error) {
    char *folder =
        *inside ? file_join(reader->photos, inside, error) : memory_string(reader->photos, error);
    struct names names = {0};
    bool ok = folder && names_read(&names, folder, error);
    free(folder);
    for (size_t i = 0; ok && i < names.count; i++) {
        char *name = file_join(inside, names.names[i], error);
        ok = name && read_entry(reader, name, error);
        free(name);
    }
    names_free(&names);
    return ok;
}

/* The split that the first folder of a photo's name stands for. */
static enum dataset_split split_of(const char *photo) {
    char word[16] = "";
    const char *slash = strchr(photo, '/');
    if (!slash || (size_t)(slash - photo) >= sizeof word) return DATASET_OTHER;
    memcpy(word, photo, (size_t)(slash - photo));
    return fields_split_word(word);
}

static void find_splits(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++)
        if (split_of(dataset->photos[i].name) == DATASET_OTHER) return;
    for (size_t i = 0; i < dataset->photo_count; i++)
        dataset->photos[i].split = split_of(dataset->photos[i].name);
}

static bool none_error(const struct folder_reader *reader, caption_error *error) {
    if (reader->found == 0) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: expected a folder of photos, found none in it", reader->photos);
    }
    const char *given = reader->builder->how->sidecar;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected captions in a %s beside a photo, found none for %zu photo%s "
                     "(--sidecar names another extension)",
                     reader->texts, given ? given : ".txt, .caption or .json", reader->found,
                     reader->found == 1 ? "" : "s");
}

bool folder_read(const struct source *source, struct builder *builder, caption_error *error) {
    struct folder_reader reader = {
        .texts = source->path, .photos = builder->images, .builder = builder};
    if (!search(&reader, "", error)) return false;
    if (builder->dataset->photo_count == 0) return none_error(&reader, error);
    find_splits(builder->dataset);
    return true;
}

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

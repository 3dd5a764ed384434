#include "data/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/names.h"
#include "data/lines.h"
#include "image/photo.h"

/* A larger file does not hold the captions of one photo. */
static const size_t largest_text = (size_t)1 << 20;

bool folder_recognises(const struct source *source) {
    return source->folder;
}

/* Of the names in a folder, keeps those of photos. */
static bool keep_photos(struct names *names, const char *folder, caption_error *error) {
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        char *name = names->names[i], *path = file_join(folder, name, error);
        if (!path) return false;
        const bool photo = photo_recognise(path);
        free(path);
        if (!photo) continue;
        names->names[i] = names->names[kept]; /* every name stays owned */
        names->names[kept++] = name;
    }
    while (names->count > kept) free(names->names[--names->count]);
    return true;
}

static bool list_photos(struct names *names, const char *folder, caption_error *error) {
    if (!names_read(names, folder, error) || !keep_photos(names, folder, error)) return false;
    if (names->count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected a folder of photos, found none in it (folders in it are not "
                     "searched)",
                     folder);
}

/* folder/photo.txt for photo.jpg; a name that is only an extension is unchanged. */
static char *text_path(const char *folder, const char *photo, caption_error *error) {
    static const char extension[] = ".txt";
    const char *dot = strrchr(photo, '.');
    const size_t stem = dot && dot != photo ? (size_t)(dot - photo) : strlen(photo);
    char *name = memory_zeroed(stem + sizeof extension, 1, "a file name", error);
    if (!name) return NULL;
    memcpy(name, photo, stem);
    memcpy(name + stem, extension, sizeof extension);
    char *path = file_join(folder, name, error);
    free(name);
    return path;
}

static bool add_captions(const char *text, size_t size, struct builder *builder,
                         caption_error *error) {
    struct lines lines = lines_start(text, size);
    const char *line;
    size_t length;
    while (lines_next(&lines, &line, &length)) {
        char *sentence = memory_substring(line, length, error);
        bool ok = sentence && builder_sentence(builder, sentence, error);
        free(sentence);
        if (!ok) return false;
    }
    return true;
}

static bool read_photo(const char *photo, const char *path, struct builder *builder,
                       caption_error *error) {
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        builder->dataset->without_text++;
        return true;
    }
    struct file_bytes file;
    if (!file_read(path, largest_text, &file, error)) return false;
    text_faults_count(&builder->dataset->faults, (const char *)file.data, file.size);
    bool ok = text_faults_check((const char *)file.data, file.size, path, error) &&
              builder_photo(builder, photo, NULL, photo, DATASET_NONE, error) &&
              add_captions((const char *)file.data, file.size, builder, error);
    file_bytes_free(&file);
    return ok;
}

static bool read_photos(const struct names *names, const char *folder, struct builder *builder,
                        caption_error *error) {
    for (size_t i = 0; i < names->count; i++) {
        char *path = text_path(folder, names->names[i], error);
        bool ok = path && read_photo(names->names[i], path, builder, error);
        free(path);
        if (!ok) return false;
    }
    if (builder->dataset->photo_count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected captions in a .txt beside a photo, found none for %zu photo%s",
                     folder, names->count, names->count == 1 ? "" : "s");
}

bool folder_read(const struct source *source, struct builder *builder, caption_error *error) {
    struct names names = {0};
    bool ok = list_photos(&names, builder->images, error) &&
              read_photos(&names, source->path, builder, error);
    names_free(&names);
    return ok;
}

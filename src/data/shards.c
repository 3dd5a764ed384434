#include "data/formats.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/tar.h"
#include "image/photo.h"

/* Of a name in a folder. */
static bool is_named_so(const char *folder, const char *name, bool (*is_so)(const char *path)) {
    char *path = file_join(folder, name, NULL);
    const bool so = path && is_so(path);
    free(path);
    return so;
}

static bool ends_as_archive(const char *name) {
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".tar") == 0;
}

static bool holds_archives(const char *folder) {
    struct names names = {0};
    bool archive = false, photo = false;
    const bool ok = names_read(&names, folder, NULL);
    for (size_t i = 0; ok && !photo && i < names.count; i++) {
        const char *name = names.names[i];
        if (ends_as_archive(name))
            archive = archive || is_named_so(folder, name, tar_file_recognise);
        else
            photo = is_named_so(folder, name, photo_recognise);
    }
    names_free(&names);
    return archive && !photo;
}

bool shards_recognises(const struct source *source) {
    return source->archive || (source->folder && holds_archives(source->path));
}

/* An archive while it is read. */
struct shard_reader {
    const char *path;
    struct file_parts file;
    struct tar_members members;
    const struct tar_member **by_name; /* [members.count], sorted */
    struct builder *builder;
};

/* Of two members of one name the later one counts, as for tar. */
static int compare_members(const void *a, const void *b) {
    const struct tar_member *first = *(const struct tar_member *const *)a;
    const struct tar_member *second = *(const struct tar_member *const *)b;
    const int order = strcmp(first->name, second->name);
    return order ? order : (first->offset < second->offset) - (first->offset > second->offset);
}

static const struct tar_member *find_member(const struct shard_reader *reader, const char *name) {
    size_t low = 0, high = reader->members.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(reader->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < reader->members.count && strcmp(reader->by_name[low]->name, name) == 0;
    return found ? reader->by_name[low] : NULL;
}

/* The captions of a photo; *found is NULL where it has none. */
static bool find_captions(const struct shard_reader *reader, const char *photo,
                          const struct tar_member **found, caption_error *error) {
    const struct dataset_reading *how = reader->builder->how;
    *found = NULL;
    for (size_t i = 0; !*found && i < sidecar_count(how); i++) {
        char *name = sidecar_name(photo, sidecar_extension(how, i), error);
        if (!name) return false;
        *found = find_member(reader, name);
        free(name);
    }
    return true;
}

static bool read_captions(const struct shard_reader *reader, const struct tar_member *member,
                          caption_error *error) {
    if (member->size > SIDECAR_MAX_BYTES) {
        error_set(error, CAPTION_ERROR_LIMIT, "larger than %zu bytes, the most accepted here",
                  SIDECAR_MAX_BYTES);
        error_prefix(error, member->name);
        return error_prefix(error, reader->path);
    }
    char *text = memory_uninitialised(member->size + 1, 1, "captions", error);
    bool ok = text && file_parts_read(&reader->file, reader->path, member->offset, member->size,
                                      text, error);
    if (ok)
        ok = sidecar_read(member->name, text, member->size, reader->builder, error) ||
             error_prefix(error, reader->path);
    free(text);
    return ok;
}

/* By its name or its first bytes. */
static bool is_photo(const struct shard_reader *reader, const struct tar_member *member) {
    uint8_t bytes[IMAGE_SIGNATURE];
    if (photo_named(member->name)) return true;
    const size_t size = member->size < sizeof bytes ? member->size : sizeof bytes;
    return file_parts_read(&reader->file, reader->path, member->offset, size, bytes, NULL) &&
           image_is_photo(bytes, size);
}

static bool read_photo(const struct shard_reader *reader, const struct tar_member *member,
                       caption_error *error) {
    if (find_member(reader, member->name) != member || !is_photo(reader, member)) return true;
    const struct tar_member *captions;
    if (!find_captions(reader, member->name, &captions, error)) return false;
    if (!captions || captions == member) {
        reader->builder->dataset->without_text++;
        return true;
    }
    const struct photo_file file = {reader->path, member->name, member->offset, member->size};
    return builder_member(reader->builder, &file, error) && read_captions(reader, captions, error);
}

static bool read_members(struct shard_reader *reader, caption_error *error) {
    const size_t count = reader->members.count;
    reader->by_name = memory_uninitialised(count, sizeof *reader->by_name, "an archive", error);
    if (!reader->by_name) return false;
    for (size_t i = 0; i < count; i++) reader->by_name[i] = &reader->members.items[i];
    qsort(reader->by_name, count, sizeof *reader->by_name, compare_members);
    for (size_t i = 0; i < count; i++) {
        if (!read_photo(reader, &reader->members.items[i], error)) return false;
    }
    reader->builder->dataset->not_plain += reader->members.others;
    return true;
}

static bool read_archive(const char *path, struct builder *builder, caption_error *error) {
    struct shard_reader reader = {.path = path, .builder = builder};
    const bool ok = tar_members_read(&reader.members, path, error) &&
                    file_parts_open(&reader.file, path, error) && read_members(&reader, error);
    file_parts_close(&reader.file);
    tar_members_free(&reader.members);
    free(reader.by_name);
    return ok;
}

static bool read_folder(const char *folder, struct builder *builder, caption_error *error) {
    struct names names = {0};
    bool ok = names_read(&names, folder, error);
    for (size_t i = 0; ok && i < names.count; i++) {
        if (!ends_as_archive(names.names[i])) continue;
        char *path = file_join(folder, names.names[i], error);
        builder_enter(builder, names.names[i], DATASET_NONE);
        ok = path && read_archive(path, builder, error);
        free(path);
    }
    builder_enter(builder, NULL, DATASET_NONE);
    names_free(&names);
    return ok;
}

bool shards_read(const struct source *source, struct builder *builder, caption_error *error) {
    const bool ok = source->folder ? read_folder(source->path, builder, error)
                                   : read_archive(source->path, builder, error);
    if (!ok || builder->dataset->photo_count > 0) return ok;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected photos with captions beside them (000001.jpg and 000001.txt), "
                     "found none (photos without captions: %zu)",
                     source->path, builder->dataset->without_text);
}

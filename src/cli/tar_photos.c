#include "cli/tar_photos.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/photo.h"

/* Read of what does not begin as a photo: enough to say what it is instead. */
enum { NO_PHOTO_BYTES = 1 << 12 };

void tar_photo_free(struct tar_photo *photo) {
    if (!photo) return;
    free(photo->label);
    free(photo->key);
    free((void *)(uintptr_t)photo->member.bytes);
    free(photo);
}

static void close_archive(struct tar_photos *photos) {
    if (photos->stream) photos->others += tar_stream_others(photos->stream);
    tar_stream_free(photos->stream);
    photos->stream = NULL;
    free(photos->sample);
    photos->sample = NULL;
}

void tar_photos_free(struct tar_photos *photos) {
    close_archive(photos);
}

/* Whether a name stays in the folder that it is unpacked in, whatever unpacks it. */
static bool stays_inside(const char *name) {
    if (name[0] == '/' || strpbrk(name, "\\:")) return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
    }
    return true;
}

/* "archive: member". */
static char *label_of(const char *path, const char *name, caption_error *error) {
    const size_t path_length = strlen(path), size = strlen(name) + 1;
    char *label = memory_uninitialised(path_length + 2 + size, 1, "a name", error);
    if (!label) return NULL;
    memcpy(label, path, path_length);
    memcpy(label + path_length, ": ", 2);
    memcpy(label + path_length + 2, name, size);
    return label;
}

/* The photo `name`, called by `length` bytes of it. */
static struct tar_photo *new_photo(const struct tar_photos *photos, const char *name, size_t length,
                                   caption_error *error) {
    struct tar_photo *photo = memory_zeroed(1, sizeof *photo, "a photo", error);
    if (!photo) return NULL;
    photo->number = photos->numbers;
    photo->label = label_of(photos->path, name, error);
    photo->key = memory_substring(name, length, error);
    if (photo->label && photo->key) {
        photo->member.name = photo->label + strlen(photos->path) + 2;
        return photo;
    }
    tar_photo_free(photo);
    return NULL;
}

/* What is wrong with the archive, which is left. */
static bool give_broken(struct tar_photos *photos, const caption_error *problem,
                        struct tar_photo **photo, caption_error *error) {
    if (problem->status == CAPTION_ERROR_INTERRUPTED)
        return error_set(error, problem->status, "%s", problem->message);
    *photo = new_photo(photos, photos->path, strlen(photos->path), error);
    if (*photo) (*photo)->problem = *problem;
    close_archive(photos);
    return *photo != NULL;
}

static bool open_archive(struct tar_photos *photos, struct tar_photo **photo,
                         caption_error *error) {
    const struct photo_entry *entry = &photos->archives->entries[photos->archive++];
    photos->path = strcmp(entry->path, "-") == 0 ? "standard input" : entry->path;
    if (entry->problem) return give_broken(photos, entry->problem, photo, error);
    caption_error problem;
    photos->stream = tar_stream_open(entry->path, photos->stop, &problem);
    return photos->stream || give_broken(photos, &problem, photo, error);
}

/* Bytes of the key that the member's row is called by. */
static bool find_key(struct tar_photos *photos, const char *name, size_t *length,
                     caption_error *error) {
    const size_t start = file_name_start(name), key = start + strcspn(name + start, ".");
    const bool second =
        photos->sample && strlen(photos->sample) == key && memcmp(photos->sample, name, key) == 0;
    *length = second ? strlen(name) : key;
    if (second) return true;
    free(photos->sample);
    photos->sample = memory_substring(name, key, error);
    return photos->sample != NULL;
}

/* A member that is looked at. */
struct member_reading {
    const char *name;
    size_t size, begun;
    uint8_t beginning[IMAGE_SIGNATURE]; /* [begun] */
};

/* Reads the rest of the member. False where the archive ends first or is damaged; other problems
 * are the photo's alone. */
static bool read_bytes(struct tar_photos *photos, const struct member_reading *member,
                       struct tar_photo *photo) {
    caption_error *problem = &photo->problem;
    const size_t size = member->size, begun = member->begun;
    if (size > PHOTO_MAX_BYTES) {
        error_set(problem, CAPTION_ERROR_LIMIT, "%s: larger than %zu bytes, the most accepted here",
                  photo->label, PHOTO_MAX_BYTES);
        return true;
    }
    const size_t most =
        image_is_photo(member->beginning, begun) ? size : size_smaller(size, NO_PHOTO_BYTES);
    uint8_t *bytes = memory_uninitialised(size_larger(most, 1), 1, "a photo", problem);
    if (!bytes) {
        error_prefix(problem, photo->label);
        return true;
    }
    memcpy(bytes, member->beginning, begun);
    size_t more = 0;
    const bool whole = tar_stream_read(photos->stream, bytes + begun, most - begun, &more, problem);
    photo->member.bytes = bytes;
    photo->member.size = begun + more;
    return whole;
}

/* Reads a photo of this shard. */
static bool read_photo(struct tar_photos *photos, const struct member_reading *member,
                       struct tar_photo **photo, caption_error *error) {
    size_t length;
    if (!find_key(photos, member->name, &length, error)) return false;
    if (!shard_holds(photos->shard, photos->sample)) {
        photos->numbers++;
        return true;
    }
    struct tar_photo *read = new_photo(photos, member->name, length, error);
    if (!read) return false;
    photos->numbers++;
    if (photos->stay_inside && !stays_inside(member->name))
        error_set(&read->problem, CAPTION_ERROR_FORMAT,
                  "%s: its name leads out of the folder that it is unpacked in", read->label);
    else if (!read_bytes(photos, member, read))
        close_archive(photos);
    *photo = read;
    if (read->problem.status != CAPTION_ERROR_INTERRUPTED) return true;
    *photo = NULL;
    tar_photo_free(read);
    return error_set(error, CAPTION_ERROR_INTERRUPTED, "interrupted");
}

/* Looks at the next member of the open archive. */
static bool next_member(struct tar_photos *photos, struct tar_photo **photo, caption_error *error) {
    struct member_reading member = {0};
    caption_error problem;
    if (!tar_stream_next(photos->stream, &member.name, &member.size, &problem))
        return give_broken(photos, &problem, photo, error);
    if (!member.name) {
        close_archive(photos);
        return true;
    }
    const size_t first = size_smaller(member.size, sizeof member.beginning);
    if (!tar_stream_read(photos->stream, member.beginning, first, &member.begun, &problem))
        return give_broken(photos, &problem, photo, error);
    if (!photo_named(member.name) && !image_is_photo(member.beginning, member.begun)) return true;
    return read_photo(photos, &member, photo, error);
}

bool tar_photos_next(struct tar_photos *photos, struct tar_photo **photo, caption_error *error) {
    for (*photo = NULL; !*photo;) {
        if (photos->stream) {
            if (!next_member(photos, photo, error)) return false;
        } else if (photos->archive == photos->archives->count) {
            return true;
        } else if (!open_archive(photos, photo, error)) {
            return false;
        }
    }
    return true;
}

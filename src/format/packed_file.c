#include "format/packed_file.h"

#include <stdlib.h>
#include <string.h>

/* Of a part in the file: the largest pages of memory that processors have. */
enum { ALIGNMENT = 64 * 1024 };

/* The key and the sizes, as they stand in the file. */
enum { HEAD = PACKED_KEY + 64 };

char *packed_file_path(const char *model, caption_error *error) {
    return memory_join(model, ".packed", "", error);
}

static int write_head(char head[HEAD], const char *key, const size_t *sizes) {
    return snprintf(head, HEAD, "%s\ndecoder %zu\nencoder %zu\n", key, sizes[PACKED_DECODER],
                    sizes[PACKED_ENCODER]);
}

/* Where the parts are; *end is that of the file. False where they are larger than a file can be. */
static bool place_parts(const size_t *sizes, size_t *offsets, size_t *end) {
    *end = ALIGNMENT;
    for (size_t i = 0; i < PACKED_PARTS; i++) {
        offsets[i] = *end;
        if (!size_add(*end, sizes[i], end) || *end > SIZE_MAX / 2) return false;
        *end += (ALIGNMENT - *end % ALIGNMENT) % ALIGNMENT;
    }
    return true;
}

static bool write_zeros(FILE *stream, size_t count) {
    static const char zeros[ALIGNMENT];
    return fwrite(zeros, 1, count, stream) == count;
}

static bool write_parts(FILE *stream, const char *head, size_t head_size,
                        const struct arena *const *parts) {
    bool written = fwrite(head, 1, head_size, stream) == head_size &&
                   write_zeros(stream, ALIGNMENT - head_size);
    for (size_t i = 0; written && i < PACKED_PARTS; i++) {
        const size_t behind = arena_size(parts[i]) % ALIGNMENT;
        written =
            arena_write(parts[i], stream) && write_zeros(stream, (ALIGNMENT - behind) % ALIGNMENT);
    }
    return written;
}

bool packed_file_write(const char *path, const char *key, const struct arena *const *parts,
                       caption_error *error) {
    size_t sizes[PACKED_PARTS];
    for (size_t i = 0; i < PACKED_PARTS; i++) sizes[i] = arena_size(parts[i]);
    char head[HEAD];
    const int size = write_head(head, key, sizes);
    struct file_writer writer;
    if (!file_writer_open(&writer, path, error)) return false;
    if (write_parts(writer.stream, head, (size_t)size, parts))
        return file_writer_commit(&writer, error);
    (void)file_writer_is_whole(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

static bool read_sizes(const char *text, size_t *sizes) {
    return sscanf(text, "decoder %zu\nencoder %zu\n", &sizes[PACKED_DECODER],
                  &sizes[PACKED_ENCODER]) == PACKED_PARTS;
}

bool packed_file_take(struct packed_file *packed, const struct file_parts *file, const char *path,
                      const char *key, caption_error *error) {
    char head[HEAD] = {0}, same[HEAD];
    *packed = (struct packed_file){.file = *file};
    if (!file_parts_read(file, path, 0, HEAD - 1, head, error)) return false;
    const size_t length = strlen(key);
    if (strncmp(head, key, length) != 0 || head[length] != '\n')
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: packed from another model, by another program, or for another "
                         "processor (caption info --pack packs anew)",
                         path);
    size_t end;
    if (!read_sizes(head + length + 1, packed->sizes) ||
        !place_parts(packed->sizes, packed->offsets, &end) || file->size != end ||
        write_head(same, key, packed->sizes) < 0 || strcmp(head, same) != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: not what caption info --pack wrote (it packs anew)", path);
    return true;
}

bool packed_file_map(const struct packed_file *packed, enum packed_part part, struct arena *arena,
                     caption_error *error) {
    return arena_map(arena, packed->file.descriptor, packed->offsets[part], packed->sizes[part],
                     error);
}

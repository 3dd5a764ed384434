#include "format/packed_file.h"

static bool write_zeros(FILE *stream, size_t count) {
    static const char zeros[PACKED_ALIGNMENT];
    return fwrite(zeros, 1, count, stream) == count;
}

static bool write_parts(FILE *stream, const char *head, size_t head_size,
                        const struct arena *const *parts) {
    bool written = fwrite(head, 1, head_size, stream) == head_size &&
                   write_zeros(stream, PACKED_ALIGNMENT - head_size);
    for (size_t i = 0; written && i < PACKED_PARTS; i++) {
        const size_t behind = arena_size(parts[i]) % PACKED_ALIGNMENT;
        written = arena_write(parts[i], stream) &&
                  write_zeros(stream, (PACKED_ALIGNMENT - behind) % PACKED_ALIGNMENT);
    }
    return written;
}

bool packed_file_write(const char *path, const char *key, const struct arena *const *parts,
                       caption_error *error) {
    size_t sizes[PACKED_PARTS];
    for (size_t i = 0; i < PACKED_PARTS; i++) sizes[i] = arena_size(parts[i]);
    char head[PACKED_HEAD];
    const int size = packed_file_head(head, key, sizes);
    struct file_writer writer;
    if (!file_writer_open(&writer, path, error)) return false;
    if (write_parts(writer.stream, head, (size_t)size, parts))
        return file_writer_commit(&writer, error);
    (void)file_writer_is_whole(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

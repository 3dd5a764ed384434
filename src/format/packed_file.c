#include "format/packed_file.h"

#include <stdlib.h>
#include <string.h>

char *packed_file_path(const char *model, caption_error *error) {
    return memory_join(model, ".packed", "", error);
}

int packed_file_head(char head[PACKED_HEAD], const char *key, const size_t *sizes) {
    return snprintf(head, PACKED_HEAD, "%s\ndecoder %zu\nencoder %zu\n", key, sizes[PACKED_DECODER],
                    sizes[PACKED_ENCODER]);
}

/* Where the parts are; *end is that of the file. False where they are larger than a file can be. */
static bool place_parts(const size_t *sizes, size_t *offsets, size_t *end) {
    *end = PACKED_ALIGNMENT;
    for (size_t i = 0; i < PACKED_PARTS; i++) {
        offsets[i] = *end;
        if (!size_add(*end, sizes[i], end) || *end > SIZE_MAX / 2) return false;
        *end += (PACKED_ALIGNMENT - *end % PACKED_ALIGNMENT) % PACKED_ALIGNMENT;
    }
    return true;
}

/* What is not as packed_file_head writes it is found by writing it again. */
static void read_sizes(const char *text, size_t *sizes) {
    static const char *const names[] = {
        [PACKED_DECODER] = "decoder ", [PACKED_ENCODER] = "encoder "};
    for (size_t i = 0; i < PACKED_PARTS; i++) {
        const char *found = strstr(text, names[i]);
        sizes[i] = found ? (size_t)strtoull(found + strlen(names[i]), NULL, 10) : 0;
    }
}

bool packed_file_take(struct packed_file *packed, const struct file_parts *file, const char *path,
                      const char *key, caption_error *error) {
    char head[PACKED_HEAD] = {0}, same[PACKED_HEAD];
    *packed = (struct packed_file){.file = *file};
    if (!file_parts_read(file, path, 0, PACKED_HEAD - 1, head, error)) return false;
    const size_t length = strlen(key);
    if (strncmp(head, key, length) != 0 || head[length] != '\n')
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: packed from another model, by another program, or for another "
                         "processor (caption info --pack packs anew)",
                         path);
    size_t end;
    read_sizes(head + length + 1, packed->sizes);
    if (!place_parts(packed->sizes, packed->offsets, &end) || file->size != end ||
        packed_file_head(same, key, packed->sizes) < 0 || strcmp(head, same) != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: not what caption info --pack wrote (it packs anew)", path);
    return true;
}

bool packed_file_recognise(const char *path) {
    struct file_bytes head;
    if (!file_read_beginning(path, PACKED_HEAD, &head)) return false;
    const char *text = (const char *)head.data, *behind_key = text + strcspn(text, "\n");
    char same[PACKED_HEAD];
    size_t sizes[PACKED_PARTS];
    read_sizes(behind_key, sizes);
    packed_file_head(same, "", sizes);
    const bool is_one = behind_key - text < PACKED_KEY && strcmp(behind_key, same) == 0;
    file_bytes_free(&head);
    return is_one;
}

bool packed_file_map(const struct packed_file *packed, enum packed_part part, struct arena *arena,
                     caption_error *error) {
    return arena_map(arena, packed->file.descriptor, packed->offsets[part], packed->sizes[part],
                     error);
}

/* Files of packed weights whose head, behind the key, is the input: what is taken lies within the
 * file, and no more of it can be had than the head says. */
#include "format/packed_file.h"
#include "fuzz.h"

enum { MOST = 300000, PIECE = 64 };

static const char key[] = "key";

/* As long as the sizes in the text ask for, the bytes behind the head 1. */
static const char *file_of(const char *text, size_t *size) {
    size_t sizes[PACKED_PARTS] = {0};
    (void)sscanf(text, "decoder %zu\nencoder %zu", &sizes[0], &sizes[1]);
    *size = PACKED_ALIGNMENT;
    for (size_t i = 0; i < PACKED_PARTS; i++) {
        *size += sizes[i] < MOST ? sizes[i] : MOST;
        *size += (PACKED_ALIGNMENT - *size % PACKED_ALIGNMENT) % PACKED_ALIGNMENT;
    }
    uint8_t *bytes = calloc(*size, 1);
    FUZZ_MUST(bytes != NULL);
    memset(bytes + PACKED_ALIGNMENT, 1, *size - PACKED_ALIGNMENT);
    snprintf((char *)bytes, PACKED_ALIGNMENT, "%s\n%s", key, text);
    const char *path = fuzz_file(0, bytes, *size);
    free(bytes);
    return path;
}

static void use(const struct packed_file *packed, enum packed_part part) {
    struct arena arena = {0};
    caption_error error = {0};
    if (!packed_file_map(packed, part, &arena, &error)) {
        fuzz_check_error(&error); /* an empty part */
        return;
    }
    size_t taken = 0;
    for (const uint8_t *bytes; (bytes = arena_take(&arena, PIECE, 1, "numbers", &error)) != NULL;
         taken += PIECE)
        for (size_t i = 0; i < PIECE; i++) FUZZ_MUST(bytes[i] <= 1);
    fuzz_check_error(&error);
    FUZZ_MUST(taken <= packed->sizes[part]);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *text = fuzz_text(bytes, size < PACKED_HEAD ? size : PACKED_HEAD);
    size_t file_size;
    const char *path = file_of(text, &file_size);
    free(text);
    struct file_parts file;
    struct packed_file packed;
    caption_error error = {0};
    FUZZ_MUST(file_parts_open(&file, path, &error));
    FUZZ_MUST(!packed_file_take(&packed, &file, path, "another key", &error));
    const bool is_one = packed_file_recognise(path); /* and may be replaced */
    if (packed_file_take(&packed, &file, path, key, &error)) {
        FUZZ_MUST(is_one);
        for (size_t part = 0; part < PACKED_PARTS; part++) {
            FUZZ_MUST(packed.offsets[part] + packed.sizes[part] <= file_size);
            use(&packed, (enum packed_part)part);
        }
    } else {
        fuzz_check_error(&error);
    }
    file_parts_close(&file);
    return 0;
}

/* Tar archives that are read as a stream, compressed or not. */
#include "data/tar.h"
#include "fuzz.h"

static bool read_member(struct tar_stream *stream, size_t size, caption_error *error) {
    uint8_t bytes[4096];
    size_t got, sum = 0;
    do {
        if (!tar_stream_read(stream, bytes, sizeof bytes, &got, error)) return false;
        sum += got;
    } while (got > 0 && sum < (size_t)1 << 20);
    FUZZ_MUST(sum <= size || size == 0);
    return true;
}

/* Every second member is read, the others are skipped. */
static bool read_all(struct tar_stream *stream, caption_error *error) {
    for (size_t i = 0;; i++) {
        const char *name;
        size_t size;
        if (!tar_stream_next(stream, &name, &size, error)) return false;
        if (!name) return true;
        FUZZ_MUST(strncmp(name, "./", 2) != 0);
        if (i % 2 == 0 && !read_member(stream, size, error)) return false;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    caption_error error = {0};
    struct tar_stream *stream = tar_stream_open(fuzz_file(0, bytes, size), NULL, &error);
    if (!stream || !read_all(stream, &error)) fuzz_check_error(&error);
    tar_stream_free(stream);
    return 0;
}

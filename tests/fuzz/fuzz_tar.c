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
    FUZZ_MUST(sum <= size);
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

/* At the second question: some input of each kind is read first. */
static bool stops(void *context) {
    unsigned *asked = context;
    return ++*asked > 1;
}

static void read_archive(const char *path, const struct file_stop *stop) {
    caption_error error = {0};
    struct tar_stream *stream = tar_stream_open(path, stop, &error);
    if (!stream || !read_all(stream, &error)) fuzz_check_error(&error);
    if (stream) tar_stream_others(stream);
    tar_stream_free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *path = fuzz_file(0, bytes, size);
    unsigned asked = 0;
    const struct file_stop stop = {.asked = stops, .context = &asked};
    read_archive(path, NULL);
    read_archive(path, &stop);
    FUZZ_MUST(tar_file_recognise(path) == tar_recognise(bytes, size));
    return 0;
}

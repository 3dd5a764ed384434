/* Photos of tests/golden/formats, which their own libraries made: 64 x 48 pixels, four quarters of
 * one colour each. */
#ifndef CAPTION_TESTS_GOLDEN_FILES_H
#define CAPTION_TESTS_GOLDEN_FILES_H

#include "image_files.h"

#include "base/file.h"

static inline struct bytes golden_file(const char *name) {
    const char *folder = getenv("CAPTION_GOLDEN");
    char path[512];
    snprintf(path, sizeof path, "%s/formats/%s", folder ? folder : "tests/golden", name);
    struct file_bytes file;
    caption_error error = {0};
    if (!file_read(path, 1 << 20, &file, &error)) fail_msg("%s", error.message);
    struct bytes bytes = {0};
    bytes_add(&bytes, file.data, file.size);
    file_bytes_free(&file);
    return bytes;
}

/* The first `size` bytes of the file are refused with that message. */
static inline void assert_part_refused(const char *name, size_t size, const char *message) {
    struct bytes file = golden_file(name);
    assert_true(size < file.size);
    file.size = size;
    assert_refused(&file, CAPTION_ERROR_FORMAT, message);
    bytes_free(&file);
}

static inline void assert_quarters(const char *name) {
    static const int colors[4][3] = {{200, 30, 30}, {30, 160, 40}, {40, 60, 200}, {230, 220, 60}};
    struct bytes file = golden_file(name);
    struct image out = decoded(&file);
    assert_int_equal(out.width, 64);
    assert_int_equal(out.height, 48);
    for (size_t i = 0; i < 4; i++)
        assert_pixel(&out, 16 + 32 * (i % 2), 12 + 24 * (i / 2), colors[i][0], colors[i][1],
                     colors[i][2], 6);
    image_free(&out);
    bytes_free(&file);
}

#endif

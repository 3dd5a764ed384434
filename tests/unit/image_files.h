/* Photos as files in memory, of every format, for the tests of the image room. */
#ifndef CAPTION_TESTS_IMAGE_FILES_H
#define CAPTION_TESTS_IMAGE_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stb_image_write.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

#ifdef CAPTION_WITH_TURBOJPEG
#include <turbojpeg.h>
#endif
#ifdef CAPTION_WITH_WEBP
#include <webp/encode.h>
#endif

/* A growing file. Freed with bytes_free. */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

static inline void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static inline void bytes_add(struct bytes *bytes, const void *data, size_t size) {
    if (size == 0) return;
    if (bytes->size + size > bytes->capacity) {
        /* Exact at first, so that a read behind the end of a copy is found. */
        bytes->capacity = bytes->size == 0 ? size : 2 * (bytes->size + size);
        bytes->data = realloc(bytes->data, bytes->capacity);
        assert_non_null(bytes->data);
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static inline void bytes_add_one(struct bytes *bytes, unsigned value) {
    uint8_t byte = (uint8_t)value;
    bytes_add(bytes, &byte, 1);
}

static inline void bytes_add_big(struct bytes *bytes, size_t value, unsigned count) {
    while (count-- > 0) bytes_add_one(bytes, (unsigned)(value >> (8 * count)) & 255);
}

static inline void bytes_add_little(struct bytes *bytes, size_t value, unsigned count) {
    for (unsigned i = 0; i < count; i++) bytes_add_one(bytes, (unsigned)(value >> (8 * i)) & 255);
}

/* Puts data in at byte `at`. */
static inline void bytes_insert(struct bytes *bytes, size_t at, const void *data, size_t size) {
    struct bytes longer = {0};
    bytes_add(&longer, bytes->data, at);
    bytes_add(&longer, data, size);
    bytes_add(&longer, bytes->data + at, bytes->size - at);
    bytes_free(bytes);
    *bytes = longer;
}

static inline void bytes_cut(struct bytes *bytes, size_t at, size_t size) {
    memmove(bytes->data + at, bytes->data + at + size, bytes->size - at - size);
    bytes->size -= size;
}

/* Where `pattern` first is; fails the test where it is not. */
static inline size_t bytes_find(const struct bytes *bytes, const void *pattern, size_t size) {
    for (size_t at = 0; at + size <= bytes->size; at++)
        if (memcmp(bytes->data + at, pattern, size) == 0) return at;
    fail_msg("the file lacks the bytes looked for");
    return 0;
}

/* Smooth, coloured, and with neither symmetry nor period. Freed with image_free. */
static inline struct image gradient_new(size_t width, size_t height) {
    struct image image;
    assert_true(image_new(&image, width, height, NULL));
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            uint8_t *pixel = image.pixels + (y * width + x) * 3;
            pixel[0] = (uint8_t)(20 + 200 * x / width);
            pixel[1] = (uint8_t)(30 + 180 * y / height);
            pixel[2] = (uint8_t)(200 - 150 * (x + y) / (width + height));
        }
    }
    return image;
}

/* The mean difference of two pictures' values; fails the test where the sizes differ. */
static inline double image_difference(const struct image *a, const struct image *b) {
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    double sum = 0;
    for (size_t i = 0; i < a->width * a->height * 3; i++) sum += abs(a->pixels[i] - b->pixels[i]);
    return sum / (double)(a->width * a->height * 3);
}

/* Decodes and demands success, with the error's message where there is none. */
static inline struct image decoded(const struct bytes *file) {
    struct image image;
    caption_error error = {0};
    if (!image_decode(file->data, file->size, &image, &error)) fail_msg("%s", error.message);
    return image;
}

/* Decodes and demands failure with a message that has `part`. */
static inline void assert_refused(const struct bytes *file, caption_status status,
                                  const char *part) {
    struct image image = {0};
    caption_error error = {0};
    /* A copy of exactly this size, so that a read behind the end is found. */
    struct bytes exact = {0};
    bytes_add(&exact, file->data, file->size);
    bool ok = image_decode(exact.data, exact.size, &image, &error);
    bytes_free(&exact);
    image_free(&image);
    if (ok) fail_msg("decoded %zu bytes that should be refused (\"%s\")", file->size, part);
    if (!strstr(error.message, part))
        fail_msg("expected a message with \"%s\", found \"%s\"", part, error.message);
    assert_int_equal(error.status, status);
}

static inline void assert_pixel(const struct image *image, size_t x, size_t y, int red, int green,
                                int blue, int tolerance) {
    const uint8_t *pixel = image->pixels + (y * image->width + x) * 3;
    if (abs(pixel[0] - red) > tolerance || abs(pixel[1] - green) > tolerance ||
        abs(pixel[2] - blue) > tolerance)
        fail_msg("pixel (%zu, %zu) is %d %d %d, expected %d %d %d", x, y, pixel[0], pixel[1],
                 pixel[2], red, green, blue);
}

static inline void add_to_bytes(void *context, void *data, int size) {
    bytes_add(context, data, (size_t)size);
}

/* How a JPEG is written; stb_image_write, which we have where libjpeg-turbo is absent, knows only
 * the first. */
enum jpeg_kind { JPEG_BASELINE, JPEG_PROGRESSIVE, JPEG_GREY };

#ifdef CAPTION_WITH_TURBOJPEG
enum { jpeg_kinds = 3 };

static inline struct bytes jpeg_encoded(const uint8_t *pixels, size_t width, size_t height,
                                        int format, int subsampling, int flags) {
    tjhandle handle = tjInitCompress();
    unsigned char *data = NULL;
    unsigned long size = 0;
    assert_non_null(handle);
    assert_int_equal(tjCompress2(handle, pixels, (int)width, 0, (int)height, format, &data, &size,
                                 subsampling, 95, flags),
                     0);
    struct bytes file = {0};
    bytes_add(&file, data, size);
    tjFree(data);
    tjDestroy(handle);
    return file;
}

static inline struct bytes jpeg_new(const struct image *image, enum jpeg_kind kind) {
    return jpeg_encoded(image->pixels, image->width, image->height, TJPF_RGB,
                        kind == JPEG_GREY ? TJSAMP_GRAY : TJSAMP_420,
                        kind == JPEG_PROGRESSIVE ? TJFLAG_PROGRESSIVE : 0);
}
#else
enum { jpeg_kinds = 1 };

static inline struct bytes jpeg_new(const struct image *image, enum jpeg_kind kind) {
    assert_int_equal(kind, JPEG_BASELINE);
    struct bytes file = {0};
    assert_true(stbi_write_jpg_to_func(add_to_bytes, &file, (int)image->width, (int)image->height,
                                       3, image->pixels, 95));
    return file;
}
#endif

/* 8 bits, `channels` as in image_over_white. */
static inline struct bytes png_new(const uint8_t *pixels, size_t width, size_t height,
                                   size_t channels) {
    struct bytes file = {0};
    assert_true(stbi_write_png_to_func(add_to_bytes, &file, (int)width, (int)height, (int)channels,
                                       pixels, (int)(width * channels)));
    return file;
}

static inline uint32_t png_checksum(const uint8_t *data, size_t size) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

static inline void png_add_chunk(struct bytes *file, const char *type, const void *data,
                                 size_t size) {
    bytes_add_big(file, size, 4);
    size_t start = file->size;
    bytes_add(file, type, 4);
    bytes_add(file, data, size);
    bytes_add_big(file, png_checksum(file->data + start, size + 4), 4);
}

/* Adds data as a zlib stream without compression. */
static inline void png_add_stored(struct bytes *stream, const uint8_t *data, size_t size) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    bytes_add(stream, "\x78\x01\x01", 3);
    bytes_add_little(stream, size, 2);
    bytes_add_little(stream, ~size & 0xffff, 2);
    bytes_add(stream, data, size);
    bytes_add_big(stream, b, 2);
    bytes_add_big(stream, a, 2);
}

/* Rows (each led by its filter byte 0). */
static inline void png_add_rows(struct bytes *file, const struct bytes *rows) {
    struct bytes stream = {0};
    png_add_stored(&stream, rows->data, rows->size);
    png_add_chunk(file, "IDAT", stream.data, stream.size);
    bytes_free(&stream);
}

/* The beginning of a PNG that is then made chunk by chunk. */
static inline struct bytes png_begin(size_t width, size_t height, unsigned depth, unsigned color) {
    struct bytes file = {0}, head = {0};
    bytes_add(&file, "\x89PNG\r\n\x1a\n", 8);
    bytes_add_big(&head, width, 4);
    bytes_add_big(&head, height, 4);
    bytes_add_one(&head, depth);
    bytes_add_one(&head, color);
    bytes_add(&head, "\0\0\0", 3);
    png_add_chunk(&file, "IHDR", head.data, head.size);
    bytes_free(&head);
    return file;
}

static inline struct bytes bmp_new(const struct image *image) {
    struct bytes file = {0};
    assert_true(stbi_write_bmp_to_func(add_to_bytes, &file, (int)image->width, (int)image->height,
                                       3, image->pixels));
    return file;
}

/* A binary PPM whose largest value is 255. */
static inline struct bytes ppm_new(const struct image *image) {
    struct bytes file = {0};
    char head[64];
    int length =
        snprintf(head, sizeof head, "P6\n# a comment\n%zu %zu\n255\n", image->width, image->height);
    bytes_add(&file, head, (size_t)length);
    bytes_add(&file, image->pixels, image->width * image->height * 3);
    return file;
}

/* The pixels of a GIF frame, given as numbers below 128. Codes stay one byte long, as the table is
 * cleared before it outgrows them. */
static inline void gif_add_frame(struct bytes *file, size_t width, size_t height,
                                 const uint8_t *numbers) {
    enum { code_size = 7, clear = 128, end = 129, block = 100 };
    bytes_add(file, ",\0\0\0\0", 5);
    bytes_add_little(file, width, 2);
    bytes_add_little(file, height, 2);
    bytes_add_one(file, 0);
    bytes_add_one(file, code_size);
    for (size_t at = 0; at < width * height; at += block) {
        size_t count = width * height - at < block ? width * height - at : block;
        bytes_add_one(file, (unsigned)count + 1);
        bytes_add_one(file, clear);
        bytes_add(file, numbers + at, count);
    }
    bytes_add_one(file, 1);
    bytes_add_one(file, end);
    bytes_add_one(file, 0);
}

/* The beginning of a GIF with a palette of 128 colours: number i is (2i, 255 - i, i). */
static inline struct bytes gif_begin(size_t width, size_t height) {
    struct bytes file = {0};
    bytes_add(&file, "GIF89a", 6);
    bytes_add_little(&file, width, 2);
    bytes_add_little(&file, height, 2);
    bytes_add(&file, "\xf6\0\0", 3);
    for (unsigned i = 0; i < 128; i++) {
        bytes_add_one(&file, 2 * i);
        bytes_add_one(&file, 255 - i);
        bytes_add_one(&file, i);
    }
    return file;
}

#ifdef CAPTION_WITH_WEBP
static inline struct bytes webp_new(const uint8_t *pixels, size_t width, size_t height,
                                    size_t channels, bool lossless) {
    uint8_t *data = NULL;
    int w = (int)width, h = (int)height, stride = (int)(width * channels);
    size_t size = channels == 4 ? lossless ? WebPEncodeLosslessRGBA(pixels, w, h, stride, &data)
                                           : WebPEncodeRGBA(pixels, w, h, stride, 95, &data)
                  : lossless ? WebPEncodeLosslessRGB(pixels, w, h, stride, &data)
                                : WebPEncodeRGB(pixels, w, h, stride, 95, &data);
    assert_true(size > 0);
    struct bytes file = {0};
    bytes_add(&file, data, size);
    WebPFree(data);
    return file;
}
#endif

#endif

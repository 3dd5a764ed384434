/* Thousands of damaged photos of every format: each is decoded or refused with a message, nothing
 * else. Worth most under the sanitizers. */
#include "golden_files.h"
#include "raw_files.h"

#include <stdio.h>
#include <time.h>

#include "base/random.h"
#include "image/decode.h"

enum { files_per_format = 4000, most_pixels = 1 << 18 };
static const double most_seconds = 2; /* of processor time, a format */

/* One of: bytes changed, a run of bytes doubled or cut out, the end cut off. */
static void damage(struct bytes *file, struct random *random) {
    size_t at = random_below(random, file->size);
    size_t length = random_below(random, file->size - at);
    switch (random_below(random, 8)) {
    case 0:
        file->size = at;
        break;
    case 1:
        bytes_cut(file, at, length);
        break;
    case 2: {
        struct bytes run = {0};
        bytes_add(&run, file->data + at, length);
        bytes_insert(file, at, run.data, run.size);
        bytes_free(&run);
        break;
    }
    default:
        for (size_t i = random_below(random, 8) + 1; i > 0; i--) {
            uint8_t *byte = file->data + random_below(random, file->size);
            const uint8_t likely[] = {0, 0xff, 0x7f, 0x80, (uint8_t)(*byte + 1)};
            *byte = random_below(random, 2) ? likely[random_below(random, sizeof likely)]
                                            : (uint8_t)random_u64(random);
        }
    }
}

/* Large enough to cost the test its time, and small enough to be a photo. */
static bool is_costly(const struct format *format, const struct bytes *file) {
    struct format_header header = {0};
    if (!format->recognise(file->data, file->size)) return false;
    format->inspect(file->data, file->size, &header);
    return image_check_size(header.width, header.height, NULL) &&
           header.width * header.height > most_pixels;
}

/* Whether it was decoded. */
static bool decode_or_refuse(const struct bytes *file) {
    struct image image;
    caption_error error = {0};
    if (image_decode_reduced(file->data, file->size, 16, &image, &error)) {
        unsigned sum = 0;
        for (size_t i = 0; i < image.width * image.height * 3; i++) sum += image.pixels[i];
        assert_true(sum <= image.width * image.height * 3 * 255);
        image_free(&image);
        return true;
    }
    assert_true(error.status == CAPTION_ERROR_FORMAT || error.status == CAPTION_ERROR_LIMIT ||
                error.status == CAPTION_ERROR_MEMORY);
    assert_true(strlen(error.message) >= strlen("is empty"));
    return false;
}

static void survive(const struct format *format, struct bytes *file) {
    struct random random = random_seeded(20, file->size);
    clock_t stop = clock() + (clock_t)(most_seconds * CLOCKS_PER_SEC);
    size_t tried = 0, good = 0;
    for (; tried < files_per_format && clock() < stop; tried++) {
        struct bytes damaged = {0}, exact = {0};
        bytes_add(&damaged, file->data, file->size);
        damage(&damaged, &random);
        bytes_add(&exact, damaged.data, damaged.size); /* to find reads behind the end */
        if (!is_costly(format, &exact)) good += decode_or_refuse(&exact);
        bytes_free(&exact);
        bytes_free(&damaged);
    }
    print_message("%s: %zu damaged files, %zu of them still decoded\n", format->name, tried, good);
    assert_true(tried > 100);
    bytes_free(file);
}

static void damaged_jpegs_are_survived(void **state) {
    (void)state;
    struct image image = gradient_new(40, 24);
    for (int kind = 0; kind < jpeg_kinds; kind++) {
        struct bytes file = jpeg_new(&image, (enum jpeg_kind)kind);
        bytes_insert(&file, 2,
                     "\xff\xe1\0\x22"
                     "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
                     36);
        survive(&format_jpeg, &file);
    }
#ifdef CAPTION_WITH_TURBOJPEG
    uint8_t ink[16 * 16 * 4];
    for (size_t i = 0; i < sizeof ink; i++) ink[i] = (uint8_t)(i * 7);
    struct bytes file = jpeg_encoded(ink, 16, 16, TJPF_CMYK, TJSAMP_444, 0);
    survive(&format_jpeg, &file);
#endif
    image_free(&image);
}

static void damaged_pngs_are_survived(void **state) {
    (void)state;
    struct image image = gradient_new(20, 12);
    struct bytes file = png_new(image.pixels, 20, 12, 3);
    survive(&format_png, &file);
    struct bytes rows = {0};
    file = png_begin(3, 2, 4, 3);
    png_add_chunk(&file, "PLTE", "\x0a\x14\x1e\xff\x00\x00\x00\x00\xff", 9);
    png_add_chunk(&file, "tRNS", "\xff\xff\x00", 3);
    bytes_add(&rows, "\0\x01\x20\x01\x02\x10", 6);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    bytes_free(&rows);
    survive(&format_png, &file);
    image_free(&image);
}

static void damaged_gifs_are_survived(void **state) {
    (void)state;
    uint8_t numbers[20 * 11];
    struct bytes file = gif_begin(20, 11);
    for (size_t i = 0; i < sizeof numbers; i++) numbers[i] = (uint8_t)(i % 128);
    bytes_add(&file, "\x21\xf9\x04\x01\0\0\x05\0", 8);
    gif_add_frame(&file, 20, 11, numbers);
    bytes_add(&file, ";", 1);
    survive(&format_gif, &file);
}

static void damaged_bmps_and_pnms_are_survived(void **state) {
    (void)state;
    struct image image = gradient_new(6, 5);
    struct bytes file = bmp_new(&image);
    survive(&format_bmp, &file);
    file = ppm_new(&image);
    survive(&format_pnm, &file);
    image_free(&image);
}

static void damaged_webps_are_survived(void **state) {
    (void)state;
#ifdef CAPTION_WITH_WEBP
    struct image image = gradient_new(20, 12);
    struct bytes file = webp_new(image.pixels, 20, 12, 3, false);
    survive(&format_webp, &file);
    uint8_t rgba[20 * 12 * 4];
    for (size_t i = 0; i < sizeof rgba; i++) rgba[i] = (uint8_t)(i * 7);
    file = webp_new(rgba, 20, 12, 4, false);
    survive(&format_webp, &file);
    image_free(&image);
#else
    skip();
#endif
}

static void damaged_raw_photos_are_survived(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < RAW_KINDS; kind++) {
        struct bytes file = raw_new((enum raw_kind)kind, kind % 2, 6);
        survive(&format_raw, &file);
    }
    struct bytes file = raw_cr3(6);
    survive(&format_raw, &file);
    file = raw_raf();
    survive(&format_raw, &file);
}

#ifdef CAPTION_WITH_JXL
static void damaged_jpeg_xls_are_survived(void **state) {
    (void)state;
    struct bytes file = golden_file("turned.jxl");
    survive(&format_jxl, &file);
    file = golden_file("animated.jxl");
    survive(&format_jxl, &file);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_jpegs_are_survived),
        cmocka_unit_test(damaged_pngs_are_survived),
        cmocka_unit_test(damaged_gifs_are_survived),
        cmocka_unit_test(damaged_bmps_and_pnms_are_survived),
        cmocka_unit_test(damaged_webps_are_survived),
        cmocka_unit_test(damaged_raw_photos_are_survived),
#ifdef CAPTION_WITH_JXL
        cmocka_unit_test(damaged_jpeg_xls_are_survived),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

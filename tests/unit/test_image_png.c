/* What a PNG's checksums, palettes and end are good for. */
#include "base/memory.h"
#include "image_files.h"

static void a_png_without_its_end_chunk_is_whole(void **state) {
    (void)state;
#ifdef CAPTION_WITH_PNG
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
    file.size -= 12;
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
#else
    skip();
#endif
}

static void every_flipped_bit_of_the_pixels_is_an_error(void **state) {
    (void)state;
#ifdef CAPTION_WITH_PNG
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3);
    for (size_t bit = 8 * bytes_find(&file, "IHDR", 4); bit < 8 * (file.size - 12); bit++) {
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct image out;
        assert_false(image_decode(file.data, file.size, &out, NULL));
        file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    bytes_free(&file);
    image_free(&image);
#else
    skip();
#endif
}

/* The checksum of the chunk is right, that of the pixels before compression is not. */
static void a_wrong_checksum_of_the_pixels_is_an_error(void **state) {
    (void)state;
#ifdef CAPTION_WITH_PNG
    struct bytes file = png_begin(1, 1, 8, 0);
    png_add_chunk(&file, "IDAT", "\x78\x01\x01\2\0\xfd\xff\0\x40\1\2\3\4", 13);
    png_add_chunk(&file, "IEND", "", 0);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "PNG cannot be decoded: IDAT: incorrect data");
    bytes_free(&file);
#else
    skip();
#endif
}

/* Some programs say that what repeats lies nearer than it does. */
static void a_png_whose_window_is_too_small_is_read(void **state) {
    (void)state;
#ifdef CAPTION_WITH_PNG
    enum { width = 300, height = 12, row = 3 * width };
    static uint8_t pixels[height * row];
    uint32_t noise = 1;
    for (size_t i = 0; i < sizeof pixels; i++) {
        noise = noise * 1664525 + 1013904223;
        pixels[i] = i < 2 * row ? (uint8_t)(noise >> 24) : pixels[i - 2 * row];
    }
    struct bytes file = png_new(pixels, width, height, 3);
    uint8_t *type = file.data + bytes_find(&file, "IDAT", 4);
    const size_t length = bytes_big_32(type - 4);
    type[4] = 0x18; /* 512 bytes */
    type[5] = 0x19;
    const uint32_t sum = png_checksum(type, 4 + length);
    for (size_t i = 0; i < 4; i++) type[4 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
    struct image out = decoded(&file);
    assert_memory_equal(out.pixels, pixels, sizeof pixels);
    image_free(&out);
    bytes_free(&file);
#else
    skip();
#endif
}

static void damage_beside_the_pixels_is_harmless(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3), text = {0};
    png_add_chunk(&text, "tEXt", "Comment\0Hello", 13);
    text.data[text.size - 1] ^= 1;
    bytes_insert(&file, 33, text.data, text.size);
    struct image out = decoded(&file);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    bytes_free(&text);
    bytes_free(&file);
    image_free(&image);
}

static void a_number_behind_the_palette_is_black(void **state) {
    (void)state;
    struct bytes file = png_begin(3, 1, 8, 3), rows = {0};
    png_add_chunk(&file, "PLTE", "\xff\x00\x00\x00\x00\xff", 6);
    bytes_add(&rows, "\x00\x01\x02\xff", 4);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 0, 0, 255, 0);
    assert_pixel(&out, 1, 0, 0, 0, 0, 0);
    assert_pixel(&out, 2, 0, 0, 0, 0, 0);
    image_free(&out);
    bytes_free(&rows);
    bytes_free(&file);
}

/* Adam7 of 2 x 2 pixels: passes 1 (one pixel), 6 (one) and 7 (two). */
static void an_interlaced_png_is_decoded(void **state) {
    (void)state;
    struct bytes file = png_begin(2, 2, 8, 0), rows = {0}, head = {0};
    bytes_add(&head, file.data + 16, 13);
    head.data[12] = 1;
    file.size = 8;
    png_add_chunk(&file, "IHDR", head.data, 13);
    bytes_add(&rows, "\0\x0a\0\x14\0\x1e\x28", 7);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    struct image out = decoded(&file);
    for (int i = 0; i < 4; i++)
        assert_pixel(&out, (size_t)i % 2, (size_t)i / 2, 10 + 10 * i, 10 + 10 * i, 10 + 10 * i, 0);
    image_free(&out);
    bytes_free(&head);
    bytes_free(&rows);
    bytes_free(&file);
}

/* Grey 128 with such a gamma, and with another chunk. */
static void assert_gamma(size_t gamma, const char *type, const char *content, size_t size,
                         int wanted) {
    struct bytes file = png_begin(1, 1, 8, 0), rows = {0}, value = {0};
    bytes_add_big(&value, gamma, 4);
    if (size > 0) png_add_chunk(&file, type, content, size);
    png_add_chunk(&file, "gAMA", value.data, value.size);
    bytes_add(&rows, "\0\x80", 2);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, wanted, wanted, wanted, wanted == 128 ? 0 : 1);
    image_free(&out);
    bytes_free(&value);
    bytes_free(&rows);
    bytes_free(&file);
}

static void a_gamma_that_is_not_a_screen_s_is_corrected(void **state) {
    (void)state;
#ifdef CAPTION_WITH_PNG
    assert_gamma(100000, "", "", 0, 186); /* 255 (128 / 255)^(1 / 2.2) */
    assert_gamma(55556, "", "", 0, 145);  /* 255 (128 / 255)^(1.8 / 2.2) */
#else
    skip();
#endif
}

static void other_gammas_change_no_pixel(void **state) {
    (void)state;
    static const size_t of_screens[] = {45455, 45000, 47000, 43500, 0, 1, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof of_screens / sizeof *of_screens; i++)
        assert_gamma(of_screens[i], "", "", 0, 128);
    assert_gamma(100000, "sRGB", "\0", 1, 128);
    assert_gamma(100000, "cICP", "\1\x0d\0\1", 4, 128);
}

static void an_iphone_s_own_png_is_named(void **state) {
    (void)state;
    struct image image = gradient_new(13, 7);
    struct bytes file = png_new(image.pixels, 13, 7, 3), chunk = {0};
    png_add_chunk(&chunk, "CgBI", "\x50\0\x20\2", 4);
    bytes_insert(&file, 8, chunk.data, chunk.size);
    assert_refused(&file, CAPTION_ERROR_FORMAT,
                   "is an iPhone app's own form of PNG (CgBI), which is not supported");
    bytes_free(&chunk);
    bytes_free(&file);
    image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_without_its_end_chunk_is_whole),
        cmocka_unit_test(every_flipped_bit_of_the_pixels_is_an_error),
        cmocka_unit_test(a_wrong_checksum_of_the_pixels_is_an_error),
        cmocka_unit_test(a_png_whose_window_is_too_small_is_read),
        cmocka_unit_test(damage_beside_the_pixels_is_harmless),
        cmocka_unit_test(a_number_behind_the_palette_is_black),
        cmocka_unit_test(an_interlaced_png_is_decoded),
        cmocka_unit_test(a_gamma_that_is_not_a_screen_s_is_corrected),
        cmocka_unit_test(other_gammas_change_no_pixel),
        cmocka_unit_test(an_iphone_s_own_png_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

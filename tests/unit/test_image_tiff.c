/* TIFF, written here: of both byte orders, every orientation, and what is refused. */
#include "tiff_files.h"

enum { WIDTH = 3, HEIGHT = 2, ENTRIES = 9 };

/* Pixel (x, y) is (10 x, 100 y, 200). `subfile`: 1 says that it is a thumbnail. */
static struct bytes tiff_new(bool big_endian, unsigned orientation, unsigned subfile) {
    enum { header = 8, pixels = 3 * WIDTH * HEIGHT };
    struct tiff tiff = {.big_endian = big_endian};
    bytes_add(&tiff.file, big_endian ? "MM" : "II", 2);
    tiff_add(&tiff, 42, 2);
    tiff_add(&tiff, header + pixels + 6, 4);
    for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
        bytes_add_one(&tiff.file, 10 * (i % WIDTH));
        bytes_add_one(&tiff.file, 100 * (i / WIDTH));
        bytes_add_one(&tiff.file, 200);
    }
    for (size_t i = 0; i < 3; i++) tiff_add(&tiff, 8, 2); /* bits of each sample */
    tiff_add(&tiff, ENTRIES + 1, 2);
    tiff_add_entry(&tiff, 254, 4, 1, subfile);
    tiff_add_entry(&tiff, 256, 3, 1, WIDTH);
    tiff_add_entry(&tiff, 257, 3, 1, HEIGHT);
    tiff_add_entry(&tiff, 258, 3, 3, header + pixels);
    tiff_add_entry(&tiff, 259, 3, 1, 1); /* not compressed */
    tiff_add_entry(&tiff, 262, 3, 1, 2); /* RGB */
    tiff_add_entry(&tiff, 273, 4, 1, header);
    tiff_add_entry(&tiff, 274, 3, 1, orientation);
    tiff_add_entry(&tiff, 277, 3, 1, 3);
    tiff_add_entry(&tiff, 279, 4, 1, pixels);
    tiff_add(&tiff, 0, 4);
    return tiff.file;
}

static void a_file_without_its_directory_is_truncated(void **state) {
    (void)state;
    struct bytes file = tiff_new(false, 1, 0);
    file.size = 40;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated TIFF");
    bytes_free(&file);
}

#ifdef CAPTION_WITH_TIFF

static void both_byte_orders_are_read(void **state) {
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct bytes file = tiff_new(big, 1, 0);
        struct image out = decoded(&file);
        assert_int_equal(out.width, WIDTH);
        assert_int_equal(out.height, HEIGHT);
        for (size_t i = 0; i < WIDTH * HEIGHT; i++)
            assert_pixel(&out, i % WIDTH, i / WIDTH, 10 * (int)(i % WIDTH), 100 * (int)(i / WIDTH),
                         200, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

/* Where the first pixel as stored comes to lie, and the size, of each orientation. */
static void it_is_turned_upright(void **state) {
    (void)state;
    static const struct {
        size_t x, y, width, height;
    } expected[8] = {{0, 0, 3, 2}, {2, 0, 3, 2}, {2, 1, 3, 2}, {0, 1, 3, 2},
                     {0, 0, 2, 3}, {1, 0, 2, 3}, {1, 2, 2, 3}, {0, 2, 2, 3}};
    for (unsigned i = 0; i < 8; i++) {
        struct bytes file = tiff_new(false, i + 1, 0);
        struct image out = decoded(&file);
        assert_int_equal(out.width, expected[i].width);
        assert_int_equal(out.height, expected[i].height);
        assert_pixel(&out, expected[i].x, expected[i].y, 0, 0, 200, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

/* The standard says SHORT; some programs write LONG, or SLONG. */
static void its_orientation_may_be_a_number_of_other_types(void **state) {
    (void)state;
    enum { type = 8 + 3 * WIDTH * HEIGHT + 6 + 2 + 7 * 12 + 2 };
    static const uint8_t types[] = {3, 4, 8, 9}; /* SHORT, LONG, SSHORT, SLONG */
    for (size_t i = 0; i < sizeof types; i++) {
        struct bytes file = tiff_new(false, 6, 0);
        assert_int_equal(file.data[type], 3);
        file.data[type] = types[i];
        struct image out = decoded(&file);
        assert_int_equal(out.width, HEIGHT);
        assert_pixel(&out, 1, 0, 0, 0, 200, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

/* Grey and alpha of two pixels side by side, of `bits` each: 50 and 51, 200 and 255. */
static void expect_two_greys(unsigned bits, const char *pixels, bool premultiplied) {
    struct tiff tiff = {.big_endian = true};
    bytes_add(&tiff.file, "MM\0*\0\0\0\x10", 8);
    bytes_add(&tiff.file, pixels, 8);
    tiff_add(&tiff, 9, 2);
    tiff_add_entry(&tiff, 256, 3, 1, 2);
    tiff_add_entry(&tiff, 257, 3, 1, 1);
    tiff_add_entry(&tiff, 258, 3, 2, bits << 16 | bits);
    tiff_add_entry(&tiff, 259, 3, 1, 1);
    tiff_add_entry(&tiff, 262, 3, 1, 1); /* black is zero */
    tiff_add_entry(&tiff, 273, 4, 1, 8);
    tiff_add_entry(&tiff, 277, 3, 1, 2);
    tiff_add_entry(&tiff, 279, 4, 1, bits / 2);
    tiff_add_entry(&tiff, 338, 3, 1, premultiplied ? 1 : 2);
    tiff_add(&tiff, 0, 4);
    struct image out = decoded(&tiff.file);
    assert_pixel(&out, 0, 0, 214, 214, 214, 0); /* 255 - 0.2 (255 - 50) */
    assert_pixel(&out, 1, 0, 200, 200, 200, 0);
    image_free(&out);
    bytes_free(&tiff.file);
}

static void alpha_beside_grey_is_laid_over_white(void **state) {
    (void)state;
    expect_two_greys(8, "\x32\x33\xc8\xff\0\0\0", false);
    expect_two_greys(8, "\x0a\x33\xc8\xff\0\0\0", true);
    expect_two_greys(16, "\x32\x32\x33\x33\xc8\xc8\xff\xff", false);
    expect_two_greys(16, "\x0a\x0a\x33\x33\xc8\xc8\xff\xff", true);
}

/* One pixel of red, with a fourth sample of 0: `kind` 0 is a mask, 1 alpha, -1 is not given. */
static struct bytes four_samples(int kind) {
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0\x14\0\0\0\xc8\x1e\x1e\0\x08\0\x08\0\x08\0\x08\0", 20);
    tiff_add(&tiff, kind < 0 ? 8 : 9, 2);
    tiff_add_entry(&tiff, 256, 3, 1, 1);
    tiff_add_entry(&tiff, 257, 3, 1, 1);
    tiff_add_entry(&tiff, 258, 3, 4, 12);
    tiff_add_entry(&tiff, 259, 3, 1, 1);
    tiff_add_entry(&tiff, 262, 3, 1, 2); /* RGB */
    tiff_add_entry(&tiff, 273, 4, 1, 8);
    tiff_add_entry(&tiff, 277, 3, 1, 4);
    tiff_add_entry(&tiff, 279, 4, 1, 4);
    if (kind >= 0) tiff_add_entry(&tiff, 338, 3, 1, (size_t)kind);
    tiff_add(&tiff, 0, 4);
    return tiff.file;
}

static void a_fourth_sample_that_is_no_alpha_is_not_looked_at(void **state) {
    (void)state;
    for (int kind = -1; kind <= 1; kind++) {
        struct bytes file = four_samples(kind);
        struct image out = decoded(&file);
        if (kind == 1)
            assert_pixel(&out, 0, 0, 255, 255, 255, 0);
        else
            assert_pixel(&out, 0, 0, 200, 30, 30, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

/* Two pixels of colour 1, a red, of alpha 51 and of alpha 255. */
static void alpha_beside_a_palette_is_laid_over_white(void **state) {
    (void)state;
    enum { pixels = 8, palette = pixels + 4, directory = palette + 3 * 256 * 2 };
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0", 4);
    tiff_add(&tiff, directory, 4);
    bytes_add(&tiff.file, "\x01\x33\x01\xff", 4);
    for (size_t i = 0; i < 3 * (size_t)256; i++) tiff_add(&tiff, i == 1 ? 200 * 257 : 0, 2);
    tiff_add(&tiff, 10, 2);
    tiff_add_entry(&tiff, 256, 3, 1, 2);
    tiff_add_entry(&tiff, 257, 3, 1, 1);
    tiff_add_entry(&tiff, 258, 3, 2, 8 | 8 << 16);
    tiff_add_entry(&tiff, 259, 3, 1, 1);
    tiff_add_entry(&tiff, 262, 3, 1, 3);
    tiff_add_entry(&tiff, 273, 4, 1, pixels);
    tiff_add_entry(&tiff, 277, 3, 1, 2);
    tiff_add_entry(&tiff, 279, 4, 1, 4);
    tiff_add_entry(&tiff, 320, 3, (size_t)3 * 256, palette);
    tiff_add_entry(&tiff, 338, 3, 1, 2);
    tiff_add(&tiff, 0, 4);
    struct image out = decoded(&tiff.file);
    assert_pixel(&out, 0, 0, 244, 204, 204, 0); /* 255 - 0.2 (255 - 200), 255 - 0.2 * 255 */
    assert_pixel(&out, 1, 0, 200, 0, 0, 0);
    image_free(&out);
    bytes_free(&tiff.file);
}

static void a_thumbnail_of_no_raw_photo_is_a_tiff(void **state) {
    (void)state;
    struct bytes file = tiff_new(true, 1, 1);
    struct image out = decoded(&file);
    assert_int_equal(out.width, WIDTH);
    image_free(&out);
    bytes_free(&file);
}

/* A directory of one grey pixel, of that kind, whose pixel lies right behind it. */
static void add_grey(struct tiff *tiff, unsigned subfile, unsigned grey, bool last) {
    enum { entries = 8, size = 2 + entries * 12 + 4 };
    const size_t begin = tiff->file.size;
    tiff_add(tiff, entries, 2);
    tiff_add_entry(tiff, 254, 4, 1, subfile);
    tiff_add_entry(tiff, 256, 3, 1, 1);
    tiff_add_entry(tiff, 257, 3, 1, 1);
    tiff_add_entry(tiff, 258, 3, 1, 8);
    tiff_add_entry(tiff, 259, 3, 1, 1);
    tiff_add_entry(tiff, 262, 3, 1, 1);
    tiff_add_entry(tiff, 273, 4, 1, begin + size);
    tiff_add_entry(tiff, 279, 4, 1, 1);
    tiff_add(tiff, last ? 0 : begin + size + 2, 4);
    tiff_add(tiff, grey, 1);
    tiff_add(tiff, 0, 1);
}

static void the_photo_is_the_first_that_is_no_copy_or_mask_of_another(void **state) {
    (void)state;
    static const struct {
        unsigned kinds[3];
        int photo; /* of the three */
    } cases[] = {{{1, 0, 0}, 1}, {{1, 5, 0}, 2}, {{0, 1, 1}, 0}, {{2, 2, 2}, 0}, {{1, 1, 1}, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tiff tiff = {0};
        bytes_add(&tiff.file, "II*\0\x08\0\0\0", 8);
        for (unsigned k = 0; k < 3; k++) add_grey(&tiff, cases[i].kinds[k], 50 + 50 * k, k == 2);
        struct image out = decoded(&tiff.file);
        const int grey = 50 + 50 * cases[i].photo;
        assert_pixel(&out, 0, 0, grey, grey, grey, 0);
        image_free(&out);
        bytes_free(&tiff.file);
    }
}

static void directories_in_a_ring_end(void **state) {
    (void)state;
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0\x08\0\0\0", 8);
    add_grey(&tiff, 1, 50, false);
    tiff.file.data[8 + 2 + 8 * 12] = 8; /* the next is the first */
    struct image out = decoded(&tiff.file);
    assert_pixel(&out, 0, 0, 50, 50, 50, 0);
    image_free(&out);
    bytes_free(&tiff.file);
}

static void what_libtiff_complains_of_is_the_error(void **state) {
    (void)state;
    struct bytes file = tiff_new(false, 1, 0);
    enum { compression = 8 + 3 * WIDTH * HEIGHT + 6 + 2 + 4 * 12 + 8 };
    file.data[compression] = 99;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "is a TIFF photo that cannot be decoded: ");
    bytes_free(&file);
}

static void what_kind_of_photo_libtiff_cannot_decode_is_in_the_error(void **state) {
    (void)state;
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0\x18\0\0\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x10\0\x10\0", 24);
    tiff_add(&tiff, 8, 2);
    tiff_add_entry(&tiff, 256, 3, 1, 1);
    tiff_add_entry(&tiff, 257, 3, 1, 1);
    tiff_add_entry(&tiff, 258, 3, 4, 16);
    tiff_add_entry(&tiff, 259, 3, 1, 1);
    tiff_add_entry(&tiff, 262, 3, 1, 5);
    tiff_add_entry(&tiff, 273, 4, 1, 8);
    tiff_add_entry(&tiff, 277, 3, 1, 4);
    tiff_add_entry(&tiff, 279, 4, 1, 8);
    tiff_add(&tiff, 0, 4);
    assert_refused(&tiff.file, CAPTION_ERROR_FORMAT, "(CMYK, 4 x 16 bits a pixel)");
    bytes_free(&tiff.file);
}

static void what_libtiff_complains_of_and_decodes_is_a_photo(void **state) {
    (void)state;
    struct bytes file = tiff_new(false, 1, 0);
    enum { first_tag = 8 + 3 * WIDTH * HEIGHT + 6 + 2 };
    assert_int_equal(file.data[first_tag], 254);
    file.data[first_tag] = file.data[first_tag + 2] = 0; /* neither a tag nor a type */
    struct image out = decoded(&file);
    assert_pixel(&out, 2, 1, 20, 100, 200, 0);
    image_free(&out);
    bytes_free(&file);
}

static void pixels_within_the_header_are_damage(void **state) {
    (void)state;
    struct bytes file = tiff_new(false, 1, 0);
    enum { place = 8 + 3 * WIDTH * HEIGHT + 6 + 2 + 6 * 12 + 8 };
    assert_int_equal(file.data[place], 8);
    file.data[place] = 0;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "damaged TIFF: pixels begin within its header");
    bytes_free(&file);
}

#ifdef CAPTION_WITH_TURBOJPEG

/* A file of one strip, which is a JPEG of 16 x 16 pixels. */
static struct bytes tiff_of_jpeg(unsigned side) {
    enum { jpeg_side = 16, header = 8, entries = 8 };
    uint8_t grey[jpeg_side * jpeg_side];
    memset(grey, 100, sizeof grey);
    struct bytes jpeg = jpeg_encoded(grey, jpeg_side, jpeg_side, TJPF_GRAY, TJSAMP_GRAY, 0);
    bytes_add(&jpeg, "\0", jpeg.size % 2);
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II", 2);
    tiff_add(&tiff, 42, 2);
    tiff_add(&tiff, header + jpeg.size, 4);
    bytes_add(&tiff.file, jpeg.data, jpeg.size);
    tiff_add(&tiff, entries, 2);
    tiff_add_entry(&tiff, 256, 3, 1, side);
    tiff_add_entry(&tiff, 257, 3, 1, side);
    tiff_add_entry(&tiff, 258, 3, 1, 8);
    tiff_add_entry(&tiff, 259, 3, 1, 7); /* JPEG */
    tiff_add_entry(&tiff, 262, 3, 1, 1); /* grey */
    tiff_add_entry(&tiff, 273, 4, 1, header);
    tiff_add_entry(&tiff, 278, 3, 1, side);
    tiff_add_entry(&tiff, 279, 4, 1, jpeg.size);
    tiff_add(&tiff, 0, 4);
    bytes_free(&jpeg);
    return tiff.file;
}

static void a_jpeg_in_it_that_is_smaller_than_the_photo_is_damage(void **state) {
    (void)state;
    struct bytes whole = tiff_of_jpeg(16), larger = tiff_of_jpeg(32);
    struct image out = decoded(&whole);
    assert_pixel(&out, 15, 15, 100, 100, 100, 1);
    image_free(&out);
    assert_refused(&larger, CAPTION_ERROR_FORMAT, "expected 32x32, got 16x16");
    bytes_free(&whole);
    bytes_free(&larger);
}

#endif
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_its_directory_is_truncated),
#ifdef CAPTION_WITH_TIFF
        cmocka_unit_test(both_byte_orders_are_read),
        cmocka_unit_test(it_is_turned_upright),
        cmocka_unit_test(its_orientation_may_be_a_number_of_other_types),
        cmocka_unit_test(alpha_beside_grey_is_laid_over_white),
        cmocka_unit_test(a_fourth_sample_that_is_no_alpha_is_not_looked_at),
        cmocka_unit_test(alpha_beside_a_palette_is_laid_over_white),
        cmocka_unit_test(a_thumbnail_of_no_raw_photo_is_a_tiff),
        cmocka_unit_test(the_photo_is_the_first_that_is_no_copy_or_mask_of_another),
        cmocka_unit_test(directories_in_a_ring_end),
        cmocka_unit_test(what_libtiff_complains_of_is_the_error),
        cmocka_unit_test(what_kind_of_photo_libtiff_cannot_decode_is_in_the_error),
        cmocka_unit_test(what_libtiff_complains_of_and_decodes_is_a_photo),
        cmocka_unit_test(pixels_within_the_header_are_damage),
#ifdef CAPTION_WITH_TURBOJPEG
        cmocka_unit_test(a_jpeg_in_it_that_is_smaller_than_the_photo_is_damage),
#endif
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

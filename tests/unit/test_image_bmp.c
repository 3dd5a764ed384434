/* Every header, depth and compression of BMP. Pixels are those of a table of 4 x 2: A B C D in the
 * upper row, D C B A in the lower. */
#include "image_files.h"

enum { WIDTH = 4, HEIGHT = 2 };
static const int colors[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};

/* Headers up to the palette, filled with zeros behind their 40 bytes. */
static struct bytes bmp_begin(size_t header, unsigned bits, unsigned compression, size_t behind) {
    struct bytes file = {0};
    bytes_add(&file, "BM\0\0\0\0\0\0\0\0", 10);
    bytes_add_little(&file, 14 + header + behind, 4);
    bytes_add_little(&file, header, 4);
    const unsigned side = header == 12 ? 2 : 4;
    bytes_add_little(&file, WIDTH, side);
    bytes_add_little(&file, HEIGHT, side);
    bytes_add_little(&file, 1, 2);
    bytes_add_little(&file, bits, 2);
    if (header >= 40) bytes_add_little(&file, compression, 4);
    while (file.size < 14 + header) bytes_add_one(&file, 0);
    return file;
}

static void add_palette(struct bytes *file, unsigned entry) {
    for (size_t i = 0; i < 4; i++) {
        for (size_t c = 0; c < 3; c++) bytes_add_one(file, (unsigned)colors[i][2 - c]);
        if (entry == 4) bytes_add_one(file, 0);
    }
}

/* Decodes, demands the table, and frees. */
static void assert_table(struct bytes *file) {
    struct bytes exact = {0};
    bytes_add(&exact, file->data, file->size);
    struct image out = decoded(&exact);
    assert_int_equal(out.width, WIDTH);
    assert_int_equal(out.height, HEIGHT);
    for (size_t i = 0; i < WIDTH; i++) {
        const int *color = colors[i];
        assert_pixel(&out, i, 0, color[0], color[1], color[2], 0);
        assert_pixel(&out, WIDTH - 1 - i, 1, color[0], color[1], color[2], 0);
    }
    image_free(&out);
    bytes_free(&exact);
    bytes_free(file);
}

static void a_palette_follows_every_header(void **state) {
    (void)state;
    static const size_t headers[] = {12, 16, 40, 52, 56, 64, 108, 124};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const unsigned entry = headers[i] == 12 ? 3 : 4;
        struct bytes file = bmp_begin(headers[i], 8, 0, 4 * entry);
        add_palette(&file, entry);
        bytes_add(&file, "\3\2\1\0\0\1\2\3", 8);
        assert_table(&file);
        file = bmp_begin(headers[i], 4, 0, 4 * entry);
        add_palette(&file, entry);
        bytes_add(&file, "\x32\x10\0\0\x01\x23\0\0", 8);
        assert_table(&file);
        file = bmp_begin(headers[i], 2, 0, 4 * entry);
        add_palette(&file, entry);
        bytes_add(&file, "\xe4\0\0\0\x1b\0\0\0", 8);
        assert_table(&file);
    }
}

/* The program said one thing in one run and another in the next. */
static void a_number_behind_the_palette_is_black(void **state) {
    (void)state;
    static const size_t headers[] = {12, 40};
    for (size_t i = 0; i < 2; i++) {
        const unsigned entry = headers[i] == 12 ? 3 : 4;
        struct bytes file = bmp_begin(headers[i], 8, 0, 4 * entry);
        add_palette(&file, entry);
        bytes_add(&file, "\4\5\6\7\3\x80\xfe\xff", 8);
        struct image out = decoded(&file);
        assert_pixel(&out, 0, 0, 255, 255, 255, 0);
        for (size_t p = 1; p < 8; p++) assert_pixel(&out, p % 4, p / 4, 0, 0, 0, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

static void rows_of_16_bits_are_decoded(void **state) {
    (void)state;
    const char *pixels = "\xff\x7f\x1f\0\xe0\x03\0\x7c\0\x7c\xe0\x03\x1f\0\xff\x7f";
    struct bytes file = bmp_begin(40, 16, 0, 0);
    bytes_add(&file, pixels, 16);
    assert_table(&file);
    file = bmp_begin(40, 16, 0, 16); /* a palette for those who show few colours */
    add_palette(&file, 4);
    bytes_add(&file, pixels, 16);
    assert_table(&file);
    file = bmp_begin(40, 16, 3, 12);
    bytes_add(&file, "\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0", 12);
    bytes_add(&file, "\xff\xff\x1f\0\xe0\7\0\xf8\0\xf8\xe0\7\x1f\0\xff\xff", 16);
    assert_table(&file);
}

/* Where pixels begin is wrong by the palette, of as many colours as the header says. */
static void a_palette_that_is_forgotten_is_read(void **state) {
    (void)state;
    struct bytes file = bmp_begin(40, 8, 0, 0);
    file.data[14 + 32] = 4;
    add_palette(&file, 4);
    bytes_add(&file, "\3\2\1\0\0\1\2\3", 8);
    assert_table(&file);
    file = bmp_begin(12, 4, 0, 0); /* 16 colours */
    add_palette(&file, 3);
    while (file.size < 14 + 12 + 16 * 3) bytes_add_one(&file, 0);
    bytes_add(&file, "\x32\x10\0\0\x01\x23\0\0", 8);
    assert_table(&file);
    file = bmp_begin(40, 8, 0, 0); /* 256 colours, and no pixels behind them */
    add_palette(&file, 4);
    bytes_add(&file, "\3\2\1\0\0\1\2\3", 8);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated BMP");
    bytes_free(&file);
}

static void a_palette_behind_24_bits_is_skipped(void **state) {
    (void)state;
    struct bytes file = bmp_begin(40, 24, 0, 16);
    add_palette(&file, 4);
    for (size_t i = 0; i < 8; i++)
        for (size_t c = 0; c < 3; c++)
            bytes_add_one(&file, (unsigned)colors[i < 4 ? 3 - i : i - 4][2 - c]);
    assert_table(&file);
}

/* 32 bits: blue, green, red and `fourth`. */
static void add_32(struct bytes *file, unsigned fourth) {
    for (size_t i = 0; i < 8; i++) {
        for (size_t c = 0; c < 3; c++)
            bytes_add_one(file, (unsigned)colors[i < 4 ? 3 - i : i - 4][2 - c]);
        bytes_add_one(file, fourth);
    }
}

static void the_fourth_byte_of_32_bits_means_nothing_without_a_mask(void **state) {
    (void)state;
    static const size_t headers[] = {40, 56, 108, 124};
    for (size_t i = 0; i < 4; i++)
        for (unsigned fourth = 0; fourth < 256; fourth += 85) {
            struct bytes file = bmp_begin(headers[i], 32, 0, 0);
            add_32(&file, fourth);
            assert_table(&file);
        }
}

static void a_mask_makes_the_fourth_byte_transparency(void **state) {
    (void)state;
    static const char masks[] = "\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff";
    struct bytes file = bmp_begin(56, 32, 3, 0);
    memcpy(file.data + 54, masks, 16);
    add_32(&file, 255);
    assert_table(&file);
    file = bmp_begin(124, 32, 3, 0);
    memcpy(file.data + 54, masks, 16);
    add_32(&file, 102);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 255, 153, 153, 0); /* 255 - 0.4 (255 - value) */
    image_free(&out);
    bytes_free(&file);
    file = bmp_begin(56, 32, 3, 0);
    memcpy(file.data + 54, masks, 16);
    add_32(&file, 0); /* all of it transparent: the program meant nothing by it */
    assert_table(&file);
}

static struct bytes rle_begin(unsigned bits, unsigned compression) {
    struct bytes file = bmp_begin(40, bits, compression, 16);
    add_palette(&file, 4);
    return file;
}

static void runs_are_decoded(void **state) {
    (void)state;
    struct bytes file = rle_begin(8, 1);
    bytes_add(&file, "\0\3\3\2\1\0\1\0\0\0\0\4\0\1\2\3\0\1", 18);
    assert_table(&file);
    file = rle_begin(4, 2);
    bytes_add(&file, "\2\x32\2\x10\0\0\0\4\x01\x23\0\1", 12);
    assert_table(&file);
    file = rle_begin(4, 2); /* jumps one pixel to the right, which is drawn as 0 then */
    bytes_add(&file, "\2\x32\1\x10\0\0\0\2\1\0\0\3\x12\x30\0\1", 16);
    assert_table(&file);
    file = rle_begin(8, 1); /* longer than the row, and no end of the picture */
    bytes_add(&file, "\0\4\3\2\1\0\x09\3\0\0\0\3\0\1\2\0\x40\3", 18);
    assert_table(&file);
}

static void runs_that_end_early_are_an_error(void **state) {
    (void)state;
    struct bytes file = rle_begin(8, 1);
    bytes_add(&file, "\0\4\3\2\1\0\0\0\0\3\0\1\2\0\1\3", 16);
    for (size_t size = file.size - 2; size > 70; size--)
        assert_refused(&(struct bytes){.data = file.data, .size = size}, CAPTION_ERROR_FORMAT,
                       "truncated BMP: it ends after");
    bytes_free(&file);
}

static void what_cannot_be_decoded_is_named(void **state) {
    (void)state;
    static const struct {
        unsigned bits, compression;
        const char *message;
    } cases[] = {{8, 2, "RLE4 pixels of other than 4 bits"},
                 {4, 1, "RLE8 pixels of other than 8 bits"},
                 {8, 3, "impossible number of bits"},
                 {24, 4, "holds a JPEG"},
                 {24, 5, "holds a PNG"},
                 {8, 0x80000000, "compressed in an unknown way"},
                 {8, 7, "compressed in an unknown way"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = bmp_begin(40, cases[i].bits, cases[i].compression, 16);
        add_palette(&file, 4);
        for (size_t k = 0; k < 64; k++) bytes_add_one(&file, 0);
        assert_refused(&file, CAPTION_ERROR_FORMAT, cases[i].message);
        bytes_free(&file);
    }
}

static void a_truncated_bmp_of_any_compression_is_an_error(void **state) {
    (void)state;
    static const unsigned compressions[] = {0, 1, 4, 0x80000000};
    for (size_t i = 0; i < 4; i++) {
        struct bytes file = bmp_begin(40, 8, compressions[i], 0);
        assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated BMP: it ends after 54 bytes");
        bytes_free(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_palette_follows_every_header),
        cmocka_unit_test(a_number_behind_the_palette_is_black),
        cmocka_unit_test(rows_of_16_bits_are_decoded),
        cmocka_unit_test(a_palette_that_is_forgotten_is_read),
        cmocka_unit_test(a_palette_behind_24_bits_is_skipped),
        cmocka_unit_test(the_fourth_byte_of_32_bits_means_nothing_without_a_mask),
        cmocka_unit_test(a_mask_makes_the_fourth_byte_transparency),
        cmocka_unit_test(runs_are_decoded),
        cmocka_unit_test(runs_that_end_early_are_an_error),
        cmocka_unit_test(what_cannot_be_decoded_is_named),
        cmocka_unit_test(a_truncated_bmp_of_any_compression_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

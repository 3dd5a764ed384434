/* GIFs of encoders that do as they like. */
#include "image_files.h"

#ifdef CAPTION_WITH_GIF

/* Codes of 2 to 12 bits, the lowest first, that never clear the table nor, when it is full, grow.
 */
struct codes {
    struct bytes bytes;
    uint32_t bits;
    unsigned count;
};

static void codes_add(struct codes *codes, unsigned code, unsigned size) {
    codes->bits |= code << codes->count;
    for (codes->count += size; codes->count >= 8; codes->count -= 8) {
        bytes_add_one(&codes->bytes, codes->bits & 255);
        codes->bits >>= 8;
    }
}

/* Ends the codes and adds them to the frame in sub-blocks. */
static void codes_end(struct codes *codes, struct bytes *file) {
    if (codes->count > 0) bytes_add_one(&codes->bytes, codes->bits & 255);
    for (size_t at = 0; at < codes->bytes.size; at += 255) {
        size_t left = codes->bytes.size - at, count = left < 255 ? left : 255;
        bytes_add_one(file, (unsigned)count);
        bytes_add(file, codes->bytes.data + at, count);
    }
    bytes_add(file, "\0;", 2);
    bytes_free(&codes->bytes);
}

static void a_table_that_is_never_cleared_is_decoded(void **state) {
    (void)state;
    enum { side = 100, code_size = 7, end = 129 };
    struct bytes file = gif_begin(side, side);
    bytes_add(&file, ",\0\0\0\0\x64\0\x64\0\0\7", 11);
    struct codes codes = {0};
    unsigned next = end + 1, size = code_size + 1;
    for (unsigned i = 0; i < side * side; i++) { /* one code a pixel, none of those of the table */
        codes_add(&codes, i * 7 % 128, size);
        if (i > 0 && next < 4096) next++;
        if (next == 1u << size && size < 12) size++;
    }
    codes_add(&codes, end, size);
    codes_end(&codes, &file);
    struct image out = decoded(&file);
    for (unsigned i = 0; i < side * side; i++) {
        int number = (int)(i * 7 % 128);
        assert_pixel(&out, i % side, i / side, 2 * number, 255 - number, number, 0);
    }
    image_free(&out);
    bytes_free(&file);
}

/* A frame of 4 x 2 of colours 1 to 8 at (left, top). */
static struct bytes framed(size_t width, size_t height, unsigned left, unsigned top) {
    struct bytes file = gif_begin(width, height);
    const size_t at = file.size;
    gif_add_frame(&file, 4, 2, (const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8});
    file.data[at + 1] = (uint8_t)left;
    file.data[at + 3] = (uint8_t)top;
    bytes_add(&file, ";", 1);
    return file;
}

static void a_frame_larger_than_the_screen_is_not_cut_off(void **state) {
    (void)state;
    static const size_t screens[][2] = {{2, 1}, {0, 0}, {4, 1}};
    for (size_t i = 0; i < 3; i++) {
        struct bytes file = framed(screens[i][0], screens[i][1], 0, 0);
        struct image out = decoded(&file);
        assert_int_equal(out.width, 4);
        assert_int_equal(out.height, 2);
        assert_pixel(&out, 3, 1, 16, 247, 8, 0);
        image_free(&out);
        bytes_free(&file);
    }
}

static void around_a_frame_smaller_than_the_screen_is_white(void **state) {
    (void)state;
    struct bytes file = framed(7, 5, 2, 1);
    file.data[11] = 3; /* the background colour, which browsers ignore */
    struct image out = decoded(&file);
    assert_int_equal(out.width, 7);
    assert_int_equal(out.height, 5);
    for (size_t y = 0; y < 5; y++)
        for (size_t x = 0; x < 7; x++) {
            int number = 1 + (int)(x - 2) + 4 * (int)(y - 1);
            if (x >= 2 && x < 6 && y >= 1 && y < 3)
                assert_pixel(&out, x, y, 2 * number, 255 - number, number, 0);
            else
                assert_pixel(&out, x, y, 255, 255, 255, 0);
        }
    image_free(&out);
    bytes_free(&file);
}

static void an_interlaced_gif_is_decoded(void **state) {
    (void)state;
    static const uint8_t order[10] = {0, 8, 4, 2, 6, 1, 3, 5, 7, 9};
    struct bytes file = gif_begin(1, 10);
    const size_t at = file.size;
    gif_add_frame(&file, 1, 10, order);
    file.data[at + 9] = 0x40;
    bytes_add(&file, ";", 1);
    struct image out = decoded(&file);
    for (int y = 0; y < 10; y++) assert_pixel(&out, 0, (size_t)y, 2 * y, 255 - y, y, 0);
    image_free(&out);
    bytes_free(&file);
}

static void a_frame_that_ends_early_is_an_error(void **state) {
    (void)state;
    struct bytes file = gif_begin(2, 2);
    bytes_add(&file, ",\0\0\0\0\2\0\2\0\0\7\3\x80\1\x81\0;", 17);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "GIF cannot be decoded: ");
    bytes_free(&file);
}

static void a_huge_screen_costs_little_memory(void **state) {
    (void)state;
    struct bytes file = framed(14000, 14000, 3, 3);
    struct image out;
    assert_true(image_decode_reduced(file.data, file.size, 400, &out, NULL));
    assert_int_equal(out.width, 4667); /* a third, which is below 100 MB */
    assert_pixel(&out, 0, 0, 255, 255, 255, 0);
    assert_pixel(&out, 1, 1, 90, 252, 88, 0); /* 6 of 9 pixels drawn */
    image_free(&out);
    bytes_free(&file);
}

#endif

static void a_gif_without_a_frame_says_so(void **state) {
    (void)state;
    struct bytes file = gif_begin(2, 2);
    bytes_add(&file, ";", 1);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "damaged GIF: it has no frame");
    bytes_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gif_without_a_frame_says_so),
#ifdef CAPTION_WITH_GIF
        cmocka_unit_test(a_table_that_is_never_cleared_is_decoded),
        cmocka_unit_test(a_frame_larger_than_the_screen_is_not_cut_off),
        cmocka_unit_test(around_a_frame_smaller_than_the_screen_is_white),
        cmocka_unit_test(an_interlaced_gif_is_decoded),
        cmocka_unit_test(a_frame_that_ends_early_is_an_error),
        cmocka_unit_test(a_huge_screen_costs_little_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

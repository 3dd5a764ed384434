#include "image_files.h"

#include "base/memory.h"

static void assert_jpeg_round_trip(enum jpeg_kind kind) {
    struct image image = gradient_new(67, 45); /* no multiple of the blocks' size */
    struct bytes file = jpeg_new(&image, kind);
    struct image out = decoded(&file);
    if (kind == JPEG_GREY)
        for (size_t i = 0; i < image.width * image.height; i++) {
            uint8_t *p = image.pixels + i * 3;
            p[0] = p[1] = p[2] = (uint8_t)((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
        }
    assert_true(image_difference(&image, &out) < 3);
    image_free(&out);
    bytes_free(&file);
    image_free(&image);
}

static void a_baseline_jpeg_is_decoded(void **state) {
    (void)state;
    assert_jpeg_round_trip(JPEG_BASELINE);
}

#ifdef CAPTION_WITH_TURBOJPEG

static void a_progressive_jpeg_is_decoded(void **state) {
    (void)state;
    assert_jpeg_round_trip(JPEG_PROGRESSIVE);
}

static void a_grey_jpeg_is_decoded(void **state) {
    (void)state;
    assert_jpeg_round_trip(JPEG_GREY);
}

/* A YCCK JPEG of one colour, with an Adobe marker (transform 2) as libjpeg writes it. */
static struct bytes ycck_new(uint8_t cyan, uint8_t magenta, uint8_t yellow, uint8_t black) {
    uint8_t ink[16 * 16 * 4];
    for (size_t i = 0; i < 256; i++)
        memcpy(ink + i * 4, (uint8_t[]){cyan, magenta, yellow, black}, 4);
    return jpeg_encoded(ink, 16, 16, TJPF_CMYK, TJSAMP_444, 0);
}

static void inverted_ink_of_adobe_becomes_rgb(void **state) {
    (void)state;
    struct bytes file = ycck_new(200, 100, 50, 255);
    struct image out = decoded(&file);
    assert_pixel(&out, 8, 8, 200, 100, 50, 3);
    image_free(&out);
    bytes_free(&file);

    file = ycck_new(200, 100, 50, 128); /* half the light */
    out = decoded(&file);
    assert_pixel(&out, 8, 8, 100, 50, 25, 3);
    image_free(&out);
    bytes_free(&file);
}

/* C = M = Y = v is stored by YCCK as (255 - v, 128, 128, K): read as CMYK these are the inks. */
static void ink_without_a_transform_is_read_as_it_is(void **state) {
    (void)state;
    struct bytes file = ycck_new(55, 55, 55, 204);
    size_t adobe = bytes_find(&file, "Adobe", 5);
    assert_int_equal(file.data[adobe + 11], 2);
    file.data[adobe + 11] = 0;
    struct image out = decoded(&file);
    assert_pixel(&out, 8, 8, 160, 102, 102, 3); /* (200, 128, 128) * 204 / 255 */
    image_free(&out);
    bytes_free(&file);
}

/* As Chromium and ImageMagick read it: nobody writes ink the other way round. */
static void ink_without_an_adobe_marker_is_inverted_all_the_same(void **state) {
    (void)state;
    struct bytes file = ycck_new(55, 55, 55, 204);
    bytes_cut(&file, bytes_find(&file, "Adobe", 5) - 4, 16);
    struct image out = decoded(&file);
    assert_pixel(&out, 8, 8, 160, 102, 102, 3); /* (200, 128, 128) * 204 / 255 */
    image_free(&out);
    bytes_free(&file);
}

static void chroma_may_be_subsampled_in_any_way(void **state) {
    (void)state;
    struct image image = gradient_new(67, 45);
    const int ways[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct bytes file = jpeg_encoded(image.pixels, 67, 45, TJPF_RGB, ways[i], 0);
        struct image out = decoded(&file);
        assert_true(image_difference(&image, &out) < 3);
        image_free(&out);
        bytes_free(&file);
    }
    image_free(&image);
}

static void a_large_jpeg_is_reduced_but_not_below_the_smallest_side(void **state) {
    (void)state;
    struct image image = gradient_new(801, 601);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    static const struct {
        size_t min_side, width, height;
    } cases[] = {{602, 801, 601}, {601, 801, 601}, {302, 801, 601}, {301, 401, 301},
                 {151, 201, 151}, {76, 101, 76},   {1, 101, 76}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct image out;
        assert_true(image_decode_reduced(file.data, file.size, cases[i].min_side, &out, NULL));
        assert_int_equal(out.width, cases[i].width);
        assert_int_equal(out.height, cases[i].height);
        image_free(&out);
    }
    bytes_free(&file);
    image_free(&image);
}

#endif

static void assert_decodes_to(const struct bytes *file, const struct image *image) {
    struct image out = decoded(file);
    assert_true(image_difference(image, &out) == 0);
    image_free(&out);
}

/* The two bytes of the end marker are all that may lack; without libjpeg-turbo, nothing may. */
static void every_truncation_is_an_error_that_says_so(void **state) {
    (void)state;
#ifdef CAPTION_WITH_JPEG
    const size_t end_marker = 2;
#else
    const size_t end_marker = 0;
#endif
    struct image image = gradient_new(40, 30);
    for (int kind = 0; kind < jpeg_kinds; kind++) {
        struct bytes file = jpeg_new(&image, (enum jpeg_kind)kind);
        for (size_t size = 3; size < file.size - end_marker; size++)
            assert_refused(&(struct bytes){.data = file.data, .size = size}, CAPTION_ERROR_FORMAT,
                           "truncated JPEG: it ends after");
        bytes_free(&file);
    }
    image_free(&image);
}

#ifdef CAPTION_WITH_JPEG

/* Some phones write 0 for the first and the last coefficient of a sequential scan. */
static void a_sequential_scan_may_leave_its_coefficients_unsaid(void **state) {
    (void)state;
    enum { last_coefficient = 12 };
    struct image image = gradient_new(40, 30);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    struct image clean = decoded(&file);
    uint8_t *last = file.data + bytes_find(&file, "\xff\xda", 2) + last_coefficient;
    assert_memory_equal(last - 1, "\0\x3f\0", 3);
    *last = 0;
    assert_decodes_to(&file, &clean);
    image_free(&clean);
    bytes_free(&file);
    image_free(&image);
}

/* Decodes `file` without its end marker, but with what some program put in its place. */
static void assert_whole_without_end(const struct bytes *file, const void *instead, size_t size) {
    struct image whole = decoded(file);
    struct bytes endless = {0};
    bytes_add(&endless, file->data, file->size - 2);
    bytes_add(&endless, instead, size);
    struct image out = decoded(&endless);
    assert_true(image_difference(&whole, &out) == 0);
    bytes_free(&endless);
    image_free(&out);
    image_free(&whole);
}

static void a_file_that_lacks_only_its_end_marker_is_whole(void **state) {
    (void)state;
    static const uint8_t zeros[4096];
    struct image image = gradient_new(40, 30);
    for (int kind = 0; kind < jpeg_kinds; kind++) {
        struct bytes file = jpeg_new(&image, (enum jpeg_kind)kind);
        assert_whole_without_end(&file, "", 0);
        assert_whole_without_end(&file, "\xff", 1);
        assert_whole_without_end(&file, zeros, sizeof zeros);
        assert_whole_without_end(&file, "SEFH a trailer \xff\xd8\xff\xc4\0\3 SEFT", 26);
        bytes_free(&file);
    }
    image_free(&image);
}

static void half_a_file_is_half_a_photo_where_that_will_do(void **state) {
    (void)state;
    struct image image = gradient_new(256, 256), out;
    static const enum jpeg_kind kinds[] = {JPEG_BASELINE, JPEG_PROGRESSIVE};
    for (size_t i = 0; i < 2; i++) {
        struct bytes file = jpeg_new(&image, kinds[i]);
        caption_error error;
        file.size = file.size * 9 / 10;
        assert_false(image_decode(file.data, file.size, &out, &error));
        struct image_file photo = image_file_inspect("half", file.data, file.size);
        if (!image_file_decode(&photo, SIZE_MAX, true, &out, &error)) fail_msg("%s", error.message);
        assert_int_equal(out.width, 256);
        for (size_t c = 0; c < 3; c++) /* the first pixel is there */
            assert_true(abs(out.pixels[c] - image.pixels[c]) < 24);
        image_free(&out);
        photo = image_file_inspect("half", file.data, 30);
        assert_false(image_file_decode(&photo, SIZE_MAX, true, &out, &error));
        assert_non_null(strstr(error.message, "half: truncated JPEG"));
        bytes_free(&file);
    }
    image_free(&image);
}

/* Grey and progressive: one scan of the mean of each block, `scans` of the rest, all of it 0. */
static struct bytes progressive_new(size_t side, size_t scans) {
    static const uint8_t ones[64] = {[0 ... 63] = 1};
    struct bytes file = {0};
    bytes_add(&file, "\xff\xd8\xff\xdb\0\x43\0", 7);
    bytes_add(&file, ones, sizeof ones);
    bytes_add(&file, "\xff\xc2\0\x0b\x08", 5);
    bytes_add_big(&file, side, 2);
    bytes_add_big(&file, side, 2);
    bytes_add(&file, "\1\1\x11\0\xff\xc4\0\x26\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 26);
    bytes_add(&file, "\x10\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
    bytes_add(&file, "\xff\xda\0\x08\1\1\0\0\0\1\x0f", 11);
    for (size_t i = 0; i < scans; i++) bytes_add(&file, "\xff\xda\0\x08\1\1\0\1\x3f\0\x0f", 11);
    bytes_add(&file, "\xff\xd9", 2);
    return file;
}

static void a_small_file_cannot_cost_much_memory_or_time(void **state) {
    (void)state;
    struct bytes file = progressive_new(16, 50);
    struct image out = decoded(&file);
    assert_pixel(&out, 8, 8, 128, 128, 128, 0);
    image_free(&out);
    bytes_free(&file);
    file = progressive_new(16, 400);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "JPEG of more than 100 scans");
    bytes_free(&file);
    file = progressive_new(14000, 1);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "14000 x 14000 pixels in a file of 148 bytes");
    bytes_free(&file);
}

static void a_truncated_file_filled_up_with_zeros_is_an_error(void **state) {
    (void)state;
    static const uint8_t zeros[4096];
    struct image image = gradient_new(40, 30);
    for (int kind = 0; kind < jpeg_kinds; kind++) {
        struct bytes file = jpeg_new(&image, (enum jpeg_kind)kind);
        file.size -= 40;
        bytes_add(&file, zeros, sizeof zeros);
        assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated JPEG: it ends after");
        bytes_free(&file);
    }
    image_free(&image);
}

#endif

/* What a copy that lost a part in its middle looks like: the end marker is there. */
static void a_gap_in_the_data_is_an_error(void **state) {
    (void)state;
#ifdef CAPTION_WITH_TURBOJPEG
    struct image image = gradient_new(160, 160);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    size_t data = bytes_find(&file, "\xff\xda", 2) + 14;
    bytes_cut(&file, data + (file.size - data) / 2, (file.size - data) / 2 - 2);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "JPEG cannot be decoded: Corrupt JPEG data");
    bytes_free(&file);
    image_free(&image);
#else
    skip(); /* stb_image fills the gap */
#endif
}

static void junk_between_segments_and_behind_the_end_is_harmless(void **state) {
    (void)state;
    struct image image = gradient_new(40, 30);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    struct image clean = decoded(&file);
    bytes_add(&file, "junk \xff\xd8\xff", 8);
    bytes_insert(&file, bytes_find(&file, "\xff\xdb", 2), "\0\0\0\0", 4);
    bytes_insert(&file, bytes_find(&file, "\xff\xda", 2), "\xff\xff\xff", 3);
    assert_decodes_to(&file, &clean);
    image_free(&clean);
    bytes_free(&file);
    image_free(&image);
}

/* Freed memory that the next decoding may get. */
static void fill_memory(int byte) {
    enum { SIZES = 16 };
    void *blocks[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        blocks[i] = malloc((size_t)1 << i);
        assert_non_null(blocks[i]);
        memset(blocks[i], byte, (size_t)1 << i);
    }
    for (size_t i = 0; i < SIZES; i++) free(blocks[i]);
}

/* The photo may be refused; what it shows is no memory of this process. */
static void what_no_segment_defines_is_the_same_each_time(void **state) {
    (void)state;
    struct image image = gradient_new(40, 30);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    const size_t table = bytes_find(&file, "\xff\xdb", 2);
    bytes_cut(&file, table, 2 + bytes_big_16(file.data + table + 2));
    struct image first = {0}, second = {0};
    fill_memory(1);
    const bool ok = image_decode(file.data, file.size, &first, NULL);
    fill_memory(77);
    assert_true(image_decode(file.data, file.size, &second, NULL) == ok);
    if (ok) assert_true(image_difference(&first, &second) == 0);
    image_free(&second);
    image_free(&first);
    bytes_free(&file);
    image_free(&image);
}

static void a_header_of_65535_x_65535_is_refused_with_its_size(void **state) {
    (void)state;
    struct image image = gradient_new(40, 30);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    memcpy(file.data + bytes_find(&file, "\xff\xc0", 2) + 5, "\xff\xff\xff\xff", 4);
    assert_refused(&file, CAPTION_ERROR_LIMIT, "65535 x 65535 pixels, at most 200000000");
    file.size = bytes_find(&file, "\xff\xc0", 2) + 19; /* the header alone */
    assert_refused(&file, CAPTION_ERROR_LIMIT, "65535 x 65535 pixels, at most 200000000");
    bytes_free(&file);
    image_free(&image);
}

static void a_huffman_table_longer_than_it_can_be_is_an_error(void **state) {
    (void)state;
    struct image image = gradient_new(40, 30);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    memset(file.data + bytes_find(&file, "\xff\xc4", 2) + 5, 20, 16);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "damaged JPEG: its Huffman tables");
    bytes_free(&file);
    image_free(&image);
}

static void jpeg_ls_is_named(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "\xff\xd8\xff\xf7\0\x0b\x08\0\1\0\1\1\1\x11\0", 15);
    bytes_add(&file, "\xff\xda\0\x08\1\1\0\0\0\0\0\xff\xd9", 13);
    assert_refused(&file, CAPTION_ERROR_FORMAT,
                   "is a JPEG photo in JPEG-LS (SOF55), which is not read");
    bytes_free(&file);
}

static void a_file_of_markers_alone_is_an_error(void **state) {
    (void)state;
    struct bytes file = {0};
    bytes_add(&file, "\xff\xd8\xff\xd9", 4);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "JPEG");
    bytes_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_baseline_jpeg_is_decoded),
#ifdef CAPTION_WITH_TURBOJPEG
        cmocka_unit_test(a_progressive_jpeg_is_decoded),
        cmocka_unit_test(a_grey_jpeg_is_decoded),
        cmocka_unit_test(inverted_ink_of_adobe_becomes_rgb),
        cmocka_unit_test(ink_without_a_transform_is_read_as_it_is),
        cmocka_unit_test(ink_without_an_adobe_marker_is_inverted_all_the_same),
        cmocka_unit_test(chroma_may_be_subsampled_in_any_way),
        cmocka_unit_test(a_large_jpeg_is_reduced_but_not_below_the_smallest_side),
#endif
        cmocka_unit_test(every_truncation_is_an_error_that_says_so),
#ifdef CAPTION_WITH_JPEG
        cmocka_unit_test(a_sequential_scan_may_leave_its_coefficients_unsaid),
        cmocka_unit_test(a_file_that_lacks_only_its_end_marker_is_whole),
        cmocka_unit_test(half_a_file_is_half_a_photo_where_that_will_do),
        cmocka_unit_test(a_small_file_cannot_cost_much_memory_or_time),
        cmocka_unit_test(a_truncated_file_filled_up_with_zeros_is_an_error),
#endif
        cmocka_unit_test(a_gap_in_the_data_is_an_error),
        cmocka_unit_test(junk_between_segments_and_behind_the_end_is_harmless),
        cmocka_unit_test(what_no_segment_defines_is_the_same_each_time),
        cmocka_unit_test(a_header_of_65535_x_65535_is_refused_with_its_size),
        cmocka_unit_test(a_huffman_table_longer_than_it_can_be_is_an_error),
        cmocka_unit_test(jpeg_ls_is_named),
        cmocka_unit_test(a_file_of_markers_alone_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Photos that say by code points (ITU-T H.273) what their colours are: high dynamic range and wide
 * gamuts become sRGB. pq.jxl and pq.avif are quarters in PQ, made by cjxl 0.7 and avifenc. */
#include "golden_files.h"

enum { COLORS = 4 };

/* What sRGB has for the colours of a file. */
static const uint8_t wanted[COLORS][3] = {
    {200, 30, 30}, {30, 160, 40}, {40, 60, 200}, {128, 128, 128}};

/* A row of pixels with a chunk of that many bytes for the code points. */
static struct bytes png_of(const uint8_t pixels[][3], size_t count, const char *points,
                           size_t size) {
    struct bytes file = png_begin(count, 1, 8, 2), rows = {0};
    if (size > 0) png_add_chunk(&file, "cICP", points, size);
    bytes_add_one(&rows, 0);
    bytes_add(&rows, pixels, 3 * count);
    png_add_rows(&file, &rows);
    png_add_chunk(&file, "IEND", "", 0);
    bytes_free(&rows);
    return file;
}

#ifdef CAPTION_WITH_PNG

static void assert_row(const uint8_t pixels[COLORS][3], const char *points,
                       const uint8_t expected[COLORS][3], int tolerance) {
    struct bytes file = png_of(pixels, COLORS, points, 4);
    struct image out = decoded(&file);
    for (size_t i = 0; i < COLORS; i++)
        assert_pixel(&out, i, 0, expected[i][0], expected[i][1], expected[i][2], tolerance);
    image_free(&out);
    bytes_free(&file);
}

/* The numbers were computed from the standards by other code. Of 8 bits PQ has few for the dark. */
static void pq_and_hlg_become_srgb(void **state) {
    (void)state;
    static const uint8_t pq[COLORS][3] = {
        {122, 78, 61}, {96, 119, 77}, {78, 77, 131}, {109, 109, 109}};
    static const uint8_t hlg[COLORS][3] = {
        {137, 52, 34}, {80, 129, 51}, {52, 51, 157}, {106, 106, 106}};
    assert_row(pq, "\x09\x10\0\1", wanted, 8);
    assert_row(hlg, "\x09\x12\0\1", wanted, 4);
    assert_row(hlg, "\2\x12\0\1", wanted, 4); /* primaries that are not given are BT.2020's */
}

static void wide_gamuts_become_srgb(void **state) {
    (void)state;
    static const uint8_t display_p3[COLORS][3] = {
        {184, 50, 41}, {76, 158, 60}, {44, 59, 192}, {128, 128, 128}};
    static const uint8_t bt_2020[COLORS][3] = {
        {163, 64, 41}, {99, 154, 63}, {65, 63, 191}, {128, 128, 128}};
    assert_row(display_p3, "\x0c\x0d\0\1", wanted, 3);
    assert_row(bt_2020, "\x09\x0d\0\1", wanted, 3);
    assert_row(bt_2020, "\x09\x01\0\1", wanted, 3); /* BT.709's curve is taken for sRGB's */
}

/* 0.58 of PQ's signal is white, 0.75 that of HLG: what is brighter is brighter still, and the
 * brightest is white. */
static void light_above_white_is_not_cut_off(void **state) {
    (void)state;
    static const uint8_t pq[5][3] = {
        {0, 0, 0}, {148, 148, 148}, {170, 170, 170}, {192, 192, 192}, {255, 255, 255}};
    struct bytes file = png_of(pq, 5, "\x09\x10\0\1", 4);
    struct image out = decoded(&file);
    assert_pixel(&out, 0, 0, 0, 0, 0, 0);
    assert_pixel(&out, 1, 0, 249, 249, 249, 1);
    assert_true(out.pixels[6] > out.pixels[3]);
    assert_true(out.pixels[9] > out.pixels[6]);
    assert_pixel(&out, 4, 0, 255, 255, 255, 0);
    image_free(&out);
    bytes_free(&file);
    static const uint8_t hlg[1][3] = {{191, 191, 191}};
    file = png_of(hlg, 1, "\x09\x12\0\1", 4);
    out = decoded(&file);
    assert_pixel(&out, 0, 0, 249, 249, 249, 1);
    image_free(&out);
    bytes_free(&file);
}

#endif

/* sRGB, points of nothing, reserved ones, and a chunk that is too long. */
static void other_code_points_change_no_pixel(void **state) {
    (void)state;
    static const struct {
        const char *points;
        size_t size;
    } cases[] = {{"\1\x0d\0\1", 4}, {"\2\2\0\1", 4},         {"\x09\x08\0\1", 4},
                 {"\0\0\0\0", 4},   {"\xff\xff\xff\xff", 4}, {"\x09\x10\0\1\0", 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes file = png_of(wanted, COLORS, cases[i].points, cases[i].size);
        struct image out = decoded(&file);
        assert_memory_equal(out.pixels, wanted, sizeof wanted);
        image_free(&out);
        bytes_free(&file);
    }
}

static void pq_of_jpeg_xl_becomes_srgb(void **state) {
    (void)state;
#ifdef CAPTION_WITH_JXL
    assert_quarters("pq.jxl");
#else
    skip();
#endif
}

static void pq_of_avif_becomes_srgb(void **state) {
    (void)state;
#ifdef CAPTION_WITH_HEIF
    assert_quarters("pq.avif");
#else
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
#ifdef CAPTION_WITH_PNG
        cmocka_unit_test(pq_and_hlg_become_srgb),
        cmocka_unit_test(wide_gamuts_become_srgb),
        cmocka_unit_test(light_above_white_is_not_cut_off),
#endif
        cmocka_unit_test(other_code_points_change_no_pixel),
        cmocka_unit_test(pq_of_jpeg_xl_becomes_srgb),
        cmocka_unit_test(pq_of_avif_becomes_srgb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

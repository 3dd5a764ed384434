/* Raw photos: the largest preview in them is what is read, turned as the camera says. */
#include "raw_files.h"

static void assert_preview(struct bytes *file, bool turned) {
    struct image preview = gradient_new(PREVIEW_WIDTH, PREVIEW_HEIGHT), out = decoded(file);
    if (turned) assert_true(image_turn_upright(&preview, 6, NULL));
    assert_true(image_difference(&preview, &out) < 3);
    image_free(&preview);
    image_free(&out);
    bytes_free(file);
}

static void the_largest_preview_is_read_and_turned_upright(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < RAW_KINDS; kind++) {
        for (unsigned big = 0; big < 2; big++) {
            struct bytes file = raw_new((enum raw_kind)kind, big, big ? 6 : 1);
            print_message("kind %u, big endian %u\n", kind, big);
            assert_preview(&file, big);
        }
    }
}

static void cr3_and_raf_are_read(void **state) {
    (void)state;
    struct bytes file = raw_cr3(6);
    assert_preview(&file, true);
    file = raw_raf();
    assert_preview(&file, false);
}

static void one_without_a_preview_says_so(void **state) {
    (void)state;
    struct bytes file = raw_new(RAW_DNG, false, 1);
    for (size_t i = 0; i + 2 < file.size; i++) /* no JPEG begins anywhere */
        if (memcmp(file.data + i, "\xff\xd8\xff", 3) == 0) file.data[i] = 0;
    assert_refused(&file, CAPTION_ERROR_FORMAT,
                   "is a camera raw photo without a JPEG preview: what its sensor saw is not");
    bytes_free(&file);
}

static void one_that_is_cut_off_is_truncated(void **state) {
    (void)state;
    struct bytes file = raw_cr3(1);
    file.size = 60;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated camera raw: it ends after 60 bytes");
    bytes_free(&file);
    file = raw_cr3(1);
    const uint8_t *preview = memmem(file.data, file.size, "\xea\xf4\x2b\x5e", 4);
    assert_non_null(preview);
    file.size = (size_t)(preview - file.data) + 16; /* in the box of the preview */
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated camera raw");
    bytes_free(&file);
    file = raw_raf();
    file.size -= 10;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated camera raw");
    bytes_free(&file);
    file = raw_new(RAW_RW2, false, 1);
    file.size = 14;
    assert_refused(&file, CAPTION_ERROR_FORMAT, "truncated camera raw");
    bytes_free(&file);
}

/* Each directory names itself twice, as the next and as one below. */
static void directories_that_run_in_circles_end(void **state) {
    (void)state;
    struct tiff tiff = {0};
    bytes_add(&tiff.file, "II*\0\x10\0\0\0\x10\0\0\0\x10\0\0\0", 16);
    tiff_add(&tiff, 3, 2);
    tiff_add_entry(&tiff, 262, 3, 1, 32803);
    tiff_add_entry(&tiff, 330, 4, 2, 8);
    tiff_add_entry(&tiff, 34665, 4, 1, 16);
    tiff_add(&tiff, 16, 4);
    assert_refused(&tiff.file, CAPTION_ERROR_FORMAT, "without a JPEG preview");
    bytes_free(&tiff.file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_preview_is_read_and_turned_upright),
        cmocka_unit_test(cr3_and_raf_are_read),
        cmocka_unit_test(one_without_a_preview_says_so),
        cmocka_unit_test(one_that_is_cut_off_is_truncated),
        cmocka_unit_test(directories_that_run_in_circles_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

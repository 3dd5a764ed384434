/* HEIC and AVIF: four quarters of one colour each, made by libheif's heif-enc at quality 95. */
#include "golden_files.h"

static void a_file_that_is_cut_short_is_truncated(void **state) {
    (void)state;
    assert_part_refused("quarters.heic", 628, "truncated HEIC");
    assert_part_refused("quarters.avif", 20, "truncated AVIF");
}

static void its_size_is_known_without_a_decoder(void **state) {
    (void)state;
    static const char *const names[] = {"quarters.heic", "quarters.avif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bytes file = golden_file(names[i]);
        const struct image_file photo = image_file_inspect(NULL, file.data, file.size);
        assert_int_equal(photo.header.width, 64);
        assert_in_range(photo.header.height, 48, 64); /* HEVC stores whole blocks */
        bytes_free(&file);
    }
}

#ifdef CAPTION_WITH_HEIF

static void heic_is_decoded(void **state) {
    (void)state;
    assert_quarters("quarters.heic");
}

static void avif_is_decoded(void **state) {
    (void)state;
    assert_quarters("quarters.avif");
}

static void damage_is_an_error_that_names_it(void **state) {
    (void)state;
    struct bytes file = golden_file("quarters.heic");
    for (size_t i = 0; i + 4 < file.size; i++)
        if (memcmp(file.data + i, "iloc", 4) == 0) memcpy(file.data + i, "free", 4);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "is a HEIF photo that cannot be decoded: ");
    bytes_free(&file);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_cut_short_is_truncated),
        cmocka_unit_test(its_size_is_known_without_a_decoder),
#ifdef CAPTION_WITH_HEIF
        cmocka_unit_test(heic_is_decoded),
        cmocka_unit_test(avif_is_decoded),
        cmocka_unit_test(damage_is_an_error_that_names_it),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

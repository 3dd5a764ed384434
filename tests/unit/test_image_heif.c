/* HEIC and AVIF: four quarters of one colour each, made by libheif's heif-enc at quality 95; and
 * premultiplied.avif by avifenc, whose fourth quarter has an alpha of 51. */
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

static void colours_multiplied_by_their_alpha_are_laid_over_white(void **state) {
    (void)state;
    struct bytes file = golden_file("premultiplied.avif");
    struct image out = decoded(&file);
    assert_pixel(&out, 16, 12, 200, 30, 30, 3);
    assert_pixel(&out, 48, 36, 250, 248, 216, 3); /* 255 - 0.2 (255 - colour) */
    image_free(&out);
    bytes_free(&file);
}

static void damage_is_an_error_that_names_it(void **state) {
    (void)state;
    struct bytes file = golden_file("quarters.heic");
    for (size_t i = 0; i + 4 < file.size; i++)
        if (memcmp(file.data + i, "iloc", 4) == 0) memcpy(file.data + i, "free", 4);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "is a HEIF photo that cannot be decoded: ");
    bytes_free(&file);
}

/* The photo with another byte so far behind the name of each box of that type. */
static struct bytes with_byte(const char *type, size_t place, uint8_t value) {
    struct bytes file = golden_file("quarters.avif");
    for (size_t i = 0; i + place < file.size; i++)
        if (memcmp(file.data + i, type, 4) == 0) file.data[i + place] = value;
    return file;
}

/* The box says more rows than the stream has. */
static void fewer_pixels_than_the_box_says_are_refused(void **state) {
    (void)state;
    enum { last_byte_of_height = 15 };
    struct bytes file = with_byte("ispe", last_byte_of_height, 200);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "contradicts itself about its size");
    bytes_free(&file);
}

/* Whose box of locations has many more items, each of which is the whole file. */
static struct bytes with_items(const struct bytes *file, size_t items) {
    enum { header = 16, first_offset = 12, item = 20 };
    struct bytes out = {0};
    size_t meta = 0, box = 0;
    for (size_t i = 4; i + 4 < file->size; i++) {
        if (memcmp(file->data + i, "meta", 4) == 0) meta = i - 4;
        if (memcmp(file->data + i, "iloc", 4) == 0 && box == 0) box = i - 4;
    }
    const size_t size = file->data[box + 3], count = file->data[box + 15];
    const size_t whole = file->size + items * item;
    bytes_add(&out, file->data, box + size);
    for (size_t i = 0; i < items; i++) {
        bytes_add_one(&out, 100); /* number 25,600 and so on */
        bytes_add_one(&out, (unsigned)i);
        bytes_add(&out, "\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0", item - 4);
        bytes_add_one(&out, (unsigned)whole >> 8);
        bytes_add_one(&out, (unsigned)whole);
    }
    const size_t more = out.size - (box + size);
    bytes_add(&out, file->data + box + size, file->size - (box + size));
    out.data[box + 2] = (uint8_t)((size + more) >> 8);
    out.data[box + 3] = (uint8_t)(size + more);
    out.data[box + 15] = (uint8_t)(count + items);
    const size_t meta_size = (size_t)file->data[meta + 2] * 256 + file->data[meta + 3] + more;
    out.data[meta + 2] = (uint8_t)(meta_size >> 8);
    out.data[meta + 3] = (uint8_t)meta_size;
    uint8_t *offset = out.data + box + header + first_offset;
    const size_t moved = (size_t)offset[2] * 256 + offset[3] + more;
    offset[2] = (uint8_t)(moved >> 8);
    offset[3] = (uint8_t)moved;
    return out;
}

/* avifenc stores cells of a grid that are the same once. */
static void some_items_share_their_bytes_and_too_many_are_no_photo(void **state) {
    (void)state;
    struct bytes file = golden_file("quarters.heic");
    struct bytes some = with_items(&file, 64), many = with_items(&file, 250);
    struct image out;
    assert_true(image_decode(some.data, some.size, &out, NULL));
    image_free(&out);
    assert_refused(&many, CAPTION_ERROR_LIMIT, "are no photo");
    bytes_free(&some);
    bytes_free(&many);
    bytes_free(&file);
}

/* libheif 1.15 hands no bytes to libdav1d, and loses 80 bytes of memory: a leak under sanitizers.
 */
static void a_picture_without_bytes_is_refused(void **state) {
    (void)state;
    enum { extents_of_the_first = 21 };
    struct bytes file = with_byte("iloc", extents_of_the_first, 0);
    assert_refused(&file, CAPTION_ERROR_FORMAT, "is a HEIF photo without pixels");
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
        cmocka_unit_test(colours_multiplied_by_their_alpha_are_laid_over_white),
        cmocka_unit_test(damage_is_an_error_that_names_it),
        cmocka_unit_test(fewer_pixels_than_the_box_says_are_refused),
        cmocka_unit_test(some_items_share_their_bytes_and_too_many_are_no_photo),
        cmocka_unit_test(a_picture_without_bytes_is_refused),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Thumbnails: small, upright, and of the photo's proportions. */
#include "image_files.h"
#include "temporary_file.h"

#include "image/photo.h"

/* Makes a thumbnail and decodes it again, demanding that both agree about the size. */
static struct image thumbnail_image(const struct bytes *file, size_t side) {
    caption_thumbnail thumbnail;
    caption_error error = {0};
    if (!thumbnail_new(file->data, file->size, side, &thumbnail, &error))
        fail_msg("%s", error.message);
    struct image image;
    assert_true(image_decode(thumbnail.jpeg, thumbnail.size, &image, NULL));
    assert_int_equal(image.width, thumbnail.width);
    assert_int_equal(image.height, thumbnail.height);
    thumbnail_free(&thumbnail);
    return image;
}

static void assert_reduced(size_t width, size_t height, size_t side, size_t to_width,
                           size_t to_height) {
    struct image photo = gradient_new(width, height);
    struct bytes file = ppm_new(&photo);
    struct image small = thumbnail_image(&file, side);
    assert_int_equal(small.width, to_width);
    assert_int_equal(small.height, to_height);
    image_free(&small);
    bytes_free(&file);
    image_free(&photo);
}

static void proportions_are_kept(void **state) {
    (void)state;
    assert_reduced(500, 375, 160, 160, 120);
    assert_reduced(375, 500, 160, 120, 160);
    assert_reduced(224, 224, 160, 160, 160);
    assert_reduced(161, 80, 160, 160, 80);
}

static void small_photos_are_not_enlarged(void **state) {
    (void)state;
    assert_reduced(160, 160, 160, 160, 160);
    assert_reduced(7, 5, 160, 7, 5);
    assert_reduced(1, 1, 160, 1, 1);
}

static void long_thin_photos_keep_a_pixel(void **state) {
    (void)state;
    assert_reduced(20000, 1, 160, 160, 1);
    assert_reduced(1, 20000, 160, 1, 160);
    assert_reduced(20000, 30, 1, 1, 1);
}

static void colours_stay_in_place(void **state) {
    (void)state;
    struct image photo = gradient_new(400, 300);
    struct bytes file = png_new(photo.pixels, photo.width, photo.height, 3);
    struct image small = thumbnail_image(&file, 160), expected = gradient_new(160, 120);
    assert_true(image_difference(&small, &expected) < 3);
    image_free(&expected);
    image_free(&small);
    bytes_free(&file);
    image_free(&photo);
}

static void a_huge_jpeg_is_a_few_kilobytes(void **state) {
    (void)state;
    struct image photo = gradient_new(6000, 4000);
    struct bytes file = jpeg_new(&photo, JPEG_BASELINE);
    caption_thumbnail thumbnail;
    assert_true(thumbnail_new(file.data, file.size, 160, &thumbnail, NULL));
    assert_int_equal(thumbnail.width, 160);
    assert_int_equal(thumbnail.height, 107);
    assert_true(thumbnail.size < 8000);
    thumbnail_free(&thumbnail);
    bytes_free(&file);
    image_free(&photo);
}

#ifdef CAPTION_WITH_EXIF
/* Orientation 6: the first stored row is the upright photo's right side. */
static void exif_photos_are_upright(void **state) {
    (void)state;
    struct image photo = gradient_new(320, 160);
    struct bytes file = jpeg_new(&photo, JPEG_BASELINE);
    static const char exif[] = "\xff\xe1\0\x22"
                               "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                               "\0\0\0\0";
    bytes_insert(&file, 2, exif, sizeof exif - 1);
    struct image small = thumbnail_image(&file, 160);
    assert_int_equal(small.width, 80);
    assert_int_equal(small.height, 160);
    struct image expected = gradient_new(160, 80);
    assert_true(image_turn_upright(&expected, 6, NULL));
    assert_true(image_difference(&small, &expected) < 4);
    image_free(&expected);
    image_free(&small);
    bytes_free(&file);
    image_free(&photo);
}
#endif

static void assert_not_made(const void *bytes, size_t size, size_t side, const char *part) {
    caption_thumbnail thumbnail;
    caption_error error = {0};
    assert_false(thumbnail_new(bytes, size, side, &thumbnail, &error));
    assert_message_has(&error, part);
    assert_null(thumbnail.jpeg);
}

static void what_cannot_be_made_is_told(void **state) {
    (void)state;
    assert_not_made("hello, world", 12, 160, "is not a photo");
    assert_not_made("", 0, 160, "is empty");
    assert_not_made("P6 1 1 255\nabc", 14, 0, "a thumbnail of 0 pixels");
    assert_not_made("P6 1 1 255\nabc", 14, 100000, "expected 1 to 4096");
    caption_thumbnail thumbnail;
    caption_error error = {0};
    assert_false(thumbnail_load(&(struct photo_file){.path = "/nowhere/photo.jpg"}, 160, &thumbnail,
                                &error));
    assert_message_has(&error, "/nowhere/photo.jpg: cannot open");
    char *path = temporary_file_with("no photo");
    assert_false(thumbnail_load(&(struct photo_file){.path = path}, 160, &thumbnail, &error));
    assert_message_has(&error, path);
    temporary_file_free(path);
}

static void a_file_equals_its_bytes(void **state) {
    (void)state;
    struct image photo = gradient_new(300, 200);
    struct bytes file = ppm_new(&photo);
    char *path = temporary_file_new();
    temporary_file_write(path, file.data, file.size);
    caption_thumbnail from_file, from_bytes;
    assert_true(thumbnail_load(&(struct photo_file){.path = path}, 100, &from_file, NULL));
    assert_true(thumbnail_new(file.data, file.size, 100, &from_bytes, NULL));
    assert_int_equal(from_file.size, from_bytes.size);
    assert_memory_equal(from_file.jpeg, from_bytes.jpeg, from_file.size);
    thumbnail_free(&from_file);
    thumbnail_free(&from_bytes);
    temporary_file_free(path);
    bytes_free(&file);
    image_free(&photo);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proportions_are_kept),
        cmocka_unit_test(small_photos_are_not_enlarged),
        cmocka_unit_test(long_thin_photos_keep_a_pixel),
        cmocka_unit_test(colours_stay_in_place),
        cmocka_unit_test(a_huge_jpeg_is_a_few_kilobytes),
#ifdef CAPTION_WITH_EXIF
        cmocka_unit_test(exif_photos_are_upright),
#endif
        cmocka_unit_test(what_cannot_be_made_is_told),
        cmocka_unit_test(a_file_equals_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

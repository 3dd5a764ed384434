/* Photos stored in each of the eight orientations come out upright. */
#include "exif_files.h"

enum { width = 48, height = 32 }; /* whole JPEG blocks in both directions, halves too */

static void every_orientation_is_turned_upright(void **state) {
    (void)state;
    struct image upright = gradient_new(5, 3);
    for (unsigned orientation = 0; orientation <= 8; orientation++) {
        struct image image = store(&upright, orientation);
        assert_true(image_turn_upright(&image, orientation, NULL));
        assert_true(image_difference(&upright, &image) == 0);
        image_free(&image);
    }
    image_free(&upright);
}

/* What lies at the first stored row and column, of that length, lies between these two upright. */
static void assert_between(float start, float length, enum side side, float stored_length,
                           size_t whole) {
    const bool first = side == TOP || side == LEFT;
    assert_true(start == (first ? 0 : (float)whole - stored_length));
    assert_true(length == stored_length);
}

static void where_the_photo_lies_is_turned_too(void **state) {
    (void)state;
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        struct image image;
        assert_true(image_new(&image, 7, 5, NULL));
        memset(image.pixels, 0, 7 * 5 * 3);
        image.photo = (struct image_box){0, 0, 6.25F, 4.5F};
        image.variance = 0.0625F;
        assert_true(image_turn_upright(&image, orientation, NULL));
        const enum side row = stored[orientation].row, column = stored[orientation].column;
        const bool plain = runs_along_y(row);
        const struct image_box *box = &image.photo;
        assert_between(box->top, box->height, plain ? row : column, plain ? 4.5F : 6.25F,
                       image.height);
        assert_between(box->left, box->width, plain ? column : row, plain ? 6.25F : 4.5F,
                       image.width);
        assert_true(image.variance == 0.0625F);
        image_free(&image);
    }
}

#ifdef CAPTION_WITH_EXIF

#ifdef CAPTION_WITH_WEBP
/* From a simple file to an extended one. */
static void add_to_webp(struct bytes *file, const struct bytes *block, size_t w, size_t h) {
    struct bytes extended = {0};
    bytes_add(&extended, "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0", 24);
    bytes_add_little(&extended, w - 1, 3);
    bytes_add_little(&extended, h - 1, 3);
    bytes_add(&extended, file->data + 12, file->size - 12);
    bytes_add(&extended, "EXIF", 4);
    bytes_add_little(&extended, block->size, 4);
    bytes_add(&extended, block->data, block->size);
    size_t riff = extended.size - 8;
    for (size_t i = 0; i < 4; i++) extended.data[4 + i] = (uint8_t)(riff >> (8 * i));
    bytes_free(file);
    *file = extended;
}
#endif

static void assert_upright(const struct bytes *file, const struct image *upright, double most) {
    struct image out = decoded(file);
    assert_true(image_difference(upright, &out) <= most);
    image_free(&out);
}

static void the_exif_orientation_of_every_format_is_followed(void **state) {
    (void)state;
    struct image upright = gradient_new(width, height);
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        struct image image = store(&upright, orientation);
        struct bytes block = exif_block(orientation, orientation % 2 == 0);
        struct bytes file = jpeg_new(&image, JPEG_BASELINE);
        add_to_jpeg(&file, &block);
        assert_upright(&file, &upright, 3);
        bytes_free(&file);

        file = png_new(image.pixels, image.width, image.height, 3);
        add_to_png(&file, &block);
        assert_upright(&file, &upright, 0);
        bytes_free(&file);
#ifdef CAPTION_WITH_WEBP
        file = webp_new(image.pixels, image.width, image.height, 3, true);
        add_to_webp(&file, &block, image.width, image.height);
        assert_upright(&file, &upright, 0);
        bytes_free(&file);
#endif
        bytes_free(&block);
        image_free(&image);
    }
    image_free(&upright);
}

/* The photo is turned by an entry that has the type in place of SHORT, which the standard says. */
static void assert_type_turns(uint8_t type, bool big, const char *entry) {
    struct image upright = gradient_new(width, height), image = store(&upright, 6);
    struct bytes block = exif_block(6, big), file = png_new(image.pixels, height, width, 3);
    memcpy(block.data + 8, entry, big ? 14 : 5);
    block.data[big ? 13 : 12] = type;
    add_to_png(&file, &block);
    assert_upright(&file, &upright, 0);
    bytes_free(&block);
    bytes_free(&file);
    image_free(&image);
    image_free(&upright);
}

static void an_orientation_stored_as_long_is_followed(void **state) {
    (void)state;
    static const uint8_t types[] = {4, 9}; /* LONG, SLONG */
    for (size_t i = 0; i < sizeof types; i++) {
        assert_type_turns(types[i], false, "\1\0\x12\1\4");
        assert_type_turns(types[i], true, "\0\1\1\x12\0\4\0\0\0\1\0\0\0\6");
    }
}

static void an_orientation_stored_as_byte_is_followed(void **state) {
    (void)state;
    assert_type_turns(1, false, "\1\0\x12\1\1");
    assert_type_turns(1, true, "\0\1\1\x12\0\1\0\0\0\1\6\0\0\0");
}

static void a_nonsensical_exif_block_leaves_the_photo_as_it_is(void **state) {
    (void)state;
    struct image image = gradient_new(width, height);
    struct bytes nonsense[] = {exif_block(9, false), exif_block(0, true), exif_block(6, false)};
    nonsense[2].size = 12; /* cut off */
    for (size_t i = 0; i < 3; i++) {
        struct bytes file = png_new(image.pixels, width, height, 3);
        add_to_png(&file, &nonsense[i]);
        assert_upright(&file, &image, 0);
        bytes_free(&file);
        bytes_free(&nonsense[i]);
    }
    image_free(&image);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_orientation_is_turned_upright),
        cmocka_unit_test(where_the_photo_lies_is_turned_too),
#ifdef CAPTION_WITH_EXIF
        cmocka_unit_test(the_exif_orientation_of_every_format_is_followed),
        cmocka_unit_test(an_orientation_stored_as_long_is_followed),
        cmocka_unit_test(an_orientation_stored_as_byte_is_followed),
        cmocka_unit_test(a_nonsensical_exif_block_leaves_the_photo_as_it_is),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

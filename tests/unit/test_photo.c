#include "image_files.h"

#include <math.h>

#include "image/photo.h"
#include "temporary_file.h"

enum { side = 8, values = side * side * 3 };

static const struct preprocessing plain = {side, {0, 0, 0}, {1, 1, 1}};

static void load(const struct bytes *file, const struct preprocessing *preprocessing,
                 const struct augment *augment, float *input) {
    caption_error error = {0};
    const struct image_file photo = image_file_inspect("test", file->data, file->size);
    if (!photo_load_memory(&photo, preprocessing, augment, input, &error))
        fail_msg("%s", error.message);
}

static struct bytes gradient_png(size_t width, size_t height) {
    struct image image = gradient_new(width, height);
    struct bytes file = png_new(image.pixels, width, height, 3);
    image_free(&image);
    return file;
}

static void no_augmentation_equals_null(void **state) {
    (void)state;
    struct bytes file = gradient_png(50, 30);
    struct augment none = augment_none();
    float a[values], b[values];
    load(&file, &plain, NULL, a);
    load(&file, &plain, &none, b);
    assert_memory_equal(a, b, sizeof a);
    bytes_free(&file);
}

static void pixels_become_p_minus_mean_over_std_by_channel(void **state) {
    (void)state;
    struct image image = gradient_new(side, side);
    struct bytes file = png_new(image.pixels, side, side, 3);
    const struct preprocessing scale = {side, {10, 20, 30}, {2, 4, 8}};
    float input[values];
    load(&file, &scale, NULL, input);
    for (size_t i = 0; i < values; i++) {
        float expected = ((float)image.pixels[i] - scale.mean[i % 3]) / scale.std[i % 3];
        assert_true(fabsf(input[i] - expected) < 1e-5f);
    }
    bytes_free(&file);
    image_free(&image);
}

/* Of any side: numbers are converted in blocks, which lie in the same memory as the bytes. */
static void the_whole_photo_is_squashed_to_the_square(void **state) {
    (void)state;
    enum { MOST = 40 };
    struct image image = gradient_new(4 * side, 2 * side);
    struct bytes file = png_new(image.pixels, image.width, image.height, 3);
    for (size_t square = 1; square <= MOST; square++) {
        const struct preprocessing levels = {square, {0, 0, 0}, {1, 1, 1}};
        uint8_t expected[MOST * MOST * 3];
        float input[MOST * MOST * 3];
        assert_true(image_resize(&image, image.photo, square, square, expected, NULL));
        load(&file, &levels, NULL, input);
        for (size_t i = 0; i < square * square * 3; i++)
            assert_true(input[i] == (float)expected[i]);
    }
    bytes_free(&file);
    image_free(&image);
}

static void mirror_mirrors(void **state) {
    (void)state;
    struct bytes file = gradient_png(40, 40);
    struct augment augment = augment_none();
    augment.mirror = true;
    float straight[values], mirrored[values];
    load(&file, &plain, NULL, straight);
    load(&file, &plain, &augment, mirrored);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            assert_memory_equal(mirrored + (y * side + x) * 3,
                                straight + (y * side + side - 1 - x) * 3, 3 * sizeof(float));
    bytes_free(&file);
}

/* The photo is red but for a green quarter. */
static void crop_crops(void **state) {
    (void)state;
    struct image image;
    assert_true(image_new(&image, 64, 64, NULL));
    for (size_t i = 0; i < 64 * 64; i++) {
        bool green = i % 64 >= 32 && i / 64 < 32;
        memcpy(image.pixels + i * 3, green ? "\0\xff\0" : "\xff\0\0", 3);
    }
    struct bytes file = png_new(image.pixels, 64, 64, 3);
    struct augment augment = augment_none();
    augment.left = 0.625f;
    augment.top = 0.125f;
    augment.width = augment.height = 0.25f;
    float input[values];
    load(&file, &plain, &augment, input);
    for (size_t i = 0; i < side * side; i++)
        assert_true(input[i * 3] == 0 && input[i * 3 + 1] == 255 && input[i * 3 + 2] == 0);
    bytes_free(&file);
    image_free(&image);
}

static void colour_changes_reach_the_input(void **state) {
    (void)state;
    struct bytes file = gradient_png(20, 20);
    struct augment augment = augment_none();
    augment.brightness = 0.5f;
    float full[values], half[values];
    load(&file, &plain, NULL, full);
    load(&file, &plain, &augment, half);
    for (size_t i = 0; i < values; i++) assert_true(fabsf(half[i] - full[i] / 2) < 1e-4f);
    bytes_free(&file);
}

static void a_crop_outside_the_photo_is_an_error(void **state) {
    (void)state;
    struct bytes file = gradient_png(20, 20);
    static const float boxes[][4] = {
        {0.5f, 0, 0.6f, 1}, {0, -0.1f, 1, 1}, {0, 0, 0, 1}, {0, 0, 1, NAN}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        struct augment augment = augment_none();
        augment.left = boxes[i][0];
        augment.top = boxes[i][1];
        augment.width = boxes[i][2];
        augment.height = boxes[i][3];
        float input[values];
        caption_error error = {0};
        const struct image_file photo = image_file_inspect("x.png", file.data, file.size);
        assert_false(photo_load_memory(&photo, &plain, &augment, input, &error));
        assert_message_has(&error, "x.png: a crop of");
    }
    bytes_free(&file);
}

/* Decoding at a fraction must not be seen: the largest photos are the ones it is for. */
static void a_large_jpeg_gives_nearly_the_input_of_its_whole_size(void **state) {
    (void)state;
    enum { large = 64 };
    const struct preprocessing preprocessing = {large, {0, 0, 0}, {1, 1, 1}};
    struct image image = gradient_new(1000, 800);
    for (size_t y = 0; y < 800; y++) /* rings, ever finer */
        for (size_t x = 0; x < 1000; x++) {
            double wave = 100 * sin((double)(x * x + y * y) / 5000);
            for (size_t c = 0; c < 3; c++) {
                uint8_t *value = image.pixels + (y * 1000 + x) * 3 + c;
                *value = (uint8_t)fmin(fmax(*value + wave, 0), 255);
            }
        }
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    struct image whole = decoded(&file);
    uint8_t expected[large * large * 3];
    float input[large * large * 3];
    assert_true(image_resize(&whole, whole.photo, large, large, expected, NULL));
    load(&file, &preprocessing, NULL, input);
    double difference = 0;
    for (size_t i = 0; i < large * large * 3; i++)
        difference += fabs((double)input[i] - expected[i]) / (large * large * 3);
    print_message("mean difference of a reduced decoding: %.2f of 255\n", difference);
    assert_true(difference < 1.5);
    image_free(&whole);
    bytes_free(&file);
    image_free(&image);
}

static void a_fine_checkerboard_in_a_large_jpeg_becomes_flat_grey(void **state) {
    (void)state;
    struct image image;
    assert_true(image_new(&image, 2000, 1500, NULL));
    for (size_t y = 0; y < 1500; y++)
        for (size_t x = 0; x < 2000; x++)
            memset(image.pixels + (y * 2000 + x) * 3, (x + y) % 2 ? 255 : 0, 3);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    float input[values];
    load(&file, &plain, NULL, input);
    for (size_t i = 0; i < values; i++) assert_true(input[i] >= 125.5f && input[i] <= 129.5f);
    bytes_free(&file);
    image_free(&image);
}

static void assert_file_refused(const char *path, const char *part) {
    float input[values];
    caption_error error = {0};
    assert_false(photo_load(&(struct photo_file){.path = path}, &plain, NULL, input, &error));
    assert_message_has(&error, path);
    assert_message_has(&error, part);
}

static void a_file_equals_its_bytes_and_errors_name_it(void **state) {
    (void)state;
    char *path = temporary_file_new();
    assert_file_refused(path, ": is empty");
    temporary_file_write(path, "just a note", 11);
    assert_file_refused(path, ": is not a photo: it begins with the text \"just a note\"");

    struct bytes file = gradient_png(20, 20);
    temporary_file_write(path, file.data, file.size / 2);
    assert_file_refused(path, ": truncated PNG: ");
    temporary_file_write(path, file.data, file.size);
    float a[values], b[values];
    assert_true(photo_load(&(struct photo_file){.path = path}, &plain, NULL, a, NULL));
    load(&file, &plain, NULL, b);
    assert_memory_equal(a, b, sizeof a);
    bytes_free(&file);

    unlink(path);
    assert_file_refused(path, "No such file");
    assert_file_refused("/", "is a directory");
    temporary_file_free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_augmentation_equals_null),
        cmocka_unit_test(pixels_become_p_minus_mean_over_std_by_channel),
        cmocka_unit_test(the_whole_photo_is_squashed_to_the_square),
        cmocka_unit_test(mirror_mirrors),
        cmocka_unit_test(crop_crops),
        cmocka_unit_test(colour_changes_reach_the_input),
        cmocka_unit_test(a_crop_outside_the_photo_is_an_error),
        cmocka_unit_test(a_large_jpeg_gives_nearly_the_input_of_its_whole_size),
        cmocka_unit_test(a_fine_checkerboard_in_a_large_jpeg_becomes_flat_grey),
        cmocka_unit_test(a_file_equals_its_bytes_and_errors_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

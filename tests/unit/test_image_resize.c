#include "image_files.h"

#include <dirent.h>
#include <math.h>

#include "temporary_file.h"

static struct image resized(const struct image *in, float left, float top, float box_width,
                            float box_height, size_t width, size_t height) {
    struct image out;
    caption_error error = {0};
    assert_true(image_new(&out, width, height, NULL));
    const struct image_box box = {left, top, box_width, box_height};
    if (!image_resize(in, box, width, height, out.pixels, &error)) fail_msg("%s", error.message);
    return out;
}

static void the_same_size_changes_nothing(void **state) {
    (void)state;
    struct image image = gradient_new(31, 17);
    struct image out = resized(&image, 0, 0, 31, 17, 31, 17);
    assert_true(image_difference(&image, &out) == 0);
    image_free(&out);
    image_free(&image);
}

/* The definition of the filter, two-dimensional and in double. */
static double twin(const struct image *in, double box[4], size_t width, size_t height, size_t x,
                   size_t y, size_t channel) {
    double scale_x = box[2] / (double)width, scale_y = box[3] / (double)height;
    double center_x = box[0] + ((double)x + 0.5) * scale_x;
    double center_y = box[1] + ((double)y + 0.5) * scale_y;
    double sum = 0, weights = 0;
    for (size_t row = 0; row < in->height; row++)
        for (size_t column = 0; column < in->width; column++) {
            double dx = fabs((double)column + 0.5 - center_x) / fmax(scale_x, 1);
            double dy = fabs((double)row + 0.5 - center_y) / fmax(scale_y, 1);
            double weight = fmax(1 - dx, 0) * fmax(1 - dy, 0);
            sum += weight * in->pixels[(row * in->width + column) * 3 + channel];
            weights += weight;
        }
    return sum / weights;
}

static void resizing_agrees_with_its_definition(void **state) {
    (void)state;
    struct image image = gradient_new(40, 29);
    for (size_t i = 0; i < 40 * 29 * 3; i++) image.pixels[i] = (uint8_t)(i * i * 31 >> 3);
    static const struct {
        double box[4];
        size_t width, height;
    } cases[] = {{{0, 0, 40, 29}, 7, 5},           {{0, 0, 40, 29}, 90, 61},
                 {{3.25, 1.5, 30.5, 20.25}, 8, 8}, {{0, 0, 40, 29}, 1, 1},
                 {{39, 28, 1, 1}, 4, 4},           {{5, 5, 0.5, 0.5}, 3, 3},
                 {{0, 9, 40, 20}, 40, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double box[4];
        memcpy(box, cases[i].box, sizeof box);
        size_t w = cases[i].width, h = cases[i].height;
        struct image out =
            resized(&image, (float)box[0], (float)box[1], (float)box[2], (float)box[3], w, h);
        for (size_t k = 0; k < w * h * 3; k++) {
            double expected = twin(&image, box, w, h, k / 3 % w, k / 3 / w, k % 3);
            assert_true(fabs(expected - out.pixels[k]) <= 0.501);
        }
        image_free(&out);
    }
    image_free(&image);
}

static void white_stays_white_and_black_black(void **state) {
    (void)state;
    struct image image = gradient_new(333, 251);
    for (int value = 0; value <= 255; value += 255) {
        memset(image.pixels, value, 333 * 251 * 3);
        struct image out = resized(&image, 0.3f, 0.7f, 332.1f, 250.2f, 224, 224);
        for (size_t i = 0; i < 224 * 224 * 3; i++) assert_int_equal(out.pixels[i], value);
        image_free(&out);
    }
    image_free(&image);
}

static void a_fine_checkerboard_of_12_megapixels_becomes_flat_grey(void **state) {
    (void)state;
    struct image image;
    assert_true(image_new(&image, 4000, 3000, NULL));
    for (size_t y = 0; y < 3000; y++)
        for (size_t x = 0; x < 4000; x++)
            memset(image.pixels + (y * 4000 + x) * 3, (x + y) % 2 ? 255 : 0, 3);
    struct image out = resized(&image, 0, 0, 4000, 3000, 224, 224);
    for (size_t i = 0; i < 224 * 224 * 3; i++) assert_in_range(out.pixels[i], 126, 130);
    image_free(&out);
    image_free(&image);
}

static void a_box_outside_the_photo_is_refused(void **state) {
    (void)state;
    struct image image = gradient_new(10, 10);
    uint8_t pixels[12];
    static const struct image_box boxes[] = {{-1, 0, 5, 5}, {0, -1, 5, 5},  {6, 0, 5, 5},
                                             {0, 6, 5, 5},  {0, 0, 0, 5},   {0, 0, 5, -1},
                                             {10, 0, 1, 1}, {NAN, 0, 5, 5}, {0, 0, NAN, 5}};
    caption_error error = {0};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        assert_false(image_resize(&image, boxes[i], 2, 2, pixels, &error));
        assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    }
    assert_message_has(&error, "does not lie in a photo of 10 x 10");
    assert_false(image_resize(&image, image.photo, 0, 2, pixels, &error));
    image_free(&image);
}

static struct image read_photo(const char *folder, const char *name) {
    char *path = file_join(folder, name, NULL);
    struct file_bytes file;
    struct image image;
    caption_error error = {0};
    assert_non_null(path);
    if (!file_read(path, (size_t)1 << 28, &file, &error)) fail_msg("%s", error.message);
    struct bytes copy = {0};
    bytes_add(&copy, file.data, file.size);
    uint8_t *profile = memmem(copy.data, copy.size, "ICC_PROFILE", 12);
    if (profile) *profile = '-'; /* who squashed the photos ignored profiles */
    if (!image_decode(copy.data, copy.size, &image, &error)) fail_msg("%s", error.message);
    bytes_free(&copy);
    file_bytes_free(&file);
    free(path);
    return image;
}

static double difference_to_squashed(const char *originals, const char *squashed,
                                     const char *name) {
    struct image original = read_photo(originals, name), expected = read_photo(squashed, name);
    struct image out = resized(&original, 0, 0, (float)original.width, (float)original.height,
                               expected.width, expected.height);
    double difference = image_difference(&expected, &out);
    image_free(&out);
    image_free(&expected);
    image_free(&original);
    return difference;
}

/* The photos that the shipped model learned from were squashed elsewhere and stored as JPEG, whose
 * loss is most of the difference. A triangle differs by 4.87 of 255, the exact area by 4.85, a
 * bicubic filter by 5.15, Lanczos by 5.7, a box by 6.2, a bilinear filter that aliases by 6.6. */
static void squashing_is_close_to_how_the_training_photos_were_squashed(void **state) {
    (void)state;
    char *originals = shared_file("data/photos_original");
    char *squashed = shared_file("data/flickr8k/images");
    DIR *folder = opendir(originals);
    assert_non_null(folder);
    double sum = 0;
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".jpg")) continue;
        sum += difference_to_squashed(originals, squashed, entry->d_name);
        count++;
    }
    closedir(folder);
    free(squashed);
    free(originals);
    assert_true(count > 0);
    print_message("mean difference to %zu training photos: %.2f of 255\n", count,
                  sum / (double)count);
    assert_true(sum / (double)count < 5.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_size_changes_nothing),
        cmocka_unit_test(resizing_agrees_with_its_definition),
        cmocka_unit_test(white_stays_white_and_black_black),
        cmocka_unit_test(a_fine_checkerboard_of_12_megapixels_becomes_flat_grey),
        cmocka_unit_test(a_box_outside_the_photo_is_refused),
        cmocka_unit_test(squashing_is_close_to_how_the_training_photos_were_squashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Photos of every format, told by their content, with what EXIF and colour profiles say. */
#include <math.h>

#include "fuzz.h"
#include "image/photo.h"

/* Larger photos are right, and slow. */
enum { MOST_PIXELS = 1 << 20, SIDE = 32, NUMBERS = SIDE * SIDE * 3, THUMBNAIL = 40 };

static bool is_slow(const struct image_file *file) {
    const size_t width = file->header.width, height = file->header.height;
    return image_check_size(width, height, NULL) && width * height > MOST_PIXELS;
}

static bool decode(const struct image_file *file) {
    struct image image;
    caption_error error = {0};
    if (!image_file_decode(file, SIZE_MAX, false, &image, &error)) {
        fuzz_check_error(&error);
        return false;
    }
    FUZZ_MUST(image_check_size(image.width, image.height, NULL));
    unsigned sum = 0; /* every byte is read: it must be set, and there */
    for (size_t i = 0; i < image.width * image.height * 3; i++) sum += image.pixels[i];
    FUZZ_MUST(sum <= image.width * image.height * 3 * 255);
    image_free(&image);
    return true;
}

static void make_thumbnail(const struct image *image) {
    caption_thumbnail thumbnail;
    caption_error error = {0};
    FUZZ_MUST(thumbnail_of(image, THUMBNAIL, &thumbnail, &error));
    FUZZ_MUST(thumbnail.width <= THUMBNAIL && thumbnail.height <= THUMBNAIL && thumbnail.size > 0);
    thumbnail_free(&thumbnail);
}

/* What the encoder gets; the same photos must be whole. */
static void load(const struct image_file *file, bool whole) {
    static const struct preprocessing preprocessing = {
        .size = SIDE, .mean = {127, 127, 127}, .std = {128, 128, 128}};
    static float input[NUMBERS];
    struct image image;
    caption_error error = {0};
    const bool ok = photo_load_image(file, &preprocessing, false, &image, input, &error);
    FUZZ_MUST(ok == whole);
    if (!ok) {
        fuzz_check_error(&error);
        return;
    }
    for (size_t i = 0; i < NUMBERS; i++) FUZZ_MUST(fabsf(input[i]) < 1.1F);
    make_thumbnail(&image);
    image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char description[IMAGE_DESCRIPTION];
    image_describe(bytes, size, description);
    image_is_photo(bytes, size);
    struct color_cache colors = {NULL};
    struct image_file file = image_file_inspect("photo", bytes, size);
    file.colors = &colors;
    image_file_memory(&file, SIDE);
    if (is_slow(&file)) return 0;
    load(&file, decode(&file));
    color_cache_free(&colors);
    return 0;
}

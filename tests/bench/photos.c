/* Milliseconds to make the encoder's input from a JPEG in memory: as `caption` does it, and with
 * stb_image in place of libjpeg-turbo.
 *
 *     bench_photos PHOTO.jpg
 */
#include <stb_image.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/terminal.h"
#include "image/photo.h"

enum { SIDE = 224, ROUNDS = 15 };

static const struct preprocessing preprocessing = {
    .size = SIDE, .mean = {127, 127, 127}, .std = {128, 128, 128}};

static bool load_ours(const struct file_bytes *file, float *input, caption_error *error) {
    const struct image_file photo = image_file_inspect("photo", file->data, file->size);
    return photo_load_memory(&photo, &preprocessing, NULL, input, error);
}

static bool load_stb(const struct file_bytes *file, float *input, caption_error *error) {
    int width, height, channels;
    uint8_t *pixels =
        stbi_load_from_memory(file->data, (int)file->size, &width, &height, &channels, 3);
    if (!pixels) return error_set(error, CAPTION_ERROR_FORMAT, "%s", stbi_failure_reason());
    const struct image_box whole = {.width = (float)width, .height = (float)height};
    const struct image image = {
        .width = (size_t)width, .height = (size_t)height, .pixels = pixels, .photo = whole};
    static uint8_t small[SIDE * SIDE * 3];
    const bool done = image_resize(&image, whole, SIDE, SIDE, small, error);
    for (size_t i = 0; i < sizeof small; i++) input[i] = ((float)small[i] - 127) / 128;
    stbi_image_free(pixels);
    return done;
}

/* The best of some rounds: the machine's other work only ever adds. */
static bool measure(const char *name,
                    bool (*load)(const struct file_bytes *, float *, caption_error *),
                    const struct file_bytes *file, caption_error *error) {
    static float input[SIDE * SIDE * 3];
    double best = 1e30;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        if (!load(file, input, error)) return false;
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    printf("%s %.3f\n", name, 1e3 * best);
    return true;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: bench_photos PHOTO.jpg\n");
        return 2;
    }
    caption_error error;
    struct file_bytes file;
    bool done = file_read(arguments[1], PHOTO_MAX_BYTES, &file, &error);
    if (done) {
        done = measure("ours", load_ours, &file, &error) &&
               measure("stb_image", load_stb, &file, &error);
        file_bytes_free(&file);
    }
    if (!done) fprintf(stderr, "bench_photos: %s\n", error.message);
    return done ? 0 : 1;
}

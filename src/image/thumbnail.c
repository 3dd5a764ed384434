#include "image/thumbnail.h"

#include <stdlib.h>
#include <string.h>

#include <stb_image_write.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/photo.h"

/* Below 91, stb_image_write halves the colour's resolution, which nobody sees in a thumbnail. */
enum { QUALITY = 75 };

/* A side as the longest side's reduction leaves it; never 0, however long and thin a photo is. */
static size_t reduced(size_t side, size_t longest, size_t limit) {
    if (longest <= limit) return side;
    size_t scaled = (size_t)((double)side * (double)limit / (double)longest + 0.5);
    return scaled > 0 ? scaled : 1;
}

/* What stb_image_write hands over piece by piece. */
struct output {
    caption_thumbnail *thumbnail;
    size_t capacity;
    bool ok;
    caption_error *error;
};

static void take(void *context, void *data, int count) {
    struct output *output = context;
    caption_thumbnail *thumbnail = output->thumbnail;
    size_t size = (size_t)count, needed;
    if (!output->ok) return;
    output->ok =
        size_add(thumbnail->size, size, &needed) &&
        memory_grow(&thumbnail->jpeg, &output->capacity, needed, 1, "a thumbnail", output->error);
    if (!output->ok) return;
    memcpy(thumbnail->jpeg + thumbnail->size, data, size);
    thumbnail->size = needed;
}

static bool encode(const uint8_t *pixels, caption_thumbnail *out, caption_error *error) {
    struct output output = {.thumbnail = out, .ok = true, .error = error};
    int written = stbi_write_jpg_to_func(take, &output, (int)out->width, (int)out->height, 3,
                                         pixels, QUALITY);
    if (output.ok && written) return true;
    if (output.ok) error_memory(error, "a thumbnail");
    thumbnail_free(out);
    return false;
}

static bool check_side(size_t side, caption_error *error) {
    if (side >= 1 && side <= THUMBNAIL_LARGEST) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT, "a thumbnail of %zu pixels, expected 1 to %d",
                     side, THUMBNAIL_LARGEST);
}

bool thumbnail_of(const struct image *image, size_t side, caption_thumbnail *out,
                  caption_error *error) {
    *out = (caption_thumbnail){0};
    if (!check_side(side, error)) return false;
    size_t longest = image->width > image->height ? image->width : image->height;
    *out = (caption_thumbnail){.width = reduced(image->width, longest, side),
                               .height = reduced(image->height, longest, side)};
    uint8_t *pixels =
        memory_uninitialised(out->width * out->height, 3, "a thumbnail's pixels", error);
    if (!pixels) return false;
    bool ok = image_resize(image, image->photo, out->width, out->height, pixels, error) &&
              encode(pixels, out, error);
    free(pixels);
    return ok;
}

bool thumbnail_new(const uint8_t *bytes, size_t size, size_t side, caption_thumbnail *out,
                   caption_error *error) {
    *out = (caption_thumbnail){0};
    if (!check_side(side, error)) return false;
    struct image image;
    /* A JPEG's own coarse reduction is out of sight when it leaves twice what is shown. */
    if (!image_decode_reduced(bytes, size, 2 * side, &image, error)) return false;
    bool ok = thumbnail_of(&image, side, out, error);
    image_free(&image);
    return ok;
}

bool thumbnail_load(const struct photo_file *file, size_t side, caption_thumbnail *out,
                    caption_error *error) {
    *out = (caption_thumbnail){0};
    struct file_bytes bytes;
    if (!photo_file_read(file, &bytes, error)) return false;
    bool ok =
        thumbnail_new(bytes.data, bytes.size, side, out, error) || photo_file_error(file, error);
    file_bytes_free(&bytes);
    return ok;
}

void thumbnail_free(caption_thumbnail *thumbnail) {
    free(thumbnail->jpeg);
    *thumbnail = (caption_thumbnail){0};
}

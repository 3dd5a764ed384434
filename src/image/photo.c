#include "image/photo.h"

#include <errno.h>
#include <math.h>
#include <stb_image_write.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/simd_level.h"

/* A JPEG may be decoded at a fraction of its size where that leaves the crop twice the side of the
 * square: the fraction's own, coarse filter is then hardly seen behind ours (test_large_photos
 * measures how much). Five thirds would do for the pixels and let 12 megapixels be had at 1/8, a
 * sixth faster; but captions are fussier than eyes: 5 of 40 came out differently. */
static size_t smallest_side(size_t size, const struct augment *augment) {
    float share = fminf(augment->width, augment->height);
    return (size_t)ceil(2 * (double)size / (double)share);
}

static bool check_crop(const struct augment *augment, caption_error *error) {
    const float slack = 1e-5f;
    if (augment->left >= 0 && augment->top >= 0 && augment->width > 0 && augment->height > 0 &&
        augment->left + augment->width <= 1 + slack && augment->top + augment->height <= 1 + slack)
        return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "a crop of %g x %g at (%g, %g) does not lie in the photo (0..1)",
                     (double)augment->width, (double)augment->height, (double)augment->left,
                     (double)augment->top);
}

/* The bytes may lie at the end of the floats that are made of them, front to back: a block of
 * floats never reaches a byte that is still to be read. */
SIMD_KERNEL(static, void, to_floats, (const uint8_t *pixels, size_t count, float *input),
            (pixels, count, input)) {
    enum { BLOCK = 64 };
    size_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK) {
        uint8_t block[BLOCK];
        memcpy(block, pixels + i, BLOCK);
        for (size_t j = 0; j < BLOCK; j++) input[i + j] = block[j];
    }
    for (; i < count; i++) {
        const uint8_t value = pixels[i];
        input[i] = value;
    }
}

/* Cuts and squashes to (size, size, 3) values 0..255. */
static bool squash(const struct image *image, size_t size, const struct augment *augment,
                   float *input, caption_error *error) {
    const size_t count = size * size * 3;
    uint8_t *pixels = (uint8_t *)(input + count) - count;
    const struct image_box photo = image->photo;
    const struct image_box crop = {.left = photo.left + augment->left * photo.width,
                                   .top = photo.top + augment->top * photo.height,
                                   .width = augment->width * photo.width,
                                   .height = augment->height * photo.height};
    if (!image_resize(image, crop, size, size, pixels, error)) return false;
    to_floats(pixels, count, input);
    return true;
}

SIMD_KERNEL(static, void, standardise, (const struct preprocessing *preprocessing, float *input),
            (preprocessing, input)) {
    const struct preprocessing p = *preprocessing; /* nothing that `input` could be part of */
    for (size_t i = 0; i < p.size * p.size; i++) {
        for (size_t c = 0; c < 3; c++) input[3 * i + c] = (input[3 * i + c] - p.mean[c]) / p.std[c];
    }
}

/* From a decoded photo to the encoder's input. */
static bool make_input(const struct image *image, const struct preprocessing *preprocessing,
                       const struct augment *augment, float *input, caption_error *error) {
    if (!squash(image, preprocessing->size, augment, input, error)) return false;
    augment_pixels(augment, preprocessing->size, preprocessing->size, input);
    standardise(preprocessing, input);
    return true;
}

bool photo_load_memory(const struct image_file *file, const struct preprocessing *preprocessing,
                       const struct augment *augment, float *input, caption_error *error) {
    const struct augment whole = augment_none();
    if (!augment) augment = &whole;
    struct image image;
    if (!check_crop(augment, error)) return error_prefix(error, file->name);
    if (!image_file_decode(file, smallest_side(preprocessing->size, augment), false, &image, error))
        return false;
    const bool ok = make_input(&image, preprocessing, augment, input, error);
    image_free(&image);
    return ok || error_prefix(error, file->name);
}

bool photo_load_image(const struct image_file *file, const struct preprocessing *preprocessing,
                      bool partly, struct image *image, float *input, caption_error *error) {
    const struct augment whole = augment_none();
    const size_t side = smallest_side(preprocessing->size, &whole);
    if (!image_file_decode(file, side, partly, image, error)) return false;
    if (make_input(image, preprocessing, &whole, input, error)) return true;
    image_free(image);
    return error_prefix(error, file->name);
}

size_t photo_load_bytes(const struct image_file *file, const struct preprocessing *preprocessing) {
    const struct augment whole = augment_none();
    return image_file_memory(file, smallest_side(preprocessing->size, &whole));
}

bool photo_file_error(const struct photo_file *file, caption_error *error) {
    if (file->member) error_prefix(error, file->member);
    return error_prefix(error, file->path);
}

/* The part of the open file that is the photo. */
static bool read_part(const struct photo_file *file, const struct file_parts *parts,
                      struct file_bytes *out, caption_error *error) {
    const size_t size = file->member ? file->size : parts->size;
    if (size > PHOTO_MAX_BYTES) {
        error_set(error, CAPTION_ERROR_LIMIT, "larger than %zu bytes, the most accepted here",
                  PHOTO_MAX_BYTES);
        return photo_file_error(file, error);
    }
    out->data = memory_uninitialised(size + 1, 1, file->path, error);
    out->size = size;
    if (!out->data) return false;
    out->data[size] = 0;
    return file_parts_read(parts, file->path, file->offset, size, out->data, error);
}

bool photo_file_read(const struct photo_file *file, struct file_bytes *out, caption_error *error) {
    struct file_parts parts;
    *out = (struct file_bytes){0};
    if (!file_parts_open(&parts, file->path, error)) return false;
    const bool ok = read_part(file, &parts, out, error);
    file_parts_close(&parts);
    if (!ok) file_bytes_free(out);
    return ok;
}

bool photo_load(const struct photo_file *file, const struct preprocessing *preprocessing,
                const struct augment *augment, float *input, caption_error *error) {
    struct file_bytes bytes;
    if (!photo_file_read(file, &bytes, error)) return false;
    const struct image_file inspected =
        image_file_inspect(file->member ? file->member : file->path, bytes.data, bytes.size);
    bool ok = photo_load_memory(&inspected, preprocessing, augment, input, error) ||
              (file->member && error_prefix(error, file->path));
    file_bytes_free(&bytes);
    return ok;
}

bool photo_decodes(const struct photo_file *file, caption_error *error) {
    struct file_bytes bytes;
    if (!photo_file_read(file, &bytes, error)) return false;
    struct image image;
    /* A side of one pixel: a JPEG is read to its end, but hardly any of its pixels are made. */
    bool ok = image_decode_reduced(bytes.data, bytes.size, 1, &image, error);
    if (ok) image_free(&image);
    file_bytes_free(&bytes);
    return ok || photo_file_error(file, error);
}

bool photo_named_raw(const char *path) {
    static const char *const extensions[] = {".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw",
                                             ".sr2", ".raf", ".rw2", ".orf", ".pef", ".srw", ".x3f",
                                             ".rwl", ".mrw", ".3fr", ".erf", ".kdc", NULL};
    return file_has_extension(path, extensions);
}

bool photo_named(const char *path) {
    static const char *const extensions[] = {".jpg",  ".jpeg", ".jpe",  ".jfif", ".png", ".gif",
                                             ".webp", ".bmp",  ".dib",  ".pbm",  ".pgm", ".ppm",
                                             ".pnm",  ".pam",  ".heic", ".heif", ".hif", ".avif",
                                             ".tif",  ".tiff", ".jxl",  ".jp2",  NULL};
    return file_has_extension(path, extensions) || photo_named_raw(path);
}

bool photo_recognise(const char *path) {
    struct stat status;
    const bool named = photo_named(path);
    if (stat(path, &status) != 0) return errno != ENOENT || (named && lstat(path, &status) == 0);
    if (!S_ISREG(status.st_mode)) return false;
    struct file_bytes beginning;
    if (named || !file_read_beginning(path, IMAGE_SIGNATURE, &beginning)) return true;
    const bool photo = image_is_photo(beginning.data, beginning.size);
    file_bytes_free(&beginning);
    return photo;
}

struct augment augment_none(void) {
    return (struct augment){
        .width = 1, .height = 1, .brightness = 1, .contrast = 1, .saturation = 1};
}

/* Uniform in [low, high). */
static float draw_between(float low, float high, struct random *random) {
    return low + (high - low) * random_uniform(random);
}

/* A crop of a drawn area and aspect (Szegedy et al., 2015, section 6). The aspect is drawn from
 * what fits into the photo, so that the area is never cut further. */
static void draw_crop(float strength, struct augment *augment, struct random *random) {
    float area = draw_between(1 - strength, 1, random);
    float narrowest = fmaxf(3.0f / 4, area), widest = fminf(4.0f / 3, 1 / area);
    float aspect = expf(draw_between(logf(narrowest), logf(widest), random));
    augment->width = fminf(sqrtf(area * aspect), 1);
    augment->height = fminf(sqrtf(area / aspect), 1);
    augment->left = draw_between(0, 1 - augment->width, random);
    augment->top = draw_between(0, 1 - augment->height, random);
}

struct augment augment_draw(const struct augment_strength *strength, struct random *random) {
    struct augment augment = augment_none();
    draw_crop(strength->crop, &augment, random);
    augment.mirror = (random_u64(random) >> 63) != 0 && strength->flip;
    augment.brightness = draw_between(1 - strength->color, 1 + strength->color, random);
    augment.contrast = draw_between(1 - strength->color, 1 + strength->color, random);
    augment.saturation = draw_between(1 - strength->color, 1 + strength->color, random);
    return augment;
}

static void mirror(size_t width, size_t height, float *pixels) {
    for (size_t y = 0; y < height; y++) {
        float *left = pixels + y * width * 3, *right = left + width * 3;
        while (right - left >= 6) {
            right -= 3;
            for (size_t c = 0; c < 3; c++) {
                float kept = left[c];
                left[c] = right[c];
                right[c] = kept;
            }
            left += 3;
        }
    }
}

static float clamp(float value) {
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Luma (ITU-R BT.601). */
static float grey(const float *pixel) {
    return 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
}

static void brighten(float factor, size_t count, float *pixels) {
    for (size_t i = 0; i < count * 3; i++) pixels[i] = clamp(pixels[i] * factor);
}

/* Away from, or towards, the mean grey of the photo. */
static void change_contrast(float factor, size_t count, float *pixels) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)grey(pixels + i * 3);
    float mean = (float)(sum / (double)count);
    for (size_t i = 0; i < count * 3; i++) pixels[i] = clamp(mean + (pixels[i] - mean) * factor);
}

/* Away from, or towards, each pixel's own grey. */
static void saturate(float factor, size_t count, float *pixels) {
    for (size_t i = 0; i < count; i++, pixels += 3) {
        float level = grey(pixels);
        for (size_t c = 0; c < 3; c++) pixels[c] = clamp(level + (pixels[c] - level) * factor);
    }
}

void augment_pixels(const struct augment *augment, size_t width, size_t height, float *pixels) {
    size_t count = width * height;
    if (augment->mirror) mirror(width, height, pixels);
    if (augment->brightness != 1) brighten(augment->brightness, count, pixels);
    if (augment->contrast != 1) change_contrast(augment->contrast, count, pixels);
    if (augment->saturation != 1) saturate(augment->saturation, count, pixels);
}

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

#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"

bool image_check_size(size_t width, size_t height, caption_error *error) {
    if (width == 0 || height == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "%zu x %zu pixels: no photo at all", width,
                         height);
    if (width > IMAGE_MAX_PIXELS / height)
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "%zu x %zu pixels, at most %zu pixels are accepted", width, height,
                         IMAGE_MAX_PIXELS);
    return true;
}

bool image_new(struct image *image, size_t width, size_t height, caption_error *error) {
    if (!image_check_size(width, height, error)) return false;
    uint8_t *pixels = memory_uninitialised(width * height, 3, "a photo's pixels", error);
    if (!pixels) return false;
    *image = (struct image){.width = width,
                            .height = height,
                            .pixels = pixels,
                            .photo = {0, 0, (float)width, (float)height}};
    return true;
}

void image_free(struct image *image) {
    free(image->pixels);
    *image = (struct image){0};
}

static uint8_t over_white(unsigned value, unsigned alpha) {
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

void image_over_white(const uint8_t *pixels, size_t channels, size_t count, uint8_t *rgb) {
    if (channels == 3) {
        memcpy(rgb, pixels, count * 3);
        return;
    }
    bool grey = channels < 3, transparent = channels == 2 || channels == 4;
    for (size_t i = 0; i < count; i++, pixels += channels, rgb += 3) {
        unsigned alpha = transparent ? pixels[channels - 1] : 255;
        for (size_t c = 0; c < 3; c++) rgb[c] = over_white(pixels[grey ? 0 : c], alpha);
    }
}

/* Resizing by a separable triangle filter that grows with the reduction (Turkowski, "Filters for
 * common resampling tasks", 1990). Rows are blended first: neighbours in a row are neighbours in
 * memory, so that this pass, through which every pixel of a large photo goes, runs in vectors. */

/* Red, green, blue and one lane that is computed along: the red of the pixel behind. */
enum { LANES = 4, CHANNELS = 3 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* Which input pixels make output pixel i: `count[i]` from `first[i]` on, with the weights from
 * `weights + i * stride` on, which add up to 1. */
struct filter {
    size_t length, stride;
    size_t *first, *count;
    float *weights;
};

static void filter_free(struct filter *filter) {
    free(filter->first);
    free(filter->count);
    free(filter->weights);
}

static bool filter_allocate(struct filter *filter, size_t length, double support,
                            caption_error *error) {
    size_t stride = (size_t)(2 * support) + 3, weights;
    *filter = (struct filter){.length = length, .stride = stride};
    if (!size_multiply(length, stride, &weights)) return error_memory(error, "a resizing filter");
    filter->first = memory_zeroed(length, sizeof(size_t), "a resizing filter", error);
    filter->count = memory_zeroed(length, sizeof(size_t), "a resizing filter", error);
    filter->weights = memory_zeroed(weights, sizeof(float), "a resizing filter", error);
    if (filter->first && filter->count && filter->weights) return true;
    filter_free(filter);
    return false;
}

/* The weights of one output pixel whose centre lies at `center` of the input. */
static void filter_fill(struct filter *filter, size_t i, double center, double support,
                        size_t in_length) {
    double lowest = fmax(floor(center - support), 0);
    double highest = fmin(ceil(center + support), (double)in_length);
    size_t first = (size_t)lowest, count = 0;
    float *weights = filter->weights + i * filter->stride;
    double sum = 0;
    for (size_t p = first; p < (size_t)highest; p++) {
        double weight = 1 - fabs((double)p + 0.5 - center) / support;
        if (weight <= 0 && count == 0) first = p + 1;
        if (weight <= 0) continue;
        weights[count++] = (float)weight;
        sum += weight;
    }
    for (size_t k = 0; k < count; k++) weights[k] = (float)((double)weights[k] / sum);
    filter->first[i] = first;
    filter->count[i] = count;
}

/* Half the width of a triangle as wide as two output pixels, or narrower where the input was
 * filtered before: the variances of filters in a row add up, and a triangle's is support^2 / 6. */
static double support_of(double scale, double variance) {
    return sqrt(fmax(scale * scale - 6 * variance, 1));
}

/* `length` pixels from `start` on of a row or column of `all`. */
struct pixel_span {
    size_t all;
    double start, length;
};

/* The filter from the span to `length` pixels. */
static bool filter_new(struct filter *filter, const struct pixel_span *span, size_t length,
                       double variance, caption_error *error) {
    double scale = span->length / (double)length, support = support_of(scale, variance);
    if (!filter_allocate(filter, length, support, error)) return false;
    for (size_t i = 0; i < length; i++)
        filter_fill(filter, i, span->start + ((double)i + 0.5) * scale, support, span->all);
    return true;
}

/* out[i] = sum over k of weights[k] * rows[k * stride + i], four rows at a time. */
SIMD_KERNEL(static, void, blend_rows,
            (const uint8_t *rows, size_t stride, const float *weights, size_t count, size_t length,
             float *restrict out),
            (rows, stride, weights, count, length, out)) {
    for (size_t i = 0; i < length; i++) out[i] = 0;
    size_t k = 0;
    for (; k + 4 <= count; k += 4) {
        const uint8_t *a = rows + k * stride, *b = a + stride, *c = b + stride, *d = c + stride;
        const float *w = weights + k;
        for (size_t i = 0; i < length; i++)
            out[i] += w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i];
    }
    for (; k < count; k++)
        for (size_t i = 0; i < length; i++) out[i] += weights[k] * rows[k * stride + i];
}

/* One output row from the blended one, whose first pixel is input column `left`; each holds
 * a number more. */
SIMD_KERNEL(static, void, blend_columns,
            (const struct filter *filter, size_t left, const float *row, float *out),
            (filter, left, row, out)) {
    for (size_t x = 0; x < filter->length; x++, out += CHANNELS) {
        const float *pixel = row + (filter->first[x] - left) * CHANNELS;
        const float *weights = filter->weights + x * filter->stride;
        lanes sum = {0};
        for (size_t k = 0; k < filter->count[x]; k++, pixel += CHANNELS) {
            lanes values;
            memcpy(&values, pixel, sizeof values);
            sum += weights[k] * values;
        }
        memcpy(out, &sum, sizeof sum);
    }
}

/* To the nearest. A blend of 0..255 with weights that add up to 1 leaves that range by rounding
 * only. */
SIMD_KERNEL(static, void, to_bytes, (const float *row, size_t length, uint8_t *out),
            (row, length, out)) {
    for (size_t i = 0; i < length; i++) {
        const float value = row[i] + 0.5F;
        out[i] = (uint8_t)(value < 255 ? value : 255);
    }
}

static bool resize_with(const struct image *in, const struct filter *columns,
                        const struct filter *rows, uint8_t *pixels, caption_error *error) {
    const size_t left = columns->first[0], last = columns->length - 1;
    const size_t used = (columns->first[last] + columns->count[last] - left) * CHANNELS;
    const size_t length = columns->length * CHANNELS;
    float *blended = memory_zeroed(used + length + 2, sizeof(float), "a row of pixels", error);
    if (!blended) return false;
    float *row = blended + used + 1;
    for (size_t y = 0; y < rows->length; y++) {
        const uint8_t *from = in->pixels + (rows->first[y] * in->width + left) * CHANNELS;
        blend_rows(from, in->width * CHANNELS, rows->weights + y * rows->stride, rows->count[y],
                   used, blended);
        blend_columns(columns, left, blended, row);
        to_bytes(row, length, pixels + y * length);
    }
    free(blended);
    return true;
}

/* A box computed from shares in float may stand out by a rounding error. */
static bool is_inside(float start, float length, size_t limit) {
    const double slack = 1e-2;
    return start >= 0 && length > 0 && (double)start < (double)limit &&
           (double)start + (double)length <= (double)limit + slack;
}

static bool is_all(struct image_box box, const struct image *image) {
    return box.left == 0 && box.top == 0 && box.width == (float)image->width &&
           box.height == (float)image->height;
}

bool image_resize(const struct image *in, struct image_box box, size_t width, size_t height,
                  uint8_t *pixels, caption_error *error) {
    if (!is_inside(box.left, box.width, in->width) || !is_inside(box.top, box.height, in->height))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "a box of %g x %g at (%g, %g) does not lie in a photo of %zu x %zu",
                         (double)box.width, (double)box.height, (double)box.left, (double)box.top,
                         in->width, in->height);
    if (width == 0 || height == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "a photo cannot be resized to %zu x %zu",
                         width, height);
    if (is_all(box, in) && width == in->width && height == in->height) {
        memcpy(pixels, in->pixels, width * height * CHANNELS);
        return true;
    }
    const double variance = (double)in->variance;
    struct filter columns, rows;
    const struct pixel_span across = {in->width, (double)box.left, (double)box.width};
    const struct pixel_span down = {in->height, (double)box.top, (double)box.height};
    if (!filter_new(&columns, &across, width, variance, error)) return false;
    bool ok = filter_new(&rows, &down, height, variance, error);
    if (ok) {
        ok = resize_with(in, &columns, &rows, pixels, error);
        filter_free(&rows);
    }
    filter_free(&columns);
    return ok;
}

#include "image/augment.h"

#include <math.h>

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

#include "develop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, SAMPLES = 3 /* a pixel's side */ };

/* From the picture's unit square to the drawing's: x = (a u + b v + c) / (g u + h v + 1). */
struct view {
    double a, b, c, d, e, f, g, h;
};

/* Surroundings of the drawing where it does not fill the picture. */
struct backdrop {
    struct rgb colour;
    double grain, angle;
};

/* The inverse view: the drawing's corners, clockwise from the top left, in the picture's units
 * (Heckbert, 1989, square to quadrilateral, inverted). */
static struct view view_of_corners(const double (*p)[2]) {
    const double dx1 = p[1][0] - p[2][0], dx2 = p[3][0] - p[2][0];
    const double dy1 = p[1][1] - p[2][1], dy2 = p[3][1] - p[2][1];
    const double sx = p[0][0] - p[1][0] + p[2][0] - p[3][0];
    const double sy = p[0][1] - p[1][1] + p[2][1] - p[3][1];
    const double det = dx1 * dy2 - dx2 * dy1;
    const double g = (sx * dy2 - dx2 * sy) / det, h = (dx1 * sy - sx * dy1) / det;
    const double a = p[1][0] - p[0][0] + g * p[1][0], b = p[3][0] - p[0][0] + h * p[3][0];
    const double d = p[1][1] - p[0][1] + g * p[1][1], e = p[3][1] - p[0][1] + h * p[3][1];
    const double c = p[0][0], f = p[0][1], i = a * e - b * d;
    return (struct view){.a = (e - f * h) / i,
                         .b = (c * h - b) / i,
                         .c = (b * f - c * e) / i,
                         .d = (f * g - d) / i,
                         .e = (a - c * g) / i,
                         .f = (c * d - a * f) / i,
                         .g = (d * h - e * g) / i,
                         .h = (b * g - a * h) / i};
}

/* Turned, and for photographs smaller than the picture and seen from aside. Angles of the test half
 * are larger than those of the other. */
static struct view choose_view(struct canvas *canvas, bool photographed) {
    static const double corners[4][2] = {{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}};
    double placed[4][2];
    const double size = photographed ? canvas_uniform(canvas, 0.7, 1.1) : 1.005;
    const double most = photographed ? 0.12 : 0.03, jitter = photographed ? 0.05 : 0;
    double angle =
        canvas->test ? canvas_uniform(canvas, most, 1.6 * most) : canvas_uniform(canvas, 0, most);
    if (canvas_chance(canvas, 0.5)) angle = -angle;
    const double aspect = canvas->width / canvas->height;
    for (size_t i = 0; i < 4; i++) {
        const double x = corners[i][0] * size * aspect, y = corners[i][1] * size;
        placed[i][0] = 0.5 + (x * cos(angle) - y * sin(angle)) / aspect +
                       canvas_uniform(canvas, -jitter, jitter);
        placed[i][1] =
            0.5 + x * sin(angle) + y * cos(angle) + canvas_uniform(canvas, -jitter, jitter);
    }
    return view_of_corners(placed);
}

static struct backdrop choose_backdrop(struct canvas *canvas, bool photographed) {
    struct backdrop backdrop = {.angle = canvas_uniform(canvas, 0, M_PI)};
    if (!photographed) {
        backdrop.colour = rgb_grey(canvas_chance(canvas, 0.8) ? 1 : 0.1);
        return backdrop;
    }
    const bool wood = canvas_chance(canvas, 0.5);
    backdrop.grain = wood ? canvas_uniform(canvas, 0.03, 0.1) : canvas_uniform(canvas, 0, 0.02);
    backdrop.colour =
        wood ? rgb_hsl(canvas_uniform(canvas, 0.05, 0.1), 0.4, canvas_uniform(canvas, 0.2, 0.6))
             : rgb_hsl(canvas_hue(canvas), canvas_uniform(canvas, 0, 0.4),
                       canvas_uniform(canvas, 0.1, 0.8));
    return backdrop;
}

static struct rgb backdrop_at(const struct backdrop *backdrop, double u, double v) {
    const double along = u * cos(backdrop->angle) + v * sin(backdrop->angle);
    const double streak = sin(along * 37) + sin(along * 91 + 2) + sin(along * 203 + 3 * sin(5 * v));
    const double light = 1 + backdrop->grain * streak;
    return (struct rgb){backdrop->colour.red * light, backdrop->colour.green * light,
                        backdrop->colour.blue * light};
}

static struct rgb pixel_at(const uint8_t *data, int stride, size_t x, size_t y) {
    uint32_t pixel;
    memcpy(&pixel, data + y * (size_t)stride + 4 * x, sizeof pixel);
    return (struct rgb){(pixel >> 16 & 255) / 255.0, (pixel >> 8 & 255) / 255.0,
                        (pixel & 255) / 255.0};
}

/* Takes the picture: the mean of some samples of each pixel. */
static void expose(struct canvas *canvas, const struct view *view, const struct backdrop *backdrop,
                   size_t width, size_t height, float *light) {
    cairo_surface_t *surface = cairo_get_target(canvas->cairo);
    const uint8_t *data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const double across = cairo_image_surface_get_width(surface);
    const double down = cairo_image_surface_get_height(surface);
    for (size_t i = 0; i < width * height; i++) {
        double sum[CHANNELS] = {0};
        for (size_t s = 0; s < SAMPLES * SAMPLES; s++) {
            const double u =
                ((double)(i % width) + ((double)(s % SAMPLES) + 0.5) / SAMPLES) / (double)width;
            const double v =
                ((double)(i / width) + ((double)(s / SAMPLES) + 0.5) / SAMPLES) / (double)height;
            const double scale = view->g * u + view->h * v + 1;
            const double x = (view->a * u + view->b * v + view->c) / scale * across;
            const double y = (view->d * u + view->e * v + view->f) / scale * down;
            const bool inside = x >= 0 && y >= 0 && x < across && y < down;
            const struct rgb colour =
                inside ? pixel_at(data, stride, (size_t)x, (size_t)y) : backdrop_at(backdrop, u, v);
            sum[0] += colour.red;
            sum[1] += colour.green;
            sum[2] += colour.blue;
        }
        for (size_t k = 0; k < CHANNELS; k++) {
            light[CHANNELS * i + k] = (float)(sum[k] / (SAMPLES * SAMPLES));
        }
    }
}

/* Light that falls from one side, and colours of old paper or of lamps. */
static void shade(struct canvas *canvas, size_t width, size_t height, float *light) {
    const double angle = canvas_uniform(canvas, 0, 2 * M_PI),
                 slope = canvas_uniform(canvas, 0, 0.5);
    const double bright = canvas_uniform(canvas, 0.7, 1.02),
                 tone = canvas_chance(canvas, 0.4) ? canvas_uniform(canvas, 0, 0.3) : 0.03;
    const float tint[CHANNELS] = {1, (float)(1 - tone * 0.4), (float)(1 - tone)};
    for (size_t i = 0; i < width * height; i++) {
        const double u = (double)(i % width) / (double)width - 0.5;
        const double v = (double)(i / width) / (double)height - 0.5;
        const double factor = bright * (1 - slope * (0.5 + u * cos(angle) + v * sin(angle)) * 0.7);
        for (size_t k = 0; k < CHANNELS; k++) light[CHANNELS * i + k] *= (float)factor * tint[k];
    }
}

static void smooth(size_t width, size_t height, float *light, float share) {
    for (size_t i = 0; i + width + 1 < width * height; i++) {
        for (size_t k = 0; k < CHANNELS; k++) {
            float *pixel = light + CHANNELS * i + k;
            const float mean = (pixel[0] + pixel[CHANNELS] + pixel[CHANNELS * width] +
                                pixel[CHANNELS * (width + 1)]) /
                               4;
            pixel[0] += share * (mean - pixel[0]);
        }
    }
}

static void change_tones(struct canvas *canvas, size_t count, float *light) {
    const bool grey = canvas_chance(canvas, 0.12), negative = canvas_chance(canvas, 0.03);
    const float contrast = (float)(canvas_chance(canvas, 0.2) ? canvas_uniform(canvas, 0.5, 1) : 1);
    for (size_t i = 0; i < count; i++) {
        float *pixel = light + CHANNELS * i;
        const float mean = 0.3F * pixel[0] + 0.59F * pixel[1] + 0.11F * pixel[2];
        for (size_t k = 0; k < CHANNELS; k++) {
            float value = grey ? mean : pixel[k];
            if (negative) value = 1 - value;
            pixel[k] = 0.5F + contrast * (value - 0.5F);
        }
    }
}

static void write_pixels(struct canvas *canvas, const float *light, double noise,
                         struct picture *picture) {
    for (size_t i = 0; i < picture->width * picture->height * CHANNELS; i++) {
        float value = light[i] * 255 + 0.5F;
        if (noise > 0) value += (float)noise * random_normal(canvas->random);
        picture->pixels[i] = (uint8_t)fminf(255, fmaxf(0, value));
    }
}

bool develop(struct canvas *canvas, size_t width, size_t height, struct picture *picture) {
    *picture = (struct picture){malloc(width * height * CHANNELS), width, height};
    float *light = malloc(width * height * CHANNELS * sizeof *light);
    if (!picture->pixels || !light) {
        free(light);
        picture_free(picture);
        return false;
    }
    const bool paper = canvas->medium == MEDIUM_PAPER, screen = canvas->medium == MEDIUM_SCREEN;
    const bool photographed = canvas_chance(canvas, paper ? 0.35 : screen ? 0.05 : 0);
    const bool turned = photographed || (paper && canvas_chance(canvas, 0.35));
    const struct view straight = {.a = 1, .e = 1};
    const struct view view = turned ? choose_view(canvas, photographed) : straight;
    const struct backdrop backdrop = choose_backdrop(canvas, photographed);
    cairo_surface_flush(cairo_get_target(canvas->cairo));
    expose(canvas, &view, &backdrop, width, height, light);
    if (photographed || (paper && canvas_chance(canvas, 0.3))) shade(canvas, width, height, light);
    if (!canvas->colour_named) change_tones(canvas, width * height, light);
    if (canvas_chance(canvas, 0.2))
        smooth(width, height, light, (float)canvas_uniform(canvas, 0.3, 1));
    const double noise =
        photographed || canvas_chance(canvas, 0.15) ? canvas_uniform(canvas, 0, 7) : 0;
    write_pixels(canvas, light, noise, picture);
    free(light);
    return true;
}

void picture_free(struct picture *picture) {
    free(picture->pixels);
    *picture = (struct picture){0};
}

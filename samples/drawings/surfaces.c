/* Pictures of nothing: one colour, gradients, noise, patterns. */
#include <math.h>
#include <string.h>

#include "kinds.h"

/* Colours that everybody calls by this name: [hue from, to, saturation from, to, lightness from,
 * to]. */
static const struct {
    const char *name;
    double range[6];
} colours[] = {{"white", {0, 1, 0, 0.1, 0.97, 1}},
               {"black", {0, 1, 0, 0.1, 0, 0.06}},
               {"gray", {0, 1, 0, 0.03, 0.35, 0.75}},
               {"red", {0.97, 1.02, 0.75, 1, 0.38, 0.52}},
               {"green", {0.28, 0.4, 0.5, 1, 0.25, 0.5}},
               {"blue", {0.57, 0.66, 0.6, 1, 0.3, 0.6}},
               {"yellow", {0.14, 0.17, 0.85, 1, 0.48, 0.62}},
               {"orange", {0.07, 0.1, 0.85, 1, 0.48, 0.57}},
               {"purple", {0.75, 0.81, 0.4, 0.9, 0.3, 0.55}},
               {"pink", {0.9, 0.96, 0.7, 1, 0.72, 0.85}},
               {"brown", {0.05, 0.09, 0.4, 0.7, 0.2, 0.32}}};
enum { COLOURS = sizeof colours / sizeof *colours };

void draw_blank(struct canvas *canvas) {
    const size_t choice =
        canvas_chance(canvas, 0.45) ? canvas_below(canvas, 2) : canvas_below(canvas, COLOURS);
    const double *range = colours[choice].range;
    const char *name = colours[choice].name;
    canvas_paint(canvas, rgb_hsl(canvas_uniform(canvas, range[0], range[1]),
                                 canvas_uniform(canvas, range[2], range[3]),
                                 canvas_uniform(canvas, range[4], range[5])));
    canvas->medium = MEDIUM_BARE;
    canvas->colour_named = true;
    canvas_say(canvas, "a blank %s picture", name);
    canvas_say(canvas, "a plain %s background", name);
    canvas_say(canvas, "a picture that is all %s", name);
}

void draw_gradient(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, angle = canvas_uniform(canvas, 0, 2 * M_PI);
    cairo_pattern_t *pattern =
        canvas_chance(canvas, 0.3)
            ? cairo_pattern_create_radial(w / 2, h / 2, 0, w / 2, h / 2, hypot(w, h) / 2)
            : cairo_pattern_create_linear(w / 2 - w / 2 * cos(angle), h / 2 - h / 2 * sin(angle),
                                          w / 2 + w / 2 * cos(angle), h / 2 + h / 2 * sin(angle));
    const size_t stops = canvas_between(canvas, 2, 3);
    const bool grey = canvas_chance(canvas, 0.2), darkens = canvas_chance(canvas, 0.5);
    for (size_t i = 0; i < stops; i++) {
        const struct rgb colour =
            rgb_hsl(canvas_hue(canvas), grey ? 0 : canvas_uniform(canvas, 0.1, 1),
                    (i % 2 == 0) == darkens ? canvas_uniform(canvas, 0.6, 1)
                                            : canvas_uniform(canvas, 0, 0.4));
        cairo_pattern_add_color_stop_rgb(pattern, (double)i / (double)(stops - 1), colour.red,
                                         colour.green, colour.blue);
    }
    cairo_set_source(canvas->cairo, pattern);
    cairo_paint(canvas->cairo);
    cairo_pattern_destroy(pattern);
    canvas->medium = MEDIUM_BARE;
    canvas_say(canvas, "a blank picture with a gradient");
    canvas_say(canvas, "a plain background with a gradient");
    canvas_say(canvas, "a smooth gradient");
}

static uint8_t noise_value(struct canvas *canvas, size_t look, double strength) {
    double value = 128;
    if (look % 2 == 0) value += strength * (double)random_normal(canvas->random);
    if (look % 4 == 1) value = canvas_uniform(canvas, 128 - strength, 128 + strength);
    if (look % 4 == 3) value = canvas_chance(canvas, 0.5) ? 128 - strength : 128 + strength;
    return (uint8_t)fmax(0, fmin(255, value));
}

void draw_noise(struct canvas *canvas) {
    const size_t look = canvas_style(canvas, "noise", 10);
    const bool coloured = canvas_chance(canvas, 0.5);
    const double strength = canvas_uniform(canvas, 50, 127);
    const double grain = exp(canvas_uniform(canvas, log(3.5), log(45)));
    const int w = (int)(canvas->width / grain) + 1, h = (int)(canvas->height / grain) + 1;
    const struct rgb tint = look > 7 ? canvas_accent(canvas, 0) : rgb_grey(1);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    uint8_t *data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            uint32_t pixel = 0;
            const uint8_t grey = noise_value(canvas, look, strength);
            for (int k = 0; k < 3; k++) {
                const double share = k == 0 ? tint.red : k == 1 ? tint.green : tint.blue;
                const uint8_t value = coloured ? noise_value(canvas, look, strength) : grey;
                pixel = pixel << 8 | (uint32_t)(value * share);
            }
            memcpy(data + y * stride + 4 * x, &pixel, sizeof pixel);
        }
    }
    cairo_surface_mark_dirty(surface);
    cairo_save(canvas->cairo);
    cairo_scale(canvas->cairo, grain, grain);
    cairo_set_source_surface(canvas->cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(canvas->cairo),
                             look > 4 && grain > 4 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
    cairo_paint(canvas->cairo);
    cairo_restore(canvas->cairo);
    cairo_surface_destroy(surface);
    canvas->medium = MEDIUM_BARE;
    canvas_say(canvas, "a picture of random noise");
    canvas_say(canvas, "random noise");
    const bool tinted = coloured || look > 7;
    canvas->colour_named = true;
    canvas_say(canvas, tinted ? "a picture of colored noise" : "a picture of gray noise");
}

static void draw_stripes(struct canvas *canvas, double step, bool waves) {
    for (double y = -1500; y < 1500; y += step) {
        const struct rgb colour = canvas_accent(canvas, canvas_below(canvas, 2));
        cairo_move_to(canvas->cairo, -1500, y);
        for (double x = -1500; waves && x < 1500; x += 20) {
            cairo_line_to(canvas->cairo, x, y + step * 0.6 * sin(x / step));
        }
        cairo_line_to(canvas->cairo, 1500, y);
        canvas_stroke(canvas, colour, step * 0.5);
    }
}

static void draw_tiles(struct canvas *canvas, double step, size_t shape) {
    for (long row = -30; row < 30; row++) {
        for (long column = -30; column < 30; column++) {
            const double shift = shape % 2 ? (double)(row & 1) * step / 2 : 0;
            const double x = (double)column * step + shift, y = (double)row * step;
            if (fabs(x) > 900 || fabs(y) > 900) continue;
            const struct rgb colour = canvas_accent(canvas, (size_t)((row + column) & 1));
            if (shape == 0 && ((row + column) & 1)) canvas_box(canvas, x, y, step, step, colour);
            if (shape == 1) canvas_disc(canvas, x, y, step * 0.3, colour);
            if (shape == 2) canvas_frame(canvas, x, y, step, step, colour, step * 0.1);
            if (shape == 3)
                canvas_polygon_path(canvas, x, y, step * 0.45, 3, (double)(row & 1) * M_PI);
            if (shape == 4) canvas_polygon_path(canvas, x, y, step * 0.5, 4, 0);
            if (shape == 5) canvas_polygon_path(canvas, x, y, step * 0.55, 6, 0);
            if (shape == 6) canvas_star_path(canvas, x, y, step * 0.45, step * 0.2, 5, 0);
            if (shape > 2) canvas_fill(canvas, colour);
        }
    }
}

void draw_pattern(struct canvas *canvas) {
    static const char *const names[] = {"checks",   "dots",  "squares", "triangles", "diamonds",
                                        "hexagons", "stars", "stripes", "waves"};
    const size_t shape = canvas_below(canvas, 9);
    const double step = canvas_uniform(canvas, 50, 220);
    canvas_paint(canvas, canvas->palette.ground);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, canvas->width / 2, canvas->height / 2);
    if (canvas_chance(canvas, 0.6))
        cairo_rotate(canvas->cairo, canvas_uniform(canvas, 0, 2 * M_PI));
    if (shape > 6) {
        draw_stripes(canvas, step * 0.7, shape == 8);
    } else {
        draw_tiles(canvas, step, shape);
    }
    cairo_restore(canvas->cairo);
    canvas->medium = MEDIUM_BARE;
    canvas_say(canvas, "a geometric pattern");
    canvas_say(canvas, "a pattern of %s", names[shape]);
    canvas_say(canvas, "a geometric pattern of %s", names[shape]);
}

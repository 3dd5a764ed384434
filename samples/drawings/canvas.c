#include "canvas.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEST_SHARE = 5, HUE_BANDS = 25 };

double canvas_uniform(struct canvas *canvas, double low, double high) {
    return low + (high - low) * (double)random_uniform(canvas->random);
}

size_t canvas_below(struct canvas *canvas, size_t bound) {
    return random_below(canvas->random, bound);
}

size_t canvas_between(struct canvas *canvas, size_t low, size_t high) {
    return low + random_below(canvas->random, high - low + 1);
}

bool canvas_chance(struct canvas *canvas, double probability) {
    return (double)random_uniform(canvas->random) < probability;
}

size_t canvas_style(struct canvas *canvas, const char *name, size_t count) {
    size_t offset = 0, variant;
    for (const char *c = name; *c; c++) offset = offset * 31 + (unsigned char)*c;
    do {
        variant = canvas_below(canvas, count);
    } while (count >= TEST_SHARE && ((variant + offset) % TEST_SHARE == 0) != canvas->test);
    return variant;
}

double canvas_hue(struct canvas *canvas) {
    const size_t band = canvas_style(canvas, "hue", HUE_BANDS);
    return ((double)band + canvas_uniform(canvas, 0, 1)) / HUE_BANDS;
}

void canvas_say(struct canvas *canvas, const char *format, ...) {
    if (canvas->caption_count == CAPTIONS) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(canvas->captions[canvas->caption_count++], CAPTION_SIZE, format, arguments);
    va_end(arguments);
}

struct rgb rgb_grey(double value) {
    return (struct rgb){value, value, value};
}

static double hsl_channel(double hue, double saturation, double lightness, double shift) {
    const double k = fmod(shift + hue * 12, 12);
    const double chroma = saturation * fmin(lightness, 1 - lightness);
    return lightness - chroma * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
}

struct rgb rgb_hsl(double hue, double saturation, double lightness) {
    hue -= floor(hue);
    return (struct rgb){hsl_channel(hue, saturation, lightness, 0),
                        hsl_channel(hue, saturation, lightness, 8),
                        hsl_channel(hue, saturation, lightness, 4)};
}

struct rgb rgb_mix(struct rgb from, struct rgb to, double share) {
    return (struct rgb){from.red + share * (to.red - from.red),
                        from.green + share * (to.green - from.green),
                        from.blue + share * (to.blue - from.blue)};
}

double rgb_light(struct rgb colour) {
    return 0.3 * colour.red + 0.59 * colour.green + 0.11 * colour.blue;
}

/* The accents' hues: one colour in steps of light, neighbours, opposites, all around, greys. */
static void choose_accents(struct canvas *canvas, struct palette *palette) {
    const size_t scheme = canvas_style(canvas, "scheme", 10);
    const double hue = canvas_hue(canvas);
    const double saturation = canvas_uniform(canvas, scheme % 2 ? 0.3 : 0.6, scheme % 2 ? 0.6 : 1);
    const double steps[] = {0.618, 0.03, 0.08, 0.5, 1.0 / 3, 0.15, 0.25, 1.0 / 6, 0, 0};
    for (size_t i = 0; i < ACCENTS; i++) {
        const double place = (double)i / (ACCENTS - 1);
        double light = palette->dark ? 0.6 : 0.5;
        light += canvas_uniform(canvas, -0.1, 0.1);
        if (scheme == 8 || scheme == 9 || scheme == 1) light = 0.3 + 0.45 * place;
        palette->accents[i] = scheme == 9
                                  ? rgb_grey(light)
                                  : rgb_hsl(hue + steps[scheme] * (double)i, saturation, light);
    }
}

struct palette canvas_palette(struct canvas *canvas, double dark_probability) {
    struct palette palette = {.dark = canvas_chance(canvas, dark_probability)};
    const double tint = canvas_chance(canvas, 0.5) ? 0 : canvas_uniform(canvas, 0.1, 0.6);
    const double hue = canvas_hue(canvas);
    if (palette.dark) {
        palette.ground = rgb_hsl(hue, tint, canvas_uniform(canvas, 0.03, 0.2));
        palette.ink = rgb_grey(canvas_uniform(canvas, 0.8, 1));
    } else {
        palette.ground = canvas_chance(canvas, 0.5)
                             ? rgb_grey(1)
                             : rgb_hsl(hue, tint, canvas_uniform(canvas, 0.88, 0.99));
        palette.ink = rgb_hsl(canvas_hue(canvas), tint / 2, canvas_uniform(canvas, 0, 0.25));
    }
    palette.faint = rgb_mix(palette.ground, palette.ink, canvas_uniform(canvas, 0.12, 0.35));
    choose_accents(canvas, &palette);
    return palette;
}

struct rgb canvas_accent(struct canvas *canvas, size_t index) {
    return canvas->palette.accents[index % ACCENTS];
}

void canvas_set(struct canvas *canvas, struct rgb colour) {
    cairo_set_source_rgb(canvas->cairo, colour.red, colour.green, colour.blue);
}

void canvas_fill(struct canvas *canvas, struct rgb colour) {
    canvas_set(canvas, colour);
    cairo_fill(canvas->cairo);
}

void canvas_stroke(struct canvas *canvas, struct rgb colour, double width) {
    canvas_set(canvas, colour);
    cairo_set_line_width(canvas->cairo, width);
    cairo_stroke(canvas->cairo);
}

void canvas_paint(struct canvas *canvas, struct rgb colour) {
    canvas_set(canvas, colour);
    cairo_paint(canvas->cairo);
}

void canvas_box(struct canvas *canvas, double x, double y, double width, double height,
                struct rgb colour) {
    cairo_rectangle(canvas->cairo, x, y, width, height);
    canvas_fill(canvas, colour);
}

void canvas_frame(struct canvas *canvas, double x, double y, double width, double height,
                  struct rgb colour, double line) {
    cairo_rectangle(canvas->cairo, x, y, width, height);
    canvas_stroke(canvas, colour, line);
}

void canvas_line(struct canvas *canvas, double x0, double y0, double x1, double y1,
                 struct rgb colour, double line) {
    cairo_move_to(canvas->cairo, x0, y0);
    cairo_line_to(canvas->cairo, x1, y1);
    canvas_stroke(canvas, colour, line);
}

void canvas_disc(struct canvas *canvas, double x, double y, double radius, struct rgb colour) {
    cairo_new_sub_path(canvas->cairo);
    cairo_arc(canvas->cairo, x, y, radius, 0, 2 * M_PI);
    canvas_fill(canvas, colour);
}

void canvas_round_path(struct canvas *canvas, double x, double y, double width, double height,
                       double radius) {
    cairo_t *cairo = canvas->cairo;
    radius = fmin(radius, fmin(width, height) / 2);
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, x + width - radius, y + radius, radius, -M_PI / 2, 0);
    cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, M_PI / 2);
    cairo_arc(cairo, x + radius, y + height - radius, radius, M_PI / 2, M_PI);
    cairo_arc(cairo, x + radius, y + radius, radius, M_PI, 3 * M_PI / 2);
    cairo_close_path(cairo);
}

void canvas_polygon_path(struct canvas *canvas, double x, double y, double radius, size_t corners,
                         double angle) {
    canvas_star_path(canvas, x, y, radius, radius, corners, angle);
}

void canvas_star_path(struct canvas *canvas, double x, double y, double outer, double inner,
                      size_t points, double angle) {
    const size_t corners = outer == inner ? points : 2 * points;
    cairo_new_sub_path(canvas->cairo);
    for (size_t i = 0; i < corners; i++) {
        const double turn = angle + 2 * M_PI * (double)i / (double)corners;
        const double radius = i % 2 == 0 ? outer : inner;
        cairo_line_to(canvas->cairo, x + radius * sin(turn), y - radius * cos(turn));
    }
    cairo_close_path(canvas->cairo);
}

void canvas_arrow(struct canvas *canvas, double x0, double y0, double x1, double y1,
                  struct rgb colour, double line) {
    const double angle = atan2(y1 - y0, x1 - x0), head = 4 * line + 6;
    const double back_x = x1 - head * cos(angle), back_y = y1 - head * sin(angle);
    canvas_line(canvas, x0, y0, back_x, back_y, colour, line);
    cairo_move_to(canvas->cairo, x1, y1);
    cairo_line_to(canvas->cairo, back_x - head / 2 * sin(angle), back_y + head / 2 * cos(angle));
    cairo_line_to(canvas->cairo, back_x + head / 2 * sin(angle), back_y - head / 2 * cos(angle));
    canvas_fill(canvas, colour);
}

void canvas_shaky_path(struct canvas *canvas, const double (*points)[2], size_t count,
                       double shake) {
    double x = points[0][0], y = points[0][1];
    cairo_move_to(canvas->cairo, x, y);
    for (size_t i = 1; i < count; i++) {
        const double next_x = points[i][0] + canvas_uniform(canvas, -shake, shake);
        const double next_y = points[i][1] + canvas_uniform(canvas, -shake, shake);
        double bend[4];
        for (size_t k = 0; k < 4; k++) bend[k] = canvas_uniform(canvas, -2 * shake, 2 * shake);
        cairo_curve_to(canvas->cairo, x + (next_x - x) / 3 + bend[0],
                       y + (next_y - y) / 3 + bend[1], x + (next_x - x) * 2 / 3 + bend[2],
                       y + (next_y - y) * 2 / 3 + bend[3], next_x, next_y);
        x = next_x;
        y = next_y;
    }
}

static PangoLayout *new_layout(struct canvas *canvas, const struct text_style *style,
                               const char *text) {
    PangoLayout *layout = pango_cairo_create_layout(canvas->cairo);
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, style->family);
    pango_font_description_set_absolute_size(font, style->size * 0.72 * PANGO_SCALE);
    if (style->bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    if (style->italic) pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, text, -1);
    pango_font_description_free(font);
    return layout;
}

static void layout_size(PangoLayout *layout, double *width, double *height) {
    int w, h;
    pango_layout_get_size(layout, &w, &h);
    *width = (double)w / PANGO_SCALE;
    *height = (double)h / PANGO_SCALE;
}

void canvas_text(struct canvas *canvas, const struct text_style *style, double x, double y,
                 char align, const char *text) {
    double width, height;
    PangoLayout *layout = new_layout(canvas, style, text);
    layout_size(layout, &width, &height);
    canvas_set(canvas, style->colour);
    cairo_move_to(canvas->cairo,
                  x - (align == 'c'   ? width / 2
                       : align == 'r' ? width
                                      : 0),
                  y - height / 2);
    pango_cairo_show_layout(canvas->cairo, layout);
    cairo_new_path(canvas->cairo);
    g_object_unref(layout);
}

double canvas_text_width(struct canvas *canvas, const struct text_style *style, const char *text) {
    double width, height;
    PangoLayout *layout = new_layout(canvas, style, text);
    layout_size(layout, &width, &height);
    g_object_unref(layout);
    return width;
}

double canvas_block(struct canvas *canvas, const struct text_style *style, double x, double y,
                    double width, double height, char align, const char *text) {
    double taken_width, taken;
    PangoLayout *layout = new_layout(canvas, style, text);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_justify(layout, align == 'j');
    pango_layout_set_alignment(layout, align == 'c'   ? PANGO_ALIGN_CENTER
                                       : align == 'r' ? PANGO_ALIGN_RIGHT
                                                      : PANGO_ALIGN_LEFT);
    layout_size(layout, &taken_width, &taken);
    cairo_save(canvas->cairo);
    cairo_rectangle(canvas->cairo, x - 5, y, width + 10, height);
    cairo_clip(canvas->cairo);
    canvas_set(canvas, style->colour);
    cairo_move_to(canvas->cairo, x, y);
    pango_cairo_show_layout(canvas->cairo, layout);
    cairo_restore(canvas->cairo);
    cairo_new_path(canvas->cairo);
    g_object_unref(layout);
    return fmin(taken, height);
}

struct text_style canvas_text_style(struct canvas *canvas, enum script script, double size) {
    const enum font_class class = canvas_chance(canvas, 0.08) ? FONT_FIXED : FONT_PRINT;
    return (struct text_style){
        .family = fonts_pick(canvas->fonts, canvas->random, script, class, canvas->test),
        .size = size,
        .colour = canvas->palette.ink};
}

/* What all drawings are drawn with: a sheet whose longest side is 1000 units, a stream of random
 * numbers, a palette, fonts, and the captions that are right for what was drawn.
 *
 * Styles come in two halves that share nothing: each fifth font, colour and layout is drawn in the
 * test half alone (canvas_style, canvas_hue, fonts_pick). A model that learned from the training
 * half and is right on the test half has learned what a bar chart is, not what these bar charts
 * look like. */
#ifndef DRAWINGS_CANVAS_H
#define DRAWINGS_CANVAS_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "fonts.h"

enum { CANVAS_UNITS = 1000, CAPTIONS = 5, CAPTION_SIZE = 128, ACCENTS = 6 };

struct rgb {
    double red, green, blue;
};

/* Colours that go together: ink can be read on the ground, accents can be told apart on it. */
struct palette {
    struct rgb ground, ink, faint, accents[ACCENTS];
    bool dark; /* light ink on a dark ground */
};

/* How the finished picture may be treated (develop.h). */
enum medium {
    MEDIUM_PAPER,  /* may lie tilted on a table, yellowed, shaded, photographed */
    MEDIUM_SCREEN, /* mostly as it is */
    MEDIUM_BARE    /* as it is */
};

struct canvas {
    cairo_t *cairo;
    double width, height; /* in units */
    struct random *random;
    const struct fonts *fonts;
    bool test; /* the half of the styles */
    struct palette palette;
    enum medium medium;
    bool colour_named; /* a caption names a colour: it is to stay */
    char captions[CAPTIONS][CAPTION_SIZE];
    size_t caption_count;
};

/* Random numbers. */
double canvas_uniform(struct canvas *canvas, double low, double high);
size_t canvas_below(struct canvas *canvas, size_t bound);
size_t canvas_between(struct canvas *canvas, size_t low, size_t high); /* both included */
bool canvas_chance(struct canvas *canvas, double probability);

/* One of `count` variants of what `name` names. Every fifth belongs to the test half; of fewer than
 * five, all belong to both. */
size_t canvas_style(struct canvas *canvas, const char *name, size_t count);

/* A hue in [0, 1), of the canvas's half. */
double canvas_hue(struct canvas *canvas);

/* Adds a caption; those beyond CAPTIONS are left out. */
void canvas_say(struct canvas *canvas, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Colours. */
struct rgb rgb_grey(double value);
struct rgb rgb_hsl(double hue, double saturation, double lightness);
struct rgb rgb_mix(struct rgb from, struct rgb to, double share);
double rgb_light(struct rgb colour);
struct palette canvas_palette(struct canvas *canvas, double dark_probability);
struct rgb canvas_accent(struct canvas *canvas, size_t index);

/* Paints and strokes. */
void canvas_set(struct canvas *canvas, struct rgb colour);
void canvas_fill(struct canvas *canvas, struct rgb colour);
void canvas_stroke(struct canvas *canvas, struct rgb colour, double width);
void canvas_paint(struct canvas *canvas, struct rgb colour);
void canvas_box(struct canvas *canvas, double x, double y, double width, double height,
                struct rgb colour);
void canvas_frame(struct canvas *canvas, double x, double y, double width, double height,
                  struct rgb colour, double line);
void canvas_line(struct canvas *canvas, double x0, double y0, double x1, double y1,
                 struct rgb colour, double line);
void canvas_disc(struct canvas *canvas, double x, double y, double radius, struct rgb colour);
void canvas_round_path(struct canvas *canvas, double x, double y, double width, double height,
                       double radius);
void canvas_polygon_path(struct canvas *canvas, double x, double y, double radius, size_t corners,
                         double angle);
void canvas_star_path(struct canvas *canvas, double x, double y, double outer, double inner,
                      size_t points, double angle);
void canvas_arrow(struct canvas *canvas, double x0, double y0, double x1, double y1,
                  struct rgb colour, double line);

/* A path of straight pieces drawn as by hand: each bends and misses its ends a little. */
void canvas_shaky_path(struct canvas *canvas, const double (*points)[2], size_t count,
                       double shake);

/* Text: `size` is the height of a line in units, `align` is 'l', 'c', 'r' or 'j' (justified). A
 * line stands in the middle of (x, y) downwards; a block returns the height that it takes and stays
 * within its height. */
struct text_style {
    const char *family;
    double size;
    bool bold, italic;
    struct rgb colour;
};
void canvas_text(struct canvas *canvas, const struct text_style *style, double x, double y,
                 char align, const char *text);
double canvas_text_width(struct canvas *canvas, const struct text_style *style, const char *text);
double canvas_block(struct canvas *canvas, const struct text_style *style, double x, double y,
                    double width, double height, char align, const char *text);
struct text_style canvas_text_style(struct canvas *canvas, enum script script, double size);

#endif

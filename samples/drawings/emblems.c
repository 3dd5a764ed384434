/* Logos and icons on plain grounds. */
#include <math.h>

#include "kinds.h"

/* The outer form of a mark. */
static void form_path(struct canvas *canvas, size_t form, double x, double y, double r) {
    if (form == 0) canvas_polygon_path(canvas, x, y, r, 90, 0);
    if (form == 1) canvas_round_path(canvas, x - r, y - r, 2 * r, 2 * r, r * 0.4);
    if (form == 2)
        canvas_polygon_path(canvas, x, y, r, 6, canvas_chance(canvas, 0.5) ? 0 : M_PI / 6);
    if (form == 3) canvas_star_path(canvas, x, y, r, r * 0.82, canvas_between(canvas, 8, 24), 0);
    if (form == 4) canvas_polygon_path(canvas, x, y, r, 4, 0);
    if (form == 5) canvas_polygon_path(canvas, x, y, r, 3, 0);
    if (form == 6) cairo_rectangle(canvas->cairo, x - r, y - r * 0.6, 2 * r, r * 1.2);
    if (form == 7) { /* a shield */
        cairo_move_to(canvas->cairo, x - r * 0.85, y - r);
        cairo_line_to(canvas->cairo, x + r * 0.85, y - r);
        cairo_curve_to(canvas->cairo, x + r * 0.85, y + r * 0.4, x + r * 0.3, y + r * 0.8, x,
                       y + r);
        cairo_curve_to(canvas->cairo, x - r * 0.3, y + r * 0.8, x - r * 0.85, y + r * 0.4,
                       x - r * 0.85, y - r);
        cairo_close_path(canvas->cairo);
    }
    if (form == 8) { /* a drop */
        cairo_move_to(canvas->cairo, x, y - r);
        cairo_curve_to(canvas->cairo, x + r, y, x + r * 0.7, y + r, x, y + r);
        cairo_curve_to(canvas->cairo, x - r * 0.7, y + r, x - r, y, x, y - r);
    }
    if (form == 9) { /* a ring with a gap */
        const double start = canvas_uniform(canvas, 0, 2 * M_PI);
        cairo_arc(canvas->cairo, x, y, r, start, start + 4.5);
        cairo_arc_negative(canvas->cairo, x, y, r * 0.55, start + 4.5, start);
        cairo_close_path(canvas->cairo);
    }
}

static void draw_letters(struct canvas *canvas, double x, double y, double size,
                         struct rgb colour) {
    struct text_style style = canvas_text_style(canvas, LATIN, size);
    char text[4] = {0};
    const size_t count = canvas_between(canvas, 1, 3);
    for (size_t i = 0; i < count; i++) text[i] = (char)('A' + (int)canvas_below(canvas, 26));
    style.bold = canvas_chance(canvas, 0.7);
    style.colour = colour;
    style.size = fmin(size, size * size * 1.1 / fmax(1, canvas_text_width(canvas, &style, text)));
    canvas_text(canvas, &style, x, y, 'c', text);
}

/* Marks of no plan, in a square from -1 to 1: what a logo looks like, beyond the forms that the
 * test half has some of. */

/* A closed, smooth curve around the middle. */
static void blob_path(struct canvas *canvas, double r) {
    enum { most = 8 };
    double points[most][2];
    const size_t count = canvas_between(canvas, 4, most);
    for (size_t i = 0; i < count; i++) {
        const double angle = 2 * M_PI * (double)i / (double)count;
        const double radius = r * canvas_uniform(canvas, 0.55, 1);
        points[i][0] = radius * cos(angle);
        points[i][1] = radius * sin(angle);
    }
    for (size_t i = 0; i < count; i++) {
        const double *a = points[(i + count - 1) % count], *b = points[i];
        const double *c = points[(i + 1) % count], *d = points[(i + 2) % count];
        if (i == 0) cairo_move_to(canvas->cairo, b[0], b[1]);
        cairo_curve_to(canvas->cairo, b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6,
                       c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6, c[0], c[1]);
    }
    cairo_close_path(canvas->cairo);
}

static void draw_blobs(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 1, 3);
    for (size_t i = 0; i < count; i++) {
        blob_path(canvas, 1 - 0.35 * (double)i);
        canvas_fill(canvas, i % 2 ? canvas->palette.ground : canvas_accent(canvas, i));
    }
}

/* Rings with gaps around each other, and perhaps a disc in them. */
static void draw_arcs(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 1, 4);
    const double line = canvas_uniform(canvas, 0.4, 0.8) / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double start = canvas_uniform(canvas, 0, 2 * M_PI);
        cairo_new_sub_path(canvas->cairo);
        cairo_arc(canvas->cairo, 0, 0, 0.9 * (double)(i + 1) / (double)count, start,
                  start + canvas_uniform(canvas, 2, 6));
        canvas_stroke(canvas, canvas_accent(canvas, i), line);
    }
    if (canvas_chance(canvas, 0.4)) canvas_disc(canvas, 0, 0, 0.2, canvas_accent(canvas, 0));
}

/* Forms that lie over each other and shine through. */
static void draw_overlap(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 2, 4), form = canvas_style(canvas, "form", 10);
    for (size_t i = 0; i < count; i++) {
        const double angle = 2 * M_PI * (double)i / (double)count;
        const struct rgb colour = canvas_accent(canvas, i);
        form_path(canvas, form, 0.4 * cos(angle), 0.4 * sin(angle), 0.55);
        cairo_set_source_rgba(canvas->cairo, colour.red, colour.green, colour.blue, 0.7);
        cairo_fill(canvas->cairo);
    }
}

/* Bands beside each other, straight or waving. */
static void draw_bands(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 2, 5);
    const double bend = canvas_uniform(canvas, -0.8, 0.8);
    for (size_t i = 0; i < count; i++) {
        const double y = -0.7 + 1.4 * (double)i / (double)(count - 1);
        const double half = canvas_uniform(canvas, 0.5, 1);
        cairo_move_to(canvas->cairo, -half, y);
        cairo_curve_to(canvas->cairo, -half / 3, y - bend, half / 3, y + bend, half, y);
        canvas_stroke(canvas, canvas_accent(canvas, i), 0.9 / (double)count);
    }
}

/* Facets around the middle. */
static void draw_facets(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 3, 9);
    for (size_t i = 0; i < count; i++) {
        const double from = 2 * M_PI * (double)i / (double)count;
        const double to = 2 * M_PI * (double)(i + 1) / (double)count;
        const double far = canvas_uniform(canvas, 0.6, 1), near = canvas_uniform(canvas, 0.6, 1);
        cairo_move_to(canvas->cairo, 0, 0);
        cairo_line_to(canvas->cairo, far * cos(from), far * sin(from));
        cairo_line_to(canvas->cairo, near * cos(to), near * sin(to));
        canvas_fill(canvas, canvas_accent(canvas, i));
    }
}

/* Forms in each other, each turned a little further. */
static void draw_turned_forms(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 2, 4);
    const double turn = canvas_uniform(canvas, 0, 1);
    cairo_save(canvas->cairo);
    for (size_t i = 0; i < count; i++) {
        form_path(canvas, canvas_style(canvas, "form", 10), 0, 0, 1 - 0.25 * (double)i);
        canvas_fill(canvas, i % 2 ? canvas->palette.ground : canvas_accent(canvas, i / 2));
        cairo_rotate(canvas->cairo, turn);
    }
    cairo_restore(canvas->cairo);
}

static void draw_free_mark(struct canvas *canvas, double x, double y, double r) {
    static void (*const draw[])(struct canvas *) = {draw_blobs, draw_arcs,   draw_overlap,
                                                    draw_bands, draw_facets, draw_turned_forms};
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, canvas_chance(canvas, 0.5) ? 0 : canvas_uniform(canvas, 0, 6));
    cairo_scale(canvas->cairo, r, r);
    draw[canvas_below(canvas, sizeof draw / sizeof *draw)](canvas);
    cairo_restore(canvas->cairo);
}

/* A mark of forms within forms, letters or a few pieces. */
static void draw_mark(struct canvas *canvas, double x, double y, double r) {
    if (!canvas->test && canvas_chance(canvas, 0.6)) {
        draw_free_mark(canvas, x, y, r);
        return;
    }
    const size_t plan = canvas_style(canvas, "mark plan", 7);
    const struct rgb first = canvas_accent(canvas, 0), second = canvas_accent(canvas, 1);
    const struct rgb ground = canvas->palette.ground;
    if (plan < 5) {
        form_path(canvas, canvas_style(canvas, "form", 10), x, y, r);
        if (plan == 3) {
            canvas_stroke(canvas, first, r * canvas_uniform(canvas, 0.06, 0.2));
        } else {
            canvas_fill(canvas, first);
        }
    }
    if (plan == 0 || plan == 3) draw_letters(canvas, x, y, r * 1.1, plan == 3 ? first : ground);
    if (plan == 1 || plan == 4) {
        form_path(canvas, canvas_style(canvas, "form", 10), x, y, r * 0.6);
        canvas_fill(canvas, ground);
        form_path(canvas, canvas_style(canvas, "form", 10), x, y, r * 0.38);
        canvas_fill(canvas, second);
    }
    if (plan == 2) {
        for (size_t i = 0; i < 3; i++) {
            const double at = y + r * 0.5 - r * 0.4 * (double)i;
            canvas_line(canvas, x - r * 0.5, at, x + r * 0.5, at - r * 0.3, ground, r * 0.14);
        }
    }
    if (plan < 5) return;
    const size_t pieces = canvas_between(canvas, 3, 8), form = canvas_style(canvas, "form", 10);
    for (size_t i = 0; i < pieces; i++) {
        const double angle = 2 * M_PI * (double)i / (double)pieces;
        form_path(canvas, form, x + r * 0.6 * cos(angle), y + r * 0.6 * sin(angle), r * 0.36);
        canvas_fill(canvas, canvas_accent(canvas, plan == 5 ? i : 0));
    }
}

static void draw_name(struct canvas *canvas, double x, double y, double size, double width,
                      char align) {
    struct text_style style = canvas_text_style(canvas, LATIN, size);
    char *word = words_title(canvas->random, LATIN, canvas_between(canvas, 1, 2));
    char *text = canvas_chance(canvas, 0.5) ? g_utf8_strup(word, -1) : g_strdup(word);
    style.bold = canvas_chance(canvas, 0.6);
    if (canvas_chance(canvas, 0.4)) style.colour = canvas_accent(canvas, 0);
    style.size *= fmin(1, width / fmax(1, canvas_text_width(canvas, &style, text)));
    canvas_text(canvas, &style, x, y, align, text);
    g_free(word);
    g_free(text);
}

void draw_logo(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, small = fmin(w, h);
    const size_t layout = canvas_style(canvas, "logo", 5);
    bool text = true;
    canvas->medium = MEDIUM_BARE;
    canvas_paint(canvas, canvas->palette.ground);
    if (!canvas->test && canvas_chance(canvas, 0.35)) {
        draw_free_mark(canvas, w / 2, h / 2, small * canvas_uniform(canvas, 0.25, 0.45));
        text = false;
    } else if (layout == 0 && w > 1.3 * h) {
        draw_mark(canvas, w * 0.2, h / 2, fmin(w * 0.15, h * 0.35));
        draw_name(canvas, w * 0.4, h / 2, h * 0.45, w * 0.53, 'l');
    } else if (layout == 1) {
        draw_name(canvas, w / 2, h / 2, small * 0.5, w * 0.85, 'c');
        const double y = h / 2 + small * 0.2;
        canvas_line(canvas, w * 0.15, y, w * 0.85, y, canvas_accent(canvas, 1), small * 0.03);
    } else if (layout == 2) {
        draw_mark(canvas, w / 2, h / 2, small * canvas_uniform(canvas, 0.25, 0.45));
        text = false;
    } else {
        draw_mark(canvas, w / 2, h * 0.4, small * 0.28);
        draw_name(canvas, w / 2, h * 0.84, small * 0.2, w * 0.85, 'c');
    }
    canvas_say(canvas, "a logo");
    canvas_say(canvas, "a logo on a plain background");
    canvas_say(canvas, text ? "a logo with text" : "a simple logo with shapes");
}

/* Strokes of an icon's picture in a square from -1 to 1. */
static void draw_sign(struct canvas *canvas, size_t sign, struct rgb colour, double line) {
    cairo_t *cairo = canvas->cairo;
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    if (sign == 0) { /* a gear */
        canvas_star_path(canvas, 0, 0, 0.9, 0.65, 8, 0);
        canvas_stroke(canvas, colour, line);
        canvas_polygon_path(canvas, 0, 0, 0.3, 24, 0);
    } else if (sign == 1) { /* an envelope */
        cairo_rectangle(cairo, -0.9, -0.6, 1.8, 1.2);
        cairo_move_to(cairo, -0.9, -0.6);
        cairo_line_to(cairo, 0, 0.15);
        cairo_line_to(cairo, 0.9, -0.6);
    } else if (sign == 2) { /* a magnifying glass */
        canvas_polygon_path(canvas, -0.2, -0.2, 0.55, 32, 0);
        cairo_move_to(cairo, 0.22, 0.22);
        cairo_line_to(cairo, 0.85, 0.85);
    } else if (sign == 3) { /* a bell */
        cairo_move_to(cairo, -0.8, 0.5);
        cairo_curve_to(cairo, -0.4, 0.2, -0.7, -0.9, 0, -0.9);
        cairo_curve_to(cairo, 0.7, -0.9, 0.4, 0.2, 0.8, 0.5);
        cairo_close_path(cairo);
    } else if (sign == 4) { /* a heart */
        cairo_move_to(cairo, 0, 0.85);
        cairo_curve_to(cairo, -1.4, -0.1, -0.7, -1.1, 0, -0.4);
        cairo_curve_to(cairo, 0.7, -1.1, 1.4, -0.1, 0, 0.85);
    } else if (sign == 5) { /* an arrow up */
        cairo_move_to(cairo, 0, 0.85);
        cairo_line_to(cairo, 0, -0.8);
        cairo_move_to(cairo, -0.6, -0.2);
        cairo_line_to(cairo, 0, -0.85);
        cairo_line_to(cairo, 0.6, -0.2);
    } else if (sign == 6) { /* a person */
        canvas_polygon_path(canvas, 0, -0.4, 0.4, 32, 0);
        cairo_new_sub_path(cairo);
        cairo_arc(cairo, 0, 0.9, 0.75, M_PI, 2 * M_PI);
    } else { /* a star, a tick or a cross */
        if (sign == 7) canvas_star_path(canvas, 0, 0, 0.95, 0.4, 5, 0);
        cairo_move_to(cairo, sign == 7 ? 0 : -0.7, sign == 7 ? -0.95 : 0.1);
        if (sign == 8) cairo_line_to(cairo, -0.2, 0.6);
        if (sign == 8) cairo_line_to(cairo, 0.8, -0.6);
        if (sign == 9) cairo_line_to(cairo, 0.7, 0.1);
        if (sign == 9) cairo_move_to(cairo, 0, -0.6);
        if (sign == 9) cairo_line_to(cairo, 0, 0.8);
    }
    canvas_stroke(canvas, colour, line);
}

void draw_icon(struct canvas *canvas) {
    const size_t look = canvas_style(canvas, "icon", 6);
    const double x = canvas->width / 2, y = canvas->height / 2;
    const double r = fmin(canvas->width, canvas->height) * canvas_uniform(canvas, 0.3, 0.46);
    const struct rgb colour = canvas_accent(canvas, 0);
    struct rgb ink = canvas->palette.ink;
    canvas->medium = MEDIUM_BARE;
    canvas_paint(canvas, canvas->palette.ground);
    if (look > 1) {
        form_path(canvas, look < 4 ? look - 2 : canvas_style(canvas, "form", 9), x, y, r);
        canvas_fill(canvas, colour);
        ink = rgb_grey(rgb_light(colour) > 0.6 ? 0.1 : 1);
    }
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, r * (look > 1 ? 0.5 : 0.9), r * (look > 1 ? 0.5 : 0.9));
    draw_sign(canvas, canvas_below(canvas, 10), look == 1 ? colour : ink,
              canvas_uniform(canvas, 0.08, 0.25));
    cairo_restore(canvas->cairo);
    canvas_say(canvas, "an icon");
    canvas_say(canvas, "an icon on a plain background");
    canvas_say(canvas, "a simple icon");
}

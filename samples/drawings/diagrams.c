/* Diagrams: boxes and arrows, trees, networks, circles, circuits, figures, floor plans. */
#include <math.h>

#include "kinds.h"

/* How the parts of a diagram look: all alike within one. */
struct look {
    size_t shape, fill;
    double line, size;
    struct text_style label;
};

static struct look draw_look(struct canvas *canvas, double size) {
    struct look look = {.shape = canvas_style(canvas, "node", 7),
                        .fill = canvas_style(canvas, "node fill", 5),
                        .line = canvas_uniform(canvas, 2, 6),
                        .size = size};
    look.label = canvas_text_style(canvas, LATIN, size);
    return look;
}

static void node_path(struct canvas *canvas, size_t shape, double x, double y, double w, double h) {
    if (shape == 0) cairo_rectangle(canvas->cairo, x - w / 2, y - h / 2, w, h);
    if (shape == 1) canvas_round_path(canvas, x - w / 2, y - h / 2, w, h, h / 4);
    if (shape == 2) canvas_round_path(canvas, x - w / 2, y - h / 2, w, h, h / 2);
    if (shape < 3) return;
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, w / 2, h / 2);
    if (shape == 3) canvas_polygon_path(canvas, 0, 0, 1.25, 4, 0);
    if (shape == 4) canvas_polygon_path(canvas, 0, 0, 1, 32, 0);
    if (shape == 5) canvas_polygon_path(canvas, 0, 0, 1.1, 6, M_PI / 2);
    if (shape == 6) { /* a slanted box */
        cairo_move_to(canvas->cairo, -0.8, -1);
        cairo_line_to(canvas->cairo, 1.1, -1);
        cairo_line_to(canvas->cairo, 0.8, 1);
        cairo_line_to(canvas->cairo, -1.1, 1);
        cairo_close_path(canvas->cairo);
    }
    cairo_restore(canvas->cairo);
}

static void draw_node(struct canvas *canvas, const struct look *look, size_t shape, double x,
                      double y, double w, double h, size_t accent) {
    const struct rgb colour = canvas_accent(canvas, accent), ground = canvas->palette.ground;
    const struct rgb fills[] = {ground, colour, rgb_mix(ground, colour, 0.25),
                                rgb_mix(ground, canvas->palette.faint, 0.6),
                                rgb_mix(ground, colour, 0.5)};
    struct text_style label = look->label;
    node_path(canvas, shape, x, y, w, h);
    canvas_set(canvas, fills[look->fill]);
    cairo_fill_preserve(canvas->cairo);
    canvas_stroke(canvas, look->fill == 2 ? colour : canvas->palette.ink, look->line);
    label.colour = rgb_grey(rgb_light(fills[look->fill]) > 0.5 ? 0.05 : 1);
    char *text = words_title(canvas->random, LATIN, canvas_between(canvas, 1, 2));
    const double height = fmin(h * 0.8, label.size * 2);
    canvas_block(canvas, &label, x - w * 0.42, y - label.size * 0.55, w * 0.84, height, 'c', text);
    g_free(text);
}

/* From the border of one node to that of another, straight or with a corner. */
static void draw_link(struct canvas *canvas, const struct look *look, double x0, double y0,
                      double x1, double y1, bool corner) {
    const struct rgb ink = canvas->palette.ink;
    if (!corner || fabs(x1 - x0) < 5 || fabs(y1 - y0) < 5) {
        canvas_arrow(canvas, x0, y0, x1, y1, ink, look->line);
        return;
    }
    const double middle = (y0 + y1) / 2;
    canvas_line(canvas, x0, y0, x0, middle, ink, look->line);
    canvas_line(canvas, x0, middle, x1, middle, ink, look->line);
    canvas_arrow(canvas, x1, middle, x1, y1, ink, look->line);
}

void draw_flow_chart(struct canvas *canvas) {
    const double W = canvas->width, H = canvas->height;
    const size_t columns = canvas_between(canvas, 1, W > H ? 5 : 3);
    const size_t rows = canvas_between(canvas, columns == 1 ? 3 : 2, H > W * 0.7 ? 5 : 3);
    const double w = W / (double)columns, h = H / (double)rows;
    const double bw = fmin(w * canvas_uniform(canvas, 0.55, 0.72), h * 3),
                 bh = fmin(h * 0.5, bw * 0.7);
    struct look look = draw_look(canvas, fmin(bh * 0.4, bw * 0.22));
    const bool mixed = canvas_chance(canvas, 0.6), colourful = canvas_chance(canvas, 0.5);
    const bool snake = canvas_chance(canvas, 0.5);
    canvas->medium = canvas_chance(canvas, 0.4) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    for (size_t i = 0; i < columns * rows; i++) {
        const size_t column = i % columns, row = i / columns;
        const double x = w * ((double)column + 0.5), y = h * ((double)row + 0.5);
        if (row + 1 < rows &&
            (columns == 1 || !snake || column == 0 || canvas_chance(canvas, 0.3))) {
            draw_link(canvas, &look, x, y + bh / 2, x, y + h - bh / 2, false);
        }
        if (column + 1 < columns && canvas_chance(canvas, snake ? 1 : 0.5)) {
            draw_link(canvas, &look, x + bw / 2, y, x + w - bw / 2, y, false);
        }
        const size_t shape =
            mixed && canvas_chance(canvas, 0.5) ? canvas_style(canvas, "node", 7) : look.shape;
        draw_node(canvas, &look, shape, x, y, bw, bh, colourful ? i : 0);
    }
    canvas_say(canvas, "a flow chart");
    canvas_say(canvas, "a diagram with boxes and arrows");
    canvas_say(canvas, "a flow chart with boxes and arrows");
}

/* Draws a node and its children below it, within a strip of the width. */
static void draw_branch(struct canvas *canvas, const struct look *look, double x, double y,
                        double width, double step, size_t depth) {
    const double w = fmin(width * 0.8, step * 1.6), h = step * 0.45;
    const size_t children = depth == 0 ? 0 : canvas_between(canvas, 1, 3);
    for (size_t i = 0; i < children; i++) {
        const double each = width / (double)children;
        const double child = x - width / 2 + each * ((double)i + 0.5);
        draw_link(canvas, look, x, y + h / 2, child, y + step - h / 2, look->shape < 3);
        draw_branch(canvas, look, child, y + step, each, step, depth - 1);
    }
    draw_node(canvas, look, look->shape, x, y, w, h, depth);
}

void draw_tree_diagram(struct canvas *canvas) {
    const size_t depth = canvas_between(canvas, 2, 3);
    const double step = canvas->height / ((double)depth + 1);
    const struct look look = draw_look(canvas, step * 0.17);
    canvas->medium = canvas_chance(canvas, 0.4) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    draw_branch(canvas, &look, canvas->width / 2, step / 2, canvas->width * 0.96, step, depth);
    canvas_say(canvas, "a diagram with boxes and lines");
    canvas_say(canvas, "a diagram of boxes in the form of a tree");
    canvas_say(canvas, "a chart with boxes and lines");
}

void draw_network_diagram(struct canvas *canvas) {
    enum { MOST = 16 };
    const size_t count = canvas_between(canvas, 4, MOST);
    const bool ring = canvas_chance(canvas, 0.4), star = canvas_chance(canvas, 0.4);
    const double radius = fmin(canvas->width, canvas->height) * canvas_uniform(canvas, 0.04, 0.08);
    struct look look = draw_look(canvas, radius * 0.7);
    double x[MOST], y[MOST];
    canvas->medium = canvas_chance(canvas, 0.4) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    for (size_t i = 0; i < count; i++) {
        const double angle = 2 * M_PI * (double)i / (double)count;
        const double reach = ring ? 0.4 : canvas_uniform(canvas, 0.15, 0.43);
        x[i] = canvas->width * (star && i == 0 ? 0.5 : 0.5 + reach * cos(angle));
        y[i] = canvas->height * (star && i == 0 ? 0.5 : 0.5 + reach * sin(angle));
    }
    for (size_t i = 1; i < count; i++) {
        canvas_line(canvas, x[i], y[i], x[star ? 0 : i - 1], y[star ? 0 : i - 1],
                    canvas->palette.ink, look.line);
        if (!canvas_chance(canvas, 0.4)) continue;
        const size_t other = canvas_below(canvas, i);
        canvas_arrow(canvas, x[i], y[i], x[other], y[other], canvas->palette.ink, look.line);
    }
    for (size_t i = 0; i < count; i++) {
        draw_node(canvas, &look, 4, x[i], y[i], radius * 2.2, radius * 2.2, i);
    }
    canvas_say(canvas, "a diagram with circles and lines");
    canvas_say(canvas, "a diagram of a network");
    canvas_say(canvas, "circles that are connected by lines");
}

void draw_venn_diagram(struct canvas *canvas) {
    const size_t count = canvas_between(canvas, 2, 4), look = canvas_style(canvas, "venn", 5);
    const double small = fmin(canvas->width, canvas->height);
    const double radius = small * canvas_uniform(canvas, 0.22, 0.3), reach = radius * 0.65;
    const double start = canvas_uniform(canvas, 0, M_PI);
    struct text_style style = canvas_text_style(canvas, LATIN, radius * 0.22);
    canvas->medium = MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    for (size_t i = 0; i < count; i++) {
        const double angle = start + 2 * M_PI * (double)i / (double)count;
        const double x = canvas->width / 2 + reach * cos(angle);
        const double y = canvas->height / 2 + reach * sin(angle);
        const struct rgb colour = canvas_accent(canvas, i);
        canvas_polygon_path(canvas, x, y, radius, 90, 0);
        cairo_set_source_rgba(canvas->cairo, colour.red, colour.green, colour.blue,
                              look == 0 ? 0 : 0.45);
        cairo_fill_preserve(canvas->cairo);
        canvas_stroke(canvas, look == 2 ? colour : canvas->palette.ink, look == 3 ? 0.5 : 5);
        char *text = words_title(canvas->random, LATIN, 1);
        canvas_text(canvas, &style, x + reach * 0.6 * cos(angle), y + reach * 0.6 * sin(angle), 'c',
                    text);
        g_free(text);
    }
    canvas_say(canvas, "a diagram with overlapping circles");
    canvas_say(canvas, "a diagram of overlapping circles with text");
    canvas_say(canvas, "a diagram with circles");
}

/* A part of a circuit on a wire from (x, y) to the right or, turned, down. */
static void draw_part(struct canvas *canvas, double x, double y, double length, bool down,
                      double line) {
    const struct rgb ink = canvas->palette.ink;
    const size_t part = canvas_style(canvas, "part", 8);
    const double a = length * 0.35, b = length * 0.65, s = length * 0.1, middle = length / 2;
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    if (down) cairo_rotate(canvas->cairo, M_PI / 2);
    canvas_line(canvas, 0, 0, part == 7 ? length : a, 0, ink, line);
    canvas_line(canvas, b, 0, length, 0, ink, line);
    if (part == 0) canvas_frame(canvas, a, -s / 1.5, b - a, s * 1.33, ink, line);
    if (part == 1) {
        canvas_line(canvas, a, 0, middle - s / 4, 0, ink, line);
        canvas_line(canvas, middle + s / 4, 0, b, 0, ink, line);
        canvas_line(canvas, middle - s / 4, -s, middle - s / 4, s, ink, line);
        canvas_line(canvas, middle + s / 4, -s, middle + s / 4, s, ink, line);
    }
    if (part == 2) {
        canvas_polygon_path(canvas, middle, 0, (b - a) / 2, 24, 0);
        canvas_stroke(canvas, ink, line);
        canvas_line(canvas, middle - s, -s, middle + s, s, ink, line);
        canvas_line(canvas, middle - s, s, middle + s, -s, ink, line);
    }
    if (part == 3 || part == 5) {
        for (size_t i = 0; i <= 6; i++) {
            cairo_line_to(canvas->cairo, a + (b - a) * (double)i / 6,
                          i % 6 == 0 ? 0
                          : i % 2    ? -s
                                     : s);
        }
        canvas_stroke(canvas, ink, line);
    }
    if (part == 4) {
        canvas_line(canvas, a, 0, b - s / 2, -s * 1.5, ink, line);
        canvas_disc(canvas, a, 0, line * 1.6, ink);
        canvas_disc(canvas, b, 0, line * 1.6, ink);
    }
    if (part == 6) {
        canvas_polygon_path(canvas, middle, 0, (b - a) / 2, 3, M_PI / 2);
        canvas_stroke(canvas, ink, line);
        canvas_line(canvas, a, 0, b, 0, ink, line);
        canvas_line(canvas, b, -s, b, s, ink, line);
    }
    cairo_restore(canvas->cairo);
}

void draw_circuit(struct canvas *canvas) {
    const size_t columns = canvas_between(canvas, 2, 4), rows = canvas_between(canvas, 1, 3);
    const double W = canvas->width, H = canvas->height, line = canvas_uniform(canvas, 3, 6);
    const double w = W * 0.8 / (double)columns, h = H * 0.8 / (double)rows;
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 24, 44));
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    for (size_t row = 0; row <= rows; row++) {
        for (size_t column = 0; column <= columns; column++) {
            const double x = W * 0.1 + w * (double)column, y = H * 0.1 + h * (double)row;
            const bool edge_x = row == 0 || row == rows, edge_y = column == 0 || column == columns;
            if (column < columns && (edge_x || canvas_chance(canvas, 0.5))) {
                draw_part(canvas, x, y, w, false, line);
            }
            if (row < rows && (edge_y || canvas_chance(canvas, 0.6))) {
                draw_part(canvas, x, y, h, true, line);
            }
            if (canvas_chance(canvas, 0.5))
                canvas_disc(canvas, x, y, line * 1.8, canvas->palette.ink);
            if (!canvas_chance(canvas, 0.4)) continue;
            char label[16];
            g_snprintf(label, sizeof label, "%c%zu", (char)('A' + (int)canvas_below(canvas, 26)),
                       canvas_between(canvas, 1, 9));
            canvas_text(canvas, &style, fmin(x + w / 2, W * 0.95), fmax(y - h * 0.2, 20), 'c',
                        label);
        }
    }
    canvas_say(canvas, "a diagram of an electric circuit");
    canvas_say(canvas, "a drawing of a circuit");
    canvas_say(canvas, "a circuit diagram");
}

void draw_geometry(struct canvas *canvas) {
    enum { MOST = 6 };
    const double W = canvas->width, H = canvas->height, r = fmin(W, H) * 0.4;
    const size_t corners = canvas_between(canvas, 3, MOST);
    const double line = canvas_uniform(canvas, 3, 7);
    double x[MOST], y[MOST];
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 35, 60));
    style.italic = true;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    for (size_t i = 0; i < corners; i++) {
        const double angle =
            2 * M_PI * ((double)i + canvas_uniform(canvas, -0.2, 0.2)) / (double)corners;
        x[i] = W / 2 + r * cos(angle);
        y[i] = H / 2 + r * sin(angle);
        cairo_line_to(canvas->cairo, x[i], y[i]);
    }
    cairo_close_path(canvas->cairo);
    if (canvas_chance(canvas, 0.3)) {
        canvas_set(canvas, rgb_mix(canvas->palette.ground, canvas_accent(canvas, 0), 0.3));
        cairo_fill_preserve(canvas->cairo);
    }
    canvas_stroke(canvas, canvas->palette.ink, line);
    for (size_t i = 0; i < corners; i++) {
        const size_t j = (i + 1) % corners, k = (i + 2) % corners;
        char label[2] = {(char)('A' + (int)i), 0};
        canvas_text(canvas, &style, x[i] + (x[i] - W / 2) * 0.13, y[i] + (y[i] - H / 2) * 0.13, 'c',
                    label);
        if (canvas_chance(canvas, 0.5)) {
            canvas_line(canvas, x[i], y[i], (x[j] + x[k]) / 2, (y[j] + y[k]) / 2,
                        canvas->palette.ink, line * 0.6);
        }
    }
    if (canvas_chance(canvas, 0.6)) {
        canvas_polygon_path(canvas, W / 2, H / 2, canvas_chance(canvas, 0.5) ? r : r * 0.45, 90, 0);
        canvas_stroke(canvas, canvas_accent(canvas, 1), line);
    }
    canvas_say(canvas, "a diagram with lines and letters");
    canvas_say(canvas, "a drawing of a geometric figure");
    canvas_say(canvas, "a geometric figure with lines and letters");
}

static void draw_room(struct canvas *canvas, double x, double y, double w, double h, size_t depth,
                      double wall, const struct text_style *style) {
    const struct rgb ink = canvas->palette.ink;
    if (depth > 0 && fmax(w, h) > 220) {
        const double share = canvas_uniform(canvas, 0.35, 0.65);
        if (w > h) {
            draw_room(canvas, x, y, w * share, h, depth - 1, wall, style);
            draw_room(canvas, x + w * share, y, w * (1 - share), h, depth - 1, wall, style);
        } else {
            draw_room(canvas, x, y, w, h * share, depth - 1, wall, style);
            draw_room(canvas, x, y + h * share, w, h * (1 - share), depth - 1, wall, style);
        }
        return;
    }
    canvas_frame(canvas, x, y, w, h, ink, wall);
    const double door = fmin(fmin(w, h) * 0.35, 90);
    canvas_line(canvas, x + w * 0.2, y + h, x + w * 0.2 + door, y + h, canvas->palette.ground,
                wall * 1.4);
    cairo_move_to(canvas->cairo, x + w * 0.2, y + h);
    cairo_line_to(canvas->cairo, x + w * 0.2, y + h - door);
    cairo_arc(canvas->cairo, x + w * 0.2, y + h, door, -M_PI / 2, 0);
    canvas_stroke(canvas, ink, 2);
    const double f = fmin(w, h) * 0.3;
    if (canvas_chance(canvas, 0.5)) canvas_frame(canvas, x + wall, y + wall, f * 1.5, f, ink, 2);
    if (canvas_chance(canvas, 0.3)) {
        canvas_polygon_path(canvas, x + w * 0.7, y + h * 0.3, f * 0.5, 24, 0);
        canvas_stroke(canvas, ink, 2);
    }
    if (!canvas_chance(canvas, 0.6)) return;
    char *text = words_title(canvas->random, LATIN, 1);
    canvas_text(canvas, style, x + w / 2, y + h / 2, 'c', text);
    g_free(text);
}

void draw_floor_plan(struct canvas *canvas) {
    const double W = canvas->width, H = canvas->height, margin = canvas_uniform(canvas, 30, 110);
    if (canvas_chance(canvas, 0.35)) { /* a blueprint */
        canvas->palette.ground = rgb_hsl(canvas_uniform(canvas, 0.57, 0.63), 0.65, 0.32);
        canvas->palette.ink = rgb_grey(0.95);
    }
    const struct text_style style =
        canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 30));
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    draw_room(canvas, margin, margin, W - 2 * margin, H - 2 * margin, canvas_between(canvas, 2, 4),
              canvas_uniform(canvas, 6, 16), &style);
    if (canvas_chance(canvas, 0.5)) {
        const double y = H - margin / 2;
        canvas_arrow(canvas, W / 2, y, W - margin, y, canvas->palette.ink, 2);
        canvas_arrow(canvas, W / 2, y, margin, y, canvas->palette.ink, 2);
    }
    canvas_say(canvas, "a floor plan");
    canvas_say(canvas, "a floor plan of a house");
    canvas_say(canvas, "a drawing of a floor plan");
}

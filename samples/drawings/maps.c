/* Maps: streets, countries, heights, lines of a metro. */
#include <math.h>

#include "kinds.h"

/* A name on the map, with a light edge so that it can be read on anything. */
static void draw_label(struct canvas *canvas, struct text_style style, double x, double y,
                       double angle) {
    char *text = words_title(canvas->random, LATIN, canvas_between(canvas, 1, 2));
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, angle);
    canvas_text(canvas, &style, 0, 0, 'c', text);
    cairo_restore(canvas->cairo);
    g_free(text);
}

/* Colours of ground, streets, main streets, parks, water and houses. */
struct map_colours {
    struct rgb ground, street, main, park, water, house;
};

static struct map_colours pick_colours(struct canvas *canvas) {
    const size_t theme = canvas_style(canvas, "map", 6);
    const double hue = canvas_hue(canvas);
    struct map_colours colours = {rgb_hsl(0.11, 0.25, 0.93), rgb_grey(1),
                                  rgb_hsl(0.12, 0.9, 0.72),  rgb_hsl(0.3, 0.4, 0.8),
                                  rgb_hsl(0.56, 0.5, 0.8),   rgb_hsl(0.08, 0.1, 0.84)};
    if (theme == 1) colours.main = rgb_hsl(hue, 0.6, 0.6);
    if (theme == 2) {
        colours = (struct map_colours){rgb_grey(1),    rgb_grey(0.3), rgb_grey(0.1),
                                       rgb_grey(0.85), rgb_grey(0.7), rgb_grey(0.5)};
    }
    if (theme == 3) {
        colours =
            (struct map_colours){rgb_grey(0.15),         rgb_grey(0.32),          rgb_grey(0.5),
                                 rgb_hsl(0.3, 0.2, 0.2), rgb_hsl(0.6, 0.4, 0.25), rgb_grey(0.2)};
    }
    if (theme == 4) {
        colours.ground = rgb_hsl(hue, 0.3, 0.85);
        colours.park = rgb_hsl(hue + 0.2, 0.4, 0.7);
        colours.water = rgb_hsl(hue + 0.5, 0.5, 0.6);
    }
    if (theme == 5) colours.ground = rgb_hsl(0.12, 0.45, 0.8);
    return colours;
}

static void draw_river(struct canvas *canvas, struct rgb colour) {
    double y = canvas_uniform(canvas, -0.3, 0.3) * canvas->height;
    cairo_move_to(canvas->cairo, -1000, y);
    for (double x = -1000; x < 1000; x += 250) {
        const double next = y + canvas_uniform(canvas, -130, 130);
        cairo_curve_to(canvas->cairo, x + 100, y, x + 150, next, x + 250, next);
        y = next;
    }
    canvas_stroke(canvas, colour, canvas_uniform(canvas, 20, 130));
}

static void draw_blocks(struct canvas *canvas, double step, const struct map_colours *colours) {
    for (double y = -900; y < 900; y += step) {
        for (double x = -900; x < 900; x += step) {
            if (canvas_chance(canvas, 0.1)) canvas_box(canvas, x, y, step, step, colours->park);
            if (!canvas_chance(canvas, 0.4)) continue;
            for (size_t i = 0; i < 4; i++) {
                canvas_box(canvas, x + step * canvas_uniform(canvas, 0.1, 0.6),
                           y + step * canvas_uniform(canvas, 0.1, 0.6), step * 0.25, step * 0.2,
                           colours->house);
            }
        }
    }
}

/* Streets in a grid that is bent and has gaps, or in rings and rays. */
static void draw_streets(struct canvas *canvas, double step, bool rings, struct rgb colour,
                         double width) {
    const double bend = canvas_uniform(canvas, 0, 0.5) * step;
    for (double at = -900; at < 900; at += step) {
        for (size_t way = 0; way < 2; way++) {
            if (canvas_chance(canvas, 0.15)) continue;
            if (rings && way == 0) {
                const double start = canvas_uniform(canvas, 0, 2 * M_PI);
                cairo_arc(canvas->cairo, canvas_uniform(canvas, -bend, bend),
                          canvas_uniform(canvas, -bend, bend), fabs(at), start,
                          start + canvas_uniform(canvas, 2, 6));
            } else if (rings) {
                const double angle = (at + canvas_uniform(canvas, -bend, bend)) / 900 * M_PI;
                const double from = canvas_uniform(canvas, 0, 400),
                             to = canvas_uniform(canvas, 450, 1200);
                cairo_move_to(canvas->cairo, from * cos(angle), from * sin(angle));
                cairo_line_to(canvas->cairo, to * cos(angle), to * sin(angle));
            } else {
                const double a =
                    canvas_chance(canvas, 0.3) ? canvas_uniform(canvas, -500, 0) : -900;
                const double b = canvas_chance(canvas, 0.3) ? canvas_uniform(canvas, 0, 500) : 900;
                const double off = canvas_uniform(canvas, -bend, bend);
                cairo_move_to(canvas->cairo, way ? a : at, way ? at : a);
                cairo_line_to(canvas->cairo, way ? b : at + off, way ? at + off : b);
            }
            canvas_stroke(canvas, colour, width);
        }
    }
}

void draw_street_map(struct canvas *canvas) {
    const struct map_colours colours = pick_colours(canvas);
    const double step = canvas_uniform(canvas, 55, 190),
                 width = step * canvas_uniform(canvas, 0.08, 0.25);
    const bool rings = canvas_chance(canvas, 0.12);
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 34));
    style.colour = rgb_grey(rgb_light(colours.ground) > 0.5 ? 0.2 : 0.85);
    canvas->medium = canvas_chance(canvas, 0.3) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, colours.ground);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, canvas->width / 2, canvas->height / 2);
    cairo_rotate(canvas->cairo, canvas_uniform(canvas, -0.8, 0.8));
    if (canvas_chance(canvas, 0.7)) draw_blocks(canvas, step, &colours);
    if (canvas_chance(canvas, 0.6)) draw_river(canvas, colours.water);
    draw_streets(canvas, step, rings, colours.street, width);
    draw_streets(canvas, step * 3.3, rings, colours.main, width * 1.8);
    cairo_restore(canvas->cairo);
    for (size_t i = canvas_below(canvas, 14); i > 0; i--) {
        draw_label(canvas, style, canvas_uniform(canvas, 0, canvas->width),
                   canvas_uniform(canvas, 0, canvas->height), canvas_uniform(canvas, -0.8, 0.8));
    }
    if (canvas_chance(canvas, 0.3)) {
        const double x = canvas->width * canvas_uniform(canvas, 0.2, 0.8);
        const double y = canvas->height * canvas_uniform(canvas, 0.2, 0.8);
        canvas_polygon_path(canvas, x, y - 20, 30, 3, M_PI);
        canvas_fill(canvas, rgb_hsl(0, 0.8, 0.5));
        canvas_disc(canvas, x, y - 40, 26, rgb_hsl(0, 0.8, 0.5));
    }
    canvas_say(canvas, "a map");
    canvas_say(canvas, "a street map of a city");
    canvas_say(canvas, "a map of streets");
}

enum { COAST = 72 };

/* A closed line around (x, y) that runs in and out like a coast. */
static void coast_path(struct canvas *canvas, double x, double y, double radius, double rough) {
    double phase[5], depth[5];
    for (size_t k = 0; k < 5; k++) {
        phase[k] = canvas_uniform(canvas, 0, 2 * M_PI);
        depth[k] = canvas_uniform(canvas, 0, rough) / (double)(k + 1);
    }
    cairo_new_sub_path(canvas->cairo);
    for (size_t i = 0; i < COAST; i++) {
        const double angle = 2 * M_PI * (double)i / COAST;
        double r = 1 + canvas_uniform(canvas, -0.06, 0.06);
        for (size_t k = 0; k < 5; k++) r += depth[k] * sin((double)(k + 1) * angle + phase[k]);
        cairo_line_to(canvas->cairo, x + radius * r * cos(angle), y + radius * r * sin(angle));
    }
    cairo_close_path(canvas->cairo);
}

/* The point of a set that lies nearest, by the index. */
static size_t nearest(const double (*points)[2], size_t count, double x, double y) {
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (hypot(points[i][0] - x, points[i][1] - y) <
            hypot(points[best][0] - x, points[best][1] - y)) {
            best = i;
        }
    }
    return best;
}

/* Colours the current clip by countries: cells around random points, their borders rough. */
static void fill_countries(struct canvas *canvas, size_t count, bool colourful) {
    enum { MOST = 24, STEP = 6 };
    double points[MOST][2];
    for (size_t i = 0; i < count; i++) {
        points[i][0] = canvas_uniform(canvas, 0, canvas->width);
        points[i][1] = canvas_uniform(canvas, 0, canvas->height);
    }
    for (double y = 0; y < canvas->height; y += STEP) {
        for (double x = 0; x < canvas->width; x += STEP) {
            const double u = x + 18 * sin(y / 31) + 9 * sin(y / 11), v = y + 18 * sin(x / 27);
            const size_t own = nearest(points, count, u, v);
            const bool border = nearest(points, count, u + STEP, v) != own ||
                                nearest(points, count, u, v + STEP) != own;
            const struct rgb land = rgb_mix(canvas_accent(canvas, colourful ? own : 0), rgb_grey(1),
                                            colourful ? 0.45 : 0.6);
            canvas_box(canvas, x, y, STEP + 0.5, STEP + 0.5, border ? canvas->palette.ink : land);
        }
    }
}

void draw_country_map(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height;
    const size_t lands = canvas_between(canvas, 1, 4), count = canvas_between(canvas, 2, 24);
    const struct rgb sea = canvas_chance(canvas, 0.6)
                               ? rgb_hsl(canvas_uniform(canvas, 0.52, 0.6), 0.45, 0.75)
                               : canvas->palette.ground;
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 36));
    canvas->palette.ink = rgb_grey(canvas_uniform(canvas, 0.1, 0.4));
    style.colour = canvas->palette.ink;
    canvas->medium = canvas_chance(canvas, 0.4) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, sea);
    for (size_t i = 0; i < lands; i++) {
        const double radius = fmin(w, h) * (lands == 1 ? 0.38 : canvas_uniform(canvas, 0.12, 0.4));
        coast_path(canvas, w * canvas_uniform(canvas, 0.3, 0.7),
                   h * canvas_uniform(canvas, 0.3, 0.7), radius, 0.4);
    }
    cairo_path_t *coast = cairo_copy_path(canvas->cairo);
    cairo_save(canvas->cairo);
    cairo_clip(canvas->cairo);
    fill_countries(canvas, count, canvas_chance(canvas, 0.6));
    cairo_restore(canvas->cairo);
    cairo_append_path(canvas->cairo, coast);
    cairo_path_destroy(coast);
    canvas_stroke(canvas, canvas->palette.ink, canvas_uniform(canvas, 2, 6));
    for (size_t i = canvas_below(canvas, 14); i > 0; i--) {
        const double x = w * canvas_uniform(canvas, 0.15, 0.85),
                     y = h * canvas_uniform(canvas, 0.15, 0.85);
        draw_label(canvas, style, x, y, 0);
        if (canvas_chance(canvas, 0.5))
            canvas_disc(canvas, x, y + style.size * 0.7, 5, style.colour);
    }
    canvas_say(canvas, "a map");
    canvas_say(canvas, "a map of countries");
    canvas_say(canvas, "a map of land and sea");
}

static double hill(const double (*hills)[4], size_t count, double x, double y) {
    double height = 0;
    for (size_t i = 0; i < count; i++) {
        const double u = (x - hills[i][0]) / hills[i][2], v = (y - hills[i][1]) / hills[i][2];
        height += hills[i][3] * exp(-u * u - v * v);
    }
    return height;
}

void draw_contour_map(struct canvas *canvas) {
    enum { HILLS = 9, STEP = 4 };
    double hills[HILLS][4];
    const double levels = canvas_uniform(canvas, 8, 22);
    const bool tinted = canvas_chance(canvas, 0.5);
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 32));
    const struct rgb line =
        canvas_chance(canvas, 0.5) ? rgb_hsl(0.07, 0.6, 0.45) : canvas->palette.ink;
    const struct rgb low = rgb_hsl(0.3, 0.35, 0.75), high = rgb_hsl(0.09, 0.4, 0.65);
    for (size_t i = 0; i < HILLS; i++) {
        hills[i][0] = canvas_uniform(canvas, 0, canvas->width);
        hills[i][1] = canvas_uniform(canvas, 0, canvas->height);
        hills[i][2] = canvas_uniform(canvas, 80, 330);
        hills[i][3] = canvas_uniform(canvas, 0.3, 1);
    }
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    for (double y = 0; y < canvas->height; y += STEP) {
        for (double x = 0; x < canvas->width; x += STEP) {
            const double here = floor(levels * hill(hills, HILLS, x, y));
            const bool edge = here != floor(levels * hill(hills, HILLS, x + STEP, y)) ||
                              here != floor(levels * hill(hills, HILLS, x, y + STEP));
            if (tinted) {
                canvas_box(canvas, x, y, STEP, STEP, rgb_mix(low, high, fmin(1, here / levels)));
            }
            if (edge) canvas_box(canvas, x, y, STEP, STEP, line);
        }
    }
    for (size_t i = canvas_below(canvas, 10); i > 0; i--) {
        draw_label(canvas, style, canvas_uniform(canvas, 0, canvas->width),
                   canvas_uniform(canvas, 0, canvas->height), 0);
    }
    canvas_say(canvas, "a map");
    canvas_say(canvas, "a map with contour lines");
    canvas_say(canvas, "a map of hills with lines");
}

static void draw_metro_line(struct canvas *canvas, double unit, double thick, struct rgb colour,
                            const struct text_style *style) {
    const long turns[][2] = {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}};
    const size_t columns = (size_t)(canvas->width / unit), rows = (size_t)(canvas->height / unit);
    double x = unit * (double)canvas_below(canvas, columns),
           y = unit * (double)canvas_below(canvas, rows);
    size_t way = x < canvas->width / 2 ? canvas_below(canvas, 2) : 3 + canvas_below(canvas, 2);
    double stops[24][2];
    const size_t count = canvas_between(canvas, 6, 24);
    for (size_t i = 0; i < count; i++) {
        stops[i][0] = x;
        stops[i][1] = y;
        cairo_line_to(canvas->cairo, x, y);
        if (canvas_chance(canvas, 0.25)) way = (way + (canvas_chance(canvas, 0.5) ? 1 : 7)) % 8;
        x += unit * (double)turns[way][0];
        y += unit * (double)turns[way][1];
    }
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    canvas_stroke(canvas, colour, thick);
    for (size_t i = 0; i < count; i++) {
        canvas_disc(canvas, stops[i][0], stops[i][1], thick * 0.8, canvas->palette.ink);
        canvas_disc(canvas, stops[i][0], stops[i][1], thick * 0.5, rgb_grey(1));
        if (canvas_chance(canvas, 0.5)) {
            draw_label(canvas, *style, stops[i][0] + unit * 0.5, stops[i][1] - unit * 0.3, 0);
        }
    }
}

void draw_metro_map(struct canvas *canvas) {
    const double unit = canvas_uniform(canvas, 55, 110), thick = canvas_uniform(canvas, 8, 22);
    const struct text_style style =
        canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 16, 28));
    const double hue = canvas_hue(canvas);
    canvas->medium = canvas_chance(canvas, 0.4) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    if (canvas_chance(canvas, 0.4)) {
        cairo_save(canvas->cairo);
        cairo_translate(canvas->cairo, canvas->width / 2, canvas->height / 2);
        draw_river(canvas, rgb_hsl(0.56, 0.4, 0.8));
        cairo_restore(canvas->cairo);
    }
    const size_t lines = canvas_between(canvas, 3, 9);
    for (size_t i = 0; i < lines; i++) {
        draw_metro_line(canvas, unit, thick, rgb_hsl(hue + 0.382 * (double)i, 0.8, 0.45), &style);
    }
    canvas_say(canvas, "a map");
    canvas_say(canvas, "a map of subway lines");
    canvas_say(canvas, "a subway map with lines");
}

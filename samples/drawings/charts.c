/* Charts: bars, lines, pies, clouds of points. */
#include <math.h>

#include "kinds.h"

/* Where the data are drawn, and how the axes look. */
struct plot {
    double x, y, width, height, size;
    struct text_style label;
};

static void draw_legend(struct canvas *canvas, const struct plot *plot, size_t count, double x,
                        double y) {
    const double size = plot->size;
    for (size_t i = 0; i < count; i++, y += size * 1.3) {
        canvas_box(canvas, x, y - size * 0.35, size * 0.9, size * 0.7, canvas_accent(canvas, i));
        char *text = words_title(canvas->random, LATIN, 1);
        canvas_text(canvas, &plot->label, x + size * 1.2, y, 'l', text);
        g_free(text);
    }
}

static void draw_heading(struct canvas *canvas, struct plot *plot) {
    if (!canvas_chance(canvas, 0.6)) return;
    struct text_style style = plot->label;
    style.size *= canvas_uniform(canvas, 1.2, 1.8);
    style.bold = canvas_chance(canvas, 0.5);
    char *text = words_title(canvas->random, LATIN, canvas_between(canvas, 2, 5));
    const bool centred = canvas_chance(canvas, 0.6);
    style.size *= fmin(1, 0.8 * canvas->width / canvas_text_width(canvas, &style, text));
    canvas_text(canvas, &style, centred ? canvas->width / 2 : plot->x, plot->y, centred ? 'c' : 'l',
                text);
    g_free(text);
    plot->y += style.size * 1.2;
    plot->height -= style.size * 1.2;
}

static void draw_grid(struct canvas *canvas, const struct plot *plot, bool across, bool up) {
    const size_t lines = canvas_between(canvas, 3, 8);
    const double dash[] = {6, 6};
    if (canvas_chance(canvas, 0.3)) cairo_set_dash(canvas->cairo, dash, 2, 0);
    for (size_t i = 0; i <= lines; i++) {
        const double share = (double)i / (double)lines;
        const double x = plot->x + share * plot->width, y = plot->y + share * plot->height;
        if (across) {
            canvas_line(canvas, plot->x, y, plot->x + plot->width, y, canvas->palette.faint, 2);
        }
        if (up)
            canvas_line(canvas, x, plot->y, x, plot->y + plot->height, canvas->palette.faint, 2);
    }
    cairo_set_dash(canvas->cairo, NULL, 0, 0);
}

static void draw_ticks(struct canvas *canvas, const struct plot *plot, bool words_below) {
    const double bottom = plot->y + plot->height;
    const size_t rows = canvas_between(canvas, 3, 7), columns = canvas_between(canvas, 3, 8);
    const size_t scale = canvas_between(canvas, 1, 50);
    for (size_t i = 0; i <= rows; i++) {
        char *text = g_strdup_printf("%zu", i * scale);
        const double y = bottom - plot->height * (double)i / (double)rows;
        canvas_text(canvas, &plot->label, plot->x - plot->size * 0.5, y, 'r', text);
        canvas_line(canvas, plot->x - plot->size * 0.3, y, plot->x, y, canvas->palette.ink, 2);
        g_free(text);
    }
    for (size_t i = 0; i <= columns; i++) {
        char *text = words_below ? words_title(canvas->random, LATIN, 1)
                                 : g_strdup_printf("%zu", 2000 + i * scale);
        const double x = plot->x + plot->width * ((double)i + 0.3) / ((double)columns + 0.6);
        if (canvas_text_width(canvas, &plot->label, text) < plot->width / (double)columns) {
            canvas_text(canvas, &plot->label, x, bottom + plot->size * 0.8, 'c', text);
        }
        g_free(text);
    }
}

/* The ground, a heading, axes, ticks and grid; what is left is for the data. */
static struct plot draw_axes(struct canvas *canvas, bool words_below) {
    const double size = canvas_uniform(canvas, 20, 42);
    const size_t axes = canvas_style(canvas, "axes", 10);
    struct plot plot = {.size = size, .label = canvas_text_style(canvas, LATIN, size)};
    plot.x = size * canvas_uniform(canvas, 2.5, 4);
    plot.y = size * canvas_uniform(canvas, 1.2, 2);
    plot.width = canvas->width - plot.x - size * canvas_uniform(canvas, 1, 3);
    plot.height = canvas->height - plot.y - size * canvas_uniform(canvas, 2.2, 4);
    canvas->medium = canvas_chance(canvas, 0.25) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    if (canvas_chance(canvas, 0.15)) {
        canvas_frame(canvas, 6, 6, canvas->width - 12, canvas->height - 12, canvas->palette.ink, 3);
    }
    draw_heading(canvas, &plot);
    if (axes == 2 || axes == 7) {
        canvas_box(canvas, plot.x, plot.y, plot.width, plot.height,
                   rgb_mix(canvas->palette.ground, canvas->palette.faint, 0.5));
    }
    if (axes != 0 && axes != 6) draw_grid(canvas, &plot, axes != 5, axes == 2 || axes == 3);
    const double bottom = plot.y + plot.height;
    if (axes != 4) {
        canvas_line(canvas, plot.x, bottom, plot.x + plot.width, bottom, canvas->palette.ink, 3);
    }
    if (axes < 4 || axes == 8) {
        canvas_line(canvas, plot.x, plot.y, plot.x, bottom, canvas->palette.ink, 3);
    }
    if (axes == 9) {
        canvas_frame(canvas, plot.x, plot.y, plot.width, plot.height, canvas->palette.ink, 3);
    }
    if (axes != 6) draw_ticks(canvas, &plot, words_below);
    return plot;
}

/* How bars are arranged and look. */
struct bars {
    size_t count, series, look;
    bool lying, stacked;
    double thickness;
};

/* One bar from `from` to `to` (shares of the height), its side at `place` (share of the width). */
static void draw_bar(struct canvas *canvas, const struct plot *plot, const struct bars *bars,
                     double place, double thickness, double from, double to, struct rgb colour) {
    double x = plot->x + place * plot->width, y = plot->y + plot->height * (1 - to);
    double width = thickness * plot->width, height = (to - from) * plot->height;
    if (bars->lying) {
        x = plot->x + from * plot->width;
        y = plot->y + place * plot->height;
        width = (to - from) * plot->width;
        height = thickness * plot->height;
    }
    if (bars->look == 1) {
        canvas_round_path(canvas, x, y, width, height, 12);
        canvas_fill(canvas, colour);
        return;
    }
    if (bars->look == 2) {
        cairo_rectangle(canvas->cairo, x, y, width, height);
        canvas_set(canvas, rgb_mix(colour, canvas->palette.ground, 0.6));
        cairo_fill_preserve(canvas->cairo);
        canvas_stroke(canvas, colour, 4);
        return;
    }
    canvas_box(canvas, x, y, width, height, colour);
    if (bars->look == 3) canvas_frame(canvas, x, y, width, height, canvas->palette.ink, 2.5);
    if (bars->look == 4 && width > 8) { /* a shaded side */
        canvas_box(canvas, x + width * 0.75, y, width * 0.25, height,
                   rgb_mix(colour, rgb_grey(0), 0.35));
    }
}

static double bar_value(struct canvas *canvas, size_t i, size_t count, size_t trend) {
    const double place = (double)i / (double)count;
    if (trend == 0) return canvas_uniform(canvas, 0.1, 0.95);
    if (trend == 1) return 0.15 + 0.7 * place + canvas_uniform(canvas, 0, 0.12);
    if (trend == 2) return 0.9 - 0.7 * place - canvas_uniform(canvas, 0, 0.12);
    return 0.1 + 0.8 * exp(-20 * (place - 0.5) * (place - 0.5)) * canvas_uniform(canvas, 0.8, 1);
}

static void draw_bars(struct canvas *canvas, const struct plot *plot, const struct bars *bars) {
    const size_t trend = canvas_below(canvas, 4);
    const bool colourful = bars->series == 1 && bars->count <= 8 && canvas_chance(canvas, 0.45);
    const double slot = 1.0 / (double)bars->count;
    const double thickness = slot * bars->thickness / (bars->stacked ? 1 : (double)bars->series);
    for (size_t i = 0; i < bars->count; i++) {
        const double start = slot * ((double)i + (1 - bars->thickness) / 2);
        double from = 0;
        for (size_t s = 0; s < bars->series; s++) {
            double value = bar_value(canvas, i, bars->count, trend);
            if (bars->stacked) value /= (double)bars->series;
            const double place = start + (bars->stacked ? 0 : thickness * (double)s);
            draw_bar(canvas, plot, bars, place, thickness, from, from + value,
                     canvas_accent(canvas, colourful ? i : s));
            if (bars->stacked) from += value;
        }
    }
}

void draw_bar_chart(struct canvas *canvas) {
    const struct plot plot = draw_axes(canvas, true);
    struct bars bars = {.count = canvas_between(canvas, 3, 9), .series = 1};
    const size_t layout = canvas_style(canvas, "bars", 10);
    bars.lying = layout % 3 == 2;
    bars.thickness = canvas_uniform(canvas, 0.4, 0.85);
    bars.look = canvas_style(canvas, "bar", 7);
    if (layout >= 6 && layout < 8) bars.stacked = true;
    if (layout >= 4 && layout < 8) bars.series = canvas_between(canvas, 2, 4);
    if (layout == 9) { /* a histogram */
        bars.count = canvas_between(canvas, 12, 40);
        bars.thickness = canvas_uniform(canvas, 0.85, 1);
    }
    draw_bars(canvas, &plot, &bars);
    if (bars.series > 1) {
        draw_legend(canvas, &plot, bars.series, plot.x + plot.width - plot.size * 4,
                    plot.y + plot.size * 0.6);
    }
    canvas_say(canvas, "a bar chart");
    canvas_say(canvas, "a chart with bars");
    canvas_say(canvas,
               bars.lying ? "a bar chart with horizontal bars" : "a bar chart with several bars");
    if (bars.stacked) canvas_say(canvas, "a bar chart with stacked bars");
}

/* A walk of values between 0 and 1. */
static void draw_walk(struct canvas *canvas, double *values, size_t count) {
    double value = canvas_uniform(canvas, 0.15, 0.85);
    const double drift = canvas_uniform(canvas, -0.6, 0.6) / (double)count;
    const double step = canvas_uniform(canvas, 0.03, 0.5) / sqrt((double)count);
    for (size_t i = 0; i < count; i++) {
        value += drift + step * canvas_uniform(canvas, -1, 1);
        value = fmin(0.97, fmax(0.03, value));
        values[i] = value;
    }
}

static void draw_curve(struct canvas *canvas, const struct plot *plot, const double *values,
                       size_t count, size_t look, struct rgb colour) {
    const double bottom = plot->y + plot->height;
    for (size_t i = 0; i < count; i++) {
        const double x = plot->x + plot->width * (double)i / (double)(count - 1);
        const double y = bottom - plot->height * values[i];
        if (look == 3 && i > 0) {
            cairo_line_to(canvas->cairo, x, bottom - plot->height * values[i - 1]);
        }
        cairo_line_to(canvas->cairo, x, y);
    }
    if (look == 4) {
        cairo_line_to(canvas->cairo, plot->x + plot->width, bottom);
        cairo_line_to(canvas->cairo, plot->x, bottom);
        cairo_close_path(canvas->cairo);
        cairo_set_source_rgba(canvas->cairo, colour.red, colour.green, colour.blue, 0.7);
        cairo_fill(canvas->cairo);
        return;
    }
    const double dash[] = {14, 8};
    if (look == 2) cairo_set_dash(canvas->cairo, dash, 2, 0);
    canvas_stroke(canvas, colour, canvas_uniform(canvas, 3, 8));
    cairo_set_dash(canvas->cairo, NULL, 0, 0);
    if (look != 1 || count > 25) return;
    for (size_t i = 0; i < count; i++) {
        canvas_disc(canvas, plot->x + plot->width * (double)i / (double)(count - 1),
                    bottom - plot->height * values[i], 9, colour);
    }
}

void draw_line_chart(struct canvas *canvas) {
    enum { MOST = 200 };
    double values[MOST];
    const struct plot plot = draw_axes(canvas, false);
    const size_t count = canvas_chance(canvas, 0.6) ? canvas_between(canvas, 5, 20)
                                                    : canvas_between(canvas, 40, MOST);
    const size_t series = canvas_between(canvas, 1, 5), look = canvas_style(canvas, "curve", 7);
    for (size_t s = 0; s < series; s++) {
        draw_walk(canvas, values, count);
        draw_curve(canvas, &plot, values, count, look, canvas_accent(canvas, s));
    }
    if (series > 1 && canvas_chance(canvas, 0.6)) {
        draw_legend(canvas, &plot, series, plot.x + plot.size * 0.5, plot.y + plot.size * 0.6);
    }
    canvas_say(canvas, "a line chart");
    canvas_say(canvas, series == 1 ? "a chart with a line" : "a chart with several lines");
    canvas_say(canvas, "a graph with lines");
}

static void draw_slices(struct canvas *canvas, const struct plot *plot, size_t count, double x,
                        double y, double radius, size_t look) {
    double angle = canvas_uniform(canvas, 0, 2 * M_PI), left = 1;
    for (size_t i = 0; i < count; i++) {
        const double share =
            i + 1 == count ? left : left * canvas_uniform(canvas, 0.5, 1.6) / (double)(count - i);
        const double next = angle + share * 2 * M_PI, middle = (angle + next) / 2;
        const double out = look == 2 && i == 0 ? radius * 0.12 : look == 3 ? radius * 0.05 : 0;
        cairo_move_to(canvas->cairo, x + out * cos(middle), y + out * sin(middle));
        cairo_arc(canvas->cairo, x + out * cos(middle), y + out * sin(middle), radius, angle, next);
        cairo_close_path(canvas->cairo);
        canvas_set(canvas, canvas_accent(canvas, i));
        cairo_fill_preserve(canvas->cairo);
        canvas_stroke(canvas, look == 1 ? canvas->palette.ink : canvas->palette.ground, 4);
        if (look == 4 || look == 5) {
            char *text = words_number(canvas->random);
            canvas_text(canvas, &plot->label, x + radius * 1.2 * cos(middle),
                        y + radius * 1.15 * sin(middle), 'c', text);
            g_free(text);
        }
        left -= share;
        angle = next;
    }
}

void draw_pie_chart(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, size = canvas_uniform(canvas, 24, 44);
    struct plot plot = {.x = size, .y = size, .width = w - 2 * size, .height = h - 2 * size};
    const size_t look = canvas_style(canvas, "pie", 7), count = canvas_between(canvas, 2, ACCENTS);
    const double radius = fmin(w, h) * canvas_uniform(canvas, 0.26, 0.38);
    const bool donut = canvas_chance(canvas, 0.35), legend = canvas_chance(canvas, 0.6) && w > h;
    plot.size = size;
    plot.label = canvas_text_style(canvas, LATIN, size);
    canvas->medium = canvas_chance(canvas, 0.25) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    draw_heading(canvas, &plot);
    const double x = legend ? w * 0.37 : w / 2, y = plot.y + plot.height / 2;
    draw_slices(canvas, &plot, count, x, y, radius, look);
    if (donut)
        canvas_disc(canvas, x, y, radius * canvas_uniform(canvas, 0.4, 0.7),
                    canvas->palette.ground);
    if (legend) draw_legend(canvas, &plot, count, w * 0.75, h * 0.35);
    canvas_say(canvas, "a pie chart");
    canvas_say(canvas, "a pie chart with several slices");
    canvas_say(canvas, donut ? "a pie chart in the form of a ring" : "a round chart with slices");
}

void draw_scatter_plot(struct canvas *canvas) {
    const struct plot plot = draw_axes(canvas, false);
    const size_t groups = canvas_between(canvas, 1, 4), mark = canvas_style(canvas, "mark", 7);
    const double radius = canvas_uniform(canvas, 4, 13);
    for (size_t g = 0; g < groups; g++) {
        const size_t points = canvas_between(canvas, 15, 150);
        const double x0 = canvas_uniform(canvas, 0.25, 0.75),
                     y0 = canvas_uniform(canvas, 0.25, 0.75);
        const double spread = canvas_uniform(canvas, 0.05, 0.3),
                     slope = canvas_uniform(canvas, -1, 1);
        for (size_t i = 0; i < points; i++) {
            const double u = spread * (double)random_normal(canvas->random);
            const double v = slope * u + 0.4 * spread * (double)random_normal(canvas->random);
            if (fabs(x0 + u - 0.5) > 0.48 || fabs(y0 + v - 0.5) > 0.48) continue;
            const double x = plot.x + (x0 + u) * plot.width, y = plot.y + (y0 + v) * plot.height;
            const double r = mark == 5 ? radius * canvas_uniform(canvas, 0.5, 3) : radius;
            if (mark == 1) canvas_polygon_path(canvas, x, y, r, 4, 0);
            if (mark == 2) canvas_polygon_path(canvas, x, y, r, 3, 0);
            if (mark == 3) canvas_star_path(canvas, x, y, r * 1.3, r * 0.3, 4, M_PI / 4);
            if (mark == 0 || mark > 3) canvas_polygon_path(canvas, x, y, r, 16, 0);
            if (mark == 4) {
                canvas_stroke(canvas, canvas_accent(canvas, g), 3);
            } else {
                canvas_fill(canvas, canvas_accent(canvas, g));
            }
        }
    }
    canvas_say(canvas, "a scatter plot");
    canvas_say(canvas, "a chart with many points");
    canvas_say(canvas, "a graph with dots");
}

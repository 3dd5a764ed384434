#include "report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"

/* Smaller differences, relative to the values or absolute, are noise, and no axis could label them.
 */
static const double FINEST_SHARE = 1e-6, FINEST = 1e-8;

static bool axis_is_drawable(double value) {
    return isfinite(value) && fabs(value) <= AXIS_LARGEST;
}

/* Makes low < high, with a difference that can be divided. */
static void mend(double *low, double *high) {
    if (!axis_is_drawable(*low) || !axis_is_drawable(*high) || *low > *high) {
        *low = 0;
        *high = 1;
    }
    double size = fmax(fabs(*low), fabs(*high));
    if (*high - *low > fmax(size * FINEST_SHARE, FINEST)) return;
    double margin = size > FINEST ? size / 10 : 1;
    if (*low == 0) margin = 1; /* nothing but zeros: 0..1 */
    *low -= *low == 0 ? 0 : margin;
    *high += margin;
}

/* The smallest of 1, 2 and 5 times a power of ten that is not below `step`. */
static double round_step(double step) {
    double power = pow(10, floor(log10(step)));
    static const double factors[] = {1, 2, 5};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (factors[i] * power >= step * (1 - 1e-9)) return factors[i] * power;
    return 10 * power;
}

/* Ticks at multiples of the step; a tick that rounding puts just outside counts. */
static void place_ticks(struct axis *axis) {
    double from = ceil(axis->low / axis->step - 1e-6), to = floor(axis->high / axis->step + 1e-6);
    axis->first = from * axis->step;
    axis->ticks = to >= from ? (size_t)(to - from) + 1 : 1;
    double decimals = ceil(-log10(axis->step) - 1e-6);
    axis->decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : (unsigned)decimals;
}

struct axis axis_exact(double low, double high, size_t wanted, double least) {
    mend(&low, &high);
    double step = round_step((high - low) / (double)(wanted < 2 ? 1 : wanted - 1));
    struct axis axis = {.low = low, .high = high, .step = fmax(step, least)};
    place_ticks(&axis);
    return axis;
}

struct axis axis_rounded(double low, double high, size_t wanted, double least) {
    struct axis axis = axis_exact(low, high, wanted, least);
    axis.low = floor(axis.low / axis.step + 1e-6) * axis.step;
    axis.high = ceil(axis.high / axis.step - 1e-6) * axis.step;
    place_ticks(&axis);
    return axis;
}

double axis_tick(const struct axis *axis, size_t i) {
    double tick = axis->first + (double)i * axis->step;
    return fabs(tick) < axis->step / 2 ? 0 : tick; /* no "-0" */
}

double axis_share(const struct axis *axis, double value) {
    return (value - axis->low) / (axis->high - axis->low);
}

/* In units of the drawing, which is scaled to the page's width. The margin on the right is for the
 * labels of lines that end there, that on top for the y axis' label and the bands' names. */
enum {
    WIDTH = 480,
    HEIGHT = 270,
    LEFT = 54,
    RIGHT = WIDTH - 74,
    TOP = 40,
    BOTTOM = HEIGHT - 36,
    LABEL_HEIGHT = 30, /* of a line's name and last value */
    LETTER = 8,        /* an average letter's width, generously */
    MOST_DOTS = 100    /* more of them would hide the line */
};

/* A chart and where its values lie. */
struct chart_drawing {
    const struct chart *chart;
    struct axis x, y;
    FILE *stream;
};

static bool is_drawable(const struct chart_point *point) {
    return axis_is_drawable(point->x) && axis_is_drawable(point->y);
}

bool chart_has_points(const struct chart *chart) {
    for (size_t s = 0; s < chart->series_count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++)
            if (is_drawable(&chart->series[s].points[i])) return true;
    return false;
}

static double x_of(const struct chart_drawing *drawing, double value) {
    return LEFT + (RIGHT - LEFT) * axis_share(&drawing->x, value);
}

static double y_of(const struct chart_drawing *drawing, double value) {
    return BOTTOM - (BOTTOM - TOP) * axis_share(&drawing->y, value);
}

/* A coordinate to a tenth, with a point in every locale. */
static void put_number(FILE *stream, double value) {
    long tenths = lround(value * 10);
    fprintf(stream, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
    if (tenths % 10 != 0) fprintf(stream, ".%ld", labs(tenths) % 10);
}

static void put_attribute(FILE *stream, const char *name, double value) {
    fprintf(stream, " %s=\"", name);
    put_number(stream, value);
    fputc('"', stream);
}

static void begin_text(FILE *stream, const char *class, const char *anchor, double x, double y) {
    fprintf(stream, "<text class=\"%s\" text-anchor=\"%s\"", class, anchor);
    put_attribute(stream, "x", x);
    put_attribute(stream, "y", y);
    fputc('>', stream);
}

static void put_text(FILE *stream, const char *class, const char *anchor, double x, double y,
                     const char *text) {
    begin_text(stream, class, anchor, x, y);
    html_text_write(stream, text);
    fputs("</text>\n", stream);
}

static void put_line(FILE *stream, const char *class, double x1, double y1, double x2, double y2) {
    fprintf(stream, "<line class=\"%s\"", class);
    put_attribute(stream, "x1", x1);
    put_attribute(stream, "y1", y1);
    put_attribute(stream, "x2", x2);
    put_attribute(stream, "y2", y2);
    fputs("/>\n", stream);
}

/* The axes cover every point that can be drawn. */
static void measure(struct chart_drawing *drawing) {
    const struct chart *chart = drawing->chart;
    double x_low = chart->x_low, x_high = chart->x_high;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t s = 0; s < chart->series_count; s++) {
        for (size_t i = 0; i < chart->series[s].count; i++) {
            const struct chart_point *point = &chart->series[s].points[i];
            if (!is_drawable(point)) continue;
            x_low = fmin(x_low, point->x);
            x_high = fmax(x_high, point->x);
            low = fmin(low, point->y);
            high = fmax(high, point->y);
        }
    }
    if (chart->from_zero) low = fmin(low, 0);
    drawing->x = axis_exact(x_low, x_high, 7, chart->x_least);
    drawing->y = axis_rounded(low, high, 6, 0);
}

static void draw_y_axis(const struct chart_drawing *drawing) {
    const struct axis *axis = &drawing->y;
    for (size_t i = 0; i < axis->ticks; i++) {
        double value = axis_tick(axis, i), y = y_of(drawing, value);
        put_line(drawing->stream, "grid", LEFT, y, RIGHT, y);
        begin_text(drawing->stream, "tick", "end", LEFT - 7, y + 4);
        html_number_fixed(drawing->stream, value, axis->decimals);
        fputs("</text>\n", drawing->stream);
    }
    put_text(drawing->stream, "label", "start", 0, 12, drawing->chart->y_label);
}

static void draw_x_axis(const struct chart_drawing *drawing) {
    const struct axis *axis = &drawing->x;
    put_line(drawing->stream, "base", LEFT, BOTTOM, RIGHT, BOTTOM);
    for (size_t i = 0; i < axis->ticks; i++) {
        double value = axis_tick(axis, i), x = x_of(drawing, value);
        put_line(drawing->stream, "base", x, BOTTOM, x, BOTTOM + 4);
        begin_text(drawing->stream, "tick", "middle", x, BOTTOM + 18);
        html_number_fixed(drawing->stream, value, axis->decimals);
        fputs("</text>\n", drawing->stream);
    }
    put_text(drawing->stream, "label", "start", RIGHT + 14, BOTTOM + 18, drawing->chart->x_label);
}

/* Every other band is shaded. A name that would run into the one before it moves to the right; one
 * that would leave the chart is only in the band's title. */
static void draw_bands(const struct chart_drawing *drawing) {
    FILE *stream = drawing->stream;
    double free_from = LEFT;
    for (size_t i = 0; i < drawing->chart->band_count; i++) {
        const struct chart_band *band = &drawing->chart->bands[i];
        if (!axis_is_drawable(band->from) || !axis_is_drawable(band->to)) continue;
        double left = fmax(x_of(drawing, band->from), LEFT);
        double right = fmin(x_of(drawing, band->to), RIGHT);
        if (!(left < right)) continue;
        fprintf(stream, "<rect class=\"band\" fill-opacity=\"%d\"", i % 2 == 0);
        put_attribute(stream, "x", left);
        put_attribute(stream, "y", TOP);
        put_attribute(stream, "width", right - left);
        put_attribute(stream, "height", BOTTOM - TOP);
        fputs("><title>", stream);
        html_text_write(stream, band->name);
        fputs("</title></rect>\n", stream);
        if (left > LEFT) put_line(stream, "edge", left, TOP - 6, left, BOTTOM);
        double at = fmax(left, free_from), width = LETTER * (double)strlen(band->name);
        if (at + width > WIDTH) continue;
        put_text(stream, "label", "start", at + 2, TOP - 8, band->name);
        free_from = at + width + LETTER;
    }
}

/* State of a line's path. */
struct pen {
    FILE *stream;
    bool down;
    bool dot; /* nothing has been drawn since the last move */
    double x, y;
};

static void pen_lift(struct pen *pen) {
    if (pen->down && pen->dot) fputs("h0", pen->stream); /* a point alone: a round dot */
    pen->down = false;
}

static void pen_to(struct pen *pen, double x, double y) {
    if (pen->down && x == pen->x && y == pen->y) return;
    fputc(pen->down ? 'L' : 'M', pen->stream);
    put_number(pen->stream, x);
    fputc(' ', pen->stream);
    put_number(pen->stream, y);
    *pen = (struct pen){.stream = pen->stream, .down = true, .dot = !pen->down, .x = x, .y = y};
}

/* The points of one column, a unit wide: the first, lowest, highest and last of them draw the same
 * picture as all do (Jugel et al., "M4: a visualization-oriented time series data aggregation",
 * 2014). */
struct column {
    double at;
    size_t count;
    struct chart_point first, lowest, highest, last;
};

static void column_add(struct column *column, struct chart_point point) {
    bool first = column->count++ == 0;
    if (first) column->at = floor(point.x);
    if (first) column->first = point;
    if (first || point.y > column->lowest.y) column->lowest = point; /* y runs downwards */
    if (first || point.y < column->highest.y) column->highest = point;
    column->last = point;
}

static void column_draw(struct column *column, struct pen *pen) {
    if (column->count == 0) return;
    bool lowest_first = column->lowest.x <= column->highest.x;
    const struct chart_point points[4] = {
        column->first, lowest_first ? column->lowest : column->highest,
        lowest_first ? column->highest : column->lowest, column->last};
    for (size_t i = 0; i < 4; i++) pen_to(pen, points[i].x, points[i].y);
    column->count = 0;
}

static void draw_path(const struct chart_drawing *drawing, const struct chart_series *series) {
    struct pen pen = {.stream = drawing->stream};
    struct column column = {0};
    fputs("<path d=\"", drawing->stream);
    for (size_t i = 0; i < series->count; i++) {
        const struct chart_point *value = &series->points[i];
        if (!is_drawable(value)) {
            column_draw(&column, &pen);
            pen_lift(&pen);
            continue;
        }
        struct chart_point point = {x_of(drawing, value->x), y_of(drawing, value->y)};
        if (column.count > 0 && floor(point.x) != column.at) column_draw(&column, &pen);
        column_add(&column, point);
    }
    column_draw(&column, &pen);
    pen_lift(&pen);
    fputs("\"/>\n", drawing->stream);
}

/* Three significant digits, and enough to distinguish the ticks. */
static void put_value(const struct chart_drawing *drawing, double value) {
    double size = fabs(value) > 0 ? floor(log10(fabs(value))) : 0;
    unsigned decimals = size > 1 ? 0 : size < -6 ? 9 : (unsigned)(2 - size);
    if (decimals < drawing->y.decimals) decimals = drawing->y.decimals;
    html_number_fixed(drawing->stream, value, decimals);
}

/* Each point as a dot whose tooltip shows its numbers. */
static void draw_dots(const struct chart_drawing *drawing, const struct chart_series *series) {
    if (series->line == CHART_FAINT || series->count > MOST_DOTS) return;
    FILE *stream = drawing->stream;
    for (size_t i = 0; i < series->count; i++) {
        const struct chart_point *point = &series->points[i];
        if (!is_drawable(point)) continue;
        fputs("<circle r=\"2.4\"", stream);
        put_attribute(stream, "cx", x_of(drawing, point->x));
        put_attribute(stream, "cy", y_of(drawing, point->y));
        fputs("><title>", stream);
        html_text_write(stream, drawing->chart->x_label);
        fputc(' ', stream);
        html_number_fixed(stream, point->x, drawing->chart->x_least < 1 ? 2 : 0);
        fputs(": ", stream);
        put_value(drawing, point->y);
        fputs("</title></circle>\n", stream);
    }
}

/* The last point that can be drawn, or NULL. */
static const struct chart_point *last_point(const struct chart_series *series) {
    for (size_t i = series->count; i-- > 0;)
        if (is_drawable(&series->points[i])) return &series->points[i];
    return NULL;
}

static void draw_mark(const struct chart_drawing *drawing, const struct chart_series *series) {
    if (series->marked >= series->count || !is_drawable(&series->points[series->marked])) return;
    double x = x_of(drawing, series->points[series->marked].x);
    double y = y_of(drawing, series->points[series->marked].y);
    FILE *stream = drawing->stream;
    fputs("<circle class=\"ring\" r=\"6\"", stream);
    put_attribute(stream, "cx", x);
    put_attribute(stream, "cy", y);
    fputs("/>\n", stream);
    /* Away from the label of a line that ends here. */
    bool last = last_point(series) == &series->points[series->marked];
    put_text(stream, "mark", last ? "end" : "middle", last ? x - 9 : x, y - 10, series->mark);
}

/* The end of the line that reaches farthest. */
static double right_end(const struct chart_drawing *drawing) {
    double right = LEFT;
    for (size_t s = 0; s < drawing->chart->series_count; s++) {
        const struct chart_point *last = last_point(&drawing->chart->series[s]);
        if (last) right = fmax(right, x_of(drawing, last->x));
    }
    return right;
}

static void put_end(const struct chart_drawing *drawing, const struct chart_series *series,
                    const struct chart_point *point, double y) {
    double x = right_end(drawing) + 10;
    if (series->name) put_text(drawing->stream, "end name", "start", x, y - 2, series->name);
    if (drawing->chart->names_alone) return;
    begin_text(drawing->stream, "end", "start", x, series->name ? y + 12 : y + 4);
    put_value(drawing, point->y);
    fputs("</text>\n", drawing->stream);
}

/* The lowest line whose label is not placed yet; CHART_NO_POINT: there is none. */
static size_t lowest_unplaced(const struct chart_drawing *drawing, const double *ends,
                              const bool *placed) {
    size_t lowest = CHART_NO_POINT;
    for (size_t s = 0; s < drawing->chart->series_count; s++) {
        if (placed[s]) continue;
        if (lowest == CHART_NO_POINT || ends[s] > ends[lowest]) lowest = s;
    }
    return lowest;
}

/* Where the labels go: at the lines' ends, from the lowest to the highest, each moved up far enough
 * to clear the one below. */
static void place_ends(const struct chart_drawing *drawing, double *ends) {
    bool placed[CHART_MOST_SERIES] = {false};
    for (size_t s = 0; s < drawing->chart->series_count; s++) {
        const struct chart_series *series = &drawing->chart->series[s];
        const struct chart_point *last = last_point(series);
        placed[s] = !last || series->line == CHART_FAINT;
        ends[s] = last ? y_of(drawing, last->y) : 0;
    }
    double free_to = BOTTOM - 8;
    for (size_t s; (s = lowest_unplaced(drawing, ends, placed)) != CHART_NO_POINT;) {
        placed[s] = true;
        ends[s] = fmin(ends[s], free_to);
        free_to = ends[s] - LABEL_HEIGHT;
    }
}

static void draw_series(const struct chart_drawing *drawing) {
    static const char *const classes[] = {
        [CHART_SOLID] = "solid", [CHART_DASHED] = "dashed", [CHART_FAINT] = "faint"};
    double ends[CHART_MOST_SERIES];
    place_ends(drawing, ends);
    for (size_t s = 0; s < drawing->chart->series_count; s++) {
        const struct chart_series *series = &drawing->chart->series[s];
        const struct chart_point *last = last_point(series);
        if (!last) continue;
        fprintf(drawing->stream, "<g class=\"%s\">\n", classes[series->line]);
        draw_path(drawing, series);
        draw_dots(drawing, series);
        if (series->line != CHART_FAINT) put_end(drawing, series, last, ends[s]);
        draw_mark(drawing, series);
        fputs("</g>\n", drawing->stream);
    }
}

/* The range of x for scripts: in values and in drawing units. */
static void put_range(const struct chart_drawing *drawing) {
    put_attribute(drawing->stream, "data-low", drawing->x.low);
    put_attribute(drawing->stream, "data-high", drawing->x.high);
    put_attribute(drawing->stream, "data-left", LEFT);
    put_attribute(drawing->stream, "data-right", RIGHT);
}

void chart_write(const struct chart *chart, FILE *stream) {
    struct chart drawn = *chart;
    if (drawn.series_count > CHART_MOST_SERIES) drawn.series_count = CHART_MOST_SERIES;
    struct chart_drawing drawing = {.chart = &drawn, .stream = stream};
    measure(&drawing);
    fprintf(stream, "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", WIDTH,
            HEIGHT);
    html_text_write(stream, drawn.title);
    fputc('"', stream);
    put_range(&drawing);
    fputs(">\n", stream);
    draw_bands(&drawing);
    draw_y_axis(&drawing);
    draw_x_axis(&drawing);
    put_line(stream, "cursor", LEFT, TOP, LEFT, BOTTOM);
    if (!chart_has_points(&drawn))
        put_text(stream, "label", "middle", (LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0,
                 "nothing yet");
    draw_series(&drawing);
    fputs("</svg>\n", stream);
}

/* A line chart as inline SVG: thin lines, round ticks, labels at the lines' ends instead of a
 * legend.
 *
 *     const struct chart_series series[] = {{.name = "CIDEr", .points = points, .count = n, ...}};
 *     const struct chart chart = {.title = "CIDEr", .x_label = "epoch", .series = series, ...};
 *     chart_write(&chart, stream);
 *
 * Colours, widths and fonts come from the page's style (chart.css). The svg element has data-
 * attributes that map x to the drawing (data-low at data-left, data-high at data-right), and a
 * hidden line.cursor with which a script may mark an x.
 */
#ifndef CAPTION_REPORT_CHART_H
#define CAPTION_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* An axis of a chart: the range that it covers and its round ticks (1, 2 or 5 times a power of ten
 * apart). */

struct axis {
    double low, high; /* low < high */
    double first;     /* the first tick; the next ones follow, `step` apart */
    double step;
    size_t ticks;      /* at least 1 */
    unsigned decimals; /* enough to distinguish the ticks, 0..9 */
};

/* Larger values, and those that are not finite, cannot be drawn. */
#define AXIS_LARGEST 1e12

/* An axis over low..high with about `wanted` ticks (at least 2), at least `least` apart. An invalid
 * range (not drawable, empty, reversed) is replaced by a valid one. */
struct axis axis_exact(double low, double high, size_t wanted, double least);

/* The same, widened so that it begins and ends with a tick. */
struct axis axis_rounded(double low, double high, size_t wanted, double least);

double axis_tick(const struct axis *axis, size_t i);

/* Where a value lies: 0 at low, 1 at high. */
double axis_share(const struct axis *axis, double value);

struct chart_point {
    double x, y;
};

enum chart_line {
    CHART_SOLID,
    CHART_DASHED, /* in another colour */
    CHART_FAINT   /* behind the others, unlabelled: for many points that another line summarises */
};

#define CHART_NO_POINT ((size_t)-1)

struct chart_series {
    const char *name;                 /* beside its last value; NULL: the value alone */
    const struct chart_point *points; /* [count], in order of x; y that is not finite is a gap */
    size_t count;
    enum chart_line line;
    size_t marked;    /* the circled point, or CHART_NO_POINT */
    const char *mark; /* its label */
};

/* A part of the x axis with a name. */
struct chart_band {
    double from, to;
    const char *name;
};

struct chart {
    const char *title; /* text for screen readers */
    const char *x_label, *y_label;
    double x_low, x_high; /* shown at least */
    double x_least;       /* ticks are no closer than this */
    bool from_zero;       /* the y axis begins at 0 */
    bool names_alone;     /* labels at the lines' ends are names without values */
    const struct chart_series *series;
    size_t series_count; /* at most CHART_MOST_SERIES are drawn */
    const struct chart_band *bands;
    size_t band_count;
};

enum { CHART_MOST_SERIES = 4 };

/* Whether there is anything to draw: a point with drawable numbers. */
bool chart_has_points(const struct chart *chart);

/* Any numbers may be given; those that cannot be drawn leave gaps. The stream's own errors are left
 * to its owner. */
void chart_write(const struct chart *chart, FILE *stream);

#endif

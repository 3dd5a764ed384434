/* An axis of a chart: the range that it covers and its round ticks (1, 2 or 5 times a power of ten
 * apart). */
#ifndef CAPTION_REPORT_AXIS_H
#define CAPTION_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

struct axis {
    double low, high; /* low < high */
    double first;     /* the first tick; the next ones follow, `step` apart */
    double step;
    size_t ticks;      /* at least 1 */
    unsigned decimals; /* enough to distinguish the ticks, 0..9 */
};

/* Larger values, and those that are not finite, cannot be drawn. */
#define AXIS_LARGEST 1e12

bool axis_is_drawable(double value);

/* An axis over low..high with about `wanted` ticks (at least 2), at least `least` apart. An invalid
 * range (not drawable, empty, reversed) is replaced by a valid one. */
struct axis axis_exact(double low, double high, size_t wanted, double least);

/* The same, widened so that it begins and ends with a tick. */
struct axis axis_rounded(double low, double high, size_t wanted, double least);

double axis_tick(const struct axis *axis, size_t i);

/* Where a value lies: 0 at low, 1 at high. */
double axis_share(const struct axis *axis, double value);

#endif

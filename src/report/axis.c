#include "report/axis.h"

#include <math.h>

/* Smaller differences, relative to the values or absolute, are noise, and no axis could label them.
 */
static const double FINEST_SHARE = 1e-6, FINEST = 1e-8;

bool axis_is_drawable(double value) {
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

#include "eval/calibration_error.h"

#include <math.h>

#include "base/memory.h"

void calibration_bins_add(struct calibration_bins *bins, double probability, bool came_true) {
    /* In float, so that 0.9 lies where 0.9F does. */
    const size_t bin =
        size_smaller((size_t)((float)probability * CALIBRATION_BINS), CALIBRATION_BINS - 1);
    bins->bins[bin].stated += probability;
    bins->bins[bin].true_ones += came_true;
    bins->bins[bin].variance += probability * (1 - probability);
    bins->count++;
}

double calibration_bins_error(const struct calibration_bins *bins) {
    double sum = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++)
        sum += fabs(bins->bins[i].stated - bins->bins[i].true_ones);
    return sum / (double)size_larger(bins->count, 1);
}

/* The mean distance of a normal variable from its mean. */
static double mean_distance(double variance) {
    return sqrt(2 * variance / acos(-1));
}

double calibration_bins_chance(const struct calibration_bins *bins) {
    double sum = 0;
    for (size_t i = 0; i < CALIBRATION_BINS; i++) sum += mean_distance(bins->bins[i].variance);
    return sum / (double)size_larger(bins->count, 1);
}

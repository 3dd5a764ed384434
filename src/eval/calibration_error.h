/* How far stated probabilities lie from what came true: the expected calibration error (Guo et al.,
 * On calibration of modern neural networks, 2017), over ten bins of equal width. */
#ifndef CAPTION_EVAL_CALIBRATION_ERROR_H
#define CAPTION_EVAL_CALIBRATION_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum { CALIBRATION_BINS = 10 };

/* Starts as {0}. */
struct calibration_bins {
    size_t count; /* of all that was added */
    struct {
        double stated, true_ones;
        double variance; /* of true_ones, if what is stated were so */
    } bins[CALIBRATION_BINS];
};

void calibration_bins_add(struct calibration_bins *bins, double probability, bool came_true);

/* From 0 to 1; 0 of nothing. */
double calibration_bins_error(const struct calibration_bins *bins);

/* The error to be expected by chance alone, if what is stated were so: of few things it is not
 * small. */
double calibration_bins_chance(const struct calibration_bins *bins);

#endif

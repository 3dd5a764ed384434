/* How good the confidence of captions is: its calibration error, and how much better the surer
 * captions are (risk against coverage; Geifman and El-Yaniv, Selective classification for deep
 * neural networks, 2017). */
#ifndef CAPTION_EVAL_CONFIDENCE_SCORES_H
#define CAPTION_EVAL_CONFIDENCE_SCORES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { CONFIDENCE_ROWS = 5, CONFIDENCE_RISKS = 40 };

/* The surest part of the captions. */
struct confidence_row {
    double coverage; /* 1, 0.9, 0.75, 0.5, 0.25: that part of them */
    double least;    /* the least confidence among these */
    double cider;    /* their mean */
    double apt;      /* the share whose CIDEr is CONFIDENCE_APT or more */
};

struct confidence_scores {
    size_t count;             /* captions; 0: the model has no confidence */
    double calibration_error; /* expected, in ten equal bins */
    double chance_error;      /* what it would be by chance if all confidences were true */
    double gain;              /* CIDEr of the surer three quarters over that of all */
    struct confidence_row rows[CONFIDENCE_ROWS];
    double risks[CONFIDENCE_RISKS]; /* the share that is not apt among the surest (i + 1) /
                                       CONFIDENCE_RISKS of the captions */
};

/* Of captions' confidences[count], from 0 to 1, and their ciders[count]. Of equal confidences the
 * worse caption counts as the surer. A confidence of NAN, of a model that has none, leaves the
 * scores zero. False when memory is short. */
bool confidence_scores_compute(const double *confidences, const double *ciders, size_t count,
                               struct confidence_scores *scores, caption_error *error);

/* How far stated probabilities lie from what came true: the expected calibration error (Guo et al.,
 * On calibration of modern neural networks, 2017), over ten bins of equal width. */

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

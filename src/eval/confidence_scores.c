#include "eval/confidence_scores.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/confidence.h"

static const double coverages[CONFIDENCE_ROWS] = {1, 0.9, 0.75, 0.5, 0.25};
enum { ALL = 0, THREE_QUARTERS = 2 }; /* rows of them */

struct ranked_caption {
    double confidence, cider;
};

/* Equal confidences: the worse ones first, so that a tie is no gain. */
static int by_falling_confidence(const void *a, const void *b) {
    const struct ranked_caption *left = a, *right = b;
    if (left->confidence != right->confidence) return left->confidence < right->confidence ? 1 : -1;
    return (left->cider > right->cider) - (left->cider < right->cider);
}

/* At least one caption. */
static struct confidence_row row_of(const struct ranked_caption *ranked, size_t count,
                                    double coverage) {
    const size_t covered = size_larger((size_t)lround(coverage * (double)count), 1);
    struct confidence_row row = {.coverage = coverage, .least = ranked[covered - 1].confidence};
    for (size_t i = 0; i < covered; i++) {
        row.cider += ranked[i].cider;
        row.apt += ranked[i].cider >= CONFIDENCE_APT;
    }
    row.cider /= (double)covered;
    row.apt /= (double)covered;
    return row;
}

bool confidence_scores_compute(const double *confidences, const double *ciders, size_t count,
                               struct confidence_scores *scores, caption_error *error) {
    *scores = (struct confidence_scores){0};
    if (count == 0 || isnan(confidences[0])) return true;
    struct ranked_caption *ranked = memory_zeroed(count, sizeof *ranked, "confidences", error);
    if (!ranked) return false;
    struct calibration_bins bins = {0};
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked_caption){confidences[i], ciders[i]};
        calibration_bins_add(&bins, confidences[i], ciders[i] >= CONFIDENCE_APT);
    }
    qsort(ranked, count, sizeof *ranked, by_falling_confidence);
    for (size_t i = 0; i < CONFIDENCE_ROWS; i++)
        scores->rows[i] = row_of(ranked, count, coverages[i]);
    for (size_t i = 0; i < CONFIDENCE_RISKS; i++)
        scores->risks[i] = 1 - row_of(ranked, count, (double)(i + 1) / CONFIDENCE_RISKS).apt;
    scores->count = count;
    scores->calibration_error = calibration_bins_error(&bins);
    scores->chance_error = calibration_bins_chance(&bins);
    scores->gain = scores->rows[THREE_QUARTERS].cider - scores->rows[ALL].cider;
    free(ranked);
    return true;
}

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

#include "train/ranking_loss.h"

#include <string.h>

#include "nn/blas.h"

/* The scores of one photo with all sentences, or of one sentence with all photos: `stride` apart.
 */
struct ranking_row {
    const real *scores;
    real *d_scores;
    size_t own, stride;
};

static bool is_negative(const struct ranking_pairs *pairs, size_t own, size_t other) {
    return pairs->ids[own] != pairs->ids[other];
}

/* Adds `weight` times the loss of negative `other`, which is violated. */
static double violate(const struct ranking_row *row, size_t other, real violation, real weight) {
    row->d_scores[other * row->stride] += weight;
    row->d_scores[row->own * row->stride] -= weight;
    return (double)(violation * weight);
}

static double hardest_of(const struct ranking_pairs *pairs, const struct ranking_row *row,
                         real margin, real weight) {
    size_t hardest = row->own;
    real most = 0;
    for (size_t j = 0; j < pairs->count; j++) {
        if (!is_negative(pairs, row->own, j)) continue;
        const real violation =
            margin + row->scores[j * row->stride] - row->scores[row->own * row->stride];
        if (violation <= most) continue;
        most = violation;
        hardest = j;
    }
    return most > 0 ? violate(row, hardest, most, weight) : 0;
}

static double mean_of(const struct ranking_pairs *pairs, const struct ranking_row *row, real margin,
                      real weight) {
    size_t negatives = 0;
    for (size_t j = 0; j < pairs->count; j++) negatives += is_negative(pairs, row->own, j);
    double loss = 0;
    for (size_t j = 0; j < pairs->count; j++) {
        if (!is_negative(pairs, row->own, j)) continue;
        const real violation =
            margin + row->scores[j * row->stride] - row->scores[row->own * row->stride];
        if (violation > 0) loss += violate(row, j, violation, weight / (real)negatives);
    }
    return loss;
}

double ranking_loss(const struct ranking_pairs *pairs, real margin, bool hardest, real *d_photos,
                    real *d_sentences) {
    const size_t b = pairs->count, d = pairs->size;
    real *scores = pairs->scratch, *d_scores = pairs->scratch + b * b;
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, b, b, d, 1, pairs->photos, d, pairs->sentences, d, 0,
              scores, b);
    memset(d_scores, 0, b * b * sizeof *d_scores);
    const real weight = 1 / (real)b;
    double loss = 0;
    for (size_t i = 0; i < b; i++) {
        const struct ranking_row ways[] = {
            {.scores = scores + i * b, .d_scores = d_scores + i * b, .own = i, .stride = 1},
            {.scores = scores + i, .d_scores = d_scores + i, .own = i, .stride = b}};
        for (size_t way = 0; way < 2; way++)
            loss += (hardest ? hardest_of : mean_of)(pairs, &ways[way], margin, weight);
    }
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->sentences, d, 0, d_photos, d);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->photos, d, 0,
              d_sentences, d);
    return loss;
}

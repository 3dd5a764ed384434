#include "train/losses.h"

#include <math.h>
#include <string.h>

#include "nn/blas.h"

/* Captions that together name most of what people would name. */
enum { ALL_CAPTIONS = 5 };

/* Probabilities are clamped to this, so that the logarithm is finite. */
static const double SMALLEST = 1e-12;

void tag_labels(const struct tag_words *tags, const struct captions_part *photo, uint8_t *labels) {
    memset(labels, 0, tags->count);
    const struct captions *captions = photo->captions;
    const size_t begin = captions->begin[photo->first];
    const size_t end = captions->begin[photo->first + photo->count];
    for (size_t i = begin; i < end; i++) {
        const uint32_t tag = tags->tags[captions->words[i]];
        if (tag != TAG_NONE) labels[tag] = 1;
    }
}

real tag_absence(size_t captions) {
    return captions >= ALL_CAPTIONS ? 1 : (real)captions / ALL_CAPTIONS;
}

double tag_loss(size_t count, const real *probabilities, const uint8_t *labels, real absence,
                real scale, real *d_logits) {
    double loss = 0;
    for (size_t i = 0; i < count; i++) {
        const real weight = labels[i] ? 1 : absence;
        const double right = labels[i] ? (double)probabilities[i] : 1 - (double)probabilities[i];
        loss -= (double)weight * log(fmax(right, SMALLEST));
        d_logits[i] = scale * weight * (probabilities[i] - (real)labels[i]);
    }
    return loss;
}

/* The scores of one photo with all sentences, or of one sentence with all photos: `stride` apart.
 */
struct ranking_row {
    const real *scores;
    real *d_scores;
    size_t own, stride;
};

/* (m + s_ij - s_ii) / T of a negative. */
static double violation(const struct ranking_row *row, size_t other,
                        const struct ranking_scale *scale) {
    const double own = (double)row->scores[row->own * row->stride];
    return (scale->margin + (double)row->scores[other * row->stride] - own) / scale->temperature;
}

static double row_loss(const struct ranking_pairs *pairs, const struct ranking_row *row,
                       const struct ranking_scale *scale, double weight) {
    const size_t own = pairs->ids[row->own];
    double most = 0, sum;
    for (size_t j = 0; j < pairs->count; j++)
        if (pairs->ids[j] != own) most = fmax(most, violation(row, j, scale));
    sum = exp(-most);
    for (size_t j = 0; j < pairs->count; j++)
        if (pairs->ids[j] != own) sum += exp(violation(row, j, scale) - most);
    for (size_t j = 0; j < pairs->count; j++) {
        if (pairs->ids[j] == own) continue;
        const real share = (real)(weight * exp(violation(row, j, scale) - most) / sum);
        row->d_scores[j * row->stride] += share;
        row->d_scores[row->own * row->stride] -= share;
    }
    return weight * scale->temperature * (most + log(sum));
}

double ranking_loss(const struct ranking_pairs *pairs, const struct ranking_scale *scale,
                    real *d_photos, real *d_sentences) {
    const size_t b = pairs->count, d = pairs->size;
    real *scores = pairs->scratch, *d_scores = pairs->scratch + b * b;
    blas_gemm(BLAS_PLAIN, BLAS_TRANSPOSED, b, b, d, 1, pairs->photos, d, pairs->sentences, d, 0,
              scores, b);
    memset(d_scores, 0, b * b * sizeof *d_scores);
    double loss = 0;
    for (size_t i = 0; i < b; i++) {
        const struct ranking_row ways[] = {
            {.scores = scores + i * b, .d_scores = d_scores + i * b, .own = i, .stride = 1},
            {.scores = scores + i, .d_scores = d_scores + i, .own = i, .stride = b}};
        for (size_t way = 0; way < 2; way++)
            loss += row_loss(pairs, &ways[way], scale, 1 / (double)b);
    }
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->sentences, d, 0, d_photos, d);
    blas_gemm(BLAS_TRANSPOSED, BLAS_PLAIN, b, d, b, 1, d_scores, b, pairs->photos, d, 0,
              d_sentences, d);
    return loss;
}

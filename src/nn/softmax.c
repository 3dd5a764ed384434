#include "nn/softmax.h"

#include "nn/math.h"

/* Independent partial results, so that a reduction vectorises without reordering by the compiler:
 * the result is the same in every build. */
enum { LANES = 16 };

SIMD_INLINE real row_maximum(size_t classes, const real *row) {
    real lanes[LANES], maximum = row[0];
    for (size_t l = 0; l < LANES; l++) lanes[l] = maximum;
    size_t j = 0;
    for (; j + LANES <= classes; j += LANES) {
        for (size_t l = 0; l < LANES; l++) lanes[l] = row[j + l] > lanes[l] ? row[j + l] : lanes[l];
    }
    for (; j < classes; j++) maximum = row[j] > maximum ? row[j] : maximum;
    for (size_t l = 0; l < LANES; l++) maximum = lanes[l] > maximum ? lanes[l] : maximum;
    return maximum;
}

/* row = exp(row - maximum); returns the sum. */
SIMD_INLINE real row_exponential(size_t classes, real *row, real maximum) {
    real lanes[LANES] = {0}, sum = 0;
    size_t j = 0;
    for (; j + LANES <= classes; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            row[j + l] = math_exp(row[j + l] - maximum);
            lanes[l] += row[j + l];
        }
    }
    for (; j < classes; j++) sum += row[j] = math_exp(row[j] - maximum);
    for (size_t l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

SIMD_KERNEL(static, double, row_cross_entropy,
            (size_t classes, real *row, size_t target, real smoothing),
            (classes, row, target, smoothing)) {
    real maximum = row_maximum(classes, row);
    double surplus = (double)maximum - (double)row[target];
    real sum = row_exponential(classes, row, maximum);
    real scale = 1 / sum, floor = smoothing / (real)classes;
    for (size_t j = 0; j < classes; j++) row[j] = row[j] * scale - floor;
    row[target] -= 1 - smoothing;
    return surplus + log((double)sum);
}

double softmax_cross_entropy(size_t n, size_t classes, real *logits, const int32_t *targets,
                             real smoothing) {
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        loss += row_cross_entropy(classes, logits + i * classes, (size_t)targets[i], smoothing);
    }
    return loss;
}

SIMD_KERNEL(extern, void, softmax_distribution, (size_t classes, real *row), (classes, row)) {
    real sum = row_exponential(classes, row, row_maximum(classes, row));
    for (size_t j = 0; j < classes; j++) row[j] /= sum;
}

SIMD_KERNEL(extern, double, logsoftmax_normaliser, (const real *logits, size_t count),
            (logits, count)) {
    real maximum = row_maximum(count, logits);
    real lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) lanes[l] += math_exp(logits[i + l] - maximum);
    }
    double sum = 0;
    for (; i < count; i++) sum += (double)math_exp(logits[i] - maximum);
    for (size_t l = 0; l < LANES; l++) sum += (double)lanes[l];
    return (double)maximum + log(sum);
}

#include "nn/logsoftmax.h"

#include "nn/math.h"

/* Independent partial results, so that the reductions vectorise and are the same on every build. */
enum { LANES = 16 };

SIMD_INLINE real maximum_of(const real *logits, size_t count) {
    real lanes[LANES], maximum = logits[0];
    for (size_t l = 0; l < LANES; l++) lanes[l] = maximum;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] = logits[i + l] > lanes[l] ? logits[i + l] : lanes[l];
        }
    }
    for (; i < count; i++) maximum = logits[i] > maximum ? logits[i] : maximum;
    for (size_t l = 0; l < LANES; l++) maximum = lanes[l] > maximum ? lanes[l] : maximum;
    return maximum;
}

SIMD_KERNEL(extern, double, logsoftmax_normaliser, (const real *logits, size_t count),
            (logits, count)) {
    real maximum = maximum_of(logits, count);
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

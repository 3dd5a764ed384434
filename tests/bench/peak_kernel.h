/* Multiply-adds on registers alone, for one instruction set (see base/simd_instances.h). */

KERNEL_TARGET static float KERNEL(peak)(size_t rounds) {
    KERNEL(vector) sums[PEAK_CHAINS];
    for (size_t j = 0; j < PEAK_CHAINS; j++) sums[j] = (KERNEL(vector)){0} + (float)j;
    const KERNEL(vector) factor = (KERNEL(vector)){0} + 0.5F, added = factor + 0.25F;
    for (size_t i = 0; i < rounds; i++) {
        SIMD_UNROLL
        for (size_t j = 0; j < PEAK_CHAINS; j++) sums[j] = sums[j] * factor + added;
    }
    float sum = 0;
    for (size_t j = 0; j < PEAK_CHAINS; j++) sum += sums[j][0];
    return sum;
}

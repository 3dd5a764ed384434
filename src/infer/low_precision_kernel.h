/* low_precision.c for one instruction set (see simd_instances.h). */

#include "infer/low_precision_vectors.h"

KERNEL_TARGET static void KERNEL(round_bf16)(const float *numbers, size_t count, uint16_t *out) {
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        KERNEL(store_bf16)(x, out + i);
    }
}

/* The range includes zero. */
KERNEL_TARGET static struct int8_range KERNEL(range)(const float *numbers, size_t count) {
    KERNEL(vector) low = {0}, high = {0};
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        low = KERNEL_LESSER(x, low);
        high = KERNEL_GREATER(x, high);
    }
    float smallest = 0, largest = 0;
    for (size_t i = 0; i < KERNEL_WIDTH; i++) {
        if (low[i] < smallest) smallest = low[i];
        if (high[i] > largest) largest = high[i];
    }
    return (struct int8_range){(largest - smallest) / 255, smallest};
}

#define KERNEL_QUANTISE(name, store, type)                                                         \
    KERNEL_TARGET static void KERNEL(name)(const struct int8_range *range, const float *numbers,   \
                                           size_t count, void *out) {                              \
        const float steps = range->scale > 0 ? 1 / range->scale : 0;                               \
        for (size_t i = 0; i < count; i += KERNEL_WIDTH) {                                         \
            KERNEL(vector) x;                                                                      \
            SIMD_LOAD(x, numbers + i);                                                             \
            KERNEL(store)((x - range->offset) * steps, (type *)out + i);                           \
        }                                                                                          \
    }
KERNEL_QUANTISE(to_bytes, store_bytes, uint8_t)
KERNEL_QUANTISE(to_wide, store_wide, uint16_t)

#undef KERNEL_QUANTISE

/* low_precision.c for one instruction set (see simd_instances.h). */

#include "infer/low_precision_vectors.h"

KERNEL_TARGET static void KERNEL(round_bf16)(const float *numbers, size_t count, uint16_t *out) {
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        KERNEL(store_bf16)(x, out + i);
    }
}

/* The range of numbers of a byte; it includes zero. */
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
    return (struct int8_range){(largest - smallest) / INT8_STEPS, smallest};
}

KERNEL_TARGET static void KERNEL(to_bytes)(const struct int8_range *range, const float *numbers,
                                           size_t count, void *out) {
    const float steps = range->scale > 0 ? 1 / range->scale : 0;
    for (size_t i = 0; i < count; i += KERNEL_WIDTH) {
        KERNEL(vector) x;
        SIMD_LOAD(x, numbers + i);
        KERNEL(store_bytes)((x - range->offset) * steps, (uint8_t *)out + i);
    }
}

#if KERNEL_WIDTH < 16
/* A line of pixels in 16 bits, each with the range. */
KERNEL_TARGET static void KERNEL(wide_line)(const float *line, size_t pixels, size_t channels,
                                            uint8_t *out) {
    struct int8_range range = KERNEL(range)(line, pixels * channels);
    range.scale *= (float)INT8_STEPS / INT8_WIDE_STEPS;
    const float steps = range.scale > 0 ? 1 / range.scale : 0;
    for (size_t i = 0; i < pixels; i++, line += channels) {
        for (size_t c = 0; c < channels; c += KERNEL_WIDTH) {
            KERNEL(vector) x;
            SIMD_LOAD(x, line + c);
            KERNEL(store_wide)((x - range.offset) * steps, (uint16_t *)(void *)out + c);
        }
        memcpy(out + channels * sizeof(uint16_t), &range, sizeof range);
        out += channels * sizeof(uint16_t) + RANGE_BYTES;
    }
}
#endif

/* depthwise_low_precision.c for one instruction set (see simd_instances.h). */

#include "infer/low_precision_vectors.h"

/* Columns x .. x + tile - 1 of row y, a vector of channels from c on. All but x, y and c are
 * constants where this is inlined. Every input is loaded once and is added to the sums of all
 * columns that use it. */
KERNEL_TARGET SIMD_INLINE void KERNEL(columns)(const struct depthwise_low_precision *strip,
                                               enum low_precision_numbers numbers, size_t kernel,
                                               size_t stride, size_t tile, size_t y, size_t x,
                                               size_t c) {
    KERNEL(vector) sums[TILE_MOST];
    SIMD_LOAD(sums[0], strip->bias + c);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sums[t] = sums[0];
    for (size_t ky = 0; ky < kernel; ky++) {
        const size_t row = strip->lines[y * stride + ky] * strip->line_stride +
                           x * stride * strip->input_stride + c;
        const float *weight = strip->weight + ky * kernel * strip->weight_stride + c;
        KERNEL(vector) taps[KERNEL_MOST];
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            SIMD_LOAD(taps[kx], weight + kx * strip->weight_stride);
        }
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            KERNEL(vector) input;
            const size_t at = row + i * strip->input_stride;
            if (numbers == NUMBERS_BYTES) {
                KERNEL(load_bytes)((const uint8_t *)strip->input + at, &input);
            } else if (numbers == NUMBERS_WIDE) {
                KERNEL(load_wide)((const uint16_t *)strip->input + at, &input);
            } else {
                KERNEL(load_bf16)((const uint16_t *)strip->input + at, &input);
            }
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) {
                const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
                if (kx < kernel) sums[t] += taps[kx] * input;
            }
        }
    }
    const size_t output = (y * strip->columns + x) * strip->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) {
        const size_t at = output + t * strip->output_stride;
        if (numbers == NUMBERS_BYTES) {
            KERNEL(store_bytes)(sums[t], (uint8_t *)strip->output + at);
        } else if (numbers == NUMBERS_WIDE) {
            KERNEL(store_wide)(sums[t], (uint16_t *)strip->output + at);
        } else {
            KERNEL(store_bf16)(KERNEL_RELU6(sums[t]), (uint16_t *)strip->output + at);
        }
    }
}

/* The last tile of a row starts early enough to be whole, and computes some columns again. (The
 * lines under a row fit the first-level cache with all their channels, since they are half as long
 * as those of floats.) */
KERNEL_TARGET SIMD_INLINE void KERNEL(rows)(const struct depthwise_low_precision *strip,
                                            enum low_precision_numbers numbers, size_t kernel,
                                            size_t stride, size_t tile) {
    const size_t columns = strip->columns;
    for (size_t y = 0; y < strip->rows; y++) {
        for (size_t c = 0; c < strip->channels; c += KERNEL_WIDTH) {
            for (size_t x = 0; columns < tile && x < columns; x++) {
                KERNEL(columns)(strip, numbers, kernel, stride, 1, y, x, c);
            }
            for (size_t x = 0; columns >= tile && x < columns; x += tile) {
                const size_t start = x + tile <= columns ? x : columns - tile;
                KERNEL(columns)(strip, numbers, kernel, stride, tile, y, start, c);
            }
        }
    }
}

#define KERNEL_STRIP(name, numbers)                                                                \
    KERNEL_TARGET static void KERNEL(name)(const struct depthwise_low_precision *strip) {          \
        const size_t kernel = strip->kernel, stride = strip->stride;                               \
        if (kernel == 3 && stride == 1) KERNEL(rows)(strip, numbers, 3, 1, TILE_STRIDE_1);         \
        if (kernel == 3 && stride == 2) KERNEL(rows)(strip, numbers, 3, 2, TILE_STRIDE_2);         \
        if (kernel == 5 && stride == 1) KERNEL(rows)(strip, numbers, 5, 1, TILE_STRIDE_1);         \
        if (kernel == 5 && stride == 2) KERNEL(rows)(strip, numbers, 5, 2, TILE_STRIDE_2);         \
    }
KERNEL_STRIP(strip_bf16, NUMBERS_BF16)
KERNEL_STRIP(strip_bytes, NUMBERS_BYTES)
KERNEL_STRIP(strip_wide, NUMBERS_WIDE)

#undef KERNEL_STRIP

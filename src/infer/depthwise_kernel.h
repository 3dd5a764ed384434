/* depthwise.c for one instruction set (see simd_instances.h). */

#include "infer/vectors_kernel.h"

/* A vector of inputs. */
KERNEL_TARGET SIMD_INLINE void KERNEL(load_numbers)(enum depthwise_numbers numbers,
                                                    const void *input, size_t at,
                                                    KERNEL(vector) * out) {
    switch (numbers) {
    case DEPTHWISE_BYTES:
        KERNEL(load_bytes)((const uint8_t *)input + at, out);
        break;
    case DEPTHWISE_WIDE:
        KERNEL(load_wide)((const uint16_t *)input + at, out);
        break;
    case DEPTHWISE_BF16:
        KERNEL(load_bf16)((const uint16_t *)input + at, out);
        break;
    default:
        SIMD_LOAD(*out, (const float *)input + at);
    }
}

/* A vector of sums through ReLU6. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_numbers)(enum depthwise_numbers numbers, bool relu6,
                                                     KERNEL(vector) sum, void *output, size_t at) {
    switch (numbers) {
    case DEPTHWISE_BYTES:
        KERNEL(store_bytes)(sum, (uint8_t *)output + at);
        break;
    case DEPTHWISE_WIDE:
        KERNEL(store_wide)(sum, (uint16_t *)output + at);
        break;
    case DEPTHWISE_BF16:
        KERNEL(store_bf16)(KERNEL_RELU6(sum), (uint16_t *)output + at);
        break;
    default:
        if (relu6) sum = KERNEL_RELU6(sum);
        SIMD_STORE((float *)output + at, sum);
    }
}

#if KERNEL_WIDTH == 16
/* A row of taps, tap by tap: the sums of all columns are independent, which hides the latency of
 * additions. There are registers for all inputs of a row of floats. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_by_taps)(size_t kernel, size_t stride, size_t tile,
                                                   const float *row, size_t input_stride,
                                                   const float *weight, size_t weight_stride,
                                                   KERNEL(vector) * sums) {
    KERNEL(vector) window[WINDOW_MOST];
    SIMD_UNROLL
    for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
        SIMD_LOAD(window[i], row + i * input_stride);
    }
    SIMD_UNROLL
    for (size_t kx = 0; kx < kernel; kx++) {
        KERNEL(vector) tap;
        SIMD_LOAD(tap, weight + kx * weight_stride);
        SIMD_UNROLL
        for (size_t t = 0; t < tile; t++) sums[t] += tap * window[t * stride + kx];
    }
}
#endif

/* A row of taps, input by input: each is added to the sums of all columns that use it. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_by_inputs)(enum depthwise_numbers numbers, size_t kernel,
                                                     size_t stride, size_t tile, const void *input,
                                                     size_t row, size_t input_stride,
                                                     const float *weight, size_t weight_stride,
                                                     KERNEL(vector) * sums) {
    KERNEL(vector) taps[KERNEL_MOST];
    SIMD_UNROLL
    for (size_t kx = 0; kx < kernel; kx++) SIMD_LOAD(taps[kx], weight + kx * weight_stride);
    const float *floats = (const float *)input + row;
    SIMD_UNROLL
    for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
        KERNEL(vector) x;
        if (numbers == DEPTHWISE_FLOATS) {
            SIMD_LOAD(x, floats);
            floats += input_stride;
            SIMD_POINTER(floats);
        } else {
            KERNEL(load_numbers)(numbers, input, row + i * input_stride, &x);
        }
        SIMD_UNROLL
        for (size_t t = 0; t < tile; t++) {
            const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
            if (kx < kernel) sums[t] += taps[kx] * x;
        }
    }
}

/* Columns x .. x + tile - 1 of row y, a vector of channels from c on. All but x, y and c are
 * constants where this is inlined. Every input is loaded once. */
KERNEL_TARGET SIMD_INLINE void KERNEL(columns)(const struct depthwise *strip,
                                               enum depthwise_numbers numbers, size_t kernel,
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
#if KERNEL_WIDTH == 16
        if (numbers == DEPTHWISE_FLOATS) {
            KERNEL(add_by_taps)
            (kernel, stride, tile, (const float *)strip->input + row, strip->input_stride, weight,
             strip->weight_stride, sums);
            continue;
        }
#endif
        KERNEL(add_by_inputs)
        (numbers, kernel, stride, tile, strip->input, row, strip->input_stride, weight,
         strip->weight_stride, sums);
    }
    const size_t at = (y * strip->columns + x) * strip->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) {
        KERNEL(store_numbers)
        (numbers, strip->relu6, sums[t], strip->output, at + t * strip->output_stride);
    }
}

/* Row y of channels first .. end - 1, tile by tile or vector by vector. The last tile of a row
 * starts early enough to be whole, and computes some columns again. */
KERNEL_TARGET SIMD_INLINE void KERNEL(row)(const struct depthwise *strip,
                                           enum depthwise_numbers numbers, size_t kernel,
                                           size_t stride, size_t tile, size_t y, size_t first,
                                           size_t end) {
    const size_t columns = strip->columns;
    for (size_t x = 0; x < columns; x += columns < tile ? 1 : tile) {
        const size_t start = columns < tile || x + tile <= columns ? x : columns - tile;
        for (size_t c = first; c < end; c += KERNEL_WIDTH) {
            if (columns < tile) {
                KERNEL(columns)(strip, numbers, kernel, stride, 1, y, x, c);
            } else {
                KERNEL(columns)(strip, numbers, kernel, stride, tile, y, start, c);
            }
        }
    }
}

/* (Of floats all channels of a line of the cache while it is in the first level: with 16 channels
 * down all rows. The lines under a row of low precision fit it with all their channels, since they
 * are half as long.) */
KERNEL_TARGET SIMD_INLINE void KERNEL(rows)(const struct depthwise *strip,
                                            enum depthwise_numbers numbers, size_t kernel,
                                            size_t stride, size_t tile) {
    if (numbers == DEPTHWISE_FLOATS) {
        for (size_t c = 0; c < strip->channels; c += DEPTHWISE_CHANNELS) {
            for (size_t y = 0; y < strip->rows; y++) {
                KERNEL(row)(strip, numbers, kernel, stride, tile, y, c, c + DEPTHWISE_CHANNELS);
            }
        }
        return;
    }
    for (size_t y = 0; y < strip->rows; y++) {
        for (size_t c = 0; c < strip->channels; c += KERNEL_WIDTH) {
            KERNEL(row)(strip, numbers, kernel, stride, tile, y, c, c + KERNEL_WIDTH);
        }
    }
}

#define KERNEL_STRIP(name, numbers, tile_stride_2)                                                 \
    KERNEL_TARGET static void KERNEL(name)(const struct depthwise *strip) {                        \
        const size_t kernel = strip->kernel, stride = strip->stride;                               \
        if (kernel == 3 && stride == 1) KERNEL(rows)(strip, numbers, 3, 1, TILE_STRIDE_1);         \
        if (kernel == 3 && stride == 2) KERNEL(rows)(strip, numbers, 3, 2, tile_stride_2);         \
        if (kernel == 5 && stride == 1) KERNEL(rows)(strip, numbers, 5, 1, TILE_STRIDE_1);         \
        if (kernel == 5 && stride == 2) KERNEL(rows)(strip, numbers, 5, 2, tile_stride_2);         \
    }
KERNEL_STRIP(strip_floats, DEPTHWISE_FLOATS, TILE_STRIDE_2)
KERNEL_STRIP(strip_bf16, DEPTHWISE_BF16, TILE_STRIDE_2_LOW)
KERNEL_STRIP(strip_bytes, DEPTHWISE_BYTES, TILE_STRIDE_2_LOW)
KERNEL_STRIP(strip_wide, DEPTHWISE_WIDE, TILE_STRIDE_2_LOW)

#undef KERNEL_STRIP

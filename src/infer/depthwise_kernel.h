/* depthwise_strip.c for one instruction set (see simd_instances.h). */

/* Columns x .. x + tile - 1 of row y, a vector of channels from c on. All but x, y and c are
 * constants where this is inlined. Every input is loaded once. With enough registers for all inputs
 * of a row, the loop runs tap by tap: the sums of all columns are independent, which hides the
 * latency of additions. Otherwise it runs input by input, and adds each to the sums of all columns
 * that use it. */
KERNEL_TARGET SIMD_INLINE void KERNEL(columns)(const struct depthwise_strip *strip, size_t kernel,
                                               size_t stride, size_t tile, size_t y, size_t x,
                                               size_t c) {
    KERNEL(vector) sums[TILE_MOST];
    SIMD_LOAD(sums[0], strip->bias + c);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sums[t] = sums[0];
    for (size_t ky = 0; ky < kernel; ky++) {
        const float *row = strip->input + strip->lines[y * stride + ky] * strip->line_stride +
                           x * stride * strip->input_stride + c;
        const float *weight = strip->weight + ky * kernel * strip->weight_stride + c;
#if KERNEL_WIDTH == 16
        KERNEL(vector) window[WINDOW_MOST];
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            SIMD_LOAD(window[i], row + i * strip->input_stride);
        }
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            KERNEL(vector) tap;
            SIMD_LOAD(tap, weight + kx * strip->weight_stride);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) sums[t] += tap * window[t * stride + kx];
        }
#else
        KERNEL(vector) taps[KERNEL_MOST];
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            SIMD_LOAD(taps[kx], weight + kx * strip->weight_stride);
        }
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            KERNEL(vector) input;
            SIMD_LOAD(input, row);
            row += strip->input_stride;
            SIMD_POINTER(row);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) {
                const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
                if (kx < kernel) sums[t] += taps[kx] * input;
            }
        }
#endif
    }
    float *output = strip->output + (y * strip->columns + x) * strip->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) {
        if (strip->relu6) sums[t] = KERNEL_RELU6(sums[t]);
        SIMD_STORE(output + t * strip->output_stride, sums[t]);
    }
}

/* The last tile of a row starts early enough to be whole, and computes some columns again. */
KERNEL_TARGET SIMD_INLINE void KERNEL(rows)(const struct depthwise_strip *strip, size_t kernel,
                                            size_t stride, size_t tile) {
    const size_t columns = strip->columns;
#if KERNEL_WIDTH == 16
    for (size_t c = 0; c < strip->channels; c += KERNEL_WIDTH) {
        for (size_t y = 0; y < strip->rows; y++) {
            for (size_t x = 0; columns < tile && x < columns; x++) {
                KERNEL(columns)(strip, kernel, stride, 1, y, x, c);
            }
            for (size_t x = 0; columns >= tile && x < columns; x += tile) {
                const size_t start = x + tile <= columns ? x : columns - tile;
                KERNEL(columns)(strip, kernel, stride, tile, y, start, c);
            }
        }
    }
#else
    /* (All channels of a line of the cache while it is in the first level.) */
    for (size_t panel = 0; panel < strip->channels; panel += DEPTHWISE_CHANNELS) {
        for (size_t y = 0; y < strip->rows; y++) {
            for (size_t x = 0; x < columns; x += columns < tile ? 1 : tile) {
                const size_t start = columns < tile || x + tile <= columns ? x : columns - tile;
                for (size_t c = panel; c < panel + DEPTHWISE_CHANNELS; c += KERNEL_WIDTH) {
                    if (columns < tile) {
                        KERNEL(columns)(strip, kernel, stride, 1, y, x, c);
                    } else {
                        KERNEL(columns)(strip, kernel, stride, tile, y, start, c);
                    }
                }
            }
        }
    }
#endif
}

KERNEL_TARGET static void KERNEL(strip)(const struct depthwise_strip *strip) {
    if (strip->kernel == 3 && strip->stride == 1) KERNEL(rows)(strip, 3, 1, TILE_STRIDE_1);
    if (strip->kernel == 3 && strip->stride == 2) KERNEL(rows)(strip, 3, 2, TILE_STRIDE_2);
    if (strip->kernel == 5 && strip->stride == 1) KERNEL(rows)(strip, 5, 1, TILE_STRIDE_1);
    if (strip->kernel == 5 && strip->stride == 2) KERNEL(rows)(strip, 5, 2, TILE_STRIDE_2);
}

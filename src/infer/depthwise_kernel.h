/* depthwise.c for one instruction set (see simd_instances.h). */

#include "infer/vectors_kernel.h"

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
#else
/* A row of taps, input by input: each is added to the sums of all columns that use it. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_by_inputs)(size_t kernel, size_t stride, size_t tile,
                                                     const float *row, size_t input_stride,
                                                     const float *weight, size_t weight_stride,
                                                     KERNEL(vector) * sums) {
    KERNEL(vector) taps[KERNEL_MOST];
    SIMD_UNROLL
    for (size_t kx = 0; kx < kernel; kx++) SIMD_LOAD(taps[kx], weight + kx * weight_stride);
    SIMD_UNROLL
    for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
        KERNEL(vector) x;
        SIMD_LOAD(x, row);
        row += input_stride;
        SIMD_POINTER(row);
        SIMD_UNROLL
        for (size_t t = 0; t < tile; t++) {
            const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
            if (kx < kernel) sums[t] += taps[kx] * x;
        }
    }
}
#endif

/* Numbers of 16 bits. */
typedef int16_t KERNEL(shorts) __attribute__((vector_size(KERNEL_WIDTH * sizeof(float))));
enum { KERNEL(short_count) = 2 * KERNEL_WIDTH };

/* x w / 2^15, rounded to nearest, ties upwards. */
KERNEL_TARGET SIMD_INLINE KERNEL(shorts) KERNEL(rounded)(KERNEL(shorts) x, KERNEL(shorts) w) {
#if KERNEL_WIDTH == 16
    return (KERNEL(shorts))_mm512_mulhrs_epi16((__m512i)x, (__m512i)w);
#elif KERNEL_WIDTH == 8
    return (KERNEL(shorts))_mm256_mulhrs_epi16((__m256i)x, (__m256i)w);
#elif defined(SIMD_X86)
    /* (SSE2 has no such instruction: the upper half twice, and the lower half's first bit.) */
    const __m128i low = _mm_srli_epi16(_mm_mullo_epi16((__m128i)x, (__m128i)w), 14);
    const KERNEL(shorts) high = (KERNEL(shorts))_mm_mulhi_epi16((__m128i)x, (__m128i)w);
    return high + high + (KERNEL(shorts))_mm_avg_epu16(low, _mm_setzero_si128());
#elif defined(SIMD_NEON)
    return (KERNEL(shorts))vqrdmulhq_s16((int16x8_t)x, (int16x8_t)w);
#else
    for (size_t i = 0; i < KERNEL(short_count); i++)
        x[i] = (int16_t)((x[i] * w[i] + (1 << 14)) >> 15);
    return x;
#endif
}

KERNEL_TARGET SIMD_INLINE void KERNEL(add_rounded)(KERNEL(shorts) * sums, KERNEL(shorts) x,
                                                   KERNEL(shorts) w) {
    *sums += KERNEL(rounded)(x, w);
    /* (In this order: gcc would compute all products first and spill them.) */
    KERNEL_IN_REGISTER(*sums);
}

/* Between 0 and `most`. */
KERNEL_TARGET SIMD_INLINE KERNEL(shorts) KERNEL(clamped)(KERNEL(shorts) x, KERNEL(shorts) most) {
#if KERNEL_WIDTH == 16
    const __m512i positive = _mm512_max_epi16((__m512i)x, _mm512_setzero_si512());
    return (KERNEL(shorts))_mm512_min_epi16(positive, (__m512i)most);
#elif KERNEL_WIDTH == 8
    const __m256i positive = _mm256_max_epi16((__m256i)x, _mm256_setzero_si256());
    return (KERNEL(shorts))_mm256_min_epi16(positive, (__m256i)most);
#elif defined(SIMD_X86)
    const __m128i positive = _mm_max_epi16((__m128i)x, _mm_setzero_si128());
    return (KERNEL(shorts))_mm_min_epi16(positive, (__m128i)most);
#else
    const KERNEL(shorts) positive = x & (x > 0), above = positive > most;
    return (positive & ~above) | (most & above);
#endif
}

/* Numbers of 0..255 as bytes. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_as_bytes)(KERNEL(shorts) numbers, uint8_t *at) {
#if KERNEL_WIDTH == 16
    _mm256_storeu_si256((void *)at, _mm512_cvtepi16_epi8((__m512i)numbers));
#elif KERNEL_WIDTH == 8
    const __m128i low = _mm256_castsi256_si128((__m256i)numbers);
    _mm_storeu_si128((void *)at,
                     _mm_packus_epi16(low, _mm256_extracti128_si256((__m256i)numbers, 1)));
#elif defined(SIMD_X86)
    _mm_storel_epi64((void *)at, _mm_packus_epi16((__m128i)numbers, (__m128i)numbers));
#elif defined(SIMD_NEON)
    vst1_u8(at, vqmovun_s16((int16x8_t)numbers));
#else
    for (size_t i = 0; i < KERNEL(short_count); i++) at[i] = (uint8_t)numbers[i];
#endif
}

/* The same as bfloat16 numbers. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_as_bf16)(KERNEL(shorts) numbers, uint16_t *at) {
    KERNEL(vector) low, high;
#if KERNEL_WIDTH == 16
    low = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_castsi512_si256((__m512i)numbers)));
    high =
        _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64((__m512i)numbers, 1)));
#elif KERNEL_WIDTH == 8
    low = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_castsi256_si128((__m256i)numbers)));
    high = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_extracti128_si256((__m256i)numbers, 1)));
#elif defined(SIMD_X86)
    const __m128i zero = _mm_setzero_si128();
    low = (KERNEL(vector))_mm_cvtepi32_ps(_mm_unpacklo_epi16((__m128i)numbers, zero));
    high = (KERNEL(vector))_mm_cvtepi32_ps(_mm_unpackhi_epi16((__m128i)numbers, zero));
#elif defined(SIMD_NEON)
    low = (KERNEL(vector))vcvtq_f32_s32(vmovl_s16(vget_low_s16((int16x8_t)numbers)));
    high = (KERNEL(vector))vcvtq_f32_s32(vmovl_s16(vget_high_s16((int16x8_t)numbers)));
#else
    for (size_t i = 0; i < KERNEL_WIDTH; i++) {
        low[i] = numbers[i];
        high[i] = numbers[KERNEL_WIDTH + i];
    }
#endif
    KERNEL(store_bf16)(low, at);
    KERNEL(store_bf16)(high, at + KERNEL_WIDTH);
}

/* What a vector of sums is stored with. */
struct KERNEL(outflow) {
    KERNEL(shorts) most, multiple, factor;
};

KERNEL_TARGET SIMD_INLINE void KERNEL(outflow_at)(const struct depthwise *strip,
                                                  enum depthwise_numbers numbers, size_t c,
                                                  struct KERNEL(outflow) * out) {
    SIMD_LOAD(out->most, strip->most + c);
    if (numbers != DEPTHWISE_BYTES) return;
    SIMD_LOAD(out->multiple, strip->multiple + c);
    SIMD_LOAD(out->factor, strip->factor + c);
}

/* Stores sums at number `at` of the output: as they are, as bfloat16, or scaled to a byte. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_shorts)(const struct depthwise *strip,
                                                    enum depthwise_numbers numbers,
                                                    const struct KERNEL(outflow) * out,
                                                    KERNEL(shorts) sums, size_t at) {
    sums = KERNEL(clamped)(sums, out->most);
    if (numbers == DEPTHWISE_WIDE) {
        SIMD_STORE((int16_t *)strip->output + at, sums);
        return;
    }
    if (numbers == DEPTHWISE_BF16) {
        KERNEL(store_as_bf16)(sums, (uint16_t *)strip->output + at);
        return;
    }
    sums = KERNEL(rounded)(sums * out->multiple, out->factor);
    KERNEL(store_as_bytes)(sums, (uint8_t *)strip->output + at);
}

/* Adds a column of three inputs to sums: number j takes tap `tap` - j * stride of each row. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_column)(const int16_t *const *rows, size_t at,
                                                  KERNEL(shorts) (*taps)[3], size_t tap,
                                                  size_t stride, size_t count,
                                                  KERNEL(shorts) * sums) {
    SIMD_UNROLL
    for (size_t ky = 0; ky < 3; ky++) {
        KERNEL(shorts) input;
        SIMD_LOAD(input, rows[ky] + at);
        SIMD_UNROLL
        for (size_t j = 0; j < count; j++)
            KERNEL(add_rounded)(&sums[j], input, taps[ky][tap - j * stride]);
    }
}

/* Row y of a 3x3 convolution, a vector of channels from c on: all taps stay in registers, and a
 * column of inputs is loaded once. (Sums may overflow on their way to one that fits.) */
KERNEL_TARGET SIMD_INLINE void KERNEL(wide_row)(const struct depthwise *strip,
                                                enum depthwise_numbers numbers, size_t stride,
                                                size_t y, size_t c) {
    const int16_t *rows[3], *weight = (const int16_t *)strip->weight + c;
    KERNEL(shorts) taps[3][3], sums[3], bias;
    struct KERNEL(outflow) out;
    SIMD_UNROLL
    for (size_t i = 0; i < 9; i++) SIMD_LOAD(taps[i / 3][i % 3], weight + i * strip->weight_stride);
    SIMD_UNROLL
    for (size_t ky = 0; ky < 3; ky++) {
        rows[ky] =
            (const int16_t *)strip->input + strip->lines[y * stride + ky] * strip->line_stride + c;
    }
    SIMD_LOAD(bias, (const int16_t *)strip->bias + c);
    KERNEL(outflow_at)(strip, numbers, c, &out);
    size_t output = y * strip->columns * strip->output_stride + c;
    sums[0] = sums[1] = bias;
    size_t at = 0;
    KERNEL(add_column)(rows, at, taps, 0, stride, 1, sums);
    at += strip->input_stride;
    if (stride == 1) {
        KERNEL(add_column)(rows, at, taps, 1, stride, 2, sums);
        at += strip->input_stride;
    }
    for (size_t x = 0; x < strip->columns; x++, output += strip->output_stride) {
        if (stride == 2) {
            KERNEL(add_column)(rows, at, taps, 1, stride, 1, sums);
            at += strip->input_stride;
            sums[1] = bias;
        }
        sums[2] = bias;
        KERNEL(add_column)(rows, at, taps, 2, stride, stride == 1 ? 3 : 2, sums);
        at += strip->input_stride;
        KERNEL(store_shorts)(strip, numbers, &out, sums[0], output);
        sums[0] = sums[1];
        sums[1] = sums[2];
    }
}

/* KERNEL(columns) of whole numbers. (Sums may overflow on their way to one that fits.) */
KERNEL_TARGET SIMD_INLINE void KERNEL(wide_columns)(const struct depthwise *strip,
                                                    enum depthwise_numbers numbers, size_t kernel,
                                                    size_t stride, size_t tile, size_t y, size_t x,
                                                    size_t c) {
    KERNEL(shorts) sums[TILE_MOST];
    SIMD_LOAD(sums[0], (const int16_t *)strip->bias + c);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sums[t] = sums[0];
    const int16_t *weight = (const int16_t *)strip->weight + c;
    for (size_t ky = 0; ky < kernel; ky++) {
        const int16_t *row = (const int16_t *)strip->input +
                             strip->lines[y * stride + ky] * strip->line_stride +
                             x * stride * strip->input_stride + c;
        KERNEL(shorts) taps[KERNEL_MOST];
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++, weight += strip->weight_stride)
            SIMD_LOAD(taps[kx], weight);
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            KERNEL(shorts) input;
            SIMD_LOAD(input, row);
            row += strip->input_stride;
            SIMD_POINTER(row);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) {
                const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
                if (kx < kernel) KERNEL(add_rounded)(&sums[t], input, taps[kx]);
            }
        }
    }
    struct KERNEL(outflow) out;
    KERNEL(outflow_at)(strip, numbers, c, &out);
    size_t output = (y * strip->columns + x) * strip->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++, output += strip->output_stride)
        KERNEL(store_shorts)(strip, numbers, &out, sums[t], output);
}

/* Columns x .. x + tile - 1 of row y, a vector of channels from c on. All but x, y and c are
 * constants where this is inlined. Every input is loaded once. */
KERNEL_TARGET SIMD_INLINE void KERNEL(columns)(const struct depthwise *strip,
                                               enum depthwise_numbers numbers, size_t kernel,
                                               size_t stride, size_t tile, size_t y, size_t x,
                                               size_t c) {
    if (numbers != DEPTHWISE_FLOATS) {
        KERNEL(wide_columns)(strip, numbers, kernel, stride, tile, y, x, c);
        return;
    }
    KERNEL(vector) sums[TILE_MOST];
    SIMD_LOAD(sums[0], (const float *)strip->bias + c);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sums[t] = sums[0];
    for (size_t ky = 0; ky < kernel; ky++) {
        const float *row = (const float *)strip->input +
                           strip->lines[y * stride + ky] * strip->line_stride +
                           x * stride * strip->input_stride + c;
        const float *weight = (const float *)strip->weight + ky * kernel * strip->weight_stride + c;
#if KERNEL_WIDTH == 16
        KERNEL(add_by_taps)
#else
        KERNEL(add_by_inputs)
#endif
        (kernel, stride, tile, row, strip->input_stride, weight, strip->weight_stride, sums);
    }
    float *output = (float *)strip->output + (y * strip->columns + x) * strip->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++, output += strip->output_stride) {
        if (strip->relu6) sums[t] = KERNEL_RELU6(sums[t]);
        SIMD_STORE(output, sums[t]);
    }
}

/* Channels of a vector. */
KERNEL_TARGET SIMD_INLINE size_t KERNEL(channels)(enum depthwise_numbers numbers) {
    return numbers == DEPTHWISE_FLOATS ? KERNEL_WIDTH : 2 * KERNEL_WIDTH;
}

/* Row y of channels first .. end - 1, tile by tile or vector by vector. The last tile of a row
 * starts early enough to be whole, and computes some columns again. */
KERNEL_TARGET SIMD_INLINE void KERNEL(row)(const struct depthwise *strip,
                                           enum depthwise_numbers numbers, size_t kernel,
                                           size_t stride, size_t tile, size_t y, size_t first,
                                           size_t end) {
    const size_t columns = strip->columns, step = KERNEL(channels)(numbers);
    if (numbers != DEPTHWISE_FLOATS && kernel == 3) {
        KERNEL(wide_row)(strip, numbers, stride, y, first);
        return;
    }
    for (size_t x = 0; x < columns; x += columns < tile ? 1 : tile) {
        const size_t start = columns < tile || x + tile <= columns ? x : columns - tile;
        for (size_t c = first; c < end; c += step) {
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
    const size_t step = KERNEL(channels)(numbers);
    for (size_t y = 0; y < strip->rows; y++) {
        for (size_t c = 0; c < strip->channels; c += step) {
            KERNEL(row)(strip, numbers, kernel, stride, tile, y, c, c + step);
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
KERNEL_STRIP(strip_wide, DEPTHWISE_WIDE, TILE_WIDE)
KERNEL_STRIP(strip_bytes, DEPTHWISE_BYTES, TILE_WIDE)
KERNEL_STRIP(strip_bf16, DEPTHWISE_BF16, TILE_WIDE)

#undef KERNEL_STRIP

#include "nn/depthwise_low.h"

#include <math.h>

#include "nn/simd.h"

static float load_number(enum packed_low_type type, const void *numbers, size_t place) {
    if (type == PACKED_LOW_BF16) return bfloat16_to_float(((const bfloat16 *)numbers)[place]);
    return (float)((const uint8_t *)numbers)[place] * PACKED_LOW_BYTE;
}

static void store_number(enum packed_low_type type, float number, void *numbers, size_t place) {
    const float kept = number < 0 ? 0 : number > 6 ? 6 : number;
    if (type == PACKED_LOW_BF16) {
        ((bfloat16 *)numbers)[place] = bfloat16_from_float(kept);
    } else {
        ((uint8_t *)numbers)[place] = (uint8_t)lrintf(kept * (1 / PACKED_LOW_BYTE));
    }
}

static float number_at(const struct depthwise_low *s, size_t y, size_t x, size_t c) {
    float sum = s->bias[c];
    for (size_t ky = 0; ky < s->kernel; ky++) {
        const size_t line = s->lines[y * s->stride + ky] * s->line_stride;
        for (size_t kx = 0; kx < s->kernel; kx++) {
            const size_t place = line + (x * s->stride + kx) * s->input_stride + c;
            sum += load_number(s->type, s->input, place) *
                   s->weight[(ky * s->kernel + kx) * s->weight_stride + c];
        }
    }
    return sum;
}

void depthwise_low_plain(const struct depthwise_low *s) {
    for (size_t y = 0; y < s->rows; y++) {
        for (size_t x = 0; x < s->columns; x++) {
            const size_t place = (y * s->columns + x) * s->output_stride;
            for (size_t c = 0; c < s->channels; c++) {
                store_number(s->type, number_at(s, y, x, c), s->output, place + c);
            }
        }
    }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define HAS_STRIPS
#endif
#endif

#ifndef HAS_STRIPS

void depthwise_low(const struct depthwise_low *strip) {
    depthwise_low_plain(strip);
}

#else
#include <immintrin.h>

#define TARGET __attribute__((target("arch=x86-64-v4,avx512bf16,prefer-vector-width=512")))
#define TARGET_INLINE TARGET static inline __attribute__((always_inline))

/* Columns computed together: their sums, a row of taps and an input stay in registers. */
enum { TILE_STRIDE_1 = 7, TILE_STRIDE_2 = 4, TILE_MOST = 7, KERNEL_MOST = 5 };

/* Bytes as they count: the sums are of counts, too, and so need no scale. */
TARGET_INLINE __m512 load(enum packed_low_type type, const void *numbers, size_t place) {
    if (type == PACKED_LOW_BF16) {
        const __m256i halves =
            _mm256_loadu_si256((const __m256i *)(const void *)((const bfloat16 *)numbers + place));
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
    }
    const __m128i bytes =
        _mm_loadu_si128((const __m128i *)(const void *)((const uint8_t *)numbers + place));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}

TARGET_INLINE void store(enum packed_low_type type, __m512 sums, void *numbers, size_t place) {
    const __m512 positive = _mm512_max_ps(_mm512_setzero_ps(), sums);
    if (type == PACKED_LOW_BF16) {
        const __m512 kept = _mm512_min_ps(_mm512_set1_ps(6), positive);
        _mm256_storeu_si256((__m256i *)(void *)((bfloat16 *)numbers + place),
                            (__m256i)_mm512_cvtneps_pbh(kept));
    } else {
        _mm_storeu_si128((__m128i *)(void *)((uint8_t *)numbers + place),
                         _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(positive)));
    }
}

/* Columns x .. x + tile - 1 of row y, sixteen channels from c on. All but x, y and c are constants
 * where this is inlined. Every input is loaded once and takes part in all sums that it touches. */
TARGET_INLINE void run_columns(const struct depthwise_low *s, enum packed_low_type type,
                               size_t kernel, size_t stride, size_t tile, size_t y, size_t x,
                               size_t c) {
    __m512 sums[TILE_MOST], bias = _mm512_loadu_ps(s->bias + c);
    if (type == PACKED_LOW_BYTES) bias = _mm512_mul_ps(bias, _mm512_set1_ps(1 / PACKED_LOW_BYTE));
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) sums[t] = bias;
    for (size_t ky = 0; ky < kernel; ky++) {
        const size_t row =
            s->lines[y * stride + ky] * s->line_stride + x * stride * s->input_stride + c;
        const float *weight = s->weight + ky * kernel * s->weight_stride + c;
        __m512 taps[KERNEL_MOST];
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            taps[kx] = _mm512_loadu_ps(weight + kx * s->weight_stride);
        }
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            const __m512 input = load(type, s->input, row + i * s->input_stride);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) {
                const size_t kx = i - t * stride; /* wraps where the tap lies to the left */
                if (kx < kernel) sums[t] = _mm512_fmadd_ps(taps[kx], input, sums[t]);
            }
        }
    }
    const size_t place = (y * s->columns + x) * s->output_stride + c;
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) store(type, sums[t], s->output, place + t * s->output_stride);
}

/* The last tile of a row starts early enough to be whole, and computes some columns again. */
TARGET_INLINE void run_rows(const struct depthwise_low *s, enum packed_low_type type, size_t kernel,
                            size_t stride, size_t tile) {
    const size_t columns = s->columns;
    for (size_t c = 0; c < s->channels; c += PACKED_LOW_PANEL) {
        for (size_t y = 0; y < s->rows; y++) {
            for (size_t x = 0; columns < tile && x < columns; x++) {
                run_columns(s, type, kernel, stride, 1, y, x, c);
            }
            for (size_t x = 0; columns >= tile && x < columns; x += tile) {
                const size_t start = x + tile <= columns ? x : columns - tile;
                run_columns(s, type, kernel, stride, tile, y, start, c);
            }
        }
    }
}

TARGET_INLINE void run_type(const struct depthwise_low *s, enum packed_low_type type) {
    if (s->kernel == 3 && s->stride == 1) run_rows(s, type, 3, 1, TILE_STRIDE_1);
    if (s->kernel == 3 && s->stride == 2) run_rows(s, type, 3, 2, TILE_STRIDE_2);
    if (s->kernel == 5 && s->stride == 1) run_rows(s, type, 5, 1, TILE_STRIDE_1);
    if (s->kernel == 5 && s->stride == 2) run_rows(s, type, 5, 2, TILE_STRIDE_2);
}

TARGET static void run_bf16(const struct depthwise_low *strip) {
    run_type(strip, PACKED_LOW_BF16);
}

TARGET static void run_bytes(const struct depthwise_low *strip) {
    run_type(strip, PACKED_LOW_BYTES);
}

void depthwise_low(const struct depthwise_low *strip) {
    if (!packed_low_is_fast(strip->type)) {
        depthwise_low_plain(strip);
    } else if (strip->type == PACKED_LOW_BF16) {
        run_bf16(strip);
    } else {
        run_bytes(strip);
    }
}

#endif

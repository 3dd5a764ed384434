#include "base/memory.h"
#include "nn/convolution.h"

/* Both directions walk down the map with a ring of padded rows, so that the inner loops need no
 * border checks, every row is read from memory once, and the data stays in the cache. The loops are
 * inlined once for each pair of kernel and stride, so that every bound is a constant and the
 * accumulators and the window of inputs are in registers. */

enum {
    DEPTHWISE_TILE = 4, /* neighbouring columns computed together; even, so that a tile of the
                           gradient starts at the same phase of stride 2 */
    DEPTHWISE_MAX_KERNEL = 5,
    DEPTHWISE_WINDOW = (DEPTHWISE_TILE - 1) * 2 + DEPTHWISE_MAX_KERNEL /* inputs of a tile */
};

/* A padded row of the output's gradient: the taps that reach over its left border, the row itself,
 * and as many zeros as the last tile of the input reaches. */
static size_t gradient_left(const struct convolution *layer) {
    return (layer->kernel - 1) / layer->stride;
}

/* The padded column where the first tile of the input's gradient starts. */
static size_t gradient_start(const struct convolution *layer) {
    const size_t padding = convolution_padding(layer);
    return padding - padding % layer->stride;
}

static size_t gradient_columns(const struct convolution *layer) {
    const size_t start = gradient_start(layer);
    const size_t columns = convolution_padding(layer) - start + layer->in_size;
    const size_t tiles = (columns + DEPTHWISE_TILE - 1) / DEPTHWISE_TILE;
    return gradient_left(layer) + start + tiles * DEPTHWISE_TILE;
}

size_t depthwise_scratch(const struct convolution *layer) {
    const size_t columns = convolution_padded_size(layer) + gradient_columns(layer);
    return layer->kernel * columns * layer->in_channels;
}

/* A ring holds padded row r at place r mod kernel. */
static real *ring_row(real *ring, const struct convolution *layer, size_t columns, size_t row) {
    return ring + row % layer->kernel * columns * layer->in_channels;
}

/* Columns x .. x + tile - 1 of an output row, a vector of channels from c on. */
SIMD_INLINE void forward_block(size_t kernel, size_t stride, size_t tile, size_t channels, size_t c,
                               const real *const *rows, size_t x, const real *weight,
                               const real *bias, bool relu6, real *output) {
    simd_real sum[DEPTHWISE_TILE];
    SIMD_LOAD(sum[0], bias + c);
    SIMD_UNROLL
    for (size_t t = 1; t < tile; t++) sum[t] = sum[0];
    for (size_t ky = 0; ky < kernel; ky++) {
        const real *row = rows[ky] + x * stride * channels + c;
        const real *taps = weight + ky * kernel * channels + c;
        simd_real window[DEPTHWISE_WINDOW];
        SIMD_UNROLL
        for (size_t i = 0; i < (tile - 1) * stride + kernel; i++) {
            SIMD_LOAD(window[i], row + i * channels);
        }
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            simd_real tap;
            SIMD_LOAD(tap, taps + kx * channels);
            SIMD_UNROLL
            for (size_t t = 0; t < tile; t++) sum[t] += tap * window[t * stride + kx];
        }
    }
    SIMD_UNROLL
    for (size_t t = 0; t < tile; t++) {
        if (relu6) simd_relu6(&sum[t]);
        SIMD_STORE(output + (x + t) * channels + c, sum[t]);
    }
}

SIMD_INLINE void forward_tile(size_t kernel, size_t stride, size_t tile, size_t channels,
                              const real *const *rows, size_t x, const real *weight,
                              const real *bias, bool relu6, real *output) {
    for (size_t c = 0; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
        forward_block(kernel, stride, tile, channels, c, rows, x, weight, bias, relu6, output);
    }
}

/* The channels from `first` on, which do not fill a vector, one number at a time. */
static void forward_rest(const struct convolution *layer, const real *const *rows, size_t first,
                         const real *weight, const real *bias, real *output) {
    const size_t kernel = layer->kernel, channels = layer->in_channels;
    for (size_t x = 0; x < layer->out_size; x++) {
        for (size_t c = first; c < channels; c++) {
            real sum = bias[c];
            for (size_t tap = 0; tap < kernel * kernel; tap++) {
                const size_t column = x * layer->stride + tap % kernel;
                sum += weight[tap * channels + c] * rows[tap / kernel][column * channels + c];
            }
            output[x * channels + c] = layer->relu6 ? convolution_relu6(sum) : sum;
        }
    }
}

SIMD_INLINE void forward_row(const struct convolution *layer, size_t kernel, size_t stride,
                             const real *const *rows, const real *weight, const real *bias,
                             real *output) {
    const size_t channels = layer->in_channels, rest = channels % SIMD_WIDTH;
    size_t x = 0;
    for (; x + DEPTHWISE_TILE <= layer->out_size; x += DEPTHWISE_TILE) {
        forward_tile(kernel, stride, DEPTHWISE_TILE, channels, rows, x, weight, bias, layer->relu6,
                     output);
    }
    for (; x < layer->out_size; x++) {
        forward_tile(kernel, stride, 1, channels, rows, x, weight, bias, layer->relu6, output);
    }
    if (rest) forward_rest(layer, rows, channels - rest, weight, bias, output);
}

SIMD_INLINE void forward_map(const struct convolution *layer, size_t kernel, size_t stride,
                             const real *input, const real *weight, const real *bias, real *output,
                             real *ring) {
    const size_t channels = layer->in_channels, columns = convolution_padded_size(layer);
    const size_t padding = convolution_padding(layer);
    size_t next = 0; /* padded row to fetch */
    for (size_t y = 0; y < layer->out_size; y++) {
        for (; next < y * stride + kernel; next++) {
            convolution_pad_row(input, layer->in_size, channels, padding, next, padding,
                                columns - layer->in_size - padding,
                                ring_row(ring, layer, columns, next));
        }
        const real *rows[DEPTHWISE_MAX_KERNEL];
        for (size_t ky = 0; ky < kernel; ky++) {
            rows[ky] = ring_row(ring, layer, columns, y * stride + ky);
        }
        forward_row(layer, kernel, stride, rows, weight, bias,
                    output + y * layer->out_size * channels);
    }
}

/* Calls `map` with constants for kernel and stride. */
#define DEPTHWISE_DISPATCH(map, layer, ...)                                                        \
    do {                                                                                           \
        switch ((layer)->kernel * 2 + (layer)->stride) {                                           \
        case 3 * 2 + 1:                                                                            \
            map(layer, 3, 1, __VA_ARGS__);                                                         \
            break;                                                                                 \
        case 3 * 2 + 2:                                                                            \
            map(layer, 3, 2, __VA_ARGS__);                                                         \
            break;                                                                                 \
        case 5 * 2 + 1:                                                                            \
            map(layer, 5, 1, __VA_ARGS__);                                                         \
            break;                                                                                 \
        case 5 * 2 + 2:                                                                            \
            map(layer, 5, 2, __VA_ARGS__);                                                         \
            break;                                                                                 \
        }                                                                                          \
    } while (0)

SIMD_KERNEL(extern, void, depthwise_forward,
            (const struct convolution *layer, size_t count, const real *input, const real *weight,
             const real *bias, real *output, real *scratch),
            (layer, count, input, weight, bias, output, scratch)) {
    const size_t in = layer->in_size * layer->in_size * layer->in_channels;
    const size_t out = layer->out_size * layer->out_size * layer->out_channels;
    for (size_t n = 0; n < count; n++) {
        DEPTHWISE_DISPATCH(forward_map, layer, input + n * in, weight, bias, output + n * out,
                           scratch);
    }
}

/* Fetches row y of the output's gradient into its place of the ring, masked where ReLU6 was flat,
 * between zeros; a row below the map is zero. Adds it to the gradient of the bias. */
SIMD_INLINE void gradient_row(const struct convolution *layer, const real *restrict output,
                              const real *restrict d_output, size_t y, real *restrict d_bias,
                              real *restrict row) {
    const size_t channels = layer->in_channels, size = layer->out_size;
    const size_t left = gradient_left(layer);
    memset(row, 0, left * channels * sizeof(real));
    row += left * channels;
    output += y * size * channels;
    d_output += y * size * channels;
    for (size_t x = 0; x < size; x++) {
        if (layer->relu6) {
            for (size_t c = 0; c < channels; c++) {
                row[c] = convolution_passes(output[c]) ? d_output[c] : 0;
            }
        } else {
            memcpy(row, d_output, channels * sizeof(real));
        }
        for (size_t c = 0; c < channels; c++) d_bias[c] += row[c];
        row += channels;
        output += channels;
        d_output += channels;
    }
    memset(row, 0, (gradient_columns(layer) - left - size) * channels * sizeof(real));
}

/* Columns of a row after which the sums are stored and the next channels' turn comes: all channels
 * of a few columns are read in the order of memory. */
enum { WEIGHT_COLUMNS = 8 };

/* One row's share of d_weight for kernel rows ky .. ky + height - 1, with the sums of all taps in
 * registers along the row. */
SIMD_INLINE void weight_block(size_t kernel, size_t stride, size_t height, size_t size,
                              size_t channels, size_t c, const real *const *rows, const real *d_row,
                              real *d_weight) {
    simd_real sum[9]; /* 3x3 or 1x5 taps */
    SIMD_UNROLL
    for (size_t i = 0; i < height * kernel; i++) {
        SIMD_LOAD(sum[i], d_weight + i * channels + c);
    }
    for (size_t x = 0; x < size; x++) {
        simd_real gradient;
        SIMD_LOAD(gradient, d_row + x * channels + c);
        SIMD_UNROLL
        for (size_t y = 0; y < height; y++) {
            SIMD_UNROLL
            for (size_t kx = 0; kx < kernel; kx++) {
                simd_real value;
                SIMD_LOAD(value, rows[y] + (x * stride + kx) * channels + c);
                sum[y * kernel + kx] += gradient * value;
            }
        }
    }
    SIMD_UNROLL
    for (size_t i = 0; i < height * kernel; i++) {
        SIMD_STORE(d_weight + i * channels + c, sum[i]);
    }
}

/* The same for the channels from `first` on, which do not fill a vector. */
static void weight_rest(const struct convolution *layer, size_t height, size_t first,
                        const real *const *rows, const real *d_row, real *d_weight) {
    const size_t kernel = layer->kernel, channels = layer->in_channels;
    for (size_t tap = 0; tap < height * kernel; tap++) {
        for (size_t x = 0; x < layer->out_size; x++) {
            const size_t column = x * layer->stride + tap % kernel;
            for (size_t c = first; c < channels; c++) {
                d_weight[tap * channels + c] +=
                    d_row[x * channels + c] * rows[tap / kernel][column * channels + c];
            }
        }
    }
}

SIMD_INLINE void weight_rows(const struct convolution *layer, size_t kernel, size_t stride,
                             size_t height, const real *const *rows, const real *d_row,
                             real *d_weight) {
    const size_t channels = layer->in_channels, rest = channels % SIMD_WIDTH;
    for (size_t x = 0; x < layer->out_size; x += WEIGHT_COLUMNS) {
        const size_t columns = size_smaller(WEIGHT_COLUMNS, layer->out_size - x);
        const real *from[3];
        for (size_t i = 0; i < height; i++) from[i] = rows[i] + x * stride * channels;
        for (size_t c = 0; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
            weight_block(kernel, stride, height, columns, channels, c, from, d_row + x * channels,
                         d_weight);
        }
    }
    if (rest) weight_rest(layer, height, channels - rest, rows, d_row, d_weight);
}

/* A row of the output's gradient and the row of taps that connects it to a row of the input. */
struct tied_row {
    const real *gradient, *taps;
};

/* The input's gradient at padded columns u .. u + tile - 1, u a multiple of the stride: gathered,
 * for each tap from the output column (u - kx) / stride where that is whole. */
SIMD_INLINE void input_block(size_t kernel, size_t stride, size_t channels, size_t c,
                             const struct tied_row *rows, size_t row_count, size_t u,
                             size_t padding, size_t size, bool accumulate, real *d_input) {
    const size_t left = (kernel - 1) / stride;
    const size_t reach = left + (DEPTHWISE_TILE - 1) / stride + 1;
    simd_real sum[DEPTHWISE_TILE] = {{0}};
    for (size_t r = 0; r < row_count; r++) {
        const real *row = rows[r].gradient + u / stride * channels + c;
        simd_real window[DEPTHWISE_WINDOW];
        SIMD_UNROLL
        for (size_t i = 0; i < reach; i++) {
            SIMD_LOAD(window[i], row + i * channels);
        }
        SIMD_UNROLL
        for (size_t kx = 0; kx < kernel; kx++) {
            simd_real tap;
            SIMD_LOAD(tap, rows[r].taps + kx * channels + c);
            SIMD_UNROLL
            for (size_t t = 0; t < DEPTHWISE_TILE; t++) {
                const size_t distance = t + stride * kernel - kx; /* made positive */
                if (distance % stride != 0) continue;
                sum[t] += tap * window[distance / stride - kernel + left];
            }
        }
    }
    SIMD_UNROLL
    for (size_t t = 0; t < DEPTHWISE_TILE; t++) {
        if (u + t < padding || u + t - padding >= size) continue;
        real *store = d_input + (u + t - padding) * channels + c;
        if (accumulate) {
            simd_real before;
            SIMD_LOAD(before, store);
            sum[t] += before;
        }
        SIMD_STORE(store, sum[t]);
    }
}

/* The same for the channels from `first` on, which do not fill a vector, of a whole row. */
static void input_rest(const struct convolution *layer, const struct tied_row *rows,
                       size_t row_count, size_t first, bool accumulate, real *d_input) {
    const size_t stride = layer->stride, channels = layer->in_channels;
    const size_t start = convolution_padding(layer) + gradient_left(layer) * stride;
    for (size_t x = 0; x < layer->in_size; x++) {
        for (size_t c = first; c < channels; c++) {
            real sum = accumulate ? d_input[x * channels + c] : 0;
            for (size_t r = 0; r < row_count; r++) {
                for (size_t kx = 0; kx < layer->kernel; kx++) {
                    const size_t distance = start + x - kx;
                    if (distance % stride != 0) continue;
                    sum += rows[r].taps[kx * channels + c] *
                           rows[r].gradient[distance / stride * channels + c];
                }
            }
            d_input[x * channels + c] = sum;
        }
    }
}

SIMD_INLINE void input_row(const struct convolution *layer, size_t kernel, size_t stride,
                           const struct tied_row *rows, size_t row_count, bool accumulate,
                           real *d_input) {
    const size_t channels = layer->in_channels, rest = channels % SIMD_WIDTH;
    const size_t size = layer->in_size, padding = convolution_padding(layer);
    for (size_t u = gradient_start(layer); u < padding + size; u += DEPTHWISE_TILE) {
        for (size_t c = 0; c + SIMD_WIDTH <= channels; c += SIMD_WIDTH) {
            input_block(kernel, stride, channels, c, rows, row_count, u, padding, size, accumulate,
                        d_input);
        }
    }
    if (rest) input_rest(layer, rows, row_count, channels - rest, accumulate, d_input);
}

/* The rows of the output that padded row v of the input took part in. */
SIMD_INLINE size_t tie_rows(const struct convolution *layer, size_t kernel, size_t stride, size_t v,
                            const real *weight, real *ring, size_t columns, struct tied_row *rows) {
    size_t count = 0;
    for (size_t ky = v % stride; ky < kernel && ky <= v; ky += stride) {
        const size_t y = (v - ky) / stride;
        if (y >= layer->out_size) continue;
        rows[count++] = (struct tied_row){ring_row(ring, layer, columns, y),
                                          weight + ky * kernel * layer->in_channels};
    }
    return count;
}

SIMD_INLINE void backward_map(const struct convolution *layer, size_t kernel, size_t stride,
                              const real *input, const real *weight, const real *output,
                              const real *d_output, real *d_input, bool accumulate, real *d_weight,
                              real *d_bias, real *ring) {
    const size_t channels = layer->in_channels, size = layer->in_size;
    const size_t columns = convolution_padded_size(layer), padding = convolution_padding(layer);
    const size_t d_columns = gradient_columns(layer);
    const size_t height = kernel == 3 ? 3 : 1; /* kernel rows whose sums fit in registers */
    real *d_ring = ring + kernel * columns * channels;
    size_t next = 0;    /* padded row of the input to fetch */
    size_t v = padding; /* padded row of the input whose gradient is computed next */
    for (size_t y = 0; y < layer->out_size; y++) {
        for (; next < y * stride + kernel; next++) {
            convolution_pad_row(input, size, channels, padding, next, padding,
                                columns - size - padding, ring_row(ring, layer, columns, next));
        }
        real *d_row = ring_row(d_ring, layer, d_columns, y);
        gradient_row(layer, output, d_output, y, d_bias, d_row);
        for (size_t ky = 0; ky < kernel; ky += height) {
            const real *rows[3];
            for (size_t i = 0; i < height; i++) {
                rows[i] = ring_row(ring, layer, columns, y * stride + ky + i);
            }
            weight_rows(layer, kernel, stride, height, rows,
                        d_row + gradient_left(layer) * channels, d_weight + ky * kernel * channels);
        }
        /* Rows that no later row of the output takes part in are complete. */
        const bool last = y + 1 == layer->out_size;
        const size_t complete = last ? padding + size : (y + 1) * stride;
        for (; v < complete; v++) {
            struct tied_row rows[DEPTHWISE_MAX_KERNEL];
            const size_t count =
                tie_rows(layer, kernel, stride, v, weight, d_ring, d_columns, rows);
            input_row(layer, kernel, stride, rows, count, accumulate,
                      d_input + (v - padding) * size * channels);
        }
    }
}

SIMD_KERNEL(extern, void, depthwise_backward,
            (const struct convolution *layer, size_t count, const real *input, const real *weight,
             const real *output, const real *d_output, real *d_input, bool accumulate,
             real *d_weight, real *d_bias, real *scratch),
            (layer, count, input, weight, output, d_output, d_input, accumulate, d_weight, d_bias,
             scratch)) {
    const size_t in = layer->in_size * layer->in_size * layer->in_channels;
    const size_t out = layer->out_size * layer->out_size * layer->out_channels;
    for (size_t n = 0; n < count; n++) {
        DEPTHWISE_DISPATCH(backward_map, layer, input + n * in, weight, output + n * out,
                           d_output + n * out, d_input + n * in, accumulate, d_weight, d_bias,
                           scratch);
    }
}

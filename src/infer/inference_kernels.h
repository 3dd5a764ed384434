/* The kernels of the encoder for inference, by precision: the packing of weights, and the products
 * and depthwise convolutions on the number types of that precision. Internal to the encoder for
 * inference.
 *
 * Maps between blocks are always floats. The operands of products may be low precision: the
 * prepared rows of a map, and the expanded activations within a block, which depthwise convolution
 * reads and writes. A pixel's channels are padded with zeros to a multiple of INFERENCE_PANEL
 * everywhere. */
#ifndef CAPTION_INFER_INFERENCE_KERNELS_H
#define CAPTION_INFER_INFERENCE_KERNELS_H

#include "base/memory.h"
#include "infer/inference_encoder.h"
#include "nn/convolution.h"

enum {
    INFERENCE_PANEL = 16,
    INFERENCE_PATCH = STEM_KERNEL * STEM_KERNEL * STEM_COLOURS /* numbers under the stem's kernel */
};

static inline size_t inference_padded(size_t channels) {
    return (channels + INFERENCE_PANEL - 1) / INFERENCE_PANEL * INFERENCE_PANEL;
}

/* The role of a product, which determines the number types of its operands and result. */
enum inference_role {
    INFERENCE_STEM,     /* prepared patches of a photo to expanded activations */
    INFERENCE_STEM_MAP, /* the same to a map */
    INFERENCE_EXPAND,   /* a prepared map to expanded activations */
    INFERENCE_PROJECT,  /* expanded activations to a map */
    INFERENCE_HEAD      /* a prepared map to floats */
};

static inline bool inference_is_stem(enum inference_role role) {
    return role == INFERENCE_STEM || role == INFERENCE_STEM_MAP;
}

/* Rows times weights. Strides are from row to row, of the input in bytes, of the output in numbers.
 */
struct inference_product {
    size_t rows;
    const void *input;
    size_t input_stride;
    size_t prepared;       /* rows of the input that were prepared together, as a line */
    const float *residual; /* of the output's stride, added; or NULL */
    void *output;
    size_t output_stride;
    size_t line, line_stride; /* output rows come in lines (see packed.h); 0: one line */
};

/* Some rows of a depthwise convolution (see depthwise.h), of expanded activations. */
struct inference_strip {
    size_t rows;
    const void *input;
    const size_t *lines;
    size_t line_stride, input_stride;
    void *output;
    size_t output_stride;
};

struct inference_kernels {
    size_t expanded_bytes, convolved_bytes; /* of a number before depthwise convolution, after it */
    size_t float_blocks; /* the number of first blocks computed in float instead */

    /* Bytes of a pixel prepared for a product, and the preparation of a line of pixels (NULL:
     * floats need none; see inference_prepare_lines). */
    size_t (*prepared_bytes)(size_t channels);
    void (*prepare)(const float *line, size_t pixels, size_t channels, void *prepared);

    /* A layer's weights and bias, packed for `role` in the arena. `depthwise` is the convolution
     * before INFERENCE_PROJECT. */
    void *(*matrix_new)(enum inference_role role, const struct encoder_layer *layer,
                        const void *depthwise, const struct weights *weights, struct arena *arena,
                        caption_error *error);
    /* Outputs of `panels` panels from `panel` on, through the layer's ReLU6. */
    void (*multiply)(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product);

    void *(*depthwise_new)(const struct encoder_layer *layer, const struct weights *weights,
                           struct arena *arena, caption_error *error);
    /* The channels of `panels` panels from `panel` on. */
    void (*depthwise)(const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip);
};

extern const struct inference_kernels inference_kernels_f32, inference_kernels_bf16,
    inference_kernels_int16, inference_kernels_int8;

/* The table of a precision. */
const struct inference_kernels *inference_kernels(enum precision precision);

/* inference_encoder_new with given kernels, for tests and benchmarks. */
struct inference_encoder *inference_encoder_with(const struct encoder *encoder,
                                                 const struct weights *weights,
                                                 const struct inference_kernels *kernels,
                                                 caption_error *error);

#endif

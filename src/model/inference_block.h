/* One block of the encoder for inference: expand, depthwise, project. A strip of rows at a time,
 * and within it a few panels of channels at a time, the expanded activations are written to a ring
 * of lines, from there convolved depthwise, and those of the whole strip projected: they never
 * leave the cache. What goes into the ring is the block's 1x1 expansion, or the stem of the encoder
 * where its first block has none. Internal to the encoder for inference. */
#ifndef CAPTION_MODEL_INFERENCE_BLOCK_H
#define CAPTION_MODEL_INFERENCE_BLOCK_H

#include "model/inference_kernels.h"

struct inference_block {
    const struct inference_kernels *kernels;
    enum inference_source {
        INFERENCE_FROM_PHOTO, /* through the stem */
        INFERENCE_FROM_MAP,   /* through the expansion */
        INFERENCE_AS_IS       /* the map itself */
    } source;
    struct convolution stem;                    /* where the source is the photo */
    struct convolution shape;                   /* of the depthwise convolution */
    bool residual;                              /* the input is added to the output */
    size_t in_channels, expanded, out_channels; /* padded */
    void *expand, *depthwise, *project;         /* expand NULL where there is none */
    size_t rows;                                /* output rows of a strip */
    size_t lines;                               /* of the ring */
    bool one_strip; /* the whole map: the panels take turns in the ring */
};

/* Makes a block of the layers from layers[0] on, its weights in the arena's memory, and sets *used
 * to their number: the stem and a block without expansion, or one block. */
bool inference_block_init(struct inference_block *block, const struct inference_kernels *kernels,
                          const struct encoder_layer *layers, size_t *used,
                          const struct weights *weights, struct arena *arena, caption_error *error);

/* Scratch, in bytes, of which a workspace holds the most that any block needs. */
struct inference_needs {
    size_t ring, strip, patches, prepared, places;
};
void inference_block_needs(const struct inference_block *block, struct inference_needs *needs);
void inference_patches_needs(const struct convolution *stem,
                             const struct inference_kernels *kernels,
                             struct inference_needs *needs);
void inference_prepared_needs(const struct inference_kernels *kernels, size_t pixels,
                              size_t channels, struct inference_needs *needs);

struct inference_scratch {
    void *ring;     /* lines of expanded activations, with their borders, and one of zeros */
    void *strip;    /* what depthwise gives */
    float *patches; /* a row of the stem's input */
    void *prepared; /* lines of the input, to be multiplied */
    size_t *places; /* the lines that a strip looks at */
};

/* A map (or a photo) in, `count` rows from `y` on of the map out; the maps do not overlap. A row is
 * the same whatever rows are computed with it. */
void inference_block_run(const struct inference_block *block, const float *input, size_t y,
                         size_t count, const struct inference_scratch *scratch, float *output);

/* `count` lines of `pixels` pixels, ready for a product. Where that is the floats as they are, they
 * stay where they are. */
const void *inference_prepare_lines(const struct inference_kernels *kernels, const float *lines,
                                    size_t count, size_t pixels, size_t channels, void *prepared);

/* The patches of the photo that row y of the stem's output is made of: (out_size,
 * inference_padded(INFERENCE_PATCH)), of which each holds (3, 3, 3) numbers, then zeros. */
void inference_patches(const struct convolution *stem, const float *photo, size_t y,
                       float *patches);

#endif

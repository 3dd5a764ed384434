/* One block of the encoder for inference: expand, depthwise, project. For a strip of rows, a few
 * panels of channels at a time, the expanded activations are written to a ring of lines and
 * convolved depthwise; then the whole strip is projected. The expanded activations never leave the
 * cache. The ring receives the block's 1x1 expansion, or the encoder's stem if the first block has
 * no expansion. Internal to the encoder for inference. */
#ifndef CAPTION_INFER_INFERENCE_BLOCK_H
#define CAPTION_INFER_INFERENCE_BLOCK_H

#include "base/threads.h"
#include "infer/inference_kernels.h"

struct inference_block {
    const struct inference_kernels *kernels;
    size_t layers; /* of the encoder, that the block computes */
    enum inference_source {
        INFERENCE_FROM_PHOTO, /* through the stem */
        INFERENCE_FROM_MAP,   /* through the expansion */
        INFERENCE_AS_IS       /* the map itself */
    } source;
    struct convolution stem;                    /* if the source is the photo */
    struct convolution shape;                   /* of the depthwise convolution */
    bool residual;                              /* the input is added to the output */
    size_t in_channels, expanded, out_channels; /* padded */
    void *expand, *depthwise, *project;         /* expand is NULL without an expansion */
    size_t rows;                                /* output rows of a strip */
    size_t lines;                               /* of the ring */
    bool one_strip; /* one strip is the whole map: the panels share the ring */
};

/* Makes a block of the layers from layers[0] on, with its weights in the arena: of the stem and a
 * block without expansion, or of one block. */
bool inference_block_init(struct inference_block *block, const struct inference_kernels *kernels,
                          const struct encoder_layer *layers, const struct weights *weights,
                          struct arena *arena, caption_error *error);

/* Scratch sizes in bytes. A workspace has the maximum over all blocks. */
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
    void *ring;     /* lines of expanded activations, with their borders, and one line of zeros */
    void *strip;    /* output of the depthwise convolution */
    float *patches; /* a row of the stem's input */
    void *prepared; /* lines of the input, prepared for a product */
    size_t *places; /* the input lines of a strip */
    float *head;    /* panels of the map of the layer after the last block */
};

/* Computes `count` rows from `y` on of the output map from a map (or a photo). The maps do not
 * overlap. A row does not depend on the rows computed with it. */
void inference_block_run(const struct inference_block *block, const float *input, size_t y,
                         size_t count, const struct inference_scratch *scratch, float *output);

/* The threads that share a block. */
struct inference_team {
    struct threads *threads; /* NULL: the caller alone */
    size_t count;
    struct inference_scratch *scratch; /* [count], for a thread's share of a layer each */
};

/* Whether so many threads had better share a block's channels, strip by strip, than its rows: the
 * rows of a low map need many lines of the rows beside them. */
bool inference_block_shares_channels(const struct inference_block *block, size_t threads);

/* The whole output map so, with the same numbers as inference_block_run computes. */
void inference_block_run_shared(const struct inference_block *block, const float *input,
                                const struct inference_team *team, float *output);

/* Prepares `count` lines of `pixels` pixels for a product. Returns `prepared`, or `lines` if floats
 * need no preparation. */
const void *inference_prepare_lines(const struct inference_kernels *kernels, const float *lines,
                                    size_t count, size_t pixels, size_t channels, void *prepared);

/* The patches of the photo under row y of the stem's output: (out_size,
 * inference_padded(INFERENCE_PATCH)), each of (3, 3, 3) numbers, then zeros. */
void inference_patches(const struct convolution *stem, const float *photo, size_t y,
                       float *patches);

#endif

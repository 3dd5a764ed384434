/* Shared by the files of the encoder. Internal to this folder. */
#ifndef CAPTION_MODEL_ENCODER_PARTS_H
#define CAPTION_MODEL_ENCODER_PARTS_H

#include "model/encoder.h"
#include "nn/batch_norm.h"

/* Additional workspace of batch norm. */
struct encoder_norm_workspace {
    real **inputs; /* [layer_count]: output of each convolution, which backward overwrites with its
                      gradient; owned, like the two below */
    real **means, **variances;     /* [layer_count]: of these inputs */
    real *no_bias, *unused_d_bias; /* of the convolutions, which have none */
};

/* Stochastic depth. */
struct encoder_depth {
    bool drops;     /* whether any branch may be skipped */
    real *scales;   /* (layer_count, photos): of the branch that a layer ends, 0 if skipped */
    real *d_branch; /* the gradient of a branch's end, scaled: that of the block's output is also
                       needed for its input */
};

struct encoder_workspace {
    size_t photos;
    enum encoder_use use;
    real **outputs;   /* [layer_count]: each layer's output */
    real **gradients; /* [layer_count]: its gradient */
    real *block;      /* what these point into */
    size_t bytes;     /* of the block */
    real *scratch;    /* of the direct convolutions */
    struct encoder_norm_workspace norm;
    struct encoder_depth depth;
    const real *images; /* of the last forward */
    size_t count;       /* of the last forward */
};

/* Whether a workspace of that use discards layer i's output after the next layer: the expansion of
 * an inverted residual, by far most of its activations. Batch norm needs the convolutions' outputs
 * again, and saves them. */
bool encoder_recomputes(const struct encoder *encoder, enum encoder_use use, size_t i);

#endif

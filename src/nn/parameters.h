/* The learned numbers of a model: named tensors in one block, so that the optimiser, the gradient
 * accumulator and the model file process them without knowing the layers. Gradients are a second
 * block of the same layout (parameters.count numbers). */
#ifndef CAPTION_NN_PARAMETERS_H
#define CAPTION_NN_PARAMETERS_H

#include "base/error.h"
#include "base/simd.h"

enum { PARAMETERS_MAX_DIMENSIONS = 4, PARAMETERS_NAME = 64 };

/* The learning rate of a tensor, and whether it is trainable. PARAMETERS_CONSTANT: not trainable,
 * but part of the model. PARAMETERS_STATISTIC: a running mean over the photos seen, which follows
 * the encoder during training; in a gradient block its entry is not a gradient but the sum of the
 * values to be averaged over the photos. */
enum parameters_group {
    PARAMETERS_ENCODER,
    PARAMETERS_DECODER,
    PARAMETERS_CONSTANT,
    PARAMETERS_STATISTIC
};

/* The memory layout of a tensor of the file. */
enum parameters_layout {
    PARAMETERS_AS_IS,     /* as in the file */
    PARAMETERS_TAPS_FIRST /* file: (out, in, k, k); memory: (k, k, in, out): for direct convolution
                           */
};

struct parameter {
    char name[PARAMETERS_NAME];              /* as in the file: "encoder.conv_stem.weight" */
    size_t shape[PARAMETERS_MAX_DIMENSIONS]; /* as in the file */
    size_t dimensions;
    size_t offset, count; /* its place in the block, in numbers; offset is a multiple of 16 */
    enum parameters_group group;
    enum parameters_layout layout;
};

struct parameters {
    struct parameter *tensors;
    size_t tensor_count, tensor_capacity;
    size_t count; /* numbers in the block, gaps included */
    real *values; /* [count] once parameters_allocate was called; owned */
};

/* A tensor to be registered. */
struct new_parameter {
    const char *name;
    size_t shape[PARAMETERS_MAX_DIMENSIONS];
    size_t dimensions;
    enum parameters_group group;
    enum parameters_layout layout;
};

/* Registers a tensor; its index in *index. Names are unique. Before parameters_allocate only. */
bool parameters_add(struct parameters *parameters, const struct new_parameter *added, size_t *index,
                    caption_error *error);

/* Allocates the block, zeroed. */
bool parameters_allocate(struct parameters *parameters, caption_error *error);
void parameters_free(struct parameters *parameters);

/* Index of the tensor of that name; false if it does not exist. */
bool parameters_find(const struct parameters *parameters, const char *name, size_t *index);

/* The tensor's numbers within a block of this layout (the values, gradients, moments ...). */
real *parameters_at(const struct parameters *parameters, real *block, size_t index);
const real *parameters_at_const(const struct parameters *parameters, const real *block,
                                size_t index);

/* The same within the parameters' own values. */
const real *parameters_values(const struct parameters *parameters, size_t index);

/* Copies a tensor between the file's order and memory's (see parameters_layout). Both hold
 * tensor->count floats. */
void parameters_import(const struct parameter *tensor, const float *file, real *memory);
void parameters_export(const struct parameter *tensor, const real *memory, float *file);

#endif

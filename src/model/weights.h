/* The numbers of a model that runs but does not learn: tensor by tensor, wherever they lie and in
 * the type that they have there. What inference makes ready for its kernels, it reads from here.
 */
#ifndef CAPTION_MODEL_WEIGHTS_H
#define CAPTION_MODEL_WEIGHTS_H

#include "model/safetensors.h"
#include "nn/parameters.h"

struct weights {
    const struct parameters *parameters; /* what tensors there are */
    const float *values;                 /* a block of their layout, all finite, or NULL: */
    const struct safetensors *file;      /* an open file that holds them all */
};

/* A tensor as it lies, to be used in place: `data` holds numbers of that type (F32, F16 or BF16),
 * little-endian. In a block they are in memory's order, aligned to 64 bytes; in a file in the
 * file's order (see parameters_layout), at any address: other writers align nothing. */
struct weights_view {
    enum safetensors_type type;
    const void *data;
    size_t count;
};
struct weights_view weights_view(const struct weights *weights, size_t index);

/* Whether every number of tensor `index` is finite: asked once by who uses it in place. The error
 * names path and tensor. */
bool weights_check(const struct weights *weights, size_t index, caption_error *error);

/* Copies tensor `index` to out[count] in memory's order. False when a number is not finite (error
 * as above) or there is no memory. */
bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error);

/* The same for rows first .. first + count - 1 along the first dimension of a tensor that lies in
 * memory as in the file (PARAMETERS_AS_IS). */
bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error);

/* For who has read what it needs: gives back the memory that numbers of a file took meanwhile. They
 * can be read again. */
void weights_release(const struct weights *weights);

#endif

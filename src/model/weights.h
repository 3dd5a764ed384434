/* The numbers of a model that runs but does not learn: tensor by tensor, wherever they lie and in
 * the type that they have there. What inference makes ready for its kernels, it reads from here.
 */
#ifndef CAPTION_MODEL_WEIGHTS_H
#define CAPTION_MODEL_WEIGHTS_H

#include "base/arena.h"
#include "model/safetensors.h"
#include "nn/parameters.h"

struct weights {
    const struct parameters *parameters; /* what tensors there are */
    const float *values;                 /* a block of their layout, all finite, or NULL: */
    const struct safetensors *file;      /* an open file that holds them all */
};

/* What tensor `index` lies in: SAFETENSORS_F32 for one of a block. */
enum safetensors_type weights_type(const struct weights *weights, size_t index);

/* A tensor as it lies: `data` holds numbers of that type (F32, F16 or BF16), little-endian, aligned
 * to 64 bytes. Those of a block are used in place and are in memory's order; those of a file are
 * copied to `arena` and are in the file's order (see parameters_layout). False when a number is not
 * finite (the error names path and tensor), the file cannot be read or there is no memory. */
struct weights_view {
    enum safetensors_type type;
    const void *data;
    size_t count;
};
bool weights_view(const struct weights *weights, size_t index, struct arena *arena,
                  struct weights_view *out, caption_error *error);

/* Copies tensor `index` to out[count] in memory's order. False as above. */
bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error);

/* The same for rows first .. first + count - 1 along the first dimension of a tensor that lies in
 * memory as in the file (PARAMETERS_AS_IS). */
bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error);

#endif

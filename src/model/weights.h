/* The numbers of a model for inference: tensor by tensor, from memory or a file, in their stored
 * type. Inference packs its weights from here. */
#ifndef CAPTION_MODEL_WEIGHTS_H
#define CAPTION_MODEL_WEIGHTS_H

#include "base/memory.h"
#include "format/packed_file.h"
#include "format/safetensors.h"
#include "nn/parameters.h"

struct weights {
    const struct parameters *parameters; /* names and shapes of the tensors */
    const float *values;                 /* a block of their layout, all finite, or NULL: */
    const struct safetensors *file;      /* an open file that holds them all */
    const struct packed_file *packed;    /* what inference made of them, or NULL */
};

/* The stored type of tensor `index`: SAFETENSORS_F32 for one of a block. */
enum safetensors_type weights_type(const struct weights *weights, size_t index);

/* A tensor as stored: `data` holds numbers of that type (F32, F16 or BF16), little-endian, aligned
 * to 64 bytes. Those of a block are used in place and are in memory's order; those of a file are
 * copied to `arena` and are in the file's order (see parameters_layout). False when a number is not
 * finite (the error names path and tensor), the file cannot be read or memory is short. */
struct weights_view {
    enum safetensors_type type;
    const void *data;
    size_t count;
};
bool weights_view(const struct weights *weights, size_t index, struct arena *arena,
                  struct weights_view *out, caption_error *error);

/* Copies tensor `index` to out[count] in memory's order. False as above. */
bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error);

/* The same into new memory of the arena, which errors call `what`; NULL on failure. */
float *weights_take(const struct weights *weights, size_t index, struct arena *arena,
                    const char *what, caption_error *error);

/* As weights_read, of rows first .. first + count - 1 along the first dimension of a tensor with
 * the same order in memory and file (PARAMETERS_AS_IS). */
bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error);

#endif

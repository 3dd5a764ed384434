#include "nn/parameters.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Tensors begin at multiples of this many numbers: a cache line of floats. */
enum { PARAMETERS_ALIGNMENT = 16 };

static bool count_of_shape(const char *name, const size_t *shape, size_t dimensions, size_t *count,
                           caption_error *error) {
    *count = 1;
    for (size_t d = 0; d < dimensions; d++) {
        if (shape[d] == 0) {
            return error_set(error, CAPTION_ERROR_ARGUMENT, "tensor %s: dimension %zu is 0", name,
                             d);
        }
        if (!size_multiply(*count, shape[d], count)) {
            return error_set(error, CAPTION_ERROR_LIMIT, "tensor %s: its shape overflows", name);
        }
    }
    return true;
}

/* The end of the block once a tensor of `count` numbers, padded to the alignment, is added to it.
 */
static bool block_end(size_t start, size_t count, size_t *end) {
    if (!size_add(count, PARAMETERS_ALIGNMENT - 1, &count)) return false;
    return size_add(start, count - count % PARAMETERS_ALIGNMENT, end);
}

bool parameters_add(struct parameters *parameters, const struct new_parameter *added, size_t *index,
                    caption_error *error) {
    const char *name = added->name;
    const size_t dimensions = added->dimensions;
    if (parameters->values) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "tensor %s: added after the block was allocated", name);
    }
    const size_t length = strlen(name);
    if (length == 0 || length >= PARAMETERS_NAME) {
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "tensor name \"%s\": expected 1 to %d bytes, found %zu", name,
                         PARAMETERS_NAME - 1, length);
    }
    if (dimensions == 0 || dimensions > PARAMETERS_MAX_DIMENSIONS) {
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "tensor %s: expected 1 to %d dimensions, found %zu", name,
                         PARAMETERS_MAX_DIMENSIONS, dimensions);
    }
    if (added->layout == PARAMETERS_TAPS_FIRST && dimensions != 4) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "tensor %s: a convolution has 4 dimensions, found %zu", name, dimensions);
    }
    size_t found;
    if (parameters_find(parameters, name, &found)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT, "tensor %s: the name is taken", name);
    }
    size_t count, end;
    if (!count_of_shape(name, added->shape, dimensions, &count, error)) return false;
    if (!block_end(parameters->count, count, &end)) {
        return error_set(error, CAPTION_ERROR_LIMIT, "tensor %s: the model is too large", name);
    }
    if (!memory_grow(&parameters->tensors, &parameters->tensor_capacity,
                     parameters->tensor_count + 1, sizeof *parameters->tensors, "tensor table",
                     error)) {
        return false;
    }
    struct parameter *tensor = &parameters->tensors[parameters->tensor_count];
    *tensor = (struct parameter){.dimensions = dimensions,
                                 .offset = parameters->count,
                                 .count = count,
                                 .group = added->group,
                                 .layout = added->layout};
    memcpy(tensor->name, name, length + 1);
    memcpy(tensor->shape, added->shape, sizeof tensor->shape);
    parameters->count = end;
    *index = parameters->tensor_count++;
    return true;
}

bool parameters_allocate(struct parameters *parameters, caption_error *error) {
    if (parameters->values) {
        return error_set(error, CAPTION_ERROR_ARGUMENT, "the parameters are allocated already");
    }
    parameters->values = memory_zeroed(parameters->count, sizeof(real), "parameters", error);
    return parameters->values != NULL;
}

void parameters_free(struct parameters *parameters) {
    free(parameters->tensors);
    free(parameters->values);
    *parameters = (struct parameters){0};
}

bool parameters_find(const struct parameters *parameters, const char *name, size_t *index) {
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        if (strcmp(parameters->tensors[i].name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

real *parameters_at(const struct parameters *parameters, real *block, size_t index) {
    return block + parameters->tensors[index].offset;
}

const real *parameters_at_const(const struct parameters *parameters, const real *block,
                                size_t index) {
    return block + parameters->tensors[index].offset;
}

const real *parameters_values(const struct parameters *parameters, size_t index) {
    return parameters_at_const(parameters, parameters->values, index);
}

/* Index in memory's (tap, in, out) of number (out, in, tap) of the file. */
static size_t taps_first_place(const struct parameter *tensor, size_t out, size_t in, size_t tap) {
    return (tap * tensor->shape[1] + in) * tensor->shape[0] + out;
}

void parameters_import(const struct parameter *tensor, const float *file, real *memory) {
    if (tensor->layout == PARAMETERS_AS_IS) {
        for (size_t i = 0; i < tensor->count; i++) memory[i] = (real)file[i];
        return;
    }
    const size_t taps = tensor->shape[2] * tensor->shape[3];
    for (size_t out = 0; out < tensor->shape[0]; out++) {
        for (size_t in = 0; in < tensor->shape[1]; in++) {
            for (size_t tap = 0; tap < taps; tap++) {
                memory[taps_first_place(tensor, out, in, tap)] = (real)*file++;
            }
        }
    }
}

void parameters_export(const struct parameter *tensor, const real *memory, float *file) {
    if (tensor->layout == PARAMETERS_AS_IS) {
        for (size_t i = 0; i < tensor->count; i++) file[i] = (float)memory[i];
        return;
    }
    const size_t taps = tensor->shape[2] * tensor->shape[3];
    for (size_t out = 0; out < tensor->shape[0]; out++) {
        for (size_t in = 0; in < tensor->shape[1]; in++) {
            for (size_t tap = 0; tap < taps; tap++) {
                *file++ = (float)memory[taps_first_place(tensor, out, in, tap)];
            }
        }
    }
}

#include "model/weights.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum safetensors_type weights_type(const struct weights *weights, size_t index) {
    if (weights->values) return SAFETENSORS_F32;
    return safetensors_find(weights->file, weights->parameters->tensors[index].name)->type;
}

bool weights_view(const struct weights *weights, size_t index, struct arena *arena,
                  struct weights_view *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    if (weights->values) {
        *out =
            (struct weights_view){SAFETENSORS_F32, weights->values + tensor->offset, tensor->count};
        return true;
    }
    const struct safetensors_tensor *found = safetensors_find(weights->file, tensor->name);
    uint8_t *copy = arena_take(arena, found->bytes, 1, "a tensor", error);
    if (!copy) return false;
    if (!arena->is_filled && !safetensors_as_is(weights->file, found, copy, error)) return false;
    *out = (struct weights_view){found->type, copy, found->count};
    return true;
}

/* Converts from the file's order to memory's, through a copy. */
static bool read_reordered(const struct weights *weights, const struct parameter *tensor,
                           const struct safetensors_tensor *found, float *out,
                           caption_error *error) {
    float *scratch = memory_uninitialised(tensor->count, sizeof *scratch, "a tensor", error);
    if (!scratch) return false;
    const bool ok = safetensors_floats(weights->file, found, scratch, error);
    if (ok) parameters_import(tensor, scratch, out);
    free(scratch);
    return ok;
}

bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    if (weights->values) {
        memcpy(out, weights->values + tensor->offset, tensor->count * sizeof *out);
        return true;
    }
    const struct safetensors_tensor *found = safetensors_find(weights->file, tensor->name);
    if (tensor->layout != PARAMETERS_AS_IS) {
        return read_reordered(weights, tensor, found, out, error);
    }
    return safetensors_floats(weights->file, found, out, error);
}

float *weights_take(const struct weights *weights, size_t index, struct arena *arena,
                    const char *what, caption_error *error) {
    const size_t count = weights->parameters->tensors[index].count;
    float *numbers = arena_take(arena, count, sizeof *numbers, what, error);
    if (!numbers || arena->is_filled) return numbers;
    return weights_read(weights, index, numbers, error) ? numbers : NULL;
}

bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    const size_t row = tensor->count / tensor->shape[0];
    if (weights->values) {
        memcpy(out, weights->values + tensor->offset + first * row, count * row * sizeof *out);
        return true;
    }
    return safetensors_some_floats(weights->file, safetensors_find(weights->file, tensor->name),
                                   first * row, count * row, out, error);
}

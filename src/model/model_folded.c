#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/float16.h"
#include "model/model_parts.h"

/* All tensors except batch norm's have the same names and shapes in both. */
static void copy_tensors(const struct parameters *learning, const real *values,
                         struct parameters *out) {
    for (size_t i = 0; i < out->tensor_count; i++) {
        size_t from;
        if (!parameters_find(learning, out->tensors[i].name, &from)) continue;
        memcpy(parameters_at(out, out->values, i), parameters_at_const(learning, values, from),
               out->tensors[i].count * sizeof *values);
    }
}

bool model_folded(const struct model *learning, const real *values, struct model *out,
                  caption_error *error) {
    *out = (struct model){0};
    struct vocabulary vocabulary;
    if (!vocabulary_copy(&learning->vocabulary, &vocabulary, error)) return false;
    struct model_texts texts;
    bool made = model_texts_of(learning, &texts, error);
    if (made) {
        const struct model_design design =
            model_design_like(learning, learning->encoder.size, &texts);
        made = model_new(out, &design, &vocabulary, error);
    }
    model_texts_free(&texts);
    vocabulary_free(&vocabulary);
    if (!made) return false;
    copy_tensors(&learning->parameters, values, &out->parameters);
    if (learning->encoder.batch_norm) {
        encoder_fold(&learning->encoder, &learning->parameters, values, &out->encoder,
                     &out->parameters);
    }
    out->preprocessing = learning->preprocessing;
    cJSON_Delete(out->provenance);
    out->provenance = cJSON_Duplicate(learning->provenance, true);
    if (out->provenance) return true;
    model_free(out);
    return error_memory(error, "the provenance");
}

bool model_round(struct model *model, caption_error *error) {
    struct parameters *parameters = &model->parameters;
    uint8_t *halves = memory_uninitialised(parameters->count, 2, "a model", error);
    if (!halves) return false;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *tensor = &parameters->tensors[i];
        float *values = parameters_at(parameters, parameters->values, i);
        size_t bad;
        if (tensor->group != PARAMETERS_CONSTANT &&
            float16_from_floats(values, tensor->count, halves, &bad)) {
            float16_to_floats(halves, tensor->count, values);
        }
    }
    free(halves);
    return true;
}

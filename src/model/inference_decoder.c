#include "model/inference_decoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder_parts.h"
#include "model/float16.h"
#include "model/weights_pack.h"

struct inference_decoder {
    const struct decoder *decoder;
    struct arena arena;        /* of all but the words: */
    float *shift, *scale;      /* (F,) */
    struct packed image;       /* (E, F) */
    struct packed input;       /* (P, E) */
    struct packed hidden;      /* (P, H) */
    struct packed output;      /* (V, H) */
    struct weights_view words; /* (V, E) as they lie */
};

static float *read_vector(const struct weights *weights, size_t index, struct arena *arena,
                          caption_error *error) {
    float *vector = arena_take(arena, weights->parameters->tensors[index].count, sizeof *vector,
                               "the decoder", error);
    return vector && weights_read(weights, index, vector, error) ? vector : NULL;
}

struct inference_decoder *inference_decoder_new(const struct decoder *d,
                                                const struct weights *weights,
                                                caption_error *error) {
    struct inference_decoder *made = memory_zeroed(1, sizeof *made, "the decoder", error);
    if (!made) return NULL;
    made->decoder = d;
    made->words = weights_view(weights, d->embed);
    struct arena *arena = &made->arena;
    if ((made->shift = read_vector(weights, d->image_shift, arena, error)) &&
        (made->scale = read_vector(weights, d->image_scale, arena, error)) &&
        weights_pack(weights, d->image_weight, d->image_bias, arena, &made->image, error) &&
        weights_pack(weights, d->weight_ih, d->bias_ih, arena, &made->input, error) &&
        weights_pack(weights, d->weight_hh, d->bias_hh, arena, &made->hidden, error) &&
        weights_pack(weights, d->output_weight, d->output_bias, arena, &made->output, error) &&
        weights_check(weights, d->embed, error)) {
        return made;
    }
    inference_decoder_free(made);
    return NULL;
}

void inference_decoder_free(struct inference_decoder *d) {
    if (!d) return;
    arena_free(&d->arena);
    free(d);
}

static void multiply(const struct packed *matrix, size_t rows, const float *input,
                     size_t input_stride, float *output, size_t output_stride) {
    packed_multiply(matrix, rows,
                    &(struct packed_product){.input = input,
                                             .input_stride = input_stride,
                                             .output = output,
                                             .output_stride = output_stride});
}

void inference_decoder_look(const struct inference_decoder *d, const float *features, size_t count,
                            float *scaled, float *vectors) {
    const size_t f = d->decoder->features, e = d->decoder->embedding;
    decoder_scale_features(d->decoder, d->shift, d->scale, features, count, scaled);
    multiply(&d->image, count, scaled, f, vectors, e);
}

struct inference_step {
    float *inputs;    /* (rows, E) */
    float *gates;     /* (rows, K) */
    float *recurrent; /* (rows, P) */
    float *after;     /* (rows, S) */
};

struct inference_step *inference_step_new(const struct inference_decoder *decoder, size_t rows,
                                          caption_error *error) {
    static const char what[] = "a step of the decoder";
    const struct decoder *d = decoder->decoder;
    struct inference_step *step = memory_zeroed(1, sizeof *step, what, error);
    size_t bytes;
    if (!step) return NULL;
    if (!size_multiply(rows, sizeof(float), &bytes)) {
        error_memory(error, what);
    } else if ((step->inputs = memory_uninitialised(d->embedding, bytes, what, error)) &&
               (step->gates =
                    memory_uninitialised(d->cell->kept * d->hidden, bytes, what, error)) &&
               (step->recurrent = memory_uninitialised(d->products, bytes, what, error)) &&
               (step->after = memory_uninitialised(d->state, bytes, what, error))) {
        return step;
    }
    inference_step_free(step);
    return NULL;
}

void inference_step_free(struct inference_step *step) {
    if (!step) return;
    free(step->inputs);
    free(step->gates);
    free(step->recurrent);
    free(step->after);
    free(step);
}

static void read_word(const struct inference_decoder *d, size_t word, float *row) {
    const size_t e = d->decoder->embedding;
    const uint8_t *words = d->words.data;
    switch (d->words.type) {
    case SAFETENSORS_F16:
        float16_to_floats(words + 2 * word * e, e, row);
        break;
    case SAFETENSORS_BF16:
        float16_brain_to_floats(words + 2 * word * e, e, row);
        break;
    default:
        memcpy(row, words + sizeof *row * word * e, e * sizeof *row);
    }
}

/* rows (n, E): the word vectors, vectors or zeros that `inputs` name. */
static void gather(const struct inference_decoder *d, size_t n, const int32_t *inputs,
                   const float *vectors, float *rows) {
    const size_t e = d->decoder->embedding;
    for (size_t i = 0; i < n; i++, rows += e) {
        if (inputs[i] >= 0) {
            read_word(d, (size_t)inputs[i], rows);
        } else if (inputs[i] == DECODER_NOTHING) {
            memset(rows, 0, e * sizeof *rows);
        } else {
            memcpy(rows, vectors + (size_t)(DECODER_VECTOR - inputs[i]) * e, e * sizeof *rows);
        }
    }
}

void inference_decoder_step(const struct inference_decoder *d, size_t n, const int32_t *inputs,
                            const float *vectors, float *states, float *logits,
                            struct inference_step *step) {
    const struct decoder *sizes = d->decoder;
    gather(d, n, inputs, vectors, step->inputs);
    multiply(&d->input, n, step->inputs, sizes->embedding, step->gates,
             sizes->cell->kept * sizes->hidden);
    multiply(&d->hidden, n, states, sizes->state, step->recurrent, sizes->products);
    sizes->cell->forward(n, sizes->hidden, step->gates, step->recurrent, states, step->after);
    memcpy(states, step->after, n * sizes->state * sizeof *states);
    if (logits) multiply(&d->output, n, states, sizes->state, logits, sizes->words);
}

#include "decode/likelihood.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/rows.h"

/* Captions that go through the decoder together. */
enum { LIKELIHOOD_BATCH = 64 };

struct batch {
    struct rows rows;
    real *features; /* (LIKELIHOOD_BATCH, F) */
    size_t going[LIKELIHOOD_BATCH];
    size_t going_count; /* captions that have not ended: going[row] is the caption of a row */
};

static bool check_words(const struct model *model, const struct likelihood_caption *captions,
                        size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        for (size_t w = 0; w < captions[i].count; w++) {
            if (captions[i].words[w] < model->decoder.words) continue;
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "caption %zu, word %zu has number %u; the model knows %zu words", i, w,
                             (unsigned)captions[i].words[w], model->decoder.words);
        }
    }
    return true;
}

static void batch_begin(struct batch *batch, const struct likelihood_caption *captions,
                        size_t count) {
    size_t features = batch->rows.model->decoder.features;
    for (size_t i = 0; i < count; i++) {
        memcpy(batch->features + i * features, captions[i].features,
               features * sizeof *batch->features);
        batch->rows.inputs[i] = DECODER_VECTOR - (int32_t)i;
        batch->going[i] = i;
    }
    batch->going_count = count;
    rows_begin(&batch->rows, batch->features, count, count);
    for (size_t i = 0; i < count; i++) batch->rows.inputs[i] = VOCABULARY_START;
}

/* One time step: word number `place` of every caption that has not ended, or its <end>. */
static bool batch_step(struct batch *batch, const struct likelihood_caption *captions, size_t place,
                       double *logprobs, caption_error *error) {
    struct rows *rows = &batch->rows;
    size_t words = rows->model->decoder.words, state = rows->model->decoder.state, left = 0;
    rows_step(rows, batch->going_count);
    for (size_t row = 0; row < batch->going_count; row++) {
        size_t number = batch->going[row];
        const struct likelihood_caption *caption = &captions[number];
        bool ends = place == caption->count;
        uint32_t target = ends ? VOCABULARY_END : caption->words[place];
        double normaliser;
        if (!rows_normaliser(rows, row, &normaliser, error)) return false;
        logprobs[number] += (double)rows->logits[row * words + target] - normaliser;
        if (ends) continue;
        rows->inputs[left] = (int32_t)target;
        rows->images[left] = rows->images[row];
        memmove(rows->states + left * state, rows->states + row * state,
                state * sizeof *rows->states);
        batch->going[left++] = number;
    }
    batch->going_count = left;
    return true;
}

static bool batch_run(struct batch *batch, const struct likelihood_caption *captions, size_t count,
                      double *logprobs, caption_error *error) {
    batch_begin(batch, captions, count);
    for (size_t i = 0; i < count; i++) logprobs[i] = 0;
    for (size_t place = 0; batch->going_count > 0; place++) {
        if (!batch_step(batch, captions, place, logprobs, error)) return false;
    }
    return true;
}

bool likelihood_captions(const struct model *model, const struct inference_decoder *decoder,
                         const struct likelihood_caption *captions, size_t count, double *logprobs,
                         caption_error *error) {
    if (!check_words(model, captions, count, error)) return false;
    if (count == 0) return true;
    size_t together = count < LIKELIHOOD_BATCH ? count : LIKELIHOOD_BATCH;
    struct batch batch = {0};
    if (!rows_init(&batch.rows, model, decoder, together, together, error)) return false;
    batch.features = memory_uninitialised(together, model->decoder.features * sizeof(real),
                                          "likelihoods", error);
    bool done = batch.features != NULL;
    for (size_t first = 0; done && first < count; first += together) {
        size_t rest = count - first < together ? count - first : together;
        done = batch_run(&batch, captions + first, rest, logprobs + first, error);
    }
    free(batch.features);
    rows_free(&batch.rows);
    return done;
}

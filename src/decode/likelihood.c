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
    double logprobs[LIKELIHOOD_BATCH];
    size_t *ranks[LIKELIHOOD_BATCH]; /* of a caption's words and <end>; NULL: not asked for */
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
    const bool photos = captions[0].features != NULL;
    for (size_t i = 0; i < count; i++) {
        if (photos)
            memcpy(batch->features + i * features, captions[i].features,
                   features * sizeof *batch->features);
        batch->rows.inputs[i] = DECODER_VECTOR - (int32_t)i;
        batch->going[i] = i;
    }
    batch->going_count = count;
    rows_begin(&batch->rows, photos ? batch->features : NULL, count, count);
    for (size_t i = 0; i < count; i++) batch->rows.inputs[i] = VOCABULARY_START;
}

/* What is asked of the word that a caption has in a place. */
static bool answer(struct batch *batch, size_t row, size_t place, uint32_t target,
                   caption_error *error) {
    const struct rows *rows = &batch->rows;
    const size_t number = batch->going[row];
    double normaliser;
    if (!rows_normaliser(rows, row, &normaliser, error)) return false;
    if (batch->ranks[number]) {
        batch->ranks[number][place] = rows_rank(rows, row, target);
        return true;
    }
    const real *logits = rows->logits + row * rows->model->decoder.words;
    batch->logprobs[number] += (double)logits[target] - normaliser;
    return true;
}

/* One time step: word number `place` of every caption that has not ended, or its <end>. */
static bool batch_step(struct batch *batch, const struct likelihood_caption *captions, size_t place,
                       caption_error *error) {
    struct rows *rows = &batch->rows;
    size_t state = rows->model->decoder.state, left = 0;
    rows_step(rows, batch->going_count);
    for (size_t row = 0; row < batch->going_count; row++) {
        size_t number = batch->going[row];
        const struct likelihood_caption *caption = &captions[number];
        bool ends = place == caption->count;
        uint32_t target = ends ? VOCABULARY_END : caption->words[place];
        if (!answer(batch, row, place, target, error)) return false;
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

/* Captions that go together. *ranks, unless NULL, moves behind theirs. */
static bool batch_run(struct batch *batch, const struct likelihood_caption *captions, size_t count,
                      size_t **ranks, caption_error *error) {
    batch_begin(batch, captions, count);
    for (size_t i = 0; i < count; i++) {
        batch->logprobs[i] = 0;
        batch->ranks[i] = *ranks;
        if (*ranks) *ranks += captions[i].count + 1;
    }
    for (size_t place = 0; batch->going_count > 0; place++) {
        if (!batch_step(batch, captions, place, error)) return false;
    }
    return true;
}

/* Writes logprobs[count] or, where they are not NULL, ranks. */
static bool run(struct batch *batch, const struct likelihood_caption *captions, size_t count,
                double *logprobs, size_t *ranks, caption_error *error) {
    for (size_t first = 0; first < count; first += LIKELIHOOD_BATCH) {
        size_t rest = size_smaller(count - first, LIKELIHOOD_BATCH);
        if (!batch_run(batch, captions + first, rest, &ranks, error)) return false;
        if (logprobs) memcpy(logprobs + first, batch->logprobs, rest * sizeof *logprobs);
    }
    return true;
}

static bool batch_init(struct batch *batch, const struct model *model,
                       const struct inference_decoder *decoder, size_t captions,
                       caption_error *error) {
    const size_t together = size_smaller(captions, LIKELIHOOD_BATCH);
    *batch = (struct batch){0};
    if (!rows_init(&batch->rows, model, decoder, together, together, error)) return false;
    batch->features = arena_take(&batch->rows.arena, together,
                                 model->decoder.features * sizeof(real), "likelihoods", error);
    return batch->features != NULL;
}

bool likelihood_captions(const struct model *model, const struct inference_decoder *decoder,
                         const struct likelihood_caption *captions, size_t count, double *logprobs,
                         caption_error *error) {
    if (!check_words(model, captions, count, error)) return false;
    if (count == 0) return true;
    struct batch batch;
    const bool done = batch_init(&batch, model, decoder, count, error) &&
                      run(&batch, captions, count, logprobs, NULL, error);
    rows_free(&batch.rows);
    return done;
}

bool likelihood_ranks(const struct model *model, const struct inference_decoder *decoder,
                      const struct likelihood_caption *captions, size_t count, size_t *ranks,
                      caption_error *error) {
    if (!check_words(model, captions, count, error)) return false;
    if (count == 0) return true;
    struct batch batch;
    const bool done = batch_init(&batch, model, decoder, count, error) &&
                      run(&batch, captions, count, NULL, ranks, error);
    rows_free(&batch.rows);
    return done;
}

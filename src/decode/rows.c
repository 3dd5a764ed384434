#include "decode/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/softmax.h"

static real *matrix(struct arena *arena, size_t rows, size_t columns, caption_error *error) {
    return arena_take(arena, rows, columns * sizeof(real), "decoding", error);
}

bool rows_init(struct rows *rows, const struct model *model, const struct inference_decoder *ready,
               size_t capacity, size_t photos, caption_error *error) {
    const struct decoder *decoder = &model->decoder;
    *rows = (struct rows){.model = model, .decoder = ready, .arena.sparse = true};
    struct arena *arena = &rows->arena;
    rows->inputs = arena_take(arena, capacity, sizeof *rows->inputs, "decoding", error);
    rows->images = arena_take(arena, capacity, sizeof *rows->images, "decoding", error);
    if (rows->inputs && rows->images &&
        (rows->states = matrix(arena, capacity, decoder->state, error)) &&
        (rows->logits = matrix(arena, capacity, decoder->words, error)) &&
        (rows->scratch =
             matrix(arena, photos, inference_decoder_project_image_scratch(ready), error)) &&
        (rows->vectors = matrix(arena, photos, decoder->embedding, error)) &&
        (rows->products = matrix(arena, photos, decoder->products, error)) &&
        (rows->tags = matrix(arena, photos, decoder->tags, error)) &&
        (rows->step = inference_step_new(ready, capacity, arena, error))) {
        return true;
    }
    rows_free(rows);
    return false;
}

void rows_free(struct rows *rows) {
    arena_free(&rows->arena);
    *rows = (struct rows){0};
}

void rows_share(struct rows *rows, struct threads *threads) {
    rows->threads = threads;
    inference_step_share(rows->step, threads);
}

static void step_rows(struct rows *rows, size_t count, const int32_t *added, real *logits) {
    const struct decoder_inputs inputs = {
        .rows = count, .words = rows->inputs, .added = added, .vectors = rows->products};
    inference_decoder_step(rows->decoder, &inputs, rows->states, logits, rows->step);
}

void rows_begin(struct rows *rows, const float *features, size_t photos, size_t count) {
    const struct inference_images images = {.count = photos,
                                            .features = features,
                                            .vectors = rows->vectors,
                                            .products = rows->products,
                                            .tags = rows->tags,
                                            .scratch = rows->scratch,
                                            .threads = rows->threads};
    inference_decoder_project_image(rows->decoder, &images);
    memset(rows->states, 0, count * rows->model->decoder.state * sizeof *rows->states);
    memcpy(rows->images, rows->inputs, count * sizeof *rows->images);
    step_rows(rows, count, NULL, NULL);
}

void rows_step(struct rows *rows, size_t count) {
    step_rows(rows, count, rows->model->decoder.image_every ? rows->images : NULL, rows->logits);
}

bool rows_normaliser(const struct rows *rows, size_t row, double *normaliser,
                     caption_error *error) {
    size_t words = rows->model->decoder.words;
    *normaliser = logsoftmax_normaliser(rows->logits + row * words, words);
    if (isfinite(*normaliser)) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "the model answers with numbers that are not finite");
}

bool rows_is_said(size_t word) {
    return word != VOCABULARY_PAD && word != VOCABULARY_START && word != VOCABULARY_UNK;
}

size_t rows_rank(const struct rows *rows, size_t row, uint32_t word) {
    if (!rows_is_said(word)) return 0;
    const size_t words = rows->model->decoder.words;
    const real *logits = rows->logits + row * words, own = logits[word];
    size_t rank = 1;
    for (size_t i = 0; i < words; i++)
        rank += rows_is_said(i) && (logits[i] > own || (i < word && !(logits[i] < own)));
    return rank;
}

/* A captioner without an encoder: random decoder, a few words, for the tests of decoding. */
#ifndef CAPTION_TESTS_TINY_CAPTIONER_H
#define CAPTION_TESTS_TINY_CAPTIONER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "decode/captioner.h"
#include "decode/decode.h"

enum { TINY_EMBEDDING = 6, TINY_HIDDEN = 10, TINY_FEATURES = 5, TINY_MAX_PHOTOS = 64 };

/* cmocka's own comparison is in float. */
static inline void assert_close(double found, double expected, double tolerance) {
    if (fabs(found - expected) <= tolerance) return;
    fail_msg("%.9g where %.9g was expected", found, expected);
}

/* Words get the numbers 4, 5, ... in the order given; the list ends with NULL. The weights are
 * large enough that the words differ clearly in probability, and change with the photo. */
static inline struct model tiny_model(const struct cell *cell, const char *const *words,
                                      uint64_t seed) {
    struct model model = {0};
    caption_error error = {0};
    if (!vocabulary_init(&model.vocabulary, &error)) fail_msg("%s", error.message);
    for (size_t i = 0; words[i]; i++) {
        if (!vocabulary_count(&model.vocabulary, words[i], 1000 - i, &error)) {
            fail_msg("%s", error.message);
        }
    }
    const struct decoder_sizes sizes = {.words = model.vocabulary.count,
                                        .embedding = TINY_EMBEDDING,
                                        .hidden = TINY_HIDDEN,
                                        .features = TINY_FEATURES};
    if (!decoder_init(&model.decoder, cell, &sizes, &model.parameters, &error) ||
        !parameters_allocate(&model.parameters, &error)) {
        fail_msg("%s", error.message);
    }
    struct random random = random_seeded(seed, 0);
    decoder_randomise(&model.decoder, &model.parameters, &random);
    real *weight =
        parameters_at(&model.parameters, model.parameters.values, model.decoder.output_weight);
    for (size_t i = 0; i < model.decoder.words * TINY_HIDDEN; i++) weight[i] *= 8;
    return model;
}

static inline void tiny_free(struct model *model) {
    vocabulary_free(&model->vocabulary);
    parameters_free(&model->parameters);
}

/* Makes a word likely (bias > 0) or unlikely. */
static inline void tiny_bias(struct model *model, size_t word, real bias) {
    parameters_at(&model->parameters, model->parameters.values, model->decoder.output_bias)[word] =
        bias;
}

/* Features of `count` photos, (count, F). */
static inline void tiny_photos(real *features, size_t count, uint64_t seed) {
    struct random random = random_seeded(seed, 1);
    for (size_t i = 0; i < count * TINY_FEATURES; i++) features[i] = (real)random_normal(&random);
}

/* What the decoder that learns makes of one photo's features: x_1. */
static inline void tiny_image(const struct model *model, const real *features, real *vector) {
    real scaled[TINY_FEATURES];
    decoder_image_forward(
        &model->decoder, &model->parameters,
        &(struct decoder_images){
            .count = 1, .features = features, .scaled = scaled, .vectors = vector});
}

/* Beam 3 without any rule. */
static inline caption_options tiny_options(void) {
    return (caption_options){.beam_size = 3,
                             .top = 1,
                             .max_length = 8,
                             .length_penalty = 0.7F,
                             .temperature = 1,
                             .top_p = 1,
                             .repeat_words = true,
                             .precision = CAPTION_PRECISION_F32};
}

static inline void tiny_decode(const struct model *model, const caption_options *options,
                               const real *features, size_t count, size_t first_photo,
                               struct decode_result *results) {
    caption_error error = {0};
    struct decode_plan *plan = decode_plan_new(model, options, &error);
    if (!plan) fail_msg("%s", error.message);
    struct decode_workspace *workspace = decode_workspace_new(plan, count, &error);
    if (!workspace || !decode_features(workspace, features, count, first_photo, results, &error)) {
        fail_msg("%s", error.message);
    }
    decode_workspace_free(workspace);
    decode_plan_free(plan);
    for (size_t i = 0; i < count; i++) assert_in_range(results[i].count, 1, options->top);
}

static inline bool tiny_same_words(const struct decode_caption *a, const struct decode_caption *b) {
    return a->count == b->count && memcmp(a->words, b->words, a->count * sizeof *a->words) == 0;
}

/* Whether the words hold an n-gram twice. */
static inline bool tiny_repeats(const struct decode_caption *caption, size_t n) {
    for (size_t i = 0; i + n <= caption->count; i++) {
        for (size_t j = i + 1; j + n <= caption->count; j++) {
            if (memcmp(caption->words + i, caption->words + j, n * sizeof *caption->words) == 0) {
                return true;
            }
        }
    }
    return false;
}

static inline const struct cell *tiny_cell(size_t i) {
    const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
    return cells[i];
}

enum { TINY_CELLS = 3 };

static const char *const tiny_words[] = {"dog", "runs", "grass", "a", "on", "red", "ball", NULL};

/* likelihood_captions with a decoder made for it. */
static inline bool tiny_likelihood(const struct model *model,
                                   const struct likelihood_caption *captions, size_t count,
                                   double *logprobs, caption_error *error) {
    const struct weights weights = model_weights(model);
    struct inference_decoder *decoder =
        inference_decoder_new(&model->decoder, &weights, PRECISION_F32, error);
    assert_non_null(decoder);
    const bool done = likelihood_captions(model, decoder, captions, count, logprobs, error);
    inference_decoder_free(decoder);
    return done;
}

#endif

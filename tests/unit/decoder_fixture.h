/* A small decoder with random weights, and batches of sequences cut into windows for it. */
#ifndef CAPTION_TESTS_DECODER_FIXTURE_H
#define CAPTION_TESTS_DECODER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/decoder.h"
#include "model/unroll.h"

enum {
    FIXTURE_WORDS = 7,
    FIXTURE_EMBEDDING = 3,
    FIXTURE_HIDDEN = 4,
    FIXTURE_FEATURES = 6,
    FIXTURE_TAGS = 5
};

struct fixture {
    struct parameters parameters;
    struct decoder decoder;
};

static inline void fixture_fill(real *values, size_t count, double limit, struct random *random) {
    for (size_t i = 0; i < count; i++) {
        values[i] = (real)((2 * (double)random_uniform(random) - 1) * limit);
    }
}

/* Weights, biases, shift and scale all random, so that no term of a gradient vanishes by luck. */
static inline struct fixture fixture_of(const struct cell *cell, const struct decoder_sizes *sizes,
                                        uint64_t seed) {
    struct fixture f = {0};
    caption_error error = {0};
    if (!decoder_init(&f.decoder, cell, sizes, &f.parameters, &error) ||
        !parameters_allocate(&f.parameters, &error)) {
        fail_msg("%s", error.message);
    }
    struct random random = random_seeded(seed, 0);
    fixture_fill(f.parameters.values, f.parameters.count, 0.8, &random);
    return f;
}

static inline struct fixture fixture_sized(const struct cell *cell, size_t words, size_t embedding,
                                           size_t hidden, size_t features, uint64_t seed) {
    const struct decoder_sizes sizes = {
        .words = words, .embedding = embedding, .hidden = hidden, .features = features};
    return fixture_of(cell, &sizes, seed);
}

/* With a word head. */
static inline struct fixture fixture_tagged(const struct cell *cell) {
    const struct decoder_sizes sizes = {.words = FIXTURE_WORDS,
                                        .embedding = FIXTURE_EMBEDDING,
                                        .hidden = FIXTURE_HIDDEN,
                                        .features = FIXTURE_FEATURES,
                                        .tags = FIXTURE_TAGS};
    return fixture_of(cell, &sizes, 1);
}

static inline struct fixture fixture_new(const struct cell *cell) {
    return fixture_sized(cell, FIXTURE_WORDS, FIXTURE_EMBEDDING, FIXTURE_HIDDEN, FIXTURE_FEATURES,
                         1);
}

static inline void fixture_free(struct fixture *f) {
    parameters_free(&f->parameters);
}

static inline void *fixture_zeroed(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    assert_non_null(memory);
    return memory;
}

/* Sequences side by side, the longest first. */
enum { BATCH_ROWS = 4, BATCH_STEPS = 12 };

struct batch {
    size_t rows;
    size_t lengths[BATCH_ROWS];
    int32_t inputs[BATCH_ROWS][BATCH_STEPS];
    int32_t targets[BATCH_ROWS][BATCH_STEPS];
    const real *vectors;
    size_t vector_count;
    bool every; /* the vector that a row begins with is added to its words */
};

/* What is added to the words of a row, as twin_sequence takes it. */
static inline int32_t batch_added(const struct batch *batch, size_t row) {
    return batch->every ? batch->inputs[row][0] : DECODER_NOTHING;
}

/* Steps [from, from + steps) of the batch as a window. */
struct cut {
    struct unroll_window window;
    size_t active[BATCH_STEPS];
    int32_t inputs[BATCH_ROWS * BATCH_STEPS], targets[BATCH_ROWS * BATCH_STEPS];
    int32_t added[BATCH_ROWS * BATCH_STEPS];
};

static inline void batch_cut(const struct batch *batch, size_t from, size_t steps,
                             struct cut *cut) {
    *cut = (struct cut){0};
    size_t entries = 0;
    for (size_t t = from; t < from + steps && t < batch->lengths[0]; t++) {
        size_t *active = &cut->active[cut->window.steps++];
        for (size_t row = 0; row < batch->rows && t < batch->lengths[row]; row++) {
            const int32_t input = batch->inputs[row][t];
            cut->inputs[entries] = input;
            cut->added[entries] = input >= 0 ? batch_added(batch, row) : DECODER_NOTHING;
            cut->targets[entries++] = batch->targets[row][t];
            ++*active;
        }
    }
    cut->window.active = cut->active;
    cut->window.inputs = cut->inputs;
    cut->window.added = batch->every ? cut->added : NULL;
    cut->window.targets = cut->targets;
    cut->window.vectors = batch->vectors;
    cut->window.vector_count = batch->vector_count;
}

/* One to many: an image vector (two rows share one), then words; targets from the second step on.
 */
static inline struct batch batch_captions(const real *vectors) {
    return (struct batch){
        .rows = 4,
        .lengths = {7, 5, 5, 3},
        .inputs = {{DECODER_VECTOR, 1, 4, 6, 3, 3, 5},
                   {DECODER_VECTOR - 1, 1, 3, 5, 4},
                   {DECODER_VECTOR, 1, 6, 4, 6},
                   {DECODER_VECTOR - 1, 1, 5}},
        .targets = {{DECODER_NOTHING, 4, 6, 3, 3, 5, 2},
                    {DECODER_NOTHING, 3, 5, 4, 2},
                    {DECODER_NOTHING, 6, 4, 6, 2},
                    {DECODER_NOTHING, 5, 2}},
        .vectors = vectors,
        .vector_count = 2,
    };
}

/* Many to many: words in, the next word as target at every step. */
static inline struct batch batch_text(void) {
    return (struct batch){
        .rows = 2,
        .lengths = {8, 6},
        .inputs = {{1, 4, 6, 3, 0, 5, 2, 1}, {5, 5, 3, 6, 4, 1}},
        .targets = {{4, 6, 3, 0, 5, 2, 1, 6}, {5, 3, 6, 4, 1, 0}},
    };
}

/* Many to one: words in, nothing predicted; steps without input among them. */
static inline struct batch batch_sentences(void) {
    return (struct batch){
        .rows = 3,
        .lengths = {6, 4, 2},
        .inputs = {{1, 4, DECODER_NOTHING, 3, 5, 2}, {6, 3, 4, 2}, {5, DECODER_NOTHING}},
        .targets = {{DECODER_NOTHING, DECODER_NOTHING, DECODER_NOTHING, DECODER_NOTHING,
                     DECODER_NOTHING, DECODER_NOTHING},
                    {DECODER_NOTHING, DECODER_NOTHING, DECODER_NOTHING, DECODER_NOTHING},
                    {DECODER_NOTHING, DECODER_NOTHING}},
    };
}

#endif

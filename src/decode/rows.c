#include "decode/rows.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"
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

bool rows_not_finite(caption_error *error) {
    return error_set(error, CAPTION_ERROR_MODEL,
                     "the model answers with numbers that are not finite");
}

bool rows_normaliser(const struct rows *rows, size_t row, double *normaliser,
                     caption_error *error) {
    size_t words = rows->model->decoder.words;
    *normaliser = logsoftmax_normaliser(rows->logits + row * words, words);
    return isfinite(*normaliser) || rows_not_finite(error);
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

static bool is_better(const struct candidate *a, const struct candidate *b) {
    if (a->logprob > b->logprob) return true;
    if (a->logprob < b->logprob) return false;
    if (a->word != b->word) return a->word < b->word;
    return a->parent < b->parent;
}

/* Puts `item` at `hole` or below it, in a heap of `count`. */
static void sift_down(struct candidate *heap, size_t count, size_t hole, struct candidate item) {
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= count) break;
        if (child + 1 < count && is_better(&heap[child], &heap[child + 1])) child++;
        if (!is_better(&item, &heap[child])) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = item;
}

/* Puts `item` at `hole` or above it. */
static void sift_up(struct candidate *heap, size_t hole, struct candidate item) {
    while (hole > 0) {
        size_t above = (hole - 1) / 2;
        if (!is_better(&heap[above], &item)) break;
        heap[hole] = heap[above];
        hole = above;
    }
    heap[hole] = item;
}

/* Words that are passed over together when even the best of them is not good enough, which is
 * nearly always: so the row is read once, in vectors. */
enum { BLOCK = 64, LANES = 16 };

SIMD_KERNEL(static, real, block_maximum, (const real *logits), (logits)) {
    real lanes[LANES], maximum;
    for (size_t l = 0; l < LANES; l++) lanes[l] = logits[l];
    for (size_t i = LANES; i < BLOCK; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] = logits[i + l] > lanes[l] ? logits[i + l] : lanes[l];
        }
    }
    maximum = lanes[0];
    for (size_t l = 1; l < LANES; l++) maximum = lanes[l] > maximum ? lanes[l] : maximum;
    return maximum;
}

static void offer(struct candidates *candidates, struct candidate item) {
    struct candidate *heap = candidates->items;
    if (isinf(item.logprob)) return;
    if (candidates->count < candidates->capacity) {
        sift_up(heap, candidates->count++, item);
    } else if (is_better(&item, &heap[0])) {
        sift_down(heap, candidates->count, 0, item);
    }
}

void candidates_offer(struct candidates *candidates, const real *logits, size_t words, double base,
                      uint32_t parent) {
    for (size_t first = 0, end; first < words; first = end) {
        end = words - first < BLOCK ? words : first + BLOCK;
        const bool full = candidates->count == candidates->capacity;
        const bool whole = end - first == BLOCK;
        if (full && whole &&
            base + (double)block_maximum(logits + first) < candidates->items[0].logprob) {
            continue;
        }
        for (size_t word = first; word < end; word++) {
            offer(candidates, (struct candidate){.logprob = base + (double)logits[word],
                                                 .word = (uint32_t)word,
                                                 .parent = parent});
        }
    }
}

void candidates_sort(struct candidates *candidates) {
    struct candidate *heap = candidates->items;
    for (size_t count = candidates->count; count > 1; count--) {
        struct candidate last = heap[count - 1];
        heap[count - 1] = heap[0];
        sift_down(heap, count - 1, 0, last);
    }
}

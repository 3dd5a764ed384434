#include "search/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd_level.h"
#include "format/float16.h"

/* Photos whose vectors are read and compared together, at most, and numbers of theirs: about as
 * many as the cache of a core holds twice, as bytes and as floats. */
enum { BLOCK_PHOTOS = 1024, BLOCK_NUMBERS = 1 << 16 };

/* Sums that are kept side by side, for the registers of any instruction set. */
enum { LANES = 32 };

/* How far from 1 the square of a vector's length may be: that of rounded numbers is much nearer. */
static const float most_deviation = 0.05F;

struct worker {
    uint8_t *bytes; /* [2 * block * width]; NULL: vectors are in memory */
    float *floats;  /* [width] */
};

struct comparison {
    const struct nearest_vectors *vectors;
    const float *query;
    float query_length;
    size_t block;          /* photos */
    float *scores;         /* [count] */
    caption_error *errors; /* [blocks] */
    struct worker *workers;
};

/* sums[0] = x . y, sums[1] = x . x: the order of the additions is the same for all photos. */
SIMD_KERNEL(static, void, products, (const float *x, const float *y, size_t count, float *sums),
            (x, y, count, sums)) {
    float with_y[LANES] = {0}, with_x[LANES] = {0};
    const size_t whole = count - count % LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            with_y[lane] += x[i + lane] * y[i + lane];
            with_x[lane] += x[i + lane] * x[i + lane];
        }
    }
    for (size_t i = whole; i < count; i++) {
        with_y[i - whole] += x[i] * y[i];
        with_x[i - whole] += x[i] * x[i];
    }
    sums[0] = sums[1] = 0;
    for (size_t lane = 0; lane < LANES; lane++) {
        sums[0] += with_y[lane];
        sums[1] += with_x[lane];
    }
}

/* Whether the vector is one; then its score. */
static bool score(const struct comparison *job, const uint8_t *bytes, float *floats, float *out) {
    const size_t width = job->vectors->width;
    float sums[2];
    if (!float16_to_floats(bytes, width, floats)) return false;
    products(floats, job->query, width, sums);
    if (!(fabsf(sums[1] - 1) <= most_deviation)) return false;
    const float cosine = sums[0] / (sqrtf(sums[1]) * job->query_length);
    *out = fminf(fmaxf(cosine, -1), 1);
    return true;
}

static bool vector_damaged(const struct nearest_vectors *vectors, size_t number,
                           caption_error *error) {
    char what[64];
    snprintf(what, sizeof what, "vector %zu is not of length 1", number);
    return vectors->index ? index_file_damaged(vectors->index, what, error)
                          : error_set(error, CAPTION_ERROR_FORMAT, "the vectors: %s", what);
}

static void score_block(void *context, size_t item, size_t number) {
    const struct comparison *job = context;
    const struct nearest_vectors *vectors = job->vectors;
    const struct worker *worker = &job->workers[number];
    const size_t first = item * job->block, row = 2 * vectors->width;
    const size_t count = size_smaller(job->block, vectors->count - first);
    caption_error *error = &job->errors[item];
    *error = (caption_error){.status = CAPTION_OK};
    const uint8_t *bytes = vectors->bytes ? vectors->bytes + first * row : worker->bytes;
    if (!vectors->bytes && !index_file_vectors(vectors->index, first, count, worker->bytes, error))
        return;
    for (size_t i = 0; i < count; i++) {
        if (score(job, bytes + i * row, worker->floats, &job->scores[first + i])) continue;
        vector_damaged(vectors, first + i, error);
        return;
    }
}

static void workers_free(struct worker *workers, size_t count) {
    for (size_t i = 0; workers && i < count; i++) {
        free(workers[i].bytes);
        free(workers[i].floats);
    }
    free(workers);
}

static bool workers_init(struct comparison *job, size_t count, caption_error *error) {
    const size_t width = job->vectors->width;
    job->workers = memory_zeroed(count, sizeof *job->workers, "a search", error);
    for (size_t i = 0; job->workers && i < count; i++) {
        struct worker *worker = &job->workers[i];
        worker->floats = memory_uninitialised(width, sizeof *worker->floats, "a search", error);
        if (!worker->floats) return false;
        if (job->vectors->bytes) continue;
        worker->bytes = memory_uninitialised(job->block, 2 * width, "a search", error);
        if (!worker->bytes) return false;
    }
    return job->workers != NULL;
}

/* Scores of all photos, [count]; freed by the caller. */
static float *scores_of(const struct nearest_vectors *vectors, const float *query,
                        struct threads *threads, caption_error *error) {
    const size_t block = size_smaller(size_larger(BLOCK_NUMBERS / vectors->width, 1), BLOCK_PHOTOS);
    const size_t blocks = (vectors->count + block - 1) / block, workers = threads_count(threads);
    struct comparison job = {.vectors = vectors, .query = query, .block = block};
    float sums[2];
    products(query, query, vectors->width, sums);
    job.query_length = sqrtf(sums[1]);
    job.scores = memory_uninitialised(vectors->count, sizeof *job.scores, "a search", error);
    job.errors = memory_uninitialised(blocks, sizeof *job.errors, "a search", error);
    bool ok = job.scores && job.errors && workers_init(&job, workers, error);
    if (ok) threads_for(threads, blocks, score_block, &job);
    ok = ok && error_first(job.errors, blocks, error);
    workers_free(job.workers, workers);
    free(job.errors);
    if (ok) return job.scores;
    free(job.scores);
    return NULL;
}

static bool is_better(const struct nearest_match *a, const struct nearest_match *b) {
    return a->score > b->score || (a->score == b->score && a->photo < b->photo);
}

static int by_score(const void *a, const void *b) {
    return is_better(a, b) ? -1 : 1;
}

static int by_score_from_worst(const void *a, const void *b) {
    return by_score(b, a);
}

/* heap[count]: each match is no better than the two below it. Puts the one at the top in place. */
static void sift_down(struct nearest_match *heap, size_t count) {
    size_t at = 0;
    for (;;) {
        const size_t left = 2 * at + 1, right = left + 1;
        size_t worst = at;
        if (left < count && is_better(&heap[worst], &heap[left])) worst = left;
        if (right < count && is_better(&heap[worst], &heap[right])) worst = right;
        if (worst == at) return;
        const struct nearest_match moved = heap[at];
        heap[at] = heap[worst];
        heap[worst] = moved;
        at = worst;
    }
}

/* The best of all: `best` holds the first of them, sorted from the worst on, which is a heap. */
static void choose(const float *scores, size_t count, struct nearest_match *best, size_t most) {
    for (size_t i = 0; i < most; i++) best[i] = (struct nearest_match){i, scores[i]};
    qsort(best, most, sizeof *best, by_score_from_worst);
    for (size_t i = most; i < count; i++) {
        const struct nearest_match match = {i, scores[i]};
        if (!is_better(&match, &best[0])) continue;
        best[0] = match;
        sift_down(best, most);
    }
    qsort(best, most, sizeof *best, by_score);
}

bool nearest_find(const struct nearest_vectors *vectors, const float *query, size_t most,
                  struct threads *threads, struct nearest_found *found, caption_error *error) {
    found->count = size_smaller(most, vectors->count);
    found->matches = memory_zeroed(found->count, sizeof *found->matches, "a search", error);
    if (!found->matches || found->count == 0) return found->matches != NULL;
    float *scores = scores_of(vectors, query, threads, error);
    if (scores) {
        choose(scores, vectors->count, found->matches, found->count);
        free(scores);
        return true;
    }
    free(found->matches);
    *found = (struct nearest_found){0};
    return false;
}

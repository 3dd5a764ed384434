#include "decode/candidates.h"

#include <math.h>
#include <stdbool.h>

#include "base/simd_level.h"

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

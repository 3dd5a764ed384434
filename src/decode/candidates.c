#include "decode/candidates.h"

#include <math.h>
#include <stdbool.h>

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

void candidates_offer(struct candidates *candidates, const real *logits, size_t words, double base,
                      uint32_t parent) {
    struct candidate *heap = candidates->items;
    for (size_t word = 0; word < words; word++) {
        double logprob = base + (double)logits[word];
        bool full = candidates->count == candidates->capacity;
        if (full && logprob < heap[0].logprob) continue;
        if (isinf(logprob)) continue;
        struct candidate item = {.logprob = logprob, .word = (uint32_t)word, .parent = parent};
        if (!full) {
            sift_up(heap, candidates->count++, item);
        } else if (is_better(&item, &heap[0])) {
            sift_down(heap, candidates->count, 0, item);
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

#include "eval/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare(const void *left, const void *right) {
    const struct tokens *a = *(const struct tokens *const *)left;
    const struct tokens *b = *(const struct tokens *const *)right;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = strcmp(a->words[i], b->words[i]);
        if (order != 0) return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error) {
    const struct tokens **sorted =
        memory_uninitialised(count, sizeof *sorted, "the captions in order", error);
    if (!sorted) return false;
    for (size_t i = 0; i < count; i++) sorted[i] = &captions[i];
    qsort(sorted, count, sizeof *sorted, compare);
    *distinct = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare(&sorted[i - 1], &sorted[i]) != 0) ++*distinct;
    free(sorted);
    return true;
}

#include "decode/repeats.h"

#include <stdlib.h>

#include "base/memory.h"

bool repeats_link(const struct vocabulary *vocabulary, const uint32_t *bases, uint32_t *next_form,
                  caption_error *error) {
    const size_t count = vocabulary->count;
    uint32_t *first = memory_uninitialised(count, sizeof *first, "forms of words", error);
    if (!first) return false;
    for (size_t i = 0; i < count; i++) {
        first[i] = CONTENT_NONE;
        next_form[i] = CONTENT_NONE;
    }
    /* A form takes its place behind the first of its ring. */
    for (size_t i = VOCABULARY_SPECIALS; i < count; i++) {
        const uint32_t base = bases[i], word = (uint32_t)i;
        if (base == CONTENT_NONE || content_may_repeat(vocabulary->words[i])) continue;
        if (first[base] == CONTENT_NONE) {
            first[base] = word;
            next_form[word] = word;
            continue;
        }
        next_form[word] = next_form[first[base]];
        next_form[first[base]] = word;
    }
    free(first);
    return true;
}

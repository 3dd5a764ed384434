#include "decode/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error) {
    *result = (struct decode_result){0};
    result->captions = memory_zeroed(count, sizeof *captions, "captions", error);
    if (!result->captions) return false;
    for (; result->count < count; result->count++) {
        const struct decode_caption *from = &captions[result->count];
        uint32_t *words = memory_zeroed(from->count, sizeof *words, "captions", error);
        if (!words) {
            decode_results_free(result, 1);
            return false;
        }
        memcpy(words, from->words, from->count * sizeof *words);
        result->captions[result->count] = *from;
        result->captions[result->count].words = words;
    }
    return true;
}

void decode_results_free(struct decode_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < results[i].count; c++) free(results[i].captions[c].words);
        free(results[i].captions);
        free(results[i].tags);
        results[i] = (struct decode_result){0};
    }
}

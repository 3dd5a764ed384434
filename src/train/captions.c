#include "train/captions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

bool captions_init(struct captions *captions, const struct dataset *dataset,
                   const struct vocabulary *vocabulary, caption_error *error) {
    *captions = (struct captions){.count = dataset->caption_count};
    size_t total = 0;
    for (size_t i = 0; i < captions->count; i++) total += dataset->captions[i].count;
    captions->words = memory_zeroed(total, sizeof *captions->words, "captions", error);
    captions->begin =
        memory_zeroed(captions->count + 1, sizeof *captions->begin, "captions", error);
    if (!captions->words || !captions->begin) {
        captions_free(captions);
        return false;
    }
    size_t next = 0;
    for (size_t i = 0; i < captions->count; i++) {
        const struct tokens *tokens = &dataset->captions[i];
        captions->begin[i] = next;
        for (size_t j = 0; j < tokens->count; j++) {
            captions->words[next++] = (int32_t)vocabulary_find(vocabulary, tokens->words[j]);
        }
        if (tokens->count > captions->longest) captions->longest = tokens->count;
    }
    captions->begin[captions->count] = next;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        size_t count = dataset->photos[i].count;
        if (count > captions->most) captions->most = count;
    }
    return true;
}

void captions_free(struct captions *captions) {
    free(captions->words);
    free(captions->begin);
    *captions = (struct captions){0};
}

size_t captions_targets(const struct captions_part *part) {
    const size_t *begin = part->captions->begin + part->first;
    return begin[part->count] - begin[0] + part->count;
}

size_t captions_steps(size_t words) {
    return words + 2;
}

struct tbptt_sequence captions_sequence(const struct captions *captions, size_t index,
                                        size_t vector, int32_t *inputs, int32_t *targets) {
    const int32_t *words = captions->words + captions->begin[index];
    size_t count = captions->begin[index + 1] - captions->begin[index];
    inputs[0] = DECODER_VECTOR - (int32_t)vector;
    targets[0] = DECODER_NOTHING;
    inputs[1] = VOCABULARY_START;
    memcpy(inputs + 2, words, count * sizeof *inputs);
    memcpy(targets + 1, words, count * sizeof *targets);
    targets[count + 1] = VOCABULARY_END;
    return (struct tbptt_sequence){
        .inputs = inputs, .targets = targets, .steps = captions_steps(count)};
}

#include "decode/reorder.h"

#include <stdlib.h>

size_t reorder_pool(const struct decode_plan *plan) {
    const caption_options *options = &plan->options;
    return rerank_is_there(&plan->model->rerank) ? options->beam_size : options->top;
}

/* By insertion: they are few, and nearly in order. */
static void sort(struct decode_caption *captions, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const struct decode_caption caption = captions[i];
        size_t place = i;
        for (; place > 0 && caption.score > captions[place - 1].score; place--) {
            captions[place] = captions[place - 1];
        }
        captions[place] = caption;
    }
}

static void reorder(const struct decode_plan *plan, struct decode_result *result) {
    for (size_t i = 0; i < result->count; i++) {
        struct decode_caption *caption = &result->captions[i];
        caption->score = rerank_score(&plan->model->rerank, caption->score, caption->signals);
    }
    sort(result->captions, result->count);
    while (result->count > plan->options.top) free(result->captions[--result->count].words);
}

void reorder_captions(const struct decode_plan *plan, struct decode_result *results, size_t count) {
    if (!rerank_is_there(&plan->model->rerank)) return;
    for (size_t i = 0; i < count; i++) reorder(plan, &results[i]);
}

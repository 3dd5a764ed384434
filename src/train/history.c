#include "train/history.h"

#include <math.h>

const char *train_phase_name(enum train_phase phase) {
    static const char *const names[TRAIN_PHASES] = {
        "text", "imagined", "frozen", "learns", "self-critical, imagined", "self-critical"};
    return names[phase];
}

const struct train_epoch *history_best(const struct train_history *history) {
    for (size_t e = history->epoch_count; e-- > 0;)
        if (history->epochs[e].best) return &history->epochs[e];
    return NULL;
}

size_t history_parts(const struct train_history *history) {
    return history->parts.count > 1 ? history->parts.count : 0;
}

const struct train_part_scores *history_part_scores(const struct train_history *history,
                                                    size_t epoch, size_t part) {
    return &history->part_scores[epoch * history_parts(history) + part];
}

static struct scores mean_scores(const struct train_part_scores *parts, size_t count) {
    struct scores mean = {0};
    for (size_t i = 0; i < count; i++) {
        const struct scores *scores = &parts[i].scores;
        for (size_t n = 0; n < 4; n++) mean.bleu[n] += scores->bleu[n] / (double)count;
        mean.rouge_l += scores->rouge_l / (double)count;
        mean.cider += scores->cider / (double)count;
    }
    return mean;
}

void history_sum_up(const struct train_part_scores *parts, size_t count,
                    struct train_epoch *epoch) {
    double logarithm = 0;
    epoch->distinct = 0;
    for (size_t i = 0; i < count; i++) {
        logarithm += log(parts[i].perplexity) / (double)count;
        epoch->distinct += parts[i].distinct;
    }
    epoch->perplexity = count == 1 ? parts[0].perplexity : exp(logarithm);
    epoch->scores = mean_scores(parts, count);
}

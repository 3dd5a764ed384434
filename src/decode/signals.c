#include "decode/signals.h"

#include <math.h>

#include "text/content.h"

void signals_rarity(const struct vocabulary *vocabulary, const uint32_t *bases, double *rarity) {
    double all = 0;
    for (size_t i = 0; i < vocabulary->count; i++) all += (double)vocabulary->counts[i];
    for (size_t i = 0; i < vocabulary->count; i++) {
        const double seen = fmax(1, (double)vocabulary->counts[i]);
        rarity[i] = bases[i] == CONTENT_NONE ? 0 : log(fmax(all, seen) / seen);
    }
}

/* Of a caption without a word of content it is 0. */
static double mean_rarity(const struct decode_plan *plan, const struct decode_caption *caption) {
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < caption->count; i++) {
        const double rarity = plan->rarity[caption->words[i]];
        sum += rarity;
        count += rarity > 0;
    }
    return count ? sum / (double)count : 0;
}

void signals_set(const struct decode_plan *plan, const real *features,
                 struct decode_caption *caption) {
    caption->signals[CONFIDENCE_LOGPROB] = caption->logprob / (double)(caption->count + 1);
    caption->signals[CONFIDENCE_LENGTH] = (double)caption->count;
    caption->signals[CONFIDENCE_RARITY] = mean_rarity(plan, caption);
    caption->confidence = confidence_of(&plan->model->confidence, caption->signals, features);
}

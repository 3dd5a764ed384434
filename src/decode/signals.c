#include "decode/signals.h"

#include <math.h>
#include <string.h>

#include "nn/math.h"
#include "text/content.h"

/* The agreement of a caption that names no tag: as if it named one that is hardly there. */
static const double logit_of_none = -3;

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

/* What is known of a photo's tags. */
struct seen_tags {
    const struct tag_words *words;
    const float *logits; /* [words->count] */
    double sum;          /* of the probabilities of all of them */
};

static struct seen_tags see_tags(const struct tag_words *words, const float *logits) {
    struct seen_tags seen = {.words = words, .logits = logits};
    for (size_t i = 0; i < words->count; i++) seen.sum += math_logistic((double)logits[i]);
    return seen;
}

/* Whether one of the first `count` words names the tag. */
static bool is_named(const struct tag_words *words, const uint32_t *caption, size_t count,
                     uint32_t tag) {
    for (size_t i = 0; i < count; i++)
        if (words->tags[caption[i]] == tag) return true;
    return false;
}

/* Agreement and coverage. Without a word head both are 0. */
static void compare_tags(const struct seen_tags *seen, struct decode_caption *caption) {
    if (seen->words->count == 0) return;
    double logits = 0, probabilities = 0;
    size_t count = 0;
    for (size_t i = 0; i < caption->count; i++) {
        const uint32_t tag = seen->words->tags[caption->words[i]];
        if (tag == TAG_NONE || is_named(seen->words, caption->words, i, tag)) continue;
        logits += (double)seen->logits[tag];
        probabilities += math_logistic((double)seen->logits[tag]);
        count++;
    }
    caption->signals[CONFIDENCE_AGREEMENT] = count ? logits / (double)count : logit_of_none;
    caption->signals[CONFIDENCE_COVERAGE] = seen->sum > 0 ? probabilities / seen->sum : 0;
}

static void set_signals(const struct decode_plan *plan, const struct seen_tags *seen,
                        struct decode_caption *caption) {
    memset(caption->signals, 0, sizeof caption->signals);
    caption->signals[CONFIDENCE_LOGPROB] = caption->logprob / (double)(caption->count + 1);
    caption->signals[CONFIDENCE_LENGTH] = (double)caption->count;
    caption->signals[CONFIDENCE_RARITY] = mean_rarity(plan, caption);
    compare_tags(seen, caption);
    caption->confidence = confidence_of(&plan->model->confidence, caption->signals,
                                        styles_name(&plan->model->styles, plan->style));
}

void signals_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                       struct decode_result *results) {
    const struct tag_words *words = &plan->model->tags;
    for (size_t i = 0; i < count; i++) {
        const struct seen_tags seen = see_tags(words, logits + i * words->count);
        for (size_t c = 0; c < results[i].count; c++)
            set_signals(plan, &seen, &results[i].captions[c]);
    }
}

#include "decode/decode.h"

#include <stdlib.h>

#include "decode/beam.h"
#include "decode/plan.h"
#include "decode/sample.h"
#include "decode/signals.h"
#include "text/neutral.h"

static void set_signals(const struct decode_plan *plan, const real *features,
                        struct decode_result *result) {
    for (size_t i = 0; i < result->count; i++) signals_set(plan, features, &result->captions[i]);
}

bool decode_features(const struct decode_plan *plan, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    if (count == 0) return true;
    bool done = plan->options.sample
                    ? sample_captions(plan, features, count, first_photo, results, error)
                    : beam_search(plan, features, count, results, error);
    if (!done) {
        decode_results_free(results, count);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        set_signals(plan, features + i * plan->model->decoder.features, &results[i]);
    return true;
}

char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error) {
    char *drawn = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, error);
    if (!drawn || !options->neutral) return drawn;
    char *neutral = neutral_sentence(drawn, error);
    free(drawn);
    return neutral;
}

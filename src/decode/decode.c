#include "decode/decode.h"

#include <stdlib.h>

#include "decode/beam.h"
#include "decode/plan.h"
#include "decode/sample.h"
#include "text/neutral.h"

bool decode_features(const struct decode_plan *plan, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    if (count == 0) return true;
    bool done = plan->options.sample
                    ? sample_captions(plan, features, count, first_photo, results, error)
                    : beam_search(plan, features, count, results, error);
    if (!done) decode_results_free(results, count);
    return done;
}

char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error) {
    char *drawn = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, error);
    if (!drawn || !options->neutral) return drawn;
    char *neutral = neutral_sentence(drawn, error);
    free(drawn);
    return neutral;
}

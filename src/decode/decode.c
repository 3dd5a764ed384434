#include "decode/decode.h"

#include "decode/beam.h"
#include "decode/plan.h"
#include "decode/sample.h"

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

#include "eval/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "decode/captioner.h"
#include "eval/reference_words.h"

static bool compute(const struct model *model, size_t style,
                    const struct reference_words *references, struct threads *threads,
                    double *perplexity, caption_error *error) {
    double *logprobs =
        memory_zeroed(references->count, sizeof *logprobs, "the likelihood of captions", error);
    if (!logprobs) return false;
    const bool done = captioner_likelihood(model, style, references->captions, references->count,
                                           threads, logprobs, error);
    double sum = 0;
    for (size_t i = 0; done && i < references->count; i++) sum += logprobs[i];
    if (done) *perplexity = exp(-sum / (double)(references->word_count + references->count));
    free(logprobs);
    return done;
}

bool perplexity_compute(const struct model *model, size_t style, const struct dataset *dataset,
                        const size_t *photos, size_t count, const real *features,
                        struct threads *threads, double *perplexity, caption_error *error) {
    struct reference_words references;
    const bool done =
        reference_words_init(&references, model, dataset, photos, count, features, error) &&
        compute(model, style, &references, threads, perplexity, error);
    reference_words_free(&references);
    return done;
}

#include "eval/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

void reference_words_free(struct reference_words *references) {
    free(references->captions);
    free(references->first);
    free(references->words);
    *references = (struct reference_words){0};
}

static bool allocate(struct reference_words *references, const struct dataset_selection *photos,
                     caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    size_t captions = 0, words = 0;
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        captions += photo->count;
        for (size_t j = 0; j < photo->count; j++)
            words += dataset->captions[photo->first + j].count;
    }
    const char *what = "the likelihood of captions";
    references->captions = memory_zeroed(captions, sizeof *references->captions, what, error);
    references->first = memory_zeroed(photos->count + 1, sizeof *references->first, what, error);
    references->words = memory_zeroed(words, sizeof *references->words, what, error);
    return references->captions && references->first && references->words;
}

static void add(struct reference_words *references, const struct vocabulary *vocabulary,
                const struct tokens *tokens, const real *features) {
    uint32_t *words = references->words + references->word_count;
    for (size_t i = 0; i < tokens->count; i++)
        words[i] = (uint32_t)vocabulary_find(vocabulary, tokens->words[i]);
    references->word_count += tokens->count;
    references->captions[references->count++] =
        (struct likelihood_caption){.features = features, .words = words, .count = tokens->count};
}

bool reference_words_init(struct reference_words *references, const struct model *model,
                          const struct dataset_selection *photos, const real *features,
                          caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    *references = (struct reference_words){.photos = photos->count};
    if (!allocate(references, photos, error)) return false;
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        for (size_t j = 0; j < photo->count; j++)
            add(references, &model->vocabulary, &dataset->captions[photo->first + j],
                features + i * model->decoder.features);
        references->first[i + 1] = references->count;
    }
    return true;
}

bool perplexity_compute(const struct likelihood_scorer *scorer,
                        const struct reference_words *references, double *perplexity,
                        caption_error *error) {
    const size_t count = references->count;
    double *logprobs = memory_zeroed(count, sizeof *logprobs, "the likelihood of captions", error);
    if (!logprobs) return false;
    const bool done = captioner_likelihood(scorer, references->captions, count, logprobs, error);
    double sum = 0;
    for (size_t i = 0; done && i < count; i++) sum += logprobs[i];
    if (done) *perplexity = exp(-sum / (double)(references->word_count + count));
    free(logprobs);
    return done;
}

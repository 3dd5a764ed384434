#include "decode/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "decode/beam.h"
#include "decode/plan.h"
#include "decode/sample.h"
#include "text/neutral.h"
#include "text/tokenizer.h"

struct decode_workspace {
    struct beam_search *search; /* one of the two */
    struct sampler *sampler;
};

struct decode_workspace *decode_workspace_new(const struct decode_plan *plan, size_t photos,
                                              caption_error *error) {
    struct decode_workspace *workspace = memory_zeroed(1, sizeof *workspace, "decoding", error);
    if (!workspace) return NULL;
    if (plan->options.sample)
        workspace->sampler = sampler_new(plan, photos, error);
    else
        workspace->search = beam_search_new(plan, photos, error);
    if (workspace->sampler || workspace->search) return workspace;
    free(workspace);
    return NULL;
}

void decode_workspace_free(struct decode_workspace *workspace) {
    if (!workspace) return;
    sampler_free(workspace->sampler);
    beam_search_free(workspace->search);
    free(workspace);
}

void decode_workspace_share(struct decode_workspace *workspace, struct threads *threads) {
    if (workspace->sampler)
        sampler_share(workspace->sampler, threads);
    else
        beam_search_share(workspace->search, threads);
}

bool decode_features(struct decode_workspace *workspace, const real *features, size_t count,
                     size_t first_photo, struct decode_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    if (count == 0) return true;
    bool done = workspace->sampler
                    ? sampler_run(workspace->sampler, features, count, first_photo, results, error)
                    : beam_search_run(workspace->search, features, count, results, error);
    if (!done) decode_results_free(results, count);
    return done;
}

char *decode_sentence(const struct model *model, const caption_options *options,
                      const struct decode_caption *caption, caption_error *error) {
    char *sentence = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, error);
    if (sentence && options->neutral) {
        char *neutral = neutral_sentence(sentence, error);
        free(sentence);
        sentence = neutral;
    }
    if (sentence) sentence_attach_possessives(sentence);
    return sentence;
}

bool result_set(struct decode_result *result, const struct decode_caption *captions, size_t count,
                caption_error *error) {
    *result = (struct decode_result){0};
    result->captions = memory_zeroed(count, sizeof *captions, "captions", error);
    if (!result->captions) return false;
    for (; result->count < count; result->count++) {
        const struct decode_caption *from = &captions[result->count];
        uint32_t *words = memory_zeroed(from->count, sizeof *words, "captions", error);
        if (!words) {
            decode_results_free(result, 1);
            return false;
        }
        memcpy(words, from->words, from->count * sizeof *words);
        result->captions[result->count] = *from;
        result->captions[result->count].words = words;
    }
    return true;
}

void decode_results_free(struct decode_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < results[i].count; c++) free(results[i].captions[c].words);
        free(results[i].captions);
        free(results[i].tags);
        results[i] = (struct decode_result){0};
    }
}

/* Names are numbered by falling frequency, as the words of a vocabulary are. */
static int by_falling_confidence(const void *a, const void *b) {
    const struct decode_tag *left = a, *right = b;
    if (left->confidence != right->confidence) return left->confidence < right->confidence ? 1 : -1;
    return (left->word > right->word) - (left->word < right->word);
}

bool tags_set(struct decode_result *result, const struct tag_words *tags,
              const struct tag_calibration *calibration, const float *logits, double least,
              caption_error *error) {
    struct decode_tag *picked = memory_zeroed(tags->count, sizeof *picked, "tags", error);
    if (!picked) return false;
    size_t count = 0;
    for (size_t i = 0; i < tags->count; i++) {
        const double confidence = tag_calibration_of(calibration, logits[i]);
        if (confidence >= least) picked[count++] = (struct decode_tag){tags->names[i], confidence};
    }
    qsort(picked, count, sizeof *picked, by_falling_confidence);
    free(result->tags);
    result->tags = picked;
    result->tag_count = count;
    return true;
}

bool tags_of_photos(const struct decode_plan *plan, const float *logits, size_t count,
                    struct decode_result *results, caption_error *error) {
    const struct model *model = plan->model;
    if (plan->options.tags == 0) return true;
    for (size_t i = 0; i < count; i++) {
        if (!tags_set(&results[i], &model->tags, &model->tag_calibration,
                      logits + i * model->tags.count, (double)plan->options.tag_confidence,
                      error)) {
            return false;
        }
    }
    return true;
}

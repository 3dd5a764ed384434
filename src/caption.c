#include "caption.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "decode/captioner.h"
#include "decode/plan.h"
#include "model/model.h"

/* Photos that are held as features at a time: bounds the memory of a call with very many. */
enum { BLOCK_PHOTOS = 256 };

struct caption_model {
    struct model model;
};

caption_options caption_options_default(void) {
    return (caption_options){
        .beam_size = 3,
        .top = 1,
        .max_length = 20,
        .min_length = 0,
        .length_penalty = 0.7F,
        .no_repeat_ngram = 3,
        .sample = false,
        .temperature = 1,
        .top_k = 0,
        .top_p = 1,
        .seed = 0,
        .first_photo = 0,
        .prefix = NULL,
        .threads = 0,
        .precision = CAPTION_PRECISION_AUTO,
    };
}

caption_model *caption_model_open(const char *path, caption_error *error) {
    caption_model *opened = memory_zeroed(1, sizeof *opened, "a model", error);
    if (!opened) return NULL;
    if (model_read(&opened->model, model_path(path), error)) return opened;
    free(opened);
    return NULL;
}

void caption_model_close(caption_model *model) {
    if (!model) return;
    model_free(&model->model);
    free(model);
}

/* The words of a decoded photo as text. */
static bool write_result(const struct model *model, const struct decode_result *decoded,
                         caption_result *result, caption_error *error) {
    result->captions = memory_zeroed(decoded->count, sizeof *result->captions, "captions", error);
    if (!result->captions) return false;
    for (; result->count < decoded->count; result->count++) {
        const struct decode_caption *caption = &decoded->captions[result->count];
        caption_text *text = &result->captions[result->count];
        text->logprob = caption->logprob;
        text->text = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, error);
        if (!text->text) return false;
    }
    return true;
}

/* The scratch of a call, for one block of photos. */
struct block {
    real *features;                /* (BLOCK_PHOTOS, F) */
    struct decode_result *decoded; /* [BLOCK_PHOTOS] */
    caption_error *errors;         /* [BLOCK_PHOTOS] */
};

static void block_free(struct block *block) {
    free(block->features);
    free(block->decoded);
    free(block->errors);
}

static bool block_init(struct block *block, const struct model *model, size_t photos,
                       caption_error *error) {
    *block = (struct block){0};
    block->features =
        memory_uninitialised(photos, model->encoder.features * sizeof(real), "features", error);
    block->decoded = memory_zeroed(photos, sizeof *block->decoded, "captions", error);
    block->errors = memory_zeroed(photos, sizeof *block->errors, "captions", error);
    if (block->features && block->decoded && block->errors) return true;
    block_free(block);
    return false;
}

/* Decodes a block whose features are there. Photo number `first` is the block's first. */
static bool decode_block(const struct decode_plan *plan, const struct block *block, size_t count,
                         size_t first, struct threads *threads, caption_result *results,
                         caption_error *error) {
    if (!captioner_decode(plan, block->features, block->errors, count, first, threads,
                          block->decoded, error)) {
        return false;
    }
    bool written = true;
    for (size_t i = 0; written && i < count; i++) {
        results[i].error = block->errors[i];
        if (results[i].error.status != CAPTION_OK) continue;
        written = write_result(plan->model, &block->decoded[i], &results[i], error);
    }
    decode_results_free(block->decoded, count);
    return written;
}

static bool caption_blocks(const struct decode_plan *plan, const char *const *paths, size_t count,
                           struct threads *threads, caption_result *results, caption_error *error) {
    struct block block;
    size_t most = count < BLOCK_PHOTOS ? count : BLOCK_PHOTOS;
    if (!block_init(&block, plan->model, most, error)) return false;
    bool done = true;
    for (size_t first = 0; done && first < count; first += most) {
        size_t rest = count - first < most ? count - first : most;
        done = captioner_features(plan->model, decode_precision(&plan->options), paths + first,
                                  rest, NULL, threads, block.features, block.errors, error) &&
               decode_block(plan, &block, rest, plan->options.first_photo + first, threads,
                            results + first, error);
    }
    block_free(&block);
    return done;
}

/* One photo takes no threads: starting them would cost more than they bring. */
static bool caption_in_parallel(const struct decode_plan *plan, const char *const *paths,
                                size_t count, caption_result *results, caption_error *error) {
    size_t wanted = plan->options.threads ? plan->options.threads : threads_processors();
    if (wanted > count) wanted = count;
    if (wanted <= 1) return caption_blocks(plan, paths, count, NULL, results, error);
    struct threads *threads = threads_new(wanted, error);
    if (!threads) return false;
    bool done = caption_blocks(plan, paths, count, threads, results, error);
    threads_free(threads);
    return done;
}

bool caption_photos(const caption_model *model, const char *const *paths, size_t count,
                    const caption_options *options, caption_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (caption_result){0};
    struct decode_plan *plan = decode_plan_new(&model->model, options, error);
    if (!plan) return false;
    bool done = caption_in_parallel(plan, paths, count, results, error);
    decode_plan_free(plan);
    if (!done) caption_results_free(results, count);
    return done;
}

static bool caption_bytes(const struct decode_plan *plan, const void *bytes, size_t size,
                          caption_result *result, caption_error *error) {
    struct block block;
    if (!block_init(&block, plan->model, 1, error)) return false;
    captioner_features_memory(plan->model, decode_precision(&plan->options), bytes, size,
                              block.features, &block.errors[0]);
    bool done = decode_block(plan, &block, 1, plan->options.first_photo, NULL, result, error);
    block_free(&block);
    return done;
}

bool caption_photo_memory(const caption_model *model, const void *bytes, size_t size,
                          const caption_options *options, caption_result *result,
                          caption_error *error) {
    *result = (caption_result){0};
    struct decode_plan *plan = decode_plan_new(&model->model, options, error);
    if (!plan) return false;
    bool done = caption_bytes(plan, bytes, size, result, error);
    decode_plan_free(plan);
    if (!done) caption_results_free(result, 1);
    return done;
}

void caption_results_free(caption_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < results[i].count; c++) free(results[i].captions[c].text);
        free(results[i].captions);
        results[i] = (caption_result){0};
    }
}

#include "train/micro_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/vector.h"
#include "train/reward.h"

struct micro_batch {
    struct arena arena; /* of the arrays */
    struct tbptt *tbptt;
    struct tbptt_sequence *sequences;  /* [rows] */
    int32_t *inputs, *targets;         /* (rows, longest) */
    size_t longest;                    /* steps of the longest sequence */
    real *features;                    /* (photos, F) */
    real *scaled;                      /* (photos, F) */
    real *d_features;                  /* (photos, F) */
    uint8_t *mask;                     /* (photos, F): dropout mask of features */
    real *vectors, *d_vectors;         /* (photos, E) */
    real *tags, *d_tags, *tag_scratch; /* (photos, K) */
    size_t *styles;                    /* [photos] */
    uint8_t *labels;                   /* [K] */
    real *gradients;                   /* the accumulator; not owned */
    struct rollout *rollout;           /* NULL: no captions are sampled */
    struct ngrams_scratch reward_scratch;
};

struct micro_batch *micro_batch_new(const struct model *model,
                                    const struct micro_batch_sizes *sizes, caption_error *error) {
    static const char what[] = "a micro-batch of the mini-batch";
    struct micro_batch *micro_batch = memory_zeroed(1, sizeof *micro_batch, what, error);
    if (!micro_batch) return NULL;
    const size_t photos = sizes->photos, samples = sizes->samples;
    micro_batch->longest = size_larger(sizes->longest, sizes->steps);
    if (samples > 0)
        micro_batch->longest =
            size_larger(micro_batch->longest, captions_steps(MICRO_BATCH_LONGEST_SAMPLE));
    size_t numbers, features = model->encoder.features, e = model->decoder.embedding;
    const size_t tags = model->decoder.tags;
    const size_t rows = size_larger(sizes->rows, photos * samples);
    bool ok = size_multiply(rows, micro_batch->longest, &numbers) || error_memory(error, what);
    ok = ok && (micro_batch->tbptt = tbptt_new(&model->decoder, rows, sizes->steps, error)) &&
         (micro_batch->sequences =
              arena_take(&micro_batch->arena, rows, sizeof *micro_batch->sequences, what, error)) &&
         (micro_batch->inputs =
              arena_take(&micro_batch->arena, numbers, sizeof *micro_batch->inputs, what, error)) &&
         (micro_batch->targets = arena_take(&micro_batch->arena, numbers,
                                            sizeof *micro_batch->targets, what, error)) &&
         (micro_batch->features =
              arena_take(&micro_batch->arena, photos * features, sizeof(real), what, error)) &&
         (micro_batch->scaled =
              arena_take(&micro_batch->arena, photos * features, sizeof(real), what, error)) &&
         (micro_batch->d_features =
              arena_take(&micro_batch->arena, photos * features, sizeof(real), what, error)) &&
         (micro_batch->mask = arena_take(&micro_batch->arena, photos, features, what, error)) &&
         (micro_batch->vectors =
              arena_take(&micro_batch->arena, photos * e, sizeof(real), what, error)) &&
         (micro_batch->d_vectors =
              arena_take(&micro_batch->arena, photos * e, sizeof(real), what, error)) &&
         (micro_batch->tags =
              arena_take(&micro_batch->arena, photos * tags, sizeof(real), what, error)) &&
         (micro_batch->d_tags =
              arena_take(&micro_batch->arena, photos * tags, sizeof(real), what, error)) &&
         (micro_batch->tag_scratch =
              arena_take(&micro_batch->arena, photos * tags, sizeof(real), what, error)) &&
         (micro_batch->styles =
              arena_take(&micro_batch->arena, photos, sizeof *micro_batch->styles, what, error)) &&
         (micro_batch->labels = arena_take(&micro_batch->arena, tags, 1, what, error));
    if (ok && samples > 0) {
        ok = (micro_batch->rollout = rollout_new(&model->decoder, photos * samples,
                                                 MICRO_BATCH_LONGEST_SAMPLE, error)) &&
             ngrams_scratch_init(&micro_batch->reward_scratch, MICRO_BATCH_LONGEST_SAMPLE + 1,
                                 error);
    }
    if (ok) return micro_batch;
    micro_batch_free(micro_batch);
    return NULL;
}

void micro_batch_free(struct micro_batch *micro_batch) {
    if (!micro_batch) return;
    tbptt_free(micro_batch->tbptt);
    rollout_free(micro_batch->rollout);
    ngrams_scratch_free(&micro_batch->reward_scratch);
    arena_free(&micro_batch->arena);
    free(micro_batch);
}

void micro_batch_accumulate(struct micro_batch *micro_batch, real *gradients) {
    micro_batch->gradients = gradients;
}

/* The photos' features: cached, synthetic, or from the trainable encoder. */
static void encode(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                   const struct micro_batch_batch *batch, struct random *random) {
    const struct model *model = task->model;
    if (!task->features) {
        encoder_draw_depth(&model->encoder, task->drop_path, batch->count, random,
                           batch->workspace);
        encoder_forward(&model->encoder, &model->parameters, batch->images, batch->count,
                        batch->workspace, micro_batch->features);
        return;
    }
    size_t width = model->encoder.features;
    for (size_t i = 0; i < batch->count; i++) {
        const struct micro_batch_photo *photo = &batch->photos[i];
        real *features = micro_batch->features + i * width;
        if (photo->synthetic) {
            synthetic_features_draw(task->synthetic, &photo->captions, random, features);
            continue;
        }
        const float *cached =
            photo->augment.mirror ? task->features->mirrored : task->features->plain;
        memcpy(features, cached + photo->row * width, width * sizeof(real));
    }
}

/* All captions of the photos as sequences; returns their number. */
static size_t lay_out_captions(struct micro_batch *micro_batch,
                               const struct micro_batch_batch *batch) {
    size_t rows = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct captions_part *captions = &batch->photos[i].captions;
        for (size_t j = 0; j < captions->count; j++, rows++) {
            micro_batch->sequences[rows] =
                captions_sequence(captions->captions, captions->first + j, i,
                                  micro_batch->inputs + rows * micro_batch->longest,
                                  micro_batch->targets + rows * micro_batch->longest);
        }
    }
    return rows;
}

static struct tbptt_pass pass_of(struct micro_batch *micro_batch,
                                 const struct micro_batch_task *task, struct random *random) {
    struct tbptt_pass pass = {.parameters = &task->model->parameters,
                              .regularisation = task->regularisation,
                              .scale = task->scale,
                              .gradients = micro_batch->gradients};
    pass.regularisation.random = random;
    return pass;
}

static struct decoder_images images_of(const struct micro_batch *micro_batch, size_t count) {
    return (struct decoder_images){.count = count,
                                   .features = micro_batch->features,
                                   .styles = micro_batch->styles,
                                   .scaled = micro_batch->scaled,
                                   .tags = micro_batch->tags,
                                   .tag_scratch = micro_batch->tag_scratch,
                                   .vectors = micro_batch->vectors,
                                   .d_vectors = micro_batch->d_vectors,
                                   .d_tags = micro_batch->d_tags};
}

/* The photos' features and input vectors. */
static void project_images(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                           const struct micro_batch_batch *batch, struct random *random) {
    const struct model *model = task->model;
    encode(micro_batch, task, batch, random);
    if (task->image_dropout > 0) {
        const size_t numbers = batch->count * model->encoder.features;
        dropout_draw(random, task->image_dropout, numbers, micro_batch->mask);
        dropout_apply(task->image_dropout, numbers, micro_batch->mask, micro_batch->features);
    }
    for (size_t i = 0; i < batch->count; i++) micro_batch->styles[i] = batch->photos[i].style;
    const struct decoder_images projected = images_of(micro_batch, batch->count);
    decoder_image_forward(&model->decoder, &model->parameters, &projected);
}

/* labels[tags->count]: 1 where a caption of the photo names the tag, else 0. */
static void label_tags(const struct tag_words *tags, const struct captions_part *photo,
                       uint8_t *labels) {
    memset(labels, 0, tags->count);
    const struct captions *captions = photo->captions;
    const size_t begin = captions->begin[photo->first];
    const size_t end = captions->begin[photo->first + photo->count];
    for (size_t i = begin; i < end; i++) {
        const uint32_t tag = tags->tags[captions->words[i]];
        if (tag != TAG_NONE) labels[tag] = 1;
    }
}

/* Captions that together name most of what people would name. */
enum { ALL_CAPTIONS = 5 };

/* The weight of an unnamed tag for a photo with this number of captions: a tag that none of few
 * captions names may still be in the photo. */
static real absence_weight(size_t captions) {
    return captions >= ALL_CAPTIONS ? 1 : (real)captions / ALL_CAPTIONS;
}

/* The loss of the word head, and its derivative in d_tags. */
static void judge_tags(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                       const struct micro_batch_batch *batch, struct micro_batch_result *result) {
    const struct tag_words *tags = &task->model->tags;
    if (tags->count == 0) return;
    for (size_t i = 0; i < batch->count; i++) {
        const struct captions_part *captions = &batch->photos[i].captions;
        label_tags(tags, captions, micro_batch->labels);
        result->tag_loss +=
            decoder_tag_loss(tags->count, micro_batch->tags + i * tags->count, micro_batch->labels,
                             absence_weight(captions->count), (real)task->tag_weight * task->scale,
                             micro_batch->d_tags + i * tags->count);
    }
}

/* Backward through the prepared sequences, the photos' vectors and a trainable encoder. */
static void learn(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                  const struct micro_batch_batch *batch, struct tbptt_pass *pass, size_t rows,
                  struct micro_batch_result *result) {
    const struct model *model = task->model;
    const struct parameters *parameters = &model->parameters;
    memset(micro_batch->d_vectors, 0, batch->count * model->decoder.embedding * sizeof(real));
    pass->vectors = micro_batch->vectors;
    pass->vector_count = batch->count;
    pass->d_vectors = micro_batch->d_vectors;
    pass->repeat_first = model->decoder.image_every;
    result->loss +=
        tbptt_run(micro_batch->tbptt, pass, micro_batch->sequences, rows, &result->targets);

    bool trainable = !task->features;
    struct decoder_images projected = images_of(micro_batch, batch->count);
    if (trainable) projected.d_features = micro_batch->d_features;
    decoder_image_backward(&model->decoder, parameters, &projected, micro_batch->gradients);
    if (!trainable) return;
    if (batch->decoder_done) batch->decoder_done(batch->context);
    if (task->image_dropout > 0) {
        dropout_apply(task->image_dropout, batch->count * model->encoder.features,
                      micro_batch->mask, micro_batch->d_features);
    }
    encoder_backward(&model->encoder, parameters, micro_batch->d_features, batch->workspace,
                     micro_batch->gradients);
}

void micro_batch_photos(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                        const struct micro_batch_batch *batch, struct random random,
                        struct micro_batch_result *result) {
    project_images(micro_batch, task, batch, &random);
    judge_tags(micro_batch, task, batch, result);
    size_t rows = lay_out_captions(micro_batch, batch);
    struct tbptt_pass pass = pass_of(micro_batch, task, &random);
    learn(micro_batch, task, batch, &pass, rows, result);
}

/* A sampled caption as a sequence; a truncated one has no target after its last word. */
static struct tbptt_sequence rollout_sequence(const struct rollout_caption *caption, size_t vector,
                                              int32_t *inputs, int32_t *targets) {
    inputs[0] = DECODER_VECTOR - (int32_t)vector;
    targets[0] = DECODER_NOTHING;
    inputs[1] = VOCABULARY_START;
    memcpy(inputs + 2, caption->words, caption->count * sizeof *inputs);
    memcpy(targets + 1, caption->words, caption->count * sizeof *targets);
    targets[caption->count + 1] = caption->ended ? VOCABULARY_END : DECODER_NOTHING;
    return (struct tbptt_sequence){
        .inputs = inputs, .targets = targets, .steps = captions_steps(caption->count)};
}

/* Lays out the sampled captions of photo i of the batch, weighted by their rewards minus the mean
 * of the others'. */
static void lay_out_drawn(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                          const struct micro_batch_photo *photo, size_t i,
                          const struct rollout_caption *drawn, struct micro_batch_result *result) {
    const size_t samples = task->samples, first = i * samples;
    double rewards[MICRO_BATCH_MOST_SAMPLES], sum = 0;
    for (size_t s = 0; s < samples; s++) {
        rewards[s] = reward_of(task->reward, photo->row, drawn[s].words, drawn[s].count,
                               drawn[s].ended, &micro_batch->reward_scratch);
        sum += rewards[s];
    }
    for (size_t s = 0; s < samples; s++) {
        struct tbptt_sequence *sequence = &micro_batch->sequences[first + s];
        *sequence =
            rollout_sequence(&drawn[s], i, micro_batch->inputs + (first + s) * micro_batch->longest,
                             micro_batch->targets + (first + s) * micro_batch->longest);
        sequence->weight = (real)(rewards[s] - (sum - rewards[s]) / (double)(samples - 1));
    }
    result->reward += sum;
    result->drawn += samples;
}

void micro_batch_rollout(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                         const struct micro_batch_batch *batch, struct random random,
                         struct micro_batch_result *result) {
    const size_t samples = task->samples, count = batch->count;
    project_images(micro_batch, task, batch, &random);
    judge_tags(micro_batch, task, batch, result);
    const struct rollout_caption *drawn =
        rollout_draw(micro_batch->rollout, &task->model->parameters, micro_batch->vectors, count,
                     samples, &random);
    for (size_t i = 0; i < count; i++) {
        lay_out_drawn(micro_batch, task, &batch->photos[i], i, drawn + i * samples, result);
    }
    struct tbptt_pass pass = pass_of(micro_batch, task, NULL);
    pass.weighted = true;
    pass.regularisation.label_smoothing = 0; /* there are no labels, only rewards */
    learn(micro_batch, task, batch, &pass, count * samples, result);
}

void micro_batch_text(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                      const struct micro_batch_text *text, struct random random,
                      struct micro_batch_result *result) {
    for (size_t i = 0; i < text->count; i++) {
        int32_t *inputs = micro_batch->inputs + i * micro_batch->longest;
        int32_t *targets = micro_batch->targets + i * micro_batch->longest;
        text_window_row(&text->window, text->first_row + i, inputs, targets);
        micro_batch->sequences[i] = (struct tbptt_sequence){
            .inputs = inputs, .targets = targets, .steps = text->window.steps};
    }
    struct tbptt_pass pass = pass_of(micro_batch, task, &random);
    result->loss += tbptt_carry(micro_batch->tbptt, &pass, micro_batch->sequences, text->count,
                                text->states, &result->targets);
}

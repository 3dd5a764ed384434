#include "train/slice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/dropout.h"
#include "train/rollout.h"
#include "train/tag_loss.h"

struct slice {
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
    real *gradients;                   /* a block of the model's parameters */
    struct rollout *rollout;           /* NULL: no captions are sampled */
    struct reward_scratch *reward_scratch;
};

struct slice *slice_new(const struct model *model, const struct slice_sizes *sizes,
                        caption_error *error) {
    static const char what[] = "a slice of the mini-batch";
    struct slice *slice = memory_zeroed(1, sizeof *slice, what, error);
    if (!slice) return NULL;
    const size_t photos = sizes->photos, samples = sizes->samples;
    slice->longest = size_larger(sizes->longest, sizes->steps);
    if (samples > 0)
        slice->longest = size_larger(slice->longest, captions_steps(SLICE_LONGEST_SAMPLE));
    size_t numbers, features = model->encoder.features, e = model->decoder.embedding;
    const size_t tags = model->decoder.tags;
    const size_t rows = size_larger(sizes->rows, photos * samples);
    bool ok = size_multiply(rows, slice->longest, &numbers) || error_memory(error, what);
    ok = ok && (slice->tbptt = tbptt_new(&model->decoder, rows, sizes->steps, error)) &&
         (slice->sequences = memory_zeroed(rows, sizeof *slice->sequences, what, error)) &&
         (slice->inputs = memory_zeroed(numbers, sizeof *slice->inputs, what, error)) &&
         (slice->targets = memory_zeroed(numbers, sizeof *slice->targets, what, error)) &&
         (slice->features = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->scaled = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->d_features = memory_zeroed(photos * features, sizeof(real), what, error)) &&
         (slice->mask = memory_zeroed(photos, features, what, error)) &&
         (slice->vectors = memory_zeroed(photos * e, sizeof(real), what, error)) &&
         (slice->d_vectors = memory_zeroed(photos * e, sizeof(real), what, error)) &&
         (slice->tags = memory_zeroed(photos * tags, sizeof(real), what, error)) &&
         (slice->d_tags = memory_zeroed(photos * tags, sizeof(real), what, error)) &&
         (slice->tag_scratch = memory_zeroed(photos * tags, sizeof(real), what, error)) &&
         (slice->styles = memory_zeroed(photos, sizeof *slice->styles, what, error)) &&
         (slice->labels = memory_zeroed(tags, 1, what, error)) &&
         (slice->gradients = memory_zeroed(model->parameters.count, sizeof(real), what, error));
    if (ok && samples > 0) {
        ok = (slice->rollout =
                  rollout_new(&model->decoder, photos * samples, SLICE_LONGEST_SAMPLE, error)) &&
             (slice->reward_scratch = reward_scratch_new(SLICE_LONGEST_SAMPLE, error));
    }
    if (ok) return slice;
    slice_free(slice);
    return NULL;
}

void slice_free(struct slice *slice) {
    if (!slice) return;
    tbptt_free(slice->tbptt);
    free(slice->sequences);
    free(slice->inputs);
    free(slice->targets);
    free(slice->features);
    free(slice->scaled);
    free(slice->d_features);
    free(slice->mask);
    free(slice->vectors);
    free(slice->d_vectors);
    free(slice->tags);
    free(slice->d_tags);
    free(slice->tag_scratch);
    free(slice->styles);
    free(slice->labels);
    free(slice->gradients);
    rollout_free(slice->rollout);
    reward_scratch_free(slice->reward_scratch);
    free(slice);
}

real *slice_gradients(const struct slice *slice) {
    return slice->gradients;
}

/* The photos' features: cached, synthetic, or from the trainable encoder. */
static void encode(struct slice *slice, const struct slice_task *task,
                   const struct slice_batch *batch, struct random *random) {
    const struct model *model = task->model;
    if (!task->features) {
        encoder_draw_depth(&model->encoder, task->drop_path, batch->count, random,
                           batch->workspace);
        encoder_forward(&model->encoder, &model->parameters, batch->images, batch->count,
                        batch->workspace, slice->features);
        return;
    }
    size_t width = model->encoder.features;
    for (size_t i = 0; i < batch->count; i++) {
        const struct slice_photo *photo = &batch->photos[i];
        real *features = slice->features + i * width;
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
static size_t lay_out_captions(struct slice *slice, const struct slice_batch *batch) {
    size_t rows = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct captions_part *captions = &batch->photos[i].captions;
        for (size_t j = 0; j < captions->count; j++, rows++) {
            slice->sequences[rows] = captions_sequence(captions->captions, captions->first + j, i,
                                                       slice->inputs + rows * slice->longest,
                                                       slice->targets + rows * slice->longest);
        }
    }
    return rows;
}

static struct tbptt_pass pass_of(struct slice *slice, const struct slice_task *task,
                                 struct random *random) {
    struct tbptt_pass pass = {.parameters = &task->model->parameters,
                              .regularisation = task->regularisation,
                              .scale = task->scale,
                              .gradients = slice->gradients};
    pass.regularisation.random = random;
    return pass;
}

static struct decoder_images images_of(const struct slice *slice, size_t count) {
    return (struct decoder_images){.count = count,
                                   .features = slice->features,
                                   .styles = slice->styles,
                                   .scaled = slice->scaled,
                                   .tags = slice->tags,
                                   .tag_scratch = slice->tag_scratch,
                                   .vectors = slice->vectors,
                                   .d_vectors = slice->d_vectors,
                                   .d_tags = slice->d_tags};
}

/* The photos' features and input vectors. */
static void project_images(struct slice *slice, const struct slice_task *task,
                           const struct slice_batch *batch, struct random *random) {
    const struct model *model = task->model;
    encode(slice, task, batch, random);
    if (task->image_dropout > 0) {
        const size_t numbers = batch->count * model->encoder.features;
        dropout_draw(random, task->image_dropout, numbers, slice->mask);
        dropout_apply(task->image_dropout, numbers, slice->mask, slice->features);
    }
    for (size_t i = 0; i < batch->count; i++) slice->styles[i] = batch->photos[i].style;
    const struct decoder_images projected = images_of(slice, batch->count);
    decoder_image_forward(&model->decoder, &model->parameters, &projected);
}

/* The loss of the word head, and its derivative in d_tags. */
static void judge_tags(struct slice *slice, const struct slice_task *task,
                       const struct slice_batch *batch, struct slice_result *result) {
    const struct tag_words *tags = &task->model->tags;
    if (tags->count == 0) return;
    for (size_t i = 0; i < batch->count; i++) {
        const struct captions_part *captions = &batch->photos[i].captions;
        tag_labels(tags, captions, slice->labels);
        result->tag_loss += tag_loss(
            tags->count, slice->tags + i * tags->count, slice->labels, tag_absence(captions->count),
            (real)task->tag_weight * task->scale, slice->d_tags + i * tags->count);
    }
}

/* Backward through the prepared sequences, the photos' vectors and a trainable encoder. */
static void learn(struct slice *slice, const struct slice_task *task,
                  const struct slice_batch *batch, struct tbptt_pass *pass, size_t rows,
                  struct slice_result *result) {
    const struct model *model = task->model;
    const struct parameters *parameters = &model->parameters;
    memset(slice->d_vectors, 0, batch->count * model->decoder.embedding * sizeof(real));
    pass->vectors = slice->vectors;
    pass->vector_count = batch->count;
    pass->d_vectors = slice->d_vectors;
    pass->repeat_first = model->decoder.image_every;
    result->loss += tbptt_run(slice->tbptt, pass, slice->sequences, rows, &result->targets);

    bool trainable = !task->features;
    struct decoder_images projected = images_of(slice, batch->count);
    if (trainable) projected.d_features = slice->d_features;
    decoder_image_backward(&model->decoder, parameters, &projected, slice->gradients);
    if (!trainable) return;
    if (task->image_dropout > 0) {
        dropout_apply(task->image_dropout, batch->count * model->encoder.features, slice->mask,
                      slice->d_features);
    }
    encoder_backward(&model->encoder, parameters, slice->d_features, batch->workspace,
                     slice->gradients);
}

void slice_photos(struct slice *slice, const struct slice_task *task,
                  const struct slice_batch *batch, struct random random,
                  struct slice_result *result) {
    project_images(slice, task, batch, &random);
    judge_tags(slice, task, batch, result);
    size_t rows = lay_out_captions(slice, batch);
    struct tbptt_pass pass = pass_of(slice, task, &random);
    learn(slice, task, batch, &pass, rows, result);
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
static void lay_out_drawn(struct slice *slice, const struct slice_task *task,
                          const struct slice_photo *photo, size_t i,
                          const struct rollout_caption *drawn, struct slice_result *result) {
    const size_t samples = task->samples, first = i * samples;
    double rewards[SLICE_MOST_SAMPLES], sum = 0;
    for (size_t s = 0; s < samples; s++) {
        rewards[s] = reward_of(task->reward, photo->row, drawn[s].words, drawn[s].count,
                               drawn[s].ended, slice->reward_scratch);
        sum += rewards[s];
    }
    for (size_t s = 0; s < samples; s++) {
        struct tbptt_sequence *sequence = &slice->sequences[first + s];
        *sequence = rollout_sequence(&drawn[s], i, slice->inputs + (first + s) * slice->longest,
                                     slice->targets + (first + s) * slice->longest);
        sequence->weight = (real)(rewards[s] - (sum - rewards[s]) / (double)(samples - 1));
    }
    result->reward += sum;
    result->drawn += samples;
}

void slice_rollout(struct slice *slice, const struct slice_task *task,
                   const struct slice_batch *batch, struct random random,
                   struct slice_result *result) {
    const size_t samples = task->samples, count = batch->count;
    project_images(slice, task, batch, &random);
    judge_tags(slice, task, batch, result);
    const struct rollout_caption *drawn = rollout_draw(slice->rollout, &task->model->parameters,
                                                       slice->vectors, count, samples, &random);
    for (size_t i = 0; i < count; i++) {
        lay_out_drawn(slice, task, &batch->photos[i], i, drawn + i * samples, result);
    }
    struct tbptt_pass pass = pass_of(slice, task, NULL);
    pass.weighted = true;
    pass.regularisation.label_smoothing = 0; /* there are no labels, only rewards */
    learn(slice, task, batch, &pass, count * samples, result);
}

void slice_text(struct slice *slice, const struct slice_task *task, const struct slice_text *text,
                struct random random, struct slice_result *result) {
    for (size_t i = 0; i < text->count; i++) {
        int32_t *inputs = slice->inputs + i * slice->longest;
        int32_t *targets = slice->targets + i * slice->longest;
        text_window_row(&text->window, text->first_row + i, inputs, targets);
        slice->sequences[i] = (struct tbptt_sequence){
            .inputs = inputs, .targets = targets, .steps = text->window.steps};
    }
    struct tbptt_pass pass = pass_of(slice, task, &random);
    result->loss += tbptt_carry(slice->tbptt, &pass, slice->sequences, text->count, text->states,
                                &result->targets);
}

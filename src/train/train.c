#include "train/train.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "decode/captioner.h"
#include "eval/evaluate.h"
#include "train/schedule.h"
#include "train/slice.h"
#include "train/start.h"
#include "train/update.h"

/* Which random numbers a stream is for; see stream_of. */
enum stream_purpose { STREAM_START, STREAM_ORDER, STREAM_PHOTO, STREAM_DROPOUT, STREAM_PURPOSES };

struct trainer {
    const struct train_options *options;
    const struct train_listener *listener;
    struct threads *threads;
    struct dataset dataset, other; /* `other` only when validation is a data set of its own */
    const struct dataset *validation;
    size_t *train, train_count; /* photos to learn from, indices into `dataset` */
    size_t *held, held_count;   /* photos to validate on, indices into `validation` */
    struct captions captions;
    struct model model;
    struct features features; /* rows: train photos, then held ones */
    char *cache;              /* path of the features' file */
    struct update update;
    struct slice *slices[TRAIN_SLICES];
    real *gradients[TRAIN_SLICES];
    struct slice_worker *workers; /* [threads], once the encoder learns */
    struct slice_photo *batch;    /* [batch_size] */
    double best;                  /* CIDEr */
};

static void say(const struct trainer *trainer, const char *format, ...) {
    if (!trainer->listener->message) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    trainer->listener->message(trainer->listener->context, line);
}

static struct random stream_of(const struct trainer *trainer, enum stream_purpose purpose,
                               uint64_t number) {
    return random_seeded(trainer->options->seed, number * STREAM_PURPOSES + (uint64_t)purpose);
}

/* Photos without a caption teach nothing and cannot be scored. */
static void drop_uncaptioned(const struct dataset *dataset, size_t *photos, size_t *count) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (dataset->photos[photos[i]].count > 0) photos[kept++] = photos[i];
    }
    *count = kept;
}

static bool read_data(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    if (!dataset_read(&t->dataset, o->dataset, o->images, error) ||
        !dataset_select(&t->dataset, DATASET_TRAIN, false, &t->train, &t->train_count, error)) {
        return false;
    }
    t->validation = &t->dataset;
    if (o->validation) {
        if (!dataset_read(&t->other, o->validation, o->images, error)) return false;
        t->validation = &t->other;
    }
    bool every = o->validation != NULL;
    if (!dataset_select(t->validation, DATASET_VAL, every, &t->held, &t->held_count, error)) {
        return false;
    }
    drop_uncaptioned(&t->dataset, t->train, &t->train_count);
    drop_uncaptioned(t->validation, t->held, &t->held_count);
    if (t->train_count > 0 && t->held_count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: no photo with a caption to %s",
                     t->train_count ? t->validation->name : o->dataset,
                     t->train_count ? "validate on" : "learn from");
}

/* Features of all photos by the starting encoder. */
static bool read_features(struct trainer *t, caption_error *error) {
    size_t count = t->train_count + t->held_count;
    const char **paths = memory_zeroed(count, sizeof *paths, "paths of photos", error);
    if (!paths) return false;
    for (size_t i = 0; i < t->train_count; i++) {
        paths[i] = t->dataset.photos[t->train[i]].path;
    }
    for (size_t i = 0; i < t->held_count; i++) {
        paths[t->train_count + i] = t->validation->photos[t->held[i]].path;
    }
    double started = progress_clock();
    bool mirrored = t->options->flip && t->options->freeze_encoder > 0;
    bool ok = features_load(&t->features, &t->model, paths, count, mirrored, t->cache, t->threads,
                            t->listener, error);
    free((void *)paths);
    if (ok) {
        say(t, "features of %zu photos in %.0f s (kept in %s)", count, progress_clock() - started,
            t->cache);
    }
    return ok;
}

static bool prepare_slices(struct trainer *t, caption_error *error) {
    size_t photos = (t->options->batch_size + TRAIN_SLICES - 1) / TRAIN_SLICES;
    size_t longest = captions_steps(t->captions.longest), steps = t->options->tbptt;
    if (steps == 0 || steps > longest) steps = longest;
    for (size_t i = 0; i < TRAIN_SLICES; i++) {
        t->slices[i] = slice_new(&t->model, &t->captions, photos, steps, error);
        if (!t->slices[i]) return false;
        t->gradients[i] = slice_gradients(t->slices[i]);
    }
    t->batch = memory_zeroed(t->options->batch_size, sizeof *t->batch, "a mini-batch", error);
    return t->batch && update_init(&t->update, &t->model.parameters, t->options->average, error);
}

static bool prepare(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    t->best = -1;
    t->threads = threads_new(o->threads, error);
    if (!t->threads || !read_data(t, error)) return false;
    struct random random = stream_of(t, STREAM_START, 0);
    if (!start_model(&t->model, o, &t->dataset, t->train, t->train_count, &random, error) ||
        !captions_init(&t->captions, &t->dataset, &t->model.vocabulary, error)) {
        return false;
    }
    say(t, "%zu photos to learn from, %zu to validate on, %zu words in the vocabulary",
        t->train_count, t->held_count, t->model.vocabulary.count - VOCABULARY_SPECIALS);
    if (o->features) {
        t->cache = memory_string(o->features, error);
    } else {
        size_t size = strlen(o->output) + sizeof ".features";
        t->cache = memory_zeroed(size, 1, "a file name", error);
        if (t->cache) snprintf(t->cache, size, "%s.features", o->output);
    }
    if (!t->cache) return false;
    if (!t->model.encoder.batch_norm || o->freeze_encoder > 0) {
        if (!read_features(t, error)) return false;
        start_image_scale(&t->model, t->features.plain, t->train_count);
    }
    return prepare_slices(t, error);
}

/* From here on the encoder learns: its cached features are history. */
static bool begin_joint(struct trainer *t, caption_error *error) {
    features_free(&t->features);
    size_t count = threads_count(t->threads);
    size_t photos = (t->options->batch_size + TRAIN_SLICES - 1) / TRAIN_SLICES;
    t->workers = memory_zeroed(count, sizeof *t->workers, "worker threads", error);
    for (size_t i = 0; t->workers && i < count; i++) {
        if (!slice_worker_init(&t->workers[i], &t->model, photos, error)) return false;
    }
    return t->workers != NULL;
}

/* One mini-batch: what the slices share and what they bring. */
struct batch {
    struct trainer *trainer;
    struct slice_task task;
    size_t count;  /* photos */
    uint64_t step; /* over the whole run */
    bool learns;   /* the encoder does */
    double loss[TRAIN_SLICES];
    size_t targets[TRAIN_SLICES];
    bool ok[TRAIN_SLICES];
    caption_error errors[TRAIN_SLICES];
};

static void run_slice(void *context, size_t item, size_t worker) {
    struct batch *batch = context;
    struct trainer *t = batch->trainer;
    size_t begin = item * batch->count / TRAIN_SLICES,
           end = (item + 1) * batch->count / TRAIN_SLICES;
    update_clear(&t->update, t->gradients[item], batch->learns);
    struct random random = stream_of(t, STREAM_DROPOUT, batch->step * TRAIN_SLICES + item);
    batch->ok[item] = slice_run(
        t->slices[item], &batch->task, batch->learns ? &t->workers[worker] : NULL, t->batch + begin,
        end - begin, random, &batch->loss[item], &batch->targets[item], &batch->errors[item]);
}

/* What is done to a photo in this epoch. A frozen encoder knows it plain or mirrored only. */
static struct augment draw_augment(const struct trainer *t, const struct dataset_photo *photo,
                                   uint64_t number, bool learns) {
    struct augment_strength strength = {.crop = learns ? t->options->crop : 0,
                                        .color = learns ? t->options->color : 0,
                                        .flip = t->options->flip &&
                                                !dataset_photo_is_sided(&t->dataset, photo)};
    struct random random = stream_of(t, STREAM_PHOTO, number);
    return augment_draw(&strength, &random);
}

/* Fills the mini-batch with photos order[0 .. count); returns the number of words to predict. */
static size_t fill_batch(struct trainer *t, const size_t *order, size_t count, size_t epoch,
                         bool learns) {
    size_t targets = 0;
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &t->dataset.photos[t->train[order[i]]];
        uint64_t number = (uint64_t)epoch * t->train_count + order[i];
        t->batch[i] = (struct slice_photo){
            .photo = photo, .row = order[i], .augment = draw_augment(t, photo, number, learns)};
        const size_t *begin = t->captions.begin + photo->first;
        targets += begin[photo->count] - begin[0] + photo->count;
    }
    return targets;
}

/* The rates of a step: each phase has a schedule of its own. */
static void rates_of(const struct trainer *t, size_t epoch, size_t step, size_t steps, float *rate,
                     float *encoder_rate) {
    const struct train_options *o = t->options;
    bool frozen = epoch < o->freeze_encoder;
    size_t first = frozen ? 0 : o->freeze_encoder;
    size_t last = frozen && o->freeze_encoder < o->epochs ? o->freeze_encoder : o->epochs;
    float factor =
        schedule_factor((epoch - first) * steps + step, (last - first) * steps, o->warmup);
    *rate = factor * (frozen ? o->lr : o->joint_lr);
    *encoder_rate = frozen ? 0 : factor * o->encoder_lr;
}

static bool run_batch(struct trainer *t, struct batch *batch, float rate, float encoder_rate,
                      double *loss, size_t *targets, caption_error *error) {
    threads_for(t->threads, TRAIN_SLICES, run_slice, batch);
    double batch_loss = 0;
    for (size_t i = 0; i < TRAIN_SLICES; i++) {
        if (!batch->ok[i]) {
            if (error) *error = batch->errors[i];
            return false;
        }
        batch_loss += batch->loss[i];
        *targets += batch->targets[i];
    }
    *loss += batch_loss;
    double norm = update_step(&t->update, t->gradients, TRAIN_SLICES, batch->count, rate,
                              encoder_rate, t->options->clip, t->threads);
    if (isfinite(batch_loss) && isfinite(norm)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "training diverged at step %llu (loss %g, gradient norm %g): try a lower "
                     "learning rate",
                     (unsigned long long)batch->step, batch_loss, norm);
}

/* One epoch over the training photos in a random order. */
static bool run_epoch(struct trainer *t, size_t epoch, struct train_epoch *result,
                      caption_error *error) {
    const struct train_options *o = t->options;
    size_t size = o->batch_size, steps = (t->train_count + size - 1) / size;
    bool learns = epoch >= o->freeze_encoder;
    size_t *order = memory_uninitialised(t->train_count, sizeof *order, "an epoch", error);
    if (!order) return false;
    for (size_t i = 0; i < t->train_count; i++) order[i] = i;
    struct random random = stream_of(t, STREAM_ORDER, epoch);
    random_shuffle(&random, order, t->train_count);

    struct progress progress = progress_start(t->listener->progress, steps);
    double loss = 0;
    size_t targets = 0;
    bool ok = true;
    for (size_t step = 0; ok && step < steps; step++) {
        size_t left = t->train_count - step * size, count = left < size ? left : size;
        struct batch batch = {.trainer = t,
                              .count = count,
                              .step = (uint64_t)epoch * steps + step,
                              .learns = learns,
                              .task = {.model = &t->model,
                                       .captions = &t->captions,
                                       .features = learns ? NULL : &t->features,
                                       .regularisation = {.input_dropout = o->dropout,
                                                          .output_dropout = o->dropout,
                                                          .label_smoothing = o->label_smoothing}}};
        size_t words = fill_batch(t, order + step * size, count, epoch, learns);
        batch.task.scale = 1 / (real)words;
        float rate, encoder_rate;
        rates_of(t, epoch, step, steps, &rate, &encoder_rate);
        ok = run_batch(t, &batch, rate, encoder_rate, &loss, &targets, error);

        result->seconds = progress_clock() - progress.started;
        result->words_per_second = (double)targets / result->seconds;
        result->loss = loss / (double)targets;
        char note[96];
        snprintf(note, sizeof note, "epoch %zu/%zu%s, loss %.3f, %.0f words/s", epoch + 1,
                 o->epochs, learns ? "" : " (encoder frozen)", result->loss,
                 result->words_per_second);
        progress_update(&progress, step + 1, note);
    }
    progress_finish(&progress);
    free(order);
    return ok;
}

/* Captions the held photos with the model that would be kept. */
static bool validate(struct trainer *t, const struct model *kept, bool frozen,
                     struct train_epoch *result, caption_error *error) {
    caption_options options = caption_options_default();
    struct evaluation evaluation;
    bool ok;
    if (frozen) {
        const float *features = t->features.plain + t->train_count * t->features.width;
        ok = evaluate_features(kept, t->validation, t->held, t->held_count, features, &options,
                               t->threads, &evaluation, error);
    } else {
        ok = evaluate_photos(kept, t->validation, t->held, t->held_count, &options, t->threads,
                             t->listener->progress, &evaluation, error);
    }
    if (!ok) return false;
    result->scores = evaluation.scores;
    result->distinct = evaluation.distinct;
    result->perplexity = evaluation.perplexity;
    evaluation_free(&evaluation);
    return true;
}

static bool save_best(struct trainer *t, struct model *kept, const struct train_epoch *epoch,
                      caption_error *error) {
    const struct scores *s = &epoch->scores;
    char scores[256];
    snprintf(scores, sizeof scores,
             "validation, beam 3: CIDEr %.4f, BLEU-4 %.4f, ROUGE-L %.4f, distinct %zu of %zu, "
             "perplexity %.2f (epoch %zu of %zu)",
             s->cider, s->bleu[3], s->rouge_l, epoch->distinct, t->held_count, epoch->perplexity,
             epoch->epoch, epoch->epochs);
    return model_note(kept, "scores", scores, error) &&
           model_write(kept, NULL, SAFETENSORS_F16, t->options->output, error);
}

/* Scores the weights as they would be written, and writes them when they are the best so far. */
static bool keep_best(struct trainer *t, struct train_epoch *result, caption_error *error) {
    const real *values = t->update.average ? t->update.average : t->model.parameters.values;
    struct model kept;
    if (!model_folded(&t->model, values, &kept, error)) return false;
    bool ok = validate(t, &kept, result->frozen, result, error);
    result->best = ok && result->scores.cider > t->best;
    if (result->best) {
        t->best = result->scores.cider;
        ok = save_best(t, &kept, result, error);
    }
    model_free(&kept);
    return ok;
}

static bool run_epochs(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    for (size_t epoch = 0; epoch < o->epochs; epoch++) {
        struct train_epoch result = {
            .epoch = epoch + 1, .epochs = o->epochs, .frozen = epoch < o->freeze_encoder};
        if (epoch == o->freeze_encoder && !begin_joint(t, error)) return false;
        if (!run_epoch(t, epoch, &result, error) || !keep_best(t, &result, error)) return false;
        if (t->listener->epoch) t->listener->epoch(t->listener->context, &result);
    }
    return true;
}

static void clean_up(struct trainer *t) {
    for (size_t i = 0; i < TRAIN_SLICES; i++) slice_free(t->slices[i]);
    for (size_t i = 0; t->workers && i < threads_count(t->threads); i++) {
        slice_worker_free(&t->workers[i]);
    }
    free(t->workers);
    free(t->batch);
    update_free(&t->update);
    features_free(&t->features);
    free(t->cache);
    captions_free(&t->captions);
    model_free(&t->model);
    free(t->train);
    free(t->held);
    dataset_free(&t->dataset);
    dataset_free(&t->other);
    threads_free(t->threads);
}

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error) {
    if (!train_options_check(options, error)) return false;
    struct trainer trainer = {.options = options, .listener = listener};
    bool ok = prepare(&trainer, error) && run_epochs(&trainer, error);
    clean_up(&trainer);
    return ok;
}

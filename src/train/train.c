#include "train/train.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "train/checkpoint.h"
#include "train/start.h"
#include "train/trainer.h"

/* Of the loss curve. */
enum { POINTS_AN_EPOCH = 20 };

void trainer_say(const struct trainer *trainer, const char *format, ...) {
    if (!trainer->listener.message) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    trainer->listener.message(trainer->listener.context, line);
}

static bool never(void *context) {
    (void)context;
    return false;
}

struct file_stop trainer_stop(const struct trainer *trainer) {
    const struct train_listener *listener = &trainer->listener;
    return (struct file_stop){listener->stop ? listener->stop : never, listener->context};
}

struct random trainer_stream(const struct trainer *trainer, enum trainer_stream_purpose purpose,
                             uint64_t number) {
    return random_seeded(trainer->options->seed, number * STREAM_PURPOSES + (uint64_t)purpose);
}

/* Whether features are trained on, and not only measured. */
static bool learns_from_features(const struct train_options *options) {
    if (options->search) return true;
    for (enum train_phase phase = TRAIN_SYNTHETIC; phase < TRAIN_PHASES; phase++) {
        if (epoch_has_phase(options, phase, 0) && !epoch_trains_encoder(options, phase)) {
            return true;
        }
    }
    return false;
}

/* Features of all photos by the encoder as it is now. */
static bool read_features(struct trainer *t, caption_error *error) {
    if (t->features.plain) return true;
    size_t count = t->train_count + t->validation_count;
    struct photo_file *files = memory_zeroed(count, sizeof *files, "files of photos", error);
    if (!files) return false;
    for (size_t i = 0; i < t->train_count; i++) {
        files[i] = dataset_photo_file(&t->dataset.photos[t->train[i]]);
    }
    for (size_t i = 0; i < t->validation_count; i++) {
        files[t->train_count + i] =
            dataset_photo_file(&t->validation->photos[t->validation_photos[i]]);
    }
    double started = progress_clock();
    const struct feature_source source = {.model = &t->model,
                                          .files = files,
                                          .count = count,
                                          .mirrored =
                                              t->options->flip && learns_from_features(t->options)};
    bool ok = features_load(&t->features, &source, t->cache, t->threads, &t->listener, error);
    free(files);
    if (ok) {
        trainer_say(t, "features of %zu photos in %.0f s (kept in %s)", count,
                    progress_clock() - started, t->cache);
    }
    return ok;
}

/* What the weights depend on: options, photos and their captions, text. */
static bool settle_settings(struct trainer *t, caption_error *error) {
    char data[HASH_TEXT];
    hash_text(train_data_hash(t), data);
    cJSON *settings = train_options_json(t->options);
    if (settings && cJSON_AddStringToObject(settings, CHECKPOINT_DATA, data)) {
        t->settings = cJSON_PrintUnformatted(settings);
    }
    cJSON_Delete(settings);
    return t->settings || error_memory(error, "settings");
}

/* A new model. Its image scale is measured, unless it starts from a captioner or from a random
 * encoder. */
static bool start_anew(struct trainer *t, caption_error *error) {
    struct random random = trainer_stream(t, STREAM_START, 0);
    const struct dataset_selection photos = {&t->dataset, t->train, t->train_count};
    if (!start_model(&t->model, t->options, &photos, &random, error)) return false;
    if (start_is_captioner(t->options) || t->model.encoder.batch_norm || t->options->dry_run)
        return true;
    if (!read_features(t, error)) return false;
    start_image_scale(&t->model, t->features.plain, t->train_count);
    return true;
}

/* The captions of each photo of a phase: `*count` parts, freed by the caller. */
static struct captions_part *list_captions(const struct trainer *t, bool pseudo, size_t *count,
                                           caption_error *error) {
    *count = t->train_count + (pseudo ? train_data_pseudo_photos(t) : 0);
    struct captions_part *parts = memory_uninitialised(*count, sizeof *parts, "captions", error);
    for (size_t i = 0; parts && i < *count; i++) parts[i] = train_data_captions(t, i);
    return parts;
}

/* Fits the map from captions to synthetic features. */
static bool fit_synthetic(struct trainer *t, caption_error *error) {
    if (t->synthetic) return true;
    const double started = progress_clock();
    size_t count;
    struct captions_part *photos = list_captions(t, false, &count, error);
    if (!photos) return false;
    t->synthetic = synthetic_features_new(photos, count, t->model.vocabulary.count, &t->features,
                                          t->threads, error);
    free(photos);
    if (!t->synthetic) return false;
    trainer_say(t, "what words look like was learned from %zu photos in %.0f s", t->train_count,
                progress_clock() - started);
    return true;
}

/* Prepares the rewards of the captions that are sampled in a phase. */
static bool prepare_rewards(struct trainer *t, enum train_phase phase, caption_error *error) {
    if (t->reward) return true;
    size_t count;
    struct captions_part *photos = list_captions(t, epoch_uses_synthetic(phase), &count, error);
    if (!photos) return false;
    t->reward = reward_new(photos, count, (double)t->options->self_critical_bleu, error);
    free(photos);
    return t->reward != NULL;
}

/* Prepares the rewards and features of a phase. */
static bool prepare_phase(struct trainer *t, enum train_phase phase, caption_error *error) {
    if (phase == TRAIN_TEXT) return true;
    if (epoch_draws(phase) && !prepare_rewards(t, phase, error)) return false;
    if (epoch_trains_encoder(t->options, phase)) return true;
    return read_features(t, error) && (!epoch_uses_synthetic(phase) || fit_synthetic(t, error));
}

/* Estimates the time of an epoch of each phase: that of the last one, or of a measured step. A
 * completed phase is not measured: its encoder has changed. */
static bool measure_epochs(struct trainer *t, caption_error *error) {
    struct train_history *history = &t->history;
    for (size_t i = 0; i < history->epoch_count; i++) {
        history->epoch_seconds[history->epochs[i].phase] = history->epochs[i].seconds;
    }
    for (enum train_phase phase = 0; phase < TRAIN_PHASES; phase++) {
        double *seconds = &history->epoch_seconds[phase];
        if (*seconds > 0 || !epoch_has_phase(t->options, phase, t->place.epoch)) continue;
        if (epoch_draws(phase)) continue; /* its weights do not exist yet */
        if (!prepare_phase(t, phase, error)) return false;
        if (!step_measure(t, phase, seconds, error)) return false;
        *seconds *= (double)step_count(t, phase);
    }
    return true;
}

static bool read_text(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    if (o->text_count == 0) return true;
    const struct file_stop stop = trainer_stop(t);
    if (!text_read(&t->text, o->text, o->text_count, &t->model.vocabulary, &stop, error))
        return false;
    if (o->text_captions > 0) t->pseudo = text_captions(&t->text, o->text_captions);
    return true;
}

/* Reports what is known before the first step. */
static bool summarise(struct trainer *t, caption_error *error) {
    static const char *const what[TRAIN_PHASES] = {
        [TRAIN_TEXT] = "the text",
        [TRAIN_SYNTHETIC] = "the photos, synthetic and real,",
        [TRAIN_FROZEN] = "the photos, encoder frozen,",
        [TRAIN_JOINT] = "the photos",
        [TRAIN_SELF_CRITICAL_SYNTHETIC] = "the photos, synthetic and real, rewarded,",
        [TRAIN_SELF_CRITICAL] = "the photos, rewarded,",
    };
    train_data_summarise(t);
    validation_choose_measure(t);
    if (t->options->dry_run) return true;
    if (!measure_epochs(t, error)) return false;
    for (enum train_phase phase = 0; phase < TRAIN_PHASES; phase++) {
        const double seconds = t->history.epoch_seconds[phase];
        if (!epoch_has_phase(t->options, phase, t->place.epoch) || seconds <= 0) continue;
        trainer_say(t, "an epoch over %s will take about %.0f s", what[phase], ceil(seconds));
    }
    return true;
}

/* Calls the listener with the history and the time left. */
static bool notify(struct trainer *t,
                   bool (*callback)(void *, const struct train_history *, caption_error *),
                   caption_error *error) {
    struct train_history *history = &t->history;
    history->seconds_left = 0;
    for (size_t epoch = t->place.epoch; epoch < epoch_total(t->options); epoch++) {
        history->seconds_left += history->epoch_seconds[epoch_phase(t->options, epoch)];
    }
    return !callback || callback(t->listener.context, history, error);
}

/* Reads the model that was in training when the checkpoint was written. */
static bool take_up(struct trainer *t, caption_error *error) {
    return checkpoint_read_model(&t->model, t->checkpoint, error) &&
           start_check_choices(t->options, &t->model, t->checkpoint, error) &&
           start_check_begun(t->options, &t->model, t->checkpoint, error);
}

/* Resumes the run from its checkpoint. */
static bool go_on(struct trainer *t, caption_error *error) {
    if (!checkpoint_read(t, error)) return false;
    train_files_resumed(t);
    trainer_say(t, "going on after step %zu of epoch %zu of %zu", t->place.step, t->place.epoch + 1,
                epoch_total(t->options));
    return true;
}

/* A hash of a model: its weights, and how often the image is fed, which they do not show. */
static uint64_t model_hash(const struct model *model) {
    const struct parameters *parameters = &model->parameters;
    const uint64_t hash = hash_string(HASH_START, decoder_image_input(&model->decoder));
    return hash_bytes(hash, parameters->values, parameters->count * sizeof *parameters->values);
}

/* All processes must start from the same options, data and model. */
static bool check_ranks(struct trainer *t, bool resume, caption_error *error) {
    if (ranks_count(t->ranks) == 1) return true;
    const size_t mine[] = {(size_t)hash_string(HASH_START, t->settings),
                           (size_t)model_hash(&t->model), resume, t->place.epoch, t->place.step};
    size_t first[sizeof mine / sizeof *mine];
    memcpy(first, mine, sizeof first);
    if (!ranks_broadcast(t->ranks, 0, first, sizeof first, error)) return false;
    if (memcmp(first, mine, sizeof first) == 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "process %zu does not set out as the first one does: its options, data set, "
                     "photos, model or checkpoint are others",
                     ranks_rank(t->ranks));
}

/* Names the files and reads the data. */
static bool prepare_data(struct trainer *t, bool *resume, caption_error *error) {
    return train_files_settle(t, resume, error) && train_data_read(t, error);
}

static bool prepare(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    t->place.best = -1;
    bool resume;
    if (!prepare_data(t, &resume, error) || !validation_choose_samples(t, error)) return false;
    bool ok = resume ? take_up(t, error) : start_anew(t, error);
    return ok && train_data_find_styles(t, error) &&
           captions_init(&t->captions, &t->dataset, &t->model.vocabulary, error) &&
           read_text(t, error) && settle_settings(t, error) &&
           update_init(&t->update, &t->model.parameters, o->average, error) &&
           step_init(t, error) && (!resume || go_on(t, error)) && check_ranks(t, resume, error) &&
           summarise(t, error);
}

/* Every process calls this at the same steps; the first one writes. */
static bool save(struct trainer *t, caption_error *error) {
    t->saved = progress_clock();
    if (!step_share_states(t, error)) return false;
    return ranks_rank(t->ranks) > 0 || checkpoint_write(t, error);
}

/* Writes a checkpoint when one is due, or when the run is interrupted. */
static bool keep(struct trainer *t, caption_error *error) {
    const bool first = ranks_rank(t->ranks) == 0;
    const double minutes = (progress_clock() - t->saved) / 60;
    bool stop = t->listener.stop && t->listener.stop(t->listener.context);
    bool due = first && minutes >= (double)t->options->checkpoint_minutes;
    if (!step_any(t, stop, &stop, error) || !step_any(t, due, &due, error)) return false;
    if ((stop || due) && !save(t, error)) return false;
    if (!stop) return true;
    return error_set(error, CAPTION_ERROR_INTERRUPTED,
                     "interrupted after step %zu of epoch %zu: the same command with --resume goes "
                     "on from %s",
                     t->place.step, t->place.epoch + 1, t->checkpoint);
}

/* Adds a point to the loss curve, a few times an epoch. */
static bool add_point(struct trainer *t, size_t steps, caption_error *error) {
    struct train_place *place = &t->place;
    const size_t every = steps > POINTS_AN_EPOCH ? steps / POINTS_AN_EPOCH : 1;
    if (place->step % every != 0 || place->point_targets == 0) return true;
    const struct update_rates rates = epoch_rates(t, place->epoch, place->step - 1);
    const struct train_point point = {.epoch = (double)place->epoch +
                                               (double)place->step / (double)steps,
                                      .loss = place->point_loss / (double)place->point_targets,
                                      .rate = (double)rates.decoder,
                                      .encoder_rate = (double)rates.encoder};
    place->point_loss = 0;
    place->point_targets = 0;
    return history_add_point(&t->history, &point, error);
}

static void show_progress(struct trainer *t, struct progress *progress, double seconds) {
    static const char *const what[TRAIN_PHASES] = {[TRAIN_TEXT] = " (text)",
                                                   [TRAIN_SYNTHETIC] = " (synthetic)",
                                                   [TRAIN_FROZEN] = " (encoder frozen)",
                                                   [TRAIN_JOINT] = "",
                                                   [TRAIN_SELF_CRITICAL_SYNTHETIC] =
                                                       " (self-critical, synthetic)",
                                                   [TRAIN_SELF_CRITICAL] = " (self-critical)"};
    const struct train_place *place = &t->place;
    char note[96];
    snprintf(note, sizeof note, "epoch %zu/%zu%s, loss %.3f, %.0f words/s", place->epoch + 1,
             epoch_total(t->options), what[epoch_phase(t->options, place->epoch)],
             place->loss / (double)place->targets, (double)place->targets / seconds);
    progress_update(progress, place->step, note);
}

/* Runs the remaining steps of an epoch. */
static bool run_steps(struct trainer *t, size_t steps, caption_error *error) {
    struct train_place *place = &t->place;
    step_begin_epoch(t, place->epoch);
    struct progress progress = progress_start(t->listener.progress, steps);
    const double before = place->seconds;
    bool ok = true;
    while (ok && place->step < steps) {
        ok = step_run(t, error) && add_point(t, steps, error);
        place->seconds = before + progress_clock() - progress.started;
        if (ok) show_progress(t, &progress, place->seconds);
        ok = ok && keep(t, error);
    }
    progress_finish(&progress);
    return ok;
}

/* What the epoch's steps waited for. */
static void say_ranks(struct trainer *t) {
    const struct train_place *place = &t->place;
    const size_t ranks = ranks_count(t->ranks);
    const double steps = (double)place->step;
    if (ranks > 1) {
        trainer_say(t,
                    "%zu processes: %.3f s a step, %.3f s of it (%.0f %%) after the work, for the "
                    "others and their gradients; %.3f s of sending went on beside the work",
                    ranks, place->seconds / steps, t->waited / steps,
                    100 * t->waited / place->seconds, t->beside / steps);
    }
    t->waited = t->beside = 0;
}

static bool end_epoch(struct trainer *t, enum train_phase phase, caption_error *error) {
    const struct train_place *place = &t->place;
    struct train_epoch result = {.epoch = place->epoch + 1,
                                 .epochs = epoch_total(t->options),
                                 .phase = phase,
                                 .loss = place->loss / (double)place->targets,
                                 .seconds = place->seconds,
                                 .words_per_second = (double)place->targets / place->seconds};
    if (place->drawn > 0) {
        trainer_say(t, "mean reward of the captions drawn: %.4f",
                    place->reward / (double)place->drawn);
    }
    say_ranks(t);
    const bool ok = phase == TRAIN_TEXT ? history_add_epoch(&t->history, &result, NULL, NULL, error)
                                        : validation_of_epoch(t, &result, error);
    if (!ok) return false;
    t->history.epoch_seconds[phase] = place->seconds;
    t->place = (struct train_place){.epoch = place->epoch + 1, .best = place->best};
    return notify(t, t->listener.epoch, error);
}

/* Whether the next step is the first of a phase. */
static bool is_new(const struct trainer *t, enum train_phase phase) {
    const size_t epoch = t->place.epoch;
    return t->place.step == 0 && (epoch == 0 || epoch_phase(t->options, epoch - 1) != phase);
}

/* Self-critical training starts from the averaged weights, their logits scaled by the temperature.
 */
static void begin_drawing(struct trainer *t) {
    const size_t epoch = t->place.epoch;
    const bool draws_already = epoch > 0 && epoch_draws(epoch_phase(t->options, epoch - 1));
    struct parameters *parameters = &t->model.parameters;
    update_adopt_average(&t->update, parameters->values);
    if (!draws_already) {
        decoder_scale_logits(&t->model.decoder, parameters, t->options->self_critical_temperature);
    }
    update_restart(&t->update, parameters->values);
    features_free(&t->features); /* outdated if the encoder was trained */
}

static bool begin_phase(struct trainer *t, enum train_phase phase, caption_error *error) {
    if (is_new(t, phase)) {
        if (epoch_draws(phase)) begin_drawing(t);
        reward_free(t->reward); /* of the previous phase */
        t->reward = NULL;
    }
    if (!epoch_uses_synthetic(phase)) {
        synthetic_features_free(t->synthetic);
        t->synthetic = NULL;
    }
    if (epoch_trains_encoder(t->options, phase)) {
        features_free(&t->features); /* outdated by training */
    }
    return prepare_phase(t, phase, error) && step_begin_phase(t, phase, error);
}

/* Whether the last --patience epochs of the last phase brought no improvement. */
static bool is_out_of_patience(const struct trainer *t) {
    const struct train_history *history = &t->history;
    const size_t patience = t->options->patience, count = history->epoch_count;
    const enum train_phase last = epoch_phase(t->options, epoch_total(t->options) - 1);
    if (patience == 0 || t->place.step > 0 || count < patience) return false;
    for (size_t i = count - patience; i < count; i++)
        if (history->epochs[i].best || history->epochs[i].phase != last) return false;
    trainer_say(t, "%zu epochs in a row brought nothing better (--patience): the run ends",
                patience);
    return true;
}

static bool run_epochs(struct trainer *t, caption_error *error) {
    /* Save at once: an unwritable place is reported before hours of work. */
    if (!save(t, error) || !notify(t, t->listener.begin, error) || !validation_of_start(t, error))
        return false;
    while (t->place.epoch < epoch_total(t->options) && !is_out_of_patience(t)) {
        const enum train_phase phase = epoch_phase(t->options, t->place.epoch);
        if (!begin_phase(t, phase, error) || !run_steps(t, step_count(t, phase), error)) {
            return false;
        }
        /* Once before the photos are captioned, which takes a while, and once after. */
        if (!save(t, error) || !end_epoch(t, phase, error)) return false;
        if (t->place.epoch < epoch_total(t->options) && (!save(t, error) || !keep(t, error))) {
            return false;
        }
    }
    validation_say_kept(t);
    return ranks_rank(t->ranks) > 0 || checkpoint_remove(t->checkpoint, error);
}

static void clean_up(struct trainer *t, bool ok) {
    step_free(t);
    update_free(&t->update);
    features_free(&t->features);
    history_free(&t->history);
    text_free(&t->text);
    synthetic_features_free(t->synthetic);
    captions_free(&t->captions);
    reward_free(t->reward);
    model_free(&t->model);
    free(t->samples);
    free(t->cache);
    free(t->checkpoint);
    cJSON_free(t->settings);
    free(t->train);
    free(t->validation_photos);
    free(t->shares);
    free(t->styles);
    dataset_names_free(t->set_names, t->options->set_count);
    dataset_free(&t->dataset);
    dataset_free(&t->other);
    threads_free(t->threads);
    ranks_leave(t->ranks, !ok);
}

/* Trains a search part for a captioner. */
static bool run_search(struct trainer *t, caption_error *error) {
    if (ranks_count(t->ranks) > 1)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "--search: expected one process, found %zu",
                         ranks_count(t->ranks));
    bool resume;
    enum safetensors_type type;
    if (!prepare_data(t, &resume, error) ||
        !start_search_model(&t->model, t->options, &type, error) ||
        !captions_init(&t->captions, &t->dataset, &t->model.vocabulary, error)) {
        return false;
    }
    train_data_summarise(t);
    return search_trainer_check(t, error) &&
           (t->options->dry_run || (read_features(t, error) && search_trainer_run(t, type, error)));
}

static bool run_captioner(struct trainer *t, caption_error *error) {
    return prepare(t, error) && (t->options->dry_run || run_epochs(t, error));
}

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error) {
    if (!train_options_check(options, error)) return false;
    struct trainer trainer = {.options = options, .listener = *listener};
    trainer.ranks = ranks_join(error);
    if (!trainer.ranks) return false;
    if (ranks_rank(trainer.ranks) > 0) {
        /* Only the first process reports; each may be asked to stop. */
        trainer.listener =
            (struct train_listener){.context = listener->context, .stop = listener->stop};
    }
    const bool ok = (options->search ? run_search : run_captioner)(&trainer, error);
    clean_up(&trainer, ok);
    return ok;
}

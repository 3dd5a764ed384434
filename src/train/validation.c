#include "train/validation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "eval/evaluate.h"
#include "train/start.h"

/* Photos whose captions are kept after every epoch. */
enum { SAMPLES = 12 };

bool validation_choose_samples(struct trainer *t, caption_error *error) {
    struct train_history *history = &t->history;
    size_t *drawn = memory_zeroed(t->held_count, sizeof *drawn, "a list of photos", error);
    if (!drawn) return false;
    for (size_t i = 0; i < t->held_count; i++) drawn[i] = i;
    /* Not of the seed: two runs on the same data show the same photos. */
    struct random random = random_seeded(0, STREAM_SAMPLES);
    random_shuffle(&random, drawn, t->held_count);
    const size_t count = t->held_count < SAMPLES ? t->held_count : SAMPLES;
    t->samples = drawn;
    history->samples = memory_zeroed(count, sizeof *history->samples, "sample photos", error);
    if (!history->samples) return false;
    history->sample_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &t->validation->photos[t->held[drawn[i]]];
        history->samples[i] =
            (struct train_sample){.name = photo->name,
                                  .path = photo->path,
                                  .references = t->validation->captions + photo->first,
                                  .reference_count = photo->count};
    }
    return true;
}

/* Captions the held photos with the model that would be kept. */
static bool validate(struct trainer *t, const struct model *kept, struct train_epoch *result,
                     struct evaluation *evaluation, caption_error *error) {
    caption_options options = caption_options_default();
    options.precision = CAPTION_PRECISION_F32; /* the same score on any processor, to a rounding */
    bool ok;
    if (t->features.plain) {
        const float *features = t->features.plain + t->train_count * t->features.width;
        ok = evaluate_features(kept, t->validation, t->held, t->held_count, features, &options, 0,
                               t->threads, evaluation, error);
    } else {
        ok = evaluate_photos(kept, t->validation, t->held, t->held_count, &options, 0, t->threads,
                             t->listener.progress, evaluation, error);
    }
    if (!ok) return false;
    result->scores = evaluation->scores;
    result->distinct = evaluation->distinct;
    result->perplexity = evaluation->perplexity;
    result->best = result->scores.cider > t->place.best;
    if (result->best) t->place.best = result->scores.cider;
    return true;
}

static bool write_best(const struct trainer *t, struct model *kept, const struct train_epoch *epoch,
                       caption_error *error) {
    if (ranks_rank(t->ranks) > 0) return true;
    const struct scores *s = &epoch->scores;
    char scores[256], when[64] = "before the first step";
    if (epoch->epoch > 0) {
        snprintf(when, sizeof when, "epoch %zu of %zu", epoch->epoch, epoch->epochs);
    }
    snprintf(scores, sizeof scores,
             "validation, beam 3: CIDEr %.4f, BLEU-4 %.4f, ROUGE-L %.4f, distinct %zu of %zu, "
             "perplexity %.2f (%s)",
             s->cider, s->bleu[3], s->rouge_l, epoch->distinct, t->held_count, epoch->perplexity,
             when);
    return model_note(kept, "scores", scores, error) &&
           model_write(kept, NULL, SAFETENSORS_F16, t->options->output, error);
}

static bool remember(struct trainer *t, const struct train_epoch *result,
                     const struct evaluation *evaluation, caption_error *error) {
    char *said[SAMPLES];
    for (size_t i = 0; i < t->history.sample_count; i++) {
        said[i] = evaluation->captions[t->samples[i]];
    }
    return history_add_epoch(&t->history, result, said, error);
}

/* Scores the weights as they would be written, and writes them if they are the best so far. */
static bool keep_best(struct trainer *t, struct train_epoch *result, struct evaluation *evaluation,
                      caption_error *error) {
    const real *values = t->update.average ? t->update.average : t->model.parameters.values;
    struct model kept;
    if (!model_folded(&t->model, values, &kept, error)) return false;
    bool ok = validate(t, &kept, result, evaluation, error);
    if (ok && result->best && !write_best(t, &kept, result, error)) {
        evaluation_free(evaluation);
        ok = false;
    }
    model_free(&kept);
    return ok;
}

bool validation_of_epoch(struct trainer *t, struct train_epoch *result, caption_error *error) {
    struct evaluation evaluation;
    if (!keep_best(t, result, &evaluation, error)) return false;
    const bool ok = remember(t, result, &evaluation, error);
    evaluation_free(&evaluation);
    return ok;
}

bool validation_of_start(struct trainer *t, caption_error *error) {
    const struct train_place *place = &t->place;
    if (!start_is_captioner(t->options) || place->best >= 0 || place->epoch + place->step > 0) {
        return true;
    }
    struct train_epoch start = {.epochs = trainer_epochs(t->options),
                                .phase = t->features.plain ? TRAIN_FROZEN : TRAIN_JOINT};
    struct evaluation evaluation;
    if (!keep_best(t, &start, &evaluation, error)) return false;
    evaluation_free(&evaluation);
    trainer_say(t, "before the first step: CIDEr %.2f, BLEU-4 %.2f on the photos to validate on",
                100 * start.scores.cider, 100 * start.scores.bleu[3]);
    return true;
}

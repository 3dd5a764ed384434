#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "eval/evaluate.h"
#include "train/start.h"

/* Sample photos whose captions are stored after every epoch. */
enum { SAMPLES = 12 };

void validation_choose_measure(struct trainer *t) {
    t->history.by_perplexity = t->validation_count < FEWEST_TO_VALIDATE;
    if (!t->history.by_perplexity) return;
    trainer_say(t,
                "CIDEr says little of %zu photo%s to validate on (fewer than %d): the weights with "
                "the lowest perplexity are kept",
                t->validation_count, t->validation_count == 1 ? "" : "s", FEWEST_TO_VALIDATE);
}

/* The measure that weights are compared by, at least 0: more is better. */
static double measure(const struct trainer *t, const struct train_epoch *epoch) {
    return t->history.by_perplexity ? 1 / epoch->perplexity : epoch->scores.cider;
}

bool validation_choose_samples(struct trainer *t, caption_error *error) {
    struct train_history *history = &t->history;
    size_t *drawn = memory_zeroed(t->validation_count, sizeof *drawn, "a list of photos", error);
    if (!drawn) return false;
    for (size_t i = 0; i < t->validation_count; i++) drawn[i] = i;
    /* Independent of the seed: two runs on the same data show the same photos. */
    struct random random = random_seeded(0, STREAM_SAMPLES);
    random_shuffle(&random, drawn, t->validation_count);
    const size_t count = t->validation_count < SAMPLES ? t->validation_count : SAMPLES;
    t->samples = drawn;
    history->samples = memory_zeroed(count, sizeof *history->samples, "sample photos", error);
    if (!history->samples) return false;
    history->sample_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &t->validation->photos[t->validation_photos[drawn[i]]];
        history->samples[i] =
            (struct train_sample){.name = photo->name,
                                  .file = dataset_photo_file(photo),
                                  .references = t->validation->captions + photo->first,
                                  .reference_count = photo->count};
    }
    return true;
}

/* The results of weights on the validation photos. */
struct verdict {
    struct train_part_scores *parts; /* of history.parts */
    char **captions;                 /* [validation_count] */
    size_t count;                    /* photos */
};

static bool verdict_init(struct verdict *verdict, const struct trainer *t, caption_error *error) {
    static const char what[] = "the scores of an epoch";
    const size_t parts = t->history.parts.count;
    *verdict = (struct verdict){.count = t->validation_count};
    verdict->parts = memory_zeroed(parts, sizeof *verdict->parts, what, error);
    verdict->captions = memory_zeroed(t->validation_count, sizeof *verdict->captions, what, error);
    return verdict->parts && verdict->captions;
}

static void verdict_free(struct verdict *verdict) {
    for (size_t i = 0; verdict->captions && i < verdict->count; i++) free(verdict->captions[i]);
    free(verdict->captions);
    free(verdict->parts);
}

/* Captions the photos of a part and scores them separately. */
static bool evaluate_part(struct trainer *t, const struct model *kept,
                          const struct dataset_part *part, struct evaluation *evaluation,
                          caption_error *error) {
    caption_options options = caption_options_default();
    options.precision = CAPTION_PRECISION_F32; /* the same score on any processor, up to rounding */
    const struct dataset_selection photos = {t->validation, t->validation_photos + part->first,
                                             part->count};
    options.style = evaluate_style(kept, t->validation, part, photos.photos);
    const struct evaluator evaluator = {.model = kept,
                                        .options = &options,
                                        .threads = t->threads,
                                        .progress = t->listener.progress};
    if (!t->features.plain) return evaluate_photos(&evaluator, &photos, evaluation, error);
    const size_t row = t->train_count + part->first;
    return evaluate_features(&evaluator, &photos, t->features.plain + row * t->features.width,
                             evaluation, error);
}

static bool judge_part(struct trainer *t, const struct model *kept, size_t index,
                       struct verdict *verdict, caption_error *error) {
    const struct dataset_part *part = &t->history.parts.items[index];
    struct evaluation evaluation;
    if (!evaluate_part(t, kept, part, &evaluation, error)) return false;
    verdict->parts[index] = (struct train_part_scores){.scores = evaluation.scores,
                                                       .perplexity = evaluation.perplexity,
                                                       .distinct = evaluation.distinct};
    for (size_t i = 0; i < part->count; i++) {
        verdict->captions[part->first + i] = evaluation.captions[i];
        evaluation.captions[i] = NULL; /* now owned by the verdict */
    }
    evaluation_free(&evaluation);
    return true;
}

/* Captions the validation photos with the model that would be written. */
static bool validate(struct trainer *t, const struct model *kept, struct train_epoch *result,
                     struct verdict *verdict, caption_error *error) {
    const size_t parts = t->history.parts.count;
    for (size_t i = 0; i < parts; i++) {
        if (!judge_part(t, kept, i, verdict, error)) return false;
    }
    history_sum_up(verdict->parts, parts, result);
    result->best = t->options->keep_last || measure(t, result) > t->place.best;
    if (result->best) t->place.best = measure(t, result);
    return true;
}

/* The scores in a line for the model's metadata; freed with free(). */
static char *describe(const struct trainer *t, const struct train_epoch *epoch,
                      const struct verdict *verdict, caption_error *error) {
    const struct scores *s = &epoch->scores;
    struct text_stream text;
    if (!text_stream_open(&text, "a note", error)) return NULL;
    FILE *stream = text.stream;
    fprintf(stream,
            "validation, beam 3: CIDEr %.4f, BLEU-4 %.4f, ROUGE-L %.4f, distinct %zu of %zu, "
            "perplexity %.2f",
            s->cider, s->bleu[3], s->rouge_l, epoch->distinct, t->validation_count,
            epoch->perplexity);
    if (epoch->epoch == 0) fputs(" (before the first step)", stream);
    if (epoch->epoch > 0) fprintf(stream, " (epoch %zu of %zu)", epoch->epoch, epoch->epochs);
    for (size_t i = 0; i < history_parts(&t->history); i++) {
        const struct scores *part = &verdict->parts[i].scores;
        fprintf(stream, "; %s: CIDEr %.4f, BLEU-4 %.4f", t->history.parts.items[i].name,
                part->cider, part->bleu[3]);
    }
    return text_stream_close(&text, error);
}

/* Weights that do not fit into the file, and how they came about. */
static bool write_error(const struct train_epoch *epoch, caption_error *error) {
    char cause[96];
    if (epoch->epoch == 0 || !error || error->status != CAPTION_ERROR_ARGUMENT) return false;
    snprintf(cause, sizeof cause, "training diverged in epoch %zu: try a lower learning rate",
             epoch->epoch);
    return error_prefix(error, cause);
}

static bool write_best(const struct trainer *t, struct model *kept, const struct train_epoch *epoch,
                       const struct verdict *verdict, caption_error *error) {
    if (ranks_rank(t->ranks) > 0) return true;
    char *scores = describe(t, epoch, verdict, error);
    const bool ok = scores && model_note(kept, "scores", scores, error) &&
                    model_write(kept, NULL, SAFETENSORS_F16, t->options->output, error);
    free(scores);
    return ok || write_error(epoch, error);
}

static bool remember(struct trainer *t, const struct train_epoch *result,
                     const struct verdict *verdict, caption_error *error) {
    char *captions[SAMPLES];
    for (size_t i = 0; i < t->history.sample_count; i++) {
        captions[i] = verdict->captions[t->samples[i]];
    }
    return history_add_epoch(&t->history, result, captions, verdict->parts, error);
}

/* Scores the weights as they would be written, and writes them if they are the best so far. */
static bool keep_best(struct trainer *t, struct train_epoch *result, struct verdict *verdict,
                      caption_error *error) {
    const real *values = t->update.average ? t->update.average : t->model.parameters.values;
    struct model kept;
    if (!model_folded(&t->model, values, &kept, error)) return false;
    const bool ok = model_round(&kept, error) && validate(t, &kept, result, verdict, error) &&
                    (!result->best || write_best(t, &kept, result, verdict, error));
    model_free(&kept);
    return ok;
}

bool validation_of_epoch(struct trainer *t, struct train_epoch *result, caption_error *error) {
    struct verdict verdict;
    const bool ok = verdict_init(&verdict, t, error) && keep_best(t, result, &verdict, error) &&
                    remember(t, result, &verdict, error);
    verdict_free(&verdict);
    return ok;
}

static void say_start(const struct trainer *t, const struct train_epoch *start,
                      const struct verdict *verdict) {
    trainer_say(t,
                "before the first step: CIDEr %.2f, BLEU-4 %.2f, perplexity %.2f on the photos to "
                "validate on",
                100 * start->scores.cider, 100 * start->scores.bleu[3], start->perplexity);
    for (size_t i = 0; i < history_parts(&t->history); i++) {
        const struct scores *part = &verdict->parts[i].scores;
        trainer_say(t, "before the first step, %s: CIDEr %.2f, BLEU-4 %.2f",
                    t->history.parts.items[i].name, 100 * part->cider, 100 * part->bleu[3]);
    }
}

bool validation_of_start(struct trainer *t, caption_error *error) {
    const struct train_place *place = &t->place;
    if (!start_is_captioner(t->options) || place->best >= 0 || place->epoch + place->step > 0) {
        return true;
    }
    struct train_epoch start = {.epochs = epoch_total(t->options),
                                .phase = t->features.plain ? TRAIN_FROZEN : TRAIN_JOINT};
    struct verdict verdict;
    const bool ok = verdict_init(&verdict, t, error) && keep_best(t, &start, &verdict, error);
    if (ok) say_start(t, &start, &verdict);
    if (ok) t->history.start = start;
    verdict_free(&verdict);
    return ok;
}

/* "CIDEr 56.40" */
static void put_measure(const struct trainer *t, const struct train_epoch *epoch, char *out,
                        size_t size) {
    if (t->history.by_perplexity)
        snprintf(out, size, "perplexity %.2f", epoch->perplexity);
    else
        snprintf(out, size, "CIDEr %.2f", 100 * epoch->scores.cider);
}

void validation_say_kept(const struct trainer *t) {
    const struct train_epoch *best = history_best(&t->history), *start = &t->history.start;
    const char *output = t->options->output;
    char after[40], before[40];
    put_measure(t, start, before, sizeof before);
    if (!best) {
        if (start->epochs > 0)
            trainer_say(t, "%s: as it was before the first step: %s, which no epoch reached",
                        output, before);
        return;
    }
    put_measure(t, best, after, sizeof after);
    if (start->epochs > 0)
        trainer_say(t, "%s: epoch %zu of %zu, %s (before the first step %s)", output, best->epoch,
                    best->epochs, after, before);
    else
        trainer_say(t, "%s: epoch %zu of %zu, %s", output, best->epoch, best->epochs, after);
}

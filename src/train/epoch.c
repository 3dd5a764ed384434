#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/trainer.h"

size_t epoch_total(const struct train_options *options) {
    return (options->text_count > 0 ? options->text_epochs : 0) + options->epochs +
           options->self_critical_synthetic + options->self_critical;
}

enum train_phase epoch_phase(const struct train_options *options, size_t epoch) {
    const size_t text = options->text_count > 0 ? options->text_epochs : 0;
    if (epoch < text) return options->text_captions > 0 ? TRAIN_SYNTHETIC : TRAIN_TEXT;
    const size_t drawing = text + options->epochs;
    if (epoch >= drawing + options->self_critical_synthetic) return TRAIN_SELF_CRITICAL;
    if (epoch >= drawing) return TRAIN_SELF_CRITICAL_SYNTHETIC;
    return epoch < text + options->freeze_encoder ? TRAIN_FROZEN : TRAIN_JOINT;
}

bool epoch_trains_encoder(const struct train_options *options, enum train_phase phase) {
    const bool never = options->freeze_encoder > 0 && options->freeze_encoder >= options->epochs;
    return phase == TRAIN_JOINT || (phase == TRAIN_SELF_CRITICAL && !never);
}

bool epoch_draws(enum train_phase phase) {
    return phase == TRAIN_SELF_CRITICAL_SYNTHETIC || phase == TRAIN_SELF_CRITICAL;
}

bool epoch_ever_draws(const struct train_options *options) {
    return options->self_critical_synthetic > 0 || options->self_critical > 0;
}

bool epoch_uses_synthetic(enum train_phase phase) {
    return phase == TRAIN_SYNTHETIC || phase == TRAIN_SELF_CRITICAL_SYNTHETIC;
}

bool epoch_reads_stream(const struct train_options *options) {
    return options->text_count > 0 && options->text_captions == 0;
}

size_t epoch_text_rows(const struct train_options *options) {
    return options->batch_size * TRAIN_TEXT_ROWS;
}

bool epoch_has_phase(const struct train_options *options, enum train_phase phase, size_t first) {
    for (size_t epoch = first; epoch < epoch_total(options); epoch++) {
        if (epoch_phase(options, epoch) == phase) return true;
    }
    return false;
}

/* Showings of every photo. */
static size_t whole_times(const struct epoch_share *share) {
    return (size_t)share->repeat;
}

/* Photos that are shown once more. */
static size_t extra_photos(const struct epoch_share *share) {
    const double rest = (double)share->repeat - (double)whole_times(share);
    if (rest <= 0 || share->count == 0) return 0;
    const size_t extra = (size_t)(rest * (double)share->count + 0.5);
    return extra > 0 ? extra : 1;
}

size_t epoch_plan_showings(const struct epoch_share *share) {
    return whole_times(share) * share->count + extra_photos(share);
}

void epoch_plan_turns(const struct epoch_share *share, struct random random, size_t *turns) {
    for (size_t i = 0; i < share->count; i++) turns[share->first + i] = share->first + i;
    random_shuffle(&random, turns + share->first, share->count);
}

size_t epoch_plan_fill(const struct epoch_share *share, const size_t *turns, size_t epoch,
                       size_t stride, size_t *showings) {
    const size_t times = whole_times(share), extra = extra_photos(share);
    size_t filled = 0;
    for (size_t copy = 0; copy < times; copy++) {
        for (size_t i = 0; i < share->count; i++) {
            showings[filled++] = copy * stride + share->first + i;
        }
    }
    for (size_t i = 0; i < extra; i++) {
        const size_t turn = (epoch % share->count * extra + i) % share->count;
        showings[filled++] = times * stride + turns[share->first + turn];
    }
    return filled;
}

void epoch_plan_shuffle(struct random *random, size_t *showings, size_t count, size_t buffer) {
    for (size_t i = 0; i < count; i++) {
        const size_t left = count - i;
        const size_t j = i + random_below(random, left < buffer ? left : buffer);
        const size_t drawn = showings[j];
        showings[j] = showings[i];
        showings[i] = drawn;
    }
}

size_t epoch_showings(const struct trainer *trainer) {
    size_t showings = 0;
    for (size_t i = 0; i < trainer->options->set_count; i++) {
        showings += epoch_plan_showings(&trainer->shares[i]);
    }
    return showings;
}

size_t epoch_photos(const struct trainer *t, enum train_phase phase) {
    return epoch_showings(t) + (epoch_uses_synthetic(phase) ? train_data_pseudo_photos(t) : 0);
}

bool epoch_init_order(struct trainer *t, caption_error *error) {
    const size_t most = epoch_showings(t) + train_data_pseudo_photos(t);
    t->turns = memory_zeroed(t->train_count, sizeof *t->turns, "an epoch", error);
    t->order = memory_zeroed(most, sizeof *t->order, "an epoch", error);
    if (!t->turns || !t->order) return false;
    for (size_t i = 0; i < t->options->set_count; i++)
        epoch_plan_turns(&t->shares[i], trainer_stream(t, STREAM_START, 1 + i), t->turns);
    return true;
}

size_t epoch_fill_order(struct trainer *t, size_t epoch) {
    size_t filled = 0;
    for (size_t i = 0; i < t->options->set_count; i++)
        filled += epoch_plan_fill(&t->shares[i], t->turns, epoch, train_data_photos(t),
                                  t->order + filled);
    return filled;
}

/* Only a run that reads archives one after the other needs them. */
static bool init_archives(struct trainer *t, caption_error *error) {
    if (t->options->shuffle_buffer == 0) return true;
    const size_t most = epoch_showings(t) + train_data_pseudo_photos(t);
    t->runs = memory_zeroed(most, sizeof *t->runs, "an epoch", error);
    t->archived = memory_zeroed(most, sizeof *t->archived, "an epoch", error);
    return t->runs && t->archived;
}

bool epoch_init(struct trainer *t, caption_error *error) {
    return epoch_init_order(t, error) && init_archives(t, error);
}

/* The photo of a showing. */
static size_t photo_of(const struct trainer *t, size_t showing) {
    return showing % train_data_photos(t);
}

struct photo_file epoch_photo_file(const struct trainer *t, size_t showing) {
    return dataset_photo_file(&t->dataset.photos[t->train[photo_of(t, showing)]]);
}

/* The showings of an epoch, those of pseudo-captions last. */
static void list_showings(struct trainer *t, size_t epoch, size_t photos) {
    size_t filled = epoch_fill_order(t, epoch);
    for (size_t pseudo = t->train_count; filled < photos; pseudo++) t->order[filled++] = pseudo;
}

/* The archive that a showing's photo lies in; NULL: in none. */
static const char *archive_of(const struct trainer *t, size_t showing) {
    const size_t index = photo_of(t, showing);
    if (index >= t->train_count) return NULL;
    const struct dataset_photo *photo = &t->dataset.photos[t->train[index]];
    return photo->member ? photo->path : NULL;
}

/* The end of the showings from `begin` on that are read out of one archive. */
static size_t archive_end(const struct trainer *t, size_t begin, size_t photos) {
    const char *archive = archive_of(t, t->order[begin]);
    size_t end = begin + 1;
    while (archive && end < photos) {
        const char *next = archive_of(t, t->order[end]);
        if (!next || strcmp(next, archive) != 0) break;
        end++;
    }
    return end;
}

/* Archives in an order that is drawn, and in them the photos as they lie but for the buffer. */
static void shuffle_archives(struct trainer *t, size_t photos, struct random random) {
    size_t runs = 0, filled = 0;
    for (size_t i = 0; i < photos; i = archive_end(t, i, photos)) t->runs[runs++] = i;
    random_shuffle(&random, t->runs, runs);
    for (size_t i = 0; i < runs; i++) {
        const size_t count = archive_end(t, t->runs[i], photos) - t->runs[i];
        memcpy(t->archived + filled, t->order + t->runs[i], count * sizeof *t->order);
        filled += count;
    }
    memcpy(t->order, t->archived, photos * sizeof *t->order);
    epoch_plan_shuffle(&random, t->order, photos, t->options->shuffle_buffer);
}

void epoch_order(struct trainer *t, size_t epoch) {
    struct random random = trainer_stream(t, STREAM_ORDER, epoch);
    const size_t photos = epoch_photos(t, epoch_phase(t->options, epoch));
    list_showings(t, epoch, photos);
    if (t->options->shuffle_buffer > 0)
        shuffle_archives(t, photos, random);
    else
        random_shuffle(&random, t->order, photos);
}

struct augment epoch_augment(const struct trainer *t, size_t showing, bool trainable) {
    const struct train_options *o = t->options;
    const size_t index = photo_of(t, showing), copy = showing / train_data_photos(t);
    const struct dataset_photo *photo = &t->dataset.photos[t->train[index]];
    struct augment_strength strength = {.crop = trainable ? o->crop : 0,
                                        .color = trainable ? o->color : 0,
                                        .flip =
                                            o->flip && !dataset_photo_is_sided(&t->dataset, photo)};
    const uint64_t turn = (uint64_t)copy * epoch_total(o) + t->place.epoch;
    struct random random = trainer_stream(t, STREAM_PHOTO, turn * t->train_count + index);
    return augment_draw(&strength, &random);
}

/* Share of photos shown without a style, so that captions without a style are trained too: of
 * photos that have a style, and of the others, which otherwise train a random style. */
static const float share_without_own = 0.2F, share_without_any = 0.5F;

/* The caption style of a showing. */
static size_t draw_style(const struct trainer *t, size_t showing) {
    const size_t index = photo_of(t, showing), copy = showing / train_data_photos(t);
    if (!t->styles || index >= t->train_count) return STYLE_NONE;
    const size_t own = t->styles[index];
    const uint64_t turn = (uint64_t)copy * epoch_total(t->options) + t->place.epoch;
    struct random random = trainer_stream(t, STREAM_STYLE, turn * t->train_count + index);
    const float without = own == STYLE_NONE ? share_without_any : share_without_own;
    if (random_uniform(&random) < without) return STYLE_NONE;
    return own == STYLE_NONE ? random_below(&random, t->model.styles.count) : own;
}

struct micro_batch_photo epoch_photo(const struct trainer *t, size_t showing,
                                     bool encoder_trained) {
    const size_t index = photo_of(t, showing);
    struct micro_batch_photo photo = {.captions = train_data_captions(t, index),
                                      .row = index,
                                      .style = draw_style(t, showing),
                                      .synthetic = index >= t->train_count};
    /* For a trainable encoder, the loader draws the augmentation. */
    if (!photo.synthetic && !encoder_trained) {
        photo.augment = epoch_augment(t, showing, false);
    }
    return photo;
}

/* In self-critical epochs the encoder's rate is reduced by the same factor as the decoder's. */
static float encoder_rate(const struct train_options *o, enum train_phase phase) {
    if (!epoch_draws(phase) || o->joint_lr <= 0) return o->encoder_lr;
    return o->encoder_lr * (o->self_critical_lr / o->joint_lr);
}

struct update_rates epoch_rates(const struct trainer *t, size_t epoch, size_t step) {
    const struct train_options *o = t->options;
    const enum train_phase phase = epoch_phase(o, epoch);
    size_t first = epoch, last = epoch + 1;
    while (first > 0 && epoch_phase(o, first - 1) == phase) first--;
    while (last < epoch_total(o) && epoch_phase(o, last) == phase) last++;
    const size_t steps = step_count(t, phase);
    const float factor =
        schedule_factor((epoch - first) * steps + step, (last - first) * steps, o->warmup);
    const bool joint = epoch_trains_encoder(o, phase);
    const float rate = epoch_draws(phase) ? o->self_critical_lr : joint ? o->joint_lr : o->lr;
    return (struct update_rates){.decoder = factor * rate,
                                 .encoder = joint ? factor * encoder_rate(o, phase) : 0,
                                 .clip = o->clip,
                                 .weight_decay = o->weight_decay};
}

#include "train/trainer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

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

size_t trainer_pseudo_photos(const struct trainer *trainer) {
    const size_t each = trainer->options->text_captions;
    return each > 0 ? (trainer->pseudo.count + each - 1) / each : 0;
}

size_t trainer_showings(const struct trainer *trainer) {
    size_t showings = 0;
    for (size_t i = 0; i < trainer->options->set_count; i++) {
        showings += epoch_plan_showings(&trainer->shares[i]);
    }
    return showings;
}

size_t trainer_photos(const struct trainer *trainer) {
    return trainer->train_count + trainer_pseudo_photos(trainer);
}

static struct captions_part pseudo_captions(const struct trainer *trainer, size_t index) {
    const size_t each = trainer->options->text_captions, first = index * each;
    return (struct captions_part){&trainer->pseudo, first,
                                  size_smaller(trainer->pseudo.count - first, each)};
}

bool trainer_init_order(struct trainer *t, caption_error *error) {
    const size_t most = trainer_showings(t) + trainer_pseudo_photos(t);
    t->turns = memory_zeroed(t->train_count, sizeof *t->turns, "an epoch", error);
    t->order = memory_zeroed(most, sizeof *t->order, "an epoch", error);
    if (!t->turns || !t->order) return false;
    for (size_t i = 0; i < t->options->set_count; i++)
        epoch_plan_turns(&t->shares[i], trainer_stream(t, STREAM_START, 1 + i), t->turns);
    return true;
}

size_t trainer_fill_order(struct trainer *t, size_t epoch) {
    size_t filled = 0;
    for (size_t i = 0; i < t->options->set_count; i++)
        filled +=
            epoch_plan_fill(&t->shares[i], t->turns, epoch, trainer_photos(t), t->order + filled);
    return filled;
}

struct captions_part trainer_captions(const struct trainer *trainer, size_t index) {
    if (index >= trainer->train_count)
        return pseudo_captions(trainer, index - trainer->train_count);
    const struct dataset_photo *photo = &trainer->dataset.photos[trainer->train[index]];
    return (struct captions_part){&trainer->captions, photo->first, photo->count};
}

size_t trainer_epochs(const struct train_options *options) {
    return (options->text_count > 0 ? options->text_epochs : 0) + options->epochs +
           options->self_critical_synthetic + options->self_critical;
}

enum train_phase trainer_phase(const struct train_options *options, size_t epoch) {
    const size_t text = options->text_count > 0 ? options->text_epochs : 0;
    if (epoch < text) return options->text_captions > 0 ? TRAIN_SYNTHETIC : TRAIN_TEXT;
    const size_t drawing = text + options->epochs;
    if (epoch >= drawing + options->self_critical_synthetic) return TRAIN_SELF_CRITICAL;
    if (epoch >= drawing) return TRAIN_SELF_CRITICAL_SYNTHETIC;
    return epoch < text + options->freeze_encoder ? TRAIN_FROZEN : TRAIN_JOINT;
}

bool trainer_trains_encoder(const struct train_options *options, enum train_phase phase) {
    const bool never = options->freeze_encoder > 0 && options->freeze_encoder >= options->epochs;
    return phase == TRAIN_JOINT || (phase == TRAIN_SELF_CRITICAL && !never);
}

bool trainer_draws(enum train_phase phase) {
    return phase == TRAIN_SELF_CRITICAL_SYNTHETIC || phase == TRAIN_SELF_CRITICAL;
}

bool trainer_ever_draws(const struct train_options *options) {
    return options->self_critical_synthetic > 0 || options->self_critical > 0;
}

bool trainer_uses_synthetic(enum train_phase phase) {
    return phase == TRAIN_SYNTHETIC || phase == TRAIN_SELF_CRITICAL_SYNTHETIC;
}

bool trainer_reads_stream(const struct train_options *options) {
    return options->text_count > 0 && options->text_captions == 0;
}

size_t trainer_text_rows(const struct train_options *options) {
    return options->batch_size * TRAIN_TEXT_ROWS;
}

bool trainer_has_phase(const struct train_options *options, enum train_phase phase, size_t first) {
    for (size_t epoch = first; epoch < trainer_epochs(options); epoch++) {
        if (trainer_phase(options, epoch) == phase) return true;
    }
    return false;
}

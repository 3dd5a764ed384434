#include "train/trainer.h"

#include <stdarg.h>
#include <stdio.h>

void trainer_say(const struct trainer *trainer, const char *format, ...) {
    if (!trainer->listener.message) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    trainer->listener.message(trainer->listener.context, line);
}

struct random trainer_stream(const struct trainer *trainer, enum trainer_stream_purpose purpose,
                             uint64_t number) {
    return random_seeded(trainer->options->seed, number * STREAM_PURPOSES + (uint64_t)purpose);
}

struct captions_part trainer_captions(const struct trainer *trainer, size_t index) {
    const struct dataset_photo *photo = &trainer->dataset.photos[trainer->train[index]];
    return (struct captions_part){&trainer->captions, photo->first, photo->count};
}

size_t trainer_epochs(const struct train_options *options) {
    return (options->text_count > 0 ? options->text_epochs : 0) + options->epochs +
           options->self_critical;
}

enum train_phase trainer_phase(const struct train_options *options, size_t epoch) {
    const size_t text = options->text_count > 0 ? options->text_epochs : 0;
    if (epoch < text) return options->text_captions > 0 ? TRAIN_IMAGINED : TRAIN_TEXT;
    if (epoch >= text + options->epochs) return TRAIN_SELF_CRITICAL;
    return epoch < text + options->freeze_encoder ? TRAIN_FROZEN : TRAIN_JOINT;
}

bool trainer_encoder_learns(const struct train_options *options, enum train_phase phase) {
    return phase == TRAIN_JOINT ||
           (phase == TRAIN_SELF_CRITICAL && options->epochs > options->freeze_encoder);
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

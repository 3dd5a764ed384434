#include "nn/cell.h"
#include "train/train.h"

struct train_options train_options_default(void) {
    return (struct train_options){.cell = "gru",
                                  .hidden = 512,
                                  .embed = 512,
                                  .min_count = 3,
                                  .tbptt = 16,
                                  .epochs = 19,
                                  .freeze_encoder = 7,
                                  .batch_size = 20,
                                  .lr = 1e-3F,
                                  .joint_lr = 5e-4F,
                                  .encoder_lr = 1e-4F,
                                  .warmup = 0.05F,
                                  .dropout = 0.5F,
                                  .label_smoothing = 0.05F,
                                  .clip = 5.0F,
                                  .average = 0.998F,
                                  .crop = 0.3F,
                                  .color = 0.2F,
                                  .flip = true,
                                  .seed = 1};
}

struct train_options train_options_from_scratch(void) {
    struct train_options options = train_options_default();
    options.hidden = 256;
    options.embed = 256;
    options.epochs = 20;
    options.freeze_encoder = 0;
    options.batch_size = 64; /* batch norm wants many photos in each slice */
    options.joint_lr = 3e-3F;
    options.encoder_lr = 1e-2F;
    options.dropout = 0.1F;
    options.average = 0.98F;
    return options;
}

bool train_options_check(const struct train_options *o, caption_error *error) {
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"hidden", (double)o->hidden, 1, 16384},
        {"embed", (double)o->embed, 1, 16384},
        {"min-count", (double)o->min_count, 1, 1e9},
        {"tbptt", (double)o->tbptt, 0, 1e6},
        {"epochs", (double)o->epochs, 1, 1e6},
        {"freeze-encoder", (double)o->freeze_encoder, 0, 1e6},
        {"batch-size", (double)o->batch_size, 1, 4096},
        {"lr", (double)o->lr, 0, 10},
        {"joint-lr", (double)o->joint_lr, 0, 10},
        {"encoder-lr", (double)o->encoder_lr, 0, 10},
        {"warmup", (double)o->warmup, 0, 1},
        {"dropout", (double)o->dropout, 0, 0.95},
        {"label-smoothing", (double)o->label_smoothing, 0, 0.95},
        {"clip", (double)o->clip, 0, 1e9},
        {"average", (double)o->average, 0, 0.99999},
        {"crop", (double)o->crop, 0, 0.9},
        {"color", (double)o->color, 0, 0.9},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        double value = ranges[i].value;
        if (value >= ranges[i].low && value <= ranges[i].high) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: expected %g to %g, found %g",
                         ranges[i].name, ranges[i].low, ranges[i].high, value);
    }
    if (!cell_find(o->cell)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "cell: expected rnn, gru or lstm, found \"%s\"", o->cell);
    }
    return true;
}

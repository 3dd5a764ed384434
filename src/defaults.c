/* The defaults of all flags: of captioning, of a server and of training. Tables of flags point into
 * these structs, so what --help and the manual pages show is what stands here. A flag that belongs
 * to one command alone begins as its file in src/cli sets it. */
#include "caption.h"
#include "image/image.h"
#include "serve/serve.h"
#include "train/train.h"

caption_options caption_options_default(void) {
    return (caption_options){
        .beam_size = 5,
        .top = 1,
        .max_length = 20,
        .min_length = 0,
        .length_penalty = 0.7F,
        .no_repeat_ngram = 3,
        .repeat_words = false,
        .sample = false,
        .temperature = 1,
        .top_k = 0,
        .top_p = 1,
        .seed = 0,
        .first_photo = 0,
        .prefix = NULL,
        .style = NULL,
        .neutral = false,
        .threads = 0,
        .max_pixels = IMAGE_MAX_PIXELS,
        .memory = 0,
        .precision = CAPTION_PRECISION_AUTO,
        .tags = 0,
        .tag_confidence = 0.3F,
        .min_confidence = 0,
        .unsure = CAPTION_UNSURE_SKIP,
    };
}

struct serve_options serve_options_default(void) {
    struct serve_options options = {.host = "127.0.0.1",
                                    .port = 11434,
                                    .captioning = caption_options_default(),
                                    .most_body = 32,
                                    .most_bodies = 256,
                                    .most_connections = 2048,
                                    .most_queue = 256,
                                    .seconds = 30};
    options.captioning.max_pixels = (size_t)100 * 1000 * 1000;
    return options;
}

struct train_options train_options_default(void) {
    return (struct train_options){.min_count = 3,
                                  .epochs = 19,
                                  .freeze_encoder = 7,
                                  .text_epochs = 1,
                                  .batch_size = 20,
                                  .micro_batch = 5,
                                  .tbptt = 16,
                                  .tag_weight = 1,
                                  .lr = 1e-3F,
                                  .joint_lr = 5e-4F,
                                  .encoder_lr = 1e-4F,
                                  .self_critical_samples = 5,
                                  .self_critical_temperature = 0.4F,
                                  .self_critical_lr = 1e-4F,
                                  .warmup = 0.05F,
                                  .dropout = 0.5F,
                                  .label_smoothing = 0.05F,
                                  .clip = 5.0F,
                                  .average = 0.998F,
                                  .crop = 0.3F,
                                  .color = 0.2F,
                                  .flip = true,
                                  .split_seed = 1,
                                  .checkpoint_minutes = 10,
                                  .seed = 1};
}

struct train_options train_options_fine_tuning(void) {
    struct train_options options = train_options_default();
    options.epochs = 15;
    options.freeze_encoder = 3;
    options.lr = 3e-4F;
    options.joint_lr = 3e-4F;
    return options;
}

struct train_options train_options_from_scratch(void) {
    struct train_options options = train_options_default();
    options.cell =
        "lstm"; /* learns faster than the others to remember the image until the last words */
    options.hidden = 256;
    options.embed = 256;
    options.epochs = 20;
    options.freeze_encoder = 0;
    options.batch_size = 64;
    options.micro_batch = 32; /* batch norm needs many photos in each micro-batch */
    options.joint_lr = 3e-3F;
    options.encoder_lr = 1e-2F;
    options.dropout = 0;
    options.label_smoothing = 0;
    options.average = 0.98F;
    return options;
}

struct train_options train_options_search(void) {
    struct train_options options = train_options_default();
    options.search = true;
    options.epochs = 16;
    options.batch_size = 128;
    options.lr = 3e-3F;
    options.dropout = 0.2F;
    options.image_dropout = 0.2F;
    options.clip = 2;
    options.average = 0.995F;
    return options;
}

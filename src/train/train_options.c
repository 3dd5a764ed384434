#include <string.h>

#include "nn/cell.h"
#include "train/slice.h"
#include "train/start.h"
#include "train/train.h"
#include "train/trainer.h"

struct train_options train_options_default(void) {
    return (struct train_options){.min_count = 3,
                                  .epochs = 19,
                                  .freeze_encoder = 7,
                                  .text_epochs = 1,
                                  .batch_size = 20,
                                  .slice = 5,
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
    options.slice = 32; /* batch norm needs many photos in each micro-batch */
    options.joint_lr = 3e-3F;
    options.encoder_lr = 1e-2F;
    options.dropout = 0;
    options.label_smoothing = 0;
    options.average = 0.98F;
    return options;
}

/* A numeric option, its range, and whether the run depends on it beyond the model that it starts
 * from. */
struct number {
    const char *name;
    double value, low, high;
    bool decides;
};

enum { NUMBERS = 35 };

/* Of the word head. */
enum { MOST_TAGS = 16384 };

/* Self-critical epochs, a mean of models or another image size give a result without an epoch over
 * captions. */
static size_t fewest_epochs(const struct train_options *o) {
    const bool resized = start_is_captioner(o) && o->image_size > 0;
    return trainer_ever_draws(o) || o->mean_count > 0 || resized ? 0 : 1;
}

static void list_numbers(const struct train_options *o, struct number list[NUMBERS]) {
    const struct number numbers[NUMBERS] = {
        {"hidden", (double)o->hidden, 0, 16384, false},
        {"embed", (double)o->embed, 0, 16384, false},
        {"image-size", (double)o->image_size, 0, 1024, false},
        {"min-count", (double)o->min_count, 1, 1e9, true},
        {"tags", (double)o->tags, 0, MOST_TAGS, true},
        {"tag-weight", (double)o->tag_weight, 0, 1000, true},
        {"epochs", (double)o->epochs, (double)fewest_epochs(o), 1e6, true},
        {"freeze-encoder", (double)o->freeze_encoder, 0, 1e6, true},
        {"text-captions", (double)o->text_captions, 0, 1000, true},
        {"text-epochs", (double)o->text_epochs, 0, 1e6, true},
        {"self-critical-imagined", (double)o->self_critical_imagined, 0, 1e6, true},
        {"self-critical", (double)o->self_critical, 0, 1e6, true},
        {"batch-size", (double)o->batch_size, 1, 4096, true},
        {"slice", (double)o->slice, 1, 4096, true},
        {"tbptt", (double)o->tbptt, 0, 1e6, true},
        {"lr", (double)o->lr, 0, 10, true},
        {"joint-lr", (double)o->joint_lr, 0, 10, true},
        {"encoder-lr", (double)o->encoder_lr, 0, 10, true},
        {"self-critical-samples", (double)o->self_critical_samples, 2, SLICE_MOST_SAMPLES, true},
        {"self-critical-bleu", (double)o->self_critical_bleu, 0, 100, true},
        {"self-critical-temperature", (double)o->self_critical_temperature, 0.01, 100, true},
        {"self-critical-lr", (double)o->self_critical_lr, 0, 10, true},
        {"warmup", (double)o->warmup, 0, 1, true},
        {"weight-decay", (double)o->weight_decay, 0, 10, true},
        {"average", (double)o->average, 0, 0.99999, true},
        {"clip", (double)o->clip, 0, 1e9, true},
        {"dropout", (double)o->dropout, 0, 0.95, true},
        {"image-dropout", (double)o->image_dropout, 0, 0.95, true},
        {"drop-path", (double)o->drop_path, 0, 0.95, true},
        {"label-smoothing", (double)o->label_smoothing, 0, 0.95, true},
        {"crop", (double)o->crop, 0, 0.9, true},
        {"color", (double)o->color, 0, 0.9, true},
        {"flip", (double)o->flip, 0, 1, true},
        {"patience", (double)o->patience, 0, 1e6, false},
        {"checkpoint-minutes", (double)o->checkpoint_minutes, 0, 1e6, false},
    };
    memcpy(list, numbers, sizeof numbers);
}

/* How often each data set is shown; omitted where all are shown once. */
static bool put_repeats(cJSON *settings, const struct train_options *o) {
    bool once = true;
    for (size_t i = 0; i < o->set_count; i++) once = once && o->sets[i].repeat == 1;
    if (once) return true;
    cJSON *repeats = cJSON_AddArrayToObject(settings, "repeat");
    for (size_t i = 0; repeats && i < o->set_count; i++) {
        cJSON *number = cJSON_CreateNumber((double)o->sets[i].repeat);
        if (number && cJSON_AddItemToArray(repeats, number)) continue;
        cJSON_Delete(number);
        return false;
    }
    return repeats != NULL;
}

/* Styles to train, where there are any. */
static bool put_styles(cJSON *settings, const struct train_options *o) {
    if (o->style_count == 0) return true;
    cJSON *names = cJSON_CreateStringArray(o->styles, (int)o->style_count);
    if (names && cJSON_AddItemToObject(settings, "styles", names)) return true;
    cJSON_Delete(names);
    return false;
}

cJSON *train_options_json(const struct train_options *o) {
    struct number numbers[NUMBERS];
    list_numbers(o, numbers);
    char seed[24]; /* as text: a JSON number cannot hold 64 bits */
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    cJSON *settings = cJSON_CreateObject();
    bool ok = settings && cJSON_AddStringToObject(settings, "seed", seed);
    for (size_t i = 0; ok && i < NUMBERS; i++) {
        if (!numbers[i].decides) continue;
        ok = cJSON_AddNumberToObject(settings, numbers[i].name, numbers[i].value) != NULL;
    }
    if (ok && put_repeats(settings, o) && put_styles(settings, o)) return settings;
    cJSON_Delete(settings);
    return NULL;
}

/* The flag that requests a new decoder, where start_is_captioner is false. */
static const char *new_decoder_flag(const struct train_options *o) {
    return o->encoder ? "encoder" : "encoder-arch";
}

/* A captioner and an encoder to start from exclude each other. */
static bool check_start(const struct train_options *o, caption_error *error) {
    if (o->init && !start_is_captioner(o)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--%s %.160s: contradicts --init %.160s, which brings an encoder of its "
                         "own",
                         new_decoder_flag(o), o->encoder ? o->encoder : o->encoder_arch, o->init);
    }
    if (o->mean_count > 0 && !start_is_captioner(o)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--mean-with %.160s: contradicts --%s: a new decoder is like no other",
                         o->mean_with[0], new_decoder_flag(o));
    }
    if (o->vocab && !start_is_captioner(o)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--vocab %s: contradicts --%s: a new decoder knows no words to start from",
                         o->vocab, new_decoder_flag(o));
    }
    return true;
}

/* Largest number of times that an epoch shows a data set. */
enum { MOST_REPEATS = 1000 };

static bool check_sets(const struct train_options *o, caption_error *error) {
    bool shown = false;
    for (size_t i = 0; i < o->set_count; i++) {
        if (!o->sets[i].validation != !o->sets[0].validation) {
            return error_set(
                error, CAPTION_ERROR_ARGUMENT,
                "val: expected a data set to validate on for each data set or for none");
        }
        const double repeat = (double)o->sets[i].repeat;
        if (!(repeat >= 0 && repeat <= MOST_REPEATS)) {
            return error_set(error, CAPTION_ERROR_ARGUMENT, "repeat: expected 0 to %d, found %g",
                             MOST_REPEATS, repeat);
        }
        shown = shown || repeat > 0;
    }
    return shown || error_set(error, CAPTION_ERROR_ARGUMENT,
                              "repeat: expected a data set to learn from, found %s",
                              o->set_count > 0 ? "0 for all of them" : "no data set");
}

bool train_options_check(const struct train_options *o, caption_error *error) {
    struct number numbers[NUMBERS];
    list_numbers(o, numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct number *n = &numbers[i];
        if (n->value >= n->low && n->value <= n->high) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: expected %g to %g, found %g", n->name,
                         n->low, n->high, n->value);
    }
    if (o->cell && !cell_find(o->cell)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "cell: expected rnn, gru or lstm, found \"%s\"", o->cell);
    }
    if (o->image_input && !decoder_knows_image_input(o->image_input)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "image-input: expected first or every, found \"%s\"", o->image_input);
    }
    if (o->vocab && strcmp(o->vocab, "keep") != 0 && strcmp(o->vocab, "extend") != 0 &&
        strcmp(o->vocab, "rebuild") != 0) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "vocab: expected keep, extend or rebuild, found \"%s\"", o->vocab);
    }
    if (o->self_critical_imagined > 0 && (o->text_count == 0 || o->text_captions == 0)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "self-critical-imagined: expected a text that photos are imagined from, "
                         "found %s",
                         o->text_count == 0 ? "no text" : "no text-captions");
    }
    return check_sets(o, error) && check_start(o, error);
}

#include <stddef.h>
#include <string.h>

#include "nn/cell.h"
#include "train/micro_batch.h"
#include "train/start.h"
#include "train/train.h"
#include "train/trainer.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define SIZE(field) TRAIN_OPTION_SIZE, offsetof(struct train_options, field)
#define FLOAT(field) TRAIN_OPTION_FLOAT, offsetof(struct train_options, field)
#define BOOL(field) TRAIN_OPTION_BOOL, offsetof(struct train_options, field)

const struct train_option train_option_table[TRAIN_OPTIONS] = {
    {"hidden", SIZE(hidden), 0, 16384, false, TRAIN_OPTION_MODEL, "N",
     "size of its state; 0: " TEXT(TRAIN_NEW_WIDTH) ", or that of --init"},
    {"embed", SIZE(embed), 0, 16384, false, TRAIN_OPTION_MODEL, "N",
     "size of the word vectors; 0: " TEXT(TRAIN_NEW_WIDTH) ", or that of --init"},
    {"image-size", SIZE(image_size), 0, 1024, false, TRAIN_OPTION_MODEL, "PIXELS",
     "side of the encoder's square, 0: what the encoder was made for, or that of "
     "--init"},
    {"min-count", SIZE(min_count), 1, 1e9, true, TRAIN_OPTION_MODEL, "N",
     "words seen less often are unknown"},
    {"tags", SIZE(tags), 0, 16384, true, TRAIN_OPTION_MODEL, "N",
     "words of content, as dog or red, that it learns to name from the photo "
     "alone and sees beside it; 0: none, or those of --init"},
    {"tag-weight", FLOAT(tag_weight), 0, 1000, true, TRAIN_OPTION_LEARNING, "X",
     "weight of the tags' loss beside that of the captions"},
    {"epochs", SIZE(epochs), 0, 1e6, true, TRAIN_OPTION_LEARNING, "N", "passes over the photos"},
    {"freeze-encoder", SIZE(freeze_encoder), 0, 1e6, true, TRAIN_OPTION_LEARNING, "N",
     "of them, the first N teach the decoder alone"},
    {"text-captions", SIZE(text_captions), 0, 1000, true, TRAIN_OPTION_DATA, "N",
     "N lines in a row are captions of one photo, whose features are made from their words; "
     "0: they are one text"},
    {"text-epochs", SIZE(text_epochs), 0, 1e6, true, TRAIN_OPTION_LEARNING, "N",
     "passes over the text of --text, before the photos"},
    {"self-critical-synthetic", SIZE(self_critical_synthetic), 0, 1e6, true, TRAIN_OPTION_LEARNING,
     "N",
     "before those, passes that reward the decoder alone, over the photos that "
     "--text-captions adds as well"},
    {"self-critical", SIZE(self_critical), 0, 1e6, true, TRAIN_OPTION_LEARNING, "N",
     "afterwards, passes in which it is rewarded for captions of its own (CIDEr)"},
    {"batch-size", SIZE(batch_size), 1, 4096, true, TRAIN_OPTION_LEARNING, "N",
     "photos a step, each with all its captions; for a search part with one, and 2 photos or more"},
    {"micro-batch", SIZE(micro_batch), 1, 4096, true, TRAIN_OPTION_LEARNING, "N",
     "photos computed at a time: a step is divided into micro-batches, which threads "
     "share"},
    {"shuffle-buffer", SIZE(shuffle_buffer), 0, 1e9, false, TRAIN_OPTION_DATA, "N",
     "read tar archives one after the other, in an order drawn for each pass, and shuffle photos "
     "among the next N only; for storage that is slow at random places. 0: shuffle all"},
    {"tbptt", SIZE(tbptt), 0, 1e6, true, TRAIN_OPTION_LEARNING, "STEPS",
     "cut back-propagation through time after so many steps; 0: never"},
    {"lr", FLOAT(lr), 0, 10, true, TRAIN_OPTION_LEARNING, "X", "learning rate of the decoder"},
    {"joint-lr", FLOAT(joint_lr), 0, 10, true, TRAIN_OPTION_LEARNING, "X",
     "the same once the encoder learns too"},
    {"encoder-lr", FLOAT(encoder_lr), 0, 10, true, TRAIN_OPTION_LEARNING, "X",
     "learning rate of the encoder"},
    {"self-critical-samples", SIZE(self_critical_samples), 2, MICRO_BATCH_MOST_SAMPLES, true,
     TRAIN_OPTION_LEARNING, "N", "captions drawn for each photo then"},
    {"self-critical-bleu", FLOAT(self_critical_bleu), 0, 100, true, TRAIN_OPTION_LEARNING, "X",
     "weight of BLEU-4 in their reward, beside CIDEr"},
    {"self-critical-temperature", FLOAT(self_critical_temperature), 0.01, 100, true,
     TRAIN_OPTION_LEARNING, "X", "of those captions: below 1 they are nearer to what is said"},
    {"self-critical-lr", FLOAT(self_critical_lr), 0, 10, true, TRAIN_OPTION_LEARNING, "X",
     "learning rate of the decoder in self-critical passes"},
    {"warmup", FLOAT(warmup), 0, 1, true, TRAIN_OPTION_LEARNING, "SHARE",
     "share of the steps in which the rate rises; then it falls as a cosine"},
    {"weight-decay", FLOAT(weight_decay), 0, 10, true, TRAIN_OPTION_LEARNING, "X",
     "share of rate by which matrices and kernels shrink a step (AdamW)"},
    {"average", FLOAT(average), 0, 0.99999, true, TRAIN_OPTION_LEARNING, "X",
     "decay of the moving average of the weights that is kept; 0: off"},
    {"clip", FLOAT(clip), 0, 1e9, true, TRAIN_OPTION_LEARNING, "NORM",
     "longest gradient; longer ones are shortened; 0: off"},
    {"dropout", FLOAT(dropout), 0, 0.95, true, TRAIN_OPTION_REGULARISATION, "X",
     "of word vectors and outputs"},
    {"image-dropout", FLOAT(image_dropout), 0, 0.95, true, TRAIN_OPTION_REGULARISATION, "X",
     "of the features of photos"},
    {"drop-path", FLOAT(drop_path), 0, 0.95, true, TRAIN_OPTION_REGULARISATION, "X",
     "once the encoder learns, leave out residual blocks, the last ones with this "
     "probability, earlier ones with less"},
    {"label-smoothing", FLOAT(label_smoothing), 0, 0.95, true, TRAIN_OPTION_REGULARISATION, "X",
     "probability spread over all words"},
    {"crop", FLOAT(crop), 0, 0.9, true, TRAIN_OPTION_REGULARISATION, "SHARE",
     "cut away at most this share of a photo once the encoder learns"},
    {"color", FLOAT(color), 0, 0.9, true, TRAIN_OPTION_REGULARISATION, "X",
     "change brightness, contrast and saturation by at most this share"},
    {"flip", BOOL(flip), 0, 1, true, TRAIN_OPTION_NO_FLAG, NULL, NULL},
    {"patience", SIZE(patience), 0, 1e6, false, TRAIN_OPTION_LEARNING, "N",
     "end after N passes in a row without better weights, once those of "
     "--freeze-encoder are over; 0: never"},
    {"checkpoint-minutes", FLOAT(checkpoint_minutes), 0, 1e6, false, TRAIN_OPTION_RUNNING, "X",
     "between checkpoints, besides those of every epoch"},
};

#undef SIZE
#undef FLOAT
#undef BOOL

static double option_value(const struct train_options *o, const struct train_option *option) {
    const char *field = (const char *)o + option->offset;
    switch (option->type) {
    case TRAIN_OPTION_SIZE:
        return (double)*(const size_t *)(const void *)field;
    case TRAIN_OPTION_FLOAT:
        return (double)*(const float *)(const void *)field;
    case TRAIN_OPTION_BOOL:
        break;
    }
    return *(const bool *)field;
}

/* Self-critical epochs, a mean of models or another image size give a result without an epoch over
 * captions. */
static size_t fewest_epochs(const struct train_options *o) {
    const bool resized = start_is_captioner(o) && o->image_size > 0;
    if (o->search) return 1;
    return epoch_ever_draws(o) || o->mean_count > 0 || resized ? 0 : 1;
}

/* How often each data set is shown: once is what is not worth a word. */
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

/* A buffer that there is: settings without one are as they were before there was the flag. */
static bool put_buffer(cJSON *settings, const struct train_options *o) {
    return o->shuffle_buffer == 0 ||
           cJSON_AddNumberToObject(settings, "shuffle-buffer", (double)o->shuffle_buffer) != NULL;
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
    char seed[24]; /* beyond what a JSON number holds */
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    cJSON *settings = cJSON_CreateObject();
    bool ok = settings && cJSON_AddStringToObject(settings, "seed", seed);
    for (size_t i = 0; ok && i < TRAIN_OPTIONS; i++) {
        const struct train_option *option = &train_option_table[i];
        if (!option->decides) continue;
        ok = cJSON_AddNumberToObject(settings, option->name, option_value(o, option)) != NULL;
    }
    if (ok && put_repeats(settings, o) && put_buffer(settings, o) && put_styles(settings, o))
        return settings;
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

/* What else somebody may want who asks for no epoch. */
static const char no_epochs[] =
    " (0 goes with --self-critical, --mean-with or --image-size; --dry-run "
    "only lists what there is)";

/* The range of the table; of epochs, the fewest that a run can do with. */
static bool check_number(const struct train_options *o, const struct train_option *option,
                         caption_error *error) {
    const double value = option_value(o, option);
    const bool epochs = option->offset == offsetof(struct train_options, epochs);
    const double low = epochs ? (double)fewest_epochs(o) : option->low;
    /* 0.01 as a float is a little less than 0.01. */
    const bool rounded = option->type == TRAIN_OPTION_FLOAT;
    const double least = rounded ? (double)(float)low : low;
    const double most = rounded ? (double)(float)option->high : option->high;
    return (value >= least && value <= most) ||
           error_set(error, CAPTION_ERROR_ARGUMENT, "%s: expected %g to %g, found %g%s",
                     option->name, low, option->high, value, epochs && value <= 0 ? no_epochs : "");
}

/* What a search part is not trained with: it learns from photos alone, beside a finished captioner.
 */
static bool check_search(const struct train_options *o, caption_error *error) {
    if (!o->search) return true;
    const struct {
        bool asked;
        const char *flag;
    } others[] = {{o->encoder != NULL, "encoder"},
                  {o->encoder_arch != NULL, "encoder-arch"},
                  {o->mean_count > 0, "mean-with"},
                  {o->vocab && strcmp(o->vocab, "keep") != 0, "vocab"},
                  {o->style_count > 0, "styles"},
                  {o->text_count > 0, "text"},
                  {o->self_critical > 0, "self-critical"},
                  {o->resume, "resume"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!others[i].asked) continue;
        return error_set(
            error, CAPTION_ERROR_ARGUMENT,
            "--%s: contradicts --search, which adds to a captioner and leaves it as it "
            "is",
            others[i].flag);
    }
    return o->batch_size >= 2 ||
           error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--batch-size %zu: expected 2 or more with --search, which learns a photo by "
                     "what sets it apart from the others of its batch",
                     o->batch_size);
}

static bool check_patience(const struct train_options *o, caption_error *error) {
    return o->patience == 0 || !o->keep_last ||
           error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--patience %zu: contradicts --keep last, for which no epoch is better than "
                     "another",
                     o->patience);
}

bool train_options_check(const struct train_options *o, caption_error *error) {
    for (size_t i = 0; i < TRAIN_OPTIONS; i++)
        if (!check_number(o, &train_option_table[i], error)) return false;
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
    if (o->self_critical_synthetic > 0 && (o->text_count == 0 || o->text_captions == 0)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "self-critical-synthetic: expected a text to make features from, "
                         "found %s",
                         o->text_count == 0 ? "no text" : "no text-captions");
    }
    return check_sets(o, error) && check_start(o, error) && check_search(o, error) &&
           check_patience(o, error);
}

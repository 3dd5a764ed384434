/* caption train DATASET: learns from photos and captions. */
#include "train/train.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/command.h"

static void write_message(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "%s\n", text);
}

/* The record of a run is its result: a row an epoch on stdout. */
static void write_epoch(void *context, const struct train_epoch *epoch) {
    (void)context;
    if (epoch->epoch == 1)
        printf("epoch\tencoder\tloss\tperplexity\tBLEU-4\tCIDEr\tdistinct\twords/s\tseconds\t\n");
    printf("%zu/%zu\t%s\t%.4f\t%.2f\t%.2f\t%.2f\t%zu\t%.0f\t%.1f\t%s\n", epoch->epoch,
           epoch->epochs, epoch->frozen ? "frozen" : "learns", epoch->loss, epoch->perplexity,
           100 * epoch->scores.bleu[3], 100 * epoch->scores.cider, epoch->distinct,
           epoch->words_per_second, epoch->seconds, epoch->best ? "best" : "");
    fflush(stdout);
}

/* Chooses the defaults by where training starts, which the command line is looked through for
 * before it is parsed in earnest: `options` are the targets of its flags. Also for --help behind
 * --encoder-arch. */
static bool choose_defaults(const struct options_command *command, int argc, char **argv,
                            struct train_options *options, caption_error *error) {
    char **copy = memory_zeroed((size_t)argc + 1, sizeof *copy, "the command line", error);
    if (!copy) return false;
    memcpy(copy, argv, (size_t)argc * sizeof *copy); /* parsing moves the arguments */
    char *text = NULL;
    size_t size;
    FILE *unheard = open_memstream(&text, &size);
    int first;
    if (unheard) {
        options_parse(command, argc, copy, &first, unheard);
        fclose(unheard);
    }
    free(text);
    free(copy);
    *options = options->encoder_arch ? train_options_from_scratch() : train_options_default();
    return unheard || error_memory(error, "the command line");
}

/* The command line as it could be typed again; freed with free(). */
static char *command_line(int argc, char **argv, caption_error *error) {
    size_t size = sizeof "caption";
    for (int i = 0; i < argc; i++) size += strlen(argv[i]) + 3;
    char *line = memory_zeroed(size, 1, "the command line", error);
    if (!line) return NULL;
    char *end = stpcpy(line, "caption");
    for (int i = 0; i < argc; i++) {
        bool quote = argv[i][0] == 0 || strpbrk(argv[i], " \t\n*?$\"\\;&|<>()") != NULL;
        *end++ = ' ';
        if (quote) *end++ = '\'';
        end = stpcpy(end, argv[i]);
        if (quote) *end++ = '\'';
    }
    return line;
}

static int run(const struct options_command *command, const struct train_options *options) {
    if (!options->output) {
        fprintf(stderr, "%s: --output is missing: the model file to write\n", command->name);
        return COMMAND_USAGE;
    }
    const struct train_listener listener = {
        .message = write_message, .epoch = write_epoch, .progress = stderr};
    caption_error error;
    if (train_run(options, &listener, &error)) return COMMAND_DONE;
    return command_error(command, &error);
}

int command_train(int argc, char **argv) {
    struct train_options o = train_options_default();
    const struct options_row data[] = {
        {0, "images", OPTIONS_STRING, &o.images, "DIR", 0, 0,
         "folder of the photos (default: beside the data set)", NULL},
        {0, "val", OPTIONS_STRING, &o.validation, "DATASET", 0, 0,
         "validate on all of this data set (default: the val split of DATASET)", NULL},
        {'o', "output", OPTIONS_STRING, &o.output, "FILE", 0, 0, "the model to write (required)",
         NULL},
        {0, "features", OPTIONS_STRING, &o.features, "FILE", 0, 0,
         "cache of the frozen encoder's features (default: the output's name + .features)", NULL},
    };
    const struct options_row model[] = {
        {0, "encoder", OPTIONS_STRING, &o.encoder, "FILE", 0, 0,
         "start from these encoder weights (default: the shipped model's)", NULL},
        {0, "encoder-arch", OPTIONS_STRING, &o.encoder_arch, "NAME", 0, 0,
         "learn this encoder from scratch: tiny, efficientnet_lite0 or block strings; other "
         "defaults hold then: caption train --encoder-arch tiny --help shows them",
         NULL},
        {0, "image-size", OPTIONS_SIZE, &o.image_size, "PIXELS", 0, 1024,
         "side of the encoder's square; 0: 224, and 64 for tiny", NULL},
        {0, "cell", OPTIONS_CHOICE, &o.cell, "gru|lstm|rnn", 0, 0, "the recurrent cell", NULL},
        {0, "hidden", OPTIONS_SIZE, &o.hidden, "N", 1, 16384, "size of its state", NULL},
        {0, "embed", OPTIONS_SIZE, &o.embed, "N", 1, 16384, "size of the word vectors", NULL},
        {0, "min-count", OPTIONS_SIZE, &o.min_count, "N", 1, 1e9,
         "words seen less often are unknown", NULL},
    };
    const struct options_row learning[] = {
        {0, "epochs", OPTIONS_SIZE, &o.epochs, "N", 1, 1e6, "passes over the photos", NULL},
        {0, "freeze-encoder", OPTIONS_SIZE, &o.freeze_encoder, "N", 0, 1e6,
         "of them, the first N teach the decoder alone", NULL},
        {0, "batch-size", OPTIONS_SIZE, &o.batch_size, "N", 1, 4096,
         "photos a step, each with all its captions", NULL},
        {0, "tbptt", OPTIONS_SIZE, &o.tbptt, "STEPS", 0, 1e6,
         "cut back-propagation through time after so many steps; 0: never", NULL},
        {0, "lr", OPTIONS_FLOAT, &o.lr, "X", 0, 10, "learning rate of the decoder", NULL},
        {0, "joint-lr", OPTIONS_FLOAT, &o.joint_lr, "X", 0, 10,
         "the same once the encoder learns too", NULL},
        {0, "encoder-lr", OPTIONS_FLOAT, &o.encoder_lr, "X", 0, 10, "learning rate of the encoder",
         NULL},
        {0, "warmup", OPTIONS_FLOAT, &o.warmup, "SHARE", 0, 1,
         "share of the steps in which the rate rises; then it falls as a cosine", NULL},
        {0, "average", OPTIONS_FLOAT, &o.average, "X", 0, 0.99999,
         "decay of the moving average of the weights that is kept; 0: off", NULL},
        {0, "clip", OPTIONS_FLOAT, &o.clip, "NORM", 0, 1e9,
         "longest gradient; longer ones are shortened; 0: off", NULL},
    };
    const struct options_row robustness[] = {
        {0, "dropout", OPTIONS_FLOAT, &o.dropout, "X", 0, 0.95, "of word vectors and outputs",
         NULL},
        {0, "label-smoothing", OPTIONS_FLOAT, &o.label_smoothing, "X", 0, 0.95,
         "probability spread over all words", NULL},
        {0, "crop", OPTIONS_FLOAT, &o.crop, "SHARE", 0, 0.9,
         "cut away at most this share of a photo once the encoder learns", NULL},
        {0, "color", OPTIONS_FLOAT, &o.color, "X", 0, 0.9,
         "change brightness, contrast and saturation by at most this share", NULL},
        {0, "no-flip", OPTIONS_OFF, &o.flip, NULL, 0, 0,
         "never mirror photos (those whose captions say left or right never are)", NULL},
    };
    const struct options_row machine[] = {
        {0, "seed", OPTIONS_SEED, &o.seed, "N", 0, 0,
         "the same seed gives the same weights, with any number of threads", NULL},
        {'t', "threads", OPTIONS_SIZE, &o.threads, "N", 0, 1024,
         "worker threads; 0 is one per processor", NULL},
    };
#define GROUP(heading, rows)                                                                       \
    { heading, rows, sizeof(rows) / sizeof *(rows) }
    const struct options_group groups[] = {
        GROUP("Data", data),         GROUP("The model", model),
        GROUP("Learning", learning), GROUP("Against learning by heart", robustness),
        GROUP("Running", machine),
    };
#undef GROUP
    const struct options_command command = {
        "caption train", "[OPTIONS] DATASET -o FILE",
        "Learns from a data set (Karpathy's dataset_*.json): first the decoder on a frozen\n"
        "encoder, then both together. After every epoch the validation photos are captioned and\n"
        "the weights with the best CIDEr are written. A row an epoch goes to stdout.\n",
        groups, sizeof groups / sizeof *groups};
    caption_error error;
    char *line = command_line(argc, argv, &error); /* before parsing moves the arguments */
    if (!line) return command_error(&command, &error);
    if (!choose_defaults(&command, argc, argv, &o, &error)) {
        free(line);
        return command_error(&command, &error);
    }
    int first, status;
    if (command_begin(&command, argc, argv, 1, 1, &first, &status)) {
        o.dataset = argv[first];
        o.note = line;
        status = run(&command, &o);
    }
    free(line);
    return command_finish(&command, status);
}

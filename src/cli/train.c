/* caption train DATASET...: learns from photos and captions. */
#include "train/train.h"
#include "model/model.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "report/training_report.h"
#include "train/checkpoint.h"
#include "train/start.h"

static void write_message(void *context, const char *text) {
    (void)context;
    plain_text_write_line(stderr, text);
    fputc('\n', stderr);
}

/* What the listener works for. */
struct training_run {
    const struct train_options *options;
    const struct run_files *files;
    const char *sandbox;
    struct training_report *report; /* NULL: none */
};

/* MPI's processes talk to each other over sockets and shared files. */
static bool confine(void *context, const struct dataset *const *sets, size_t count, bool alone,
                    caption_error *error) {
    const struct training_run *run = context;
    struct run_sandbox sandbox;
    if (!alone && strcmp(run->sandbox, "on") == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--sandbox on: expected auto or off under mpirun, whose processes talk to "
                         "each other");
    if (!alone) return true;
    if (!run_sandbox_open(&sandbox, run->sandbox, error)) return false;
    run_sandbox_files(&sandbox, run->files);
    for (size_t i = 0; i < count; i++) run_sandbox_dataset(&sandbox, sets[i]);
    return run_sandbox_enter(&sandbox, error);
}

/* A first page at once, so that a path that cannot be is reported before the work. */
static bool begin_report(void *context, const struct train_history *history, caption_error *error) {
    const struct training_run *run = context;
    return !run->report || training_report_write(run->report, history, error);
}

/* Columns of the parts come last, so that the others stay where they are. */
static void write_head(const struct train_history *history) {
    printf("epoch\tencoder\tloss\tperplexity\tBLEU-4\tCIDEr\tdistinct\twords/s\tseconds\t");
    for (size_t i = 0; i < history_parts(history); i++) {
        const char *name = history->parts.items[i].name;
        putchar('\t');
        plain_text_to_reader(stdout, name);
        printf(" BLEU-4\t");
        plain_text_to_reader(stdout, name);
        printf(" CIDEr");
    }
    printf("\n");
}

static void write_parts(const struct train_history *history, size_t index) {
    for (size_t i = 0; i < history_parts(history); i++) {
        const struct scores *scores = &history_part_scores(history, index, i)->scores;
        if (history->epochs[index].phase == TRAIN_TEXT)
            printf("\t-\t-");
        else
            printf("\t%.2f\t%.2f", 100 * scores->bleu[3], 100 * scores->cider);
    }
}

static void write_row(const struct train_history *history, size_t index) {
    const struct train_epoch *epoch = &history->epochs[index];
    if (epoch->epoch == 1) write_head(history);
    printf("%zu/%zu\t%s\t%.4f\t", epoch->epoch, epoch->epochs, train_phase_name(epoch->phase),
           epoch->loss);
    if (epoch->phase == TRAIN_TEXT)
        printf("-\t-\t-\t-\t"); /* not validated */
    else
        printf("%.2f\t%.2f\t%.2f\t%zu\t", epoch->perplexity, 100 * epoch->scores.bleu[3],
               100 * epoch->scores.cider, epoch->distinct);
    printf("%.0f\t%.1f\t%s", epoch->words_per_second, epoch->seconds, epoch->best ? "best" : "");
    write_parts(history, index);
    printf("\n");
}

/* The record of a run is its result: a row an epoch on stdout. A report that cannot be written any
 * more is reported and stops no training. */
static bool write_epoch(void *context, const struct train_history *history, caption_error *error) {
    const struct training_run *run = context;
    write_row(history, history->epoch_count - 1);
    caption_error problem;
    if (run->report && !training_report_write(run->report, history, &problem)) {
        fprintf(stderr, "caption train: the report is not up to date: %s\n", problem.message);
    }
    return command_flush(error);
}

static void write_search_head(const struct search_epoch *epoch) {
    printf("epoch\tloss\tmean recall\tseconds\t");
    for (size_t i = 0; i < epoch->parts->count; i++) {
        const char *part = epoch->parts->items[i].name;
        putchar('\t');
        plain_text_to_reader(stdout, part);
        printf(" photo R@1\tR@5\tR@10\tmedian rank\t");
        plain_text_to_reader(stdout, part);
        printf(" sentence R@1\tR@5\tR@10\tmedian rank");
    }
    printf("\n");
}

static void write_retrieval(const struct retrieval_scores *scores) {
    for (size_t cut = 0; cut < RETRIEVAL_CUTS; cut++) printf("\t%.2f", 100 * scores->recall[cut]);
    printf("\t%g", scores->median);
}

/* A row an epoch, as of captions. */
static bool write_search_epoch(void *context, const struct search_epoch *epoch,
                               caption_error *error) {
    (void)context;
    if (epoch->epoch == 1) write_search_head(epoch);
    printf("%zu/%zu\t%.4f\t%.2f\t%.1f\t%s", epoch->epoch, epoch->epochs, epoch->loss,
           100 * epoch->mean, epoch->seconds, epoch->best ? "best" : "");
    for (size_t i = 0; i < epoch->parts->count; i++) {
        write_retrieval(&epoch->retrievals[i].photo);
        write_retrieval(&epoch->retrievals[i].sentence);
    }
    printf("\n");
    return command_flush(error);
}

static struct train_options defaults_for(const struct train_options *given) {
    if (given->search) return train_options_search();
    if (given->encoder) return train_options_default();
    return given->encoder_arch ? train_options_from_scratch() : train_options_fine_tuning();
}

/* Chooses the defaults by where training starts, which the command line is looked through for
 * before it is parsed in earnest: `options` are the targets of its flags. Also for --help behind
 * --encoder or --encoder-arch. */
static bool choose_defaults(const struct options_command *command, int argc, char **argv,
                            struct train_options *options, caption_error *error) {
    char **copy = memory_zeroed((size_t)argc + 1, sizeof *copy, "the command line", error);
    if (!copy) return false;
    memcpy(copy, argv, (size_t)argc * sizeof *copy); /* parsing moves the arguments */
    struct text_stream unheard;
    const bool ok = text_stream_open(&unheard, "the command line", error);
    int first;
    if (ok) options_parse(command, argc, copy, &first, unheard.stream);
    if (ok) text_stream_abandon(&unheard);
    free(copy);
    *options = defaults_for(options);
    return ok;
}

/* An argument as a shell reads it: in quotes unless no character of it means anything. */
static void write_argument(FILE *stream, const char *argument) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_@%+=:,./-";
    if (*argument && argument[strspn(argument, plain)] == '\0') {
        fputs(argument, stream);
        return;
    }
    fputc('\'', stream);
    for (; *argument; argument++) {
        if (*argument == '\'')
            fputs("'\\''", stream);
        else
            fputc(*argument, stream);
    }
    fputc('\'', stream);
}

/* Whether it is --resume, or a beginning of it that begins no other flag. */
static bool is_resume(const char *argument) {
    const size_t length = strlen(argument);
    return length >= strlen("--res") && strncmp(argument, "--resume", length) == 0;
}

/* The command line as it could be typed to make the model again; freed with free(). --resume is
 * left out: a run that was interrupted ends with the bytes of one that was not. */
static char *command_line(int argc, char **argv, caption_error *error) {
    struct text_stream line;
    if (!text_stream_open(&line, "the command line", error)) return NULL;
    fputs("caption", line.stream);
    for (int i = 0; i < argc; i++) {
        if (is_resume(argv[i])) continue;
        fputc(' ', line.stream);
        write_argument(line.stream, argv[i]);
    }
    return text_stream_close(&line, error);
}

static bool train(struct training_run *run, const char *report, caption_error *error) {
    if (report) {
        run->report = training_report_new(report, run->options->note, error);
        if (!run->report) return false;
    }
    const struct train_listener listener = {.context = run,
                                            .message = write_message,
                                            .confine = confine,
                                            .begin = begin_report,
                                            .epoch = write_epoch,
                                            .search_epoch = write_search_epoch,
                                            .stop = interrupt_stops,
                                            .progress = stderr};
    interrupt_listen();
    const bool ok = train_run(run->options, &listener, error);
    training_report_free(run->report);
    return ok;
}

static bool add_inputs(struct run_files *files, const struct train_options *o, const char *init,
                       caption_error *error) {
    bool ok = run_files_read(files, "model to start from", init, error) &&
              run_files_read(files, "encoder", o->encoder, error);
    for (size_t i = 0; ok && i < o->set_count; i++)
        ok = run_files_read(files, "data set", o->sets[i].path, error) &&
             run_files_read(files, "validation set", o->sets[i].validation, error);
    for (size_t i = 0; ok && i < o->text_count; i++)
        ok = run_files_read(files, "text", o->text[i], error);
    for (size_t i = 0; ok && i < o->mean_count; i++)
        ok = run_files_read(files, "model to take the mean with", o->mean_with[i], error);
    return ok;
}

/* What a run writes, but for a dry one. */
struct output_files {
    const char *report;          /* not owned; NULL: none */
    char *features, *checkpoint; /* owned */
};

/* Whether the run may write what it is to write: see run_files.h. */
static bool check_outputs(struct run_files *files, const struct train_options *options,
                          struct output_files *outputs, caption_error *error) {
    outputs->features = train_files_features(options, error);
    outputs->checkpoint = outputs->features ? train_files_checkpoint(options, error) : NULL;
    return outputs->checkpoint &&
           run_files_write(files, "output", options->output, &RUN_FILES_MODEL, error) &&
           run_files_write(files, "checkpoint", outputs->checkpoint,
                           options->resume ? &RUN_FILES_RESUMED : &RUN_FILES_CHECKPOINT, error) &&
           run_files_write(files, "features", outputs->features, &RUN_FILES_FEATURES, error) &&
           run_files_write(files, "report", outputs->report, &RUN_FILES_REPORT, error) &&
           run_files_check(files, error);
}

/* What the flags say of each data set, in their order. */
struct set_flags {
    struct options_list images, repeats, validations;
    struct dataset_reading how; /* of all */
};

static void set_flags_free(struct set_flags *flags) {
    options_list_free(&flags->images);
    options_list_free(&flags->repeats);
    options_list_free(&flags->validations);
}

/* The data sets paths[count], to be freed; NULL with `error` set. */
static struct train_set *new_sets(const struct set_flags *flags, char **paths, size_t count,
                                  caption_error *error) {
    if (!set_lists_check(&flags->images, "images", count, true, error) ||
        !set_lists_check(&flags->repeats, "repeat", count, true, error) ||
        !set_lists_check(&flags->validations, "val", count, false, error)) {
        return NULL;
    }
    struct train_set *sets = memory_zeroed(count, sizeof *sets, "data sets", error);
    for (size_t i = 0; sets && i < count; i++) {
        const char *repeat = set_lists_value(&flags->repeats, i);
        sets[i] = (struct train_set){.path = paths[i],
                                     .how = flags->how,
                                     .validation = set_lists_value(&flags->validations, i),
                                     .repeat = repeat ? strtof(repeat, NULL) : 1};
        sets[i].how.images = set_lists_value(&flags->images, i);
    }
    return sets;
}

/* The command: its flags, and what they set. */
enum { MOST_ROWS = 24, GROUPS = TRAIN_OPTION_NO_FLAG };

struct train_command {
    struct train_options o;
    struct options_list text, mean, styles;
    struct set_flags sets;
    const char *report, *missing, *keep, *sandbox;
    bool force;
    struct options_row rows[GROUPS][MOST_ROWS];
    struct options_group groups[GROUPS];
};

/* Sets a group of flags: `rows`, then the numbers of the table. */
static void set_group(struct train_command *c, enum train_option_group group, const char *heading,
                      const struct options_row *rows, size_t count) {
    struct options_row *out = c->rows[group];
    if (count > 0) memcpy(out, rows, count * sizeof *rows);
    for (size_t i = 0; i < TRAIN_OPTIONS; i++) {
        const struct train_option *option = &train_option_table[i];
        if (option->group != group) continue;
        out[count++] = (struct options_row){
            .name = option->name,
            .type = option->type == TRAIN_OPTION_SIZE ? OPTIONS_SIZE : OPTIONS_FLOAT,
            .target = (char *)&c->o + option->offset,
            .value = option->value,
            .minimum = option->low,
            .maximum = option->high,
            .help = option->help};
    }
    c->groups[group] = (struct options_group){heading, out, count};
}

static void set_data_flags(struct train_command *c) {
    const struct options_row rows[] = {
        {0, "images", OPTIONS_LIST, &c->sets.images, "DIR...", 0, 0,
         "folder of the photos, one for each DATASET or one for all (default: beside the data set)",
         NULL},
        DATASET_CHOICE_FLAGS(c->sets.how),
        {0, "repeat", OPTIONS_NUMBERS, &c->sets.repeats, "X...", 0, 1000,
         "how often an epoch shows the photos of each DATASET, or of all: a fraction shows a share "
         "of "
         "them, another one each epoch; with 0 a data set is validated on alone (default: 1)",
         NULL},
        {0, "val", OPTIONS_LIST, &c->sets.validations, "DATASET...", 0, 0,
         "validate on all of these data sets, one for each DATASET (default: its val split)", NULL},
        {0, "by-source", OPTIONS_ON, &c->o.by_source, NULL, 0, 0,
         "score the photos to validate on by the \"source\" that Karpathy's format gives them",
         NULL},
        {0, "split-seed", OPTIONS_SEED, &c->o.split_seed, "N", 0, 0,
         "chooses a tenth of the photos to validate on where the data set names none", NULL},
        {0, "missing", OPTIONS_CHOICE, &c->missing, "skip|fail", 0, 0,
         "what becomes of photos that are missing or broken", NULL},
        {0, "text", OPTIONS_LIST, &c->text, "FILE...", 0, 0,
         "first learn the language from these files, a sentence a line", NULL},
        {'o', "output", OPTIONS_FILE, &c->o.output, "FILE", 0, 0, "the model to write (required)",
         NULL},
        {0, "force", OPTIONS_ON, &c->force, NULL, 0, 0, RUN_FILES_FORCE, NULL},
        {0, "features", OPTIONS_FILE, &c->o.features, "FILE", 0, 0,
         "cache of the frozen encoder's features (default: the output's name + .features)", NULL},
    };
    set_group(c, TRAIN_OPTION_DATA, "Data", rows, sizeof rows / sizeof *rows);
}

static void set_model_flags(struct train_command *c) {
    const struct options_row rows[] = {
        {0, "init", OPTIONS_STRING, &c->o.init, "MODEL", 0, 0,
         "fine-tune this captioner (default: the shipped one)", NULL},
        {0, "mean-with", OPTIONS_LIST, &c->mean, "MODEL...", 0, 0,
         "start from the mean of the weights of --init and of these, which learned from one start "
         "(with --epochs 0, that is the result)",
         NULL},
        {0, "vocab", OPTIONS_CHOICE, &c->o.vocab, "keep|extend|rebuild", 0, 0,
         "its words alone, with those of the data (the default), or those of the data alone; what "
         "it knows of a word stays",
         NULL},
        {0, "encoder", OPTIONS_STRING, &c->o.encoder, "FILE", 0, 0,
         "in place of --init: a new decoder on these encoder weights, of caption, timm or "
         "torchvision (safetensors)",
         NULL},
        {0, "encoder-arch", OPTIONS_STRING, &c->o.encoder_arch, "NAME", 0, 0,
         "what the file's encoder is, or, without a file, what to learn from scratch: tiny, "
         "mobilenetv2, efficientnet_lite0 (to 4), efficientnet_lite0_symmetric or block strings",
         NULL},
        {0, "cell", OPTIONS_CHOICE, &c->o.cell, "gru|lstm|rnn", 0, 0,
         "the recurrent cell of a new decoder (default: " TRAIN_NEW_CELL ")", NULL},
        {0, "image-input", OPTIONS_CHOICE, &c->o.image_input, "first|every", 0, 0,
         "a new decoder sees the image first, or again with every word (default: first)", NULL},
        {0, "styles", OPTIONS_LIST, &c->styles, "NAME...", 0, 0,
         "learn to describe photos as each of these data sets does, or as the photos of each of "
         "these \"source\"s are described; see `caption --style`. Photos of other data sets are "
         "shown with all styles. The first is the model's default",
         NULL},
        {0, "search", OPTIONS_ON, &c->o.search, NULL, 0, 0,
         "give the captioner of --init a search part, or a new one: it learns to bring photos and "
         "sentences together, and the captions stay as they are; `caption search` needs it",
         NULL},
    };
    set_group(c, TRAIN_OPTION_MODEL, "The model", rows, sizeof rows / sizeof *rows);
}

static void set_regularisation_flags(struct train_command *c) {
    const struct options_row rows[] = {
        {0, "no-flip", OPTIONS_OFF, &c->o.flip, NULL, 0, 0,
         "never mirror photos (those whose captions say left or right never are)", NULL},
    };
    set_group(c, TRAIN_OPTION_REGULARISATION, "Regularisation", rows, sizeof rows / sizeof *rows);
}

static void set_running_flags(struct train_command *c) {
    const struct options_row rows[] = {
        {0, "keep", OPTIONS_CHOICE, &c->keep, "best|last", 0, 0,
         "which weights stay in the output: those of the best pass, or of the last one (for a "
         "mean of runs whose start is better than their ends)",
         NULL},
        {0, "report", OPTIONS_FILE, &c->report, "OUT.html", 0, 0,
         "a page with the run's curves and some captions, written anew after every epoch", NULL},
        {0, "checkpoint", OPTIONS_FILE, &c->o.checkpoint, "FILE", 0, 0,
         "what an interrupted run goes on from (default: the output's name + .checkpoint)", NULL},
        {0, "resume", OPTIONS_ON, &c->o.resume, NULL, 0, 0,
         "go on from the checkpoint, if there is one", NULL},
        {0, "seed", OPTIONS_SEED, &c->o.seed, "N", 0, 0,
         "the same seed gives the same weights, with any number of threads", NULL},
        {0, "dry-run", OPTIONS_ON, &c->o.dry_run, NULL, 0, 0,
         "read the data sets, look at their photos, say what a run would learn from, and end",
         NULL},
        {0, "recompute", OPTIONS_ON, &c->o.recompute, NULL, 0, 0,
         "compute activations anew rather than keep them: less memory, more time, the same weights",
         NULL},
        RUN_SANDBOX_FLAG(c->sandbox),
        {'t', "threads", OPTIONS_SIZE, &c->o.threads, "N", 0, 1024,
         "worker threads, 0: one per processor", NULL},
    };
    set_group(c, TRAIN_OPTION_RUNNING, "Running", rows, sizeof rows / sizeof *rows);
}

static void set_flags(struct train_command *c) {
    set_data_flags(c);
    set_model_flags(c);
    set_group(c, TRAIN_OPTION_LEARNING, "Learning", NULL, 0);
    set_regularisation_flags(c);
    set_running_flags(c);
}

/* What the lists hold; a second look at the command line fills them anew. */
static void lists_free(struct train_command *c) {
    options_list_free(&c->text);
    options_list_free(&c->mean);
    options_list_free(&c->styles);
    set_flags_free(&c->sets);
}

static int run(const struct options_command *command, const struct train_command *c) {
    const struct train_options *options = &c->o;
    if (!options->dry_run && (!options->output || !*options->output)) {
        fprintf(stderr, "%s: --output is missing: the model file to write\n", command->name);
        return COMMAND_USAGE;
    }
    if (options->search && c->report) {
        fprintf(stderr, "%s: --report: contradicts --search, whose rows on stdout are its record\n",
                command->name);
        return COMMAND_USAGE;
    }
    caption_error error;
    struct model_place place;
    const char *init = start_is_captioner(options) ? model_path(options->init, &place, NULL) : NULL;
    struct run_files files = {.force = c->force};
    struct output_files outputs = {.report = c->report};
    struct training_run run = {.options = options, .files = &files, .sandbox = c->sandbox};
    const bool ok = add_inputs(&files, options, init, &error) &&
                    (options->dry_run || check_outputs(&files, options, &outputs, &error)) &&
                    train(&run, c->report, &error);
    free(outputs.features);
    free(outputs.checkpoint);
    run_files_free(&files);
    return ok ? COMMAND_DONE : command_error(command, &error);
}

static int run_sets(struct train_command *c, const struct options_command *command, char **paths,
                    size_t count) {
    struct train_options *o = &c->o;
    caption_error error;
    struct train_set *sets = new_sets(&c->sets, paths, count, &error);
    if (!sets) return command_error(command, &error);
    o->sets = sets;
    o->set_count = count;
    o->text = c->text.items;
    o->text_count = c->text.count;
    o->styles = c->styles.items;
    o->style_count = c->styles.count;
    o->mean_with = c->mean.items;
    o->mean_count = c->mean.count;
    o->fail_missing = strcmp(c->missing, "fail") == 0;
    o->keep_last = strcmp(c->keep, "last") == 0;
    const int status = run(command, c);
    free(sets);
    return status;
}

int command_train(int argc, char **argv) {
    static const char about[] =
        "Learns from photos and captions: first the decoder on a frozen encoder, then both.\n"
        "After every epoch the validation photos are captioned and the weights with the best\n"
        "CIDEr (of fewer than 20 photos: the lowest perplexity) are written; of several data\n"
        "sets each is scored by itself, and the mean counts. A row an epoch goes to stdout.\n"
        "Defaults depend on where training starts: '--encoder FILE --help' shows those for a\n"
        "new decoder, '--encoder-arch tiny --help' those for learning from scratch, and\n"
        "'--search --help' those for a search part, whose best weights are those that find the\n"
        "most photos by their captions and captions by their photos. Training a captioner again\n"
        "leaves its search part out.\n"
        "\n" DATASET_CHOICE_FORMATS;
    struct train_command c = {
        .o = train_options_default(), .missing = "skip", .keep = "best", .sandbox = "auto"};
    set_flags(&c);
    const struct options_command command = {
        "caption train",
        "[OPTIONS] DATASET... -o FILE",
        about,
        c.groups,
        GROUPS,
        "images repeat val by-source missing output init vocab encoder encoder-arch image-size "
        "cell tags search epochs freeze-encoder self-critical batch-size lr encoder-lr report "
        "resume "
        "patience dry-run threads"};
    caption_error error;
    char *line = command_line(argc, argv, &error); /* before parsing moves the arguments */
    if (!line) return command_error(&command, &error);
    int status = COMMAND_DONE;
    if (!choose_defaults(&command, argc, argv, &c.o, &error)) {
        status = command_error(&command, &error);
    } else {
        lists_free(&c);
        c.o.note = line;
        const int first = command_begin(&command, argc, argv, 1, INT_MAX, &status);
        if (first) status = run_sets(&c, &command, argv + first, (size_t)(argc - first));
    }
    lists_free(&c);
    free(line);
    return command_finish(&command, status);
}

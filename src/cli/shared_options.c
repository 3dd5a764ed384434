#include "cli/shared_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "decode/decode.h"

/* How words are searched for, and what becomes of captions. */
enum { SEARCH_ROWS = 10, CHOICE_ROWS = DECODING_OPTIONS_ROWS - SEARCH_ROWS };

static void set_search(struct decoding_options *options, struct options_row *out) {
    caption_options *o = &options->caption;
    const struct options_row rows[SEARCH_ROWS] = {
        {'m', "model", OPTIONS_STRING, &options->model, "FILE", 0, 0,
         "model to use (default: $CAPTION_MODEL, else the installed one)", NULL},
        {'b', "beam-size", OPTIONS_SIZE, &o->beam_size, "N", 1, PLAN_MAX_BEAM,
         "width of the beam search; 1 is greedy", &options->beam_size_given},
        {'n', "top", OPTIONS_SIZE, &o->top, "N", 1, PLAN_MAX_BEAM,
         "captions per photo, best first; in the order of the model's re-ranking if it has one. "
         "Widens the beam where it must",
         NULL},
        {0, "max-length", OPTIONS_SIZE, &o->max_length, "N", 1, PLAN_MAX_LENGTH, "words at most",
         NULL},
        {0, "min-length", OPTIONS_SIZE, &o->min_length, "N", 0, PLAN_MAX_LENGTH, "words at least",
         NULL},
        {0, "length-penalty", OPTIONS_FLOAT, &o->length_penalty, "X", 0,
         (double)PLAN_MAX_LENGTH_PENALTY, "rank by logprob / length^X; 0 prefers short captions",
         NULL},
        {0, "no-repeat-ngram", OPTIONS_SIZE, &o->no_repeat_ngram, "N", 0, PLAN_MAX_NGRAM,
         "no N words twice in the same order; 0 is off", NULL},
        {0, "repeat-words", OPTIONS_CHOICE, &options->repeat_words, "never|allow", 0, 0,
         "whether a word of content may be said twice: \"a cliff overlooking a cliff\"; colours, "
         "numbers and sizes always may",
         NULL},
        {0, "prefix", OPTIONS_STRING, &o->prefix, "TEXT", 0, 0, "words every caption starts with",
         NULL},
        {0, "style", OPTIONS_STRING, &o->style, "NAME", 0, 0,
         "describe photos as a training set does, such as coco, or as a mixture of all: none; "
         "`caption info` lists them and the default; that of `caption eval` is the style of the "
         "data set or of its photos' source, where there is one",
         NULL},
    };
    memcpy(out, rows, sizeof rows);
}

static void set_choice(struct decoding_options *options, struct options_row *out) {
    caption_options *o = &options->caption;
    const struct options_row rows[CHOICE_ROWS] = {
        {0, "neutral", OPTIONS_ON, &o->neutral, NULL, 0, 0,
         "guess nobody's gender or age group; person, child and people for man, girl and women. "
         "Probabilities stay those of the captions before they were rewritten; of the --top, those "
         "that come to the same are one",
         NULL},
        {0, "min-confidence", OPTIONS_FLOAT, &o->min_confidence, "P", 0, 1,
         "captions less sure than this, from 0 to 1, are unsure; needs a model that knows how sure "
         "it is",
         NULL},
        {0, "unsure", OPTIONS_CHOICE, &options->unsure, "skip|hedge", 0, 0,
         "what becomes of unsure captions; skip: no caption, in JSON and CSV an empty one, which "
         "is no error; "
         "hedge: \"possibly: a dog on a bed\"",
         NULL},
        {0, "sample", OPTIONS_ON, &o->sample, NULL, 0, 0,
         "draw words at random instead of searching; the next three flags imply it", NULL},
        {0, "temperature", OPTIONS_FLOAT, &o->temperature, "X", (double)PLAN_MIN_TEMPERATURE,
         (double)PLAN_MAX_TEMPERATURE, "of sampling; below 1 is more careful", &o->sample},
        {0, "top-k", OPTIONS_SIZE, &o->top_k, "N", 0, 1e9,
         "sample among the N likeliest words; 0 is all", &o->sample},
        {0, "top-p", OPTIONS_FLOAT, &o->top_p, "X", 1e-6, 1,
         "sample among the likeliest words that hold this probability", &o->sample},
        {0, "seed", OPTIONS_SEED, &o->seed, "N", 0, 0, "of sampling", NULL},
        {0, "precision", OPTIONS_CHOICE, &options->precision, "auto|f32|bf16|int16|int8", 0, 0,
         "number type of the large products; auto: the fastest with captions like those of f32",
         NULL},
        {'t', "threads", OPTIONS_SIZE, &o->threads, "N", 0, PLAN_MAX_THREADS,
         "worker threads, 0: one per processor", NULL},
    };
    memcpy(out, rows, sizeof rows);
}

void decoding_options_encoding(struct decoding_options *options,
                               struct options_row out[DECODING_OPTIONS_ENCODING]) {
    const struct options_row rows[DECODING_OPTIONS_ENCODING] = {
        {'m', "model", OPTIONS_STRING, &options->model, "FILE", 0, 0,
         "model to use (default: $CAPTION_MODEL, else the installed one)", NULL},
        {0, "precision", OPTIONS_CHOICE, &options->precision, "auto|f32|bf16|int16|int8", 0, 0,
         "number type of the large products; auto: the fastest that differs little from f32", NULL},
        {'t', "threads", OPTIONS_SIZE, &options->caption.threads, "N", 0, PLAN_MAX_THREADS,
         "worker threads, 0: one per processor", NULL},
    };
    memcpy(out, rows, sizeof rows);
}

void decoding_options_init(struct decoding_options *options) {
    *options = (struct decoding_options){.caption = caption_options_default(),
                                         .precision = "auto",
                                         .repeat_words = "never",
                                         .unsure = "skip",
                                         .row_count = DECODING_OPTIONS_ROWS};
    set_search(options, options->rows);
    set_choice(options, options->rows + SEARCH_ROWS);
}

void decoding_options_remove(struct decoding_options *options, const char *name) {
    size_t kept = 0;
    for (size_t i = 0; i < options->row_count; i++)
        if (strcmp(options->rows[i].name, name) != 0) options->rows[kept++] = options->rows[i];
    options->row_count = kept;
}

struct options_group decoding_options_group(const struct decoding_options *options) {
    return (struct options_group){"How captions are made", options->rows, options->row_count};
}

static caption_precision precision_named(const char *name) {
    if (strcmp(name, "f32") == 0) return CAPTION_PRECISION_F32;
    if (strcmp(name, "bf16") == 0) return CAPTION_PRECISION_BF16;
    if (strcmp(name, "int16") == 0) return CAPTION_PRECISION_INT16;
    if (strcmp(name, "int8") == 0) return CAPTION_PRECISION_INT8;
    return CAPTION_PRECISION_AUTO;
}

void decoding_options_settle(struct decoding_options *options) {
    caption_options *o = &options->caption;
    o->precision = precision_named(options->precision);
    o->unsure = strcmp(options->unsure, "hedge") == 0 ? CAPTION_UNSURE_HEDGE : CAPTION_UNSURE_SKIP;
    o->repeat_words = strcmp(options->repeat_words, "allow") == 0;
    if (!options->beam_size_given && o->beam_size < o->top) o->beam_size = o->top;
}

void dataset_choice_recount(struct dataset_choice *choice) {
    choice->references = 0;
    for (size_t i = 0; i < choice->count; i++) {
        choice->references += choice->dataset.photos[choice->photos[i]].count;
    }
}

/* What the trainer validates on is there to be asked for; the train photos that a data set names
 * itself stay all of them. */
static bool make_split(struct dataset *dataset, enum dataset_split split, uint64_t seed,
                       caption_error *error) {
    const bool made = split == DATASET_VAL || (split == DATASET_TRAIN && !dataset->split_given);
    return !made || dataset_split_seeded(dataset, seed, error);
}

static bool select_photos(struct dataset_choice *choice,
                          const struct dataset_choice_options *options, caption_error *error) {
    enum dataset_split split;
    bool every;
    if (!dataset_split_parse(options->split, &split, &every)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--split: '%s' is not one of train, val, test, all", options->split);
    }
    if (!make_split(&choice->dataset, split, options->seed, error) ||
        !dataset_select(&choice->dataset, split, every, &choice->photos, &choice->count, error)) {
        return false;
    }
    const size_t all = choice->count;
    choice->count = dataset_keep_captioned(&choice->dataset, choice->photos, all);
    choice->uncaptioned = all - choice->count;
    dataset_choice_recount(choice);
    if (choice->count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected photos with captions to score by, found none among %zu",
                     choice->dataset.name, all);
}

bool dataset_choice_open(struct dataset_choice *choice,
                         const struct dataset_choice_options *options, caption_error *error) {
    *choice = (struct dataset_choice){0};
    if (!dataset_read(&choice->dataset, options->path, &options->how, error)) return false;
    bool ok = select_photos(choice, options, error);
    if (!ok) dataset_choice_free(choice);
    return ok;
}

void dataset_choice_free(struct dataset_choice *choice) {
    free(choice->photos);
    dataset_free(&choice->dataset);
    *choice = (struct dataset_choice){0};
}

bool dataset_choice_check(struct dataset_choice *choice, const struct photo_check_options *options,
                          struct photo_check *check, caption_error *error) {
    bool ok = photo_check(&choice->dataset, choice->photos, &choice->count, options, check, error);
    dataset_choice_recount(choice);
    return ok;
}

static void begin_message(FILE *stream, const char *command, const char *path) {
    fprintf(stream, "%s: ", command);
    plain_text_write_line(stream, path);
    fputs(": ", stream);
}

static void tell_count(const char *command, const char *path, size_t count, const char *what,
                       const char *lack, FILE *stream) {
    if (count == 0) return;
    begin_message(stream, command, path);
    fprintf(stream, "%zu %s%s without %s left out\n", count, what, count == 1 ? "" : "s", lack);
}

void dataset_choice_tell(const struct dataset_choice *choice,
                         const struct dataset_choice_options *options, const char *command,
                         FILE *stream) {
    const struct dataset *dataset = &choice->dataset;
    if (dataset->split_seeded) {
        begin_message(stream, command, dataset->name);
        fprintf(stream,
                "no photos for validation named: --split %s is %zu of %zu photos, by "
                "--split-seed %llu\n",
                options->split, choice->count + choice->uncaptioned, dataset->photo_count,
                (unsigned long long)options->seed);
    }
    tell_count(command, dataset->name, dataset->without_text, "photo", "captions beside it",
               stream);
    tell_count(command, dataset->name, dataset->without_photo, "row", "a photo", stream);
    tell_count(command, dataset->name, dataset->orphans, "annotation", "its photo", stream);
    tell_count(command, dataset->name, choice->uncaptioned, "photo", "captions", stream);
    if (dataset->failed > 0) {
        begin_message(stream, command, dataset->name);
        fprintf(stream, "%zu row%s with an error left out\n", dataset->failed,
                dataset->failed == 1 ? "" : "s");
    }
    tell_count(command, dataset->name, dataset->wordless, "caption", "words", stream);
}

bool set_lists_check(const struct options_list *list, const char *flag, size_t sets,
                     bool one_for_all, caption_error *error) {
    if (list->count == 0 || list->count == sets || (one_for_all && list->count == 1)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s: expected %s%zu value%s, one for each data set, found %zu", flag,
                     one_for_all && sets > 1 ? "1 or " : "", sets, sets == 1 ? "" : "s",
                     list->count);
}

const char *set_lists_value(const struct options_list *list, size_t set) {
    if (list->count == 0) return NULL;
    return list->items[list->count == 1 ? 0 : set];
}

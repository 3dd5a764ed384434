#include "cli/decoding_options.h"

#include <string.h>

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
        {0, "precision", OPTIONS_CHOICE, &options->precision, "auto|f32|bf16|int8", 0, 0,
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
        {0, "precision", OPTIONS_CHOICE, &options->precision, "auto|f32|bf16|int8", 0, 0,
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
                                         .unsure = "skip"};
    set_search(options, options->rows);
    set_choice(options, options->rows + SEARCH_ROWS);
}

struct options_group decoding_options_group(const struct decoding_options *options) {
    return (struct options_group){"How captions are made", options->rows, DECODING_OPTIONS_ROWS};
}

static caption_precision precision_named(const char *name) {
    if (strcmp(name, "f32") == 0) return CAPTION_PRECISION_F32;
    if (strcmp(name, "bf16") == 0) return CAPTION_PRECISION_BF16;
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

/* The trainer: photos and captions in, a model file out.
 *
 * A run has phases, each with a warm-up and a cosine schedule of its own (history.h): the decoder
 * reads text and learns the language; it learns from photos with the cached features of a frozen
 * encoder; both learn, and the gradient of the words flows through x_1 into the convolutions. After
 * every epoch over photos the validation photos are captioned, and the weights with the best CIDEr
 * so far are written to `output` (with fewer than 20 validation photos: those with the lowest
 * perplexity). Several data sets are scored separately, and the mean of their scores counts.
 *
 * A mini-batch is divided into fixed micro-batches whose gradients are added in a fixed order, so
 * the same seed gives the same weights, bit for bit, with any number of threads or of processes
 * under mpirun, and after any interruption.
 *
 * With options->search a run trains a search part and nothing else: search_trainer.c.
 */
#ifndef CAPTION_TRAIN_TRAIN_H
#define CAPTION_TRAIN_TRAIN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "data/dataset.h"
#include "eval/retrieval.h"
#include "train/history.h"

/* What a run is to do. */

/* A data set of a run. */
struct train_set {
    const char *path;           /* to learn from */
    struct dataset_reading how; /* but for the stop, which is the listener's */
    const char *validation;     /* another data set to validate on; NULL: its own "val" split */
    float repeat; /* how often an epoch shows each of its photos: a fraction shows some of them,
                     others each epoch (epoch.c); 0: for validation only */
};

struct train_options {
    /* Data. */
    const struct train_set *sets; /* [set_count], at least one */
    size_t set_count;
    bool by_source;          /* validation photos are scored by source, see dataset_parts_add */
    bool fail_missing;       /* a photo that cannot be read ends the run; else it is left out */
    uint64_t split_seed;     /* selects validation photos where the data set does not */
    const char *const *text; /* [text_count] files to learn the language from, a sentence a line */
    size_t text_count;
    size_t text_captions; /* sentences in a row that are pseudo-captions of one photo with synthetic
                             features, see features.h; 0: one stream of text */
    const char *output;   /* the model file to write */
    /* What to start from, see start.h. With none of init, encoder and encoder_arch: the shipped
       model, as if init named it. */
    const char *init;             /* a captioner */
    const char *const *mean_with; /* [mean_count] captioners trained from the same start as init:
                                     the mean of all is the start, see model_average */
    size_t mean_count;
    const char *vocab;        /* its words: "keep", "extend" (NULL) or "rebuild" */
    const char *encoder;      /* file of encoder weights */
    const char *encoder_arch; /* architecture of the file's encoder; without a file, of the one to
                                 train from scratch */
    size_t image_size;        /* side of the encoder's input; 0: the encoder's default */
    const char *cell;         /* "rnn", "gru", "lstm"; NULL: init's, gru for a new decoder */
    size_t hidden, embed;     /* sizes of the state and of the word vectors; 0: init's, 512 for a
                                 new decoder */
    const char *image_input;  /* how often the image is fed: "first", "every"; NULL: init's, first
                                 for a new decoder */
    size_t min_count;         /* words seen less often are <unk> */
    size_t tags; /* content words of the word head; 0: init's, none for a new decoder */
    const char *const *styles; /* [style_count] sources or data sets, by the names that their parts
                                  have: the photos of each teach a caption style of its own, beside
                                  those that the model has, see styles.h */
    size_t style_count;
    bool search; /* the run trains a search part for init, which is otherwise kept as it is */
    /* Learning. */
    size_t epochs;         /* over the photos, in all */
    size_t freeze_encoder; /* the first of them have a frozen encoder; if all and at least one, it
                              is never trained */
    size_t text_epochs;    /* over the text, before */
    size_t self_critical_synthetic; /* afterwards, self-critical: on synthetic features of the text
                                      and on real ones, encoder frozen */
    size_t self_critical;           /* at last the same over the photos alone */
    size_t batch_size;              /* photos a step, with all their captions */
    size_t micro_batch;             /* photos of a micro-batch */
    size_t shuffle_buffer; /* archives are read one after the other, and their photos shuffled among
                              so many; 0: the whole epoch is */
    size_t tbptt;          /* steps of truncated back-propagation; 0: no truncation */
    float tag_weight;      /* of the word head's loss, beside that of captions */
    float lr;              /* of the decoder while the encoder is frozen, and on text */
    float joint_lr;        /* of the decoder afterwards */
    float encoder_lr;      /* of the encoder afterwards */
    size_t self_critical_samples;    /* captions sampled for each photo in self-critical epochs */
    float self_critical_bleu;        /* weight of BLEU-4 in their reward, beside CIDEr */
    float self_critical_temperature; /* of the sampling, folded into the weights */
    float self_critical_lr; /* of the decoder in self-critical epochs; the encoder's is reduced by
                               the same factor */
    float warmup;           /* share of a phase in which the rate rises, 0..1 */
    float weight_decay;
    float average; /* decay of the moving average of the weights; 0: off */
    float clip;    /* norm of the gradient at most; 0: off */
    /* Against overfitting. */
    float dropout;       /* of word vectors and outputs */
    float image_dropout; /* of the image's features */
    float drop_path;     /* stochastic depth of a trainable encoder, see encoder_draw_depth */
    float label_smoothing;
    float crop, color; /* augmentation with a trainable encoder, see photo.h */
    bool flip;         /* mirror photos, except where a caption says left or right */
    /* The run. */
    uint64_t seed;
    bool keep_last;  /* the weights of the last epoch stay in the output, not the best ones */
    size_t patience; /* epochs of the last phase without improvement that end the run; 0: none do */
    bool dry_run;    /* only read the data and report what a run would train on */
    bool recompute;  /* recompute activations in the backward pass, see encoder.h */
    size_t threads;  /* 0: one per processor */
    const char *features;   /* cache of the frozen encoder's features; NULL: output + ".features" */
    const char *checkpoint; /* to resume an interrupted run from; NULL: output + ".checkpoint" */
    float checkpoint_minutes; /* between checkpoints, besides those after each epoch */
    bool resume;              /* continue from the checkpoint, if there is one */
    const char *note;         /* how this run was started, for the model's provenance; or NULL */
};

/* Of a new decoder, where neither a flag nor the model that the run starts from says otherwise. */
#define TRAIN_NEW_CELL "gru"
#define TRAIN_NEW_WIDTH 512 /* of its state and of its word vectors */

/* The settings (defaults.c) for a new decoder on a pre-trained encoder: those of the shipped
 * weights. */
struct train_options train_options_default(void);

/* For fine-tuning a captioner, perhaps on few photos: smaller learning rates, fewer epochs. */
struct train_options train_options_fine_tuning(void);

/* For an encoder trained from scratch: no epoch is frozen, since random features are useless; the
 * encoder's learning rate is much larger; the sizes fit a small task that trains within minutes. */
struct train_options train_options_from_scratch(void);

/* For a search part: see search_trainer.c. */
struct train_options train_options_search(void);

/* Where a flag of the command line stands in its help. */
enum train_option_group {
    TRAIN_OPTION_DATA,
    TRAIN_OPTION_MODEL,
    TRAIN_OPTION_LEARNING,
    TRAIN_OPTION_REGULARISATION,
    TRAIN_OPTION_RUNNING,
    TRAIN_OPTION_NO_FLAG
};

enum train_option_type { TRAIN_OPTION_SIZE, TRAIN_OPTION_FLOAT, TRAIN_OPTION_BOOL };

/* A numeric option: one table serves the flags, the check and the settings of a resumed run. */
struct train_option {
    const char *name; /* of the flag, without -- */
    enum train_option_type type;
    size_t offset; /* of its field in struct train_options */
    double low, high;
    bool decides; /* whether the weights depend on it, beyond the model that the run starts from */
    enum train_option_group group;
    const char *value, *help; /* of the flag, see cli/options.h */
};

enum { TRAIN_OPTIONS = 36 };
extern const struct train_option train_option_table[TRAIN_OPTIONS];

/* False with `error` naming the first option that is out of its range, or two that contradict each
 * other. */
bool train_options_check(const struct train_options *options, caption_error *error);

/* The options that the weights depend on, but for the data, as a JSON object: a run is resumed with
 * the same ones only. NULL when memory is short. Freed with cJSON_Delete. */
cJSON *train_options_json(const struct train_options *options);

/* The results of an epoch of a search part, see search_trainer.c. */
struct search_epoch {
    size_t epoch, epochs; /* counted from 1 */
    double loss;          /* mean of a pair */
    const struct dataset_parts *parts;
    const struct retrieval *retrievals; /* [parts->count] of the validation photos */
    double mean;                        /* of the parts' mean recalls */
    bool best;                          /* so far: written to the output */
    double seconds;                     /* training alone */
};

/* Callbacks for progress. All may be NULL. */
struct train_listener {
    void *context;
    void (*message)(void *context, const char *text); /* one line, no newline */
    /* Once the data sets are read, before threads are created and photos decoded: the process may
     * confine itself to them and to the files that the options name. `alone`: not under mpirun.
     * False with `error` set ends the run. */
    bool (*confine)(void *context, const struct dataset *const *sets, size_t count, bool alone,
                    caption_error *error);
    /* Before the first step, with the summary and, when a run is resumed, the epochs it had; false
     * with `error` set ends the run. */
    bool (*begin)(void *context, const struct train_history *history, caption_error *error);
    /* After every epoch; the last of history->epochs is the one that ended. False with `error` set
     * ends the run. */
    bool (*epoch)(void *context, const struct train_history *history, caption_error *error);
    /* The same of a search part. */
    bool (*search_epoch)(void *context, const struct search_epoch *epoch, caption_error *error);
    /* Asked after every step: true ends the run with a checkpoint and CAPTION_ERROR_INTERRUPTED. */
    bool (*stop)(void *context);
    FILE *progress; /* see progress.h */
};

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error);

#endif

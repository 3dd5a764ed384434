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
 */
#ifndef CAPTION_TRAIN_TRAIN_H
#define CAPTION_TRAIN_TRAIN_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "train/history.h"

/* A data set of a run. */
struct train_set {
    const char *path;       /* to learn from */
    const char *images;     /* folder of its photos; NULL: beside it */
    const char *validation; /* another data set to validate on; NULL: its own "val" split */
    float repeat; /* how often an epoch shows each of its photos: a fraction shows some of them,
                     others each epoch (epoch_plan.h); 0: for validation only */
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
                             features, see synthetic_features.h; 0: one stream of text */
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
    /* Learning. */
    size_t epochs;         /* over the photos, in all */
    size_t freeze_encoder; /* the first of them have a frozen encoder; if all and at least one, it
                              is never trained */
    size_t text_epochs;    /* over the text, before */
    size_t self_critical_imagined;   /* afterwards, self-critical: on synthetic features of the text
                                        and on real ones, encoder frozen */
    size_t self_critical;            /* at last the same over the photos alone */
    size_t batch_size;               /* photos a step, with all their captions */
    size_t slice;                    /* photos of a micro-batch */
    size_t tbptt;                    /* steps of truncated back-propagation; 0: no truncation */
    float tag_weight;                /* of the word head's loss, beside that of captions */
    float lr;                        /* of the decoder while the encoder is frozen, and on text */
    float joint_lr;                  /* of the decoder afterwards */
    float encoder_lr;                /* of the encoder afterwards */
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
    float crop, color; /* augmentation with a trainable encoder, see augment.h */
    bool flip;         /* mirror photos, except where a caption says left or right */
    /* The run. */
    uint64_t seed;
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

/* The settings for a new decoder on a pre-trained encoder: those of the shipped weights. */
struct train_options train_options_default(void);

/* For fine-tuning a captioner, perhaps on few photos: smaller learning rates, fewer epochs. */
struct train_options train_options_fine_tuning(void);

/* For an encoder trained from scratch: no epoch is frozen, since random features are useless; the
 * encoder's learning rate is much larger; the sizes fit a small task that trains within minutes. */
struct train_options train_options_from_scratch(void);

/* False with `error` naming the first option that is out of its range, or two that contradict each
 * other. */
bool train_options_check(const struct train_options *options, caption_error *error);

/* The options that the weights depend on, without the data, as a JSON object: a run can be resumed
 * only with the same ones. NULL when memory is short. Freed with cJSON_Delete. */
cJSON *train_options_json(const struct train_options *options);

/* Callbacks for progress. All may be NULL. */
struct train_listener {
    void *context;
    void (*message)(void *context, const char *text); /* one line, no newline */
    /* Before the first step, with the summary and, when a run is resumed, the epochs it had; false
     * with `error` set ends the run. */
    bool (*begin)(void *context, const struct train_history *history, caption_error *error);
    /* After every epoch; the last of history->epochs is the one that ended. False with `error` set
     * ends the run. */
    bool (*epoch)(void *context, const struct train_history *history, caption_error *error);
    /* Asked after every step: true ends the run with a checkpoint and CAPTION_ERROR_INTERRUPTED. */
    bool (*stop)(void *context);
    FILE *progress; /* see progress.h */
};

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error);

#endif

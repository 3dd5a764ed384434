/* The trainer: photos and captions in, a model file out.
 *
 * First `freeze_encoder` epochs of the decoder alone on cached features, then the rest of the
 * epochs on both: the gradient of the words flows through x_1 into the convolutions. Each of the
 * two phases has a warm-up and a cosine schedule of its own. After every epoch the validation
 * photos are captioned, and the weights with the best CIDEr so far are written to `output`.
 *
 * A mini-batch is divided into TRAIN_SLICES fixed slices whose gradients are added in a fixed
 * order: the same seed gives the same weights, bit for bit, with any number of threads.
 */
#ifndef CAPTION_TRAIN_TRAIN_H
#define CAPTION_TRAIN_TRAIN_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "eval/scores.h"

enum { TRAIN_SLICES = 4 };

struct train_options {
    const char *dataset; /* to learn from */
    const char *images;  /* folder of its photos; NULL: beside it */
    const char
        *validation;     /* another data set to validate on; NULL: the "val" split of `dataset` */
    const char *output;  /* the model file to write */
    const char *encoder; /* file of encoder weights to start from; NULL: see encoder_arch */
    const char *encoder_arch; /* learn this architecture from scratch; both NULL: the encoder of the
                                 shipped model */
    size_t image_size;        /* side of the encoder's square; 0: 224, and 64 for "tiny" */
    const char *cell;         /* "rnn", "gru", "lstm" */
    size_t hidden, embed;     /* sizes of the state and of the word vectors */
    size_t min_count;         /* words seen less often are <unk> */
    size_t tbptt;             /* steps of truncated back-propagation; 0: no truncation */
    size_t epochs;            /* in all */
    size_t freeze_encoder;    /* of them, the first with a frozen encoder */
    size_t batch_size;        /* photos, with all their captions */
    float lr;                 /* of the decoder while the encoder is frozen */
    float joint_lr;           /* of the decoder afterwards */
    float encoder_lr;         /* of the encoder afterwards */
    float warmup;             /* share of a phase in which the rate rises, 0..1 */
    float dropout;            /* of word vectors and outputs */
    float label_smoothing;
    float clip;        /* norm of the gradient at most; 0: off */
    float average;     /* decay of the moving average of the weights; 0: off */
    float crop, color; /* augmentation once the encoder learns, see augment.h */
    bool flip;         /* mirror photos unless a caption says left or right */
    uint64_t seed;
    size_t threads;       /* 0: one per processor */
    const char *features; /* cache of the frozen encoder's features; NULL: output + ".features" */
    const char *note;     /* how this run was started, kept in the model's provenance; or NULL */
};

/* The settings that `caption train` uses when no flag is given. */
struct train_options train_options_default(void);

/* The same where encoder_arch is learned from scratch: no epoch is frozen, since nothing is to be
 * learned from random features; the encoder takes much larger steps; and the sizes are those of a
 * small task that is learned within minutes. */
struct train_options train_options_from_scratch(void);

/* False with `error` naming the first option that is out of its range. */
bool train_options_check(const struct train_options *options, caption_error *error);

/* What an epoch brought. */
struct train_epoch {
    size_t epoch, epochs; /* counted from 1 */
    bool frozen;          /* the encoder did not learn in it */
    double loss;          /* mean negative log likelihood of a training word */
    double perplexity;    /* of the validation captions, per word */
    struct scores scores; /* of the validation photos, by beam search as the defaults have it */
    size_t distinct;      /* different captions among them */
    bool best;            /* best CIDEr so far: written to the output */
    double seconds;       /* training alone */
    double words_per_second;
};

/* Whom the trainer tells how it goes. All may be NULL. */
struct train_listener {
    void *context;
    void (*message)(void *context, const char *text); /* one line, no newline */
    void (*epoch)(void *context, const struct train_epoch *epoch);
    FILE *progress; /* see progress.h */
};

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error);

#endif

/* A micro-batch is a part of the mini-batch: photos with all their captions, or rows of text. One
 * struct micro_batch computes micro-batches one after the other and adds their gradients to a
 * gradient accumulator. */
#ifndef CAPTION_TRAIN_MICRO_BATCH_H
#define CAPTION_TRAIN_MICRO_BATCH_H

#include "model/model.h"
#include "train/features.h"
#include "train/reward.h"
#include "train/train_data.h"

/* One photo of the mini-batch. */
struct micro_batch_photo {
    struct captions_part captions;
    size_t row;             /* among the training photos: in the feature cache, in the rewards */
    struct augment augment; /* augmentation of it */
    size_t style;           /* style of its captions, or STYLE_NONE */
    bool synthetic;         /* its features are synthetic, made from its captions */
};

/* What all micro-batches of a step share. */
struct micro_batch_task {
    const struct model *model;
    const struct features *features; /* of the frozen encoder; NULL: the encoder is trained */
    const struct synthetic_features *synthetic; /* NULL: no photo is synthetic */
    struct unroll_regularisation regularisation;
    real scale; /* of the loss: 1 / targets of the whole mini-batch */
    const struct reward
        *reward;         /* of sampled captions; NULL: training on the photos' own captions */
    size_t samples;      /* captions sampled for each photo */
    float tag_weight;    /* of the word head's loss */
    float image_dropout; /* of features */
    float drop_path;     /* of a trainable encoder */
};

/* Results of micro-batches: summed negative log likelihood, number of target words, summed loss of
 * the word head, and summed rewards and number of sampled captions. */
struct micro_batch_result {
    double loss;
    size_t targets;
    double tag_loss;
    double reward;
    size_t drawn;
};

/* Most captions sampled for a photo, and most words of one. */
enum { MICRO_BATCH_MOST_SAMPLES = 64, MICRO_BATCH_LONGEST_SAMPLE = 20 };

struct micro_batch;

/* The largest micro-batch. */
struct micro_batch_sizes {
    size_t photos;
    size_t rows;    /* captions of all photos, or rows of text */
    size_t longest; /* steps of a row */
    size_t steps;   /* of a window */
    size_t samples; /* captions sampled for each photo */
};

struct micro_batch *micro_batch_new(const struct model *model,
                                    const struct micro_batch_sizes *sizes, caption_error *error);
void micro_batch_free(struct micro_batch *micro_batch);

/* Sets the gradient accumulator, a block of the model's parameters: before the first micro-batch.
 */
void micro_batch_accumulate(struct micro_batch *micro_batch, real *gradients);

/* The photos of a micro-batch. */
struct micro_batch_batch {
    const struct micro_batch_photo *photos; /* [count] */
    size_t count;
    /* For a trainable encoder only: */
    const real *images; /* (count, S, S, 3) */
    struct encoder_workspace *workspace;
    /* Called when the decoder's gradients are done, before those of the encoder; NULL: not */
    void (*decoder_done)(void *context);
    void *context;
};

/* Adds the gradient of the photos' loss to the accumulator, and the sums to *result. */
typedef void micro_batch_work(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                              const struct micro_batch_batch *batch, struct random random,
                              struct micro_batch_result *result);
micro_batch_work micro_batch_photos;

/* The same for captions sampled from the model, several for each photo: self-critical training with
 * the mean of the others as a baseline (Rennie et al., 2017; Kool et al., Buy 4 REINFORCE samples,
 * get a baseline for free, 2019). A caption's weight in the loss is its advantage over the others.
 */
micro_batch_work micro_batch_rollout;

/* The same for rows [first_row, first_row + count) of a window of text. states (count, S) are
 * carried to the next window. */
struct micro_batch_text {
    struct text_window window;
    size_t first_row, count;
    real *states;
};
void micro_batch_text(struct micro_batch *micro_batch, const struct micro_batch_task *task,
                      const struct micro_batch_text *text, struct random random,
                      struct micro_batch_result *result);

#endif

/* What computes slices of the mini-batch, one after the other, and adds their gradients to a block
 * of its own: photos with all their captions, or rows of text. */
#ifndef CAPTION_TRAIN_SLICE_H
#define CAPTION_TRAIN_SLICE_H

#include "model/model.h"
#include "train/captions.h"
#include "train/features.h"
#include "train/imagination.h"
#include "train/reward.h"
#include "train/text.h"

/* One photo of the mini-batch. */
struct slice_photo {
    struct captions_part said;
    size_t row; /* among the photos learned from: in the feature cache, in the rewards */
    struct augment augment; /* what is done to it */
    size_t style;           /* in which it is described, or STYLE_NONE */
    bool imagined;          /* it is in no cache: its features are imagined from what is said */
};

/* What all slices of a step share. */
struct slice_task {
    const struct model *model;
    const struct features *features;       /* of the frozen encoder; NULL: the encoder learns */
    const struct imagination *imagination; /* NULL: no photo is imagined */
    struct unroll_regularisation regularisation;
    real scale;                  /* of the loss: 1 / targets of the whole mini-batch */
    const struct reward *reward; /* of captions drawn; NULL: the photos' own teach */
    size_t samples;              /* captions drawn for each photo */
    float tag_weight;            /* of the word head's loss */
    float image_dropout;         /* of features */
    float drop_path;             /* of an encoder that learns */
};

/* What slices brought: summed negative log likelihood and number of target words, summed loss of
 * the word head; of drawn captions, their summed rewards and their number, too. */
struct slice_result {
    double loss;
    size_t targets;
    double tag_loss;
    double reward;
    size_t drawn;
};

/* Captions that may be drawn for a photo, and words of one. */
enum { SLICE_MOST_SAMPLES = 64, SLICE_LONGEST_SAMPLE = 20 };

struct slice;

/* For at most `rows` captions of at most `photos` photos, or rows of text, of `longest` steps; in
 * windows of `steps` steps. With `samples`, so many captions may be drawn for each photo. */
struct slice *slice_new(const struct model *model, size_t photos, size_t rows, size_t longest,
                        size_t steps, size_t samples, caption_error *error);
void slice_free(struct slice *slice);

/* The gradient block. */
real *slice_gradients(const struct slice *slice);

/* Adds the gradient of the photos' loss to the block, and what they brought to *result. `images`
 * (count, S, S, 3) and `workspace` are those of an encoder that learns. */
typedef void slice_work(struct slice *slice, const struct slice_task *task,
                        struct encoder_workspace *workspace, const struct slice_photo *photos,
                        const real *images, size_t count, struct random random,
                        struct slice_result *result);
slice_work slice_photos;

/* The same for captions that the model draws itself, some for each photo: self-critical training
 * with the mean of the others as a baseline (Rennie et al., 2017; Kool et al., Buy 4 REINFORCE
 * samples, get a baseline for free, 2019). A caption's words become likelier by as much as it is
 * better than the others, and less likely by as much as it is worse. */
slice_work slice_rollout;

/* The same for part [first_row, first_row + count) of a text read in `rows` parts: a window of
 * `steps` steps from `first` on. states (count, S) are carried. */
void slice_text(struct slice *slice, const struct slice_task *task, const struct text *text,
                size_t rows, size_t first_row, size_t count, size_t first, size_t steps,
                real *states, struct random random, struct slice_result *result);

#endif

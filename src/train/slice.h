/* One fixed slice of the mini-batch: some photos with all their captions, forward and backward,
 * into a gradient block of its own. */
#ifndef CAPTION_TRAIN_SLICE_H
#define CAPTION_TRAIN_SLICE_H

#include "model/model.h"
#include "train/captions.h"
#include "train/features.h"

/* One photo of the mini-batch. */
struct slice_photo {
    const struct dataset_photo *photo;
    size_t row;             /* in the feature cache, when the encoder is frozen */
    struct augment augment; /* what is done to it */
};

/* What all slices of a step share. */
struct slice_task {
    const struct model *model;
    const struct captions *captions;
    const struct features *features; /* of the frozen encoder; NULL: the encoder learns */
    struct unroll_regularisation regularisation;
    real scale; /* of the loss: 1 / targets of the whole mini-batch */
};

/* Scratch of a worker thread, for the encoder's pass; not needed while it is frozen. */
struct slice_worker {
    struct encoder_workspace *workspace;
    real *images; /* (photos, S, S, 3) */
};

bool slice_worker_init(struct slice_worker *worker, const struct model *model, size_t photos,
                       caption_error *error);
void slice_worker_free(struct slice_worker *worker);

struct slice;

/* For at most `photos` photos, and windows of `steps` steps. */
struct slice *slice_new(const struct model *model, const struct captions *captions, size_t photos,
                        size_t steps, caption_error *error);
void slice_free(struct slice *slice);

/* The gradient block. */
real *slice_gradients(const struct slice *slice);

/* Adds the gradient of the photos' loss to the block. *loss and *targets: summed negative log
 * likelihood and number of target words. False when a photo cannot be read. */
bool slice_run(struct slice *slice, const struct slice_task *task, struct slice_worker *worker,
               const struct slice_photo *photos, size_t count, struct random random, double *loss,
               size_t *targets, caption_error *error);

#endif

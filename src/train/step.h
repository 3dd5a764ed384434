/* One step of training: the mini-batch as slices, their gradients in a fixed order, an update.
 * Internal to this room. */
#ifndef CAPTION_TRAIN_STEP_H
#define CAPTION_TRAIN_STEP_H

#include "train/trainer.h"

/* Plans the memory for the steps of every phase but what step_begin_phase allocates. */
bool step_init(struct trainer *trainer, caption_error *error);
void step_free(struct trainer *trainer);

/* What a phase needs beyond that. */
bool step_begin_phase(struct trainer *trainer, enum train_phase phase, caption_error *error);

/* Steps in an epoch of the phase. */
size_t step_count(const struct trainer *trainer, enum train_phase phase);

/* Draws the order of an epoch; its steps follow from trainer->place.step on. */
void step_begin_epoch(struct trainer *trainer, size_t epoch);

/* The next step. The place moves on. */
bool step_run(struct trainer *trainer, caption_error *error);

/* Seconds that a step of the phase takes, measured on one that leaves nothing behind. */
bool step_measure(struct trainer *trainer, enum train_phase phase, double *seconds,
                  caption_error *error);

/* The learning rates of a step. */
struct update_rates step_rates(const struct trainer *trainer, size_t epoch, size_t step);

/* All processes know what one of them knows: true when any says so. */
bool step_any(struct trainer *trainer, bool mine, bool *any, caption_error *error);

/* Text rows' states of all processes, in all processes. */
bool step_share_states(struct trainer *trainer, caption_error *error);

#endif

/* One step of training: the mini-batch as micro-batches, their gradients summed in a fixed order,
 * an update. Internal to src/train. */
#ifndef CAPTION_TRAIN_STEP_H
#define CAPTION_TRAIN_STEP_H

#include "train/trainer.h"

/* Allocates the memory of every phase, except what step_begin_phase allocates. */
bool step_init(struct trainer *trainer, caption_error *error);
void step_free(struct trainer *trainer);

/* Allocates what else a phase needs. */
bool step_begin_phase(struct trainer *trainer, enum train_phase phase, caption_error *error);

/* Steps in an epoch of the phase. */
size_t step_count(const struct trainer *trainer, enum train_phase phase);

/* Draws the order of an epoch; its steps continue from trainer->place.step. */
void step_begin_epoch(struct trainer *trainer, size_t epoch);

/* Runs the next step and advances the place. */
bool step_run(struct trainer *trainer, caption_error *error);

/* Measures the seconds of a step of the phase, on one that changes no state. */
bool step_measure(struct trainer *trainer, enum train_phase phase, double *seconds,
                  caption_error *error);

/* The learning rates of a step. */
struct update_rates step_rates(const struct trainer *trainer, size_t epoch, size_t step);

/* Logical or of `mine` over all processes. */
bool step_any(struct trainer *trainer, bool mine, bool *any, caption_error *error);

/* Shares the text rows' states of all processes with all processes. */
bool step_share_states(struct trainer *trainer, caption_error *error);

#endif

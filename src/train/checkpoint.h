/* All that a run needs to go on as if nothing had happened, in one file: the model that learns (so
 * that a checkpoint is a model file too, unless batch norm learns in it), optimiser, moving
 * average, text rows' states, place in the data, best score, history. Written beside the old one
 * and renamed over it: a crash at any byte leaves a good one. Random numbers are drawn from the
 * seed and the place, so they need no state. */
#ifndef CAPTION_TRAIN_CHECKPOINT_H
#define CAPTION_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

/* Writes the state of the trainer to trainer->checkpoint. */
bool checkpoint_write(const struct trainer *trainer, caption_error *error);

/* Whether there is a file of that name. */
bool checkpoint_exists(const char *path);

/* Whether a file is a checkpoint, told by its header. */
bool checkpoint_recognise(const char *path);

/* Removes it once the run has ended. */
bool checkpoint_remove(const char *path, caption_error *error);

/* Reads the model alone; the rest can be read once everything has its size. */
bool checkpoint_read_model(struct model *model, const char *path, caption_error *error);

/* Reads all else into a trainer whose model is the checkpoint's. A run with other settings or other
 * data is an error that names what differs. */
bool checkpoint_read(struct trainer *trainer, caption_error *error);

#endif

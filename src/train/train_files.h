/* The files of a run: their names, and whether they can be what they are to be. Internal to this
 * room. */
#ifndef CAPTION_TRAIN_TRAIN_FILES_H
#define CAPTION_TRAIN_TRAIN_FILES_H

#include "train/trainer.h"

/* Names features and checkpoint, and says whether the run goes on from a checkpoint. What would
 * fail or destroy something hours later is an error now: an output that cannot be written, a file
 * that is to be two things. */
bool train_files_settle(struct trainer *trainer, bool *resume, caption_error *error);

/* Once the checkpoint is read: where the output is gone, the best weights so far are too. */
void train_files_resumed(struct trainer *trainer);

#endif

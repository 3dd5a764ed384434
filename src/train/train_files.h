/* The files of a run: their names, and whether it goes on from one. */
#ifndef CAPTION_TRAIN_TRAIN_FILES_H
#define CAPTION_TRAIN_TRAIN_FILES_H

#include "train/trainer.h"

/* The names that a run gives its cache of features and its checkpoint, newly allocated; NULL with
 * `error` set when memory is short. */
char *train_files_features(const struct train_options *options, caption_error *error);
char *train_files_checkpoint(const struct train_options *options, caption_error *error);

/* Names features and checkpoint of the run, and says whether it goes on from a checkpoint. One that
 * is there unasked is an error. That what is written may be written is for the caller to see to. */
bool train_files_settle(struct trainer *trainer, bool *resume, caption_error *error);

/* Once the checkpoint is read: where the output is gone, the best weights so far are too. */
void train_files_resumed(struct trainer *trainer);

#endif

/* The files of a run: their names, and whether it resumes from one. */
#ifndef CAPTION_TRAIN_TRAIN_FILES_H
#define CAPTION_TRAIN_TRAIN_FILES_H

#include "train/trainer.h"

/* The names of a run's feature cache and of its checkpoint, newly allocated; NULL with `error` set
 * when memory is short. */
char *train_files_features(const struct train_options *options, caption_error *error);
char *train_files_checkpoint(const struct train_options *options, caption_error *error);

/* Names the run's features and checkpoint, and finds out whether the run resumes from a checkpoint.
 * A checkpoint without --resume is an error. The caller checks that the files may be overwritten.
 */
bool train_files_settle(struct trainer *trainer, bool *resume, caption_error *error);

/* Called once the checkpoint is read: if the output is gone, the best weights so far are lost too.
 */
void train_files_resumed(struct trainer *trainer);

#endif

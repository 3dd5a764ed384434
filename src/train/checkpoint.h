/* Everything that resuming a run needs, in one file: the model being trained (so a checkpoint is
 * also a model file, unless it contains trainable batch norm), optimiser, moving average, states of
 * the text rows, position in the data, best score, history. The file is written beside the old one
 * and renamed over it: a crash at any byte leaves a valid file. Random numbers are drawn from the
 * seed and the position, so they need no state. */
#ifndef CAPTION_TRAIN_CHECKPOINT_H
#define CAPTION_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

/* The setting that is a hash of the photos and captions of a run. */
#define CHECKPOINT_DATA "the data"

/* Writes the state of the trainer to trainer->checkpoint. */
bool checkpoint_write(const struct trainer *trainer, caption_error *error);

/* Whether the file exists. */
bool checkpoint_exists(const char *path);

/* Whether a file is a checkpoint, detected from its header. */
bool checkpoint_recognise(const char *path);

/* Removes it once the run has ended. */
bool checkpoint_remove(const char *path, caption_error *error);

/* Reads the model alone; the remaining state can be read once all sizes are known. */
bool checkpoint_read_model(struct model *model, const char *path, caption_error *error);

/* Reads everything else into a trainer whose model is the checkpoint's. Other settings or other
 * data are an error that names the difference. */
bool checkpoint_read(struct trainer *trainer, caption_error *error);

/* The files of a run: their names, and whether it resumes from one. */

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

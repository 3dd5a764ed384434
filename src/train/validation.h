/* Captions and scores the validation photos during training, and writes the best weights. Internal
 * to src/train. */
#ifndef CAPTION_TRAIN_VALIDATION_H
#define CAPTION_TRAIN_VALIDATION_H

#include "train/trainer.h"

/* Chooses the sample photos shown during training, the same in every run on the same data. */
bool validation_choose_samples(struct trainer *trainer, caption_error *error);

/* Chooses whether weights are compared by CIDEr or, with few photos, by perplexity. */
void validation_choose_measure(struct trainer *trainer);

/* Scores the weights as they would be written, writes them if they are the best so far, and adds
 * the epoch to the history. */
bool validation_of_epoch(struct trainer *trainer, struct train_epoch *result, caption_error *error);

/* Scores a captioner before the first step and writes it, so that every epoch has to beat it:
 * fine-tuning on few photos may make it worse. */
bool validation_of_start(struct trainer *trainer, caption_error *error);

/* Reports at the end of a run which weights are in the output, and their score before and after. */
void validation_say_kept(const struct trainer *trainer);

#endif

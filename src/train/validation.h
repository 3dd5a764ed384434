/* The photos held back, captioned and scored as training goes on; the best weights are written.
 * Internal to this room. */
#ifndef CAPTION_TRAIN_VALIDATION_H
#define CAPTION_TRAIN_VALIDATION_H

#include "train/trainer.h"

/* Chooses the photos that are shown as training goes on, the same in every run on the same data. */
bool validation_choose_samples(struct trainer *trainer, caption_error *error);

/* Says whether weights are compared by CIDEr or, of a handful of photos, by perplexity. */
void validation_choose_measure(struct trainer *trainer);

/* Scores the weights as they would be written, writes them if they are the best so far, and adds
 * the epoch to the history. */
bool validation_of_epoch(struct trainer *trainer, struct train_epoch *result, caption_error *error);

/* A captioner may be better as it is than after learning from a few photos more: before the first
 * step it is scored and written, so that every epoch has to beat it. */
bool validation_of_start(struct trainer *trainer, caption_error *error);

/* At the end of a run: which weights are in the output, and their score before and after. */
void validation_say_kept(const struct trainer *trainer);

#endif

/* Which photos a run learns from and which it validates on. Internal to this room. */
#ifndef CAPTION_TRAIN_TRAIN_DATA_H
#define CAPTION_TRAIN_TRAIN_DATA_H

#include "train/trainer.h"

/* Reads the data sets, selects and looks at their photos, and says what is left out. */
bool train_data_read(struct trainer *trainer, caption_error *error);

/* Fills in the trainer's styles, once its model is known. A style that no photo to learn from has
 * is an error. */
bool train_data_find_styles(struct trainer *trainer, caption_error *error);

/* A fingerprint of what is learned and what is validated on: names, captions, text. */
uint64_t train_data_hash(const struct trainer *trainer);

/* Fills in the parts of history.summary that the data and the vocabulary decide, and says them. */
void train_data_summarise(struct trainer *trainer);

#endif

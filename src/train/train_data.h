/* The training and validation photos of a run. Internal to src/train. */
#ifndef CAPTION_TRAIN_TRAIN_DATA_H
#define CAPTION_TRAIN_TRAIN_DATA_H

#include "train/trainer.h"

/* Reads the data sets, creates the threads, selects and checks the photos, and reports what is left
 * out. */
bool train_data_read(struct trainer *trainer, caption_error *error);

/* Fills in the trainer's styles, once its model is known. A style without a training photo is an
 * error. */
bool train_data_find_styles(struct trainer *trainer, caption_error *error);

/* A hash of the training and validation data: names, captions, text. */
uint64_t train_data_hash(const struct trainer *trainer);

/* Fills in the parts of history.summary that depend on the data and the vocabulary, and reports
 * them. */
void train_data_summarise(struct trainer *trainer);

#endif

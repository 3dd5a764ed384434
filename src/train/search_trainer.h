/* Trains the search part of a captioner (model/search.h) with encoder and decoder frozen, on cached
 * features: an epoch shows every photo once, with one of its captions, drawn at random. The loss is
 * that of losses.h, over the mini-batch. After every epoch the validation photos are searched
 * by their captions and the other way round; the weights that find best, by the mean of R@1, R@5
 * and R@10 of both ways and of all parts, are written. The captions of the model stay as they were,
 * to the byte. */
#ifndef CAPTION_TRAIN_SEARCH_TRAINER_H
#define CAPTION_TRAIN_SEARCH_TRAINER_H

#include "train/trainer.h"

/* Trains the trainer's model, whose data, captions and features are read, from a random search part
 * on, and writes it to the output, in numbers of that type. */
bool search_trainer_run(struct trainer *trainer, enum safetensors_type type, caption_error *error);

#endif

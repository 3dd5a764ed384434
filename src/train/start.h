/* What training starts from: the vocabulary of the captions, the encoder's weights, a random
 * decoder. */
#ifndef CAPTION_TRAIN_START_H
#define CAPTION_TRAIN_START_H

#include "data/dataset.h"
#include "model/model.h"
#include "train/train.h"

/* Makes the model that the options describe, with the words of the given photos' captions. */
bool start_model(struct model *model, const struct train_options *options,
                 const struct dataset *dataset, const size_t *photos, size_t count,
                 struct random *random, caption_error *error);

/* Sets the decoder's shift and scale from `count` photos' features (count, F): unit vectors are
 * centred on their mean, and divided by one number so that their numbers have unit variance on
 * average. */
void start_image_scale(struct model *model, const float *features, size_t count);

#endif

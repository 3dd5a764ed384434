/* What training starts from: a whole captioner, whose vocabulary may grow (--init, or the shipped
 * model; or the mean of several, --mean-with), or a random decoder on an encoder read from a file
 * (--encoder) or just as random (--encoder-arch). */
#ifndef CAPTION_TRAIN_START_H
#define CAPTION_TRAIN_START_H

#include "data/dataset.h"
#include "model/model.h"
#include "train/train.h"

/* Makes the model that the options describe, with the words of the given photos' captions as
 * min_count and vocab have it. A cell, image input or size of the decoder that contradicts the
 * captioner's is an error that names both. */
bool start_model(struct model *model, const struct train_options *options,
                 const struct dataset *dataset, const size_t *photos, size_t count,
                 struct random *random, caption_error *error);

/* What learns already cannot be chosen anew: a size, cell or image input of the options that
 * contradicts that of the checkpoint read from `path` is an error that names both. */
bool start_check_choices(const struct train_options *options, const struct model *model,
                         const char *path, caption_error *error);

/* Whether that is a captioner: its image scale is then part of what it has learned, and is not
 * measured again. */
bool start_is_captioner(const struct train_options *options);

/* Sets the decoder's shift and scale from `count` photos' features (count, F): unit vectors are
 * centred on their mean, and divided by one number so that their numbers have unit variance on
 * average. */
void start_image_scale(struct model *model, const float *features, size_t count);

#endif

/* The model that training starts from: a captioner, whose vocabulary may grow (--init, or the
 * shipped model; or the mean of several, --mean-with), or a random decoder on an encoder that is
 * read from a file (--encoder) or random too (--encoder-arch). */
#ifndef CAPTION_TRAIN_START_H
#define CAPTION_TRAIN_START_H

#include "data/dataset.h"
#include "model/model.h"
#include "train/train.h"

/* Makes the model that the options describe. Its vocabulary comes from the captions of the given
 * photos, as min_count and vocab specify. A cell, image input or decoder size that contradicts the
 * captioner's is an error that names both. */
bool start_model(struct model *model, const struct train_options *options,
                 const struct dataset_selection *photos, struct random *random,
                 caption_error *error);

/* Reads the captioner that gets a search part, as it is; `type`: of its file's numbers. Choices
 * that contradict it are errors. */
bool start_search_model(struct model *model, const struct train_options *options,
                        enum safetensors_type *type, caption_error *error);

/* A resumed model keeps its architecture: a size, cell or image input of the options that
 * contradicts that of the checkpoint read from `path` is an error that names both. */
bool start_check_choices(const struct train_options *options, const struct model *model,
                         const char *path, caption_error *error);

/* A resumed model also keeps its start: a captioner, encoder or way with words that the options
 * name is an error unless it is that of the checkpoint. What they leave out is as it was. */
bool start_check_begun(const struct train_options *options, const struct model *model,
                       const char *path, caption_error *error);

/* Whether training starts from a captioner: its image scale is then kept, not measured again. */
bool start_is_captioner(const struct train_options *options);

/* Sets the decoder's image shift and scale from `count` photos' features (count, F): unit vectors
 * are centred on their mean and divided by one number, so that their elements have unit variance on
 * average. */
void start_image_scale(struct model *model, const float *features, size_t count);

#endif

/* What the files of the model share. Internal to this room. */
#ifndef CAPTION_MODEL_MODEL_PARTS_H
#define CAPTION_MODEL_MODEL_PARTS_H

#include "model/model.h"

/* model_new without the numbers: every size is checked and every tensor registered, but nothing of
 * the size of the weights is allocated, so that a file can be held against the plan first. */
bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error);

/* The text of the model's tags (tag_words.h), to be freed; NULL without an error when it has none.
 */
bool model_tags_text(const struct model *model, char **text, caption_error *error);

/* The same of its caption styles (styles.h). */
bool model_styles_text(const struct model *model, char **text, caption_error *error);

/* Sets what the metadata tells of mean, std and size, and leaves alone what it is silent on. */
bool model_file_preprocessing(const struct safetensors *file, struct preprocessing *preprocessing,
                              caption_error *error);

#endif

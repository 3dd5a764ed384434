/* What model.c and model_file.c share. Internal to this room. */
#ifndef CAPTION_MODEL_MODEL_PARTS_H
#define CAPTION_MODEL_MODEL_PARTS_H

#include "model/model.h"

/* model_new without the numbers: every size is checked and every tensor registered, but nothing of
 * the size of the weights is allocated, so that a file can be held against the plan first. */
bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error);

#endif

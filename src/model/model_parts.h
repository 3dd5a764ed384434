/* Shared by the files of the model. Internal to this folder. */
#ifndef CAPTION_MODEL_MODEL_PARTS_H
#define CAPTION_MODEL_MODEL_PARTS_H

#include "model/model.h"

/* model_new without the numbers: every size is checked and every tensor registered, but nothing of
 * the size of the weights is allocated, so that a file can be checked against the plan first. */
bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error);

/* A model's tags (tag_words.h) and caption styles (styles.h) as text of the metadata; NULL if it
 * has none. */
struct model_texts {
    char *tags, *styles; /* owned */
};
/* Freed with model_texts_free, also after a failure. */
bool model_texts_of(const struct model *model, struct model_texts *texts, caption_error *error);
void model_texts_free(struct model_texts *texts);

/* The design of a model like `model`, without batch norm, for squares of `size` pixels, with the
 * tags and styles of `texts`; valid while both are. */
struct model_design model_design_like(const struct model *model, size_t size,
                                      const struct model_texts *texts);

/* Sets mean, std and size from the metadata; absent keys leave them unchanged. */
bool model_file_preprocessing(const struct safetensors *file, struct preprocessing *preprocessing,
                              caption_error *error);

#endif

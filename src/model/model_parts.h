/* What the files of the model share. Internal to this room. */
#ifndef CAPTION_MODEL_MODEL_PARTS_H
#define CAPTION_MODEL_MODEL_PARTS_H

#include "model/model.h"

/* model_new without the numbers: every size is checked and every tensor registered, but nothing of
 * the size of the weights is allocated, so that a file can be held against the plan first. */
bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error);

/* What a model's metadata says of its tags (tag_words.h) and caption styles (styles.h); NULL where
 * it has none. */
struct model_texts {
    char *tags, *styles; /* owned */
};
/* Freed with model_texts_free, also after a failure. */
bool model_texts_of(const struct model *model, struct model_texts *texts, caption_error *error);
void model_texts_free(struct model_texts *texts);

/* The design of a model like that one, without batch norm, for squares of `size` pixels, with the
 * tags and styles of `texts`; valid while both are. */
struct model_design model_design_like(const struct model *model, size_t size,
                                      const struct model_texts *texts);

/* Sets what the metadata tells of mean, std and size, and leaves alone what it is silent on. */
bool model_file_preprocessing(const struct safetensors *file, struct preprocessing *preprocessing,
                              caption_error *error);

#endif

/* Features of a frozen encoder, computed once and cached in a file that records its sources: the
 * encoder's weights, the preprocessing and the photos (path, size, modification time). */
#ifndef CAPTION_TRAIN_FEATURES_H
#define CAPTION_TRAIN_FEATURES_H

#include "base/threads.h"
#include "model/model.h"
#include "train/train.h"

struct features {
    size_t count;    /* photos */
    size_t width;    /* F */
    float *plain;    /* (count, F) */
    float *mirrored; /* (count, F), of the mirrored photos; NULL when not requested */
};

/* What features are made from. */
struct feature_source {
    const struct model *model; /* its encoder */
    const char *const *paths;  /* [count], of the photos */
    size_t count;
    bool mirrored; /* whether those of the mirrored photos are requested too */
};

/* Reads the features from `path` if that file was made from the same sources, else computes and
 * writes them. A photo that cannot be read is an error that names it. */
bool features_load(struct features *features, const struct feature_source *source, const char *path,
                   struct threads *threads, const struct train_listener *listener,
                   caption_error *error);
void features_free(struct features *features);

/* Whether a file holds features, detected from its header. */
bool features_recognise(const char *path);

#endif

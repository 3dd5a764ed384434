/* Features of a frozen encoder, computed once and cached in a file that records its sources: the
 * encoder's weights, the preprocessing and the photos (path, size, modification time). */
#ifndef CAPTION_TRAIN_FEATURES_H
#define CAPTION_TRAIN_FEATURES_H

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"
#include "model/model.h"
#include "train/train.h"
#include "train/train_data.h"

struct features {
    size_t count;    /* photos */
    size_t width;    /* F */
    float *plain;    /* (count, F) */
    float *mirrored; /* (count, F), of the mirrored photos; NULL when not requested */
};

/* What features are made from. */
struct feature_source {
    const struct model *model;      /* its encoder */
    const struct photo_file *files; /* [count], of the photos */
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

/* Synthetic image features for captions without photos: text that describes photos then trains the
 * decoder as captioned photos do, with an image vector before the words.
 *
 * A linear map from the words of a photo's captions to its features is fitted to the training
 * photos (ridge regression). It explains a small part of the variance, so the residual of a random
 * photo is added to its prediction: synthetic features vary as much as real ones. The residuals are
 * those of maps fitted without the photo (cross-fitting); otherwise synthetic features would reveal
 * more about their words than real ones do.
 *
 * The noise that makes up for the gap between text and image is as in Nukrai, Mokady and Globerson,
 * Text-only training for image captioning using noise-injected CLIP, 2022. */

struct synthetic_features;

/* Fits the map to `count` photos: their captions and the first `count` features. `words` is the
 * size of the vocabulary. The work is divided over threads; the result does not depend on their
 * number. NULL with `error` set when memory is short. */
struct synthetic_features *synthetic_features_new(const struct captions_part *photos, size_t count,
                                                  size_t words, const struct features *features,
                                                  struct threads *threads, caption_error *error);
void synthetic_features_free(struct synthetic_features *synthetic);

/* Writes synthetic features (F,) for the captions of a photo. Their norm is about 1; the decoder
 * ignores the norm of features. */
void synthetic_features_draw(const struct synthetic_features *synthetic,
                             const struct captions_part *photo, struct random *random,
                             float *features);

/* Linear regression from many sparse inputs to many outputs, with a penalty on the squares of its
 * weights (Hoerl and Kennard, Ridge regression, 1970); the intercept is not penalised. The normal
 * equations are solved by conjugate gradients (Hestenes and Stiefel, 1952).
 */

struct ridge;

/* For at most `rows` rows of `inputs` inputs (K) and `outputs` outputs (F). NULL with `error` set
 * when memory is short or there is no BLAS. */
struct ridge *ridge_new(size_t rows, size_t inputs, size_t outputs, float penalty,
                        caption_error *error);
void ridge_free(struct ridge *ridge);

/* The next row: its outputs are `scale` times `outputs` (F,), which must stay valid. */
void ridge_row_begin(struct ridge *ridge, const float *outputs, float scale);

/* Adds a nonzero input to the last row; each input at most once. */
bool ridge_row_add(struct ridge *ridge, size_t input, float value, caption_error *error);

/* Fits all rows: weights (K, F) and intercept (F,). The same for any number of threads. */
bool ridge_solve(const struct ridge *ridge, struct threads *threads, float *weights,
                 float *intercept, caption_error *error);

/* Cross-fitted residuals (rows, F): each row's outputs minus the prediction of a fit to all other
 * parts. Row i is in part i % parts. */
bool ridge_residuals(const struct ridge *ridge, size_t parts, struct threads *threads,
                     float *residuals, caption_error *error);

#endif

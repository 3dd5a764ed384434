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
#ifndef CAPTION_TRAIN_SYNTHETIC_FEATURES_H
#define CAPTION_TRAIN_SYNTHETIC_FEATURES_H

#include "base/random.h"
#include "base/threads.h"
#include "train/captions.h"
#include "train/features.h"

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

#endif

/* Photos that are not at hand, imagined from what is said of them: text that describes photos can
 * then teach the decoder as photos with captions do, with an image vector before the words.
 *
 * A linear map from the words of a photo's captions to its features is learned from the photos that
 * training has (ridge regression). It explains a small part of what features tell, so to what it
 * says of a photo's words the rest of some other photo, drawn at random, is added: an imagined
 * photo is as full of other things as a real one. That rest is measured by maps that have not seen
 * the photo; else imagined photos would tell more of their words than real ones do.
 *
 * The noise that makes up for the gap between text and image is as in Nukrai, Mokady and Globerson,
 * Text-only training for image captioning using noise-injected CLIP, 2022. */
#ifndef CAPTION_TRAIN_IMAGINATION_H
#define CAPTION_TRAIN_IMAGINATION_H

#include "base/random.h"
#include "base/threads.h"
#include "train/captions.h"

struct imagination;

/* Learns from `count` photos: their captions and their features (count, F). `words` is the size of
 * the vocabulary. The work is divided over threads; what comes out does not depend on how many.
 * NULL with `error` set when memory is short. */
struct imagination *imagination_new(const struct captions_part *photos, size_t count, size_t words,
                                    const float *features, size_t width, struct threads *threads,
                                    caption_error *error);
void imagination_free(struct imagination *imagination);

/* Writes the features (F,) of a photo of which that is said; of length 1 or so, as the length of
 * features means nothing to the decoder. */
void imagination_draw(const struct imagination *imagination, const struct captions_part *said,
                      struct random *random, float *features);

#endif

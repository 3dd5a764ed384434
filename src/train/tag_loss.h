/* The loss of the word head. The label of a tag is whether a caption of the photo contains it.
 * The loss is the binary cross entropy, in nats, as that of words (Yao et al., Boosting image
 * captioning with attributes, 2017). A tag that no caption names may still be in the photo:
 * negative labels have weight 1 with five captions or more, and n / 5 with n fewer. */
#ifndef CAPTION_TRAIN_TAG_LOSS_H
#define CAPTION_TRAIN_TAG_LOSS_H

#include "text/tag_words.h"
#include "train/captions.h"

/* labels[tags->count]: 1 where a caption of `captions` names the tag, else 0. */
void tag_labels(const struct tag_words *tags, const struct captions_part *photo, uint8_t *labels);

/* The weight of an unnamed tag for a photo with this number of captions. */
real tag_absence(size_t captions);

/* The loss of a photo whose tags have the given probabilities [count]. d_logits [count]: its
 * derivative by their logits, times `scale`. */
double tag_loss(size_t count, const real *probabilities, const uint8_t *labels, real absence,
                real scale, real *d_logits);

#endif

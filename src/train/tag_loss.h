/* What teaches the word head: of each tag, whether the captions of a photo name it. The loss is the
 * cross entropy of independent yes-or-no questions, in nats, as that of words is (Yao et al.,
 * Boosting image captioning with attributes, 2017, learn them so). A tag that one caption does not
 * name may still be in the photo: that it is not named counts in full with five captions, and with
 * fewer by their share of five. */
#ifndef CAPTION_TRAIN_TAG_LOSS_H
#define CAPTION_TRAIN_TAG_LOSS_H

#include "text/tag_words.h"
#include "train/captions.h"

/* labels[tags->count]: 1 where a caption of `said` names the tag, else 0. */
void tag_labels(const struct tag_words *tags, const struct captions_part *said, uint8_t *labels);

/* What an unnamed tag counts for a photo with so many captions. */
real tag_absence(size_t captions);

/* The loss of a photo whose tags have the given probabilities [count]. d_logits [count]: its
 * derivative by their logits, times `scale`. */
double tag_loss(size_t count, const real *probabilities, const uint8_t *labels, real absence,
                real scale, real *d_logits);

#endif

#include "train/tag_loss.h"

#include <math.h>
#include <string.h>

/* Captions that say of a photo most of what people would say. */
enum { ALL_CAPTIONS = 5 };

/* A probability is taken to be at least this, so that its logarithm is finite. */
static const double SMALLEST = 1e-12;

void tag_labels(const struct tag_words *tags, const struct captions_part *said, uint8_t *labels) {
    memset(labels, 0, tags->count);
    const struct captions *captions = said->captions;
    const size_t begin = captions->begin[said->first];
    const size_t end = captions->begin[said->first + said->count];
    for (size_t i = begin; i < end; i++) {
        const uint32_t tag = tags->tags[captions->words[i]];
        if (tag != TAG_NONE) labels[tag] = 1;
    }
}

real tag_absence(size_t captions) {
    return captions >= ALL_CAPTIONS ? 1 : (real)captions / ALL_CAPTIONS;
}

double tag_loss(size_t count, const real *probabilities, const uint8_t *labels, real absence,
                real scale, real *d_logits) {
    double loss = 0;
    for (size_t i = 0; i < count; i++) {
        const real weight = labels[i] ? 1 : absence;
        const double right = labels[i] ? (double)probabilities[i] : 1 - (double)probabilities[i];
        loss -= (double)weight * log(fmax(right, SMALLEST));
        d_logits[i] = scale * weight * (probabilities[i] - (real)labels[i]);
    }
    return loss;
}

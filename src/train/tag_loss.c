#include "train/tag_loss.h"

#include <math.h>
#include <string.h>

/* Captions that together name most of what people would name. */
enum { ALL_CAPTIONS = 5 };

/* Probabilities are clamped to this, so that the logarithm is finite. */
static const double SMALLEST = 1e-12;

void tag_labels(const struct tag_words *tags, const struct captions_part *photo, uint8_t *labels) {
    memset(labels, 0, tags->count);
    const struct captions *captions = photo->captions;
    const size_t begin = captions->begin[photo->first];
    const size_t end = captions->begin[photo->first + photo->count];
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

/* The captions of a data set as word numbers, and as the steps of the unroll. */
#ifndef CAPTION_TRAIN_CAPTIONS_H
#define CAPTION_TRAIN_CAPTIONS_H

#include "data/dataset.h"
#include "text/vocabulary.h"
#include "train/tbptt.h"

struct captions {
    int32_t *words; /* of all captions, one after the other */
    size_t *begin;  /* [count + 1] caption i is words[begin[i] .. begin[i + 1]) */
    size_t count;
    size_t longest; /* words in the longest */
    size_t most;    /* captions of the photo that has most */
};

/* The captions of one photo. */
struct captions_part {
    const struct captions *captions;
    size_t first, count; /* captions [first, first + count) of those */
};

/* Unknown words become <unk>. */
bool captions_init(struct captions *captions, const struct dataset *dataset,
                   const struct vocabulary *vocabulary, caption_error *error);
void captions_free(struct captions *captions);

/* The words to predict in some captions, each <end> included. */
size_t captions_targets(const struct captions_part *part);

/* Steps that a caption of `words` words takes: the image, <start>, and each word; the targets of
 * the last `words + 1` are the words and <end>. */
size_t captions_steps(size_t words);

/* Writes caption `index` as a sequence whose image is vectors[vector]; inputs and targets hold
 * captions_steps(words) numbers. */
struct tbptt_sequence captions_sequence(const struct captions *captions, size_t index,
                                        size_t vector, int32_t *inputs, int32_t *targets);

#endif

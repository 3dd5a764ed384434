/* A part of a mini-batch of search pairs, a photo and a sentence of it each: forward to unit
 * vectors and backward to a gradient accumulator of its own. The loss between them,
 * ranking_loss, needs the vectors of all parts. Internal to src/train. */
#ifndef CAPTION_TRAIN_SEARCH_TRAINER_H
#define CAPTION_TRAIN_SEARCH_TRAINER_H

#include "model/model.h"

struct search_pair {
    const real *features; /* (F,) of the photo */
    struct search_sentence sentence;
    size_t photo; /* its number: pairs of one photo are no negatives of each other */
};

/* The pairs of a micro-batch. */
struct search_batch {
    const struct search_pair *pairs; /* [count], ordered by falling length of their sentences */
    size_t count;
    struct random *random; /* of dropout; NULL: none */
};

/* What all micro-batches of a step share. */
struct search_task {
    const struct model *model;         /* the frozen decoder and its word vectors */
    const struct search *search;       /* the part that is trained: */
    const struct parameters *learning; /* its tensors alone */
    float image_dropout;               /* of the photo's inputs */
    float dropout;                     /* of the sentence's last state */
};

/* For up to `rows` pairs. */
struct search_micro_batch;
struct search_micro_batch *search_micro_batch_new(const struct search_task *task, size_t rows,
                                                  caption_error *error);
void search_micro_batch_free(struct search_micro_batch *micro);

/* The gradient accumulator, a block of task->learning's layout. */
real *search_micro_batch_gradients(const struct search_micro_batch *micro);

/* Writes unit vectors photos and sentences (count, D) of the pairs; either may be NULL: not needed.
 * Saves what search_micro_batch_backward needs. */
void search_micro_batch_forward(struct search_micro_batch *micro, const struct search_task *task,
                                const struct search_batch *batch, real *photos, real *sentences);

/* Adds the gradient of the last forward pass to the accumulator. d_photos and d_sentences (count,
 * D), the derivatives of the loss by photos and sentences, are overwritten. */
void search_micro_batch_backward(struct search_micro_batch *micro, const struct search_task *task,
                                 real *d_photos, real *d_sentences);

#endif

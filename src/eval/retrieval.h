/* How well photos are found by sentences, and sentences by photos: the share of searches that find
 * what belongs among the first 1, 5 and 10 (R@1, R@5, R@10), and the median rank of the first that
 * belongs (Hodosh, Young and Hockenmaier, Framing image description as a ranking task, 2013). */
#ifndef CAPTION_EVAL_RETRIEVAL_H
#define CAPTION_EVAL_RETRIEVAL_H

#include "base/error.h"
#include "base/threads.h"
#include "eval/perplexity.h"
#include "model/model.h"

enum { RETRIEVAL_CUTS = 3 }; /* 1, 5, 10 */

struct retrieval_scores {
    double recall[RETRIEVAL_CUTS]; /* shares, from 0 to 1 */
    double median;                 /* of ranks counted from 1 */
};

struct retrieval {
    size_t photos, sentences;         /* that were searched; photos 0: nothing was */
    struct retrieval_scores photo;    /* the photo of a sentence, among all photos */
    struct retrieval_scores sentence; /* a sentence of a photo, among all sentences */
};

/* Unit vectors of photos and of their sentences. */
struct retrieval_vectors {
    size_t size;         /* D */
    size_t photo_count;  /* at least 1 */
    const float *photos; /* (photo_count, D) */
    const size_t *first; /* [photo_count + 1]: sentences first[i] .. first[i + 1] - 1 are those of
                            photo i, at least one */
    const float *sentences; /* (first[photo_count], D) */
};

/* What scores the same as the one that belongs comes before it. */
bool retrieval_compute(const struct retrieval_vectors *vectors, struct threads *threads,
                       struct retrieval *out, caption_error *error);

/* The mean of the recalls of both ways, by which models are compared. */
double retrieval_mean(const struct retrieval *retrieval);

/* The same of a model with a search part: photos with features (references->photos, F), each with
 * at least one caption, and their captions. */
bool retrieval_of_model(const struct model *model, const struct reference_words *references,
                        const float *features, struct threads *threads, struct retrieval *out,
                        caption_error *error);

#endif

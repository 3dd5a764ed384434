/* Fits the re-ranking of captions (model/rerank.h) to photos that the model did not learn from.
 *
 *     struct rerank_photos photos = {0};
 *     rerank_fit_add(&photos, &model, &dataset, part, count, &options, threads, stderr, &error);
 *     rerank_fit(&photos, &model, &options, &model.rerank, &error);
 */
#ifndef CAPTION_EVAL_RERANK_FIT_H
#define CAPTION_EVAL_RERANK_FIT_H

#include "eval/evaluate.h"

/* What the search finished for the photos of a part. */
struct rerank_part {
    const struct dataset *dataset;
    const size_t *photos; /* [count], indices into the data set's */
    size_t count;
    struct decode_result *results; /* [count], owned; captions in the order of their scores */
};

/* Starts as {0}; freed with rerank_fit_free. */
struct rerank_photos {
    struct rerank_part *parts; /* [count] */
    size_t count, capacity;
};

/* Captions a part's photos by a model without a re-ranking. Data set and photos[count] are to stay.
 * Progress as in evaluate_photos. */
bool rerank_fit_add(struct rerank_photos *all, const struct model *model,
                    const struct dataset *dataset, const size_t *photos, size_t count,
                    const caption_options *options, struct threads *threads, FILE *progress,
                    caption_error *error);
void rerank_fit_free(struct rerank_photos *all);

/* The weights, of a small grid, under which the parts' mean of CIDEr and three times BLEU-4 is
 * greatest: BLEU-4 is about a third as large, so both count alike. Of equals those that change
 * less; where nothing is better than the order of the search, weights of 0. */
bool rerank_fit(const struct rerank_photos *all, const struct model *model,
                const caption_options *options, struct rerank *rerank, caption_error *error);

#endif

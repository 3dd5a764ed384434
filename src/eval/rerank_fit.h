/* Fits the re-ranking of captions (model/confidence.h) to photos that the model did not learn from.
 *
 *     struct rerank_photos photos = {0};
 *     rerank_fit_add(&photos, &evaluator, &part, &error);
 *     rerank_fit(&photos, &model, &options, &model.rerank, &error);
 */
#ifndef CAPTION_EVAL_RERANK_FIT_H
#define CAPTION_EVAL_RERANK_FIT_H

#include "eval/evaluate.h"

/* What the search finished for the photos of a part. */
struct rerank_part {
    struct dataset_selection photos;
    struct decode_result
        *results; /* [photos.count], owned; captions in the order of their scores */
};

/* Starts as {0}; freed with rerank_fit_free. */
struct rerank_photos {
    struct rerank_part *parts; /* [count] */
    size_t count, capacity;
};

/* Captions a part's photos by a model without a re-ranking. What is selected is to stay. */
bool rerank_fit_add(struct rerank_photos *all, const struct evaluator *evaluator,
                    const struct dataset_selection *photos, caption_error *error);
void rerank_fit_free(struct rerank_photos *all);

/* The weights, of a small grid, under which the parts' mean of CIDEr and three times BLEU-4 is
 * greatest: BLEU-4 is about a third as large, so both count alike. Of equals those that change
 * less; where nothing is better than the order of the search, weights of 0. */
bool rerank_fit(const struct rerank_photos *all, const struct model *model,
                const caption_options *options, struct rerank *rerank, caption_error *error);

#endif

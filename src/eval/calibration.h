/* Fits the numbers of a model's file by which it is sure: the confidence of captions and the
 * calibration of tags (model/confidence.h), to photos that it did not learn from.
 *
 *     struct calibration_photos photos = {0};
 *     calibration_add(&photos, "everyday/coco", &evaluation, &error);       // for each part
 *     calibration_fit(&photos, &model.confidence, probabilities, &error);
 *     photo_tags_fit(&photos.tags, &model.tag_calibration, &error);
 */
#ifndef CAPTION_EVAL_CALIBRATION_H
#define CAPTION_EVAL_CALIBRATION_H

#include "eval/evaluate.h"

/* Photos [first, first + count), which are captioned in one style. */
struct calibration_part {
    char *name;  /* owned */
    char *style; /* owned; NULL: in none */
    size_t first, count;
};

/* Scored photos of all parts. Starts as {0}; freed with calibration_free. */
struct calibration_photos {
    size_t count, capacity;
    double *signals;     /* (count, CONFIDENCE_SIGNALS) */
    double *confidences; /* [count], as the model gave them */
    double *ciders;      /* [count] */
    size_t part_count, part_capacity;
    struct calibration_part *parts; /* [part_count] */
    struct photo_tags tags;         /* of all of them; zero where the model has no word head */
};

/* Copies what was evaluated, under the name of the part. */
bool calibration_add(struct calibration_photos *photos, const char *name,
                     const struct evaluation *evaluation, caption_error *error);
void calibration_free(struct calibration_photos *photos);

/* Parts of the photos that are left out in turn. */
enum { CALIBRATION_FOLDS = 10 };

/* With fewer photos than that, about ten for each number that is fitted, a fit is mostly noise. */
enum { CALIBRATION_FEW = 100 };

/* Fits the confidence by logistic regression with a penalty; of several parts all count the same,
 * and those that are captioned in a style have a bias of that style. probabilities[count]
 * receives each photo's confidence by a fit to the nine tenths that it is not among: the
 * model's confidence in other photos is as good as that, not as good as in these. Freed
 * with confidence_free; on failure there is nothing to free. No photo at all is an error. */
bool calibration_fit(const struct calibration_photos *photos, struct confidence *confidence,
                     double *probabilities, caption_error *error);

/* Logistic regression with a penalty on the squares of its coefficients, which keeps them finite
 * whatever the labels are (le Cessie and van Houwelingen, Ridge estimators in logistic regression,
 * 1992). */

/* Nothing is owned. */
struct logistic {
    size_t count, inputs;
    const double *rows;      /* (count, inputs); a column of ones is the bias */
    const bool *labels;      /* [count] */
    const double *weights;   /* [count], 0 or more: what each row counts */
    const double *penalties; /* [inputs], above 0: half of it times the coefficient's square is what
                                it costs in log-likelihood */
};

/* The coefficients [inputs] of the largest penalised log-likelihood, found by Newton's method in
 * double precision: the same rows give the same bits. No row at all gives zeros. False when memory
 * is short or a number is not finite. */
bool logistic_fit(const struct logistic *problem, double *coefficients, caption_error *error);

/* From 0 to 1, for a row (inputs,). */
double logistic_probability(const double *row, const double *coefficients, size_t inputs);

/* Fits the re-ranking of captions (model/confidence.h) to photos that the model did not learn from.
 *
 *     struct rerank_photos photos = {0};
 *     rerank_fit_add(&photos, &evaluator, &part, &error);
 *     rerank_fit(&photos, &model, &options, &model.rerank, &error);
 */

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

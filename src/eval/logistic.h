/* Logistic regression with a penalty on the squares of its coefficients, which keeps them finite
 * whatever the labels are (le Cessie and van Houwelingen, Ridge estimators in logistic regression,
 * 1992). */
#ifndef CAPTION_EVAL_LOGISTIC_H
#define CAPTION_EVAL_LOGISTIC_H

#include "base/error.h"

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

#endif

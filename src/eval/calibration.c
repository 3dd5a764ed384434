#include "eval/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "eval/scores.h"
#include "nn/math.h"

enum { MOST_STEPS = 100 };

/* A step that gains less than this part of the log-likelihood is the last. */
static const double least_gain = 1e-12;

/* A step is halved down to this part of Newton's before it is given up. */
static const double least_part = 1e-6;

struct newton {
    const struct logistic *problem;
    double *gradient; /* (inputs,), then the step */
    double *hessian;  /* (inputs, inputs), negated; then its Cholesky factor, the lower triangle */
    double *next;     /* (inputs,) */
};

static double dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

double logistic_probability(const double *row, const double *coefficients, size_t inputs) {
    return math_logistic(dot(row, coefficients, inputs));
}

static double likelihood(const struct logistic *problem, const double *coefficients) {
    double sum = 0;
    for (size_t i = 0; i < problem->count; i++) {
        const double z = dot(problem->rows + i * problem->inputs, coefficients, problem->inputs);
        sum += problem->weights[i] * math_log_logistic(problem->labels[i] ? z : -z);
    }
    for (size_t j = 0; j < problem->inputs; j++)
        sum -= problem->penalties[j] / 2 * coefficients[j] * coefficients[j];
    return sum;
}

static void add_row(const struct newton *newton, size_t i, const double *coefficients) {
    const struct logistic *problem = newton->problem;
    const size_t inputs = problem->inputs;
    const double *row = problem->rows + i * inputs;
    const double p = logistic_probability(row, coefficients, inputs);
    const double rest = problem->weights[i] * ((problem->labels[i] ? 1 : 0) - p);
    const double curvature = problem->weights[i] * p * (1 - p);
    for (size_t j = 0; j < inputs; j++) {
        newton->gradient[j] += rest * row[j];
        for (size_t k = 0; k <= j; k++)
            newton->hessian[j * inputs + k] += curvature * row[j] * row[k];
    }
}

static void set_derivatives(const struct newton *newton, const double *coefficients) {
    const struct logistic *problem = newton->problem;
    const size_t inputs = problem->inputs;
    memset(newton->hessian, 0, inputs * inputs * sizeof *newton->hessian);
    for (size_t j = 0; j < inputs; j++) {
        newton->gradient[j] = -problem->penalties[j] * coefficients[j];
        newton->hessian[j * inputs + j] = problem->penalties[j];
    }
    for (size_t i = 0; i < problem->count; i++) add_row(newton, i, coefficients);
}

/* Cholesky's factor of a matrix (n, n), in place of its lower triangle. False where it is not
 * positive definite, which takes numbers that are not finite. */
static bool factorise(double *matrix, size_t n) {
    for (size_t j = 0; j < n; j++) {
        double *row = matrix + j * n;
        for (size_t k = 0; k <= j; k++) {
            const double rest = row[k] - dot(row, matrix + k * n, k);
            if (k < j) {
                row[k] = rest / matrix[k * n + k];
            } else if (rest > 0 && isfinite(rest)) {
                row[k] = sqrt(rest);
            } else {
                return false;
            }
        }
    }
    return true;
}

/* Solves for the vector (n,) in place. */
static void solve(const double *factor, size_t n, double *vector) {
    for (size_t j = 0; j < n; j++)
        vector[j] = (vector[j] - dot(factor + j * n, vector, j)) / factor[j * n + j];
    for (size_t j = n; j-- > 0;) {
        for (size_t k = j + 1; k < n; k++) vector[j] -= factor[k * n + j] * vector[k];
        vector[j] /= factor[j * n + j];
    }
}

/* Takes as much of the step as is a step up; false where nothing of it is. */
static bool climb(const struct newton *newton, double *coefficients, double *here) {
    const size_t inputs = newton->problem->inputs;
    double part = 1;
    while (part > least_part) {
        for (size_t j = 0; j < inputs; j++)
            newton->next[j] = coefficients[j] + part * newton->gradient[j];
        const double there = likelihood(newton->problem, newton->next);
        if (!(there > *here)) {
            part /= 2;
            continue;
        }
        const bool goes_on = there - *here > least_gain * fabs(*here);
        memcpy(coefficients, newton->next, inputs * sizeof *coefficients);
        *here = there;
        return goes_on;
    }
    return false;
}

static bool iterate(const struct newton *newton, double *coefficients, caption_error *error) {
    const size_t inputs = newton->problem->inputs;
    double here = likelihood(newton->problem, coefficients);
    for (size_t i = 0; i < MOST_STEPS; i++) {
        set_derivatives(newton, coefficients);
        if (!factorise(newton->hessian, inputs))
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "a logistic regression: a number is not finite");
        solve(newton->hessian, inputs, newton->gradient);
        if (!climb(newton, coefficients, &here)) break;
    }
    return true;
}

bool logistic_fit(const struct logistic *problem, double *coefficients, caption_error *error) {
    static const char what[] = "a logistic regression";
    const size_t inputs = problem->inputs;
    size_t squares;
    if (!size_multiply(inputs, inputs, &squares)) return error_memory(error, what);
    struct newton newton = {.problem = problem};
    newton.gradient = memory_zeroed(inputs, sizeof *newton.gradient, what, error);
    newton.hessian = memory_zeroed(squares, sizeof *newton.hessian, what, error);
    newton.next = memory_zeroed(inputs, sizeof *newton.next, what, error);
    memset(coefficients, 0, inputs * sizeof *coefficients);
    const bool done =
        newton.gradient && newton.hessian && newton.next && iterate(&newton, coefficients, error);
    free(newton.gradient);
    free(newton.hessian);
    free(newton.next);
    return done;
}

static const char what[] = "the fit of a confidence";

/* What a coefficient of 1 costs, in photos' log-likelihoods: of a signal in standard deviations, of
 * a style, and of the bias, which is all but free. */
static const double signal_penalty = 10, style_penalty = 1, bias_penalty = 0.01;

static bool grow(struct calibration_photos *photos, size_t needed, caption_error *error) {
    size_t capacity = photos->capacity;
    if (!memory_grow(&photos->ciders, &capacity, needed, sizeof *photos->ciders, what, error))
        return false;
    capacity = photos->capacity;
    if (!memory_grow(&photos->confidences, &capacity, needed, sizeof *photos->confidences, what,
                     error))
        return false;
    capacity = photos->capacity;
    if (!memory_grow(&photos->signals, &capacity, needed,
                     CONFIDENCE_SIGNALS * sizeof *photos->signals, what, error))
        return false;
    photos->capacity = capacity;
    return true;
}

static bool add_part(struct calibration_photos *photos, const char *name, const char *style,
                     size_t count, caption_error *error) {
    if (!memory_grow(&photos->parts, &photos->part_capacity, photos->part_count + 1,
                     sizeof *photos->parts, what, error))
        return false;
    struct calibration_part part = {.first = photos->count, .count = count};
    if (!(part.name = memory_string(name, error))) return false;
    if (style && !(part.style = memory_string(style, error))) {
        free(part.name);
        return false;
    }
    photos->parts[photos->part_count++] = part;
    return true;
}

bool calibration_add(struct calibration_photos *photos, const char *name,
                     const struct evaluation *evaluation, caption_error *error) {
    const size_t count = evaluation->count;
    size_t sum;
    if (!size_add(photos->count, count, &sum)) return error_memory(error, what);
    if (evaluation->photo_tags.tags > 0 &&
        !photo_tags_append(&photos->tags, &evaluation->photo_tags, error))
        return false;
    if (!grow(photos, sum, error) || !add_part(photos, name, evaluation->style, count, error))
        return false;
    memcpy(photos->ciders + photos->count, evaluation->ciders, count * sizeof *photos->ciders);
    memcpy(photos->confidences + photos->count, evaluation->confidences,
           count * sizeof *photos->confidences);
    memcpy(photos->signals + photos->count * CONFIDENCE_SIGNALS, evaluation->signals,
           count * CONFIDENCE_SIGNALS * sizeof *photos->signals);
    photos->count = sum;
    return true;
}

void calibration_free(struct calibration_photos *photos) {
    for (size_t i = 0; i < photos->part_count; i++) {
        free(photos->parts[i].name);
        free(photos->parts[i].style);
    }
    free(photos->parts);
    free(photos->signals);
    free(photos->confidences);
    free(photos->ciders);
    photo_tags_free(&photos->tags);
    *photos = (struct calibration_photos){0};
}

/* The regression: signals in standard deviations from their means, then the styles, 1 for a
 * photo's own, then the bias. */
struct confidence_fit {
    const struct calibration_photos *photos;
    struct logistic problem;
    size_t styles;
    double *rows, *weights, *penalties, *coefficients;
    bool *labels;
    double means[CONFIDENCE_SIGNALS], deviations[CONFIDENCE_SIGNALS];
};

static void fit_free(struct confidence_fit *fit) {
    free(fit->rows);
    free(fit->weights);
    free(fit->penalties);
    free(fit->coefficients);
    free(fit->labels);
}

/* Each part counts the same, all together as many as there are photos. */
static double weight_of(const struct calibration_photos *photos, size_t part) {
    return (double)photos->count / ((double)photos->part_count * (double)photos->parts[part].count);
}

/* A signal that is the same everywhere has no weight: its deviation counts as 1. */
static void measure(struct confidence_fit *fit) {
    const struct calibration_photos *photos = fit->photos;
    for (size_t s = 0; s < CONFIDENCE_SIGNALS; s++) {
        const double *signal = photos->signals + s;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < photos->count; i++) sum += signal[i * CONFIDENCE_SIGNALS];
        const double mean = sum / (double)photos->count;
        for (size_t i = 0; i < photos->count; i++)
            squares += pow(signal[i * CONFIDENCE_SIGNALS] - mean, 2);
        const double deviation = sqrt(squares / (double)photos->count);
        fit->means[s] = mean;
        fit->deviations[s] = deviation > 1e-9 * (1 + fabs(mean)) ? deviation : 1;
    }
}

/* The first part of a part's style, whose column is that of the style; STYLE_NONE of a part in
 * none.
 */
static size_t style_of(const struct calibration_photos *photos, size_t part) {
    const char *style = photos->parts[part].style;
    for (size_t i = 0; style && i <= part; i++) {
        if (photos->parts[i].style && strcmp(photos->parts[i].style, style) == 0) return i;
    }
    return STYLE_NONE;
}

static void set_row(struct confidence_fit *fit, size_t style, size_t i) {
    const struct calibration_photos *photos = fit->photos;
    double *row = fit->rows + i * fit->problem.inputs;
    for (size_t s = 0; s < CONFIDENCE_SIGNALS; s++)
        row[s] = (photos->signals[i * CONFIDENCE_SIGNALS + s] - fit->means[s]) / fit->deviations[s];
    if (fit->styles > 0 && style != STYLE_NONE) row[CONFIDENCE_SIGNALS + style] = 1;
    row[CONFIDENCE_SIGNALS + fit->styles] = 1;
    fit->labels[i] = photos->ciders[i] >= CONFIDENCE_APT;
}

static void set_rows(struct confidence_fit *fit) {
    for (size_t p = 0; p < fit->photos->part_count; p++) {
        const struct calibration_part *part = &fit->photos->parts[p];
        const size_t style = style_of(fit->photos, p);
        for (size_t i = part->first; i < part->first + part->count; i++) set_row(fit, style, i);
    }
    for (size_t j = 0; j < fit->problem.inputs; j++)
        fit->penalties[j] = j < CONFIDENCE_SIGNALS                 ? signal_penalty
                            : j < CONFIDENCE_SIGNALS + fit->styles ? style_penalty
                                                                   : bias_penalty;
}

static bool fit_init(struct confidence_fit *fit, const struct calibration_photos *photos,
                     caption_error *error) {
    const size_t styles = photos->part_count > 1 ? photos->part_count : 0;
    const size_t count = photos->count, inputs = CONFIDENCE_SIGNALS + styles + 1;
    *fit = (struct confidence_fit){.photos = photos, .styles = styles};
    if ((fit->rows = memory_zeroed(count, inputs * sizeof *fit->rows, what, error)) &&
        (fit->weights = memory_zeroed(count, sizeof *fit->weights, what, error)) &&
        (fit->penalties = memory_zeroed(inputs, sizeof *fit->penalties, what, error)) &&
        (fit->coefficients = memory_zeroed(inputs, sizeof *fit->coefficients, what, error)) &&
        (fit->labels = memory_zeroed(count, sizeof *fit->labels, what, error))) {
        fit->problem =
            (struct logistic){count, inputs, fit->rows, fit->labels, fit->weights, fit->penalties};
        measure(fit);
        set_rows(fit);
        return true;
    }
    fit_free(fit);
    return false;
}

/* The fold of a part's photo: neighbours, which are often alike, are in different ones. */
static size_t fold_of(size_t place) {
    return place % CALIBRATION_FOLDS;
}

/* Fits to all photos but those of a fold (CALIBRATION_FOLDS: to all). */
static bool fit_without(struct confidence_fit *fit, size_t fold, caption_error *error) {
    const struct calibration_photos *photos = fit->photos;
    for (size_t p = 0; p < photos->part_count; p++) {
        const struct calibration_part *part = &photos->parts[p];
        for (size_t i = 0; i < part->count; i++)
            fit->weights[part->first + i] = fold_of(i) == fold ? 0 : weight_of(photos, p);
    }
    return logistic_fit(&fit->problem, fit->coefficients, error);
}

static bool cross_validate(struct confidence_fit *fit, double *probabilities,
                           caption_error *error) {
    const size_t inputs = fit->problem.inputs;
    for (size_t fold = 0; fold < CALIBRATION_FOLDS; fold++) {
        if (!fit_without(fit, fold, error)) return false;
        for (size_t p = 0; p < fit->photos->part_count; p++) {
            const struct calibration_part *part = &fit->photos->parts[p];
            for (size_t i = fold; i < part->count; i += CALIBRATION_FOLDS)
                probabilities[part->first + i] = logistic_probability(
                    fit->rows + (part->first + i) * inputs, fit->coefficients, inputs);
        }
    }
    return true;
}

/* Signals as they are, in place of standard deviations. */
static bool write_confidence(const struct confidence_fit *fit, struct confidence *confidence,
                             caption_error *error) {
    *confidence = (struct confidence){.is_there = true,
                                      .bias = fit->coefficients[CONFIDENCE_SIGNALS + fit->styles]};
    for (size_t s = 0; s < CONFIDENCE_SIGNALS; s++) {
        confidence->signals[s] = fit->coefficients[s] / fit->deviations[s];
        confidence->bias -= confidence->signals[s] * fit->means[s];
    }
    confidence->styles = memory_zeroed(fit->styles, sizeof *confidence->styles, what, error);
    bool done = confidence->styles != NULL;
    for (size_t i = 0; done && i < fit->styles; i++) {
        if (style_of(fit->photos, i) != i) continue;
        struct confidence_style *style = &confidence->styles[confidence->style_count++];
        style->bias = fit->coefficients[CONFIDENCE_SIGNALS + i];
        style->name = memory_string(fit->photos->parts[i].style, error);
        done = style->name != NULL;
    }
    if (done && !confidence_in_range(confidence))
        done = error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: the model's tags or probabilities hardly differ from photo to photo",
                         what);
    if (!done) confidence_free(confidence);
    return done;
}

bool calibration_fit(const struct calibration_photos *photos, struct confidence *confidence,
                     double *probabilities, caption_error *error) {
    if (photos->count == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "a confidence is fitted to photos: there are none");
    struct confidence_fit fit;
    if (!fit_init(&fit, photos, error)) return false;
    const bool done = cross_validate(&fit, probabilities, error) &&
                      fit_without(&fit, CALIBRATION_FOLDS, error) &&
                      write_confidence(&fit, confidence, error);
    fit_free(&fit);
    return done;
}

static const char fit_name[] = "the fit of a re-ranking";

static const double agreements[] = {0, 0.1, 0.2, 0.3, 0.4}, coverages[] = {0, 2, 4, 8};
enum {
    AGREEMENTS = sizeof agreements / sizeof *agreements,
    COVERAGES = sizeof coverages / sizeof *coverages
};

bool rerank_fit_add(struct rerank_photos *all, const struct evaluator *evaluator,
                    const struct dataset_selection *photos, caption_error *error) {
    if (!memory_grow(&all->parts, &all->capacity, all->count + 1, sizeof *all->parts, fit_name,
                     error))
        return false;
    struct rerank_part part = {.photos = *photos};
    part.results = memory_zeroed(photos->count, sizeof *part.results, fit_name, error);
    if (!part.results) return false;
    all->parts[all->count++] = part;
    return evaluate_candidates(evaluator, photos, part.results, error);
}

void rerank_fit_free(struct rerank_photos *all) {
    for (size_t i = 0; i < all->count; i++) {
        decode_results_free(all->parts[i].results, all->parts[i].photos.count);
        free(all->parts[i].results);
    }
    free(all->parts);
    *all = (struct rerank_photos){0};
}

/* The caption that is chosen under these weights. */
static const struct decode_caption *choose(const struct decode_result *result,
                                           const struct rerank *rerank) {
    const struct decode_caption *best = &result->captions[0];
    double most = rerank_score(rerank, best->score, best->signals);
    for (size_t i = 1; i < result->count; i++) {
        const struct decode_caption *caption = &result->captions[i];
        const double score = rerank_score(rerank, caption->score, caption->signals);
        if (!(score > most)) continue;
        most = score;
        best = caption;
    }
    return best;
}

static bool split_choice(const struct model *model, const caption_options *options,
                         const struct decode_caption *caption, struct tokens *words,
                         caption_error *error) {
    char *sentence = decode_sentence(model, options, caption, error);
    const bool done = sentence && tokenize(sentence, words, error);
    free(sentence);
    return done;
}

/* The score of the captions that are chosen for a part under these weights. */
static bool score_part(const struct rerank_part *part, const struct model *model,
                       const caption_options *options, const struct rerank *rerank, double *worth,
                       caption_error *error) {
    struct tokens *captions = memory_zeroed(part->photos.count, sizeof *captions, fit_name, error);
    if (!captions) return false;
    struct scores scores;
    size_t distinct;
    bool done = true;
    for (size_t i = 0; done && i < part->photos.count; i++)
        done = split_choice(model, options, choose(&part->results[i], rerank), &captions[i], error);
    done = done && photo_scores_compute(&part->photos, captions, &scores, &distinct, NULL, error);
    if (done) *worth = scores.cider + 3 * scores.bleu[3];
    for (size_t i = 0; i < part->photos.count; i++) tokens_free(&captions[i]);
    free(captions);
    return done;
}

static bool score_all(const struct rerank_photos *all, const struct model *model,
                      const caption_options *options, const struct rerank *rerank, double *worth,
                      caption_error *error) {
    double sum = 0;
    for (size_t i = 0; i < all->count; i++) {
        double part;
        if (!score_part(&all->parts[i], model, options, rerank, &part, error)) return false;
        sum += part;
    }
    *worth = sum / (double)all->count;
    return true;
}

bool rerank_fit(const struct rerank_photos *all, const struct model *model,
                const caption_options *options, struct rerank *rerank, caption_error *error) {
    struct rerank best = {0};
    double most = 0;
    for (size_t i = 0; i < AGREEMENTS * COVERAGES; i++) {
        const struct rerank weights = {agreements[i / COVERAGES], coverages[i % COVERAGES]};
        double worth;
        if (!score_all(all, model, options, &weights, &worth, error)) return false;
        if (!(worth > most)) continue;
        most = worth;
        best = weights;
    }
    *rerank = best;
    return true;
}

#include "eval/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eval/logistic.h"

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

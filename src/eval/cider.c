/* CIDEr-D (Vedantam et al., 2015): n-grams weighed by how few photos have them, the candidate's
 * weights clipped to the reference's, a Gaussian penalty on the difference in length. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "eval/metrics.h"

/* Twice the variance of the length penalty, sigma = 6; lengths are counted in bigrams. */
static const double twice_variance = 72;

/* In how many photos' references each n-gram stands. `last` [numbers] is zeroed scratch. */
static void document_frequencies(const struct ngrams *ngrams, double *frequencies, size_t *last) {
    for (size_t i = 0; i < ngrams->count; i++) {
        const struct ngrams_item *item = &ngrams->items[i];
        for (size_t j = 0; j < item->reference_count * NGRAMS_ORDERS; j++) {
            const struct ngrams_sentence *reference = &item->references[j / NGRAMS_ORDERS];
            const size_t order = j % NGRAMS_ORDERS;
            for (size_t k = 0; k < reference->distinct[order]; k++) {
                const uint32_t number = reference->orders[order][k].number;
                if (last[number] == i + 1) continue;
                last[number] = i + 1;
                frequencies[number]++;
            }
        }
    }
}

bool cider_init(struct cider *cider, const struct ngrams *ngrams, caption_error *error) {
    *cider = (struct cider){.ngrams = ngrams, .unseen = log((double)ngrams->count)};
    double *idf = memory_zeroed(ngrams->numbers, sizeof *idf, "CIDEr", error);
    size_t *last = memory_zeroed(ngrams->numbers, sizeof *last, "CIDEr", error);
    const bool ok = idf && last;
    if (ok) {
        document_frequencies(ngrams, idf, last);
        for (size_t i = 0; i < ngrams->numbers; i++) idf[i] = cider->unseen - log(fmax(1, idf[i]));
    }
    free(last);
    cider->idf = idf;
    return ok;
}

void cider_free(struct cider *cider) {
    free(cider->idf);
    *cider = (struct cider){0};
}

static double weight_of(const struct ngram *gram, const struct cider *cider) {
    const bool seen = gram->number < cider->ngrams->numbers;
    return (double)gram->count * (seen ? cider->idf[gram->number] : cider->unseen);
}

static double norm_of(const struct ngrams_sentence *sentence, size_t order,
                      const struct cider *cider) {
    double sum = 0;
    for (size_t i = 0; i < sentence->distinct[order]; i++) {
        double weight = weight_of(&sentence->orders[order][i], cider);
        sum += weight * weight;
    }
    return sqrt(sum);
}

/* The product of the two weight vectors, the candidate's clipped; both are sorted by number. */
static double clipped_product(const struct ngrams_sentence *candidate,
                              const struct ngrams_sentence *reference, size_t order,
                              const struct cider *cider) {
    const struct ngram *a = candidate->orders[order], *a_end = a + candidate->distinct[order];
    const struct ngram *b = reference->orders[order], *b_end = b + reference->distinct[order];
    double sum = 0;
    while (a < a_end && b < b_end) {
        if (a->number < b->number) {
            a++;
        } else if (b->number < a->number) {
            b++;
        } else {
            double weight = weight_of(b, cider);
            sum += fmin(weight_of(a, cider), weight) * weight;
            a++;
            b++;
        }
    }
    return sum;
}

static double length_penalty(const struct ngrams_sentence *candidate,
                             const struct ngrams_sentence *reference) {
    const double delta = (double)ngrams_of_length(candidate->length, 2) -
                         (double)ngrams_of_length(reference->length, 2);
    return exp(-delta * delta / twice_variance);
}

double cider_score(const struct cider *cider, const struct ngrams_sentence *candidate,
                   const struct ngrams_item *item) {
    double sum = 0;
    for (size_t order = 0; order < NGRAMS_ORDERS; order++) {
        const double norm = norm_of(candidate, order, cider);
        for (size_t i = 0; i < item->reference_count; i++) {
            const struct ngrams_sentence *reference = &item->references[i];
            const double norms = norm * norm_of(reference, order, cider);
            if (norms <= 0) continue;
            sum += clipped_product(candidate, reference, order, cider) / norms *
                   length_penalty(candidate, reference);
        }
    }
    return sum / NGRAMS_ORDERS / (double)item->reference_count * 10;
}

bool cider_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo,
                   caption_error *error) {
    struct cider cider;
    const bool ok = cider_init(&cider, ngrams, error);
    double sum = 0;
    for (size_t i = 0; ok && i < ngrams->count; i++) {
        const struct ngrams_item *item = &ngrams->items[i];
        double score = cider_score(&cider, item->candidate, item);
        if (per_photo) per_photo[i].cider = score;
        sum += score;
    }
    cider_free(&cider);
    corpus->cider = sum / (double)ngrams->count;
    return ok;
}

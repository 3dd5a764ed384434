/* BLEU (Papineni et al., 2002) with the smoothing of coco-caption: the logarithm of no match is
 * kept finite by adding a tiny number. */
#include <math.h>

#include "eval/metrics.h"

static const double tiny = 1e-15, small = 1e-9;

/* Sums over a corpus, or what one photo adds to them. */
struct bleu_sums {
    double correct[NGRAMS_ORDERS], guessed[NGRAMS_ORDERS];
    double candidate_length, reference_length;
};

static uint32_t count_of(const struct ngrams_sentence *sentence, size_t order, uint32_t number) {
    const struct ngram *grams = sentence->orders[order - 1];
    size_t low = 0, high = sentence->distinct[order - 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (grams[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < sentence->distinct[order - 1] && grams[low].number == number;
    return found ? grams[low].count : 0;
}

/* The candidate's n-grams, each counted as often as the reference that has it most at most. */
static size_t clipped_matches(const struct ngrams_item *item, size_t order) {
    size_t matches = 0;
    for (size_t i = 0; i < item->candidate->distinct[order - 1]; i++) {
        const struct ngram *gram = &item->candidate->orders[order - 1][i];
        uint32_t most = 0;
        for (size_t j = 0; j < item->reference_count && most < gram->count; j++) {
            uint32_t count = count_of(&item->references[j], order, gram->number);
            if (count > most) most = count;
        }
        matches += most < gram->count ? most : gram->count;
    }
    return matches;
}

static size_t distance(size_t a, size_t b) {
    return a > b ? a - b : b - a;
}

/* The length closest to the candidate's, the shorter one of two as close. */
static size_t closest_length(const struct ngrams_item *item) {
    const size_t wanted = item->candidate->length;
    size_t best = item->references[0].length;
    for (size_t i = 1; i < item->reference_count; i++) {
        size_t length = item->references[i].length;
        size_t nearer = distance(length, wanted), near = distance(best, wanted);
        if (nearer < near || (nearer == near && length < best)) best = length;
    }
    return best;
}

static struct bleu_sums sums_of_item(const struct ngrams_item *item) {
    struct bleu_sums sums = {.candidate_length = (double)item->candidate->length,
                             .reference_length = (double)closest_length(item)};
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        sums.correct[order - 1] = (double)clipped_matches(item, order);
        sums.guessed[order - 1] = (double)ngrams_of_length(item->candidate->length, order);
    }
    return sums;
}

static void add_sums(struct bleu_sums *total, const struct bleu_sums *sums) {
    for (size_t i = 0; i < NGRAMS_ORDERS; i++) {
        total->correct[i] += sums->correct[i];
        total->guessed[i] += sums->guessed[i];
    }
    total->candidate_length += sums->candidate_length;
    total->reference_length += sums->reference_length;
}

/* The geometric mean of the precisions up to each order, times the brevity penalty. */
static void bleu_of_sums(const struct bleu_sums *sums, double bleu[NGRAMS_ORDERS]) {
    const double ratio = (sums->candidate_length + tiny) / (sums->reference_length + small);
    const double penalty = ratio < 1 ? exp(1 - 1 / ratio) : 1;
    double product = 1;
    for (size_t i = 0; i < NGRAMS_ORDERS; i++) {
        product *= (sums->correct[i] + tiny) / (sums->guessed[i] + small);
        bleu[i] = pow(product, 1.0 / (double)(i + 1)) * penalty;
    }
}

void bleu_of_item(const struct ngrams_item *item, double bleu[NGRAMS_ORDERS]) {
    const struct bleu_sums sums = sums_of_item(item);
    bleu_of_sums(&sums, bleu);
}

void bleu_compute(const struct ngrams *ngrams, struct scores *corpus, struct scores *per_photo) {
    struct bleu_sums total = {0};
    for (size_t i = 0; i < ngrams->count; i++) {
        struct bleu_sums sums = sums_of_item(&ngrams->items[i]);
        if (per_photo) bleu_of_sums(&sums, per_photo[i].bleu);
        add_sums(&total, &sums);
    }
    bleu_of_sums(&total, corpus->bleu);
}

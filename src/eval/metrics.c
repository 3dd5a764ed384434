#include "eval/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

static const char what[] = "n-grams";

/* No entry's number: an n-gram that was never added, and the prefix of single words. */
#define NGRAM_NONE UINT32_MAX

/* For that many different n-grams, fewer than NGRAM_NONE. Freed with ngram_numbers_free, after a
 * failure too. */
static bool ngram_numbers_init(struct ngram_numbers *numbers, size_t most, caption_error *error) {
    size_t slots = 16;
    while (slots / 2 < most) {
        if (!size_multiply(slots, 2, &slots)) return error_memory(error, what);
    }
    *numbers = (struct ngram_numbers){.mask = slots - 1, .factor = siphash_key_new().first | 1};
    numbers->slots = memory_zeroed(slots, sizeof *numbers->slots, what, error);
    numbers->keys = memory_uninitialised(most, sizeof *numbers->keys, what, error);
    return numbers->slots && numbers->keys;
}

static void ngram_numbers_free(struct ngram_numbers *numbers) {
    free(numbers->slots);
    free(numbers->keys);
    *numbers = (struct ngram_numbers){0};
}

/* The slot that holds the n-gram, or the free one that it would take. */
static size_t gram_slot(const struct ngram_numbers *numbers, uint64_t key) {
    /* Multiplied by a random odd number (Dietzfelbinger et al., 1997): the high bits are the good
     * ones. */
    const uint64_t hash = key * numbers->factor;
    size_t slot = (size_t)(hash >> 32) & numbers->mask;
    while (numbers->slots[slot] && numbers->keys[numbers->slots[slot] - 1] != key) {
        slot = (slot + 1) & numbers->mask;
    }
    return slot;
}

static uint64_t key_of(uint32_t prefix, uint32_t word) {
    return (uint64_t)prefix << 32 | word;
}

/* The number of a prefix (NGRAM_NONE: none) and a word; a new one is added. */
static uint32_t ngram_numbers_add(struct ngram_numbers *numbers, uint32_t prefix, uint32_t word) {
    const uint64_t key = key_of(prefix, word);
    const size_t slot = gram_slot(numbers, key);
    if (!numbers->slots[slot]) {
        numbers->keys[numbers->count] = key;
        numbers->slots[slot] = (uint32_t)++numbers->count;
    }
    return numbers->slots[slot] - 1;
}

/* A free slot's 0 becomes NGRAM_NONE. */
static uint32_t ngram_numbers_find(const struct ngram_numbers *numbers, uint32_t prefix,
                                   uint32_t word) {
    return numbers->slots[gram_slot(numbers, key_of(prefix, word))] - 1;
}

size_t ngrams_of_length(size_t length, size_t order) {
    return length >= order ? length - order + 1 : 0;
}

static int compare_numbers(const void *a, const void *b) {
    const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return (first > second) - (first < second);
}

/* Turns sorted numbers into distinct ones with counts; returns how many. */
static size_t count_runs(const uint32_t *sorted, size_t count, struct ngram *out) {
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i] == sorted[i - 1]) {
            out[distinct - 1].count++;
        } else {
            out[distinct++] = (struct ngram){sorted[i], 1};
        }
    }
    return distinct;
}

/* What the building of the n-grams needs beside their result. */
struct workspace {
    struct ngrams_scratch scratch;
    int32_t unknown;   /* see ngrams_init */
    uint32_t fresh;    /* the number of the next unknown word: above those of all words */
    size_t grams_used; /* of the result's array */
};

bool ngrams_scratch_init(struct ngrams_scratch *scratch, size_t longest, caption_error *error) {
    *scratch = (struct ngrams_scratch){.longest = longest};
    scratch->words = memory_uninitialised(longest, sizeof *scratch->words, what, error);
    scratch->numbers = memory_uninitialised(longest, sizeof *scratch->numbers, what, error);
    scratch->sorted = memory_uninitialised(longest, sizeof *scratch->sorted, what, error);
    scratch->grams =
        memory_uninitialised(longest, NGRAMS_ORDERS * sizeof *scratch->grams, what, error);
    return scratch->words && scratch->numbers && scratch->sorted && scratch->grams;
}

void ngrams_scratch_free(struct ngrams_scratch *scratch) {
    free(scratch->words);
    free(scratch->numbers);
    free(scratch->sorted);
    free(scratch->grams);
    *scratch = (struct ngrams_scratch){0};
}

/* Sums over all sentences. */
struct ngram_extent {
    size_t sentences, grams, longest;
};

static size_t text_length(const struct ngrams_text *text) {
    return text->count + (text->last != NGRAMS_NO_WORD);
}

static bool add_extent(struct ngram_extent *extent, const struct ngrams_text *text) {
    const size_t length = text_length(text);
    extent->sentences++;
    if (length > extent->longest) extent->longest = length;
    bool ok = true;
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        ok = ok && size_add(extent->grams, ngrams_of_length(length, order), &extent->grams);
    }
    return ok;
}

static bool measure(const struct ngrams_photo *photos, size_t count, struct ngram_extent *extent,
                    caption_error *error) {
    *extent = (struct ngram_extent){0};
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        ok = ok && add_extent(extent, &photos[i].candidate);
        for (size_t j = 0; j < photos[i].reference_count; j++) {
            ok = ok && add_extent(extent, &photos[i].references[j]);
        }
    }
    if (ok && extent->grams < INT32_MAX) return true; /* so unknown words have numbers, too */
    return error_set(error, CAPTION_ERROR_LIMIT, "captions of too many words to be scored");
}

static bool allocate(struct ngrams *ngrams, struct workspace *workspace, size_t count,
                     const struct ngram_extent *extent, caption_error *error) {
    ngrams->items = memory_uninitialised(count, sizeof *ngrams->items, what, error);
    ngrams->sentences =
        memory_uninitialised(extent->sentences, sizeof *ngrams->sentences, what, error);
    ngrams->grams = memory_uninitialised(extent->grams, sizeof *ngrams->grams, what, error);
    return ngrams->items && ngrams->sentences && ngrams->grams &&
           ngram_numbers_init(&ngrams->known, extent->grams, error) &&
           ngrams_scratch_init(&workspace->scratch, extent->longest, error);
}

/* Sorts the numbers of one order into `grams`; returns how many are distinct. */
static size_t sort_order(struct ngrams_scratch *scratch, size_t count, struct ngram *grams) {
    memcpy(scratch->sorted, scratch->numbers, count * sizeof *scratch->sorted);
    qsort(scratch->sorted, count, sizeof *scratch->sorted, compare_numbers);
    return count_runs(scratch->sorted, count, grams);
}

/* Writes the first `length` words of a text to the scratch. */
static void write_words(const struct ngrams_text *text, size_t length, uint32_t *words) {
    for (size_t i = 0; i < length; i++)
        words[i] = (uint32_t)(i < text->count ? text->words[i] : text->last);
}

/* Counts one sentence, whose words are in the scratch, into the next free places of the result. */
static void count_sentence(struct ngrams *ngrams, struct workspace *workspace, size_t length,
                           struct ngrams_sentence *sentence) {
    const uint32_t *words = workspace->scratch.words;
    uint32_t *numbers = workspace->scratch.numbers;
    sentence->length = length;
    for (size_t i = 0; i < length; i++) numbers[i] = NGRAM_NONE;
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        const size_t count = ngrams_of_length(length, order);
        for (size_t i = 0; i < count; i++) {
            numbers[i] = ngram_numbers_add(&ngrams->known, numbers[i], words[i + order - 1]);
        }
        struct ngram *grams = ngrams->grams + workspace->grams_used;
        sentence->orders[order - 1] = grams;
        sentence->distinct[order - 1] = sort_order(&workspace->scratch, count, grams);
        workspace->grams_used += sentence->distinct[order - 1];
    }
}

static void count_candidate(struct ngrams *ngrams, struct workspace *workspace,
                            const struct ngrams_text *text, struct ngrams_sentence *sentence) {
    const size_t length = text_length(text);
    write_words(text, length, workspace->scratch.words);
    count_sentence(ngrams, workspace, length, sentence);
}

static void count_reference(struct ngrams *ngrams, struct workspace *workspace,
                            const struct ngrams_text *text, struct ngrams_sentence *sentence) {
    const size_t length = text_length(text);
    uint32_t *words = workspace->scratch.words;
    write_words(text, length, words);
    for (size_t i = 0; i < text->count && workspace->unknown != NGRAMS_NO_WORD; i++)
        if (text->words[i] == workspace->unknown) words[i] = workspace->fresh++;
    count_sentence(ngrams, workspace, length, sentence);
}

static void count_all(struct ngrams *ngrams, struct workspace *workspace,
                      const struct ngrams_photo *photos) {
    struct ngrams_sentence *sentence = ngrams->sentences;
    for (size_t i = 0; i < ngrams->count; i++) {
        const struct ngrams_photo *photo = &photos[i];
        ngrams->items[i] = (struct ngrams_item){sentence, sentence + 1, photo->reference_count};
        count_candidate(ngrams, workspace, &photo->candidate, sentence++);
        for (size_t j = 0; j < photo->reference_count; j++)
            count_reference(ngrams, workspace, &photo->references[j], sentence++);
    }
    ngrams->numbers = ngrams->known.count;
}

/* The number of a known n-gram, or one behind all known ones: that of the first place in the
 * sentence where it stands. */
static uint32_t find_number(const struct ngrams *ngrams, const struct ngrams_scratch *scratch,
                            size_t order, size_t place) {
    const uint32_t *words = scratch->words, prefix = scratch->numbers[place];
    if (order == 1 || prefix < ngrams->numbers) {
        const uint32_t number =
            ngram_numbers_find(&ngrams->known, prefix, words[place + order - 1]);
        if (number != NGRAM_NONE) return number;
    }
    size_t first = 0;
    while (memcmp(words + first, words + place, order * sizeof *words) != 0) first++;
    return (uint32_t)(ngrams->numbers + first);
}

void ngrams_count(const struct ngrams *ngrams, const struct ngrams_text *text,
                  struct ngrams_scratch *scratch, struct ngrams_sentence *sentence) {
    const size_t length = size_smaller(text_length(text), scratch->longest);
    struct ngram *grams = scratch->grams;
    *sentence = (struct ngrams_sentence){.length = length};
    write_words(text, length, scratch->words);
    for (size_t i = 0; i < length; i++) scratch->numbers[i] = NGRAM_NONE;
    for (size_t order = 1; order <= NGRAMS_ORDERS; order++) {
        const size_t count = ngrams_of_length(length, order);
        for (size_t i = 0; i < count; i++)
            scratch->numbers[i] = find_number(ngrams, scratch, order, i);
        sentence->orders[order - 1] = grams;
        sentence->distinct[order - 1] = sort_order(scratch, count, grams);
        grams += scratch->longest;
    }
}

bool ngrams_init(struct ngrams *ngrams, const struct ngrams_photo *photos, size_t count,
                 int32_t unknown, caption_error *error) {
    *ngrams = (struct ngrams){.count = count};
    struct ngram_extent extent;
    if (!measure(photos, count, &extent, error)) return false;
    struct workspace workspace = {.unknown = unknown, .fresh = (uint32_t)INT32_MAX + 1};
    bool ok = allocate(ngrams, &workspace, count, &extent, error);
    if (ok) count_all(ngrams, &workspace, photos);
    ngrams_scratch_free(&workspace.scratch);
    return ok;
}

void ngrams_free(struct ngrams *ngrams) {
    free(ngrams->items);
    free(ngrams->sentences);
    free(ngrams->grams);
    ngram_numbers_free(&ngrams->known);
    *ngrams = (struct ngrams){0};
}

/* BLEU (Papineni et al., 2002) with the smoothing of coco-caption: the logarithm of no match is
 * kept finite by adding a tiny number. */

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

/* ROUGE-L (Lin, 2004) as coco-caption has it: the largest precision and the largest recall over the
 * references, taken separately. */

static const double beta = 1.2;

/* Length of the longest common subsequence; `row` [b->count + 1] is scratch. */
static size_t common_subsequence(const struct ngrams_text *a, const struct ngrams_text *b,
                                 uint32_t *row) {
    memset(row, 0, (b->count + 1) * sizeof *row);
    for (size_t i = 0; i < a->count; i++) {
        uint32_t diagonal = 0; /* of the row before: row[j] before it is overwritten */
        for (size_t j = 0; j < b->count; j++) {
            uint32_t above = row[j + 1];
            if (a->words[i] == b->words[j]) {
                row[j + 1] = diagonal + 1;
            } else if (row[j] > above) {
                row[j + 1] = row[j];
            }
            diagonal = above;
        }
    }
    return row[b->count];
}

/* The reference scorer splits the empty sentence into one empty word. */
static double length_of(const struct ngrams_text *text) {
    return text->count ? (double)text->count : 1;
}

static double rouge_of_photo(const struct ngrams_photo *photo, uint32_t *row) {
    const struct ngrams_text *candidate = &photo->candidate;
    double precision = 0, recall = 0;
    for (size_t i = 0; i < photo->reference_count; i++) {
        const struct ngrams_text *reference = &photo->references[i];
        bool both_empty = reference->count == 0 && candidate->count == 0;
        double common = both_empty ? 1 : (double)common_subsequence(reference, candidate, row);
        if (common / length_of(candidate) > precision) precision = common / length_of(candidate);
        if (common / length_of(reference) > recall) recall = common / length_of(reference);
    }
    if (precision <= 0 || recall <= 0) return 0;
    return (1 + beta * beta) * precision * recall / (recall + beta * beta * precision);
}

bool rouge_compute(const struct ngrams_photo *photos, size_t count, struct scores *corpus,
                   struct scores *per_photo, caption_error *error) {
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) longest = size_larger(longest, photos[i].candidate.count);
    uint32_t *row = memory_uninitialised(longest + 1, sizeof *row, "ROUGE-L", error);
    if (!row) return false;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double rouge = rouge_of_photo(&photos[i], row);
        if (per_photo) per_photo[i].rouge_l = rouge;
        sum += rouge;
    }
    free(row);
    corpus->rouge_l = sum / (double)count;
    return true;
}

/* CIDEr-D (Vedantam et al., 2015): n-grams weighed by how few photos have them, the candidate's
 * weights clipped to the reference's, a Gaussian penalty on the difference in length. */

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

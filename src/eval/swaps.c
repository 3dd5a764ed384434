#include "eval/swaps.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

static const uint64_t swaps_seed = 1;

struct pair {
    size_t photo, other;
};

/* The captions of all pairs, those of one after those of the other: what was generated, then the
 * references. */
struct photo_captions {
    struct likelihood_caption *own, *swapped; /* [count], of the photo and of the other one */
    double *own_logprobs, *swapped_logprobs;  /* [count] */
    size_t count;
};

static void captions_free(struct photo_captions *captions) {
    free(captions->own);
    free(captions->swapped);
    free(captions->own_logprobs);
    free(captions->swapped_logprobs);
}

static bool captions_allocate(struct photo_captions *captions, size_t capacity,
                              caption_error *error) {
    const char *what = "swapped photos";
    *captions = (struct photo_captions){0};
    captions->own = memory_zeroed(capacity, sizeof *captions->own, what, error);
    captions->swapped = memory_zeroed(capacity, sizeof *captions->swapped, what, error);
    captions->own_logprobs = memory_zeroed(capacity, sizeof(double), what, error);
    captions->swapped_logprobs = memory_zeroed(capacity, sizeof(double), what, error);
    return captions->own && captions->swapped && captions->own_logprobs &&
           captions->swapped_logprobs;
}

static void add(struct photo_captions *captions, const struct likelihood_caption *caption,
                const real *other_features) {
    const size_t place = captions->count++;
    captions->own[place] = captions->swapped[place] = *caption;
    captions->swapped[place].features = other_features;
}

static void draw_pairs(struct pair *pairs, size_t count, size_t photo_count) {
    struct random random = random_seeded(swaps_seed, 0);
    for (size_t i = 0; i < count; i++) {
        const size_t photo = random_below(&random, photo_count);
        const size_t other = random_below(&random, photo_count - 1);
        pairs[i] = (struct pair){.photo = photo, .other = other + (other >= photo)};
    }
}

static size_t references_of(const struct reference_words *references, size_t photo) {
    return references->first[photo + 1] - references->first[photo];
}

static const real *features_of(const struct reference_words *references, size_t photo) {
    return references->captions[references->first[photo]].features;
}

static bool fill(struct photo_captions *captions, const struct pair *pairs, size_t count,
                 const struct reference_words *references, const struct decode_result *results,
                 caption_error *error) {
    size_t capacity = count;
    for (size_t i = 0; i < count; i++)
        if (!size_add(capacity, references_of(references, pairs[i].photo), &capacity))
            return error_memory(error, "swapped photos");
    if (!captions_allocate(captions, capacity, error)) return false;
    for (size_t i = 0; i < count; i++) {
        const size_t photo = pairs[i].photo;
        const real *other = features_of(references, pairs[i].other);
        const struct decode_caption *best = &results[photo].captions[0];
        const struct likelihood_caption generated = {features_of(references, photo), best->words,
                                                     best->count};
        add(captions, &generated, other);
        for (size_t r = references->first[photo]; r < references->first[photo + 1]; r++)
            add(captions, &references->captions[r], other);
    }
    return true;
}

static double sum_of(const double *numbers, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += numbers[i];
    return sum;
}

/* Both means are over as many captions, so their sums are compared. */
static void count_falls(const struct photo_captions *captions, const struct pair *pairs,
                        size_t count, const struct reference_words *references, struct swaps *out) {
    size_t generated = 0, referenced = 0;
    const double *own = captions->own_logprobs, *swapped = captions->swapped_logprobs;
    for (size_t i = 0; i < count; i++) {
        const size_t said = references_of(references, pairs[i].photo);
        generated += *swapped < *own;
        referenced += sum_of(swapped + 1, said) < sum_of(own + 1, said);
        own += 1 + said;
        swapped += 1 + said;
    }
    *out = (struct swaps){.count = count,
                          .generated = (double)generated / (double)count,
                          .references = (double)referenced / (double)count};
}

bool swaps_check(const struct dataset_selection *photos, caption_error *error) {
    if (photos->count >= 2) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: expected at least 2 photos to swap, found %zu", photos->dataset->name,
                     photos->count);
}

bool swaps_compute(const struct likelihood_scorer *scorer, const struct reference_words *references,
                   const struct decode_result *results, size_t count, struct swaps *out,
                   caption_error *error) {
    struct pair *pairs = memory_zeroed(count, sizeof *pairs, "swapped photos", error);
    if (!pairs) return false;
    draw_pairs(pairs, count, references->photos);
    struct photo_captions captions = {0};
    const bool done =
        fill(&captions, pairs, count, references, results, error) &&
        captioner_likelihood(scorer, captions.own, captions.count, captions.own_logprobs, error) &&
        captioner_likelihood(scorer, captions.swapped, captions.count, captions.swapped_logprobs,
                             error);
    if (done) count_falls(&captions, pairs, count, references, out);
    captions_free(&captions);
    free(pairs);
    return done;
}

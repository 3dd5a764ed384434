#include "eval/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

void reference_words_free(struct reference_words *references) {
    free(references->captions);
    free(references->first);
    free(references->words);
    *references = (struct reference_words){0};
}

static bool allocate(struct reference_words *references, const struct dataset_selection *photos,
                     caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    size_t captions = 0, words = 0;
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        captions += photo->count;
        for (size_t j = 0; j < photo->count; j++)
            words += dataset->captions[photo->first + j].count;
    }
    const char *what = "the likelihood of captions";
    references->captions = memory_zeroed(captions, sizeof *references->captions, what, error);
    references->first = memory_zeroed(photos->count + 1, sizeof *references->first, what, error);
    references->words = memory_zeroed(words, sizeof *references->words, what, error);
    return references->captions && references->first && references->words;
}

static void add(struct reference_words *references, const struct vocabulary *vocabulary,
                const struct tokens *tokens, const real *features) {
    uint32_t *words = references->words + references->word_count;
    for (size_t i = 0; i < tokens->count; i++)
        words[i] = (uint32_t)vocabulary_find(vocabulary, tokens->words[i]);
    references->word_count += tokens->count;
    references->captions[references->count++] =
        (struct likelihood_caption){.features = features, .words = words, .count = tokens->count};
}

bool reference_words_init(struct reference_words *references, const struct model *model,
                          const struct dataset_selection *photos, const real *features,
                          caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    *references = (struct reference_words){.photos = photos->count};
    if (!allocate(references, photos, error)) return false;
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        for (size_t j = 0; j < photo->count; j++)
            add(references, &model->vocabulary, &dataset->captions[photo->first + j],
                features + i * model->decoder.features);
        references->first[i + 1] = references->count;
    }
    return true;
}

bool perplexity_compute(const struct likelihood_scorer *scorer,
                        const struct reference_words *references, double *perplexity,
                        caption_error *error) {
    const size_t count = references->count;
    double *logprobs = memory_zeroed(count, sizeof *logprobs, "the likelihood of captions", error);
    if (!logprobs) return false;
    const bool done = captioner_likelihood(scorer, references->captions, count, logprobs, error);
    double sum = 0;
    for (size_t i = 0; done && i < count; i++) sum += logprobs[i];
    if (done) *perplexity = exp(-sum / (double)(references->word_count + count));
    free(logprobs);
    return done;
}

static const char ranks_name[] = "the ranks of words";

/* Captions that a worker ranks at a time. */
enum { GROUP = 256 };

struct next_word_counts {
    size_t places, first, among;
    size_t words, words_among;
};

struct next_word_job {
    const struct likelihood_scorer *scorer;
    const struct reference_words *references;
    bool with_photo;
    struct next_word_counts *counts; /* [groups] */
    caption_error *errors;           /* [groups] */
};

/* ranks[words + 1], the last that of the end. */
static void count_caption(const size_t *ranks, size_t words, struct next_word_counts *counts) {
    counts->places += words + 1;
    counts->words += words;
    for (size_t i = 0; i <= words; i++) {
        const bool among = ranks[i] >= 1 && ranks[i] <= NEXT_WORD_SUGGESTIONS;
        counts->first += ranks[i] == 1;
        counts->among += among;
        counts->words_among += among && i < words;
    }
}

static bool rank(const struct next_word_job *job, struct likelihood_caption *captions, size_t count,
                 size_t *ranks, struct next_word_counts *counts, caption_error *error) {
    if (!job->with_photo)
        for (size_t i = 0; i < count; i++) captions[i].features = NULL;
    if (!likelihood_ranks(job->scorer->model, job->scorer->decoder, captions, count, ranks, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        count_caption(ranks, captions[i].count, counts);
        ranks += captions[i].count + 1;
    }
    return true;
}

static void rank_group(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct next_word_job *job = context;
    const size_t first = item * GROUP;
    const size_t count = size_smaller(job->references->count - first, GROUP);
    struct likelihood_caption captions[GROUP];
    size_t words = 0;
    for (size_t i = 0; i < count; i++) {
        captions[i] = job->references->captions[first + i];
        words += captions[i].count + 1;
    }
    size_t *ranks = memory_zeroed(words, sizeof *ranks, ranks_name, &job->errors[item]);
    if (ranks) rank(job, captions, count, ranks, &job->counts[item], &job->errors[item]);
    free(ranks);
}

static double share(size_t part, size_t all) {
    return all > 0 ? (double)part / (double)all : 0;
}

/* The sums of the groups; the first error becomes `error`. */
static bool sum_up(const struct next_word_job *job, size_t groups, size_t *places,
                   struct next_word_shares *shares, caption_error *error) {
    struct next_word_counts sum = {0};
    if (!error_first(job->errors, groups, error)) return false;
    for (size_t i = 0; i < groups; i++) {
        sum.places += job->counts[i].places;
        sum.first += job->counts[i].first;
        sum.among += job->counts[i].among;
        sum.words += job->counts[i].words;
        sum.words_among += job->counts[i].words_among;
    }
    *places = sum.places;
    *shares = (struct next_word_shares){.first = share(sum.first, sum.places),
                                        .among = share(sum.among, sum.places),
                                        .words = share(sum.words_among, sum.words)};
    return true;
}

static bool compute(struct next_word_job *job, size_t *places, struct next_word_shares *shares,
                    caption_error *error) {
    const size_t groups = (job->references->count + GROUP - 1) / GROUP;
    job->counts = memory_zeroed(groups, sizeof *job->counts, ranks_name, error);
    job->errors = memory_zeroed(groups, sizeof *job->errors, ranks_name, error);
    bool done = job->counts && job->errors;
    if (done) {
        threads_for(job->scorer->threads, groups, rank_group, job);
        done = sum_up(job, groups, places, shares, error);
    }
    free(job->counts);
    free(job->errors);
    return done;
}

bool next_word_compute(const struct likelihood_scorer *scorer,
                       const struct reference_words *references, struct next_word *out,
                       caption_error *error) {
    *out = (struct next_word){0};
    struct next_word_job job = {.scorer = scorer, .references = references};
    if (!compute(&job, &out->places, &out->without, error)) return false;
    job.with_photo = true;
    return compute(&job, &out->places, &out->with, error);
}

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

static void add_swap(struct photo_captions *captions, const struct likelihood_caption *caption,
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
        add_swap(captions, &generated, other);
        for (size_t r = references->first[photo]; r < references->first[photo + 1]; r++)
            add_swap(captions, &references->captions[r], other);
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

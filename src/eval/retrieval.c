#include "eval/retrieval.h"

#include <stdlib.h>

#include "base/memory.h"
#include "infer/inference_search.h"
#include "nn/blas.h"

static const size_t retrieval_cuts[RETRIEVAL_CUTS] = {1, 5, 10};

static const char what[] = "the scores of searches";

/* Searches of one way: each query's rank of the first result that belongs to it. */
struct searching {
    const struct retrieval_vectors *vectors;
    bool by_sentences;
    size_t queries, results;
    size_t *owner;   /* [sentences] the photo of each */
    float *scores;   /* (workers, FEW_ROWS_MOST, results) */
    uint32_t *ranks; /* [queries] */
};

static bool belongs(const struct searching *s, size_t query, size_t result) {
    return s->by_sentences ? s->owner[query] == result : s->owner[result] == query;
}

static uint32_t rank_of(const struct searching *s, size_t query, const float *scores) {
    float best = -2; /* below every cosine */
    for (size_t i = 0; i < s->results; i++) {
        if (belongs(s, query, i) && scores[i] > best) best = scores[i];
    }
    uint32_t rank = 1;
    for (size_t i = 0; i < s->results; i++) rank += !(scores[i] < best) && !belongs(s, query, i);
    return rank;
}

static void search_some(void *context, size_t item, size_t worker) {
    const struct searching *s = context;
    const size_t d = s->vectors->size, first = item * FEW_ROWS_MOST;
    const size_t count = size_smaller(s->queries - first, FEW_ROWS_MOST);
    const float *sentences = s->vectors->sentences + s->vectors->first[0] * d;
    const float *queries = s->by_sentences ? sentences : s->vectors->photos;
    const float *results = s->by_sentences ? s->vectors->photos : sentences;
    float *scores = s->scores + worker * FEW_ROWS_MOST * s->results;
    few_rows_product(count, s->results, d, 1, queries + first * d, d, results, d, 0, scores,
                     s->results);
    for (size_t i = 0; i < count; i++)
        s->ranks[first + i] = rank_of(s, first + i, scores + i * s->results);
}

static int compare_ranks(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static struct retrieval_scores score_ranks(uint32_t *ranks, size_t count) {
    struct retrieval_scores scores = {0};
    qsort(ranks, count, sizeof *ranks, compare_ranks);
    for (size_t cut = 0; cut < RETRIEVAL_CUTS; cut++) {
        size_t found = 0;
        while (found < count && ranks[found] <= retrieval_cuts[cut]) found++;
        scores.recall[cut] = (double)found / (double)count;
    }
    const size_t lower = (count - 1) / 2, upper = count / 2;
    scores.median = ((double)ranks[lower] + (double)ranks[upper]) / 2;
    return scores;
}

static bool search_one_way(const struct retrieval_vectors *vectors, size_t *owner,
                           bool by_sentences, struct threads *threads, struct retrieval_scores *out,
                           caption_error *error) {
    const size_t photos = vectors->photo_count;
    const size_t sentences = vectors->first[photos] - vectors->first[0];
    struct searching s = {.vectors = vectors,
                          .by_sentences = by_sentences,
                          .queries = by_sentences ? sentences : photos,
                          .results = by_sentences ? photos : sentences,
                          .owner = owner};
    size_t rows;
    if (!size_multiply(threads_count(threads), FEW_ROWS_MOST * sizeof *s.scores, &rows))
        return error_memory(error, what);
    s.scores = memory_uninitialised(s.results, rows, what, error);
    s.ranks = memory_zeroed(s.queries, sizeof *s.ranks, what, error);
    const bool ok = s.scores && s.ranks;
    if (ok) {
        threads_for(threads, (s.queries + FEW_ROWS_MOST - 1) / FEW_ROWS_MOST, search_some, &s);
        *out = score_ranks(s.ranks, s.queries);
    }
    free(s.scores);
    free(s.ranks);
    return ok;
}

bool retrieval_compute(const struct retrieval_vectors *vectors, struct threads *threads,
                       struct retrieval *out, caption_error *error) {
    const size_t photos = vectors->photo_count;
    const size_t sentences = vectors->first[photos] - vectors->first[0];
    *out = (struct retrieval){.photos = photos, .sentences = sentences};
    size_t *owner = memory_zeroed(sentences, sizeof *owner, what, error);
    if (!owner) return false;
    for (size_t i = 0; i < photos; i++) {
        for (size_t j = vectors->first[i]; j < vectors->first[i + 1]; j++)
            owner[j - vectors->first[0]] = i;
    }
    const bool ok = search_one_way(vectors, owner, true, threads, &out->photo, error) &&
                    search_one_way(vectors, owner, false, threads, &out->sentence, error);
    free(owner);
    return ok;
}

double retrieval_mean(const struct retrieval *retrieval) {
    double sum = 0;
    for (size_t cut = 0; cut < RETRIEVAL_CUTS; cut++)
        sum += retrieval->photo.recall[cut] + retrieval->sentence.recall[cut];
    return sum / (2 * RETRIEVAL_CUTS);
}

/* Sentences or photos whose vectors a worker makes at a time. */
enum { GROUP = 256 };

struct vectors_job {
    const struct model *model;
    struct search_photos *projection; /* read by all threads */
    const struct reference_words *references;
    const float *features;
    float *photos, *sentences;
    size_t sentence_groups, groups; /* those of sentences come first */
    caption_error *errors;          /* [groups] */
};

static bool read_sentences(const struct vectors_job *job, size_t first, caption_error *error) {
    const struct reference_words *references = job->references;
    const size_t end = first + size_smaller(references->count - first, GROUP);
    struct search_sentences *reader = search_sentences_new(job->model, error);
    bool ok = reader != NULL;
    for (size_t i = first; ok && i < end; i++) {
        const struct likelihood_caption *caption = &references->captions[i];
        ok = search_words_vector(reader, caption->words, caption->count,
                                 job->sentences + i * job->model->search.size, error);
    }
    search_sentences_free(reader);
    return ok;
}

static bool project_photos(const struct vectors_job *job, size_t first, caption_error *error) {
    const struct model *model = job->model;
    float *scratch =
        memory_uninitialised(search_photos_scratch(job->projection), sizeof *scratch, what, error);
    const bool ok = scratch && search_photo_vectors(
                                   job->projection, job->features + first * model->decoder.features,
                                   size_smaller(job->references->photos - first, GROUP),
                                   job->photos + first * model->search.size, scratch, error);
    free(scratch);
    return ok;
}

static void make_vectors(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct vectors_job *job = context;
    caption_error *error = &job->errors[item];
    if (item < job->sentence_groups)
        read_sentences(job, item * GROUP, error);
    else
        project_photos(job, (item - job->sentence_groups) * GROUP, error);
}

bool retrieval_of_model(const struct model *model, const struct reference_words *references,
                        const float *features, struct threads *threads, struct retrieval *out,
                        caption_error *error) {
    const size_t bytes = model->search.size * sizeof(float);
    struct vectors_job job = {.model = model,
                              .references = references,
                              .features = features,
                              .sentence_groups = (references->count + GROUP - 1) / GROUP};
    job.groups = job.sentence_groups + (references->photos + GROUP - 1) / GROUP;
    job.photos = memory_zeroed(references->photos, bytes, what, error);
    job.sentences = job.photos ? memory_zeroed(references->count, bytes, what, error) : NULL;
    job.errors = job.sentences ? memory_zeroed(job.groups, sizeof *job.errors, what, error) : NULL;
    const struct retrieval_vectors vectors = {.size = model->search.size,
                                              .photo_count = references->photos,
                                              .photos = job.photos,
                                              .first = references->first,
                                              .sentences = job.sentences};
    bool ok = job.errors && (job.projection = search_photos_new(model, error));
    if (ok) threads_for(threads, job.groups, make_vectors, &job);
    ok = ok && error_first(job.errors, job.groups, error) &&
         retrieval_compute(&vectors, threads, out, error);
    search_photos_free(job.projection);
    free(job.photos);
    free(job.sentences);
    free(job.errors);
    return ok;
}

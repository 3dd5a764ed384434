#include "eval/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "decode/likelihood.h"

/* Captions that a worker takes at a time. */
enum { GROUP = 256 };

struct perplexity_job {
    const struct model *model;
    struct inference_decoder *decoder;
    struct likelihood_caption *captions; /* [count] */
    double *logprobs;                    /* [count] */
    caption_error *errors;               /* [groups] */
    size_t count, groups;
    uint32_t *words; /* of all captions */
    size_t word_count;
};

static void job_free(struct perplexity_job *job) {
    inference_decoder_free(job->decoder);
    free(job->captions);
    free(job->logprobs);
    free(job->errors);
    free(job->words);
}

static bool job_allocate(struct perplexity_job *job, const struct dataset *dataset,
                         const size_t *photos, size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        job->count += photo->count;
        for (size_t j = 0; j < photo->count; j++)
            job->word_count += dataset->captions[photo->first + j].count;
    }
    job->groups = (job->count + GROUP - 1) / GROUP;
    const char *what = "the likelihood of captions";
    job->captions = memory_zeroed(job->count, sizeof *job->captions, what, error);
    job->logprobs = memory_zeroed(job->count, sizeof *job->logprobs, what, error);
    job->errors = memory_zeroed(job->groups, sizeof *job->errors, what, error);
    job->words = memory_zeroed(job->word_count, sizeof *job->words, what, error);
    return job->captions && job->logprobs && job->errors && job->words;
}

static void job_fill(struct perplexity_job *job, const struct dataset *dataset,
                     const size_t *photos, size_t count, const real *features) {
    struct likelihood_caption *caption = job->captions;
    uint32_t *word = job->words;
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        for (size_t j = 0; j < photo->count; j++) {
            const struct tokens *tokens = &dataset->captions[photo->first + j];
            *caption++ = (struct likelihood_caption){features + i * job->model->decoder.features,
                                                     word, tokens->count};
            for (size_t k = 0; k < tokens->count; k++)
                *word++ = (uint32_t)vocabulary_find(&job->model->vocabulary, tokens->words[k]);
        }
    }
}

static void run_group(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct perplexity_job *job = context;
    size_t first = item * GROUP, rest = job->count - first;
    likelihood_captions(job->model, job->decoder, job->captions + first,
                        rest < GROUP ? rest : GROUP, job->logprobs + first, &job->errors[item]);
}

static bool job_run(struct perplexity_job *job, struct threads *threads, caption_error *error) {
    if (threads)
        threads_for(threads, job->groups, run_group, job);
    else
        for (size_t i = 0; i < job->groups; i++) run_group(job, i, 0);
    for (size_t i = 0; i < job->groups; i++) {
        const caption_error *failed = &job->errors[i];
        if (failed->status != CAPTION_OK)
            return error_set(error, failed->status, "%s", failed->message);
    }
    return true;
}

bool perplexity_compute(const struct model *model, const struct dataset *dataset,
                        const size_t *photos, size_t count, const real *features,
                        struct threads *threads, double *perplexity, caption_error *error) {
    struct perplexity_job job = {.model = model};
    const struct weights weights = model_weights(model);
    job.decoder = inference_decoder_new(&model->decoder, &weights, PRECISION_F32, error);
    bool done = job.decoder && job_allocate(&job, dataset, photos, count, error);
    if (done) {
        job_fill(&job, dataset, photos, count, features);
        done = job_run(&job, threads, error);
    }
    double sum = 0;
    for (size_t i = 0; done && i < job.count; i++) sum += job.logprobs[i];
    if (done) *perplexity = exp(-sum / (double)(job.word_count + job.count));
    job_free(&job);
    return done;
}

#include "decode/captioner.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/progress.h"
#include "decode/plan.h"
#include "infer/inference_encoder.h"

/* Photos between two looks at the progress bar. */
enum { PROGRESS_PHOTOS = 64 };

/* Captions whose likelihood a worker computes at a time. */
enum { LIKELIHOOD_GROUP = 256 };

/* What one worker encodes a photo with. */
struct encoding {
    struct inference_workspace *workspace;
    float *input; /* (S, S, 3) */
};

/* The encoder, its weights made ready once, and what each worker needs besides. */
struct encodings {
    const struct model *model;
    struct inference_encoder *encoder;
    struct encoding *workers; /* [count] */
    size_t count;
};

static void encodings_free(struct encodings *encodings) {
    for (size_t i = 0; i < encodings->count; i++) {
        inference_workspace_free(encodings->workers[i].workspace);
        free(encodings->workers[i].input);
    }
    free(encodings->workers);
    inference_encoder_free(encodings->encoder);
}

static bool add_worker(struct encodings *encodings, caption_error *error) {
    const size_t size = encodings->model->preprocessing.size;
    struct encoding *worker = &encodings->workers[encodings->count++];
    worker->workspace = inference_workspace_new(encodings->encoder, NULL, error);
    if (!worker->workspace) return false;
    worker->input = memory_uninitialised(size, size * 3 * sizeof(float), "a photo", error);
    return worker->input != NULL;
}

static bool encodings_init(struct encodings *encodings, const struct model *model,
                           enum precision precision, size_t workers, caption_error *error) {
    const struct weights weights = model_weights(model);
    *encodings = (struct encodings){.model = model};
    encodings->encoder = inference_encoder_new(&model->encoder, &weights, precision, error);
    if (!encodings->encoder) return false;
    encodings->workers = memory_zeroed(workers, sizeof *encodings->workers, "encoders", error);
    bool ready = encodings->workers != NULL;
    while (ready && encodings->count < workers) ready = add_worker(encodings, error);
    if (!ready) encodings_free(encodings);
    return ready;
}

static void encode(const struct encodings *encodings, size_t worker, float *features) {
    const struct encoding *encoding = &encodings->workers[worker];
    inference_encoder_run(encodings->encoder, encoding->input, 1, encoding->workspace, features);
}

/* The first of the errors that is one becomes `error`. */
static bool all_went_well(const caption_error *errors, size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (errors[i].status != CAPTION_OK)
            return error_set(error, errors[i].status, "%s", errors[i].message);
    }
    return true;
}

struct features_job {
    const struct encodings *encodings;
    const struct augment *augment;
    const struct photo_file *files;
    float *features;       /* (count, F) */
    caption_error *errors; /* [count] */
};

static void encode_photo(void *context, size_t item, size_t worker) {
    const struct features_job *job = context;
    const struct model *model = job->encodings->model;
    float *input = job->encodings->workers[worker].input;
    float *features = job->features + item * model->encoder.features;
    job->errors[item] = (caption_error){.status = CAPTION_OK};
    if (!photo_load(&job->files[item], &model->preprocessing, job->augment, input,
                    &job->errors[item])) {
        return;
    }
    encode(job->encodings, worker, features);
}

/* Encodes photos[0 .. count); the first bad one is the error. */
static bool features_block(const struct encodings *encodings, const struct photo_file *files,
                           size_t count, const struct augment *augment, struct threads *threads,
                           real *features, caption_error *error) {
    caption_error errors[PROGRESS_PHOTOS];
    struct features_job job = {.encodings = encodings,
                               .augment = augment,
                               .files = files,
                               .features = features,
                               .errors = errors};
    threads_for(threads, count, encode_photo, &job);
    return all_went_well(errors, count, error);
}

bool captioner_features(const struct model *model, enum precision precision,
                        const struct photo_file *files, size_t count, const struct augment *augment,
                        struct threads *threads, FILE *stream, const char *note, real *features,
                        caption_error *error) {
    struct encodings encodings;
    if (!encodings_init(&encodings, model, precision, threads_count(threads), error)) return false;
    struct progress progress = progress_start(stream, count);
    bool done = true;
    for (size_t first = 0; done && first < count; first += PROGRESS_PHOTOS) {
        size_t rest = count - first, block = rest < PROGRESS_PHOTOS ? rest : PROGRESS_PHOTOS;
        done = features_block(&encodings, files + first, block, augment, threads,
                              features + first * model->encoder.features, error);
        progress_update(&progress, first + block, note);
    }
    progress_finish(&progress);
    encodings_free(&encodings);
    return done;
}

struct decode_job {
    const struct decode_plan *plan;
    struct decode_workspace **workspaces; /* [workers] */
    const real *features;
    size_t count, batch;
    struct decode_result *results;
    caption_error *errors; /* [batches] */
};

static void decode_batch(void *context, size_t item, size_t worker) {
    const struct decode_job *job = context;
    const size_t first = item * job->batch, rest = job->count - first;
    decode_features(
        job->workspaces[worker], job->features + first * job->plan->model->decoder.features,
        rest < job->batch ? rest : job->batch, first, job->results + first, &job->errors[item]);
}

static void workspaces_free(struct decode_workspace **workspaces, size_t count) {
    for (size_t i = 0; workspaces && i < count; i++) decode_workspace_free(workspaces[i]);
    free(workspaces);
}

static struct decode_workspace **workspaces_new(const struct decode_plan *plan, size_t count,
                                                caption_error *error) {
    struct decode_workspace **workspaces =
        memory_zeroed(count, sizeof *workspaces, "decoding", error);
    for (size_t i = 0; workspaces && i < count; i++) {
        workspaces[i] = decode_workspace_new(plan, plan_batch(plan), error);
        if (workspaces[i]) continue;
        workspaces_free(workspaces, count);
        return NULL;
    }
    return workspaces;
}

bool captioner_decode(const struct decode_plan *plan, const real *features, size_t count,
                      struct threads *threads, struct decode_result *results,
                      caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    if (count == 0) return true;
    struct decode_job job = {.plan = plan,
                             .features = features,
                             .count = count,
                             .batch = plan_batch(plan),
                             .results = results};
    const size_t batches = (count + job.batch - 1) / job.batch;
    const size_t workers = threads_count(threads);
    job.errors = memory_zeroed(batches, sizeof *job.errors, "captions", error);
    job.workspaces = job.errors ? workspaces_new(plan, workers, error) : NULL;
    if (job.workspaces) threads_for(threads, batches, decode_batch, &job);
    const bool done = job.workspaces && all_went_well(job.errors, batches, error);
    workspaces_free(job.workspaces, workers);
    free(job.errors);
    if (!done) decode_results_free(results, count);
    return done;
}

struct likelihood_job {
    const struct model *model;
    struct inference_decoder *decoder;
    const struct likelihood_caption *captions; /* [count] */
    size_t count;
    double *logprobs;      /* [count] */
    caption_error *errors; /* [groups] */
};

static void compute_group(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct likelihood_job *job = context;
    const size_t first = item * LIKELIHOOD_GROUP, rest = job->count - first;
    likelihood_captions(job->model, job->decoder, job->captions + first,
                        rest < LIKELIHOOD_GROUP ? rest : LIKELIHOOD_GROUP, job->logprobs + first,
                        &job->errors[item]);
}

bool captioner_likelihood(const struct model *model, size_t style,
                          const struct likelihood_caption *captions, size_t count,
                          struct threads *threads, double *logprobs, caption_error *error) {
    const size_t groups = (count + LIKELIHOOD_GROUP - 1) / LIKELIHOOD_GROUP;
    const struct weights weights = model_weights(model);
    struct likelihood_job job = {
        .model = model, .captions = captions, .count = count, .logprobs = logprobs};
    job.errors = memory_zeroed(groups, sizeof *job.errors, "the likelihood of captions", error);
    if (!job.errors) return false;
    job.decoder = inference_decoder_new(&model->decoder, &weights, PRECISION_F32, error);
    const bool ready =
        job.decoder && inference_decoder_set_style(job.decoder, &weights, style, error);
    if (ready) threads_for(threads, groups, compute_group, &job);
    const bool done = ready && all_went_well(job.errors, groups, error);
    inference_decoder_free(job.decoder);
    free(job.errors);
    return done;
}

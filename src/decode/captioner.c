#include "decode/captioner.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "decode/plan.h"
#include "model/inference_encoder.h"

/* Photos that are decoded together: enough that the weights are well used, few enough that a
 * handful of photos keeps several threads busy; and no more rows than this where the beam is wide.
 */
enum { GROUP_PHOTOS = 16, GROUP_ROWS = 256 };

/* Photos between two looks at the progress bar. */
enum { PROGRESS_PHOTOS = 64 };

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
    worker->workspace = inference_workspace_new(encodings->encoder, error);
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

static void share_out(struct threads *threads, size_t count, threads_work *work, void *context) {
    if (threads) {
        threads_for(threads, count, work, context);
        return;
    }
    for (size_t item = 0; item < count; item++) work(context, item, 0);
}

struct features_job {
    const struct encodings *encodings;
    const struct augment *augment;
    const char *const *paths;
    float *features;       /* (count, F) */
    caption_error *errors; /* [count] */
};

static void encode_photo(void *context, size_t item, size_t worker) {
    const struct features_job *job = context;
    const struct model *model = job->encodings->model;
    float *input = job->encodings->workers[worker].input;
    float *features = job->features + item * model->encoder.features;
    job->errors[item] = (caption_error){.status = CAPTION_OK};
    if (photo_load(job->paths[item], &model->preprocessing, job->augment, input,
                   &job->errors[item])) {
        encode(job->encodings, worker, features);
    } else {
        memset(features, 0, model->encoder.features * sizeof *features);
    }
}

static size_t workers_of(const struct threads *threads) {
    return threads ? threads_count(threads) : 1;
}

bool captioner_features(const struct model *model, enum precision precision,
                        const char *const *paths, size_t count, const struct augment *augment,
                        struct threads *threads, real *features, caption_error *errors,
                        caption_error *error) {
    struct encodings encodings;
    if (!encodings_init(&encodings, model, precision, workers_of(threads), error)) return false;
    struct features_job job = {.encodings = &encodings,
                               .augment = augment,
                               .paths = paths,
                               .features = features,
                               .errors = errors};
    share_out(threads, count, encode_photo, &job);
    encodings_free(&encodings);
    return true;
}

/* Encodes photos[0 .. count); the first bad one is the error. */
static bool features_block(const struct encodings *encodings, const char *const *paths,
                           size_t count, const struct augment *augment, struct threads *threads,
                           real *features, caption_error *error) {
    caption_error errors[PROGRESS_PHOTOS];
    struct features_job job = {.encodings = encodings,
                               .augment = augment,
                               .paths = paths,
                               .features = features,
                               .errors = errors};
    share_out(threads, count, encode_photo, &job);
    for (size_t i = 0; i < count; i++) {
        if (errors[i].status != CAPTION_OK) {
            return error_set(error, errors[i].status, "%s", errors[i].message);
        }
    }
    return true;
}

bool captioner_features_all(const struct model *model, enum precision precision,
                            const char *const *paths, size_t count, const struct augment *augment,
                            struct threads *threads, FILE *stream, const char *note, real *features,
                            caption_error *error) {
    struct encodings encodings;
    if (!encodings_init(&encodings, model, precision, workers_of(threads), error)) return false;
    struct progress progress = progress_start(stream, count);
    bool done = true;
    for (size_t first = 0; done && first < count; first += PROGRESS_PHOTOS) {
        size_t rest = count - first, block = rest < PROGRESS_PHOTOS ? rest : PROGRESS_PHOTOS;
        done = features_block(&encodings, paths + first, block, augment, threads,
                              features + first * model->encoder.features, error);
        progress_update(&progress, first + block, note);
    }
    progress_finish(&progress);
    encodings_free(&encodings);
    return done;
}

/* Photos side by side, none of them bad. */
struct group {
    size_t first, count;
    caption_error error;
};

struct decode_job {
    const struct decode_plan *plan;
    const real *features;
    size_t first_photo;
    struct decode_result *results;
    struct group *groups;
    size_t group_count;
};

static void decode_group(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct decode_job *job = context;
    struct group *group = &job->groups[item];
    size_t width = job->plan->model->decoder.features;
    decode_features(job->plan, job->features + group->first * width, group->count,
                    job->first_photo + group->first, job->results + group->first, &group->error);
}

static size_t group_size(const struct decode_plan *plan) {
    size_t rows = plan->options.sample ? plan->options.top : plan->options.beam_size;
    size_t photos = GROUP_ROWS / rows;
    if (photos > GROUP_PHOTOS) return GROUP_PHOTOS;
    return photos > 0 ? photos : 1;
}

/* Divides the photos that have no error into groups; groups[count] is large enough. */
static size_t form_groups(const struct decode_plan *plan, const caption_error *errors, size_t count,
                          struct group *groups) {
    size_t most = group_size(plan), formed = 0;
    for (size_t i = 0; i < count; i++) {
        if (errors && errors[i].status != CAPTION_OK) continue;
        struct group *last = formed > 0 ? &groups[formed - 1] : NULL;
        if (last && last->first + last->count == i && last->count < most) {
            last->count++;
        } else {
            groups[formed++] = (struct group){.first = i, .count = 1};
        }
    }
    return formed;
}

bool captioner_decode(const struct decode_plan *plan, const real *features,
                      const caption_error *errors, size_t count, size_t first_photo,
                      struct threads *threads, struct decode_result *results,
                      caption_error *error) {
    for (size_t i = 0; i < count; i++) results[i] = (struct decode_result){0};
    struct decode_job job = {
        .plan = plan, .features = features, .first_photo = first_photo, .results = results};
    job.groups = memory_zeroed(count, sizeof *job.groups, "captions", error);
    if (!job.groups) return false;
    job.group_count = form_groups(plan, errors, count, job.groups);
    share_out(threads, job.group_count, decode_group, &job);
    bool done = true;
    for (size_t i = 0; done && i < job.group_count; i++) {
        if (job.groups[i].error.status == CAPTION_OK) continue;
        done = error_set(error, job.groups[i].error.status, "%s", job.groups[i].error.message);
    }
    free(job.groups);
    if (!done) decode_results_free(results, count);
    return done;
}

#include "decode/captioner.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "decode/plan.h"

/* Photos that are decoded together: enough that the weights are well used, few enough that a
 * handful of photos keeps several threads busy; and no more rows than this where the beam is wide.
 */
enum { GROUP_PHOTOS = 16, GROUP_ROWS = 256 };

/* Photos between two looks at the progress bar. */
enum { PROGRESS_PHOTOS = 64 };

/* What a worker needs to encode a photo. */
struct encoding {
    struct encoder_workspace *workspace;
    real *input; /* (S, S, 3) */
};

static void encoding_free(struct encoding *encoding) {
    encoder_workspace_free(encoding->workspace);
    free(encoding->input);
}

static bool encoding_init(struct encoding *encoding, const struct model *model,
                          caption_error *error) {
    size_t size = model->preprocessing.size;
    *encoding = (struct encoding){0};
    encoding->workspace = encoder_workspace_new(&model->encoder, 1, ENCODER_INFERENCE, error);
    if (!encoding->workspace) return false;
    encoding->input = memory_uninitialised(size, size * 3 * sizeof(real), "a photo", error);
    if (encoding->input) return true;
    encoding_free(encoding);
    return false;
}

static void encode(const struct encoding *encoding, const struct model *model, real *features) {
    encoder_forward(&model->encoder, &model->parameters, model->parameters.values, encoding->input,
                    1, encoding->workspace, features);
}

static void share_out(struct threads *threads, size_t count, threads_work *work, void *context) {
    if (threads) {
        threads_for(threads, count, work, context);
        return;
    }
    for (size_t item = 0; item < count; item++) work(context, item, 0);
}

struct features_job {
    const struct model *model;
    const struct augment *augment;
    const char *const *paths;
    struct encoding *encodings; /* [workers] */
    real *features;             /* (count, F) */
    caption_error *errors;      /* [count] */
};

static void encode_photo(void *context, size_t item, size_t worker) {
    const struct features_job *job = context;
    const struct encoding *encoding = &job->encodings[worker];
    size_t width = job->model->encoder.features;
    real *features = job->features + item * width;
    job->errors[item] = (caption_error){.status = CAPTION_OK};
    if (photo_load(job->paths[item], &job->model->preprocessing, job->augment, encoding->input,
                   &job->errors[item])) {
        encode(encoding, job->model, features);
    } else {
        memset(features, 0, width * sizeof *features);
    }
}

bool captioner_features(const struct model *model, const char *const *paths, size_t count,
                        const struct augment *augment, struct threads *threads, real *features,
                        caption_error *errors, caption_error *error) {
    size_t workers = threads ? threads_count(threads) : 1, ready = 0;
    struct encoding *encodings = memory_zeroed(workers, sizeof *encodings, "encoders", error);
    if (!encodings) return false;
    while (ready < workers && encoding_init(&encodings[ready], model, error)) ready++;
    if (ready == workers) {
        struct features_job job = {.model = model,
                                   .augment = augment,
                                   .paths = paths,
                                   .encodings = encodings,
                                   .features = features,
                                   .errors = errors};
        share_out(threads, count, encode_photo, &job);
    }
    for (size_t i = 0; i < ready; i++) encoding_free(&encodings[i]);
    free(encodings);
    return ready == workers;
}

/* Encodes photos[0 .. count); the first bad one is the error. */
static bool features_block(const struct model *model, const char *const *paths, size_t count,
                           const struct augment *augment, struct threads *threads, real *features,
                           caption_error *error) {
    caption_error errors[PROGRESS_PHOTOS];
    if (!captioner_features(model, paths, count, augment, threads, features, errors, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (errors[i].status != CAPTION_OK) {
            return error_set(error, errors[i].status, "%s", errors[i].message);
        }
    }
    return true;
}

bool captioner_features_all(const struct model *model, const char *const *paths, size_t count,
                            const struct augment *augment, struct threads *threads, FILE *stream,
                            const char *note, real *features, caption_error *error) {
    struct progress progress = progress_start(stream, count);
    bool done = true;
    for (size_t first = 0; done && first < count; first += PROGRESS_PHOTOS) {
        size_t rest = count - first, block = rest < PROGRESS_PHOTOS ? rest : PROGRESS_PHOTOS;
        done = features_block(model, paths + first, block, augment, threads,
                              features + first * model->encoder.features, error);
        progress_update(&progress, first + block, note);
    }
    progress_finish(&progress);
    return done;
}

bool captioner_features_memory(const struct model *model, const void *bytes, size_t size,
                               real *features, caption_error *error) {
    struct encoding encoding;
    if (!encoding_init(&encoding, model, error)) return false;
    bool loaded = photo_load_memory(bytes, size, "the photo in memory", &model->preprocessing, NULL,
                                    encoding.input, error);
    if (loaded) encode(&encoding, model, features);
    encoding_free(&encoding);
    return loaded;
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

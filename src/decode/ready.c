#include "decode/ready.h"

#include "base/threads.h"

enum side { PLAN, ENCODER, SIDES };

struct job {
    struct ready *ready;
    const struct model *model;
    const caption_options *options;
    caption_error errors[SIDES];
};

static void make_side(void *context, size_t side, size_t worker) {
    (void)worker;
    struct job *job = context;
    const struct model *model = job->model;
    if (side == PLAN) {
        job->ready->plan = decode_plan_new(model, job->options, &job->errors[PLAN]);
        return;
    }
    const struct weights weights = model_weights(model);
    job->ready->encoder = inference_encoder_new(
        &model->encoder, &weights, decode_precision(job->options), &job->errors[ENCODER]);
}

static bool make_on_threads(struct job *job, caption_error *error) {
    struct threads *pool = threads_new(SIDES, error);
    if (!pool) return false;
    threads_for(pool, SIDES, make_side, job);
    threads_free(pool);
    return true;
}

static bool make(struct job *job, size_t threads, caption_error *error) {
    if (threads > 1) return make_on_threads(job, error);
    make_side(job, PLAN, 0);
    if (job->ready->plan) make_side(job, ENCODER, 0);
    return true;
}

bool ready_make(struct ready *ready, const struct model *model, const caption_options *options,
                size_t threads, caption_error *error) {
    *ready = (struct ready){0};
    struct job job = {.ready = ready, .model = model, .options = options};
    if (!make(&job, threads, error)) return false;
    if (ready->plan && ready->encoder) return true;
    const caption_error *first = &job.errors[ready->plan ? ENCODER : PLAN];
    ready_free(ready);
    return error_set(error, first->status, "%s", first->message);
}

void ready_free(struct ready *ready) {
    decode_plan_free(ready->plan);
    inference_encoder_free(ready->encoder);
    *ready = (struct ready){0};
}

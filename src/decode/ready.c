#include "decode/ready.h"

#include "base/memory.h"
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

bool ready_make(struct ready *ready, const struct model *model, const caption_options *options,
                size_t threads, caption_error *error) {
    *ready = (struct ready){0};
    struct job job = {.ready = ready, .model = model, .options = options};
    struct threads *pool = threads_new(size_smaller(threads, SIDES), error);
    if (!pool) return false;
    threads_for(pool, SIDES, make_side, &job);
    threads_free(pool);
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

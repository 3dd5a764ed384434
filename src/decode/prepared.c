#include "decode/prepared.h"

#include "base/memory.h"
#include "base/threads.h"

enum half { DECODER, ENCODER, HALVES };

struct job {
    struct prepared *prepared;
    const struct model *model;
    const caption_options *options;
    caption_error errors[HALVES];
};

static void prepare_half(void *context, size_t half, size_t worker) {
    (void)worker;
    struct job *job = context;
    const struct model *model = job->model;
    if (half == DECODER) {
        job->prepared->plan = decode_plan_new(model, job->options, &job->errors[DECODER]);
        return;
    }
    const struct weights weights = model_weights(model);
    job->prepared->encoder = inference_encoder_new(
        &model->encoder, &weights, decode_precision(job->options), &job->errors[ENCODER]);
}

bool prepared_init(struct prepared *prepared, const struct model *model,
                   const caption_options *options, size_t threads, caption_error *error) {
    *prepared = (struct prepared){0};
    struct job job = {.prepared = prepared, .model = model, .options = options};
    struct threads *pool = threads_new(size_smaller(threads, HALVES), error);
    if (!pool) return false;
    threads_for(pool, HALVES, prepare_half, &job);
    threads_free(pool);
    if (prepared->plan && prepared->encoder) return true;
    const caption_error *first = &job.errors[prepared->plan ? ENCODER : DECODER];
    prepared_free(prepared);
    return error_set(error, first->status, "%s", first->message);
}

bool prepared_with(struct prepared *prepared, const struct prepared *base,
                   const caption_options *options, caption_error *error) {
    *prepared = (struct prepared){.plan = decode_plan_with(base->plan, options, error),
                                  .encoder = base->encoder,
                                  .shares = true};
    return prepared->plan != NULL;
}

void prepared_free(struct prepared *prepared) {
    decode_plan_free(prepared->plan);
    if (!prepared->shares) inference_encoder_free(prepared->encoder);
    *prepared = (struct prepared){0};
}

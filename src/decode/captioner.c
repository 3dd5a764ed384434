#include "decode/captioner.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "decode/decode.h"
#include "decode/rows.h"
#include "infer/inference_encoder.h"

/* Captions that go through the decoder together. */
enum { LIKELIHOOD_BATCH = 64 };

struct batch {
    struct rows rows;
    real *features; /* (LIKELIHOOD_BATCH, F) */
    size_t going[LIKELIHOOD_BATCH];
    size_t going_count; /* captions that have not ended: going[row] is the caption of a row */
    double logprobs[LIKELIHOOD_BATCH];
    size_t *ranks[LIKELIHOOD_BATCH]; /* of a caption's words and <end>; NULL: not asked for */
};

static bool check_words(const struct model *model, const struct likelihood_caption *captions,
                        size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        for (size_t w = 0; w < captions[i].count; w++) {
            if (captions[i].words[w] < model->decoder.words) continue;
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "caption %zu, word %zu has number %u; the model knows %zu words", i, w,
                             (unsigned)captions[i].words[w], model->decoder.words);
        }
    }
    return true;
}

static void batch_begin(struct batch *batch, const struct likelihood_caption *captions,
                        size_t count) {
    size_t features = batch->rows.model->decoder.features;
    const bool photos = captions[0].features != NULL;
    for (size_t i = 0; i < count; i++) {
        if (photos)
            memcpy(batch->features + i * features, captions[i].features,
                   features * sizeof *batch->features);
        batch->rows.inputs[i] = DECODER_VECTOR - (int32_t)i;
        batch->going[i] = i;
    }
    batch->going_count = count;
    rows_begin(&batch->rows, photos ? batch->features : NULL, count, count);
    for (size_t i = 0; i < count; i++) batch->rows.inputs[i] = VOCABULARY_START;
}

/* What is asked of the word that a caption has in a place. */
static bool answer(struct batch *batch, size_t row, size_t place, uint32_t target,
                   caption_error *error) {
    const struct rows *rows = &batch->rows;
    const size_t number = batch->going[row];
    double normaliser;
    if (!rows_normaliser(rows, row, &normaliser, error)) return false;
    if (batch->ranks[number]) {
        batch->ranks[number][place] = rows_rank(rows, row, target);
        return true;
    }
    const real *logits = rows->logits + row * rows->model->decoder.words;
    batch->logprobs[number] += (double)logits[target] - normaliser;
    return true;
}

/* One time step: word number `place` of every caption that has not ended, or its <end>. */
static bool batch_step(struct batch *batch, const struct likelihood_caption *captions, size_t place,
                       caption_error *error) {
    struct rows *rows = &batch->rows;
    size_t state = rows->model->decoder.state, left = 0;
    rows_step(rows, batch->going_count);
    for (size_t row = 0; row < batch->going_count; row++) {
        size_t number = batch->going[row];
        const struct likelihood_caption *caption = &captions[number];
        bool ends = place == caption->count;
        uint32_t target = ends ? VOCABULARY_END : caption->words[place];
        if (!answer(batch, row, place, target, error)) return false;
        if (ends) continue;
        rows->inputs[left] = (int32_t)target;
        rows->images[left] = rows->images[row];
        memmove(rows->states + left * state, rows->states + row * state,
                state * sizeof *rows->states);
        batch->going[left++] = number;
    }
    batch->going_count = left;
    return true;
}

/* Captions that go together. *ranks, unless NULL, moves behind theirs. */
static bool batch_run(struct batch *batch, const struct likelihood_caption *captions, size_t count,
                      size_t **ranks, caption_error *error) {
    batch_begin(batch, captions, count);
    for (size_t i = 0; i < count; i++) {
        batch->logprobs[i] = 0;
        batch->ranks[i] = *ranks;
        if (*ranks) *ranks += captions[i].count + 1;
    }
    for (size_t place = 0; batch->going_count > 0; place++) {
        if (!batch_step(batch, captions, place, error)) return false;
    }
    return true;
}

/* Where likelihoods go. NULL: they are not asked for. */
struct likelihood_output {
    double *logprobs; /* [captions] */
    size_t *ranks;    /* those of all captions, one after the other */
};

static bool run(struct batch *batch, const struct likelihood_caption *captions, size_t count,
                struct likelihood_output out, caption_error *error) {
    for (size_t first = 0; first < count; first += LIKELIHOOD_BATCH) {
        size_t rest = size_smaller(count - first, LIKELIHOOD_BATCH);
        if (!batch_run(batch, captions + first, rest, &out.ranks, error)) return false;
        if (out.logprobs)
            memcpy(out.logprobs + first, batch->logprobs, rest * sizeof *out.logprobs);
    }
    return true;
}

static bool batch_init(struct batch *batch, const struct model *model,
                       const struct inference_decoder *decoder, size_t captions,
                       caption_error *error) {
    const size_t together = size_smaller(captions, LIKELIHOOD_BATCH);
    *batch = (struct batch){0};
    if (!rows_init(&batch->rows, model, decoder, together, together, error)) return false;
    batch->features = arena_take(&batch->rows.arena, together,
                                 model->decoder.features * sizeof(real), "likelihoods", error);
    return batch->features != NULL;
}

static bool likelihoods(const struct model *model, const struct inference_decoder *decoder,
                        const struct likelihood_caption *captions, size_t count,
                        struct likelihood_output out, caption_error *error) {
    if (!check_words(model, captions, count, error)) return false;
    if (count == 0) return true;
    struct batch batch;
    const bool done = batch_init(&batch, model, decoder, count, error) &&
                      run(&batch, captions, count, out, error);
    rows_free(&batch.rows);
    return done;
}

bool likelihood_captions(const struct model *model, const struct inference_decoder *decoder,
                         const struct likelihood_caption *captions, size_t count, double *logprobs,
                         caption_error *error) {
    const struct likelihood_output out = {.logprobs = logprobs};
    return likelihoods(model, decoder, captions, count, out, error);
}

bool likelihood_ranks(const struct model *model, const struct inference_decoder *decoder,
                      const struct likelihood_caption *captions, size_t count, size_t *ranks,
                      caption_error *error) {
    const struct likelihood_output out = {.ranks = ranks};
    return likelihoods(model, decoder, captions, count, out, error);
}

/* Photos between two looks at the progress bar. */
enum { PROGRESS_PHOTOS = 64 };

/* Captions whose likelihood a worker computes at a time. */
enum { LIKELIHOOD_GROUP = 256 };

/* What one worker encodes a photo with. */
struct encoding_worker {
    struct inference_workspace *workspace;
    float *input; /* (S, S, 3) */
};

/* The encoder, its weights made ready once, and what each worker needs besides. */
struct encoding_workers {
    const struct captioner_encoding *encoding;
    struct inference_encoder *encoder;
    struct encoding_worker *items; /* [count] */
    size_t count;
};

static void workers_free(struct encoding_workers *workers) {
    for (size_t i = 0; i < workers->count; i++) {
        inference_workspace_free(workers->items[i].workspace);
        free(workers->items[i].input);
    }
    free(workers->items);
    inference_encoder_free(workers->encoder);
}

static bool add_worker(struct encoding_workers *workers, caption_error *error) {
    const size_t size = workers->encoding->model->preprocessing.size;
    struct encoding_worker *worker = &workers->items[workers->count++];
    worker->workspace = inference_workspace_new(workers->encoder, NULL, error);
    if (!worker->workspace) return false;
    worker->input = memory_uninitialised(size, size * 3 * sizeof(float), "a photo", error);
    return worker->input != NULL;
}

static bool workers_init(struct encoding_workers *workers,
                         const struct captioner_encoding *encoding, caption_error *error) {
    const struct weights weights = model_weights(encoding->model);
    const size_t count = threads_count(encoding->threads);
    *workers = (struct encoding_workers){.encoding = encoding};
    workers->encoder =
        inference_encoder_new(&encoding->model->encoder, &weights, encoding->precision, error);
    if (!workers->encoder) return false;
    workers->items = memory_zeroed(count, sizeof *workers->items, "encoders", error);
    bool ready = workers->items != NULL;
    while (ready && workers->count < count) ready = add_worker(workers, error);
    if (!ready) workers_free(workers);
    return ready;
}

struct features_job {
    const struct encoding_workers *workers;
    const struct photo_file *files;
    float *features;       /* (count, F) */
    caption_error *errors; /* [count] */
};

static void encode_photo(void *context, size_t item, size_t worker) {
    const struct features_job *job = context;
    const struct encoding_workers *workers = job->workers;
    const struct model *model = workers->encoding->model;
    const struct encoding_worker *own = &workers->items[worker];
    job->errors[item] = (caption_error){.status = CAPTION_OK};
    if (!photo_load(&job->files[item], &model->preprocessing, workers->encoding->augment,
                    own->input, &job->errors[item])) {
        return;
    }
    inference_encoder_run(workers->encoder, own->input, 1, own->workspace,
                          job->features + item * model->encoder.features);
}

/* Encodes photos[0 .. count); the first bad one is the error. */
static bool features_block(const struct encoding_workers *workers, const struct photo_file *files,
                           size_t count, real *features, caption_error *error) {
    caption_error errors[PROGRESS_PHOTOS];
    struct features_job job = {
        .workers = workers, .files = files, .features = features, .errors = errors};
    threads_for(workers->encoding->threads, count, encode_photo, &job);
    return error_first(errors, count, error);
}

bool captioner_features(const struct captioner_encoding *encoding, const struct photo_file *files,
                        size_t count, real *features, caption_error *error) {
    struct encoding_workers workers;
    if (!workers_init(&workers, encoding, error)) return false;
    struct progress progress = progress_start(encoding->progress, count);
    bool done = true;
    for (size_t first = 0; done && first < count; first += PROGRESS_PHOTOS) {
        const size_t block = size_smaller(count - first, PROGRESS_PHOTOS);
        done = features_block(&workers, files + first, block,
                              features + first * encoding->model->encoder.features, error);
        progress_update(&progress, first + block, encoding->note);
    }
    progress_finish(&progress);
    workers_free(&workers);
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
    const bool done = job.workspaces && error_first(job.errors, batches, error);
    workspaces_free(job.workspaces, workers);
    free(job.errors);
    if (!done) decode_results_free(results, count);
    return done;
}

bool likelihood_scorer_init(struct likelihood_scorer *scorer, const struct model *model,
                            size_t style, struct threads *threads, caption_error *error) {
    const struct weights weights = model_weights(model);
    *scorer = (struct likelihood_scorer){.model = model, .threads = threads};
    scorer->decoder = inference_decoder_new(&model->decoder, &weights, PRECISION_F32, error);
    return scorer->decoder && inference_decoder_set_style(scorer->decoder, &weights, style, error);
}

void likelihood_scorer_free(struct likelihood_scorer *scorer) {
    inference_decoder_free(scorer->decoder);
}

struct likelihood_job {
    const struct likelihood_scorer *scorer;
    const struct likelihood_caption *captions; /* [count] */
    size_t count;
    double *logprobs;      /* [count] */
    caption_error *errors; /* [groups] */
};

static void compute_group(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct likelihood_job *job = context;
    const size_t first = item * LIKELIHOOD_GROUP;
    likelihood_captions(job->scorer->model, job->scorer->decoder, job->captions + first,
                        size_smaller(job->count - first, LIKELIHOOD_GROUP), job->logprobs + first,
                        &job->errors[item]);
}

bool captioner_likelihood(const struct likelihood_scorer *scorer,
                          const struct likelihood_caption *captions, size_t count, double *logprobs,
                          caption_error *error) {
    const size_t groups = (count + LIKELIHOOD_GROUP - 1) / LIKELIHOOD_GROUP;
    struct likelihood_job job = {
        .scorer = scorer, .captions = captions, .count = count, .logprobs = logprobs};
    job.errors = memory_zeroed(groups, sizeof *job.errors, "the likelihood of captions", error);
    if (!job.errors) return false;
    threads_for(scorer->threads, groups, compute_group, &job);
    const bool done = error_first(job.errors, groups, error);
    free(job.errors);
    return done;
}

#include "serve/workers.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/threads.h"
#include "decode/decode.h"
#include "serve/caches.h"

struct queue {
    void **items; /* [most], the oldest at `first` */
    size_t most, first, count, workers;
    bool closed;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

struct queue *queue_new(size_t most, size_t workers, caption_error *error) {
    struct queue *queue = memory_zeroed(1, sizeof *queue, "a queue", error);
    if (!queue) return NULL;
    *queue = (struct queue){.most = most, .workers = workers};
    queue->items = memory_zeroed(most, sizeof *queue->items, "a queue", error);
    if (!queue->items) {
        free(queue);
        return NULL;
    }
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->changed, NULL);
    return queue;
}

void queue_free(struct queue *queue) {
    if (!queue) return;
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    free(queue->items);
    free(queue);
}

bool queue_put(struct queue *queue, void *item) {
    pthread_mutex_lock(&queue->mutex);
    const bool taken = !queue->closed && queue->count < queue->most;
    if (taken) {
        queue->items[(queue->first + queue->count++) % queue->most] = item;
        pthread_cond_signal(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

size_t queue_take(struct queue *queue, void **items, size_t most) {
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->closed) pthread_cond_wait(&queue->changed, &queue->mutex);
    const size_t share = (queue->count + queue->workers - 1) / queue->workers;
    const size_t count = size_smaller(share, most);
    for (size_t i = 0; i < count; i++) items[i] = queue->items[(queue->first + i) % queue->most];
    queue->first = (queue->first + count) % queue->most;
    queue->count -= count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

void queue_close(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

size_t queue_length(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    const size_t count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

void exchange_free(struct exchange *exchange) {
    protocol_body_free(&exchange->body);
    free(exchange->text);
    *exchange = (struct exchange){0};
}

unsigned exchange_status_of(const caption_error *error) {
    const bool own = error->status == CAPTION_ERROR_MEMORY ||
                     error->status == CAPTION_ERROR_SYSTEM || error->status == CAPTION_ERROR_MODEL;
    return own ? 500 : 400;
}

void exchange_answer(struct exchange *exchange, const char *type, char *text, size_t size) {
    exchange->status = 200;
    exchange->type = type;
    exchange->text = text;
    exchange->size = size;
}

void exchange_fail(struct exchange *exchange, unsigned status, const char *message) {
    struct text_stream text;
    exchange->status = status;
    exchange->type = "application/json";
    snprintf(exchange->problem, sizeof exchange->problem, "%s", message);
    if (!text_stream_open(&text, "an answer", NULL)) return;
    if (!exchange->protocol->write_error(status, message, text.stream, NULL)) {
        text_stream_abandon(&text);
        return;
    }
    exchange->text = text_stream_close(&text, NULL);
    exchange->size = exchange->text ? text.size : 0;
}

/* Requests that a worker takes at a time: a batch of the decoder. */
enum { MOST_TAKEN = PLAN_BATCH_PHOTOS };

/* Photos whose features are kept for suggestions. */
enum { MOST_SEEN = 64 };

/* Requests in a row that came while no other was in hand, after which one more is captioned on all
 * threads: before, a second client is likely to come and to need the other ones. */
enum { ALONE = 3 };

/* A request in a worker's hands. */
struct request_job {
    struct exchange *exchange; /* NULL: it was answered */
    struct photo_request request;
    caption_result *results; /* [request.photo_count] */
    size_t given, taken;
};

struct worker_thread {
    struct workers *workers;
    struct variants *variants;
    struct suggester *suggester; /* from its first suggestion on */
    pthread_t thread;
};

struct workers {
    struct workers_options options;
    struct queue *queue;
    struct captioners *captioners;
    struct seen_photos *seen;
    struct worker_thread *threads; /* [count], of which `started` run */
    size_t count, started;
    atomic_ullong answers;

    /* For a client who is alone: sessions of all threads, which one worker at a time uses. */
    struct variants *joint;
    atomic_flag joint_used;
    atomic_size_t busy;  /* workers that have something in hand */
    atomic_size_t alone; /* requests in a row */
};

static void finish(struct workers *workers, struct request_job *job) {
    struct exchange *exchange = job->exchange;
    exchange->photos = job->taken;
    caption_results_free(job->results, job->taken);
    free(job->results);
    photo_request_free(&job->request);
    *job = (struct request_job){0};
    workers->options.done(workers->options.context, exchange);
}

static void fail(struct workers *workers, struct request_job *job, const caption_error *error) {
    exchange_fail(job->exchange, exchange_status_of(error), error->message);
    finish(workers, job);
}

static const caption_error *first_error(const struct request_job *job) {
    for (size_t i = 0; i < job->taken; i++)
        if (job->results[i].count == 0) return &job->results[i].error;
    return NULL;
}

static bool write_captions(struct workers *workers, const struct request_job *job, FILE *stream,
                           caption_error *error) {
    const double now = progress_clock();
    struct protocol_facts facts = {.model = workers->options.model_name,
                                   .number = atomic_fetch_add(&workers->answers, 1) + 1,
                                   .seconds = now - job->exchange->arrived,
                                   .waited = job->exchange->waited};
    clock_gettime(CLOCK_REALTIME, &facts.now);
    return job->exchange->protocol->write(&job->request, job->results, &facts, stream, error);
}

/* `words`: those that are suggested; NULL: captions are the answer. */
static char *write_answer(struct workers *workers, const struct request_job *job,
                          const caption_words *words, size_t *size, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "an answer", error)) return NULL;
    const bool done =
        words ? job->exchange->protocol->write_words(&job->request, words, text.stream, error)
              : write_captions(workers, job, text.stream, error);
    if (!done) {
        text_stream_abandon(&text);
        return NULL;
    }
    char *written = text_stream_close(&text, error);
    *size = text.size;
    return written;
}

/* All photos of a request have their results. */
static void answer(struct workers *workers, struct request_job *job) {
    const caption_error *problem = first_error(job);
    caption_error error;
    size_t size;
    char *text = problem ? NULL : write_answer(workers, job, NULL, &size, &error);
    if (!text) {
        fail(workers, job, problem ? problem : &error);
        return;
    }
    const struct protocol *protocol = job->exchange->protocol;
    exchange_answer(job->exchange, job->request.stream ? protocol->stream_type : protocol->type,
                    text, size);
    finish(workers, job);
}

static char *suggest(struct worker_thread *thread, struct request_job *job, size_t *size,
                     caption_error *error) {
    struct workers *workers = thread->workers;
    struct photo_request *request = &job->request;
    if (!thread->suggester)
        thread->suggester =
            suggester_new(prepared_of(captioners_usual(workers->captioners)), error);
    caption_words words = {0};
    char *text = NULL;
    if (thread->suggester && seen_photos_show(workers->seen, thread->suggester, request, error) &&
        suggester_suggest(thread->suggester, request->text, request->options.top, &words, error))
        text = write_answer(workers, job, &words, size, error);
    caption_words_free(&words);
    return text;
}

/* Words are suggested at once: that takes as long as a few words of a caption, and once for each
 * photo as long as encoding it. */
static void answer_with_words(struct worker_thread *thread, struct request_job *job) {
    caption_error error;
    size_t size;
    char *text = suggest(thread, job, &size, &error);
    if (text)
        exchange_answer(job->exchange, job->exchange->protocol->type, text, size);
    else if (error.status == CAPTION_ERROR_IO) /* the photo is not kept any more */
        exchange_fail(job->exchange, 404, error.message);
    else
        exchange_fail(job->exchange, exchange_status_of(&error), error.message);
    finish(thread->workers, job);
}

/* Reads what a request wants. One that waited too long, that is wrong or that wants no photo
 * captioned is answered. */
static void prepare(struct worker_thread *thread, struct request_job *job) {
    struct workers *workers = thread->workers;
    struct exchange *exchange = job->exchange;
    caption_error error;
    exchange->waited = progress_clock() - exchange->arrived;
    photo_request_init(&job->request, workers->options.rules);
    if (exchange->waited > workers->options.most_wait) {
        exchange_fail(exchange, 503, "no worker was free in time: try again later (--time-limit)");
        finish(workers, job);
        return;
    }
    if (!exchange->protocol->read(&job->request, workers->options.rules, &exchange->body, &error)) {
        fail(workers, job, &error);
        return;
    }
    if (job->request.text) {
        answer_with_words(thread, job);
        return;
    }
    job->results = memory_zeroed(job->request.photo_count, sizeof *job->results, "results", &error);
    if (!job->results)
        fail(workers, job, &error);
    else if (job->request.photo_count == 0)
        answer(workers, job);
}

/* The jobs that are captioned together. */
struct shared_run {
    struct workers *workers;
    struct request_job *jobs; /* [count] */
    size_t count;
    const caption_options *options; /* that all of them want */
    size_t next, taken;             /* jobs that photos come from, and results go to */
};

static bool is_of_run(const struct shared_run *run, size_t i) {
    return run->jobs[i].exchange != NULL &&
           variants_equal(&run->jobs[i].request.options, run->options);
}

static bool next_photo(void *context, caption_photo *photo) {
    struct shared_run *run = context;
    for (; run->next < run->count; run->next++) {
        struct request_job *job = &run->jobs[run->next];
        if (!is_of_run(run, run->next) || job->given == job->request.photo_count) continue;
        const struct request_photo *bytes = &job->request.photos[job->given++];
        *photo =
            (caption_photo){.path = job->request.name, .bytes = bytes->bytes, .size = bytes->size};
        return true;
    }
    return false;
}

/* The stream frees its result; a request of several photos needs it for longer. */
static bool copy_result(caption_result *out, const caption_result *in, caption_error *error) {
    *out = (caption_result){.error = in->error};
    out->captions = memory_zeroed(in->count, sizeof *out->captions, "captions", error);
    out->tags = memory_zeroed(in->tag_count, sizeof *out->tags, "tags", error);
    bool ok = out->captions && out->tags;
    for (size_t i = 0; ok && i < in->count; i++) {
        out->captions[i] = in->captions[i];
        out->captions[i].text = memory_string(in->captions[i].text, error);
        ok = out->captions[i].text != NULL;
        if (ok) out->count++;
    }
    for (size_t i = 0; ok && i < in->tag_count; i++) {
        out->tags[i] = in->tags[i];
        out->tags[i].name = memory_string(in->tags[i].name, error);
        ok = out->tags[i].name != NULL;
        if (ok) out->tag_count++;
    }
    if (!ok) caption_results_free(out, 1);
    return ok;
}

static bool take_result(void *context, const caption_photo *photo, const caption_result *result,
                        caption_error *error) {
    (void)photo;
    struct shared_run *run = context;
    while (!is_of_run(run, run->taken)) run->taken++;
    struct request_job *job = &run->jobs[run->taken];
    if (!copy_result(&job->results[job->taken], result, error)) return false;
    if (++job->taken < job->request.photo_count) return true;
    answer(run->workers, job);
    run->taken++;
    return true;
}

/* Captions the photos of all jobs that want the same as the first that is left. */
static void run_first(struct worker_thread *thread, struct variants *variants,
                      struct request_job *jobs, size_t count) {
    size_t first = 0;
    while (!jobs[first].exchange) first++;
    struct shared_run run = {.workers = thread->workers, .jobs = jobs, .count = count};
    const caption_stream stream = {.next = next_photo, .result = take_result, .context = &run};
    caption_error error;
    const struct variant *variant = variants_find(variants, &jobs[first].request.options, &error);
    if (!variant) {
        fail(thread->workers, &jobs[first], &error);
        return;
    }
    run.options = &variant->options;
    if (caption_session_stream(variant->session, &stream, NULL, &error)) return;
    for (size_t i = first; i < count; i++)
        if (jobs[i].exchange && (i == first || jobs[i].given > 0))
            fail(thread->workers, &jobs[i], &error);
}

static bool any_left(const struct request_job *jobs, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (jobs[i].exchange) return true;
    return false;
}

/* Whether the threads of all workers may caption what one of them took. Captions are the same. */
static bool take_joint(struct workers *workers, size_t count, size_t others) {
    if (count > 1 || others > 0 || queue_length(workers->queue) > 0) {
        atomic_store(&workers->alone, 0);
        return false;
    }
    return workers->joint && atomic_fetch_add(&workers->alone, 1) >= ALONE &&
           !atomic_flag_test_and_set(&workers->joint_used);
}

static void work_on(struct worker_thread *thread, void *const *taken, size_t count) {
    struct workers *workers = thread->workers;
    struct request_job jobs[MOST_TAKEN];
    const size_t others = atomic_fetch_add(&workers->busy, 1);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct request_job){.exchange = taken[i]};
        prepare(thread, &jobs[i]);
    }
    if (any_left(jobs, count)) {
        const bool joint = take_joint(workers, count, others);
        struct variants *variants = joint ? workers->joint : thread->variants;
        while (any_left(jobs, count)) run_first(thread, variants, jobs, count);
        if (joint) atomic_flag_clear(&workers->joint_used);
    }
    atomic_fetch_sub(&workers->busy, 1);
}

static void *work(void *context) {
    struct worker_thread *thread = context;
    void *taken[MOST_TAKEN];
    for (size_t count; (count = queue_take(thread->workers->queue, taken, MOST_TAKEN)) > 0;)
        work_on(thread, taken, count);
    return NULL;
}

static bool start(struct workers *workers, struct worker_thread *thread, caption_error *error) {
    thread->workers = workers;
    thread->variants = variants_new(workers->captioners, workers->options.rules->options, 1, error);
    if (!thread->variants) return false;
    if (pthread_create(&thread->thread, NULL, work, thread) != 0) {
        variants_free(thread->variants);
        return error_set(error, CAPTION_ERROR_SYSTEM, "a thread cannot be started (--threads)");
    }
    workers->started++;
    return true;
}

/* What all workers share. */
static bool prepare_shared(struct workers *workers, caption_error *error) {
    const struct workers_options *options = &workers->options;
    const caption_options *usual = options->rules->options;
    workers->captioners = captioners_new(options->model, usual, workers->count, error);
    if (!workers->captioners) return false;
    const struct decode_plan *plan = prepared_of(captioners_usual(workers->captioners))->plan;
    workers->seen = seen_photos_new(MOST_SEEN, plan->model->encoder.features, error);
    workers->queue = queue_new(options->most_queue, workers->count, error);
    if (workers->count > 1)
        workers->joint = variants_new(workers->captioners, usual, workers->count, error);
    return workers->seen && workers->queue && (workers->joint || workers->count == 1);
}

struct workers *workers_new(const struct workers_options *options, caption_error *error) {
    struct workers *workers = memory_zeroed(1, sizeof *workers, "workers", error);
    if (!workers) return NULL;
    const size_t threads = options->rules->options->threads;
    workers->options = *options;
    workers->count = threads ? threads : threads_processors();
    workers->threads = memory_zeroed(workers->count, sizeof *workers->threads, "workers", error);
    atomic_flag_clear(&workers->joint_used);
    bool ok = workers->threads && prepare_shared(workers, error);
    for (size_t i = 0; ok && i < workers->count; i++)
        ok = start(workers, &workers->threads[i], error);
    if (ok) return workers;
    workers_free(workers);
    return NULL;
}

bool workers_put(struct workers *workers, struct exchange *exchange) {
    return queue_put(workers->queue, exchange);
}

size_t workers_waiting(struct workers *workers) {
    return queue_length(workers->queue);
}

size_t workers_most_waiting(const struct workers *workers) {
    return workers->options.most_queue;
}

void workers_free(struct workers *workers) {
    if (!workers) return;
    if (workers->queue) queue_close(workers->queue);
    for (size_t i = 0; i < workers->started; i++) {
        pthread_join(workers->threads[i].thread, NULL);
        variants_free(workers->threads[i].variants);
        suggester_free(workers->threads[i].suggester);
    }
    variants_free(workers->joint);
    seen_photos_free(workers->seen);
    queue_free(workers->queue);
    captioners_free(workers->captioners);
    free(workers->threads);
    free(workers);
}

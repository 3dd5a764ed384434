#include "decode/pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "decode/decode.h"
#include "image/photo.h"
#include "infer/inference_encoder.h"

/* A thread: photos that are asked for ahead of those that are worked on (few, for after Ctrl-C
 * these are finished), and slots of the ring (many, for a slow photo holds up those behind it). */
enum { AHEAD = 4, SLOTS = 48 };

/* Threads that share a photo, where there are fewer photos than threads: the last maps have a
 * handful of rows. */
enum { SHARE_A_PHOTO = 4 };

enum slot_state { SLOT_GIVEN, SLOT_TAKEN, SLOT_ENCODED, SLOT_DONE };

struct slot {
    caption_photo photo;
    enum slot_state state;
    bool is_encoded;              /* its features are in the ring */
    caption_error problem;        /* CAPTION_OK: none */
    struct decode_result decoded; /* of a slot that is done */
};

static void slot_free(struct slot *slot) {
    decode_results_free(&slot->decoded, 1);
    thumbnail_free(&slot->photo.thumbnail);
}

/* What belongs to a thread. */
struct pipeline_worker {
    struct threads *helpers; /* and itself, that share a photo */
    struct inference_workspace *encoding;
    struct decode_workspace *decoding;
    struct color_cache colors;
    float *input;                                    /* (S, S, 3) */
    float *features;                                 /* (PLAN_BATCH_PHOTOS, F) */
    struct slot *batch[PLAN_BATCH_PHOTOS];           /* what its words are decoded of */
    struct decode_result decoded[PLAN_BATCH_PHOTOS]; /* what became of them */
    caption_times times;
};

/* The threads of a run, kept for the next one. */
struct crew {
    struct threads *pool;            /* NULL: there is none yet */
    struct pipeline_worker *workers; /* [count] */
    size_t count;                    /* threads that have photos of their own */
    size_t to_a_photo;               /* threads that share one */
};

struct pipeline {
    const struct decode_plan *plan;
    const struct inference_encoder *encoder;
    const struct pipeline_ends *ends; /* of this run; NULL: there is none */
    struct crew crew;
    size_t threads;     /* of all runs */
    size_t batch;       /* photos of a full batch */
    struct slot *slots; /* [capacity], photo i in slot i % capacity */
    float *features;    /* (capacity, F) */
    size_t capacity;
    size_t most_memory; /* bytes */

    /* All below under the mutex. Photos are counted: delivered <= taken <= given. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t delivered, taken, given;
    size_t encoded; /* slots in that state */
    size_t memory;  /* bytes that photos take that are decoded */
    bool at_end;    /* there are no more photos */
    bool over;      /* threads stop */
    caption_error error;
};

static void fail(struct pipeline *p, const caption_error *error) {
    if (p->error.status == CAPTION_OK) p->error = *error;
    p->over = true;
    pthread_cond_broadcast(&p->changed);
}

bool pipeline_check_pixels(const struct image_file *file, size_t most, caption_error *error) {
    const size_t width = file->header.width, height = file->header.height;
    if (!image_file_has_size(file) || width <= most / height) return true;
    return error_set(error, CAPTION_ERROR_LIMIT, "%s: %zu x %zu pixels, at most %zu are accepted%s",
                     file->name, width, height, most,
                     most < IMAGE_MAX_PIXELS ? " (--max-pixels)" : "");
}

/* A thumbnail for which memory is short is one that is not there. */
static bool load_pixels(const struct pipeline *p, const struct image_file *file, float *input,
                        caption_thumbnail *thumbnail, caption_error *error) {
    struct image image;
    if (!pipeline_check_pixels(file, p->plan->options.max_pixels, error) ||
        !photo_load_image(file, &p->plan->model->preprocessing, p->plan->options.accept_truncated,
                          &image, input, error))
        return false;
    if (p->ends->thumbnail > 0) thumbnail_of(&image, p->ends->thumbnail, thumbnail, NULL);
    image_free(&image);
    return true;
}

/* Waits until the memory is there; who is alone has it in any case. */
static void take_memory(struct pipeline *p, size_t bytes) {
    pthread_mutex_lock(&p->mutex);
    while (p->memory > 0 && (p->memory > p->most_memory || bytes > p->most_memory - p->memory))
        pthread_cond_wait(&p->changed, &p->mutex);
    p->memory += bytes;
    pthread_mutex_unlock(&p->mutex);
}

static void give_memory(struct pipeline *p, size_t bytes) {
    pthread_mutex_lock(&p->mutex);
    p->memory -= bytes;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
}

static const char *photo_name(const caption_photo *photo) {
    return photo->path ? photo->path : "the photo in memory";
}

/* Of bytes that were read. */
static bool decode_photo(struct pipeline *p, struct pipeline_worker *worker,
                         const struct file_bytes *file, caption_photo *photo,
                         caption_error *error) {
    struct image_file inspected = image_file_inspect(photo_name(photo), file->data, file->size);
    inspected.colors = &worker->colors;
    const size_t bytes = file->size + photo_load_bytes(&inspected, &p->plan->model->preprocessing);
    take_memory(p, bytes);
    const bool loaded = load_pixels(p, &inspected, worker->input, &photo->thumbnail, error);
    give_memory(p, bytes);
    return loaded;
}

/* False without an error where the photo's features are not asked for. */
static bool load_photo(struct pipeline *p, struct pipeline_worker *worker, caption_photo *photo,
                       caption_error *error) {
    if (!photo->path && !photo->bytes)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "photo %zu has neither a path nor bytes",
                         photo->number);
    struct file_bytes file = {.data = (uint8_t *)(uintptr_t)photo->bytes, .size = photo->size};
    const struct file_stop stop = {.asked = p->ends->stop, .context = p->ends->context};
    if (!photo->bytes &&
        !file_read_unless(photo->path, PHOTO_MAX_BYTES, stop.asked ? &stop : NULL, &file, error)) {
        return false;
    }
    const bool asked = !p->ends->asks || p->ends->asks(p->ends->context, photo, &file);
    const bool loaded = asked && decode_photo(p, worker, &file, photo, error);
    if (!photo->bytes) file_bytes_free(&file);
    return loaded;
}

/* Called and left with the mutex held, as all that do work are. */
static void encode_photo(struct pipeline *p, struct pipeline_worker *worker) {
    const size_t index = p->taken++ % p->capacity;
    struct slot *slot = &p->slots[index];
    slot->state = SLOT_TAKEN;
    pthread_mutex_unlock(&p->mutex);

    const double started = progress_clock();
    const bool loaded = load_photo(p, worker, &slot->photo, &slot->problem);
    const double decoded = progress_clock();
    worker->times.decode += decoded - started;
    if (loaded) {
        inference_encoder_run(p->encoder, worker->input, 1, worker->encoding,
                              p->features + index * p->plan->model->encoder.features);
        worker->times.encode += progress_clock() - decoded;
    }

    pthread_mutex_lock(&p->mutex);
    const bool words = loaded && !p->ends->features;
    slot->is_encoded = loaded;
    slot->state = words ? SLOT_ENCODED : SLOT_DONE;
    if (words) p->encoded++;
    pthread_cond_broadcast(&p->changed);
}

/* Takes the oldest encoded photos out of the ring. Words that are drawn at random go by the photo's
 * number, and those of a batch are counted from its first. */
static size_t take_batch(struct pipeline *p, struct pipeline_worker *worker) {
    const size_t width = p->plan->model->encoder.features;
    size_t count = 0;
    for (size_t i = p->delivered; i < p->taken && count < p->batch; i++) {
        struct slot *slot = &p->slots[i % p->capacity];
        if (slot->state != SLOT_ENCODED) continue;
        if (p->plan->options.sample && count > 0 &&
            slot->photo.number != worker->batch[0]->photo.number + count)
            break;
        slot->state = SLOT_TAKEN;
        memcpy(worker->features + count * width, p->features + i % p->capacity * width,
               width * sizeof *worker->features);
        worker->batch[count++] = slot;
    }
    p->encoded -= count;
    return count;
}

static bool decode_batch(struct pipeline_worker *worker, size_t count, caption_error *error) {
    return decode_features(worker->decoding, worker->features, count,
                           worker->batch[0]->photo.number, worker->decoded, error);
}

/* One by one: what is wrong with the numbers of one photo is no problem of the others. */
static bool decode_each(const struct pipeline *p, struct pipeline_worker *worker, size_t count,
                        caption_error *error) {
    const size_t width = p->plan->model->encoder.features;
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = worker->batch[i];
        if (decode_features(worker->decoding, worker->features + i * width, 1, slot->photo.number,
                            &worker->decoded[i], error))
            continue;
        if (error->status != CAPTION_ERROR_MODEL) {
            decode_results_free(worker->decoded, i);
            return false;
        }
        slot->problem = *error;
        error_prefix(&slot->problem, photo_name(&slot->photo));
    }
    return true;
}

static void decode_words(struct pipeline *p, struct pipeline_worker *worker) {
    const size_t count = take_batch(p, worker);
    pthread_mutex_unlock(&p->mutex);

    const double started = progress_clock();
    caption_error error;
    const bool decoded =
        decode_batch(worker, count, &error) ||
        (error.status == CAPTION_ERROR_MODEL && decode_each(p, worker, count, &error));
    worker->times.words += progress_clock() - started;

    pthread_mutex_lock(&p->mutex);
    if (!decoded) {
        fail(p, &error);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        worker->batch[i]->decoded = worker->decoded[i];
        worker->batch[i]->state = SLOT_DONE;
    }
    pthread_cond_broadcast(&p->changed);
}

/* A batch that is not full is decoded when there is no photo to fill it with. */
static bool work(struct pipeline *p, struct pipeline_worker *worker) {
    const bool photos = p->taken < p->given;
    if (p->encoded >= p->batch || (!photos && p->encoded > 0))
        decode_words(p, worker);
    else if (photos)
        encode_photo(p, worker);
    else
        return false;
    return true;
}

static void wait_for_change(struct pipeline *p, struct pipeline_worker *worker) {
    const double started = progress_clock();
    pthread_cond_wait(&p->changed, &p->mutex);
    worker->times.waited += progress_clock() - started;
}

/* Puts photos into free slots. The caller's functions are called without the mutex: what they are
 * given is in no other thread's hands. */
static void ask_for_photos(struct pipeline *p) {
    while (!p->at_end && p->given - p->taken < AHEAD * p->threads &&
           p->given - p->delivered < p->capacity) {
        struct slot *slot = &p->slots[p->given % p->capacity];
        *slot = (struct slot){.state = SLOT_GIVEN};
        pthread_mutex_unlock(&p->mutex);
        const bool more = p->ends->next(p->ends->context, &slot->photo);
        pthread_mutex_lock(&p->mutex);
        if (more)
            p->given++;
        else
            p->at_end = true;
        pthread_cond_broadcast(&p->changed);
    }
}

static bool hand_out(struct pipeline *p, size_t index, caption_error *error) {
    const struct slot *slot = &p->slots[index];
    const struct pipeline_ends *ends = p->ends;
    const size_t width = p->plan->model->encoder.features;
    if (!ends->features)
        return ends->result(ends->context, &slot->photo, &slot->decoded, &slot->problem, error);
    return ends->features(ends->context, &slot->photo,
                          slot->is_encoded ? p->features + index * width : NULL, &slot->problem,
                          error);
}

static const caption_error ended = {
    .status = CAPTION_ERROR_INTERRUPTED,
    .message = "the function that takes results has ended the run",
};

/* Hands out the result that is next in order, if it is there. */
static bool deliver(struct pipeline *p, struct pipeline_worker *worker) {
    const size_t index = p->delivered % p->capacity;
    struct slot *slot = &p->slots[index];
    if (p->delivered == p->given || slot->state != SLOT_DONE) return false;
    pthread_mutex_unlock(&p->mutex);

    const double started = progress_clock();
    caption_error error = ended; /* unless the function says why */
    const bool taken = hand_out(p, index, &error);
    if (error.status == CAPTION_OK) error = ended;
    slot_free(slot);
    worker->times.output += progress_clock() - started;

    pthread_mutex_lock(&p->mutex);
    p->delivered++;
    if (!taken) fail(p, &error);
    return true;
}

static void run_caller(struct pipeline *p, struct pipeline_worker *worker) {
    while (!p->over) {
        ask_for_photos(p);
        if (deliver(p, worker)) continue;
        if (p->at_end && p->delivered == p->given) break;
        if (!work(p, worker)) wait_for_change(p, worker);
    }
    p->over = true;
    pthread_cond_broadcast(&p->changed);
}

static void run_worker(void *context, size_t item, size_t number) {
    (void)item;
    struct pipeline *p = context;
    struct pipeline_worker *worker = &p->crew.workers[number];
    pthread_mutex_lock(&p->mutex);
    if (number == 0 && !p->over) run_caller(p, worker);
    while (!p->over)
        if (!work(p, worker)) wait_for_change(p, worker);
    pthread_mutex_unlock(&p->mutex);
}

static void worker_free(struct pipeline_worker *worker) {
    inference_workspace_free(worker->encoding);
    decode_workspace_free(worker->decoding);
    threads_free(worker->helpers);
    color_cache_free(&worker->colors);
    free(worker->input);
    free(worker->features);
}

static bool worker_init(struct pipeline_worker *worker, const struct pipeline *p, size_t to_a_photo,
                        caption_error *error) {
    const struct model *model = p->plan->model;
    const size_t size = model->preprocessing.size;
    worker->helpers = threads_new(to_a_photo, error);
    if (!worker->helpers) return false;
    worker->encoding = inference_workspace_new(p->encoder, worker->helpers, error);
    worker->decoding = decode_workspace_new(p->plan, p->batch, error);
    if (!worker->encoding || !worker->decoding) return false;
    decode_workspace_share(worker->decoding, worker->helpers);
    worker->input = memory_uninitialised(size, size * 3 * sizeof(float), "a photo", error);
    worker->features =
        memory_uninitialised(p->batch, model->encoder.features * sizeof(float), "features", error);
    return worker->input && worker->features;
}

static void crew_free(struct crew *crew) {
    threads_free(crew->pool);
    for (size_t i = 0; crew->workers && i < crew->count; i++) worker_free(&crew->workers[i]);
    free(crew->workers);
    *crew = (struct crew){0};
}

static bool crew_init(struct crew *crew, const struct pipeline *p, size_t count, size_t to_a_photo,
                      caption_error *error) {
    *crew = (struct crew){.count = count, .to_a_photo = to_a_photo};
    crew->workers = memory_zeroed(count, sizeof *crew->workers, "threads", error);
    bool ok = crew->workers && (crew->pool = threads_new(count, error)) != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = worker_init(&crew->workers[i], p, to_a_photo, error);
    if (!ok) crew_free(crew);
    return ok;
}

/* Threads that no photo is there for help with those that are there. The crew of the last run
 * stays if it is of that kind, and of this process. */
static bool gather_crew(struct pipeline *p, caption_error *error) {
    size_t count = p->threads;
    if (p->at_end && p->given < count) count = size_larger(p->given, 1);
    const size_t to_a_photo = size_smaller(p->threads / count, SHARE_A_PHOTO);
    struct crew *crew = &p->crew;
    if (!crew->pool || threads_are_lost(crew->pool) || crew->count != count ||
        crew->to_a_photo != to_a_photo) {
        crew_free(crew);
        if (!crew_init(crew, p, count, to_a_photo, error)) return false;
    }
    for (size_t i = 0; i < count; i++) crew->workers[i].times = (caption_times){0};
    return true;
}

static void add_times(const struct crew *crew, caption_times *times) {
    for (size_t i = 0; i < crew->count; i++) {
        const caption_times *of = &crew->workers[i].times;
        times->decode += of->decode;
        times->encode += of->encode;
        times->words += of->words;
        times->output += of->output;
        times->waited += of->waited;
    }
}

struct pipeline *pipeline_new(const struct prepared *prepared, size_t threads,
                              caption_error *error) {
    struct pipeline *p = memory_zeroed(1, sizeof *p, "threads", error);
    if (!p) return NULL;
    const size_t width = prepared->plan->model->encoder.features;
    *p = (struct pipeline){.plan = prepared->plan,
                           .encoder = prepared->encoder,
                           .threads = threads,
                           .batch = plan_batch(prepared->plan),
                           .capacity = SLOTS * threads,
                           .most_memory = plan_memory(&prepared->plan->options)};
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->slots = memory_zeroed(p->capacity, sizeof *p->slots, "captions", error);
    p->features = memory_uninitialised(p->capacity, width * sizeof(float), "features", error);
    if (p->slots && p->features) return p;
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p) {
    if (!p) return;
    crew_free(&p->crew);
    free(p->features);
    free(p->slots);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

static void begin(struct pipeline *p, const struct pipeline_ends *ends) {
    p->ends = ends;
    p->delivered = p->taken = p->given = p->encoded = p->memory = 0;
    p->at_end = p->over = false;
    p->error = (caption_error){.status = CAPTION_OK};
    pthread_mutex_lock(&p->mutex);
    ask_for_photos(p);
    pthread_mutex_unlock(&p->mutex);
}

/* Results that nobody took are freed, too: the run may have ended early. */
static void end(struct pipeline *p) {
    for (size_t i = p->delivered; i < p->given; i++) slot_free(&p->slots[i % p->capacity]);
    p->ends = NULL;
}

bool pipeline_run(struct pipeline *p, const struct pipeline_ends *ends, caption_times *times,
                  caption_error *error) {
    if (p->ends)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "a function of a stream captions with the stream's own session");
    begin(p, ends);
    bool done = gather_crew(p, error);
    if (done) {
        threads_for(p->crew.pool, p->crew.count, run_worker, p);
        if (times) add_times(&p->crew, times);
        if (p->error.status != CAPTION_OK)
            done = error_set(error, p->error.status, "%s", p->error.message);
    }
    end(p);
    return done;
}

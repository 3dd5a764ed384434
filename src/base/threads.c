#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"

/* Waking a thread takes longer than a small job, such as one layer of one photo. Small jobs follow
 * each other closely, so an idle thread spins for SPIN_SECONDS before it sleeps. After the first
 * YIELD_SECONDS it lets go of its processor in each turn, for whoever else has work. */
static const double SPIN_SECONDS = 200e-6, YIELD_SECONDS = 50e-6;

struct pool_worker {
    struct threads *pool;
    size_t number;
    pthread_t thread;
};

struct threads {
    pid_t process; /* whose threads they are */
    size_t count;
    size_t started; /* threads beside the caller that exist */
    struct pool_worker *workers;
    pthread_mutex_t mutex;
    pthread_cond_t wake, finished;
    /* The current job, protected by the mutex. */
    threads_work *work;
    void *context;
    size_t next, items;
    bool quit;
    /* Written under the mutex, read without it. */
    atomic_size_t jobs, running;
    bool spins; /* there is a processor for each thread */
};

/* Spins until the number changes or SPIN_SECONDS pass. The mutex is held on entry and return, and
 * released while spinning. */
static void spin(struct threads *pool, const atomic_size_t *number) {
    if (!pool->spins) return;
    const size_t now = atomic_load(number);
    pthread_mutex_unlock(&pool->mutex);
    const double began = progress_clock();
    double spent = 0;
    while (atomic_load(number) == now && spent < SPIN_SECONDS) {
        if (spent > YIELD_SECONDS) sched_yield();
        spent = progress_clock() - began;
    }
    pthread_mutex_lock(&pool->mutex);
}

/* Runs items until none is left. The mutex is held on entry and return. */
static void work_off(struct threads *pool, size_t worker) {
    while (pool->next < pool->items) {
        size_t item = pool->next++;
        pool->running++;
        pthread_mutex_unlock(&pool->mutex);
        pool->work(pool->context, item, worker);
        pthread_mutex_lock(&pool->mutex);
        pool->running--;
    }
    if (pool->running == 0) pthread_cond_signal(&pool->finished);
}

static void *worker_main(void *argument) {
    struct pool_worker *worker = argument;
    struct threads *pool = worker->pool;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->quit) {
        work_off(pool, worker->number);
        spin(pool, &pool->jobs);
        if (pool->next == pool->items && !pool->quit) pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct threads *threads_new(size_t count, caption_error *error) {
    if (count == 0) count = threads_processors();
    struct threads *pool = memory_zeroed(1, sizeof *pool, "a thread pool", error);
    if (!pool) return NULL;
    pool->process = getpid();
    pool->count = count;
    pool->spins = count <= threads_processors();
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->workers = memory_zeroed(count, sizeof *pool->workers, "a thread pool", error);
    if (!pool->workers) {
        threads_free(pool);
        return NULL;
    }
    for (size_t i = 1; i < count; i++) {
        struct pool_worker *worker = &pool->workers[i];
        *worker = (struct pool_worker){.pool = pool, .number = i};
        int failure = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (failure) {
            error_set(error, CAPTION_ERROR_MEMORY, "cannot start thread %zu of %zu: %s", i + 1,
                      count, strerror(failure));
            threads_free(pool);
            return NULL;
        }
        pool->started = i;
    }
    return pool;
}

bool threads_are_lost(const struct threads *pool) {
    return pool->process != getpid();
}

static void end_threads(struct threads *pool) {
    pthread_mutex_lock(&pool->mutex);
    pool->quit = true;
    pool->jobs++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 1; i <= pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->finished);
    pthread_mutex_destroy(&pool->mutex);
}

void threads_free(struct threads *pool) {
    if (!pool) return;
    /* Lost threads still count as waiting: to join them or destroy the conditions would never end.
     */
    if (!threads_are_lost(pool)) end_threads(pool);
    free(pool->workers);
    free(pool);
}

size_t threads_count(const struct threads *pool) {
    return pool ? pool->count : 1;
}

void threads_for(struct threads *pool, size_t count, threads_work *work, void *context) {
    if (!pool) {
        for (size_t item = 0; item < count; item++) work(context, item, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->work = work;
    pool->context = context;
    pool->next = 0;
    pool->items = count;
    pool->jobs++;
    pthread_cond_broadcast(&pool->wake);
    work_off(pool, 0);
    while (pool->running > 0) {
        spin(pool, &pool->running);
        if (pool->running > 0) pthread_cond_wait(&pool->finished, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

size_t threads_processors(void) {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0) return (size_t)count;
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}

/* A pool of worker threads that share out numbered items. Any thread may run any item, so an item
 * may write only to its own data; results are then the same for any thread count. */
#ifndef CAPTION_BASE_THREADS_H
#define CAPTION_BASE_THREADS_H

#include "base/error.h"

struct threads;

/* One item of work: `item` in [0, count), `worker` in [0, threads_count): for per-worker scratch.
 */
typedef void threads_work(void *context, size_t item, size_t worker);

/* Starts a pool of `count` workers (the caller is one of them); 0 is one per processor. NULL with
 * `error` set on failure. Freed with threads_free. */
struct threads *threads_new(size_t count, caption_error *error);
void threads_free(struct threads *threads);

/* Whether this process is a child of the one that started the pool: fork(2) copies no threads. The
 * pool can then only be freed. */
bool threads_are_lost(const struct threads *threads);

/* Number of workers. In this and in threads_for, NULL is the calling thread alone. */
size_t threads_count(const struct threads *threads);

/* Calls work(context, item, worker) for every item in [0, count), smallest first, on all workers;
 * returns when all are done. Not to be called from inside work. */
void threads_for(struct threads *threads, size_t count, threads_work *work, void *context);

/* Number of processors this process may run on, at least 1. */
size_t threads_processors(void);

#endif

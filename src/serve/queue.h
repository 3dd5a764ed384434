/* Requests that wait for a worker: first come, first served, and never more than a given number. */
#ifndef CAPTION_SERVE_QUEUE_H
#define CAPTION_SERVE_QUEUE_H

#include "base/error.h"

struct queue;

/* Of at most `most` items, for `workers` threads that take some. NULL with `error` set when memory
 * is short. */
struct queue *queue_new(size_t most, size_t workers, caption_error *error);
void queue_free(struct queue *queue);

/* Adds an item; false where the queue is full or closed. */
bool queue_put(struct queue *queue, void *item);

/* Waits for items and takes a worker's share of those that wait, the oldest, at most `most`: what
 * waits is divided among the workers. Returns how many; 0 once the queue is closed and empty. */
size_t queue_take(struct queue *queue, void **items, size_t most);

/* No more items come: workers take what is there, then 0. */
void queue_close(struct queue *queue);

/* How many items wait. */
size_t queue_length(struct queue *queue);

#endif

/* Requests that wait for a worker: first come, first served, and never more than a given number. */
#ifndef CAPTION_SERVE_QUEUE_H
#define CAPTION_SERVE_QUEUE_H

#include "base/error.h"
#include "serve/protocol.h"

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

/* A request and its answer, on the way from the network to a worker and back. */

struct exchange {
    const struct protocol *protocol; /* of its path; plain for what has none of its own */
    struct protocol_body body;
    double arrived, waited; /* seconds of the clock when all of it was there, and in the queue */
    size_t photos;          /* captioned for it */
    void *owner;            /* the connection's state */

    /* The answer. */
    unsigned status;  /* of HTTP; 0: there is none yet */
    const char *type; /* media type */
    char *text;       /* [size], owned */
    size_t size;
    char problem[512]; /* why it failed, for the log; or "" */
};

void exchange_free(struct exchange *exchange);

/* The status that belongs to what went wrong with a photo or a request. */
unsigned exchange_status_of(const caption_error *error);

/* Answers with an error in the protocol's shape. If memory is short even for that, the answer is
 * empty. */
void exchange_fail(struct exchange *exchange, unsigned status, const char *message);

/* Answers with a text, which is taken over. */
void exchange_answer(struct exchange *exchange, const char *type, char *text, size_t size);

#endif

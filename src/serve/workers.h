/* The threads that caption. All share the weights of one prepared captioner; each has a session of
 * one thread. Requests that wait together are captioned together, which is faster: the words of a
 * batch read the decoder's weights once. A request that is alone, as those before it were, is
 * captioned on all threads. */
#ifndef CAPTION_SERVE_WORKERS_H
#define CAPTION_SERVE_WORKERS_H

#include "base/error.h"
#include "serve/protocol.h"

/* Requests that wait for a worker: first come, first served, and never more than a given number. */

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

/* The status that belongs to what went wrong with a photo or a request: 400, or 500 where it is the
 * machine or the model that failed. */
unsigned exchange_status_of(const caption_error *error);

/* Answers with an error in the protocol's shape. If memory is short even for that, the answer is
 * empty. */
void exchange_fail(struct exchange *exchange, unsigned status, const char *message);

/* Answers with a text, which is taken over. */
void exchange_answer(struct exchange *exchange, const char *type, char *text, size_t size);

struct workers;

struct workers_options {
    const caption_model *model;
    const struct photo_request_rules *rules; /* options.threads says how many workers there are */
    const char *model_name;                  /* in answers */
    double most_wait;                        /* seconds that a request may wait for a worker */
    size_t most_queue;                       /* requests that may wait */
    void (*done)(void *context, struct exchange *exchange); /* its answer is there */
    void *context;
};

/* Prepares the captioner and starts the threads. NULL with `error` set as caption_captioner_new
 * does. */
struct workers *workers_new(const struct workers_options *options, caption_error *error);

/* Gives a request to them; false: too many wait. It is theirs until `done` was called. */
bool workers_put(struct workers *workers, struct exchange *exchange);

/* How many requests wait, and how many may. */
size_t workers_waiting(struct workers *workers);
size_t workers_most_waiting(const struct workers *workers);

/* Finishes what waits, ends the threads. */
void workers_free(struct workers *workers);

#endif

/* The threads that caption. All share the weights of one prepared captioner; each has a session of
 * one thread. Requests that wait together are captioned together, which is faster: the words of a
 * batch read the decoder's weights once. A request that is alone, as those before it were, is
 * captioned on all threads. */
#ifndef CAPTION_SERVE_WORKERS_H
#define CAPTION_SERVE_WORKERS_H

#include "serve/queue.h"

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

/* A request and its answer, on the way from the network to a worker and back. */
#ifndef CAPTION_SERVE_EXCHANGE_H
#define CAPTION_SERVE_EXCHANGE_H

#include "serve/protocol.h"

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

#include "serve/queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

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
    return error->status == CAPTION_ERROR_MEMORY || error->status == CAPTION_ERROR_SYSTEM ? 500
                                                                                          : 400;
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

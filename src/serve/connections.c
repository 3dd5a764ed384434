#include "serve/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"

struct connection_entry {
    int descriptor;
    double since; /* the client is waited for; INFINITY: it is not */
    bool open;    /* and not shut down yet */
    struct connection_entry *next_free;
};

struct connections {
    struct connection_entry *entries; /* [most] */
    struct connection_entry *free;
    size_t most, count;
    double seconds;
    pthread_mutex_t mutex;
};

struct connections *connections_new(size_t most, double seconds, caption_error *error) {
    struct connections *connections = memory_zeroed(1, sizeof *connections, "connections", error);
    if (!connections) return NULL;
    *connections = (struct connections){.most = most, .seconds = seconds};
    connections->entries = memory_zeroed(most, sizeof *connections->entries, "connections", error);
    if (!connections->entries) {
        free(connections);
        return NULL;
    }
    for (size_t i = most; i-- > 0;) {
        connections->entries[i].next_free = connections->free;
        connections->free = &connections->entries[i];
    }
    pthread_mutex_init(&connections->mutex, NULL);
    return connections;
}

void connections_free(struct connections *connections) {
    if (!connections) return;
    pthread_mutex_destroy(&connections->mutex);
    free(connections->entries);
    free(connections);
}

struct connection_entry *connections_add(struct connections *connections, int descriptor,
                                         double now) {
    pthread_mutex_lock(&connections->mutex);
    struct connection_entry *entry = connections->free;
    if (entry) {
        connections->free = entry->next_free;
        *entry = (struct connection_entry){.descriptor = descriptor, .since = now, .open = true};
        connections->count++;
    }
    pthread_mutex_unlock(&connections->mutex);
    return entry;
}

void connections_remove(struct connections *connections, struct connection_entry *entry) {
    if (!entry) return;
    pthread_mutex_lock(&connections->mutex);
    entry->open = false;
    entry->next_free = connections->free;
    connections->free = entry;
    connections->count--;
    pthread_mutex_unlock(&connections->mutex);
}

void connections_wait(struct connections *connections, struct connection_entry *entry, double now) {
    if (!entry) return;
    pthread_mutex_lock(&connections->mutex);
    entry->since = now;
    pthread_mutex_unlock(&connections->mutex);
}

size_t connections_close_late(struct connections *connections, double now) {
    pthread_mutex_lock(&connections->mutex);
    const bool crowded = connections->count >= connections->most - connections->most / 8;
    const double allowed = crowded ? connections->seconds / 10 : connections->seconds;
    size_t closed = 0;
    for (size_t i = 0; i < connections->most; i++) {
        struct connection_entry *entry = &connections->entries[i];
        if (!entry->open || now - entry->since <= allowed) continue;
        shutdown(entry->descriptor, SHUT_RDWR);
        entry->open = false;
        closed++;
    }
    pthread_mutex_unlock(&connections->mutex);
    return closed;
}

size_t connections_count(struct connections *connections) {
    pthread_mutex_lock(&connections->mutex);
    const size_t count = connections->count;
    pthread_mutex_unlock(&connections->mutex);
    return count;
}

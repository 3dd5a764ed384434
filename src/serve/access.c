#include "serve/access.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum { LONGEST_NAME = 255 }; /* of a host (RFC 1035) */

static bool is_one_of(const struct access_names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], "*") == 0 || strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool is_port(const char *text) {
    return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

/* "name:80" and "[::1]:80" without the port and the brackets. */
static bool split_host(const char *host, char name[LONGEST_NAME + 1]) {
    const bool brackets = host[0] == '[';
    const char *start = host + brackets;
    const size_t length = strcspn(start, brackets ? "]" : ":");
    const char *rest = start + length;
    if (brackets && *rest++ != ']') return false;
    if (length == 0 || length > LONGEST_NAME || !is_port(rest)) return false;
    memcpy(name, start, length);
    name[length] = '\0';
    return true;
}

static bool is_address(const char *name) {
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

static bool ends_with(const char *name, const char *end) {
    const size_t length = strlen(name), ending = strlen(end);
    return length >= ending && strcasecmp(name + length - ending, end) == 0;
}

bool access_host(const struct access_rules *rules, const char *host) {
    char name[LONGEST_NAME + 1], machine[LONGEST_NAME + 1] = "";
    if (!host) return true; /* HTTP/1.0: no browser */
    if (!split_host(host, name)) return false;
    if (is_address(name) || strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost"))
        return true;
    gethostname(machine, LONGEST_NAME);
    return strcasecmp(name, machine) == 0 || strcasecmp(name, rules->own) == 0 ||
           is_one_of(&rules->hosts, name);
}

/* Whether the page is the server's own: "http://" and the Host header. */
static bool is_own(const char *origin, const char *host) {
    const char *start = strstr(origin, "://");
    return start && host && strcasecmp(start + 3, host) == 0;
}

bool access_origin(const struct access_rules *rules, const char *origin, const char *host) {
    return !origin || is_own(origin, host) || access_is_shared(rules, origin);
}

bool access_is_shared(const struct access_rules *rules, const char *origin) {
    return origin && is_one_of(&rules->origins, origin);
}

bool access_token(const struct access_rules *rules, const char *authorization) {
    static const char scheme[] = "Bearer ";
    if (!rules->token) return true;
    if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0) return false;
    const char *given = authorization + strlen(scheme);
    const size_t length = strlen(given), right = strlen(rules->token);
    unsigned char differs = length != right;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(given[i] ^ rules->token[right > 0 ? i % right : 0]);
    return differs == 0;
}

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

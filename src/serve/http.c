#include "serve/http.h"

#include "serve/http_parts.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <math.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/progress.h"
#include "serve/log.h"

/* Descriptors besides those of connections. */
enum { OTHER_DESCRIPTORS = 64 };

/* MHD's handler: called when the head is there, for each part of the body, when all is there, and
 * when the connection goes on after a worker's answer. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **state) {
    struct call *call = *state;
    (void)version;
    if (!call) {
        call = call_new(context, connection, path, method);
        *state = call;
        if (!call) return MHD_NO;
        /* Who asks before sending a body is answered before. */
        return call->refusal && call_header(call, MHD_HTTP_HEADER_EXPECT) ? call_complete(call)
                                                                          : MHD_YES;
    }
    if (*size > 0) {
        call_take_bytes(call, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return call->all_there ? call_send(call) : call_complete(call);
}

static void name_client(const struct call *call, char *name, size_t size) {
    const union MHD_ConnectionInfo *info = call->http->mhd.MHD_get_connection_info(
        call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    snprintf(name, size, "unknown");
    if (!info || !info->client_addr) return;
    const socklen_t length = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                      : sizeof(struct sockaddr_in);
    if (info->client_addr->sa_family != AF_INET && info->client_addr->sa_family != AF_INET6) return;
    getnameinfo(info->client_addr, length, name, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
}

static void write_log(const struct call *call, double now) {
    char client[64];
    if (!call->http->options.log) return;
    name_client(call, client, sizeof client);
    const struct log_request line = {.client = client,
                                     .method = call->method,
                                     .path = call->path,
                                     .status = call->exchange.status,
                                     .photos = call->exchange.photos,
                                     .bytes = call->received,
                                     .seconds = now - call->started,
                                     .waited = call->exchange.waited,
                                     .problem = call->exchange.status ? call->exchange.problem
                                                                      : "the client is gone"};
    log_write_request(call->http->options.log, &line);
}

static void end_call(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode reason) {
    struct http *http = context;
    struct call *call = *state;
    (void)connection;
    (void)reason;
    if (!call) return;
    const double now = progress_clock();
    const double from = call->exchange.arrived > 0 ? call->exchange.arrived : call->started;
    if (call->exchange.status)
        metrics_count(http->options.metrics, route_number(call->route), call->exchange.status,
                      call->exchange.photos, now - from);
    write_log(call, now);
    if (call->form) http->mhd.MHD_destroy_post_processor(call->form);
    call_drop_body(call);
    exchange_free(&call->exchange);
    connections_wait(http->connections, call->entry, now);
    free(call);
    *state = NULL;
    atomic_fetch_sub(&http->active, 1);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode code) {
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        connections_remove(http->connections, *state);
        *state = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        http->mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *state = info ? connections_add(http->connections, info->connect_fd, progress_clock()) : NULL;
}

/* Raises the limit of open files to what the connections need, as far as the system allows, and
 * returns how many connections there may be. */
static size_t connections_allowed(size_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    const rlim_t needed = (rlim_t)wanted + OTHER_DESCRIPTORS;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed) return wanted;
    return limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS
                                                  : OTHER_DESCRIPTORS;
}

static struct metrics_gauges gauges(void *context) {
    struct http *http = context;
    struct workers *workers = atomic_load(&http->workers);
    return (struct metrics_gauges){.queue = workers ? workers_waiting(workers) : 0,
                                   .most_queue = workers ? workers_most_waiting(workers) : 0,
                                   .connections = connections_count(http->connections),
                                   .most_connections = http->most_connections,
                                   .body_bytes = atomic_load(&http->bodies)};
}

static bool start(struct http *http, caption_error *error) {
    const struct http_options *options = &http->options;
    http->most_connections = connections_allowed(options->most_connections);
    http->connections = connections_new(http->most_connections, options->seconds, error);
    if (!http->connections) return false;
    http->daemon = http->mhd.MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, http,
        MHD_OPTION_LISTEN_SOCKET, options->descriptor, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)http->most_connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)fmax(options->seconds, 1), MHD_OPTION_NOTIFY_COMPLETED, end_call, http,
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    return http->daemon ||
           error_set(error, CAPTION_ERROR_SYSTEM, "the server cannot be started: %s",
                     "GNU libmicrohttpd refuses (--connections)");
}

struct http *http_new(const struct http_options *options, caption_error *error) {
    struct http *http = memory_zeroed(1, sizeof *http, "a server", error);
    if (!http) return NULL;
    http->options = *options;
    http->listening = -1;
    options->site->gauges = gauges;
    options->site->context = http;
    if (microhttpd_load(&http->mhd, error) && start(http, error)) return http;
    http_free(http);
    return NULL;
}

void http_open(struct http *http, struct workers *workers) {
    atomic_store(&http->workers, workers);
}

void http_done(void *context, struct exchange *exchange) {
    struct http *http = context;
    const struct call *call = exchange->owner;
    http->mhd.MHD_resume_connection(call->connection);
}

void http_tick(struct http *http) {
    const size_t late = connections_close_late(http->connections, progress_clock());
    if (late > 0) metrics_late(http->options.metrics, late);
}

void http_drain(struct http *http) {
    atomic_store(&http->draining, true);
    http->listening = http->mhd.MHD_quiesce_daemon(http->daemon);
}

bool http_is_busy(struct http *http) {
    return atomic_load(&http->active) > 0;
}

void http_free(struct http *http) {
    if (!http) return;
    if (http->daemon) http->mhd.MHD_stop_daemon(http->daemon);
    if (http->listening >= 0) close(http->listening);
    connections_free(http->connections);
    free(http);
}

#else

struct http *http_new(const struct http_options *options, caption_error *error) {
    (void)options;
    error_set(error, CAPTION_ERROR_SYSTEM,
              "this program was built without GNU libmicrohttpd, which serves: install it "
              "(Debian: libmicrohttpd-dev) and build again");
    return NULL;
}

void http_open(struct http *http, struct workers *workers) {
    (void)http;
    (void)workers;
}

void http_done(void *context, struct exchange *exchange) {
    (void)context;
    (void)exchange;
}

void http_tick(struct http *http) {
    (void)http;
}

void http_drain(struct http *http) {
    (void)http;
}

bool http_is_busy(struct http *http) {
    (void)http;
    return false;
}

void http_free(struct http *http) {
    (void)http;
}

#endif

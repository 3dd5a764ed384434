#include "serve/http.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <dlfcn.h>
#include <math.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "serve/access.h"
#include "serve/log.h"
#include "serve/site.h"

/* GNU libmicrohttpd, found with dlopen when a server is started (CAPTION_MICROHTTPD_SONAME): it
 * takes longer to load than a caption takes. */

#define MICROHTTPD_FUNCTIONS(FUNCTION)                                                             \
    FUNCTION(MHD_start_daemon)                                                                     \
    FUNCTION(MHD_stop_daemon)                                                                      \
    FUNCTION(MHD_quiesce_daemon)                                                                   \
    FUNCTION(MHD_create_response_from_buffer)                                                      \
    FUNCTION(MHD_add_response_header)                                                              \
    FUNCTION(MHD_destroy_response)                                                                 \
    FUNCTION(MHD_queue_response)                                                                   \
    FUNCTION(MHD_suspend_connection)                                                               \
    FUNCTION(MHD_resume_connection)                                                                \
    FUNCTION(MHD_lookup_connection_value)                                                          \
    FUNCTION(MHD_get_connection_values)                                                            \
    FUNCTION(MHD_get_connection_info)

struct microhttpd {
    MICROHTTPD_FUNCTIONS(LIBRARY_POINTER)
};

/* Sets the pointers. False with `error` set where the library is not there. It stays loaded. */
static bool microhttpd_load(struct microhttpd *library, caption_error *error) {
    return library_find(CAPTION_MICROHTTPD_SONAME, LIBRARY_NAMES(MICROHTTPD_FUNCTIONS), library) ||
           error_set(error, CAPTION_ERROR_SYSTEM,
                     "GNU libmicrohttpd, which serves, cannot be loaded: %.200s", dlerror());
}

struct http {
    struct http_options options;
    struct microhttpd mhd;
    struct MHD_Daemon *daemon;
    int listening; /* once it listens no more: to be closed after the daemon; else -1 */
    struct connections *connections;
    size_t most_connections;
    _Atomic(struct workers *) workers;
    atomic_size_t bodies, active; /* bytes, requests */
    atomic_bool draining;
};

/* A request under way. */
struct call {
    struct exchange exchange;
    struct http *http;
    struct MHD_Connection *connection;
    struct connection_entry *entry;
    const struct route *route;
    char boundary[FORM_LONGEST_BOUNDARY + 1]; /* of a form; "": the body is the photo, or JSON */
    char method[16], path[128];               /* for the log */
    double started;
    size_t received, capacity; /* of the body */
    size_t announced;          /* its Content-Length; 0: none */
    unsigned refusal;          /* status; 0: it is not refused */
    char reason[512];          /* as long as an error's message */
    bool all_there;            /* of the body */
    bool is_unclear;           /* where it ends: its connection is closed */
    bool head;
};

/* A header of the request, or NULL. */
static const char *call_header(const struct call *call, const char *name) {
    return call->http->mhd.MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* Notes that the request is to be answered with this status and reason. The first reason stays. */
static void call_refuse(struct call *call, unsigned status, const char *reason) {
    if (call->refusal) return;
    call->refusal = status;
    snprintf(call->reason, sizeof call->reason, "%s", reason);
}

/* --- a request's body --- */

static void call_drop_body(struct call *call) {
    atomic_fetch_sub(&call->http->bodies, call->capacity);
    free(call->exchange.body.bytes);
    call->exchange.body.bytes = NULL;
    call->exchange.body.size = call->capacity = 0;
}

/* Bytes of a body: more than all bodies together may have would be "later" for ever. */
static size_t most_of_body(const struct call *call) {
    return size_smaller(call->http->options.most_body, call->http->options.most_bodies);
}

/* Makes the body's memory larger, as far as all bodies together may be; never beyond what the body
 * can become. */
static bool reserve(struct call *call, size_t needed) {
    struct http *http = call->http;
    size_t capacity = size_larger(call->capacity, 1 << 14);
    if (needed <= call->capacity) return true;
    while (capacity < needed) capacity *= 2;
    const size_t end = call->announced > 0 ? call->announced : most_of_body(call);
    capacity = size_smaller(capacity, size_larger(end, needed));
    const size_t more = capacity - call->capacity;
    if (atomic_fetch_add(&http->bodies, more) + more > http->options.most_bodies) {
        atomic_fetch_sub(&http->bodies, more);
        call_refuse(call, 503, "too many photos are under way: try again later (--body-memory)");
        return false;
    }
    char *bytes = realloc(call->exchange.body.bytes, capacity + 1);
    if (!bytes) {
        atomic_fetch_sub(&http->bodies, more);
        call_refuse(call, 503, "not enough memory for the request");
        return false;
    }
    bytes[capacity] = '\0'; /* cJSON before 1.7.18 may read it */
    call->exchange.body.bytes = bytes;
    call->capacity = capacity;
    return true;
}

static void call_refuse_large(struct call *call) {
    const struct http_options *options = &call->http->options;
    char reason[128];
    snprintf(reason, sizeof reason, "the request is larger than %zu MB (%s)",
             most_of_body(call) / 1000000,
             options->most_bodies < options->most_body ? "--body-memory" : "--max-body");
    call_refuse(call, 413, reason);
}

static void add_bytes(struct call *call, const char *bytes, size_t size) {
    struct protocol_body *body = &call->exchange.body;
    if (call->refusal || size == 0) return;
    if (size > most_of_body(call) - body->size)
        call_refuse_large(call);
    else if (reserve(call, body->size + size)) {
        memcpy(body->bytes + body->size, bytes, size);
        body->size += size;
        return;
    }
    call_drop_body(call);
}

/* Takes a part of the body, in memory that is bounded for all bodies together. */
static void call_take_bytes(struct call *call, const char *bytes, size_t size) {
    call->received += size;
    if (call->refusal || call->route->write) return; /* whose body nobody reads */
    add_bytes(call, bytes, size);
}

static void call_refuse_error(struct call *call, const caption_error *error) {
    call_refuse(call, error->status == CAPTION_ERROR_MEMORY ? 503 : 400, error->message);
}

static enum MHD_Result take_query(void *context, enum MHD_ValueKind kind, const char *key,
                                  const char *value) {
    struct call *call = context;
    caption_error error;
    (void)kind;
    if (protocol_add_argument(&call->exchange.body, key, value, &error)) return MHD_YES;
    call_refuse_error(call, &error);
    return MHD_NO;
}

/* Reads the query, and prepares for a form. */
static void call_begin_body(struct call *call) {
    const char *type = call_header(call, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (call->route->write || call->refusal) return;
    call->http->mhd.MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, take_query,
                                              call);
    if (!call->route->protocol->takes_form || !type || !form_is_type(type)) return;
    if (!form_boundary(type, call->boundary))
        call_refuse(call, 400, "the form's Content-Type has no boundary of 1 to 200 characters");
}

/* The photo and the fields of a form take the place of its bytes. */
static void call_read_form(struct call *call) {
    caption_error error;
    if (call->refusal || !*call->boundary) return;
    if (!form_take(&call->exchange.body, call->boundary, &error)) call_refuse_error(call, &error);
}

/* --- a request's head --- */

static bool accepts_html(const struct call *call) {
    const char *accept = call_header(call, MHD_HTTP_HEADER_ACCEPT);
    return accept && !call->head && strstr(accept, "text/html");
}

static void check_access(struct call *call) {
    const struct access_rules *rules = call->http->options.access;
    const char *host = call_header(call, MHD_HTTP_HEADER_HOST);
    if (!access_host(rules, host))
        call_refuse(call, 421, "the Host header is no name of this server (--allow-host NAME)");
    if (!access_origin(rules, call_header(call, MHD_HTTP_HEADER_ORIGIN), host))
        call_refuse(call, 403, "pages of other servers may not ask (--allow-origin ORIGIN)");
}

static void check_route(struct call *call, const char *path, const char *method) {
    const struct route *other;
    const struct route *found = route_find(path, accepts_html(call), &other);
    const bool get = strcmp(method, "GET") == 0 || call->head, post = strcmp(method, "POST") == 0;
    const bool preflight =
        strcmp(method, "OPTIONS") == 0 && call_header(call, MHD_HTTP_HEADER_ORIGIN) != NULL;
    call->route = found ? found : other;
    call->exchange.protocol = call->route->protocol;
    check_access(call);
    if (preflight)
        call_refuse(call, 204, "");
    else if (!found)
        call_refuse(call, 404, "there is nothing at this path: src/cli/README.md lists what is");
    else if (!(get && found->get) && !(post && found->post))
        call_refuse(call, 405, found->get ? "expected GET" : "expected POST");
    else if (!found->open && !access_token(call->http->options.access,
                                           call_header(call, MHD_HTTP_HEADER_AUTHORIZATION)))
        call_refuse(call, 401, "expected the header Authorization: Bearer TOKEN (--token)");
}

/* Headers that say where a request ends and whom it is for. */
struct framing {
    size_t hosts, lengths, codings;
    bool chunked;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *key,
                                    const char *value) {
    struct framing *framing = context;
    (void)kind;
    framing->hosts += strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0;
    framing->lengths += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->codings++;
        framing->chunked = value && strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

/* Refuses requests whose end a proxy may see elsewhere (RFC 9112, sections 3.2, 6.1 and 6.3): what
 * follows would be taken for another client's request. */
static void check_framing(struct call *call) {
    struct framing framing = {0};
    call->http->mhd.MHD_get_connection_values(call->connection, MHD_HEADER_KIND, count_header,
                                              &framing);
    if (framing.hosts > 1) call_refuse(call, 400, "expected one Host header, found several");
    if (framing.lengths + framing.codings > 1)
        call_refuse(call, 400,
                    "expected one Content-Length or one Transfer-Encoding, found several of them");
    if (framing.codings == 1 && !framing.chunked)
        call_refuse(call, 501, "expected no Transfer-Encoding but chunked");
    call->is_unclear = call->refusal != 0;
}

static void check_body(struct call *call) {
    const char *length = call_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *encoding = call_header(call, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (encoding && strcasecmp(encoding, "identity") != 0)
        call_refuse(call, 415, "the body is compressed: expected it as it is");
    if (length) call->announced = (size_t)strtoull(length, NULL, 10);
    if (call->announced > most_of_body(call)) call_refuse_large(call);
    if (atomic_load(&call->http->draining))
        call_refuse(call, 503, "the server is being stopped: try again later");
}

/* A call whose head is there: its route is found, and it is checked who may ask. NULL when memory
 * is short. */
static struct call *call_new(struct http *http, struct MHD_Connection *connection, const char *path,
                             const char *method) {
    struct call *call = calloc(1, sizeof *call);
    if (!call) return NULL;
    call->http = http;
    atomic_fetch_add(&http->active, 1); /* before `draining` is read: see server_run */
    call->connection = connection;
    call->started = progress_clock();
    call->head = strcmp(method, "HEAD") == 0;
    call->exchange.owner = call;
    snprintf(call->method, sizeof call->method, "%s", method);
    snprintf(call->path, sizeof call->path, "%s", path);
    const union MHD_ConnectionInfo *info =
        http->mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info) call->entry = info->socket_context;
    connections_wait(http->connections, call->entry, call->started);
    check_framing(call);
    check_route(call, path, method);
    check_body(call);
    call_begin_body(call);
    return call;
}

/* --- its answer --- */

static void add_header(const struct call *call, struct MHD_Response *response, const char *name,
                       const char *value) {
    call->http->mhd.MHD_add_response_header(response, name, value);
}

static void add_sharing(const struct call *call, struct MHD_Response *response) {
    const char *origin = call_header(call, MHD_HTTP_HEADER_ORIGIN);
    if (!access_is_shared(call->http->options.access, origin)) return;
    add_header(call, response, "Access-Control-Allow-Origin", origin);
    add_header(call, response, "Vary", "Origin");
    if (call->refusal != 204) return;
    const char *wanted = call_header(call, "Access-Control-Request-Headers");
    add_header(call, response, "Access-Control-Allow-Methods", "GET, HEAD, POST");
    if (wanted) add_header(call, response, "Access-Control-Allow-Headers", wanted);
    add_header(call, response, "Access-Control-Max-Age", "600");
}

static void add_headers(const struct call *call, struct MHD_Response *response) {
    const struct exchange *exchange = &call->exchange;
    if (exchange->type) add_header(call, response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->type);
    add_header(call, response, "X-Content-Type-Options", "nosniff");
    add_header(call, response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (strcmp(call->route->path, "/") == 0) add_header(call, response, "Vary", "Accept");
    if (call->route->page) {
        add_header(call, response, "Content-Security-Policy",
                   "default-src 'none'; img-src blob: data:; media-src blob:; style-src 'self'; "
                   "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                   "frame-ancestors 'none'");
        add_header(call, response, "Referrer-Policy", "no-referrer");
    }
    if (exchange->status == 503) add_header(call, response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (exchange->status == 401)
        add_header(call, response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (exchange->status == 405)
        add_header(call, response, MHD_HTTP_HEADER_ALLOW, call->route->get ? "GET, HEAD" : "POST");
    if (atomic_load(&call->http->draining) || call->is_unclear)
        add_header(call, response, MHD_HTTP_HEADER_CONNECTION, "close");
    add_sharing(call, response);
}

/* Sends the answer that the exchange holds. */
static enum MHD_Result call_send(struct call *call) {
    struct http *http = call->http;
    struct exchange *exchange = &call->exchange;
    struct MHD_Response *response = http->mhd.MHD_create_response_from_buffer(
        exchange->size, exchange->text, MHD_RESPMEM_MUST_FREE);
    if (!response) return MHD_NO;
    exchange->text = NULL; /* the response's */
    add_headers(call, response);
    call_drop_body(call);
    connections_wait(http->connections, call->entry, progress_clock());
    const enum MHD_Result queued =
        http->mhd.MHD_queue_response(call->connection, exchange->status, response);
    http->mhd.MHD_destroy_response(response);
    return queued;
}

/* What is known without a worker. */
static void write_site(struct call *call) {
    struct text_stream text;
    caption_error error;
    char *written = NULL;
    if (text_stream_open(&text, "an answer", &error)) {
        if (call->route->write(call->http->options.site, text.stream, &error))
            written = text_stream_close(&text, &error);
        else
            text_stream_abandon(&text);
    }
    if (written)
        exchange_answer(&call->exchange, call->route->type, written, text.size);
    else
        exchange_fail(&call->exchange, 500, error.message);
}

/* Gives a request to the workers. The connection waits meanwhile, and takes part in nothing. */
static enum MHD_Result give_to_workers(struct call *call) {
    struct http *http = call->http;
    struct workers *workers = atomic_load(&http->workers);
    connections_wait(http->connections, call->entry, (double)INFINITY);
    http->mhd.MHD_suspend_connection(call->connection);
    if (workers && workers_put(workers, &call->exchange)) return MHD_YES;
    exchange_fail(&call->exchange, 503, "too many requests wait: try again later (--queue)");
    http->mhd.MHD_resume_connection(call->connection);
    return MHD_YES;
}

/* All of the request is there: answers, or gives it to the workers. */
static enum MHD_Result call_complete(struct call *call) {
    call->exchange.arrived = progress_clock();
    call->all_there = true;
    call_read_form(call);
    if (call->refusal == 204) {
        call->exchange.status = 204;
    } else if (call->refusal) {
        exchange_fail(&call->exchange, call->refusal, call->reason);
    } else if (call->route->write) {
        write_site(call);
    } else {
        return give_to_workers(call);
    }
    return call_send(call);
}

/* --- the server --- */

/* Descriptors besides those of connections. */
enum { OTHER_DESCRIPTORS = 64 };

/* Why an address is refused before there is a call, in whose place this stands then. */
struct early_refusal {
    unsigned status;
    const char *reason;
};
enum { LONG_ADDRESS, MANY_PARAMETERS, ZERO_IN_ADDRESS };
static const struct early_refusal early_refusals[] = {
    [LONG_ADDRESS] = {414, "the address is too long: larger texts go into the body"},
    [MANY_PARAMETERS] = {400, "too many parameters"},
    [ZERO_IN_ADDRESS] = {400, "the address has a character 0"}};

/* libmicrohttpd (0.9.75) never answers where the parameters of a query take more than the memory of
 * a connection: they are counted, and cut off, before it reads them. */
static void *check_address(void *context, const char *address, struct MHD_Connection *connection) {
    enum { LONGEST = 1 << 14 }; /* half of that memory */
    (void)context;
    (void)connection;
    char *query = strchr((char *)(uintptr_t)address, '?'); /* the library's own, to be changed */
    const struct early_refusal *refusal =
        strstr(address, "%00") ? &early_refusals[ZERO_IN_ADDRESS] : NULL;
    size_t parameters = 0;
    for (const char *at = query; at; at = strchr(at + 1, '&')) parameters++;
    if (parameters > PROTOCOL_MOST_ARGUMENTS) refusal = &early_refusals[MANY_PARAMETERS];
    if (query && strlen(address) > LONGEST) refusal = &early_refusals[LONG_ADDRESS];
    if (refusal && query) query[1] = '\0';
    return (void *)(uintptr_t)refusal;
}

static const struct early_refusal *early_refusal_of(const void *state) {
    for (size_t i = 0; i < sizeof early_refusals / sizeof *early_refusals; i++)
        if (state == &early_refusals[i]) return &early_refusals[i];
    return NULL;
}

/* The path of a target in absolute form, "http://HOST/PATH", as clients of a proxy write it (RFC
 * 9112, section 3.2.2); others are paths. */
static const char *path_of(const char *target) {
    static const char scheme[] = "http://";
    if (strncasecmp(target, scheme, sizeof scheme - 1) != 0) return target;
    const char *path = strchr(target + sizeof scheme - 1, '/');
    return path ? path : "/";
}

/* MHD's handler: called when the head is there, for each part of the body, when all is there, and
 * when the connection goes on after a worker's answer. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *bytes,
                              size_t *size, void **state) {
    const struct early_refusal *early = early_refusal_of(*state);
    struct call *call = early ? NULL : *state;
    (void)version;
    if (!call) {
        call = call_new(context, connection, path_of(path), method);
        *state = call;
        if (!call) return MHD_NO;
        if (early) call_refuse(call, early->status, early->reason);
        /* Who asks before sending a body is answered before. (An answer before the body ends the
         * connection.) */
        const bool early_answer =
            call->is_unclear || (call->refusal && call_header(call, MHD_HTTP_HEADER_EXPECT));
        return early_answer ? call_complete(call) : MHD_YES;
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
    struct call *call = early_refusal_of(*state) ? NULL : *state;
    (void)connection;
    (void)reason;
    if (!call) return;
    const double now = progress_clock();
    const double from = call->exchange.arrived > 0 ? call->exchange.arrived : call->started;
    if (call->exchange.status)
        metrics_count(http->options.metrics, route_number(call->route), call->exchange.status,
                      call->exchange.photos, now - from);
    write_log(call, now);
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
        MHD_OPTION_NOTIFY_CONNECTION, note_connection, http, MHD_OPTION_URI_LOG_CALLBACK,
        check_address, http, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
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
    if (!http->options.keeps_listening && http->listening >= 0)
        shutdown(http->listening, SHUT_RDWR);
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

#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "model/model.h"
#include "serve/http.h"

static const char MODEL_NAME[] = "caption:latest";

enum { TICKS_A_SECOND = 10 };

struct server {
    struct serve_options options;
    struct photo_request_rules rules;
    struct listening listening;
    struct metrics metrics;
    struct site site;
    caption_model *model;
    struct workers *workers;
    struct http *http;
};

static bool open_model(struct server *server, caption_error *error) {
    struct model_place place;
    const char *path = model_path(server->options.model, &place, error);
    if (!path || !site_init(&server->site, path, error)) return false;
    server->rules =
        (struct photo_request_rules){.options = &server->options.captioning,
                                     .prompt_as_prefix = server->options.prompt_as_prefix,
                                     .no_sampling = server->options.no_sampling,
                                     .has_tags = server->site.has_tags};
    server->model = caption_model_open(path, error);
    return server->model != NULL;
}

static bool start_http(struct server *server, caption_error *error) {
    static const size_t megabyte = 1000 * 1000;
    const struct serve_options *options = &server->options;
    const struct http_options http = {.descriptor = server->listening.descriptor,
                                      .keeps_listening = server->listening.is_kept,
                                      .access = &options->access,
                                      .site = &server->site,
                                      .metrics = &server->metrics,
                                      .most_body = options->most_body * megabyte,
                                      .most_bodies = options->most_bodies * megabyte,
                                      .most_connections = options->most_connections,
                                      .seconds = (double)options->seconds,
                                      .log = options->log};
    server->http = http_new(&http, error);
    return server->http != NULL;
}

static bool start_workers(struct server *server, caption_error *error) {
    const struct workers_options options = {.model = server->model,
                                            .rules = &server->rules,
                                            .model_name = MODEL_NAME,
                                            .most_wait = (double)server->options.seconds,
                                            .most_queue = server->options.most_queue,
                                            .done = http_done,
                                            .context = server->http};
    server->workers = workers_new(&options, error);
    if (server->workers) http_open(server->http, server->workers);
    return server->workers != NULL;
}

struct server *server_new(const struct serve_options *options, caption_error *error) {
    struct server *server = memory_zeroed(1, sizeof *server, "a server", error);
    if (!server) return NULL;
    server->options = *options;
    server->site.model_name = MODEL_NAME;
    server->site.metrics = &server->metrics;
    server->listening.descriptor = -1;
    metrics_init(&server->metrics);
    if (open_model(server, error) &&
        listen_open(options->host, options->port, &server->listening, error))
        return server;
    server_free(server);
    return NULL;
}

bool server_start(struct server *server, caption_error *error) {
    return start_http(server, error) && start_workers(server, error);
}

const char *server_address(const struct server *server) {
    return server->listening.address;
}

bool server_is_open(const struct server *server) {
    return server->listening.is_public && !server->options.access.token;
}

static void pause_a_tick(void) {
    const struct timespec tick = {.tv_nsec = 1000000000L / TICKS_A_SECOND};
    nanosleep(&tick, NULL);
}

void server_run(struct server *server, bool (*stop)(void)) {
    for (size_t ticks = 0; !stop(); ticks++) {
        if (ticks % TICKS_A_SECOND == 0) http_tick(server->http);
        pause_a_tick();
    }
    http_drain(server->http);
    while (http_is_busy(server->http)) {
        http_tick(server->http);
        pause_a_tick();
    }
}

void server_free(struct server *server) {
    if (!server) return;
    if (server->http) http_open(server->http, NULL);
    workers_free(server->workers);
    http_free(server->http);
    if (!server->http && server->listening.descriptor >= 0) close(server->listening.descriptor);
    caption_model_close(server->model);
    site_free(&server->site);
    metrics_free(&server->metrics);
    free(server);
}

enum { FIRST_OF_SYSTEMD = 3, BACKLOG = 1024, PORT_SIZE = 32 };

/* Whether an address is this machine's alone: 127.0.0.0/8, ::1, a path. */
static bool is_local(const struct sockaddr_storage *address) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET) return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (address->ss_family != AF_INET6) return address->ss_family == AF_UNIX;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

/* What the socket is bound to, in figures. */
static void name_socket(struct listening *listening) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[256], port[32];
    snprintf(listening->address, sizeof listening->address, "a socket of systemd");
    listening->is_public = true;
    if (getsockname(listening->descriptor, (struct sockaddr *)&address, &size) != 0) return;
    listening->is_public = !is_local(&address);
    if (getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    if (address.ss_family == AF_INET || address.ss_family == AF_INET6)
        snprintf(listening->address, sizeof listening->address,
                 address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* How many sockets systemd hands to this process. */
static long sockets_of_systemd(void) {
    const char *process = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    if (!process || !count || strtol(process, NULL, 10) != (long)getpid()) return 0;
    return strtol(count, NULL, 10);
}

static bool take_from_systemd(long count, struct listening *out, caption_error *error) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (count != 1)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "LISTEN_FDS: %ld sockets, expected one ListenStream in the .socket unit",
                         count);
    out->descriptor = FIRST_OF_SYSTEMD;
    out->is_kept = true;
    if (getsockopt(FIRST_OF_SYSTEMD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        return error_set(error, CAPTION_ERROR_SYSTEM,
                         "descriptor 3 of systemd does not listen: expected Accept=no");
    fcntl(FIRST_OF_SYSTEMD, F_SETFD, FD_CLOEXEC);
    name_socket(out);
    return true;
}

static int bind_to(const struct addrinfo *address) {
    const int descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    const int on = 1;
    if (descriptor < 0) return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(descriptor, BACKLOG) == 0)
        return descriptor;
    const int problem = errno;
    close(descriptor);
    errno = problem;
    return -1;
}

static bool listen_on(const struct addrinfo *addresses, const char *host, const char *port,
                      struct listening *out, caption_error *error) {
    int problem = 0;
    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        out->descriptor = bind_to(address);
        if (out->descriptor >= 0) {
            name_socket(out);
            return true;
        }
        problem = errno;
    }
    return error_set(error, CAPTION_ERROR_SYSTEM, "cannot listen on %s, port %s: %s%s", host, port,
                     strerror(problem),
                     problem == EADDRINUSE ? " (Ollama? --port names another)"
                     : problem == EACCES   ? " (--port: those below 1024 are the system's)"
                                           : " (--host, --port)");
}

/* The addresses of a host, and the port in figures. Freed with freeaddrinfo. */
static bool find_addresses(const char *host, size_t port, int flags, char number[PORT_SIZE],
                           struct addrinfo **addresses, caption_error *error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    snprintf(number, PORT_SIZE, "%zu", port);
    const int problem = getaddrinfo(host, number, &hints, addresses);
    return problem == 0 || error_set(error, CAPTION_ERROR_ARGUMENT, "--host: '%s': %s", host,
                                     gai_strerror(problem));
}

bool listen_open(const char *host, size_t port, struct listening *out, caption_error *error) {
    const long sockets = sockets_of_systemd();
    if (sockets > 0) return take_from_systemd(sockets, out, error);
    char number[PORT_SIZE];
    struct addrinfo *addresses;
    if (!find_addresses(host, port, AI_PASSIVE, number, &addresses, error)) return false;
    const bool done = listen_on(addresses, host, number, out, error);
    freeaddrinfo(addresses);
    return done;
}

static int connect_to(const struct addrinfo *addresses, size_t seconds) {
    const struct timeval limit = {.tv_sec = (time_t)seconds};
    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        const int descriptor =
            socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
        if (descriptor < 0) continue;
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0) return descriptor;
        const int problem = errno;
        close(descriptor);
        errno = problem;
    }
    return -1;
}

/* The first line of the answer says all. */
static bool answers(int descriptor) {
    static const char request[] = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char answer[12]; /* "HTTP/1.1 200" */
    if (send(descriptor, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        return false;
    if (recv(descriptor, answer, sizeof answer, MSG_WAITALL) != sizeof answer) return false;
    return memcmp(answer, "HTTP/1.", 7) == 0 && memcmp(answer + 8, " 200", 4) == 0;
}

bool health_ask(const char *host, size_t port, size_t seconds, caption_error *error) {
    char number[PORT_SIZE];
    if (strcmp(host, "0.0.0.0") == 0) host = "127.0.0.1";
    if (strcmp(host, "::") == 0) host = "::1";
    struct addrinfo *addresses;
    if (!find_addresses(host, port, 0, number, &addresses, error)) return false;
    const int descriptor = connect_to(addresses, seconds);
    freeaddrinfo(addresses);
    if (descriptor < 0)
        return error_set(error, CAPTION_ERROR_SYSTEM, "no server at %s, port %s: %s", host, number,
                         strerror(errno));
    const bool well = answers(descriptor);
    close(descriptor);
    return well ||
           error_set(error, CAPTION_ERROR_SYSTEM,
                     "the server at %s, port %s does not answer /healthz with 200", host, number);
}

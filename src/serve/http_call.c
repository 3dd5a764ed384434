#include "serve/http_parts.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/progress.h"

const char *call_header(const struct call *call, const char *name) {
    return call->http->mhd.MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* The first reason stays. */
void call_refuse(struct call *call, unsigned status, const char *reason) {
    if (call->refusal) return;
    call->refusal = status;
    snprintf(call->reason, sizeof call->reason, "%s", reason);
}

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

static void check_body(struct call *call) {
    const char *length = call_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *encoding = call_header(call, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (encoding && strcasecmp(encoding, "identity") != 0)
        call_refuse(call, 415, "the body is compressed: expected it as it is");
    if (length && strtoull(length, NULL, 10) > call->http->options.most_body)
        call_refuse_large(call);
    if (atomic_load(&call->http->draining))
        call_refuse(call, 503, "the server is being stopped: try again later");
}

struct call *call_new(struct http *http, struct MHD_Connection *connection, const char *path,
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
    check_route(call, path, method);
    check_body(call);
    call_begin_body(call);
    return call;
}

#endif

#include "serve/http_parts.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/text_stream.h"

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
    if (atomic_load(&call->http->draining))
        add_header(call, response, MHD_HTTP_HEADER_CONNECTION, "close");
    add_sharing(call, response);
}

enum MHD_Result call_send(struct call *call) {
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

/* All of the request is there. */
enum MHD_Result call_complete(struct call *call) {
    call->exchange.arrived = progress_clock();
    call->all_there = true;
    if (call->form) {
        call->http->mhd.MHD_destroy_post_processor(call->form);
        call->form = NULL;
    }
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

#endif

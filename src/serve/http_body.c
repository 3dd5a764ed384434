#include "serve/http_parts.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Bytes of a form's field that is no photo. */
enum { LONGEST_FIELD = 1024, POST_BUFFER = 1024 };

void call_drop_body(struct call *call) {
    atomic_fetch_sub(&call->http->bodies, call->capacity);
    free(call->exchange.body.bytes);
    call->exchange.body.bytes = NULL;
    call->exchange.body.size = call->capacity = 0;
}

/* Makes the body's memory larger, as far as all bodies together may be. */
static bool reserve(struct call *call, size_t needed) {
    struct http *http = call->http;
    size_t capacity = size_larger(call->capacity, 1 << 14);
    if (needed <= call->capacity) return true;
    while (capacity < needed) capacity *= 2;
    capacity = size_smaller(capacity, http->options.most_body + 1);
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

void call_refuse_large(struct call *call) {
    char reason[128];
    snprintf(reason, sizeof reason, "the request is larger than %zu MB (--max-body)",
             call->http->options.most_body / 1000000);
    call_refuse(call, 413, reason);
}

static void add_bytes(struct call *call, const char *bytes, size_t size) {
    struct protocol_body *body = &call->exchange.body;
    if (call->refusal || size == 0) return;
    if (size > call->http->options.most_body - body->size)
        call_refuse_large(call);
    else if (reserve(call, body->size + size)) {
        memcpy(body->bytes + body->size, bytes, size);
        body->size += size;
        return;
    }
    call_drop_body(call);
}

static bool add_argument(struct call *call, const char *name, const char *value) {
    struct protocol_body *body = &call->exchange.body;
    if (body->argument_count == PROTOCOL_MOST_ARGUMENTS) {
        call_refuse(call, 400, "too many parameters");
        return false;
    }
    struct protocol_argument *argument = &body->arguments[body->argument_count];
    argument->name = memory_string(name, NULL);
    argument->value = value ? memory_string(value, NULL) : NULL;
    if (argument->name && (argument->value || !value)) {
        body->argument_count++;
        return true;
    }
    free(argument->name);
    free(argument->value);
    call_refuse(call, 503, "not enough memory for the request");
    return false;
}

/* A field of the form that is no file: its value may come in parts. */
static void add_field(struct call *call, const char *name, const char *bytes, size_t size,
                      uint64_t offset) {
    char value[LONGEST_FIELD + 1];
    struct protocol_body *body = &call->exchange.body;
    const char *before = "";
    if (offset > 0 && body->argument_count > 0)
        before = body->arguments[body->argument_count - 1].value;
    if (size + strlen(before) > LONGEST_FIELD) {
        call_refuse(call, 400, "a field of the form is too long");
        return;
    }
    snprintf(value, sizeof value, "%s%.*s", before, (int)size, bytes);
    if (offset > 0 && body->argument_count > 0) {
        struct protocol_argument *last = &body->arguments[--body->argument_count];
        free(last->name);
        free(last->value);
    }
    add_argument(call, name, value);
}

static enum MHD_Result take_form(void *context, enum MHD_ValueKind kind, const char *key,
                                 const char *filename, const char *type, const char *encoding,
                                 const char *bytes, uint64_t offset, size_t size) {
    struct call *call = context;
    (void)kind;
    (void)type;
    (void)encoding;
    if (call->refusal) return MHD_YES;
    if (!filename) {
        add_field(call, key ? key : "", bytes, size, offset);
        return MHD_YES;
    }
    if (offset == 0 && call->exchange.body.size > 0)
        call_refuse(call, 400, "expected one photo in the form, found several");
    if (!call->in_multipart && *filename) call->exchange.body.name = memory_string(filename, NULL);
    call->in_multipart = true;
    add_bytes(call, bytes, size);
    return MHD_YES;
}

void call_take_bytes(struct call *call, const char *bytes, size_t size) {
    call->received += size;
    if (call->refusal || call->route->write) return; /* whose body nobody reads */
    if (!call->form)
        add_bytes(call, bytes, size);
    else if (call->http->mhd.MHD_post_process(call->form, bytes, size) != MHD_YES)
        call_refuse(call, 400, "the form is not what its Content-Type says");
}

static enum MHD_Result take_query(void *context, enum MHD_ValueKind kind, const char *key,
                                  const char *value) {
    (void)kind;
    return add_argument(context, key, value) ? MHD_YES : MHD_NO;
}

void call_begin_body(struct call *call) {
    static const char form[] = "multipart/form-data";
    const char *type = call_header(call, MHD_HTTP_HEADER_CONTENT_TYPE);
    struct microhttpd *mhd = &call->http->mhd;
    if (call->route->write || call->refusal) return;
    mhd->MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, take_query, call);
    if (!call->route->protocol->takes_form || !type || strncasecmp(type, form, strlen(form)) != 0)
        return;
    call->form = mhd->MHD_create_post_processor(call->connection, POST_BUFFER, take_form, call);
    if (!call->form)
        call_refuse(call, 400, "the form's Content-Type has no boundary of 2 to 500 characters");
}

#endif

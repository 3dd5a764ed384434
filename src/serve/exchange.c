#include "serve/exchange.h"

#include <stdlib.h>

#include "base/text_stream.h"

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

/* What OpenAI's two endpoints have in common. */
#ifndef CAPTION_SERVE_OPENAI_H
#define CAPTION_SERVE_OPENAI_H

#include "serve/protocol.h"

/* What an endpoint calls its messages and the parts of their content. */
struct openai_messages {
    const char *list, *text_type, *image_type;
    const char *example; /* of a part that is a photo, for errors */
};

/* Reads photos and prompt of the last message that has photos. There must be one. */
bool openai_read_messages(struct photo_request *request, const struct photo_request_rules *rules,
                          const cJSON *messages, const struct openai_messages *names,
                          caption_error *error);

/* {"type": "json_object"} or "json_schema": the answer is JSON. */
bool openai_read_format(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *format, const char *place, caption_error *error);

/* Model, stream and sampling of a request. */
bool openai_read_common(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *body, caption_error *error);

/* {"error": {"message", "type", "param", "code"}}. */
bool openai_write_error(unsigned status, const char *message, FILE *stream, caption_error *error);

#endif

/* What OpenAI's two endpoints have in common. */
#ifndef CAPTION_SERVE_OPENAI_H
#define CAPTION_SERVE_OPENAI_H

#include "serve/protocol.h"

/* The text and the photos of a message's "content": a string, or an array of parts of these types.
 * `text` (NULL: there is none) points into it. */
struct openai_content {
    const char *text_type, *image_type; /* of parts */
    const char *text;
};
bool openai_read_content(struct photo_request *request, const cJSON *content, const char *place,
                         struct openai_content *out, caption_error *error);

/* Whether parts of the message are photos. */
bool openai_has_photo(const cJSON *message, const char *image_type);

/* There must be a photo by now. */
bool openai_expect_photo(const struct photo_request *request, const char *example,
                         caption_error *error);

/* {"type": "json_object"} or "json_schema": the answer is JSON. */
bool openai_read_format(struct photo_request *request, const struct photo_request_rules *rules,
                        const cJSON *format, const char *place, caption_error *error);

/* Parses the body, hands it to `read`, and frees it. */
typedef bool openai_read_function(struct photo_request *request,
                                  const struct photo_request_rules *rules, const cJSON *body,
                                  caption_error *error);
bool openai_read(struct photo_request *request, const struct photo_request_rules *rules,
                 struct protocol_body *body, openai_read_function *read, caption_error *error);

/* {"error": {"message", "type", "param", "code"}}. */
bool openai_write_error(unsigned status, const char *message, FILE *stream, caption_error *error);

#endif

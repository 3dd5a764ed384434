/* Bodies of requests, in every protocol: the first byte chooses it. What is read can be answered,
 * and the answer of JSON is JSON. Of those that read parameters, what lies before the first newline
 * is the query, and the rest the photo. */
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"
#include "serve/access.h"
#include "serve/protocol.h"

static void answer(const struct protocol *protocol, const struct photo_request *request) {
    static char text[] = "a dog runs", name[] = "dog";
    caption_text captions[2] = {{.text = text, .logprob = -1, .confidence = 0.5},
                                {.text = text, .logprob = -2, .confidence = 0.5}};
    caption_tag tags[] = {{.name = name, .confidence = 0.5}};
    caption_result results[PHOTO_REQUEST_MOST_PHOTOS];
    for (size_t i = 0; i < PHOTO_REQUEST_MOST_PHOTOS; i++)
        results[i] =
            (caption_result){.count = 2, .captions = captions, .tag_count = 1, .tags = tags};
    const struct protocol_facts facts = {.model = "caption", .number = 1};
    struct text_stream stream;
    caption_error error;
    FUZZ_MUST(text_stream_open(&stream, "an answer", &error));
    FUZZ_MUST(protocol->write(request, results, &facts, stream.stream, &error));
    char *written = text_stream_close(&stream, &error);
    FUZZ_MUST(written != NULL && stream.size > 0);
    if (!request->stream) {
        cJSON *json = json_parse(written, stream.size, "an answer", &error);
        FUZZ_MUST(json != NULL);
        cJSON_Delete(json);
    }
    free(written);
}

static void must_be_json(struct text_stream *stream) {
    caption_error error;
    char *written = text_stream_close(stream, &error);
    FUZZ_MUST(written != NULL && stream->size > 0);
    cJSON *json = json_parse(written, stream->size, "an answer", &error);
    FUZZ_MUST(json != NULL);
    cJSON_Delete(json);
    free(written);
}

/* Of every protocol: JSON, whatever the message is. */
static void refuse(const struct protocol *protocol, unsigned status, const char *message) {
    struct text_stream stream;
    caption_error error;
    FUZZ_MUST(text_stream_open(&stream, "an answer", &error));
    FUZZ_MUST(protocol->write_error(status, message, stream.stream, &error));
    must_be_json(&stream);
}

static void suggest(const struct photo_request *request) {
    static const char word[] = "dog";
    caption_word found[] = {{.text = word, .logprob = -1, .rank = 1}};
    const caption_words words = {.count = 1, .words = found, .begun = strlen(request->text) / 2};
    struct text_stream stream;
    caption_error error;
    FUZZ_MUST(text_stream_open(&stream, "an answer", &error));
    FUZZ_MUST(protocol_suggest.write_words(request, &words, stream.stream, &error));
    must_be_json(&stream);
}

/* "name=value&name" as the server hands it over; the photo is what follows the line. */
static void take_query(struct protocol_body *body) {
    char *end = memchr(body->bytes, '\n', body->size), *saved;
    const size_t length = end ? (size_t)(end - body->bytes) : body->size;
    char *query = fuzz_text((const uint8_t *)body->bytes, length);
    for (char *part = strtok_r(query, "&", &saved);
         part && body->argument_count < PROTOCOL_MOST_ARGUMENTS;
         part = strtok_r(NULL, "&", &saved)) {
        char *value = strchr(part, '=');
        if (value) *value++ = '\0';
        body->arguments[body->argument_count++] =
            (struct protocol_argument){strdup(part), value ? strdup(value) : NULL};
    }
    free(query);
    body->size = end ? body->size - length - 1 : 0;
    if (end) memmove(body->bytes, end + 1, body->size);
}

/* What stands in headers; of all tokens one is right. */
static void check_access(const char *text) {
    static const char *const names[] = {"photos.example", "http://photos.example"};
    const struct access_rules rules = {
        .own = "localhost", .hosts = {names, 1}, .origins = {names + 1, 1}, .token = "secret"};
    access_host(&rules, text);
    FUZZ_MUST(access_is_shared(&rules, text) == (strcasecmp(text, names[1]) == 0));
    FUZZ_MUST(access_origin(&rules, text, text) || !access_is_shared(&rules, text));
    const bool right = strncasecmp(text, "Bearer ", 7) == 0 && strcmp(text + 7, "secret") == 0;
    FUZZ_MUST(access_token(&rules, text) == right);
}

static const struct protocol *choose(uint8_t byte) {
    static const struct protocol *const of_json[] = {&protocol_ollama_generate,
                                                     &protocol_ollama_chat, &protocol_openai_chat,
                                                     &protocol_openai_responses};
    if ((byte & 64) == 0) return of_json[byte % 4];
    return byte % 2 ? &protocol_suggest : &protocol_plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const caption_options options = caption_options_default();
    if (size == 0) return 0;
    const struct protocol *protocol = choose(bytes[0]);
    const struct photo_request_rules rules = {.options = &options,
                                              .prompt_as_prefix = (bytes[0] & 4) != 0,
                                              .no_sampling = (bytes[0] & 8) != 0,
                                              .has_tags = true};
    struct protocol_body body = {.bytes = fuzz_text(bytes + 1, size - 1), .size = size - 1};
    struct photo_request request;
    caption_error error = {0};
    check_access(body.bytes);
    if (protocol->takes_form) take_query(&body);
    photo_request_init(&request, &rules);
    if (!protocol->read(&request, &rules, &body, &error)) {
        fuzz_check_error(&error);
        refuse(protocol, 400 + bytes[0], error.message);
    } else if (request.text) {
        FUZZ_MUST(request.photo_count == 0 || !*request.photo_id);
        FUZZ_MUST(strlen(request.text) <= 500 && request.options.top >= 1);
        suggest(&request);
    } else {
        FUZZ_MUST(request.photo_count > 0 || request.loads);
        FUZZ_MUST(request.options.top >= 1 && request.options.top <= request.options.beam_size);
        FUZZ_MUST(request.options.max_length >= 1 && request.options.max_length <= 20);
        answer(protocol, &request);
    }
    photo_request_free(&request);
    protocol_body_free(&body);
    return 0;
}

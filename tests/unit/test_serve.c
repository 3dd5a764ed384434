/* The parts of `caption serve` that know no sockets: base64, bodies of requests, who may ask, the
 * queue, connections, log lines, counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>

#include "base/error.h"
#include "base/text.h"
#include "decode/rows.h"
#include "serve/access.h"
#include "serve/caches.h"
#include "serve/log.h"
#include "serve/photo_request.h"
#include "serve/protocol.h"
#include "serve/site.h"
#include "serve/workers.h"

static void base64_is_decoded_strictly(void **state) {
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } cases[] = {{"", ""},
                 {"TQ==", "M"},
                 {"TWE=", "Ma"},
                 {"TWFu", "Man"},
                 {"+/+/", "\xfb\xff\xbf"},
                 {"TQ", NULL},
                 {"TQ=", NULL},
                 {"TQ==\n", NULL},
                 {"T Q=", NULL},
                 {"TR==", NULL},
                 {"TWF=", NULL},
                 {"====", NULL},
                 {"TQ==TQ==", NULL},
                 {"-_-_", NULL},
                 {"TWF\xc3", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[64];
        size_t size = 99;
        caption_error error = {0};
        snprintf(bytes, sizeof bytes, "%s", cases[i].text);
        const bool done =
            base64_decode(bytes, strlen(bytes), (uint8_t *)bytes, &size, "images[0]", &error);
        assert_int_equal(done, cases[i].bytes != NULL);
        if (!done) assert_non_null(strstr(error.message, "images[0]"));
        if (!done) continue;
        assert_int_equal(size, strlen(cases[i].bytes));
        assert_memory_equal(bytes, cases[i].bytes, size);
    }
}

/* A body that was read. */
struct reading {
    caption_options options;
    struct photo_request_rules rules;
    struct photo_request request;
    caption_error error;
    bool done;
};

static void read_body(struct reading *reading, const struct protocol *protocol, const char *text) {
    struct protocol_body body = {.bytes = strdup(text), .size = strlen(text)};
    reading->options = caption_options_default();
    reading->rules.options = &reading->options;
    reading->error = (caption_error){0};
    photo_request_init(&reading->request, &reading->rules);
    reading->done = protocol->read(&reading->request, &reading->rules, &body, &reading->error);
    protocol_body_free(&body);
}

static void bodies_become_requests(void **state) {
    (void)state;
    struct reading r = {.rules = {.has_tags = true}};
    read_body(
        &r, &protocol_ollama_generate,
        "{\"images\": [\"T\\r\\nWFu\\n\", \"data:image/png;base64,TQ==\"], \"format\": \"json\","
        "\"options\": {\"temperature\": 0.5, \"seed\": 7, \"num_predict\": 5}}");
    assert_true(r.done);
    assert_int_equal(r.request.photo_count, 2);
    assert_memory_equal(r.request.photos[0].bytes, "Man", 3);
    assert_int_equal(r.request.photos[1].size, 1);
    assert_true(r.request.stream && r.request.json && r.request.options.sample);
    assert_int_equal(r.request.options.seed, 7);
    assert_int_equal(r.request.options.max_length, 5);
    assert_int_equal(r.request.options.tags, PHOTO_REQUEST_TAGS);
    assert_null(r.request.prefix);
    photo_request_free(&r.request);

    read_body(&r, &protocol_ollama_generate,
              "{\"images\": [\"TWFu\"], \"options\": {\"temperature\": 0, \"top_k\": 40, "
              "\"num_predict\": 500}}");
    assert_true(r.done && !r.request.options.sample && !r.request.shortened);
    assert_int_equal(r.request.options.max_length, caption_options_default().max_length);
    photo_request_free(&r.request);

    read_body(&r, &protocol_openai_chat,
              "{\"n\": 8, \"messages\": [{\"content\": [{\"type\": \"image_url\", \"image_url\": "
              "{\"url\": \"data:image/jpeg;base64,TWFu\"}}]}, {\"content\": \"more\"}]}");
    assert_true(r.done && !r.request.stream);
    assert_int_equal(r.request.options.top, 8);
    assert_int_equal(r.request.options.beam_size, 8);
    photo_request_free(&r.request);

    read_body(&r, &protocol_ollama_generate, "{\"model\": \"caption\"}");
    assert_true(r.done && r.request.loads);
    photo_request_free(&r.request);
}

static void wrong_bodies_are_refused_with_the_field(void **state) {
    (void)state;
    static const struct {
        const struct protocol *protocol;
        const char *body, *message;
    } cases[] = {
        {&protocol_ollama_generate, "[", "not valid JSON"},
        {&protocol_ollama_generate, "[]", "expected an object"},
        {&protocol_ollama_generate, "{\"prompt\": \"hi\"}", "expected a photo"},
        {&protocol_ollama_generate, "{\"images\": \"TWFu\"}", "images: expected an array"},
        {&protocol_ollama_generate, "{\"images\": [\"TWFu\", 3]}", "images[1]: expected a string"},
        {&protocol_ollama_generate, "{\"images\": [\"TWF\"]}", "images[0]"},
        {&protocol_ollama_generate, "{\"images\": [\"\"]}", "images[0]: expected a photo"},
        {&protocol_ollama_generate, "{\"images\": [\"http://a/b\"]}", "no request leaves"},
        {&protocol_ollama_generate, "{\"images\": [\"TWFu\"], \"stream\": 1}", "stream"},
        {&protocol_ollama_generate, "{\"images\": [\"TWFu\"], \"options\": {\"temperature\": 1e9}}",
         "options.temperature"},
        {&protocol_ollama_chat, "{\"messages\": [{\"images\": \"x\"}]}", "images: expected"},
        {&protocol_openai_chat, "{}", "messages: missing"},
        {&protocol_openai_chat, "{\"n\": 0, \"messages\": []}", "n: is 0"},
        {&protocol_openai_chat,
         "{\"messages\": [{\"content\": [{\"type\": \"image_url\", "
         "\"image_url\": {\"url\": \"TWFu\"}}]}]}",
         "expected a data URL"},
        {&protocol_openai_responses, "{\"input\": \"hello\"}", "input_image"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading r = {0};
        read_body(&r, cases[i].protocol, cases[i].body);
        if (r.done || !strstr(r.error.message, cases[i].message))
            fail_msg("%s: %s", cases[i].body, r.done ? "taken" : r.error.message);
        photo_request_free(&r.request);
    }
}

static void prompts_and_sampling_count_where_the_server_says_so(void **state) {
    (void)state;
    static const char body[] = "{\"images\": [\"TWFu\"], \"prompt\": \"a dog\", \"options\": "
                               "{\"temperature\": 1}}";
    struct reading r = {.rules = {.prompt_as_prefix = true, .no_sampling = true}};
    read_body(&r, &protocol_ollama_generate, body);
    assert_string_equal(r.request.options.prefix, "a dog");
    assert_false(r.request.options.sample);
    photo_request_free(&r.request);
}

static bool read_arguments(struct reading *reading, const char *photo,
                           const char *const (*arguments)[2], size_t count) {
    struct protocol_body body = {.bytes = strdup(photo), .size = strlen(photo)};
    for (size_t i = 0; i < count; i++)
        body.arguments[body.argument_count++] = (struct protocol_argument){
            strdup(arguments[i][0]), arguments[i][1] ? strdup(arguments[i][1]) : NULL};
    reading->options = caption_options_default();
    reading->rules.options = &reading->options;
    reading->error = (caption_error){0};
    photo_request_init(&reading->request, &reading->rules);
    reading->done =
        protocol_suggest.read(&reading->request, &reading->rules, &body, &reading->error);
    protocol_body_free(&body);
    return reading->done;
}

static void words_are_asked_for_about_a_photo_its_name_or_none(void **state) {
    (void)state;
    static const char id[] = "0123456789abcdef0123456789abcdef";
    static const char *const good[][2] = {{"text", "a dog"}, {"top", "3"}, {"photo", id}};
    struct reading r = {0};
    assert_true(read_arguments(&r, "", good, 3));
    assert_string_equal(r.request.text, "a dog");
    assert_string_equal(r.request.photo_id, id);
    assert_int_equal(r.request.options.top, 3);
    photo_request_free(&r.request);
    assert_true(read_arguments(&r, "P6", good, 2));
    assert_int_equal(r.request.photo_count, 1);
    photo_request_free(&r.request);
    assert_true(read_arguments(&r, "", good, 0));
    assert_string_equal(r.request.text, "");
    assert_int_equal(r.request.options.top, 5);
    photo_request_free(&r.request);

    assert_false(read_arguments(&r, "P6", good, 3)); /* its bytes and a name */
    photo_request_free(&r.request);
    static const char *const wrong[][2] = {{"photo", "0123456789ABCDEF0123456789ABCDEF"},
                                           {"photo", "0123"},
                                           {"photo", NULL},
                                           {"top", "0"},
                                           {"top", "65"},
                                           {"top", "1e1"},
                                           {"words", "a"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (read_arguments(&r, "", &wrong[i], 1)) fail_msg("%s=%s", wrong[i][0], wrong[i][1]);
        photo_request_free(&r.request);
    }
}

static void hosts_are_checked_against_rebinding(void **state) {
    (void)state;
    static const char *const more[] = {"photos.example"};
    const struct access_rules rules = {.own = "captions", .hosts = {more, 1}};
    static const char *const ours[] = {"localhost",       "LOCALHOST:11434",   "a.localhost:1",
                                       "127.0.0.1:11434", "[::1]:11434",       "192.168.1.5",
                                       "captions:80",     "Photos.Example:443"};
    static const char *const others[] = {"",
                                         "evil.example",
                                         "localhost.evil.example:11434",
                                         "127.0.0.1.evil.example",
                                         "localhost:80:80",
                                         "localhost:evil",
                                         "[::1",
                                         "::1",
                                         "photos.example.org"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!access_host(&rules, ours[i])) fail_msg("%s is ours", ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (access_host(&rules, others[i])) fail_msg("%s is not ours", others[i]);
    assert_true(access_host(&rules, NULL));
}

static void pages_from_elsewhere_may_not_ask(void **state) {
    (void)state;
    static const char *const shared[] = {"https://photos.example"};
    struct access_rules rules = {.own = "localhost", .origins = {shared, 1}, .token = "secret"};
    assert_true(access_origin(&rules, NULL, "localhost:1"));
    assert_true(access_origin(&rules, "http://localhost:1", "localhost:1"));
    assert_true(access_origin(&rules, "https://photos.example", "localhost:1"));
    assert_false(access_origin(&rules, "http://localhost:2", "localhost:1"));
    assert_false(access_origin(&rules, "null", "localhost:1"));
    assert_false(access_origin(&rules, "https://photos.example.org", "localhost:1"));
    assert_true(access_token(&rules, "Bearer secret"));
    assert_false(access_token(&rules, "Bearer secre"));
    assert_false(access_token(&rules, "Bearer secretsecret"));
    assert_false(access_token(&rules, "secret"));
    assert_false(access_token(&rules, NULL));
    rules.token = NULL;
    assert_true(access_token(&rules, NULL));
}

static void a_queue_is_bounded_and_divides_what_waits(void **state) {
    (void)state;
    struct queue *queue = queue_new(5, 2, NULL);
    int items[6];
    void *taken[8];
    for (size_t i = 0; i < 5; i++) assert_true(queue_put(queue, &items[i]));
    assert_false(queue_put(queue, &items[5]));
    assert_int_equal(queue_take(queue, taken, 8), 3); /* half of five */
    assert_ptr_equal(taken[0], &items[0]);
    assert_ptr_equal(taken[2], &items[2]);
    assert_true(queue_put(queue, &items[5]));
    assert_int_equal(queue_take(queue, taken, 1), 1);
    assert_int_equal(queue_length(queue), 2);
    queue_close(queue);
    assert_false(queue_put(queue, &items[0]));
    assert_int_equal(queue_take(queue, taken, 8), 1);
    assert_int_equal(queue_take(queue, taken, 8), 1);
    assert_ptr_equal(taken[0], &items[5]);
    assert_int_equal(queue_take(queue, taken, 8), 0);
    queue_free(queue);
}

static void what_the_model_fails_at_is_no_fault_of_the_request(void **state) {
    (void)state;
    caption_error error;
    const caption_error photo = {CAPTION_ERROR_FORMAT, "dog.jpg: is cut short"};
    const caption_error memory = {CAPTION_ERROR_MEMORY, "out of memory"};
    assert_int_equal(exchange_status_of(&photo), 400);
    assert_int_equal(exchange_status_of(&memory), 500);
    assert_false(rows_not_finite(&error));
    assert_int_equal(exchange_status_of(&error), 500);
}

static void late_connections_are_shut_down(void **state) {
    (void)state;
    int late[2], waiting[2];
    char byte;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, late), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, waiting), 0);
    struct connections *connections = connections_new(16, 10, NULL);
    struct connection_entry *first = connections_add(connections, late[0], 100);
    struct connection_entry *second = connections_add(connections, waiting[0], 100);
    connections_wait(connections, second, (double)INFINITY); /* it waits for us */
    assert_int_equal(connections_close_late(connections, 109), 0);
    assert_int_equal(connections_close_late(connections, 111), 1);
    assert_int_equal(read(late[1], &byte, 1), 0);
    assert_int_equal(send(waiting[0], "a", 1, 0), 1);
    connections_remove(connections, first);
    assert_int_equal(connections_count(connections), 1);
    /* Where nearly all are taken, a tenth of the time is left. */
    for (size_t i = 0; i < 14; i++) connections_add(connections, -1, 200);
    assert_int_equal(connections_close_late(connections, 202), 14);
    connections_free(connections);
    for (size_t i = 0; i < 2; i++) {
        close(late[i]);
        close(waiting[i]);
    }
}

static void log_values_cannot_be_forged(void **state) {
    (void)state;
    struct text_stream text;
    assert_true(text_stream_open(&text, "a line", NULL));
    log_write_value(text.stream, "plain");
    log_write_value(text.stream, "a \"b\"\n\x1b=\\");
    log_write_value(text.stream, "");
    log_write_value(text.stream, "caf\xc3\xa9");
    log_write_value(text.stream, "\xc2\x9b"
                                 "31m\xff");
    char *line = text_stream_close(&text, NULL);
    assert_string_equal(line, "plain\"a \\\"b\\\"\\x0a\\x1b=\\\\\"\"\"caf\xc3\xa9\"\\xc2\\x9b"
                              "31m\\xff\"");
    free(line);
}

static void counters_are_text_for_prometheus(void **state) {
    (void)state;
    struct metrics metrics;
    const char *paths[METRICS_ROUTES];
    const size_t count = routes_paths(paths);
    const struct metrics_gauges gauges = {.queue = 3};
    struct text_stream text;
    metrics_init(&metrics);
    metrics_count(&metrics, 7, 200, 1, 0.04);
    metrics_count(&metrics, 7, 400, 1, 20);
    metrics_count(&metrics, 7, 418, 0, 0);
    assert_true(text_stream_open(&text, "counters", NULL));
    metrics_write(&metrics, paths, count, &gauges, text.stream);
    char *written = text_stream_close(&text, NULL);
    static const char *const lines[] = {
        "caption_requests_total{path=\"/caption\",code=\"200\"} 1\n",
        "caption_requests_total{path=\"/caption\",code=\"other\"} 1\n",
        "caption_failures_total 2\n",
        "caption_request_seconds_bucket{le=\"0.05\"} 1\n",
        "caption_request_seconds_bucket{le=\"10\"} 1\n",
        "caption_request_seconds_bucket{le=\"+Inf\"} 2\n",
        "caption_queue_length 3\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(written, lines[i])) fail_msg("%s is not in %s", lines[i], written);
    free(written);
    metrics_free(&metrics);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) assert_string_not_equal(paths[i], paths[j]);
}

static void what_agrees_shares_a_session(void **state) {
    (void)state;
    const caption_options usual = caption_options_default();
    caption_options other = usual;
    other.seed = 9; /* read by sampling alone */
    assert_true(variants_equal(&usual, &other));
    other.neutral = true;
    assert_false(variants_equal(&usual, &other));
    other = usual;
    other.prefix = "a dog";
    assert_false(variants_equal(&usual, &other));
}

static void a_request_of_very_many_values_is_refused_before_it_is_parsed(void **state) {
    (void)state;
    enum { VALUES = 300000 };
    char *text = calloc(2 * VALUES + 2, 1);
    assert_non_null(text);
    text[0] = '[';
    for (size_t i = 0; i < VALUES; i++) memcpy(text + 1 + 2 * i, i + 1 < VALUES ? "0," : "0]", 2);
    struct protocol_body body = {.bytes = text, .size = 2 * VALUES + 1};
    caption_error error = {0};
    assert_null(protocol_json(&body, "the request", &error));
    assert_non_null(strstr(error.message, "more than"));
    text[0] = '"'; /* the same in a string is one value */
    text[2 * VALUES] = '"';
    cJSON *string = protocol_json(&body, "the request", &error);
    assert_true(cJSON_IsString(string));
    cJSON_Delete(string);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_decoded_strictly),
        cmocka_unit_test(bodies_become_requests),
        cmocka_unit_test(wrong_bodies_are_refused_with_the_field),
        cmocka_unit_test(prompts_and_sampling_count_where_the_server_says_so),
        cmocka_unit_test(words_are_asked_for_about_a_photo_its_name_or_none),
        cmocka_unit_test(hosts_are_checked_against_rebinding),
        cmocka_unit_test(pages_from_elsewhere_may_not_ask),
        cmocka_unit_test(a_queue_is_bounded_and_divides_what_waits),
        cmocka_unit_test(what_the_model_fails_at_is_no_fault_of_the_request),
        cmocka_unit_test(late_connections_are_shut_down),
        cmocka_unit_test(log_values_cannot_be_forged),
        cmocka_unit_test(counters_are_text_for_prometheus),
        cmocka_unit_test(what_agrees_shares_a_session),
        cmocka_unit_test(a_request_of_very_many_values_is_refused_before_it_is_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

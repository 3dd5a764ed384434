/* caption serve: captions over HTTP. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "decode/decode.h"
#include "image/image.h"
#include "serve/serve.h"

static const char name[] = "caption serve";

/* Flags of each kind. */
enum { NETWORK = 6, LIMITS = 8, ANSWERS = 4 };

enum { MOST_MEGABYTES = 1000, MOST_CONNECTIONS = 100000, MOST_SECONDS = 3600 };

struct serve_flags {
    struct serve_options options;
    struct decoding_options decoding;
    struct options_list hosts, origins;
    bool verbose, quiet, health;
    const char *sandbox;
    struct options_row network[NETWORK], limits[LIMITS], answers[ANSWERS];
};

static void tell_start(const struct serve_flags *flags, const struct server *server) {
    if (flags->quiet) return;
    fprintf(stderr, "%s: http://%s/\n", name, server_address(server));
    if (server_is_open(server))
        fprintf(stderr, "%s: anybody who reaches this address may ask (--token)\n", name);
}

/* The model and the socket are open, and nothing else is needed. */
static bool enter_sandbox(const char *mode, caption_error *error) {
    struct run_sandbox sandbox;
    return run_sandbox_open(&sandbox, mode, error) && run_sandbox_enter(&sandbox, error);
}

static bool run(struct serve_flags *flags, caption_error *error) {
    struct serve_options *options = &flags->options;
    decoding_options_settle(&flags->decoding);
    options->captioning = flags->decoding.caption;
    options->model = flags->decoding.model;
    options->access.own = options->host;
    options->access.hosts = (struct access_names){flags->hosts.items, flags->hosts.count};
    options->access.origins = (struct access_names){flags->origins.items, flags->origins.count};
    if (!options->access.token) options->access.token = getenv("CAPTION_TOKEN");
    if (options->access.token && !*options->access.token)
        return error_set(error, CAPTION_ERROR_ARGUMENT, "--token, $CAPTION_TOKEN: is empty");
    if (flags->verbose) options->log = stderr;
    interrupt_listen();
    struct server *server = server_new(options, error);
    const bool started =
        server && enter_sandbox(flags->sandbox, error) && server_start(server, error);
    if (started) {
        tell_start(flags, server);
        server_run(server, interrupt_came);
    }
    server_free(server);
    return started;
}

enum { HEALTH_SECONDS = 5 };

static bool ask_health(struct serve_flags *flags, caption_error *error) {
    const struct serve_options *options = &flags->options;
    return health_ask(options->host, options->port, HEALTH_SECONDS, error);
}

static void set_network(struct serve_flags *flags) {
    struct serve_options *o = &flags->options;
    const struct options_row rows[NETWORK] = {
        {0, "host", OPTIONS_STRING, &o->host, "NAME", 0, 0,
         "name or address to listen on; 0.0.0.0: every address of this machine", NULL},
        {0, "port", OPTIONS_SIZE, &o->port, "N", 0, 65535,
         "port to listen on; the default is Ollama's, 0: any that is free", NULL},
        {0, "token", OPTIONS_STRING, &o->access.token, "TEXT", 0, 0,
         "requests must have the header Authorization: Bearer TEXT; $CAPTION_TOKEN does the same "
         "and is not seen in lists of processes. The page asks for it",
         NULL},
        {0, "allow-host", OPTIONS_REPEATED, &flags->hosts, "NAME", 0, 0,
         "further name that this server is called by, as in http://NAME:11434; others are refused, "
         "but addresses, localhost and the machine's name. *: any",
         NULL},
        {0, "allow-origin", OPTIONS_REPEATED, &flags->origins, "ORIGIN", 0, 0,
         "web pages from there may ask, as https://photos.example; *: any (CORS)", NULL},
        {0, "health", OPTIONS_ON, &flags->health, NULL, 0, 0,
         "ask the server at --host and --port whether it is well, and end with 0 or 1; for probes "
         "of containers",
         NULL},
    };
    memcpy(flags->network, rows, sizeof rows);
}

static void set_limits(struct serve_flags *flags) {
    struct serve_options *o = &flags->options;
    caption_options *caption = &flags->decoding.caption;
    const struct options_row rows[LIMITS] = {
        {0, "max-body", OPTIONS_SIZE, &o->most_body, "MB", 1, MOST_MEGABYTES,
         "megabytes of a request; a photo in base64 takes a third more than its file", NULL},
        {0, "body-memory", OPTIONS_SIZE, &o->most_bodies, "MB", 1, 1000 * MOST_MEGABYTES,
         "megabytes of all requests together; one that would pass them is answered 503, a larger "
         "one 413",
         NULL},
        {0, "max-pixels", OPTIONS_SIZE, &caption->max_pixels, "N", 1, (double)IMAGE_MAX_PIXELS,
         "photos that have more pixels are refused, not decoded", NULL},
        {0, "memory", OPTIONS_SIZE, &caption->memory, "MB", 0, PLAN_MAX_MEMORY,
         "megabytes that the photos being decoded may take, of all threads together. 0: a quarter "
         "of the machine's memory",
         NULL},
        {0, "connections", OPTIONS_SIZE, &o->most_connections, "N", 1, MOST_CONNECTIONS,
         "connections that may be open; more wait", NULL},
        {0, "queue", OPTIONS_SIZE, &o->most_queue, "N", 1, MOST_CONNECTIONS,
         "requests that may wait for a thread; one more is answered 503", NULL},
        {0, "time-limit", OPTIONS_SIZE, &o->seconds, "S", 1, MOST_SECONDS,
         "seconds that a client may take to send a request or to read its answer, and that a "
         "request may wait for a thread",
         NULL},
        RUN_SANDBOX_FLAG(flags->sandbox),
    };
    memcpy(flags->limits, rows, sizeof rows);
}

static void set_answers(struct serve_flags *flags) {
    struct serve_options *o = &flags->options;
    const struct options_row rows[ANSWERS] = {
        {0, "prompt-as-prefix", OPTIONS_ON, &o->prompt_as_prefix, NULL, 0, 0,
         "the prompt of a request begins its captions; without this flag, it is not read", NULL},
        {0, "no-sampling", OPTIONS_ON, &o->no_sampling, NULL, 0, 0,
         "temperature, top_k, top_p and seed of requests are not read; every caption is that of "
         "`caption PHOTO`",
         NULL},
        {'q', "quiet", OPTIONS_ON, &flags->quiet, NULL, 0, 0, "do not print the address", NULL},
        {'v', "verbose", OPTIONS_ON, &flags->verbose, NULL, 0, 0,
         "a line a request on stderr, as logfmt", NULL},
    };
    memcpy(flags->answers, rows, sizeof rows);
}

int command_serve(int argc, char **argv) {
    struct serve_flags flags = {.sandbox = "auto"};
    flags.options = serve_options_default();
    decoding_options_init(&flags.decoding);
    flags.decoding.caption.max_pixels = flags.options.captioning.max_pixels;
    set_network(&flags);
    set_limits(&flags);
    set_answers(&flags);
    const struct options_group groups[] = {
        {"Network", flags.network, NETWORK},
        {"Limits", flags.limits, LIMITS},
        {"Answers", flags.answers, ANSWERS},
        decoding_options_group(&flags.decoding),
    };
    const struct options_command command = {
        name,
        "[OPTIONS]",
        "Captions photos over HTTP: for programs that know Ollama or OpenAI, for curl, and on a\n"
        "page for browsers. It asks nobody else, and what is asked in words is not read.\n"
        "\n"
        "  POST /caption               a photo's bytes, or a form; ?top=3&neutral=1&tags=5\n"
        "  POST /suggest               words likely to come next; ?text=a%20do&top=5, the body: a\n"
        "                              photo, or nothing; ?photo=NAME: the same photo again\n"
        "  POST /api/generate, /api/chat                    as Ollama does\n"
        "  POST /v1/chat/completions, /v1/responses         as OpenAI does\n"
        "  GET  /                      the page; /healthz, /metrics (Prometheus)\n"
        "SIGTERM and Ctrl-C finish what is in hand; a second one ends at once.\n",
        groups,
        sizeof groups / sizeof *groups,
        "host port token allow-host allow-origin max-body queue time-limit prompt-as-prefix "
        "no-sampling verbose model neutral style precision threads"};
    int status;
    caption_error error;
    if (command_begin(&command, argc, argv, 0, 0, &status))
        status = (flags.health ? ask_health : run)(&flags, &error)
                     ? COMMAND_DONE
                     : command_error(&command, &error);
    options_list_free(&flags.hosts);
    options_list_free(&flags.origins);
    return command_finish(&command, status);
}

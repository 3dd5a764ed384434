/* Milliseconds a photo: one call of many, as many calls of one session, and as many of a session
 * and a captioner each.
 *
 *     bench_sessions MODEL PHOTO.jpg [THREADS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/terminal.h"
#include "caption.h"

enum { PHOTOS = 30, ROUNDS = 5 };

struct bench {
    const caption_model *model;
    const caption_options *options;
    caption_session *session;
    const char *paths[PHOTOS];
    caption_result results[PHOTOS];
};

static bool one_call(struct bench *bench, caption_error *error) {
    return caption_session_photos(bench->session, bench->paths, PHOTOS, bench->results, error);
}

static bool many_calls(struct bench *bench, caption_error *error) {
    bool done = true;
    for (size_t i = 0; done && i < PHOTOS; i++)
        done =
            caption_session_photos(bench->session, &bench->paths[i], 1, &bench->results[i], error);
    return done;
}

static bool prepare_each(struct bench *bench, caption_error *error) {
    bool done = true;
    for (size_t i = 0; done && i < PHOTOS; i++) {
        caption_captioner *captioner = caption_captioner_new(bench->model, bench->options, error);
        caption_session *session = captioner ? caption_session_new(captioner, error) : NULL;
        done = session &&
               caption_session_photos(session, &bench->paths[i], 1, &bench->results[i], error);
        caption_session_free(session);
        caption_captioner_free(captioner);
    }
    return done;
}

/* The best of some rounds, which take turns: the machine's other work only ever adds. */
static bool measure(struct bench *bench, caption_error *error) {
    static const struct {
        const char *name;
        bool (*run)(struct bench *, caption_error *);
    } ways[] = {{"one_call", one_call}, {"calls", many_calls}, {"prepared_each", prepare_each}};
    enum { WAYS = sizeof ways / sizeof *ways };
    double best[WAYS] = {1e30, 1e30, 1e30};
    for (size_t round = 0; round < ROUNDS * WAYS; round++) {
        const size_t way = round % WAYS;
        const double start = progress_clock();
        if (!ways[way].run(bench, error)) return false;
        const double seconds = progress_clock() - start;
        caption_results_free(bench->results, PHOTOS);
        if (seconds < best[way]) best[way] = seconds;
    }
    for (size_t i = 0; i < WAYS; i++) printf("%s %.3f\n", ways[i].name, 1e3 * best[i] / PHOTOS);
    return true;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: bench_sessions MODEL PHOTO.jpg [THREADS]\n");
        return 2;
    }
    caption_error error;
    caption_options options = caption_options_default();
    options.threads = count > 3 ? (size_t)strtoul(arguments[3], NULL, 10) : 1;
    caption_model *model = caption_model_open(arguments[1], &error);
    caption_captioner *captioner = model ? caption_captioner_new(model, &options, &error) : NULL;
    static struct bench bench;
    bench.model = model;
    bench.options = &options;
    bench.session = captioner ? caption_session_new(captioner, &error) : NULL;
    for (size_t i = 0; i < PHOTOS; i++) bench.paths[i] = arguments[2];
    const bool done = bench.session && measure(&bench, &error);
    if (!done) fprintf(stderr, "bench_sessions: %s\n", error.message);
    caption_session_free(bench.session);
    caption_captioner_free(captioner);
    caption_model_close(model);
    return done ? 0 : 1;
}

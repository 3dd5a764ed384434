/* Where the time of a cold `caption photo.jpg` goes: milliseconds of each part, as the program runs
 * them, one after the other, in a process that has done nothing before.
 *
 *     bench_start MODEL PHOTO.jpg [THREADS [ROUNDS]]
 *
 * Each round is a process of its own; a part counts with its median over the rounds. Prints a line
 * each, "encode 12.34", and at the end the sum of the parts. What a whole process takes beyond it
 * is the start of the program, the sandbox and the output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "decode/decode.h"
#include "image/photo.h"
#include "model/model.h"

enum part { OPEN, PACK, DECODE, WORKSPACES, ENCODE, SEARCH, PARTS };
enum { MOST_ROUNDS = 1000 };

static const char *const names[PARTS] = {
    [OPEN] = "open",     [PACK] = "pack",    [DECODE] = "decode", [WORKSPACES] = "workspaces",
    [ENCODE] = "encode", [SEARCH] = "search"};

struct bench {
    const char *model_path, *photo_path;
    size_t threads;
    struct model model;
    caption_options options;
    struct prepared prepared;
    struct threads *pool;
    struct inference_workspace *encoding;
    struct decode_workspace *decoding;
    float *input, *features;
};

static bool open_model(struct bench *b, caption_error *error) {
    return model_open(&b->model, b->model_path, error);
}

static bool pack(struct bench *b, caption_error *error) {
    return prepared_init(&b->prepared, &b->model, &b->options, b->threads, error);
}

static bool decode(struct bench *b, caption_error *error) {
    struct file_bytes file;
    const size_t size = b->model.preprocessing.size;
    b->input = memory_uninitialised(size, size * 3 * sizeof(float), "a photo", error);
    if (!b->input || !file_read(b->photo_path, PHOTO_MAX_BYTES, &file, error)) return false;
    const struct image_file photo = image_file_inspect(b->photo_path, file.data, file.size);
    const bool done = photo_load_memory(&photo, &b->model.preprocessing, NULL, b->input, error);
    file_bytes_free(&file);
    return done;
}

static bool make_workspaces(struct bench *b, caption_error *error) {
    b->features = memory_zeroed(b->model.encoder.features, sizeof(float), "features", error);
    b->pool = threads_new(b->threads, error);
    b->encoding = b->pool ? inference_workspace_new(b->prepared.encoder, b->pool, error) : NULL;
    b->decoding = b->encoding ? decode_workspace_new(b->prepared.plan, 1, error) : NULL;
    if (!b->features || !b->decoding) return false;
    decode_workspace_share(b->decoding, b->pool);
    return true;
}

static bool encode(struct bench *b, caption_error *error) {
    (void)error;
    inference_encoder_run(b->prepared.encoder, b->input, 1, b->encoding, b->features);
    return true;
}

static bool search(struct bench *b, caption_error *error) {
    struct decode_result result;
    if (!decode_features(b->decoding, b->features, 1, 0, &result, error)) return false;
    decode_results_free(&result, 1);
    return true;
}

/* A round, in a process of its own: the seconds of its parts go to the pipe. */
static void run_round(struct bench *b, int pipe_end) {
    static bool (*const parts[PARTS])(struct bench *, caption_error *) = {
        [OPEN] = open_model, [PACK] = pack,    [DECODE] = decode, [WORKSPACES] = make_workspaces,
        [ENCODE] = encode,   [SEARCH] = search};
    double seconds[PARTS];
    caption_error error;
    for (size_t part = 0; part < PARTS; part++) {
        const double start = progress_clock();
        if (!parts[part](b, &error)) {
            fprintf(stderr, "bench_start: %s\n", error.message);
            _exit(1);
        }
        seconds[part] = progress_clock() - start;
    }
    _exit(write(pipe_end, seconds, sizeof seconds) == (ssize_t)sizeof seconds ? 0 : 1);
}

static bool measure(struct bench *b, double seconds[PARTS]) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) run_round(b, ends[1]);
    close(ends[1]);
    const bool is_whole =
        read(ends[0], seconds, PARTS * sizeof *seconds) == (ssize_t)(PARTS * sizeof *seconds);
    close(ends[0]);
    int status;
    return waitpid(child, &status, 0) == child && status == 0 && is_whole;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: bench_start MODEL PHOTO.jpg [THREADS [ROUNDS]]\n");
        return 2;
    }
    static struct bench bench;
    static double times[PARTS][MOST_ROUNDS];
    bench.model_path = arguments[1];
    bench.photo_path = arguments[2];
    bench.threads = count > 3 ? (size_t)strtoul(arguments[3], NULL, 10) : 1;
    const size_t asked = count > 4 ? (size_t)strtoul(arguments[4], NULL, 10) : 31;
    const size_t rounds = asked < 1 ? 1 : size_smaller(asked, MOST_ROUNDS);
    bench.options = caption_options_default();
    bench.options.threads = bench.threads;
    for (size_t round = 0; round < rounds; round++) {
        double seconds[PARTS];
        if (!measure(&bench, seconds)) {
            fprintf(stderr, "bench_start: a round failed\n");
            return 1;
        }
        for (size_t part = 0; part < PARTS; part++) times[part][round] = seconds[part];
    }
    double sum = 0;
    for (size_t part = 0; part < PARTS; part++) {
        qsort(times[part], rounds, sizeof(double), compare);
        printf("%s %.2f\n", names[part], 1e3 * times[part][rounds / 2]);
        sum += times[part][rounds / 2];
    }
    printf("sum %.2f\n", 1e3 * sum);
    return 0;
}

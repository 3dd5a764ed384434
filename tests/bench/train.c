/* Photos per second of a training step of the encoder alone: forward, backward, sum of the
 * micro-batches' gradients, AdamW. As the trainer does it, on a pool of threads that share out the
 * micro-batches.
 *
 *     bench_train [photos a step [photos a micro-batch [threads [1 to recompute activations]]]]
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/terminal.h"
#include "model/encoder.h"
#include "train/update.h"

enum { ROUNDS = 6, MICRO_BATCHES = 64, THREADS = 64 };

struct bench {
    struct encoder encoder;
    struct parameters parameters;
    struct update update;
    struct threads *threads;
    struct encoder_workspace *workspaces[THREADS];
    real *gradients[MICRO_BATCHES];
    size_t micro_batches, photos; /* photos of a micro-batch */
    enum encoder_use use;
    real *images;   /* (micro-batches * photos, S, S, 3) */
    real *features; /* (micro-batches * photos, F) */
};

static void run_micro_batch(void *context, size_t item, size_t worker) {
    struct bench *b = context;
    const struct encoder *encoder = &b->encoder;
    const size_t image = encoder->size * encoder->size * 3;
    real *features = b->features + item * b->photos * encoder->features;
    update_clear(&b->update, b->gradients[item], true);
    encoder_forward(encoder, &b->parameters, b->images + item * b->photos * image, b->photos,
                    b->workspaces[worker], features);
    encoder_backward(encoder, &b->parameters, features, b->workspaces[worker], b->gradients[item]);
}

static void step(struct bench *b) {
    const struct update_rates rates = {
        .decoder = 1e-6F, .encoder = 1e-6F, .clip = 5, .weight_decay = 1e-4F};
    threads_for(b->threads, b->micro_batches, run_micro_batch, b);
    update_sum(&b->update, b->gradients, b->micro_batches, true, b->threads);
    update_step(&b->update, b->gradients[0], b->micro_batches * b->photos, &rates, b->threads);
}

/* The best of several rounds: the machine's other work only ever adds. */
static double photos_per_second(struct bench *b) {
    double best = 1e30;
    step(b);
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        step(b);
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    return (double)(b->micro_batches * b->photos) / best;
}

static bool bench_init(struct bench *b, size_t threads, caption_error *error) {
    const char *architecture = encoder_architecture("efficientnet_lite0");
    if (!encoder_init(&b->encoder, architecture, 224, false, &b->parameters, error) ||
        !parameters_allocate(&b->parameters, error) ||
        !update_init(&b->update, &b->parameters, 0.998F, error)) {
        return false;
    }
    struct random random = random_seeded(0, 0);
    encoder_randomise(&b->encoder, &b->parameters, &random);
    b->threads = threads_new(threads, error);
    const size_t photos = b->micro_batches * b->photos,
                 image = b->encoder.size * b->encoder.size * 3;
    b->images = calloc(photos * image, sizeof(real));
    b->features = calloc(photos * b->encoder.features, sizeof(real));
    if (!b->threads || !b->images || !b->features) return false;
    for (size_t i = 0; i < photos * image; i++) b->images[i] = (real)random_normal(&random);
    for (size_t i = 0; i < threads_count(b->threads); i++) {
        b->workspaces[i] = encoder_workspace_new(&b->encoder, b->photos, b->use, error);
        if (!b->workspaces[i]) return false;
    }
    for (size_t i = 0; i < b->micro_batches; i++) {
        b->gradients[i] = calloc(b->parameters.count, sizeof(real));
        if (!b->gradients[i]) return false;
    }
    return true;
}

static void bench_free(struct bench *b) {
    for (size_t i = 0; i < THREADS; i++) encoder_workspace_free(b->workspaces[i]);
    for (size_t i = 0; i < MICRO_BATCHES; i++) free(b->gradients[i]);
    free(b->images);
    free(b->features);
    threads_free(b->threads);
    update_free(&b->update);
    encoder_free(&b->encoder);
    parameters_free(&b->parameters);
}

static size_t argument(int count, char **arguments, int i, size_t otherwise) {
    return count > i ? (size_t)strtoul(arguments[i], NULL, 10) : otherwise;
}

int main(int count, char **arguments) {
    const size_t photos = argument(count, arguments, 1, 16);
    const size_t micro_batch = argument(count, arguments, 2, 4);
    const size_t threads = argument(count, arguments, 3, 2);
    if (micro_batch == 0 || photos == 0 || photos % micro_batch != 0 ||
        photos / micro_batch > MICRO_BATCHES || threads == 0 || threads > THREADS) {
        fprintf(stderr,
                "bench_train: expected photos in at most %d whole micro-batches, 1 to %d threads\n",
                MICRO_BATCHES, THREADS);
        return 2;
    }
    struct bench bench = {.micro_batches = photos / micro_batch,
                          .photos = micro_batch,
                          .use = argument(count, arguments, 4, 0) ? ENCODER_RECOMPUTATION
                                                                  : ENCODER_TRAINING};
    caption_error error = {.message = "out of memory"};
    const bool made = bench_init(&bench, threads, &error);
    if (made) {
        printf("%.2f\n", photos_per_second(&bench));
    } else {
        fprintf(stderr, "bench_train: %s\n", error.message);
    }
    bench_free(&bench);
    return made ? 0 : 1;
}

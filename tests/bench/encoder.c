/* Milliseconds per photo of the encoder, forward (as inference has it) and forward + backward (as
 * training has it), on 1 .. threads threads of which each has a workspace and a micro-batch of the
 * photos of its own.
 *
 *     bench_encoder [architecture [size [photos per micro-batch [threads [what]]]]]
 *
 * `what` is f32, bf16, int8 or training: that alone.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "infer/inference_encoder.h"
#include "model/encoder.h"

enum { ROUNDS = 8, REPEATS = 4 };

struct micro_batch {
    const struct encoder *encoder;
    const struct parameters *parameters;
    const struct inference_encoder *inference; /* and its workspace, or for training: */
    struct inference_workspace *inference_workspace;
    struct encoder_workspace *workspace;
    size_t photos;
    real *images, *features, *gradients;
};

static void pass(struct micro_batch *micro_batch) {
    if (micro_batch->inference) {
        inference_encoder_run(micro_batch->inference, micro_batch->images, micro_batch->photos,
                              micro_batch->inference_workspace, micro_batch->features);
        return;
    }
    encoder_forward(micro_batch->encoder, micro_batch->parameters, micro_batch->images,
                    micro_batch->photos, micro_batch->workspace, micro_batch->features);
    encoder_backward(micro_batch->encoder, micro_batch->parameters, micro_batch->features,
                     micro_batch->workspace, micro_batch->gradients);
}

static void *work(void *argument) {
    for (size_t i = 0; i < REPEATS; i++) pass(argument);
    return NULL;
}

/* The best of several rounds: the machine's other work only ever adds. */
static double milliseconds(struct micro_batch *micro_batches, size_t threads) {
    double best = 1e30;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        pthread_t others[64];
        for (size_t t = 1; t < threads; t++)
            pthread_create(&others[t], NULL, work, &micro_batches[t]);
        work(&micro_batches[0]);
        for (size_t t = 1; t < threads; t++) pthread_join(others[t], NULL);
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    return best * 1e3 / (double)(REPEATS * threads * micro_batches[0].photos);
}

/* For training where `inference` is NULL. */
static bool micro_batch_new(struct micro_batch *micro_batch, const struct encoder *encoder,
                            const struct parameters *parameters,
                            const struct inference_encoder *inference, size_t photos,
                            caption_error *error) {
    const size_t image = encoder->size * encoder->size * 3;
    *micro_batch = (struct micro_batch){
        .encoder = encoder, .parameters = parameters, .inference = inference, .photos = photos};
    if (inference) {
        micro_batch->inference_workspace = inference_workspace_new(inference, NULL, error);
        if (!micro_batch->inference_workspace) return false;
    } else {
        micro_batch->workspace = encoder_workspace_new(encoder, photos, ENCODER_TRAINING, error);
        micro_batch->gradients = calloc(parameters->count, sizeof(real));
        if (!micro_batch->workspace || !micro_batch->gradients) return false;
    }
    micro_batch->images = calloc(photos * image, sizeof(real));
    micro_batch->features = calloc(photos * encoder->features, sizeof(real));
    if (!micro_batch->images || !micro_batch->features) return false;
    struct random random = random_seeded(1, 0);
    for (size_t i = 0; i < photos * image; i++)
        micro_batch->images[i] = (real)random_normal(&random);
    return true;
}

static void micro_batch_free(struct micro_batch *micro_batch) {
    inference_workspace_free(micro_batch->inference_workspace);
    encoder_workspace_free(micro_batch->workspace);
    free(micro_batch->images);
    free(micro_batch->features);
    free(micro_batch->gradients);
}

static bool measure(const char *what, const struct encoder *encoder,
                    const struct parameters *parameters, const struct inference_encoder *inference,
                    size_t photos, size_t threads, caption_error *error) {
    struct micro_batch micro_batches[64] = {0};
    bool made = true;
    for (size_t t = 0; t < threads; t++) {
        made = made &&
               micro_batch_new(&micro_batches[t], encoder, parameters, inference, photos, error);
    }
    if (made) {
        printf("%-18s %zu photo(s) a micro-batch, %zu thread(s): %7.2f ms a photo\n", what, photos,
               threads, milliseconds(micro_batches, threads));
    }
    for (size_t t = 0; t < threads; t++) micro_batch_free(&micro_batches[t]);
    return made;
}

static bool measure_inference(const char *what, enum precision precision,
                              const struct encoder *encoder, const struct parameters *parameters,
                              size_t photos, size_t threads, caption_error *error) {
    const struct weights weights = {.parameters = parameters, .values = parameters->values};
    struct inference_encoder *inference =
        inference_encoder_new(encoder, &weights, precision, error);
    const bool done =
        inference && measure(what, encoder, parameters, inference, 1, 1, error) &&
        (threads == 1 || measure(what, encoder, parameters, inference, 1, threads, error)) &&
        (photos == 1 || measure(what, encoder, parameters, inference, photos, 1, error));
    inference_encoder_free(inference);
    return done;
}

static bool measure_training(const struct encoder *encoder, const struct parameters *parameters,
                             size_t photos, size_t threads, caption_error *error) {
    static const char what[] = "forward + backward";
    return measure(what, encoder, parameters, NULL, photos, 1, error) &&
           (threads == 1 || measure(what, encoder, parameters, NULL, photos, threads, error));
}

static size_t argument(int count, char **arguments, int i, size_t otherwise) {
    return count > i ? (size_t)strtoul(arguments[i], NULL, 10) : otherwise;
}

/* All that is asked for: everything where `only` is NULL. */
static bool measure_all(const char *only, const struct encoder *encoder,
                        const struct parameters *parameters, size_t photos, size_t threads,
                        caption_error *error) {
    static const struct {
        const char *name, *label;
        enum precision precision;
    } ways[] = {{"f32", "forward", PRECISION_F32},
                {"bf16", "forward bf16", PRECISION_BF16},
                {"int16", "forward int16", PRECISION_INT16},
                {"int8", "forward int8", PRECISION_INT8}};
    bool done = true;
    for (size_t i = 0; done && i < sizeof ways / sizeof *ways; i++)
        if (!only || strcmp(only, ways[i].name) == 0)
            done = measure_inference(ways[i].label, precision_native(ways[i].precision), encoder,
                                     parameters, photos, threads, error);
    if (!done || (only && strcmp(only, "training") != 0)) return done;
    return measure_training(encoder, parameters, photos, threads, error);
}

int main(int count, char **arguments) {
    const char *architecture =
        encoder_architecture(count > 1 ? arguments[1] : "efficientnet_lite0");
    const size_t size = argument(count, arguments, 2, 224);
    const size_t photos = argument(count, arguments, 3, 4);
    const size_t threads = argument(count, arguments, 4, 2);
    if (photos == 0 || threads == 0 || threads > 64) {
        fprintf(stderr, "bench_encoder: expected 1 or more photos and 1 to 64 threads\n");
        return 2;
    }
    caption_error error = {0};
    struct parameters parameters = {0};
    struct encoder encoder = {0};
    bool done = encoder_init(&encoder, architecture, size, false, &parameters, &error) &&
                parameters_allocate(&parameters, &error);
    if (done) {
        struct random random = random_seeded(0, 0);
        encoder_randomise(&encoder, &parameters, &random);
        done = measure_all(count > 5 ? arguments[5] : NULL, &encoder, &parameters, photos, threads,
                           &error);
    }
    if (!done) fprintf(stderr, "bench_encoder: %s\n", error.message);
    encoder_free(&encoder);
    parameters_free(&parameters);
    return done ? 0 : 1;
}

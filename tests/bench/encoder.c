/* Milliseconds per photo of the encoder, forward and forward + backward, on 1 .. threads threads of
 * which each has a workspace and a slice of the photos of its own.
 *
 *     bench_encoder [architecture [size [photos per slice [threads]]]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/progress.h"
#include "model/encoder.h"

enum { ROUNDS = 8, REPEATS = 4 };

struct slice {
    const struct encoder *encoder;
    const struct parameters *parameters;
    struct encoder_workspace *workspace;
    size_t photos;
    bool backward;
    real *images, *features, *gradients;
};

static void *work(void *argument) {
    struct slice *slice = argument;
    for (size_t i = 0; i < REPEATS; i++) {
        encoder_forward(slice->encoder, slice->parameters, slice->parameters->values, slice->images,
                        slice->photos, slice->workspace, slice->features);
        if (slice->backward) {
            encoder_backward(slice->encoder, slice->parameters, slice->parameters->values,
                             slice->features, slice->workspace, slice->gradients);
        }
    }
    return NULL;
}

/* The best of several rounds: the machine's other work only ever adds. */
static double milliseconds(struct slice *slices, size_t threads) {
    double best = 1e30;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        pthread_t others[64];
        for (size_t t = 1; t < threads; t++) pthread_create(&others[t], NULL, work, &slices[t]);
        work(&slices[0]);
        for (size_t t = 1; t < threads; t++) pthread_join(others[t], NULL);
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    return best * 1e3 / (double)(REPEATS * threads * slices[0].photos);
}

static bool slice_new(struct slice *slice, const struct encoder *encoder,
                      const struct parameters *parameters, size_t photos, bool training,
                      caption_error *error) {
    const size_t image = encoder->size * encoder->size * 3;
    *slice = (struct slice){
        .encoder = encoder, .parameters = parameters, .photos = photos, .backward = training};
    slice->workspace = encoder_workspace_new(
        encoder, photos, training ? ENCODER_TRAINING : ENCODER_INFERENCE, error);
    slice->images = calloc(photos * image, sizeof(real));
    slice->features = calloc(photos * encoder->features, sizeof(real));
    slice->gradients = calloc(parameters->count, sizeof(real));
    if (!slice->workspace || !slice->images || !slice->features || !slice->gradients) return false;
    struct random random = random_seeded(1, 0);
    for (size_t i = 0; i < photos * image; i++) slice->images[i] = (real)random_normal(&random);
    return true;
}

static void slice_free(struct slice *slice) {
    encoder_workspace_free(slice->workspace);
    free(slice->images);
    free(slice->features);
    free(slice->gradients);
}

static bool measure(const struct encoder *encoder, const struct parameters *parameters,
                    size_t photos, size_t threads, bool training, caption_error *error) {
    struct slice slices[64] = {0};
    bool made = true;
    for (size_t t = 0; t < threads; t++) {
        made = made && slice_new(&slices[t], encoder, parameters, photos, training, error);
    }
    if (made) {
        printf("%-18s %zu photo(s) a slice, %zu thread(s): %7.2f ms a photo\n",
               training ? "forward + backward" : "forward", photos, threads,
               milliseconds(slices, threads));
    }
    for (size_t t = 0; t < threads; t++) slice_free(&slices[t]);
    return made;
}

static size_t argument(int count, char **arguments, int i, size_t otherwise) {
    return count > i ? (size_t)strtoul(arguments[i], NULL, 10) : otherwise;
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
        done = measure(&encoder, &parameters, 1, 1, false, &error) &&
               measure(&encoder, &parameters, photos, 1, false, &error) &&
               measure(&encoder, &parameters, photos, 1, true, &error) &&
               (threads == 1 || measure(&encoder, &parameters, photos, threads, true, &error));
    }
    if (!done) fprintf(stderr, "bench_encoder: %s\n", error.message);
    encoder_free(&encoder);
    parameters_free(&parameters);
    return done ? 0 : 1;
}

/* Where the encoder for inference spends its time: for each layer, as it is computed within its
 * block, the milliseconds of a photo, its GFLOP/s and their share of what the processor can do in
 * float on registers alone. One thread.
 *
 *     bench_encoder_layers [architecture [size [f32|bf16|int8]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd_level.h"
#include "base/terminal.h"
#include "infer/inference_kernels.h"

enum { PEAK_CHAINS = 12, PEAK_ROUNDS = 4000000, WARM_ROUNDS = 5, ROUNDS = 40 };

#define KERNEL_FILE "peak_kernel.h"
#include "base/simd_instances.h"

typedef float peak_function(size_t rounds);
static peak_function *const peaks[SIMD_LEVELS] = SIMD_BY_LEVEL(peak);
static const double widths[SIMD_LEVELS] = {4, 8, 16};

/* GFLOP/s of multiply-adds on registers, the best of a few rounds. */
static double measured_peak(void) {
    const enum simd_level level = simd_level();
    double best = 0;
    volatile float sink;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        sink = peaks[level](PEAK_ROUNDS / ROUNDS);
        const double seconds = progress_clock() - start;
        const double rate =
            2 * widths[level] * PEAK_CHAINS * (PEAK_ROUNDS / ROUNDS) / seconds * 1e-9;
        if (rate > best) best = rate;
    }
    (void)sink;
    return best;
}

/* A layer's weights and how long they were computed with. */
struct timed {
    void *weights;
    double seconds;
};

/* In the order in which they were made: that of the layers. */
static struct timed layers[1024];
static size_t layer_count;

/* The kernels with a clock around them, and how long lines were prepared. */
static const struct inference_kernels *plain;
static double preparing;

static void *timed_of(void *weights) {
    if (!weights) return NULL;
    layers[layer_count] = (struct timed){.weights = weights};
    return &layers[layer_count++];
}

static void *matrix_new(enum inference_role role, const struct encoder_layer *layer,
                        const void *depthwise, const struct weights *weights, struct arena *arena,
                        caption_error *error) {
    const struct timed *before = depthwise;
    return timed_of(
        plain->matrix_new(role, layer, before ? before->weights : NULL, weights, arena, error));
}

static void multiply(enum inference_role role, const void *matrix, size_t panel, size_t panels,
                     const struct inference_product *product) {
    struct timed *timed = &layers[(const struct timed *)matrix - layers];
    const double start = progress_clock();
    plain->multiply(role, timed->weights, panel, panels, product);
    timed->seconds += progress_clock() - start;
}

static void *depthwise_new(const struct encoder_layer *layer, const struct weights *weights,
                           struct arena *arena, caption_error *error) {
    return timed_of(plain->depthwise_new(layer, weights, arena, error));
}

static void depthwise(const void *depthwise, size_t panel, size_t panels,
                      const struct inference_strip *strip) {
    struct timed *timed = &layers[(const struct timed *)depthwise - layers];
    const double start = progress_clock();
    plain->depthwise(timed->weights, panel, panels, strip);
    timed->seconds += progress_clock() - start;
}

static void prepare(const float *line, size_t pixels, size_t channels, void *prepared) {
    const double start = progress_clock();
    plain->prepare(line, pixels, channels, prepared);
    preparing += progress_clock() - start;
}

static struct inference_kernels timed_kernels(void) {
    struct inference_kernels kernels = *plain;
    kernels.float_blocks = 0;
    if (kernels.prepare) kernels.prepare = prepare;
    kernels.matrix_new = matrix_new;
    kernels.multiply = multiply;
    kernels.depthwise_new = depthwise_new;
    kernels.depthwise = depthwise;
    return kernels;
}

static double multiply_adds(const struct encoder_layer *layer) {
    const struct convolution *shape = &layer->shape;
    const double outputs = (double)(shape->out_size * shape->out_size * shape->out_channels);
    const double taps = (double)(shape->kernel * shape->kernel);
    return outputs * taps * (layer->kind == ENCODER_DEPTHWISE ? 1 : (double)shape->in_channels);
}

static void print_row(const char *name, const char *shape, double seconds, double work,
                      double peak) {
    const double rate = 2 * work / seconds * 1e-9;
    printf("| %s | %s | %.3f | %.1f | %.1f | %.0f %% |\n", name, shape, seconds * 1e3, work * 1e-6,
           rate, 100 * rate / peak);
}

static void print_table(const struct encoder *encoder, const struct parameters *parameters,
                        double whole, double peak) {
    printf("Peak on registers (%s): %.1f GFLOP/s. Whole photo: %.3f ms.\n\n"
           "| layer | shape | ms | million multiply-adds | GFLOP/s | of the peak |\n"
           "|---|---|---|---|---|---|\n",
           simd_level_name(simd_level()), peak, whole * 1e3);
    double seconds = 0, work = 0;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        const struct encoder_layer *layer = &encoder->layers[i];
        const struct convolution *shape = &layer->shape;
        const char *name = parameters->tensors[layer->weight].name + strlen("encoder.");
        char label[64], size[64];
        snprintf(label, sizeof label, "%.*s", (int)(strlen(name) - strlen(".weight")), name);
        snprintf(size, sizeof size, "%zu x %zu, %zu to %zu, kernel %zu", shape->out_size,
                 shape->out_size, shape->in_channels, shape->out_channels, shape->kernel);
        print_row(label, size, layers[i].seconds / ROUNDS, multiply_adds(layer), peak);
        seconds += layers[i].seconds / ROUNDS;
        work += multiply_adds(layer);
    }
    print_row("all layers", "", seconds, work, peak);
    if (plain->prepare) printf("| rounding of lines | | %.3f | | | |\n", preparing / ROUNDS * 1e3);
}

/* The mean seconds of a photo; the layers' times are those of the same photos. */
static double run(const struct inference_encoder *encoder, struct inference_workspace *workspace,
                  const float *image, float *features) {
    double start = 0;
    for (size_t i = 0; i < WARM_ROUNDS + ROUNDS; i++) {
        if (i == WARM_ROUNDS) {
            for (size_t j = 0; j < layer_count; j++) layers[j].seconds = 0;
            preparing = 0;
            start = progress_clock();
        }
        inference_encoder_run(encoder, image, 1, workspace, features);
    }
    return (progress_clock() - start) / ROUNDS;
}

static bool measure(const struct encoder *encoder, const struct parameters *parameters,
                    caption_error *error) {
    const struct inference_kernels kernels = timed_kernels();
    const struct weights weights = {.parameters = parameters, .values = parameters->values};
    struct inference_encoder *inference =
        inference_encoder_with(encoder, &weights, &kernels, error);
    struct inference_workspace *workspace =
        inference ? inference_workspace_new(inference, NULL, error) : NULL;
    float *image = calloc(encoder->size * encoder->size * 3, sizeof *image);
    float *features = calloc(encoder->features, sizeof *features);
    const bool made = workspace && image && features;
    if (made) {
        struct random random = random_seeded(1, 0);
        for (size_t i = 0; i < encoder->size * encoder->size * 3; i++) {
            image[i] = random_normal(&random);
        }
        const double peak = measured_peak();
        print_table(encoder, parameters, run(inference, workspace, image, features), peak);
    }
    inference_workspace_free(workspace);
    inference_encoder_free(inference);
    free(image);
    free(features);
    return made;
}

int main(int count, char **arguments) {
    const char *architecture =
        encoder_architecture(count > 1 ? arguments[1] : "efficientnet_lite0");
    const size_t size =
        count > 2 ? (size_t)strtoul(arguments[2], NULL, 10) : encoder_default_size(architecture);
    enum precision precision = PRECISION_F32;
    if (count > 3 && strcmp(arguments[3], "bf16") == 0) precision = PRECISION_BF16;
    if (count > 3 && strcmp(arguments[3], "int16") == 0) precision = PRECISION_INT16;
    if (count > 3 && strcmp(arguments[3], "int8") == 0) precision = PRECISION_INT8;
    plain = inference_kernels(precision_native(precision));
    caption_error error = {0};
    struct parameters parameters = {0};
    struct encoder encoder = {0};
    bool done = encoder_init(&encoder, architecture, size, false, &parameters, &error) &&
                parameters_allocate(&parameters, &error);
    if (done) {
        struct random random = random_seeded(0, 0);
        encoder_randomise(&encoder, &parameters, &random);
        done = measure(&encoder, &parameters, &error);
    }
    if (!done) fprintf(stderr, "bench_encoder_layers: %s\n", error.message);
    encoder_free(&encoder);
    parameters_free(&parameters);
    return done ? 0 : 1;
}

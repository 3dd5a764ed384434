/* Captions a second by beam search: one photo at a time, and 64 together on 1 .. threads threads.
 *
 *     bench_beam [BEAM [WORDS [THREADS [f32|bf16 [VOCABULARY]]]]]      3 12 2 f32 3473
 *
 * Random weights of the shipped sizes (GRU 512, word vectors 512). Every caption has
 * exactly WORDS words, so that the work is known; beam_peer.py does the same work. Prints, a line
 * each: "beam search, 64 photo(s), 2 thread(s): 123.4 captions/s". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/terminal.h"
#include "decode/captioner.h"
#include "nn/blas.h"

enum { PHOTOS = 64, ROUNDS = 5 };

static bool make_model(struct model *model, size_t words, caption_error *error) {
    const struct model_design design = {.encoder = "efficientnet_lite0",
                                        .size = 224,
                                        .cell = "gru",
                                        .embedding = 512,
                                        .hidden = 512};
    struct vocabulary vocabulary;
    if (!vocabulary_init(&vocabulary, error)) return false;
    while (vocabulary.count < words) {
        char word[24];
        snprintf(word, sizeof word, "w%zu", vocabulary.count);
        if (!vocabulary_count(&vocabulary, word, 1, error)) return false;
    }
    if (!model_new(model, &design, &vocabulary, error)) return false;
    struct random random = random_seeded(1, 0);
    decoder_randomise(&model->decoder, &model->parameters, &random);
    return true;
}

/* Captions a second, the best of some rounds: the machine's other work only ever adds. */
static bool measure(const struct decode_plan *plan, const real *features, size_t photos,
                    size_t workers, caption_error *error) {
    static struct decode_result results[PHOTOS];
    struct threads *threads = workers > 1 ? threads_new(workers, error) : NULL;
    if (workers > 1 && !threads) return false;
    double best = 1e30;
    bool done = true;
    for (size_t round = 0; done && round <= ROUNDS; round++) {
        const double start = progress_clock();
        done = captioner_decode(plan, features, photos, threads, results, error);
        const double seconds = progress_clock() - start;
        if (done) decode_results_free(results, photos);
        if (round > 0 && seconds < best) best = seconds; /* the first warms up */
    }
    threads_free(threads);
    if (done) {
        printf("beam search, %zu photo(s), %zu thread(s): %.1f captions/s\n", photos, workers,
               (double)photos / best);
    }
    return done;
}

static size_t argument(int count, char **arguments, int i, size_t otherwise) {
    return count > i ? (size_t)strtoul(arguments[i], NULL, 10) : otherwise;
}

int main(int count, char **arguments) {
    const size_t beam = argument(count, arguments, 1, 3), words = argument(count, arguments, 2, 12);
    const size_t threads = argument(count, arguments, 3, 2);
    caption_error error = {0};
    struct model model;
    bool done = make_model(&model, argument(count, arguments, 5, 3473), &error);
    caption_options options = caption_options_default();
    options.beam_size = beam;
    options.min_length = options.max_length = words;
    options.no_repeat_ngram = 0;
    const bool narrow = count > 4 && strcmp(arguments[4], "bf16") == 0;
    options.precision = narrow ? CAPTION_PRECISION_BF16 : CAPTION_PRECISION_F32;
    struct decode_plan *plan = done ? decode_plan_new(&model, &options, &error) : NULL;
    const size_t width = done ? model.encoder.features : 0;
    real *features = calloc(PHOTOS * width, sizeof *features);
    struct random random = random_seeded(2, 0);
    for (size_t i = 0; features && i < PHOTOS * width; i++) features[i] = random_uniform(&random);
    done = plan && features && measure(plan, features, 1, 1, &error);
    for (size_t t = 1; done && t <= threads; t++) {
        done = measure(plan, features, PHOTOS, t, &error);
    }
    if (!done) fprintf(stderr, "bench_beam: %s\n", error.message);
    decode_plan_free(plan);
    free(features);
    return done ? 0 : 1;
}

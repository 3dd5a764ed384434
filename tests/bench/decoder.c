/* How fast the decoder learns: words a second of a training step on one thread, beside what bare
 * OpenBLAS needs for the same products, and an epoch of 30,000 captions on two threads.
 *
 *     decoder [CELL [HIDDEN [EMBEDDING [WORDS]]]]      lstm 512 256 3486
 *
 * 100 captions a step, each of an image vector, <start>, 11 words and <end>, with dropout and label
 * smoothing; then the sum of the micro-batches' gradients, their norm and Adam. On a machine that
 * others use as well, go by the processor time: it is what the clock shows once they are gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/terminal.h"
#include "base/threads.h"
#include "model/unroll.h"
#include "nn/adam.h"
#include "nn/blas.h"
#include "nn/vector.h"

enum {
    CAPTIONS = 100,            /* a batch */
    CAPTION_WORDS = 11,        /* of Flickr8k's captions, on average */
    STEPS = 2 + CAPTION_WORDS, /* vector and <start> before them, <end> after the last */
    FEATURES = 1280,
    EPOCH = 30000,
    PIECE = 1 << 16 /* numbers of the parameters that are one item of work */
};

static const struct unroll_regularisation regularisation = {
    .input_dropout = 0.5f, .output_dropout = 0.5f, .label_smoothing = 0.05f};

/* Some captions of the batch, with gradients of their own. */
struct micro_batch {
    struct unroll *unroll;
    struct unroll_window window;
    size_t captions;
    size_t active[STEPS];
    int32_t *inputs, *targets;
    real *vectors, *d_vectors, *states, *gradients;
    struct random random;
};

struct trainer {
    struct decoder decoder;
    struct parameters parameters;
    struct micro_batch *micro_batches;
    size_t micro_batch_count;
    real *first, *second;
    double *norms; /* of each piece of the parameters */
    struct adam adam;
};

static void *reserve(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "not enough memory\n");
        exit(1);
    }
    return memory;
}

static void micro_batch_init(struct micro_batch *micro_batch, const struct trainer *trainer,
                             size_t captions, uint64_t number) {
    const struct decoder *d = &trainer->decoder;
    caption_error error;
    micro_batch->captions = captions;
    micro_batch->random = random_seeded(1, number);
    micro_batch->unroll = unroll_new(d, captions, STEPS, &error);
    if (!micro_batch->unroll) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    micro_batch->inputs = reserve(captions * STEPS, sizeof *micro_batch->inputs);
    micro_batch->targets = reserve(captions * STEPS, sizeof *micro_batch->targets);
    micro_batch->vectors = reserve(captions * d->embedding, sizeof(real));
    micro_batch->d_vectors = reserve(captions * d->embedding, sizeof(real));
    micro_batch->states = reserve(captions * d->state, sizeof(real));
    micro_batch->gradients = reserve(trainer->parameters.count, sizeof(real));
    for (size_t t = 0; t < STEPS; t++) {
        micro_batch->active[t] = captions;
        for (size_t i = 0; i < captions; i++) {
            int32_t word = (int32_t)random_below(&micro_batch->random, d->words);
            micro_batch->inputs[t * captions + i] = t == 0 ? DECODER_VECTOR - (int32_t)i : word;
            micro_batch->targets[t * captions + i] = t == 0 ? DECODER_NOTHING : word;
        }
    }
    micro_batch->window = (struct unroll_window){.steps = STEPS,
                                                 .active = micro_batch->active,
                                                 .inputs = micro_batch->inputs,
                                                 .targets = micro_batch->targets,
                                                 .vectors = micro_batch->vectors,
                                                 .vector_count = captions};
}

static struct trainer *trainer_new(const struct cell *cell, const size_t sizes[3],
                                   size_t micro_batch_count) {
    struct trainer *trainer = reserve(1, sizeof *trainer);
    struct parameters *p = &trainer->parameters;
    caption_error error;
    if (!decoder_init(
            &trainer->decoder, cell,
            &(struct decoder_sizes){
                .words = sizes[2], .embedding = sizes[1], .hidden = sizes[0], .features = FEATURES},
            p, &error) ||
        !parameters_allocate(p, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    struct random random = random_seeded(1, 0);
    decoder_randomise(&trainer->decoder, p, &random);
    trainer->first = reserve(p->count, sizeof(real));
    trainer->second = reserve(p->count, sizeof(real));
    trainer->norms = reserve(p->count / PIECE + 1, sizeof(double));
    trainer->adam = (struct adam){.rate = 1e-4f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f};
    trainer->micro_batch_count = micro_batch_count;
    trainer->micro_batches = reserve(micro_batch_count, sizeof *trainer->micro_batches);
    for (size_t i = 0; i < micro_batch_count; i++) {
        micro_batch_init(&trainer->micro_batches[i], trainer, CAPTIONS / micro_batch_count, i);
    }
    return trainer;
}

static void trainer_free(struct trainer *trainer) {
    for (size_t i = 0; i < trainer->micro_batch_count; i++) {
        struct micro_batch *micro_batch = &trainer->micro_batches[i];
        unroll_free(micro_batch->unroll);
        free(micro_batch->inputs), free(micro_batch->targets), free(micro_batch->vectors),
            free(micro_batch->d_vectors);
        free(micro_batch->states), free(micro_batch->gradients);
    }
    free(trainer->micro_batches), free(trainer->first), free(trainer->second), free(trainer->norms);
    parameters_free(&trainer->parameters);
    free(trainer);
}

static void learn_micro_batch(void *context, size_t item, size_t worker) {
    (void)worker;
    struct trainer *trainer = context;
    struct micro_batch *micro_batch = &trainer->micro_batches[item];
    const struct parameters *p = &trainer->parameters;
    size_t targets = 0;
    memset(micro_batch->gradients, 0, p->count * sizeof(real));
    memset(micro_batch->states, 0, micro_batch->captions * trainer->decoder.state * sizeof(real));
    struct unroll_regularisation drawn = regularisation;
    drawn.random = &micro_batch->random;
    unroll_forward(micro_batch->unroll, p, &micro_batch->window, micro_batch->states, &drawn,
                   &targets);
    unroll_backward(micro_batch->unroll, p, 1.0f / (CAPTIONS * (STEPS - 1)), NULL,
                    micro_batch->d_vectors, micro_batch->gradients);
}

static size_t piece_size(const struct trainer *trainer, size_t item) {
    size_t left = trainer->parameters.count - item * PIECE;
    return left < PIECE ? left : PIECE;
}

/* The micro-batches' gradients are added to those of the first, in order. */
static void sum_piece(void *context, size_t item, size_t worker) {
    (void)worker;
    struct trainer *trainer = context;
    size_t count = piece_size(trainer, item);
    real *sum = trainer->micro_batches[0].gradients + item * PIECE;
    for (size_t i = 1; i < trainer->micro_batch_count; i++) {
        vector_add(count, trainer->micro_batches[i].gradients + item * PIECE, sum);
    }
    trainer->norms[item] = vector_square_sum(count, sum);
}

static void update_piece(void *context, size_t item, size_t worker) {
    (void)worker;
    struct trainer *trainer = context;
    size_t from = item * PIECE;
    adam_update(&trainer->adam, piece_size(trainer, item),
                trainer->micro_batches[0].gradients + from, trainer->parameters.values + from,
                trainer->first + from, trainer->second + from);
}

struct timing {
    double micro_batches, sum, update; /* seconds of one step */
    double processor;                  /* seconds of processor time, of all threads together */
};

static double processor_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double smaller(double a, double b) {
    return a < b ? a : b;
}

static struct timing train_step(struct trainer *trainer, struct threads *threads) {
    size_t pieces = (trainer->parameters.count + PIECE - 1) / PIECE;
    double start = progress_clock(), processor = processor_time();
    threads_for(threads, trainer->micro_batch_count, learn_micro_batch, trainer);
    double learned = progress_clock();
    threads_for(threads, pieces, sum_piece, trainer);
    double summed = progress_clock();
    trainer->adam.step++;
    trainer->adam.gradient_scale = 1;
    threads_for(threads, pieces, update_piece, trainer);
    return (struct timing){learned - start, summed - learned, progress_clock() - summed,
                           processor_time() - processor};
}

static double seconds_of(const struct timing *timing) {
    return timing->micro_batches + timing->sum + timing->update;
}

/* The fastest of some steps: others may be using the machine. */
static struct timing fastest_step(struct trainer *trainer, size_t threads_count, size_t steps) {
    caption_error error;
    struct threads *threads = threads_new(threads_count, &error);
    if (!threads) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    train_step(trainer, threads); /* touches all memory */
    struct timing best = {1e9, 1e9, 1e9, 1e9};
    for (size_t i = 0; i < steps; i++) {
        struct timing timing = train_step(trainer, threads);
        const double processor = smaller(timing.processor, best.processor);
        if (seconds_of(&timing) < seconds_of(&best)) best = timing;
        best.processor = processor;
    }
    threads_free(threads);
    return best;
}

struct bare_product {
    const char *name;
    enum blas_transpose transpose_a, transpose_b;
    size_t m, n, k, times;
};

/* Processor time of a product done `times` times on scratch matrices, the fastest of three. */
static double time_product(const struct bare_product *p) {
    real *a = reserve(p->m * p->k, sizeof(real)), *b = reserve(p->n * p->k, sizeof(real)),
         *c = reserve(p->m * p->n, sizeof(real));
    size_t lda = p->transpose_a == BLAS_PLAIN ? p->k : p->m;
    size_t ldb = p->transpose_b == BLAS_PLAIN ? p->n : p->k;
    double best = 1e9;
    for (int trial = 0; trial < 4; trial++) {
        double start = processor_time();
        for (size_t i = 0; i < p->times; i++) {
            blas_gemm(p->transpose_a, p->transpose_b, p->m, p->n, p->k, 1, a, lda, b, ldb, 1, c,
                      p->n);
        }
        best = smaller(processor_time() - start, best);
    }
    free(a), free(b), free(c);
    return best;
}

/* What bare OpenBLAS needs for all products of a batch, in micro-batches of n captions. */
static double time_products(const struct decoder *d, size_t n) {
    size_t entries = n * STEPS, words = n * (STEPS - 1), micro_batches = CAPTIONS / n;
    const enum blas_transpose plain = BLAS_PLAIN, transposed = BLAS_TRANSPOSED;
    const struct bare_product products[] = {
        {"inputs", plain, transposed, entries, d->products, d->embedding, micro_batches},
        {"recurrent", plain, transposed, n, d->products, d->hidden, micro_batches * STEPS},
        {"logits", plain, transposed, words, d->words, d->hidden, micro_batches},
        {"output weights", transposed, plain, d->words, d->hidden, words, micro_batches},
        {"hidden states", plain, plain, words, d->hidden, d->words, micro_batches},
        {"back in time", plain, plain, n, d->hidden, d->products, micro_batches * (STEPS - 1)},
        {"input weights", transposed, plain, d->products, d->embedding, entries, micro_batches},
        {"recurrent weights", transposed, plain, d->products, d->hidden, entries, micro_batches},
        {"word vectors", plain, plain, entries, d->embedding, d->products, micro_batches},
    };
    double total = 0, work = 0;
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        const struct bare_product *p = &products[i];
        double seconds = time_product(p);
        double operations = 2.0 * (double)p->m * (double)p->n * (double)p->k * (double)p->times;
        printf("    %-18s %5zu x %5zu x %5zu  x %2zu  %6.1f ms  %5.1f GFLOP/s\n", p->name, p->m,
               p->n, p->k, p->times, 1e3 * seconds, 1e-9 * operations / seconds);
        total += seconds;
        work += operations;
    }
    printf("    %-18s %34.1f ms  %5.1f GFLOP/s\n", "all", 1e3 * total, 1e-9 * work / total);
    return total;
}

static void print_processor(void) {
    char line[256], *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !name && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) == 0) name = strchr(line, ':');
    }
    if (file) fclose(file);
    printf("%zu processors%s", threads_processors(), name ? name : "\n");
}

int main(int count, char **arguments) {
    const struct cell *cell = cell_find(count > 1 ? arguments[1] : "lstm");
    size_t sizes[3] = {512, 256, 3486}; /* hidden, embedding, words */
    for (int i = 2; i < count && i < 5; i++) sizes[i - 2] = strtoul(arguments[i], NULL, 10);
    if (!cell || !sizes[0] || !sizes[1] || !sizes[2] || count > 5) {
        fprintf(stderr, "usage: decoder [rnn|gru|lstm [HIDDEN [EMBEDDING [WORDS]]]]\n");
        return 2;
    }
    print_processor();
    printf("%s %zu, embedding %zu, %zu words; a step is %d captions of %d words\n", cell->name,
           sizes[0], sizes[1], sizes[2], CAPTIONS, CAPTION_WORDS);

    const size_t micro_batch_counts[] = {1, 2, 4};
    for (size_t i = 0; i < 3; i++) {
        struct trainer *trainer = trainer_new(cell, sizes, micro_batch_counts[i]);
        printf("\n%zu micro-batches of %zu captions\n", micro_batch_counts[i],
               CAPTIONS / micro_batch_counts[i]);
        double products = time_products(&trainer->decoder, CAPTIONS / micro_batch_counts[i]);
        for (size_t threads = 1; threads <= 2 && threads <= micro_batch_counts[i]; threads++) {
            struct timing timing = fastest_step(trainer, threads, 6);
            double step = seconds_of(&timing);
            printf(
                "  %zu thread%s: %.1f ms a step (unroll %.1f, sum %.1f, Adam %.1f), %.0f words/s; "
                "epoch of %d captions %.1f s, processor time %.1f s a thread\n",
                threads, threads > 1 ? "s" : "", 1e3 * step, 1e3 * timing.micro_batches,
                1e3 * timing.sum, 1e3 * timing.update, CAPTIONS * CAPTION_WORDS / step, EPOCH,
                step * EPOCH / CAPTIONS, timing.processor * EPOCH / CAPTIONS / (double)threads);
            if (threads == 1) {
                printf("            step / bare products, processor time: %.2f\n",
                       timing.processor / products);
            }
        }
        trainer_free(trainer);
    }
    return 0;
}

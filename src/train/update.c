#include "train/update.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "nn/adam.h"
#include "nn/vector.h"

/* Large enough to keep threads busy, small enough that a piece of all blocks fits the cache. */
enum { PIECE = 16384 };

/* Momentum of running statistics: they average over the last ten steps or so, in which the encoder
 * hardly changes. */
static const real STATISTIC_KEPT = (real)0.9;

struct update_piece {
    size_t offset, count; /* in the block */
    enum parameters_group group;
    bool decays;       /* under weight decay */
    double square_sum; /* of the gradient; of a statistic, of its values after the step */
};

static void split(struct update *update, size_t tensor) {
    const struct parameter *p = &update->parameters->tensors[tensor];
    if (p->group == PARAMETERS_CONSTANT) return;
    for (size_t done = 0; done < p->count; done += PIECE) {
        size_t left = p->count - done;
        update->pieces[update->piece_count++] =
            (struct update_piece){.offset = p->offset + done,
                                  .count = left < PIECE ? left : PIECE,
                                  .group = p->group,
                                  .decays = p->dimensions > 1};
    }
}

bool update_init(struct update *update, const struct parameters *parameters, float average,
                 caption_error *error) {
    *update = (struct update){.parameters = parameters, .decay = average};
    size_t most = 0;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        most += parameters->tensors[i].count / PIECE + 1;
    }
    size_t n = parameters->count;
    bool ok = (update->pieces = memory_zeroed(most, sizeof *update->pieces, "Adam", error)) &&
              (update->first = memory_zeroed(n, sizeof(real), "Adam", error)) &&
              (update->second = memory_zeroed(n, sizeof(real), "Adam", error));
    if (ok && average > 0) {
        update->average = memory_uninitialised(n, sizeof(real), "the moving average", error);
        ok = update->average != NULL;
        if (ok) memcpy(update->average, parameters->values, n * sizeof(real));
    }
    if (!ok) {
        update_free(update);
        return false;
    }
    for (size_t i = 0; i < parameters->tensor_count; i++) split(update, i);
    return true;
}

void update_free(struct update *update) {
    free(update->pieces);
    free(update->first);
    free(update->second);
    free(update->average);
    *update = (struct update){0};
}

void update_adopt_average(const struct update *update, real *values) {
    if (!update->average) return;
    memcpy(values, update->average, update->parameters->count * sizeof *values);
}

void update_restart(struct update *update, const real *values) {
    const size_t bytes = update->parameters->count * sizeof *values;
    memset(update->first, 0, bytes);
    memset(update->second, 0, bytes);
    if (update->average) memcpy(update->average, values, bytes);
    update->step = update->encoder_step = 0;
}

/* The encoder's parameters and its statistics change only when it is trained. */
static bool is_trainable(const struct update_piece *piece, bool encoder) {
    return piece->group == PARAMETERS_DECODER || encoder;
}

void update_clear(const struct update *update, real *gradients, bool encoder) {
    for (size_t i = 0; i < update->piece_count; i++) {
        const struct update_piece *piece = &update->pieces[i];
        if (!is_trainable(piece, encoder)) continue;
        memset(gradients + piece->offset, 0, piece->count * sizeof *gradients);
    }
}

void update_range(const struct update *update, bool encoder, size_t *first, size_t *count) {
    size_t end = 0;
    *first = update->parameters->count;
    for (size_t i = 0; i < update->piece_count; i++) {
        const struct update_piece *piece = &update->pieces[i];
        if (!is_trainable(piece, encoder)) continue;
        if (piece->offset < *first) *first = piece->offset;
        if (piece->offset + piece->count > end) end = piece->offset + piece->count;
    }
    *count = end > *first ? end - *first : 0;
}

/* A sum's arguments for the workers. */
struct sum_job {
    const struct update *update;
    real *const *blocks;
    size_t count;
    bool encoder;
};

static void sum_piece(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct sum_job *job = context;
    const struct update_piece *piece = &job->update->pieces[item];
    if (!is_trainable(piece, job->encoder)) return;
    for (size_t i = 1; i < job->count; i++) {
        vector_add(piece->count, job->blocks[i] + piece->offset, job->blocks[0] + piece->offset);
    }
}

void update_sum(const struct update *update, real *const *blocks, size_t count, bool encoder,
                struct threads *threads) {
    struct sum_job job = {update, blocks, count, encoder};
    threads_for(threads, update->piece_count, sum_piece, &job);
}

/* A step's arguments for the workers. */
struct step_job {
    struct update *update;
    const real *gradients;
    size_t photos;
    const struct update_rates *rates;
    real gradient_scale;
    float average;
};

static void measure_piece(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct step_job *job = context;
    struct update_piece *piece = &job->update->pieces[item];
    piece->square_sum = 0;
    if (piece->group == PARAMETERS_STATISTIC || !is_trainable(piece, job->rates->encoder > 0))
        return;
    piece->square_sum = vector_square_sum(piece->count, job->gradients + piece->offset);
}

/* Moves a running statistic towards the photos' mean. */
static void step_statistic(const struct step_job *job, struct update_piece *piece, real *values) {
    const real *sum = job->gradients + piece->offset;
    const real share = (1 - STATISTIC_KEPT) / (real)job->photos;
    for (size_t i = 0; i < piece->count; i++) {
        values[i] = STATISTIC_KEPT * values[i] + share * sum[i];
    }
    piece->square_sum = vector_square_sum(piece->count, values);
}

static void step_adam(const struct step_job *job, const struct update_piece *piece, real *values) {
    struct update *update = job->update;
    bool encoder = piece->group == PARAMETERS_ENCODER;
    struct adam adam = {.rate = (real)(encoder ? job->rates->encoder : job->rates->decoder),
                        .beta1 = (real)0.9,
                        .beta2 = (real)0.999,
                        .epsilon = (real)1e-8,
                        .weight_decay = piece->decays ? (real)job->rates->weight_decay : 0,
                        .step = encoder ? update->encoder_step : update->step,
                        .gradient_scale = job->gradient_scale};
    adam_update(&adam, piece->count, job->gradients + piece->offset, values,
                update->first + piece->offset, update->second + piece->offset);
}

static void step_piece(void *context, size_t item, size_t worker) {
    (void)worker;
    const struct step_job *job = context;
    struct update *update = job->update;
    struct update_piece *piece = &update->pieces[item];
    if (!is_trainable(piece, job->rates->encoder > 0)) return;
    real *values = update->parameters->values + piece->offset;
    if (piece->group == PARAMETERS_STATISTIC) {
        step_statistic(job, piece, values);
    } else {
        step_adam(job, piece, values);
    }
    /* Running statistics are averaged as the weights are: to first order, the output of averaged
     * weights is the average of the outputs. */
    if (update->average) {
        vector_blend(piece->count, (real)job->average, values, update->average + piece->offset);
    }
}

double update_step(struct update *update, const real *gradients, size_t photos,
                   const struct update_rates *rates, struct threads *threads) {
    struct step_job job = {.update = update,
                           .gradients = gradients,
                           .photos = photos,
                           .rates = rates,
                           .gradient_scale = 1};
    threads_for(threads, update->piece_count, measure_piece, &job);
    double square_sum = 0;
    for (size_t i = 0; i < update->piece_count; i++) square_sum += update->pieces[i].square_sum;
    double norm = sqrt(square_sum), clip = (double)rates->clip;
    if (clip > 0 && norm > clip) job.gradient_scale = (real)(clip / norm);

    update->step++;
    if (rates->encoder > 0) update->encoder_step++;
    /* Early on, the average would be mostly the random start: its decay grows with the steps. */
    double young = (1.0 + (double)update->step) / (10.0 + (double)update->step);
    job.average = (double)update->decay < young ? update->decay : (float)young;
    threads_for(threads, update->piece_count, step_piece, &job);
    update->is_finite = true;
    for (size_t i = 0; i < update->piece_count; i++)
        if (update->pieces[i].group == PARAMETERS_STATISTIC)
            update->is_finite = update->is_finite && isfinite(update->pieces[i].square_sum);
    return norm;
}

bool update_check(const struct update *update, size_t epoch, size_t step, double loss, double norm,
                  caption_error *error) {
    if (isfinite(loss) && isfinite(norm) && update->is_finite) return true;
    return error_set(
        error, CAPTION_ERROR_ARGUMENT,
        "training diverged at step %zu of epoch %zu (loss %g, gradient norm %g%s): try "
        "a lower learning rate",
        step + 1, epoch + 1, loss, norm,
        update->is_finite ? "" : ", batch norm's statistics not finite");
}

float schedule_factor(size_t step, size_t steps, float warmup) {
    /* In float: 0.1F of 100 steps are 10, though 0.1F is a little more than a tenth. */
    double rising = (double)ceilf(warmup * (float)steps);
    double position = (double)step + 1; /* neither the first nor the last rate is 0 */
    if (position <= rising) return (float)(position / rising);
    double falling = ((double)step - rising) / ((double)steps - rising);
    return (float)(0.5 * (1 + cos(3.14159265358979323846 * falling)));
}

/* Smaller pieces cost more messages than they save waiting. */
enum { CHAIN_PIECE = 1 << 16 };

/* A thread that waits in MPI takes a processor from those that work: it looks, and sleeps. */
static const long NAP_NANOSECONDS = 50000;

/* What a piece is waiting for: its sum from below, to be sent up, its whole sum from above, to be
 * sent down. */
enum piece_state { COMES_UP, GOES_UP, COMES_DOWN, GOES_DOWN, DONE };

struct chain_piece {
    enum piece_state state;
    size_t first, count; /* elements */
};

/* A chain on its way. */
struct chain_run {
    const struct gradient_chain *chain;
    size_t rank, last;
    struct chain_piece pieces[RANKS_SLOTS];
    size_t count, done;
};

static void add_own(const struct gradient_chain *chain, const struct chain_piece *piece) {
    for (size_t i = 1; i < chain->block_count; i++)
        vector_add(piece->count, chain->blocks[i] + piece->first, chain->blocks[0] + piece->first);
}

/* Starts what a piece waits for in its state; what a rank has no neighbour for is passed over. */
static bool enter(struct chain_run *run, size_t slot, enum piece_state state,
                  caption_error *error) {
    struct chain_piece *piece = &run->pieces[slot];
    real *elements = run->chain->blocks[0] + piece->first;
    const size_t bytes = piece->count * sizeof *elements;
    struct ranks *ranks = run->chain->ranks;
    if (state == COMES_UP && run->rank == 0) state = GOES_UP;
    if (state == GOES_UP) add_own(run->chain, piece);
    if (state == GOES_UP && run->rank == run->last) state = GOES_DOWN;
    if (state == GOES_DOWN && run->rank == 0) state = DONE;
    piece->state = state;
    switch (state) {
    case COMES_UP:
        return ranks_start_receive(ranks, run->rank - 1, slot, elements, bytes, error);
    case GOES_UP:
        return ranks_start_send(ranks, run->rank + 1, slot, elements, bytes, error);
    case COMES_DOWN:
        return ranks_start_receive(ranks, run->rank + 1, slot, elements, bytes, error);
    case GOES_DOWN:
        return ranks_start_send(ranks, run->rank - 1, slot, elements, bytes, error);
    case DONE:
        run->done++;
        break;
    }
    return true;
}

static bool begin(struct chain_run *run, const struct gradient_chain *chain, caption_error *error) {
    *run = (struct chain_run){
        .chain = chain, .rank = ranks_rank(chain->ranks), .last = ranks_count(chain->ranks) - 1};
    run->count = size_smaller((chain->count + CHAIN_PIECE - 1) / CHAIN_PIECE, RANKS_SLOTS);
    bool ok = true;
    for (size_t i = 0; ok && i < run->count; i++) {
        const size_t first = i * chain->count / run->count;
        run->pieces[i] = (struct chain_piece){.first = chain->first + first,
                                              .count = (i + 1) * chain->count / run->count - first};
        ok = enter(run, i, COMES_UP, error);
    }
    return ok;
}

/* Takes every piece a state further whose transfer is done. */
static bool go_on(struct chain_run *run, bool *moved, caption_error *error) {
    *moved = false;
    for (size_t i = 0; i < run->count; i++) {
        if (run->pieces[i].state == DONE) continue;
        bool done;
        if (!ranks_test(run->chain->ranks, i, &done, error)) return false;
        if (!done) continue;
        *moved = true;
        if (!enter(run, i, run->pieces[i].state + 1, error)) return false;
    }
    return true;
}

bool gradient_chain_run(const struct gradient_chain *chain, caption_error *error) {
    struct chain_run run;
    if (!begin(&run, chain, error)) return false;
    while (run.done < run.count) {
        bool moved;
        if (!go_on(&run, &moved, error)) return false;
        if (!moved) nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
    }
    return true;
}

static void *run_beside(void *context) {
    struct gradient_chain_beside *beside = context;
    pthread_mutex_lock(&beside->mutex);
    while (beside->left > 0) pthread_cond_wait(&beside->ready, &beside->mutex);
    pthread_mutex_unlock(&beside->mutex);
    const double begun = progress_clock();
    beside->ok = gradient_chain_run(&beside->chain, &beside->error);
    beside->seconds = progress_clock() - begun;
    return NULL;
}

void gradient_chain_start(struct gradient_chain_beside *beside, const struct gradient_chain *chain,
                          size_t calls) {
    *beside = (struct gradient_chain_beside){.chain = *chain, .left = calls};
    pthread_mutex_init(&beside->mutex, NULL);
    pthread_cond_init(&beside->ready, NULL);
    beside->started = pthread_create(&beside->thread, NULL, run_beside, beside) == 0;
}

void gradient_chain_ready(void *context) {
    struct gradient_chain_beside *beside = context;
    pthread_mutex_lock(&beside->mutex);
    if (--beside->left == 0) pthread_cond_signal(&beside->ready);
    pthread_mutex_unlock(&beside->mutex);
}

bool gradient_chain_end(struct gradient_chain_beside *beside, caption_error *error) {
    if (beside->started)
        pthread_join(beside->thread, NULL);
    else /* no thread is to be had: after the work, then */
        run_beside(beside);
    pthread_cond_destroy(&beside->ready);
    pthread_mutex_destroy(&beside->mutex);
    if (!beside->ok && error) *error = beside->error;
    return beside->ok;
}

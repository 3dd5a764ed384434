#include "train/gradient_chain.h"

#include <time.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "nn/vector.h"

/* Smaller pieces cost more messages than they save waiting. */
enum { PIECE = 1 << 16 };

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
    run->count = size_smaller((chain->count + PIECE - 1) / PIECE, RANKS_SLOTS);
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

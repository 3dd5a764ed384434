/* The sum of the gradients of all processes. It passes from rank to rank upwards, each adding its
 * own accumulators in their order, so that its bits are those of one process; the last rank sends
 * it back down. It goes in pieces: a cable carries some up while others come down, and each crosses
 * it once either way, however many ranks there are. Internal to src/train. */
#ifndef CAPTION_TRAIN_GRADIENT_CHAIN_H
#define CAPTION_TRAIN_GRADIENT_CHAIN_H

#include <pthread.h>

#include "base/ranks.h"
#include "base/simd.h"

/* Elements [first, first + count) of blocks. */
struct gradient_chain {
    struct ranks *ranks;
    real *const *blocks; /* [block_count]; the sum is left in blocks[0], where that of the ranks
                            before comes in, too */
    size_t block_count;
    size_t first, count;
};

/* Runs the chain in every process; blocks[0] is then the same in all. */
bool gradient_chain_run(const struct gradient_chain *chain, caption_error *error);

/* A chain in a thread of its own, beside the work that is left once its elements are final. */
struct gradient_chain_beside {
    struct gradient_chain chain;
    size_t left; /* threads' calls of gradient_chain_ready that it waits for */
    pthread_mutex_t mutex;
    pthread_cond_t ready;
    pthread_t thread;
    bool started, ok;
    caption_error error;
    double seconds; /* that it ran */
};

void gradient_chain_start(struct gradient_chain_beside *beside, const struct gradient_chain *chain,
                          size_t calls);
void gradient_chain_ready(void *beside);

/* Waits for the end. */
bool gradient_chain_end(struct gradient_chain_beside *beside, caption_error *error);

#endif

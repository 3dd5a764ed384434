/* From gradients to new weights: summed in a fixed order, clipped by norm, then AdamW and a moving
 * average. Running statistics take no part in the gradient: they move a fixed fraction towards the
 * mini-batch's mean whenever the encoder is trained. The work is divided into fixed pieces, so the
 * result does not depend on the number of threads. */
#ifndef CAPTION_TRAIN_UPDATE_H
#define CAPTION_TRAIN_UPDATE_H

#include <pthread.h>
#include <stddef.h>

#include "base/random.h"
#include "base/ranks.h"
#include "base/threads.h"
#include "nn/parameters.h"

struct update {
    const struct parameters *parameters;
    struct update_piece *pieces; /* of single tensors; encoder first */
    size_t piece_count;
    real *first, *second; /* moments of Adam, blocks */
    uint64_t step;        /* of the decoder */
    uint64_t encoder_step;
    real *average; /* moving average of the values, a block; NULL: none */
    float decay;
    bool is_finite; /* whether the running statistics are, after the last step */
};

/* `average` is the decay of the moving average, 0: none. */
bool update_init(struct update *update, const struct parameters *parameters, float average,
                 caption_error *error);
void update_free(struct update *update);

/* Zeroes a gradient block where a step reads it: everywhere, or in the decoder alone. */
void update_clear(const struct update *update, real *gradients, bool encoder);

/* The range of a block that such a step reads: *count elements from *first on. */
void update_range(const struct update *update, bool encoder, size_t *first, size_t *count);

/* blocks[0] += blocks[1] + ... + blocks[count - 1], in this order. */
void update_sum(const struct update *update, real *const *blocks, size_t count, bool encoder,
                struct threads *threads);

/* Learning rates and limits of a step. */
struct update_rates {
    float decoder, encoder; /* learning rates; the encoder is frozen when its own is 0 */
    float clip;             /* a longer gradient is scaled down to this norm; 0: never */
    float weight_decay;     /* of matrices and kernels, apart from the gradient (Loshchilov and
                               Hutter, 2019); what is added (biases, norms) does not decay */
};

/* Continues training from the moving average, where there is one. */
void update_adopt_average(const struct update *update, real *values);

/* Resets the moments, and restarts the average from `values`. */
void update_restart(struct update *update, const real *values);

/* One step with the summed gradients of `photos` photos. Returns their norm before clipping. */
double update_step(struct update *update, const real *gradients, size_t photos,
                   const struct update_rates *rates, struct threads *threads);

/* False with `error` set where the loss of the last step, that norm or a running statistic is not
 * finite: training diverged. Batch norm hides from loss and gradient how large its inputs are, so
 * the statistics may overflow first. Epochs and steps are counted from 0. */
bool update_check(const struct update *update, size_t epoch, size_t step, double loss, double norm,
                  caption_error *error);

/* The learning rate over one phase of training: a linear warm-up, then half a cosine down to zero
 * (Loshchilov and Hutter, 2017). */

/* Factor in (0, 1] for step `step` of `steps` (counted from 0); `warmup` is a share of the steps.
 */
float schedule_factor(size_t step, size_t steps, float warmup);

/* The sum of the gradients of all processes. It passes from rank to rank upwards, each adding its
 * own accumulators in their order, so that its bits are those of one process; the last rank sends
 * it back down. It goes in pieces: a cable carries some up while others come down, and each crosses
 * it once either way, however many ranks there are. Internal to src/train. */

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

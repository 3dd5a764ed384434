/* The trainer: photos and captions in, a model file out.
 *
 * A run has phases, each with a warm-up and a cosine schedule of its own (history.h): the decoder
 * reads text and learns the language; it learns from photos with the cached features of a frozen
 * encoder; both learn, and the gradient of the words flows through x_1 into the convolutions. After
 * every epoch over photos the validation photos are captioned, and the weights with the best CIDEr
 * so far are written to `output` (with fewer than 20 validation photos: those with the lowest
 * perplexity). Several data sets are scored separately, and the mean of their scores counts.
 *
 * A mini-batch is divided into fixed micro-batches whose gradients are added in a fixed order, so
 * the same seed gives the same weights, bit for bit, with any number of threads or of processes
 * under mpirun, and after any interruption.
 *
 * With options->search a run trains a search part and nothing else: search_trainer.c.
 */
#ifndef CAPTION_TRAIN_TRAIN_H
#define CAPTION_TRAIN_TRAIN_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "data/dataset.h"
#include "eval/retrieval.h"
#include "train/history.h"
#include "train/train_options.h"

/* The results of an epoch of a search part, see search_trainer.c. */
struct search_epoch {
    size_t epoch, epochs; /* counted from 1 */
    double loss;          /* mean of a pair */
    const struct dataset_parts *parts;
    const struct retrieval *retrievals; /* [parts->count] of the validation photos */
    double mean;                        /* of the parts' mean recalls */
    bool best;                          /* so far: written to the output */
    double seconds;                     /* training alone */
};

/* Callbacks for progress. All may be NULL. */
struct train_listener {
    void *context;
    void (*message)(void *context, const char *text); /* one line, no newline */
    /* Once the data sets are read, before threads are created and photos decoded: the process may
     * confine itself to them and to the files that the options name. `alone`: not under mpirun.
     * False with `error` set ends the run. */
    bool (*confine)(void *context, const struct dataset *const *sets, size_t count, bool alone,
                    caption_error *error);
    /* Before the first step, with the summary and, when a run is resumed, the epochs it had; false
     * with `error` set ends the run. */
    bool (*begin)(void *context, const struct train_history *history, caption_error *error);
    /* After every epoch; the last of history->epochs is the one that ended. False with `error` set
     * ends the run. */
    bool (*epoch)(void *context, const struct train_history *history, caption_error *error);
    /* The same of a search part. */
    bool (*search_epoch)(void *context, const struct search_epoch *epoch, caption_error *error);
    /* Asked after every step: true ends the run with a checkpoint and CAPTION_ERROR_INTERRUPTED. */
    bool (*stop)(void *context);
    FILE *progress; /* see progress.h */
};

bool train_run(const struct train_options *options, const struct train_listener *listener,
               caption_error *error);

#endif

/* The state of a run, shared by the files of the trainer. Internal to src/train. */
#ifndef CAPTION_TRAIN_TRAINER_H
#define CAPTION_TRAIN_TRAINER_H

#include "base/ranks.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "train/history.h"
#include "train/micro_batch.h"
#include "train/train.h"
#include "train/train_data.h"
#include "train/update.h"

/* Most gradient accumulators. Each sums the gradients of a run of neighbouring micro-batches.
 * Fixed, since the order of sums depends on it; more threads than accumulators are idle. */
enum { TRAIN_ACCUMULATORS = 8 };

/* Rows of text that a step reads for each photo of a mini-batch: about the work of its captions. */
enum { TRAIN_TEXT_ROWS = 5 };

/* With fewer photos to validate on, CIDEr and recall say little. CIDEr weights words by how rare
 * they are among the photos, and is always 0 of one photo; R@10 of ten is always 1. */
enum { FEWEST_TO_VALIDATE = 20 };

/* Which random numbers a stream is for; see trainer_stream. */
enum trainer_stream_purpose {
    STREAM_START,
    STREAM_ORDER,
    STREAM_PHOTO,
    STREAM_DROPOUT,
    STREAM_SAMPLES,                /* the same in every run: independent of the seed */
    STREAM_STYLE = STREAM_SAMPLES, /* depends on the seed, so another stream */
    STREAM_PURPOSES
};

/* Where a run stands: after `step` steps of epoch `epoch` (both counted from 0). */
struct train_place {
    size_t epoch, step;
    double loss; /* summed negative log likelihood of the epoch so far */
    uint64_t targets;
    double point_loss; /* the same since the last point of the history */
    uint64_t point_targets;
    double reward; /* summed over the captions sampled in the epoch so far */
    uint64_t drawn;
    double seconds; /* of the epoch so far */
    double best;    /* CIDEr of the weights in the output, mean over parts; -1: none yet */
};

/* Photos [first, first + count), each shown `repeat` times an epoch. The fraction of `repeat` shows
 * some photos, at least one, once more: the next ones of a cyclic order drawn from the seed, so
 * every photo gets its turn. */
struct epoch_share {
    size_t first, count;
    float repeat;
};

struct trainer {
    const struct train_options *options;
    struct train_listener listener;
    struct ranks *ranks;
    struct threads *threads;
    struct dataset dataset,
        other; /* all data sets, one after the other; `other` only with separate validation sets */
    const struct dataset *validation;
    struct epoch_share *shares; /* [options->set_count] of the data sets in `train` */
    size_t *train, train_count; /* training photos, indices into `dataset` */
    char **set_names;           /* [options->set_count] of the data sets */
    size_t *styles;             /* [train_count] the caption style of each photo's source or data
                                   set, or STYLE_NONE; NULL: the model has no styles */
    size_t *validation_photos;  /* indices into `validation`, in the order of history.parts */
    size_t validation_count;
    struct captions captions;
    struct text text;
    struct captions pseudo;               /* the text as captions without photos */
    struct synthetic_features *synthetic; /* features of those captions, while in use */
    struct reward *reward;                /* of captions sampled in the phase, while in use */
    struct model model;
    struct features features; /* rows: training photos, then validation photos; empty once the
                                 encoder is trained */
    char *cache;              /* path of the features' file */
    char *checkpoint;         /* path */
    char *settings;           /* what the weights depend on, as JSON text */
    struct update update;
    real *accumulators[TRAIN_ACCUMULATORS]; /* blocks of the parameters; NULL: other processes' */
    size_t accumulator_count;
    struct arena accumulated;                              /* their memory */
    struct micro_batch *micro_batches[TRAIN_ACCUMULATORS]; /* [micro_batch_count]: one a thread,
                                                              or one an accumulator if they are
                                                              fewer */
    size_t micro_batch_count;
    real *text_states;                     /* (text rows, S); NULL: no text is read */
    struct encoder_workspace **workspaces; /* [threads], once the encoder is trained */
    struct loader *loader;                 /* the same */
    real *incoming;                        /* the sum of the ranks before this one */
    double waited; /* seconds of the epoch so far, after the work, for the others' gradients */
    double beside; /* seconds that gradients were sent beside the work */
    size_t *turns; /* [train_count], see epoch_plan_turns */
    size_t *order; /* the epoch's showings of photos, numbers as in epoch_plan_fill */
    size_t *runs, *archived; /* the same size: places where archives begin, and a copy of the order;
                                NULL without --shuffle-buffer */
    struct micro_batch_photo *batch; /* [batch_size] */
    struct train_place place;
    struct train_history history;
    size_t *samples; /* [validation_count], indices into validation_photos; the first ones are the
                        history's */
    double saved;    /* when the last checkpoint was written */
};

/* A random stream that depends on the seed, its purpose and a number. */
struct random trainer_stream(const struct trainer *trainer, enum trainer_stream_purpose purpose,
                             uint64_t number);

/* The listener's wish to end the run, for waits. */
struct file_stop trainer_stop(const struct trainer *trainer);

void trainer_say(const struct trainer *trainer, const char *format, ...) ERROR_PRINTF(2, 3);

/* What an epoch shows (epoch.c). */

/* Epochs in all, and the phase of one. */
size_t epoch_total(const struct train_options *options);
enum train_phase epoch_phase(const struct train_options *options, size_t epoch);

/* Whether a phase has epochs from `first` on. */
bool epoch_has_phase(const struct train_options *options, enum train_phase phase, size_t first);

/* Whether the encoder is trained in a phase. */
bool epoch_trains_encoder(const struct train_options *options, enum train_phase phase);

/* Whether a phase trains on captions sampled from the model. */
bool epoch_draws(enum train_phase phase);
/* Whether any phase of the run does. */
bool epoch_ever_draws(const struct train_options *options);

/* Whether a phase uses synthetic features beside the real ones. */
bool epoch_uses_synthetic(enum train_phase phase);

/* Whether text is read as one stream, not as pseudo-captions. */
bool epoch_reads_stream(const struct train_options *options);

/* Rows of text that a step reads. */
size_t epoch_text_rows(const struct train_options *options);

/* Number of showings of a share in an epoch; the same in every epoch. */
size_t epoch_plan_showings(const struct epoch_share *share);

/* Draws the cyclic order of a share into turns[first .. first + count). */
void epoch_plan_turns(const struct epoch_share *share, struct random random, size_t *turns);

/* Lists the showings of a share in an epoch (counted from 0), in the order of the photos: showing
 * `copy` (from 0) of photo `index` is number copy * stride + index, `stride` being larger than
 * every index. Returns how many there are. */
size_t epoch_plan_fill(const struct epoch_share *share, const size_t *turns, size_t epoch,
                       size_t stride, size_t *showings);

/* Shuffles showings as a buffer of that many does, through which they pass in their order: each
 * place gets one of the next `buffer` that are left, so none comes more than buffer - 1 places
 * early. What lies one behind the other in a file is then read nearly so. */
void epoch_plan_shuffle(struct random *random, size_t *showings, size_t count, size_t buffer);

/* Showings of training photos in an epoch, each as often as its data set is repeated. */
size_t epoch_showings(const struct trainer *trainer);

/* Photos of an epoch of the phase; one that is shown twice counts twice. */
size_t epoch_photos(const struct trainer *trainer, enum train_phase phase);

/* Allocates the order of an epoch's showings, pseudo-captions included, and draws whose turn it is
 * first; epoch_init also what archives that are read one after the other need. Freed with the
 * trainer. */
bool epoch_init(struct trainer *trainer, caption_error *error);
bool epoch_init_order(struct trainer *trainer, caption_error *error);

/* Fills in the showings of photos of an epoch, data set by data set; returns their number. */
size_t epoch_fill_order(struct trainer *trainer, size_t epoch);

/* Draws the order of an epoch, which is not one over text. */
void epoch_order(struct trainer *trainer, size_t epoch);

/* The photo of a showing, real or of pseudo-captions, as the mini-batch has it; the file of a real
 * one. */
struct micro_batch_photo epoch_photo(const struct trainer *trainer, size_t showing,
                                     bool encoder_trained);
struct photo_file epoch_photo_file(const struct trainer *trainer, size_t showing);

/* The augmentation of a photo in this epoch, one for each showing. Features of a frozen encoder
 * exist only for the plain and the mirrored photo. */
struct augment epoch_augment(const struct trainer *trainer, size_t showing, bool trainable);

/* The learning rates of a step. */
struct update_rates epoch_rates(const struct trainer *trainer, size_t epoch, size_t step);

/* One step of training: the mini-batch as micro-batches, their gradients summed in a fixed order,
 * an update (step.c). */

/* Allocates the memory of every phase, except what step_begin_phase allocates. */
bool step_init(struct trainer *trainer, caption_error *error);
void step_free(struct trainer *trainer);

/* Allocates what else a phase needs. */
bool step_begin_phase(struct trainer *trainer, enum train_phase phase, caption_error *error);

/* Steps in an epoch of the phase. */
size_t step_count(const struct trainer *trainer, enum train_phase phase);

/* Draws the order of an epoch; its steps continue from trainer->place.step. */
void step_begin_epoch(struct trainer *trainer, size_t epoch);

/* Runs the next step and advances the place. */
bool step_run(struct trainer *trainer, caption_error *error);

/* Measures the seconds of a step of the phase, on one that changes no state. */
bool step_measure(struct trainer *trainer, enum train_phase phase, double *seconds,
                  caption_error *error);

/* Logical or of `mine` over all processes. */
bool step_any(struct trainer *trainer, bool mine, bool *any, caption_error *error);

/* Shares the text rows' states of all processes with all processes. */
bool step_share_states(struct trainer *trainer, caption_error *error);

/* Captions and scores the validation photos during training, and writes the best weights
 * (validation.c). */

/* Chooses the sample photos shown during training, the same in every run on the same data. */
bool validation_choose_samples(struct trainer *trainer, caption_error *error);

/* Chooses whether weights are compared by CIDEr or, with few photos, by perplexity. */
void validation_choose_measure(struct trainer *trainer);

/* Scores the weights as they would be written, writes them if they are the best so far, and adds
 * the epoch to the history. */
bool validation_of_epoch(struct trainer *trainer, struct train_epoch *result, caption_error *error);

/* Scores a captioner before the first step and writes it, so that every epoch has to beat it:
 * fine-tuning on few photos may make it worse. */
bool validation_of_start(struct trainer *trainer, caption_error *error);

/* Reports at the end of a run which weights are in the output, and their score before and after. */
void validation_say_kept(const struct trainer *trainer);

/* Trains the search part of a captioner (model/search.h) with encoder and decoder frozen, on cached
 * features: an epoch shows every photo once, with one of its captions, drawn at random. The loss is
 * ranking_loss (model/search.h), over the mini-batch. After every epoch the validation photos are
 * searched by their captions and the other way round; the weights that find best, by the mean of
 * R@1, R@5 and R@10 of both ways and of all parts, are written; of equals the last. The captions of
 * the model stay as they were, to the byte. */

/* Whether the photos, which are read, are enough to learn a search from; a message where those to
 * validate on are few. */
bool search_trainer_check(const struct trainer *trainer, caption_error *error);

/* Trains the trainer's model, whose data, captions and features are read, from a random search part
 * on, and writes it to the output, in numbers of that type. */
bool search_trainer_run(struct trainer *trainer, enum safetensors_type type, caption_error *error);

#endif

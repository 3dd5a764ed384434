/* The state of a run, shared by the files of the trainer. Internal to this room. */
#ifndef CAPTION_TRAIN_TRAINER_H
#define CAPTION_TRAIN_TRAINER_H

#include "base/ranks.h"
#include "data/dataset_parts.h"
#include "data/loader.h"
#include "train/epoch_plan.h"
#include "train/history_file.h"
#include "train/slice.h"
#include "train/train.h"
#include "train/update.h"

/* Slices of the mini-batch are shared out to at most so many lanes, each a run of neighbouring
 * slices with a gradient block of its own. Fixed, since the order of sums depends on it; more
 * threads than lanes find no work. */
enum { TRAIN_LANES = 8 };

/* Whether the encoder learns in a phase. */
bool trainer_encoder_learns(const struct train_options *options, enum train_phase phase);

/* Rows of text that a step reads for each photo of a mini-batch: about the work of its captions. */
enum { TRAIN_TEXT_ROWS = 5 };

/* Which random numbers a stream is for; see trainer_stream. */
enum trainer_stream_purpose {
    STREAM_START,
    STREAM_ORDER,
    STREAM_PHOTO,
    STREAM_DROPOUT,
    STREAM_SAMPLES,                /* the same in every run: not of the seed */
    STREAM_STYLE = STREAM_SAMPLES, /* of the seed, so another stream */
    STREAM_PURPOSES
};

/* Where a run stands: after `step` steps of epoch `epoch` (both counted from 0). */
struct train_place {
    size_t epoch, step;
    double loss; /* summed negative log likelihood of the epoch so far */
    uint64_t targets;
    double point_loss; /* the same since the last point of the history */
    uint64_t point_targets;
    double reward; /* summed over the captions drawn in the epoch so far */
    uint64_t drawn;
    double seconds; /* that the epoch took so far */
    double best;    /* CIDEr of the weights in the output, the mean of the parts'; -1: none yet */
};

struct trainer {
    const struct train_options *options;
    struct train_listener listener;
    struct ranks *ranks;
    struct threads *threads;
    struct dataset dataset, other; /* all data sets, one behind the other; `other` only when they
                                      are validated on data sets of their own */
    const struct dataset *validation;
    struct epoch_share *shares; /* [options->set_count] of the data sets in `train` */
    size_t *train, train_count; /* photos to learn from, indices into `dataset` */
    char **set_names;           /* [options->set_count] of the data sets */
    size_t *styles;             /* [train_count] the caption style of each photo's source or data
                                   set, or STYLE_NONE; NULL: the model has no styles */
    size_t *held, held_count;   /* photos to validate on, indices into `validation`, in parts as
                                   history.parts has them */
    struct captions captions;
    struct text text;
    struct captions told;            /* the text as captions of photos that are not at hand */
    struct imagination *imagination; /* of those photos, while they are learned from */
    struct reward *reward; /* of captions drawn for the photos of the phase, while they are */
    struct model model;
    struct features
        features;     /* rows: train photos, then held ones; empty once the encoder learns */
    char *cache;      /* path of the features' file */
    char *checkpoint; /* path */
    char *settings;   /* what the weights depend on, as JSON text */
    struct update update;
    struct slice *lanes[TRAIN_LANES];
    size_t lane_count;
    real *text_states;                     /* (text rows, S); NULL: no text is read */
    struct encoder_workspace **workspaces; /* [threads], once the encoder learns */
    struct loader *loader;                 /* the same */
    real *incoming;                        /* the sum of the ranks before this one */
    size_t *turns;                         /* [train_count], see epoch_plan.h */
    size_t *order;             /* the epoch's showings of photos, numbers as in epoch_plan_fill */
    struct slice_photo *batch; /* [batch_size] */
    struct train_place place;
    struct train_history history;
    size_t *samples; /* [held_count], the first of them are the history's: indices into held */
    double saved;    /* when the last checkpoint was written */
};

/* Random numbers that depend on the seed, what they are for and a number of their own. */
struct random trainer_stream(const struct trainer *trainer, enum trainer_stream_purpose purpose,
                             uint64_t number);

void trainer_say(const struct trainer *trainer, const char *format, ...) ERROR_PRINTF(2, 3);

/* Photos that the text tells of. */
size_t trainer_told_photos(const struct trainer *trainer);

/* Showings of photos in an epoch, each as often as its data set is repeated; of those alone that
 * are learned from. */
size_t trainer_showings(const struct trainer *trainer);

/* Photos that are learned from or told of: their indices are below this number. */
size_t trainer_photos(const struct trainer *trainer);

/* What is said of photo train[index] or, beyond those, of one that the text tells of. */
struct captions_part trainer_captions(const struct trainer *trainer, size_t index);

/* Epochs in all, and the phase of one. */
size_t trainer_epochs(const struct train_options *options);
enum train_phase trainer_phase(const struct train_options *options, size_t epoch);

/* Whether a phase teaches by captions that the model draws. */
bool trainer_draws(enum train_phase phase);
/* Whether any phase of the run does. */
bool trainer_ever_draws(const struct train_options *options);

/* Whether a phase sees photos that are imagined from text, beside the real ones. */
bool trainer_imagines(enum train_phase phase);

/* Whether text is read as one stream, from which no photo is imagined. */
bool trainer_reads_stream(const struct train_options *options);

/* Rows of text that a step reads. */
size_t trainer_text_rows(const struct train_options *options);

/* Whether a phase has epochs from `first` on. */
bool trainer_has_phase(const struct train_options *options, enum train_phase phase, size_t first);

#endif

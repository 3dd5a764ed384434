/* The results of a training run so far: reported after every epoch, drawn in the report and stored
 * in the checkpoint. */
#ifndef CAPTION_TRAIN_HISTORY_H
#define CAPTION_TRAIN_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "data/dataset.h"
#include "eval/scores.h"

/* The parts of a run, in this order; each may have no epochs. */
enum train_phase {
    TRAIN_TEXT,      /* the decoder learns the language, no photo is seen */
    TRAIN_SYNTHETIC, /* the decoder learns from synthetic features of text, and from real ones */
    TRAIN_FROZEN,    /* the decoder learns from features of a frozen encoder */
    TRAIN_JOINT,     /* both learn */
    TRAIN_SELF_CRITICAL_SYNTHETIC, /* the decoder continues on captions that it samples, for
                                     synthetic features and for real photos */
    TRAIN_SELF_CRITICAL, /* what was trainable last continues on captions that it samples */
    TRAIN_PHASES
};

/* "text", "synthetic", "frozen", "learns", "self-critical, synthetic", "self-critical": named after
 * the state of the encoder. */
const char *train_phase_name(enum train_phase phase);

/* What is known before the first step. */
struct train_summary {
    size_t train_photos, validation_photos; /* for training and for validation */
    size_t captions;                        /* of the train photos */
    size_t words;                           /* in the vocabulary */
    double coverage;                  /* share of the words in `captions` that it holds, 0..1 */
    size_t longest;                   /* words in the longest caption */
    size_t missing, broken, wordless; /* photos and captions that were left out */
};

/* The scores of one part of the validation photos, with document frequencies of its own. */
struct train_part_scores {
    struct scores scores;
    double perplexity;
    size_t distinct;
};

/* The results of an epoch. Text epochs are not validated: their scores and perplexity are 0. Of
 * several parts, scores are the mean of theirs, perplexity is the geometric mean, distinct the sum.
 */
struct train_epoch {
    size_t epoch, epochs; /* counted from 1 over all phases of the run */
    enum train_phase phase;
    double loss;             /* mean negative log likelihood of a training word */
    double perplexity;       /* of the validation captions, per word */
    struct scores scores;    /* of the validation photos, by beam search with the defaults */
    size_t distinct;         /* different captions among them */
    bool best;               /* best so far, see by_perplexity: written to the output */
    double seconds;          /* training alone */
    double words_per_second; /* in it */
};

/* A moment within an epoch. */
struct train_point {
    double epoch; /* epochs done, 0 .. epochs, over all phases */
    double loss;  /* mean since the point before */
    double rate, encoder_rate;
};

/* A validation photo whose caption is shown after every epoch. Nothing is owned. */
struct train_sample {
    const char *name;
    struct photo_file file;
    const struct tokens *references; /* [reference_count] */
    size_t reference_count;
};

struct train_history {
    struct train_summary summary;
    bool by_perplexity;         /* too few validation photos for CIDEr: the weights with the lowest
                                   perplexity are the best */
    struct train_epoch start;   /* scores of the captioner that training started from; epochs is 0
                                   where there was none */
    struct train_epoch *epochs; /* [epoch_count] the completed ones */
    size_t epoch_count;
    struct train_point *points; /* [point_count] in order of time */
    size_t point_count;
    struct train_sample *samples; /* [sample_count] */
    size_t sample_count;
    char **captions;                       /* (epoch_count, sample_count); NULL in text epochs */
    struct dataset_parts parts;            /* of the validation photos, each scored by itself */
    struct train_part_scores *part_scores; /* (epoch_count, history_parts); 0 in text epochs */
    double epoch_seconds[TRAIN_PHASES]; /* of an epoch: of the last one, or expected; 0: the run has
                                           no such phase */
    double seconds_left;                /* of training, without validation */
};

/* The epoch whose weights were written last, or NULL: none, or those of the start. */
const struct train_epoch *history_best(const struct train_history *history);

/* Parts whose scores are reported beside those of the whole: 0 where there is only one. */
size_t history_parts(const struct train_history *history);

/* Combines the scores of parts[count], at least one, into those of the epoch. The scores of a
 * single part are copied bit for bit. */
void history_sum_up(const struct train_part_scores *parts, size_t count, struct train_epoch *epoch);

/* The scores of a part in an epoch, both counted from 0. */
const struct train_part_scores *history_part_scores(const struct train_history *history,
                                                    size_t epoch, size_t part);

/* The history of a run as it grows, and as JSON in a checkpoint. */

/* Adds an epoch with the captions of the samples (copied; NULL: there are none) and the scores of
 * its parts ([history_parts], copied; NULL: they were not validated). */
bool history_add_epoch(struct train_history *history, const struct train_epoch *epoch,
                       char *const *captions, const struct train_part_scores *parts,
                       caption_error *error);
bool history_add_point(struct train_history *history, const struct train_point *point,
                       caption_error *error);

/* Frees epochs, points, captions, parts and the list of samples. */
void history_free(struct train_history *history);

/* Epochs, points, captions and the scores of several parts, as JSON text. Freed with free(). */
char *history_format(const struct train_history *history, caption_error *error);

/* Reads them into a history that has only its samples and parts. `name` is for messages. */
bool history_parse(struct train_history *history, const char *text, const char *name,
                   caption_error *error);

#endif

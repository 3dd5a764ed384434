/* The history of a run as it grows, and as JSON in a checkpoint. */
#ifndef CAPTION_TRAIN_HISTORY_FILE_H
#define CAPTION_TRAIN_HISTORY_FILE_H

#include "base/error.h"
#include "train/history.h"

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

/* The history of a run as it grows, and as JSON in a checkpoint. */
#ifndef CAPTION_TRAIN_HISTORY_FILE_H
#define CAPTION_TRAIN_HISTORY_FILE_H

#include "base/error.h"
#include "train/history.h"

/* Adds an epoch with what was said of the samples (copied; NULL: nothing was said) and with what
 * its parts scored ([history_parts], copied; NULL: they were not validated). */
bool history_add_epoch(struct train_history *history, const struct train_epoch *epoch,
                       char *const *captions, const struct train_part_scores *parts,
                       caption_error *error);
bool history_add_point(struct train_history *history, const struct train_point *point,
                       caption_error *error);

/* Frees epochs, points, captions, parts and the list of samples. */
void history_free(struct train_history *history);

/* Epochs, points, captions and what several parts scored, as JSON text. Freed with free(). */
char *history_format(const struct train_history *history, caption_error *error);

/* Reads them back into a history that has its samples and parts but nothing else. `name` is for
 * messages. */
bool history_parse(struct train_history *history, const char *text, const char *name,
                   caption_error *error);

#endif

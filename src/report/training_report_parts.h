/* The parts of the training report's page, one file each. Internal to the report. */
#ifndef CAPTION_REPORT_TRAINING_REPORT_PARTS_H
#define CAPTION_REPORT_TRAINING_REPORT_PARTS_H

#include <stdio.h>

#include "image/thumbnail.h"
#include "train/history.h"

/* A sample photo as it is shown. */
struct report_photo {
    char *path;
    size_t offset; /* of a photo in an archive */
    caption_thumbnail thumbnail;
    caption_error problem; /* why there is no thumbnail; CAPTION_OK where there is one */
};

/* Text epochs are not validated: they have no scores and no captions. */
bool training_report_is_scored(const struct train_epoch *epoch);

/* The run's key numbers, as a list. */
void training_summary_write(const struct train_history *history, FILE *stream);

/* Curves over the epochs. False when memory is short. */
bool training_curves_write(const struct train_history *history, FILE *stream, caption_error *error);

/* The epochs as a table. */
void training_table_write(const struct train_history *history, FILE *stream);

/* The sample photos; `photos` are those of history->samples. */
void training_photos_write(const struct train_history *history, const struct report_photo *photos,
                           FILE *stream);

#endif

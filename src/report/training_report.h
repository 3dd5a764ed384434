/* A training run as one HTML page: its curves, a table of its epochs, and a fixed set of validation
 * photos with their captions, epoch by epoch. The page is a single file, rewritten after every
 * epoch.
 *
 *     struct training_report *report = training_report_new("run.html", command, &error);
 *     ... after every epoch:
 *     training_report_write(report, &history, &error);
 *     training_report_free(report);
 */
#ifndef CAPTION_REPORT_TRAINING_REPORT_H
#define CAPTION_REPORT_TRAINING_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "image/photo.h"
#include "train/history.h"

struct training_report;

/* A report to be written to `path`; `command` is how the run was started, shown unchanged. Both are
 * copied. NULL with `error` set when memory is short. */
struct training_report *training_report_new(const char *path, const char *command,
                                            caption_error *error);

/* Writes the page atomically. A history without epochs gives a page that says so. Each photo is
 * read once; an unreadable one is reported in the page and is not an error. */
bool training_report_write(struct training_report *report, const struct train_history *history,
                           caption_error *error);

void training_report_free(struct training_report *report);

/* Whether a file is such a page. */
bool training_report_recognise(const char *path);

/* --- the parts of the page, for training_report.c and training_curves.c --- */

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

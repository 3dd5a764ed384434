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

#include "base/error.h"
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

#endif

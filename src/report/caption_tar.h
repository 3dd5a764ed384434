/* A tar archive of photos with their captions, as WebDataset reads it: for each photo its member,
 * as it was, then KEY.txt with its caption and KEY.json with what a row of JSON Lines says. Photos
 * that could not be read are left out. */
#ifndef CAPTION_REPORT_CAPTION_TAR_H
#define CAPTION_REPORT_CAPTION_TAR_H

#include "report/caption_table.h"

/* An output that writes the archive beside `path` and renames it over it at the end (POSIX's
 * format, by libarchive). The same input makes the same bytes: members have no owner and no time.
 * `rows` says what the texts hold; its stream is not used. Its rows must have a member. NULL with
 * `error` set. */
struct caption_output *caption_tar_new(const char *path, const struct caption_rows *rows,
                                       caption_error *error);

#endif

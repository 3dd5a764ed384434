/* Sidecar files, one a photo: their paths, and text files with captions. */
#ifndef CAPTION_REPORT_CAPTION_FILE_H
#define CAPTION_REPORT_CAPTION_FILE_H

#include "report/caption_output.h"
#include "report/caption_table.h"

/* The path of a photo's sidecar file, newly allocated: "holiday/dog.txt" for "holiday/dog.jpg" and
 * the extension ".txt". If photos differ only in their extension, the first in byte order has that
 * name, and the others keep their extension: "dog.jpg" has "dog.txt" and "dog.png" has
 * "dog.png.txt". In `folder` (NULL: beside the photo) the tree of the folder argument is mirrored.
 * NULL with `error` set when memory is short. */
char *caption_file_path(const struct caption_row *row, const char *folder, const char *extension,
                        caption_error *error);

/* The first line of a file of captions, newly allocated; NULL where it cannot be read. */
char *caption_file_first(const char *path);

/* What happens to an existing file. */
enum caption_file_existing {
    CAPTION_FILE_SKIP, /* left as it is: its photo is not captioned */
    CAPTION_FILE_OVERWRITE,
    CAPTION_FILE_APPEND,  /* add captions after its lines */
    CAPTION_FILE_PREPEND, /* or before them */
};

struct caption_file_options {
    const char *extension; /* with its dot; must stay valid */
    const char *folder;    /* see caption_file_path; must stay valid */
    enum caption_file_existing existing;
    bool force;           /* overwrite a file that is not text, too; never a photo */
    bool n_best;          /* all captions, a line each, not only the best */
    enum tags_shown tags; /* in a line of their own, after the captions */
};

/* An output that writes a text file for each photo with captions, atomically, in UTF-8 with a final
 * newline; folders are created as needed. NULL when memory is short. */
struct caption_output *caption_file_output_new(const struct caption_file_options *options,
                                               caption_error *error);

/* A tar archive of photos with their captions, as WebDataset reads it: for each photo its member,
 * as it was, then KEY.txt with its caption and KEY.json with what a row of JSON Lines says. Photos
 * that could not be read are left out. */

/* An output that writes the archive beside `path` and renames it over it at the end (POSIX's
 * format, by libarchive). The same input makes the same bytes: members have no owner and no time.
 * `rows` says what the texts hold; its stream is not used. Its rows must have a member. NULL with
 * `error` set. */
struct caption_output *caption_tar_new(const char *path, const struct caption_rows *rows,
                                       caption_error *error);

#endif

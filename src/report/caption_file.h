/* Files made from photos, one each: where they lie, and the plain ones that hold captions. */
#ifndef CAPTION_REPORT_CAPTION_FILE_H
#define CAPTION_REPORT_CAPTION_FILE_H

#include "report/caption_output.h"
#include "report/tag_text.h"

/* Where the file of a photo lies, newly allocated: "holiday/dog.txt" for "holiday/dog.jpg" and the
 * extension ".txt". Of photos that differ in their extension alone, the first in the order of bytes
 * has that name, the others keep their extension: "dog.jpg" has "dog.txt" and "dog.png" has
 * "dog.png.txt". In `folder` (NULL: beside the photo) the tree below the folder that was named is
 * mirrored. NULL with `error` set when memory is short. */
char *caption_file_path(const struct caption_row *row, const char *folder, const char *extension,
                        caption_error *error);

/* The first line of a file of captions, newly allocated; NULL where it cannot be read. */
char *caption_file_first(const char *path);

/* What becomes of a file that is there already. */
enum caption_file_existing {
    CAPTION_FILE_SKIP, /* left as it is: its photo need not be captioned */
    CAPTION_FILE_OVERWRITE,
    CAPTION_FILE_APPEND,  /* captions go behind its lines */
    CAPTION_FILE_PREPEND, /* or before them */
};

struct caption_file_options {
    const char *extension; /* with its dot; must stay */
    const char *folder;    /* see caption_file_path; must stay */
    enum caption_file_existing existing;
    bool force;          /* a file that is no text is written over, too; never a photo */
    bool n_best;         /* all captions, a line each, not the best alone */
    enum tags_told tags; /* in a line of their own, behind the captions */
};

/* An output that writes a file of captions for each photo that has some, whole or not at all, UTF-8
 * with a final newline; folders are made as they are needed. NULL when memory is short. */
struct caption_output *caption_file_output_new(const struct caption_file_options *options,
                                               caption_error *error);

#endif

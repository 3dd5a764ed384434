/* Where captions go: the one shape of every output of `caption PATH...`. Text, JSON and CSV on
 * stdout, sidecar files, a page: each is an output, and a run feeds any number of them.
 *
 * Rows come in the order of the input, one a photo and one a photo or folder that could not be
 * read, all on one thread. An output keeps no row: memory must not grow with their number.
 *
 * An output is made by a function of its own (`struct caption_output *sidecar_output_new(...)`),
 * which puts this struct first in its own:
 *
 *     struct sidecar_output {
 *         struct caption_output output;
 *         ...
 *     };
 */
#ifndef CAPTION_REPORT_CAPTION_OUTPUT_H
#define CAPTION_REPORT_CAPTION_OUTPUT_H

#include "base/error.h"

/* What became of a photo. */
struct caption_row {
    size_t number;                /* its place in the input, from 0; shards leave gaps */
    const char *path;             /* as it was found: argument, or folder argument / path below */
    size_t below;                 /* path + below is its path in the folder argument it was found
                                     in; of a photo that was named, its name alone */
    bool second;                  /* another photo has the file that its name without the extension
                                     asks for: see caption_file_path */
    const caption_result *result; /* captions, best first; or count 0 and an error */
    const caption_thumbnail *thumbnail; /* NULL: none was made */
};

struct caption_output {
    /* Takes a row. False with `error` set when it cannot be written: the disk is full, say. */
    bool (*row)(struct caption_output *output, const struct caption_row *row, caption_error *error);
    /* All rows have come (or Ctrl-C was pressed, and these are all): ends the document and puts it
     * in place. Called once, unless a row failed. NULL: there is nothing to end. */
    bool (*end)(struct caption_output *output, caption_error *error);
    /* Frees everything. What was not ended is given up: no half-written file stays behind. */
    void (*free)(struct caption_output *output);
    /* Each row goes to a file of its own: one that cannot be written is the failure of its photo
     * alone, of which the outputs behind then get the error in place of captions. Of any other
     * output it ends the run. */
    bool file_each;
    /* Gets rows of photos that were passed over, too: one caption, what an earlier run said, whose
     * log-probability is not a number. */
    bool with_skipped;
};

#endif

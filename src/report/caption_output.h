/* The interface of every output of `caption PATH...`. Text, JSON and CSV on stdout, sidecar files,
 * a page: each is an output, and a run feeds any number of them.
 *
 * Rows come in the order of the input, one a photo and one a photo or folder that could not be
 * read, all on one thread. An output stores no row: memory must not grow with their number.
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

#include <stdio.h>

#include "base/error.h"
#include "caption.h"

/* What outputs write of a photo. */
enum tags_shown {
    TAGS_HIDDEN, /* its captions */
    TAGS_SHOWN,  /* its captions and its tags */
    TAGS_ALONE,  /* its tags */
};

/* The names, separated by ", ". The stream's own errors are left to its owner. */
static inline void tag_text_write(FILE *stream, const caption_result *result) {
    for (size_t i = 0; i < result->tag_count; i++)
        fprintf(stream, "%s%s", i > 0 ? ", " : "", result->tags[i].name);
}

/* A photo as a member of an archive, which is read once. */
struct caption_member {
    const char *name;
    const void *bytes; /* [size], of the photo's file */
    size_t size;
};

/* The result for a photo. */
struct caption_row {
    size_t number;    /* its place in the input, from 0; shards leave gaps */
    const char *path; /* as it was found: argument, or folder argument / path below; in an archive
                         its key (cli/captioning_tar.c) */
    size_t relative;  /* path + relative is its path in the folder argument it was found in; of a
                         photo  that was named, only its name */
    bool name_taken;  /* another photo has taken its sidecar name without the extension: see
                     caption_file_path */
    const caption_result *result;        /* captions, best first; or count 0 and an error */
    const caption_thumbnail *thumbnail;  /* NULL: none was made */
    const struct caption_member *member; /* NULL: the photo is a file, or there is none */
};

struct caption_output {
    /* Takes a row. False with `error` set when it cannot be written: the disk is full, say. */
    bool (*row)(struct caption_output *output, const struct caption_row *row, caption_error *error);
    /* Called once after the last row (or after Ctrl-C), unless a row failed: ends the document and
     * puts it in place. NULL: nothing to do. */
    bool (*end)(struct caption_output *output, caption_error *error);
    /* Frees everything. An unfinished document is discarded: no half-written file remains. */
    void (*free)(struct caption_output *output);
    /* Each row has a file of its own: a failed write is an error of its photo only, and the outputs
     * after this one get the error in place of captions. For any other output a failed write ends
     * the run. */
    bool file_each;
    /* Gets rows of skipped photos, too: one caption, that of an earlier run, with NaN as its
     * log-probability. */
    bool with_skipped;
};

#endif

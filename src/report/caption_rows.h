/* The result for each photo, row by row: plain text or JSON Lines.
 *
 *     plain        caption                    path<TAB>caption
 *     log-prob.    logprob<TAB>caption        path<TAB>logprob<TAB>caption
 *     tags         caption<TAB>dog, grass     path<TAB>caption<TAB>dog, grass
 *     tags alone   dog, grass                 path<TAB>dog, grass
 *     photils      dog:0.97                   path<TAB>dog:0.97, a line for each tag
 *     JSON Lines   {"path": ..., "caption": ..., "logprob": ...}, with "captions" when there may be
 *                  several, "confidence" where the model has it, and "tags": [{"name": ...,
 *                  "confidence": ...}] when they are written; or {"path": ..., "error": ...}
 */
#ifndef CAPTION_REPORT_CAPTION_ROWS_H
#define CAPTION_REPORT_CAPTION_ROWS_H

#include <stdio.h>

#include "report/caption_output.h"

struct caption_rows {
    FILE *stream;
    bool json_lines;
    bool with_path;    /* plain text: each row begins with the photo's path */
    bool with_logprob; /* plain text: each row holds the log-probability */
    bool n_best;       /* all captions, not only the best */
    bool confidence;   /* CSV: the model has confidences */
    enum tags_told tags;
    bool safe;    /* CSV: no field that a spreadsheet interprets as a formula */
    bool photils; /* plain text of tags alone: as the tagger photils writes them */
};

/* Writes the rows of a photo; plain text has none for an error. JSON without a path (NULL) has no
 * "path". False when memory is short; the
 * stream's own errors are left to its owner. */
bool caption_rows_write(const struct caption_rows *rows, const char *path,
                        const caption_result *result, caption_error *error);

#endif

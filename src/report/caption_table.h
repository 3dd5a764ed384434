/* Captions on one stream as text, JSON or CSV: an output that writes a row as it comes.
 *
 *     text        see caption_rows.h; none for an error
 *     JSON Lines  see caption_rows.h
 *     JSON        an array of the same objects
 *     CSV         path,caption,logprob,confidence,tags,error as RFC 4180 has it, a record for each
 *                 caption; confidence and tags where there are any; of tags alone path,tags,error
 *                 (safe: a field that begins with = + - @, a tab or a return has a ' before it)
 *
 * File names are bytes: invalid UTF-8 in them becomes U+FFFD in JSON, and is left unchanged in text
 * and CSV. */
#ifndef CAPTION_REPORT_CAPTION_TABLE_H
#define CAPTION_REPORT_CAPTION_TABLE_H

#include "report/caption_output.h"
#include "report/caption_rows.h"

enum caption_table_format {
    CAPTION_TABLE_TEXT,
    CAPTION_TABLE_JSON_LINES,
    CAPTION_TABLE_JSON,
    CAPTION_TABLE_CSV
};

/* `rows` selects the stream and the fields; its json_lines is ignored. NULL with `error` set when
 * memory is short. */
struct caption_output *caption_table_new(const struct caption_rows *rows,
                                         enum caption_table_format format, caption_error *error);

#endif

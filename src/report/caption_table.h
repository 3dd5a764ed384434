/* Captions on one stream as text, JSON or CSV: an output that writes a row as it comes.
 *
 *     text        rows as below; none for an error
 *     JSON Lines  objects as below
 *     JSON        an array of the same objects
 *     CSV         path,caption,logprob,confidence,tags,error as RFC 4180 has it, a record for each
 *                 caption; confidence and tags where there are any; of tags alone path,tags,error
 *                 (safe: a field that begins with = + - @, a tab or a return has a ' before it)
 *
 * File names are bytes: invalid UTF-8 in them becomes U+FFFD in JSON, and is left unchanged in text
 * and CSV. */
#ifndef CAPTION_REPORT_CAPTION_TABLE_H
#define CAPTION_REPORT_CAPTION_TABLE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/error.h"
#include "report/caption_output.h"

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
struct caption_rows {
    FILE *stream;
    bool json_lines;
    bool with_path;    /* plain text: each row begins with the photo's path */
    bool with_logprob; /* plain text: each row holds the log-probability */
    bool n_best;       /* all captions, not only the best */
    bool confidence;   /* CSV: the model has confidences */
    enum tags_shown tags;
    bool safe;    /* CSV: no field that a spreadsheet interprets as a formula */
    bool photils; /* plain text of tags alone: as the tagger photils writes them */
};

/* Writes the rows of a photo; plain text has none for an error. JSON without a path (NULL) has no
 * "path". False when memory is short; the stream's own errors are left to its owner. */
bool caption_rows_write(const struct caption_rows *rows, const char *path,
                        const caption_result *result, caption_error *error);

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

/* The captions in the format of neuraltalk2's vis.json, for tools that read it:
 *
 *     [{"image_id": "1", "caption": "a dog runs", "file_name": "holiday/dog.jpg"}, ...]
 *
 * As there, photos of a folder are counted from "1" in the order of the input; file_name is what
 * its -dump_path adds. A photo without a caption has no row, but it counts: ids do not shift. */

/* An output that writes the file `path` atomically. NULL with `error` set when memory is short or
 * the file cannot be created. */
struct caption_output *caption_vis_new(const char *path, caption_error *error);

/* Whether a file is an array of such rows, perhaps empty. */
bool caption_vis_recognise(const char *path);

/* Words and how probable they are, as `caption suggest` prints them.
 *
 *     suggestions  word<TAB>probability, a line each, or
 *                  {"text": ..., "words": [{"word", "probability", "logprob"}]}
 *     scores       line<TAB>word<TAB>logprob<TAB>rank, a line for each word of a sentence, or
 *                  {"line": ..., "sentence": ..., "logprob": ..., "words": [{"word", "logprob",
 *                  "rank"}]}
 */

/* Writes what may follow a text. False when memory is short; the stream's own errors are left to
 * its owner, here and below. */
bool word_rows_suggestions(const char *text, const caption_words *words, bool json_lines,
                           FILE *stream, caption_error *error);

/* The same as a JSON object. NULL with `error` set when memory is short. Freed with cJSON_Delete.
 */
cJSON *word_rows_json(const char *text, const caption_words *words, caption_error *error);

/* Writes the words of the sentence in line number `line` of a file. */
bool word_rows_scores(size_t line, const char *sentence, const caption_words *words,
                      bool json_lines, FILE *stream, caption_error *error);

/* Writes a finished sentence: {"caption": ..., "logprob": ...}. */
bool word_rows_sentence(const caption_text *sentence, FILE *stream, caption_error *error);

#endif

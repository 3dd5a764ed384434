/* Words and how probable they are, as `caption suggest` prints them.
 *
 *     suggestions  word<TAB>probability, a line each, or
 *                  {"text": ..., "words": [{"word", "probability", "logprob"}]}
 *     scores       line<TAB>word<TAB>logprob<TAB>rank, a line for each word of a sentence, or
 *                  {"line": ..., "sentence": ..., "logprob": ..., "words": [{"word", "logprob",
 *                  "rank"}]}
 */
#ifndef CAPTION_REPORT_WORD_ROWS_H
#define CAPTION_REPORT_WORD_ROWS_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/error.h"

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

/* The quality of caption confidences, as lines of text (x 100) or as members of a JSON object
 * (fractions). */
#ifndef CAPTION_REPORT_CONFIDENCE_TABLE_H
#define CAPTION_REPORT_CONFIDENCE_TABLE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "eval/confidence_scores.h"

/* Nothing where there are no scores. */
void confidence_table_text(const struct confidence_scores *scores, FILE *stream);

/* "confidence_calibration_error", "confidence_chance_error", "confidence_gain" and
 * "confidence_rows": [{"coverage", "confidence", "CIDEr", "apt"}]; nothing where there are no
 * scores. */
bool confidence_table_put(const struct confidence_scores *scores, cJSON *object,
                          caption_error *error);

/* Only this table, under a name, or one JSON object with "name". False when memory is short; the
 * stream's own errors are left to its owner. */
bool confidence_table_write(const char *name, const struct confidence_scores *scores, bool json,
                            FILE *stream, caption_error *error);

#endif

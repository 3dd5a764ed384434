/* JSON fields that several data set formats share. `name` and `place` are for messages, as in
 * base/json.h. */
#ifndef CAPTION_DATA_FIELDS_H
#define CAPTION_DATA_FIELDS_H

#include "base/json.h"
#include "data/dataset.h"

/* Bytes for the digits of an id that is a number. */
enum { FIELDS_DIGITS = 32 };

/* A required file name: a string that is not empty. */
const char *fields_file_name(const cJSON *object, const char *key, const char *name,
                             const char *place, caption_error *error);

/* A required id as text: a string that is not empty, or a whole number, whose digits are written to
 * `digits`. */
const char *fields_id(const cJSON *object, const char *key, const char *name, const char *place,
                      char digits[FIELDS_DIGITS], caption_error *error);

/* The split that a word names: train (also "training", "restval"), val ("validation", "valid",
 * "dev") or test ("testing"); any other word is DATASET_OTHER. */
enum dataset_split fields_split_word(const char *word);

/* "split": such a word; DATASET_NONE means that the field is missing. */
bool fields_split(const cJSON *object, const char *name, const char *place,
                  enum dataset_split *split, caption_error *error);

#endif

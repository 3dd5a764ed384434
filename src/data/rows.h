/* Rows of a photo and what is said of it, as an array, one a line (JSON Lines), or as a table:
 *
 *     [{"file_name": "a.jpg", "captions": ["A dog.", "A brown dog."], "split": "val"}, ...]
 *     {"file_name": "a.jpg", "text": "A dog."}
 *     file_name,text
 *
 * The photo's name is the first existing field of "file_name" (Hugging Face's metadata.jsonl),
 * "file_path" (neuraltalk2), "image" (BLIP, LLaVA), "image_path", "image_name" (Flickr30k's
 * results.csv), "filename", "path" (`caption --jsonl`), or the one that how->photo_key names; its
 * captions are the first of "captions", "caption", "text", "comment" (Flickr30k), or
 * how->caption_key, each a string, an array
 * of strings, or null for none (of `caption --jsonl -n 3`, objects with a "caption"; rows with an
 * "error" in place of one are left out and counted); its id, which is optional, is "id" or
 * "image_id". Rows of one name are one photo: it has the captions of all, the id of the first, and
 * one "split". In LLaVA's "conversations" the caption is the model's first turn ({"from": "gpt",
 * "value"}); the id, which is that of the conversation, is not read; conversations without a photo
 * are left out and counted. */
#ifndef CAPTION_DATA_ROWS_H
#define CAPTION_DATA_ROWS_H

#include "data/builder.h"
#include "data/source.h"

/* Adds the captions of an object to the photo of the builder. *found is false where it has none of
 * the fields. Errors name the data set, `place` and the field. */
bool rows_read_captions(const cJSON *object, const char *place, struct builder *builder,
                        bool *found, caption_error *error);

/* True for an array that is empty or whose first element has a photo name. */
bool rows_recognises_array(const struct source *source);
/* Errors name the data set, the row and the field. */
bool rows_read_array(const struct source *source, struct builder *builder, caption_error *error);

/* True for one or more objects, the first of which has a photo name. */
bool rows_recognises_lines(const struct source *source);
/* Blank lines are skipped. Errors name the data set, the line and the field. */
bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error);

/* True for a table (data/table.h) with a column of photos' names. */
bool rows_recognises_table(const struct source *source);
/* A caption that is empty is none. Errors name the data set, the line and the field. */
bool rows_read_table(const struct source *source, struct builder *builder, caption_error *error);

#endif

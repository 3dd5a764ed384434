/* Rows of a photo and its captions, as an array or one a line (JSON Lines):
 *
 *     [{"file_name": "a.jpg", "captions": ["A dog.", "A brown dog."], "split": "val"}, ...]
 *     {"file_name": "a.jpg", "text": "A dog."}
 *
 * The photo's name is the first existing field of "file_name" (Hugging Face's metadata.jsonl),
 * "file_path" (neuraltalk2), "image" (BLIP, LLaVA), "image_path", "filename", "path" (`caption
 * --jsonl`); its captions are the first existing of "captions", "caption", "text", each a string,
 * an array of strings, or null for none (of `caption --jsonl -n 3`, objects with a "caption"; rows
 * with an "error" in place of one are left out and counted); its id, which is optional, is "id" or
 * "image_id". Rows of one name are one photo: it has the captions of all, the id of the first, and
 * one "split". */
#ifndef CAPTION_DATA_ROWS_H
#define CAPTION_DATA_ROWS_H

#include "data/builder.h"
#include "data/source.h"

/* True for an array that is empty or whose first element has a photo name. */
bool rows_recognises_array(const struct source *source);
/* Errors name the data set, the row and the field. */
bool rows_read_array(const struct source *source, struct builder *builder, caption_error *error);

/* True for one or more objects, the first of which has a photo name. */
bool rows_recognises_lines(const struct source *source);
/* Blank lines are skipped. Errors name the data set, the line and the field. */
bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error);

#endif

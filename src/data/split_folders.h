/* A folder of folders, each a split with a metadata.jsonl or metadata.csv of its own, as Hugging
 * Face's imagefolder has them: train/metadata.jsonl, validation/metadata.csv, test/... The names of
 * photos begin with that folder's; fields_split_word says what the folders are called. */
#ifndef CAPTION_DATA_SPLIT_FOLDERS_H
#define CAPTION_DATA_SPLIT_FOLDERS_H

#include "data/builder.h"
#include "data/source.h"

/* True for a folder with at least one such folder in it. */
bool split_folders_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the file and the line. */
bool split_folders_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

/* A folder of photos with their captions beside them (sidecar.h), folders in it too: photo.jpg and
 * photo.txt. Photos are detected from their content and sorted by name; those without captions are
 * counted and left out. a.jpg and a.png share a.txt. Hidden files are skipped, and links to folders
 * are not followed. Where every photo lies in a folder train, validation or test (or another word
 * of fields_split_word), that is its split; else the format has none. */
#ifndef CAPTION_DATA_FOLDER_H
#define CAPTION_DATA_FOLDER_H

#include "data/builder.h"
#include "data/source.h"

/* True for a folder. */
bool folder_recognises(const struct source *source);

/* Adds all photos and captions; the photos are in the builder's folder of photos, the captions in
 * the source. Errors name the file. */
bool folder_read(const struct source *source, struct builder *builder, caption_error *error);

/* A folder of folders, each a split with a metadata.jsonl or metadata.csv of its own, as Hugging
 * Face's imagefolder has them: train/metadata.jsonl, validation/metadata.csv, test/... The names of
 * photos begin with that folder's; fields_split_word says what the folders are called. */

/* True for a folder with at least one such folder in it. */
bool split_folders_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the file and the line. */
bool split_folders_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

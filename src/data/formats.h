/* The formats of data sets, each read by a file of its own, data/coco.c and so on. X_recognises
 * looks at a source, X_read adds its photos and captions to the builder. */
#ifndef CAPTION_DATA_FORMATS_H
#define CAPTION_DATA_FORMATS_H

#include "data/builder.h"
#include "data/source.h"

/* COCO captions:
 *
 *     {"images": [{"id", "file_name", "split" (optional)}],
 *      "annotations": [{"image_id", "caption"}]}
 *
 * (Chen et al., Microsoft COCO Captions, 2015.) Ids are whole numbers or strings. Annotations come
 * in any order; those of photos that are not in "images" are left out and counted. Annotations of
 * objects (instances_*.json) have no captions: an error that says so. */

/* True for an object that has "images" and "annotations". */
bool coco_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool coco_read(const struct source *source, struct builder *builder, caption_error *error);

/* Karpathy's format of Flickr8k, Flickr30k and COCO:
 *
 *     {"images": [{"filename", "split", "imgid" or "cocoid", "filepath" (optional),
 *                  "source" (optional), "sentences": [{"tokens": [...], "raw"}]}]}
 *
 * (Karpathy and Fei-Fei, Deep Visual-Semantic Alignments, 2015.) "filepath" is a subfolder of the
 * folder of photos. Sentences with "tokens" are used unchanged, others are tokenized from "raw".
 * "split" may be absent from all photos. "source" is where a photo comes from: a string; any other
 * type is ignored. */

/* True for an object that has "images" and not COCO's "annotations". */
bool karpathy_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool karpathy_read(const struct source *source, struct builder *builder, caption_error *error);

/* Metadata of kohya's sd-scripts, which merge_captions_to_metadata.py writes:
 *
 *     {"photos/dog.jpg": {"caption": "A dog runs.", "tags": "dog, grass"}, "cat": {...}}
 *
 * A key is a photo's path, or its name without the extension, which is then the first that a file
 * in the folder of photos has. Where there is no caption, the tags are one. The format has no
 * splits. */

/* True for an object whose first member is an object with captions or tags. */
bool kohya_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the photo. */
bool kohya_read(const struct source *source, struct builder *builder, caption_error *error);

/* Flickr8k's token.txt and Flickr30k's results_*.token, a caption a line:
 *
 *     1000268201_693b08cb0e.jpg#0<TAB>A child in a pink dress .
 *
 * (Hodosh, Young and Hockenmaier, Framing Image Description, 2013.) The lines of a photo may be
 * anywhere; the format has no splits. */

/* True for a text whose first line has that form. */
bool token_text_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the line. */
bool token_text_read(const struct source *source, struct builder *builder, caption_error *error);

/* A folder of photos with their captions beside them (sidecar.h), folders in it too: photo.jpg and
 * photo.txt. Photos are detected from their content and sorted by name; those without captions are
 * counted and left out. a.jpg and a.png share a.txt. Hidden files are skipped, and links to folders
 * are not followed. Where every photo lies in a folder train, validation or test (or another word
 * of fields_split_word), that is its split; else the format has none. */

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

/* WebDataset: tar archives of photos and captions, 000001.jpg and 000001.txt, .caption or .json
 * (sidecar.h), as img2dataset writes them. One archive, or a folder of them (*.tar, read in the
 * order of their names) without a photo of its own. Photos are read where they lie in the archive;
 * their names begin with the archive's where there may be several. Members may come in any order.
 * The format has no splits. */

/* True for a tar archive, and for a folder with one but no photo in it. */
bool shards_recognises(const struct source *source);

/* Adds all photos that have captions, and counts the others. Errors name the archive. */
bool shards_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

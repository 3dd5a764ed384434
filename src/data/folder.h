/* A folder of photos with their captions beside them, as in kohya's sd-scripts: photo.jpg and
 * photo.txt, each line that is not blank a caption. Photos are detected from their content and
 * sorted by name; those without a .txt are counted and left out. a.jpg and a.png share a.txt.
 * Hidden files and subfolders are skipped. The format has no splits. */
#ifndef CAPTION_DATA_FOLDER_H
#define CAPTION_DATA_FOLDER_H

#include "data/builder.h"
#include "data/source.h"

/* True for a folder. */
bool folder_recognises(const struct source *source);

/* Adds all photos and captions; the photos are in the builder's folder of photos, the captions in
 * the source. Errors name the file. */
bool folder_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

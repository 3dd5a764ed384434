/* Metadata of kohya's sd-scripts, which merge_captions_to_metadata.py writes:
 *
 *     {"photos/dog.jpg": {"caption": "A dog runs.", "tags": "dog, grass"}, "cat": {...}}
 *
 * A key is a photo's path, or its name without the extension, which is then the first that a file
 * in the folder of photos has. Where there is no caption, the tags are one. The format has no
 * splits. */
#ifndef CAPTION_DATA_KOHYA_H
#define CAPTION_DATA_KOHYA_H

#include "data/builder.h"
#include "data/source.h"

/* True for an object whose first member is an object with captions or tags. */
bool kohya_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the photo. */
bool kohya_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

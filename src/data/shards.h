/* WebDataset: tar archives of photos and captions, 000001.jpg and 000001.txt, .caption or .json
 * (sidecar.h), as img2dataset writes them. One archive, or a folder of them (*.tar, read in the
 * order of their names) without a photo of its own. Photos are read where they lie in the archive;
 * their names begin with the archive's where there may be several. Members may come in any order.
 * The format has no splits. */
#ifndef CAPTION_DATA_SHARDS_H
#define CAPTION_DATA_SHARDS_H

#include "data/builder.h"
#include "data/source.h"

/* True for a tar archive, and for a folder with one but no photo in it. */
bool shards_recognises(const struct source *source);

/* Adds all photos that have captions, and counts the others. Errors name the archive. */
bool shards_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

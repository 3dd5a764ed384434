/* The captions of one photo in a file of their own beside it: dog.txt or dog.caption, each line
 * that is not blank a caption (kohya's sd-scripts), or dog.json, an object with the captions in a
 * field (img2dataset, WebDataset; rows.h says which). The first of these that is there counts, or
 * the one of how->sidecar alone. */
#ifndef CAPTION_DATA_SIDECAR_H
#define CAPTION_DATA_SIDECAR_H

#include "data/builder.h"

/* A larger file does not hold the captions of one photo. */
#define SIDECAR_MAX_BYTES ((size_t)1 << 20)

/* The number of extensions that are tried, and each of them, with its dot or without. */
size_t sidecar_count(const struct dataset_reading *how);
const char *sidecar_extension(const struct dataset_reading *how, size_t index);

/* dog.txt for dog.jpg, newly allocated; a name that is only an extension is unchanged. */
char *sidecar_name(const char *photo, const char *extension, caption_error *error);

/* Adds the captions of the file `name`, whose content is text[size], to the photo that was added
 * last. An object without captions adds none. Errors name the file. */
bool sidecar_read(const char *name, const char *text, size_t size, struct builder *builder,
                  caption_error *error);

#endif

/* Captions inside the photos: an output of `caption PATH...` that puts the best caption into each
 * photo (photo_metadata.h), and into the XMP sidecars that it has, of either name (caption_xmp.h).
 *
 * The only code by which a photo is ever touched. A photo is written beside itself and renamed, and
 * keeps mode, owner, extended attributes and time of last change. Left as it is, with an error, is
 * one that is
 *
 *   - a symbolic link: the photo it leads to may belong to others;
 *   - one of several hard links: the other names would keep the old photo;
 *   - read-only: somebody said that it shall not change;
 *   - changed by another program between reading and writing. */
#ifndef CAPTION_METADATA_CAPTION_METADATA_H
#define CAPTION_METADATA_CAPTION_METADATA_H

#include "report/caption_output.h"

struct caption_metadata_options {
    bool overwrite; /* existing texts are replaced, not kept */
    enum tags_shown tags;
};

/* Whether the photo and its sidecars have everything that is written: description, alt text,
 * keywords. */
bool caption_metadata_is_done(const struct caption_metadata_options *options,
                              const struct caption_row *row);

/* NULL when memory is short. */
struct caption_output *caption_metadata_new(const struct caption_metadata_options *options,
                                            caption_error *error);

#endif

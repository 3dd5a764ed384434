/* Captions inside the photos: an output of `caption PATH...` that puts the best caption into each
 * photo, and into the XMP sidecars that it has, of either name (caption_file.h).
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

#include "base/file.h"
#include "report/caption_output.h"
#include "report/xmp_packet.h"

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

/* Captions inside photos: the bytes of a JPEG, PNG or WebP with description, alt text and keywords
 * put into their XMP and, of a JPEG, their IPTC. Every byte of the pixels, and everything that
 * other programs wrote, stays.
 *
 * A description counts as there if XMP or IPTC has one, so that a reader of either sees what a
 * person wrote and never two different ones. No date is written. */

/* Puts the content into a photo; `out` is newly allocated. With `overwrite`, texts that are there
 * are replaced. The changed photo is decoded and compared with the old one before it is returned.
 * Errors carry no file name: another kind of photo, damage, what cannot be changed without loss. */
bool photo_metadata_put(const uint8_t *bytes, size_t size, const struct xmp_content *content,
                        bool overwrite, struct file_bytes *out, caption_error *error);

/* Whether the photo has a description and an alt text (if a caption is written) and keywords (if
 * tags are). False of what cannot be read. */
bool photo_metadata_is_full(const uint8_t *bytes, size_t size, bool caption, bool tags);

#endif

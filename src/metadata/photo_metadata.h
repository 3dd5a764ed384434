/* Captions inside photos: the bytes of a JPEG, PNG or WebP with description, alt text and keywords
 * put into their XMP and, of a JPEG, their IPTC. Every byte of the pixels, and everything that
 * other programs wrote, stays.
 *
 * A description counts as there if XMP or IPTC has one, so that a reader of either sees what a
 * person wrote and never two different ones. No date is written. */
#ifndef CAPTION_METADATA_PHOTO_METADATA_H
#define CAPTION_METADATA_PHOTO_METADATA_H

#include "base/file.h"
#include "report/xmp_packet.h"

/* Puts the content into a photo; `out` is newly allocated. With `overwrite`, texts that are there
 * are replaced. The changed photo is decoded and compared with the old one before it is returned.
 * Errors carry no file name: another kind of photo, damage, what cannot be changed without loss. */
bool photo_metadata_put(const uint8_t *bytes, size_t size, const struct xmp_content *content,
                        bool overwrite, struct file_bytes *out, caption_error *error);

/* Whether the photo has a description and an alt text (if a caption is written) and keywords (if
 * tags are). False of what cannot be read. */
bool photo_metadata_is_full(const uint8_t *bytes, size_t size, bool caption, bool tags);

#endif

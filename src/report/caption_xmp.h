/* Captions as metadata: an XMP sidecar beside each photo with the best caption as its description
 * (dc:description) and as its alt text (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata
 * Standard 2021.1), which exiftool, darktable and digiKam read; its tags are added to the keywords
 * (dc:subject), and the confidence of the caption is stored in a property of our own
 * (caption:Confidence). The photo itself is never modified.
 *
 * A sidecar has one of two names: "dog.jpg" has "dog.jpg.xmp" in darktable and digiKam, so that
 * dog.png has one of its own, and "dog.xmp" in Adobe's programs. Where one exists, under either
 * name, the captions go to it: the two texts are added or replaced, and everything else is left
 * unchanged: see xmp_packet.h. A "dog.xmp" that says it belongs to dog.cr2
 * (photoshop:SidecarForExtension) is left alone. */
#ifndef CAPTION_REPORT_CAPTION_XMP_H
#define CAPTION_REPORT_CAPTION_XMP_H

#include "report/caption_output.h"
#include "report/xmp_packet.h"

/* Which sidecars are created where they do not exist. */
enum caption_xmp_names {
    CAPTION_XMP_USUAL,     /* dog.jpg.xmp, unless there is a dog.xmp */
    CAPTION_XMP_DARKTABLE, /* dog.jpg.xmp */
    CAPTION_XMP_ADOBE,     /* dog.xmp; if photos differ only in their extension, the first in byte
                              order has it, and the others have "dog.png.xmp" */
    CAPTION_XMP_BOTH,
    CAPTION_XMP_NONE,
};

struct caption_xmp_options {
    const char *folder; /* see caption_file_path; must stay valid */
    bool overwrite;     /* existing texts are replaced, not kept */
    enum tags_shown tags;
    enum caption_xmp_names names;
};

/* What is written of a photo; false: nothing, for there is no caption. */
bool caption_xmp_content(const struct caption_row *row, enum tags_shown tags,
                         struct xmp_content *content);

/* Writes the content to the photo's sidecars, each atomically. */
bool caption_xmp_put(const struct caption_xmp_options *options, const struct caption_row *row,
                     const struct xmp_content *content, caption_error *error);

/* Whether the photo's sidecars are there and have everything that is written: both texts, keywords.
 */
bool caption_xmp_is_done(const struct caption_xmp_options *options, const struct caption_row *row);

/* An output that writes the sidecars of each photo. NULL when memory is short. */
struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error);

#endif

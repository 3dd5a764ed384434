/* Captions as metadata: an XMP sidecar beside each photo with the best caption as its description
 * (dc:description) and as its alt text (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata
 * Standard 2021.1), which exiftool, darktable and digiKam read; its tags are added to the keywords
 * (dc:subject), and the confidence of the caption is stored in a property of our own
 * (caption:Confidence). The photo itself is never modified.
 *
 * "dog.jpg" has "dog.jpg.xmp", as in darktable and digiKam: dog.png has one of its own. In a
 * sidecar of another program the two texts are added or replaced, and everything else is left
 * unchanged: see xmp_packet.h. */
#ifndef CAPTION_REPORT_CAPTION_XMP_H
#define CAPTION_REPORT_CAPTION_XMP_H

#include "report/caption_output.h"

struct caption_xmp_options {
    const char *folder; /* see caption_file_path; must stay valid */
    bool overwrite;     /* existing texts are replaced, not kept */
    enum tags_told tags;
};

/* The path of a photo's sidecar, newly allocated; NULL with `error` set when memory is short. */
char *caption_xmp_path(const struct caption_row *row, const char *folder, caption_error *error);

/* Whether a sidecar exists that has everything that is written: both texts, keywords. */
bool caption_xmp_is_full(const char *path, enum tags_told tags);

/* An output that writes each sidecar atomically. NULL when memory is short. */
struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error);

#endif

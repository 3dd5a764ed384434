/* Captions as metadata: an XMP sidecar beside each photo with the best caption as its description
 * (dc:description) and as its alt text (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata
 * Standard 2021.1), which exiftool, darktable and digiKam read; its tags are added to the keywords
 * (dc:subject), and how sure the model is of the caption is said in a property of our own
 * (caption:Confidence). The photo itself is never touched.
 *
 * "dog.jpg" has "dog.jpg.xmp", as darktable and digiKam want it: dog.png has one of its own. In a
 * sidecar of another program the two texts are added or replaced; the rest stays as it is: see
 * xmp_packet.h. */
#ifndef CAPTION_REPORT_CAPTION_XMP_H
#define CAPTION_REPORT_CAPTION_XMP_H

#include "report/caption_output.h"
#include "report/tag_text.h"

struct caption_xmp_options {
    const char *folder; /* see caption_file_path; must stay */
    bool overwrite;     /* texts that a sidecar has are replaced, not kept */
    enum tags_told tags;
};

/* Where the sidecar of a photo lies, newly allocated; NULL with `error` set when memory is short.
 */
char *caption_xmp_path(const struct caption_row *row, const char *folder, caption_error *error);

/* Whether a sidecar is there that has what is told: both texts, keywords. */
bool caption_xmp_is_full(const char *path, enum tags_told tags);

/* An output that writes the sidecars, whole or not at all. NULL when memory is short. */
struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error);

#endif

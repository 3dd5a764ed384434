/* Captions as metadata: an XMP sidecar beside each photo with the best caption as its description
 * (dc:description) and as its alt text (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata
 * Standard 2021.1), which exiftool, darktable and digiKam read. The photo itself is never touched.
 *
 * "dog.jpg" has "dog.jpg.xmp", as darktable and digiKam want it: dog.png has one of its own.
 * Nothing is merged into a sidecar: one that another program wrote, or added to, is left as it is,
 * whatever is asked for.
 *
 * Adobe, Extensible Metadata Platform (ISO 16684-1), parts 1 and 3. */
#ifndef CAPTION_REPORT_CAPTION_XMP_H
#define CAPTION_REPORT_CAPTION_XMP_H

#include "report/caption_output.h"

struct caption_xmp_options {
    const char *folder; /* see caption_file_path; must stay */
    bool overwrite;     /* sidecars that an earlier run wrote are replaced, not kept */
};

/* Where the sidecar of a photo lies, newly allocated; NULL with `error` set when memory is short.
 */
char *caption_xmp_path(const struct caption_row *row, const char *folder, caption_error *error);

enum caption_xmp_place {
    CAPTION_XMP_FREE,
    CAPTION_XMP_OURS,   /* a sidecar as written here, since untouched */
    CAPTION_XMP_FOREIGN /* anything else */
};

/* What lies at a path. */
enum caption_xmp_place caption_xmp_look(const char *path);

/* An output that writes the sidecars, whole or not at all. NULL when memory is short. */
struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error);

#endif

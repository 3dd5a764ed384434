/* IPTC's older metadata (Information Interchange Model 4.2), which JPEG photos hold in an image
 * resource of Photoshop's: description (2:120), its writer (2:122) and keywords (2:25). There is no
 * alt text in it. Everything else in the resources stays byte for byte, but for Photoshop's MD5 of
 * this part, which is kept right if it was. */
#ifndef CAPTION_METADATA_IPTC_H
#define CAPTION_METADATA_IPTC_H

#include "base/file.h"
#include "report/xmp_packet.h"

/* Places are counted in the resources. */
struct iptc {
    const uint8_t *resources; /* [size], the caller's */
    size_t size;
    size_t resource, resource_end; /* of IPTC, with its head; equal: where one belongs */
    size_t begin, end;             /* of its data */
    size_t digest;                 /* of 16 bytes of MD5; 0: none */
    bool has_description;
    bool is_utf8;  /* says so, and nothing else */
    bool is_other; /* says that it is of another encoding */
    bool is_ascii; /* all its texts are */
};

/* Reads image resources; `resources` may be NULL for none. An error of damaged ones. */
bool iptc_read(const uint8_t *resources, size_t size, struct iptc *iptc, caption_error *error);

/* The resources with the content put in: the description where there is none or, with `overwrite`,
 * in place of the first; the keywords that are missing. Newly allocated. An error where texts in it
 * are of an unknown encoding that the new ones do not fit. */
bool iptc_put(const struct iptc *iptc, const struct xmp_content *content, bool overwrite,
              struct file_bytes *out, caption_error *error);

#endif

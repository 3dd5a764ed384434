/* What a file format must offer to be decoded: one of these structs, in one file named after it.
 * Internal to src/image. */
#ifndef CAPTION_IMAGE_FORMAT_H
#define CAPTION_IMAGE_FORMAT_H

#include "base/bytes.h"
#include "image/image.h"

/* What the structure of a file shows, read without decoding a pixel and without a library, so that
 * huge and truncated photos are refused before either costs or hides anything: most decoders fill
 * the missing part of a truncated photo with grey and call it a success. */
struct format_header {
    size_t width, height;   /* as stored; 0 where the file ends before them */
    const char *missing;    /* what a truncated file lacks, in words; NULL: nothing */
    const char *impossible; /* what no valid file has and a decoder stumbles over, or NULL */
    const char *unread;     /* what makes a valid file one that is not read, or NULL */
    const uint8_t *exif;    /* EXIF block in the file (from its "II" or "MM" on), or NULL */
    size_t exif_size;       /* in bytes */
    unsigned orientation;   /* of a raw photo, 1 to 8; 0: what its EXIF block says */
    const uint8_t *profile; /* colour profile of a WebP, or NULL */
    size_t profile_size;    /* in bytes */
    const uint8_t *frame;   /* first frame (ANMF) of an animated WebP, preview of a raw photo */
    size_t frame_size;      /* in bytes */
    bool accepting;         /* set by the caller: half a JPEG is to be decoded, too */
    bool lacks_end;         /* of a JPEG or PNG without end marker: its pixels may be all there */
    bool lossless;          /* of a JPEG: of a kind that no photo has but a sensor's pixels */
    bool cut;               /* of a raw photo: a preview lies behind the end of the file */
};

struct format {
    const char *name;
    bool (*recognise)(const uint8_t *bytes, size_t size);
    /* `header` comes zeroed but for what the caller sets. */
    void (*inspect)(const uint8_t *bytes, size_t size, struct format_header *header);
    /* Allocates `out`; see image_decode_reduced for min_side. NULL where its library was absent at
     * build time. */
    bool (*decode)(const uint8_t *bytes, size_t size, const struct format_header *header,
                   size_t min_side, struct image *out, caption_error *error);
    const char *absent; /* the error then, else NULL */
};

extern const struct format format_avif, format_bmp, format_gif, format_heic, format_heif,
    format_jpeg, format_jxl, format_png, format_pnm, format_raw, format_tiff, format_webp;

/* Sets the error to what the bytes are when no format recognises them. Returns false. */
bool format_refuse(const uint8_t *bytes, size_t size, caption_error *error);

/* Whether they begin a photo of a kind that is known by name alone. */
bool format_is_unread_photo(const uint8_t *bytes, size_t size);

/* What they are, in words, when no format recognises them. */
void format_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]);

#endif

/* A decoded photo: 8-bit RGB, upright, rows top to bottom without gaps. */
#ifndef CAPTION_IMAGE_IMAGE_H
#define CAPTION_IMAGE_IMAGE_H

#include <stdint.h>

#include "base/error.h"

/* Photos with more pixels than this are refused before they are decoded. */
#define IMAGE_MAX_PIXELS ((size_t)200 * 1000 * 1000)

struct color;
struct format;

struct image_box {
    float left, top, width, height; /* in pixels, may be fractional */
};

struct image {
    size_t width, height;
    uint8_t *pixels; /* (height, width, 3), owned; freed with image_free */
    /* What decoding at 1/2, 1/4 or 1/8 leaves to be known: where the photo lies in the pixels (the
     * last column and row at 1/8 stand for up to 7 that it does not have; else it lies everywhere),
     * and the variance, in square pixels, of the filter that it went through (else 0). */
    struct image_box photo;
    float variance;
};

/* False with `error` set where a side is 0 or there are more than IMAGE_MAX_PIXELS pixels. */
bool image_check_size(size_t width, size_t height, caption_error *error);

/* Allocates width x height pixels, content undefined; the size is checked as above. */
bool image_new(struct image *image, size_t width, size_t height, caption_error *error);
void image_free(struct image *image);

/* Bytes at the start of a file that are enough for image_recognise and its like, and the size of a
 * description. */
enum { IMAGE_SIGNATURE = 64, IMAGE_DESCRIPTION = 128 };

/* Whether a file that begins with these bytes is of a format that image_decode knows. */
bool image_recognise(const uint8_t *bytes, size_t size);

/* Whether a file that begins with these bytes is a photo, of a format that is read or of another
 * one that is known, as HEIC or a camera's raw format. */
bool image_is_photo(const uint8_t *bytes, size_t size);

/* What such a file is, in words: "a JPEG photo", "a PDF document", "a file that begins with the
 * text
 * \"hello\"". */
void image_describe(const uint8_t *bytes, size_t size, char out[IMAGE_DESCRIPTION]);

/* Code points of ITU-T H.273 for the primaries and the curve of a photo's colours. 0: not given. */
struct cicp {
    unsigned primaries, transfer;
};

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
    unsigned orientation;   /* 1 to 8; 0: what its EXIF block says, as of all but raw photos */
    const uint8_t *profile; /* colour profile of a WebP, or NULL */
    size_t profile_size;    /* in bytes */
    struct cicp cicp;       /* of a PNG */
    const uint8_t *frame;   /* first frame (ANMF) of an animated WebP, preview of a raw photo */
    size_t frame_size;      /* in bytes */
    bool accepting;         /* set for decoding: half a JPEG will do */
    bool lacks_end;         /* of a JPEG or PNG without end marker: its pixels may be all there */
    bool lossless;          /* of a JPEG: of a kind that no photo has but a sensor's pixels */
    bool cut;               /* of a raw photo: a preview lies behind the end of the file */

    struct color_cache *colors; /* set for decoding, as in struct image_file */
};

/* What turned the colours of the last photo that has a profile to sRGB. Photos of one camera share
 * a profile, and making this takes longer than converting a photo. Zeroed at first, used by one
 * thread at a time, freed with color_cache_free. */
struct color_cache {
    struct color *last; /* NULL: none */
};

void color_cache_free(struct color_cache *cache);

/* A photo's file, looked at once: what is asked before decoding and decoding itself share it. */
struct image_file {
    const char *name;            /* errors begin with it, unless NULL; not owned */
    const uint8_t *bytes;        /* not owned */
    size_t size;                 /* in bytes */
    const struct format *format; /* NULL: none that is known */
    struct format_header header;
    struct color_cache *colors; /* set by the caller, who owns it; NULL: nothing is kept */
};

struct image_file image_file_inspect(const char *name, const uint8_t *bytes, size_t size);

/* Whether width and height as the file stores them are known, in file->header; no pixel is
 * decoded. Where not, the error of decoding has the reason. */
bool image_file_has_size(const struct image_file *file);

/* Bytes of memory that image_file_decode takes at most, about; 0 of what is no photo. */
size_t image_file_memory(const struct image_file *file, size_t min_side);

/* Decodes a JPEG (baseline, progressive, grey, CMYK), PNG (any depth, alpha over white), BMP, PNM
 * (P1 to P7), GIF (first frame) or, where their libraries were there at build time, WebP (first
 * frame), HEIC, AVIF, TIFF or JPEG XL file, or a camera's raw file (its largest JPEG preview). The
 * content decides the format. Converts colours to sRGB by the profile, or by code points (HDR, wide
 * gamuts), and turns the photo upright.
 * A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where both sides of the result are still at
 * least `min_side` pixels: most of the time goes into decoding, and most of a large photo's pixels
 * are averaged away again. Photos of other formats are reduced where they would take more than
 * 100 MB. A truncated file is an error, not half a photo; one that lacks only its end marker is
 * whole. With `partly`, a JPEG may be cut off: what is missing of its pixels is grey then, or, of
 * a progressive one, coarse. Small files that would cost much memory are refused. */
bool image_file_decode(const struct image_file *file, size_t min_side, bool partly,
                       struct image *out, caption_error *error);

/* Inspects and decodes; errors carry no file name. The whole photo, of its full size. */
bool image_decode(const uint8_t *bytes, size_t size, struct image *out, caption_error *error);

/* The same, reduced as above. */
bool image_decode_reduced(const uint8_t *bytes, size_t size, size_t min_side, struct image *out,
                          caption_error *error);

/* Turns a photo stored with an EXIF orientation (1..8, others mean 1) upright, in place. */
bool image_turn_upright(struct image *image, unsigned orientation, caption_error *error);

/* `count` pixels of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA, not premultiplied) channels as
 * RGB, what is transparent laid over white. Of 4 channels, `rgb` may be `pixels`. */
void image_over_white(const uint8_t *pixels, size_t channels, size_t count, uint8_t *rgb);

/* Resizes a part of `in` to width x height: an antialiased triangle filter whose support grows with
 * the reduction, so that a large photo does not alias, less what decoding filtered already.
 * `pixels` is (height, width, 3). */
bool image_resize(const struct image *in, struct image_box box, size_t width, size_t height,
                  uint8_t *pixels, caption_error *error);

#endif

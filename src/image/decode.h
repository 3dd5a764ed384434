/* What a file format must offer to be decoded, and what the decoders share. What other folders use
 * of decoding is in image.h. */
#ifndef CAPTION_IMAGE_DECODE_H
#define CAPTION_IMAGE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "image/image.h"

/* One of these structs, in one file named after the format. */
struct format {
    const char *name;
    bool (*recognise)(const uint8_t *bytes, size_t size);
    /* `header` comes zeroed. */
    void (*inspect)(const uint8_t *bytes, size_t size, struct format_header *header);
    /* Allocates `out`; see image_file_decode for min_side. NULL where its library was absent at
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

/* Photos that a decoder hands over row by row, so that one of a huge size costs no huge memory.
 */

struct image_rows {
    struct image *image;
    size_t width, height; /* of what the decoder makes */
    size_t divisor;       /* each pixel of `image` is the mean of divisor x divisor */
    uint8_t *row;         /* (width, 3); NULL where divisor is 1 */
    uint32_t *sums;       /* (image->width, 3) of the `pending` rows of one mean */
    size_t pending;
};

/* The smallest divisor that makes a photo take 100 MB at most, 1 for all but huge ones, while both
 * sides stay at least `min_side`. */
size_t image_choose_divisor(const struct format_header *header, size_t min_side);

/* Allocates `image` for header->width x header->height pixels, reduced by image_choose_divisor. The
 * size of the file is asked as in image_check_cost. */
bool image_rows_begin(struct image_rows *rows, const struct format_header *header, size_t file_size,
                      size_t min_side, struct image *image, caption_error *error);

/* Where the decoder writes the `width` RGB pixels of row y. */
uint8_t *image_rows_at(const struct image_rows *rows, size_t y);

/* Takes row y, which the decoder has written. Rows come one after the other, downwards or upwards.
 */
void image_rows_take(struct image_rows *rows, size_t y);

/* Frees what the rows needed. Frees the image, too, unless `ok`, which is returned. */
bool image_rows_end(struct image_rows *rows, bool ok);

/* The pixels of a photo that a library made all at once, and the profile of their colours. */
struct whole_pixels {
    const uint8_t *pixels;  /* (height, stride), of which width * channels are pixels */
    size_t channels;        /* 3: RGB, 4: RGBA */
    bool premultiplied;     /* RGBA has its colours multiplied by alpha */
    bool grey;              /* all three are the same */
    size_t stride;          /* in bytes */
    const uint8_t *profile; /* ICC, or NULL */
    size_t profile_size;    /* in bytes */
    struct cicp cicp;       /* asked where there is no profile, and where it is HDR */
};

/* Makes `image` of them: over white, in sRGB, reduced as in image_rows_begin. */
bool image_take_whole(const struct whole_pixels *whole, const struct format_header *header,
                      size_t file_size, size_t min_side, struct image *image, caption_error *error);

/* Allocates `image` for a photo reduced by `divisor`, sides rounded up: what rounding added is none
 * of the photo, and each pixel is about the mean of divisor x divisor. */
bool image_new_reduced(struct image *image, const struct format_header *header, size_t divisor,
                       caption_error *error);

/* A side divided and rounded up. */
size_t image_divided(size_t side, size_t divisor);

/* Bytes of the pixels of an image so reduced. */
size_t image_reduced_bytes(const struct format_header *header, size_t divisor);

/* False with `error` set where decoding needs much memory for a file that is too small to hold a
 * photo of that size: 200 MB are free, and from 1 MB on 192 bytes more a byte of the file. `made`
 * are the bytes of the image, of which there are two while it is turned upright, and `beside` those
 * of what is there while it is made. */
bool image_check_cost(const struct format_header *header, size_t made, size_t beside,
                      size_t file_size, caption_error *error);

/* Boxes of ISO/IEC 14496-12, of which HEIF, JPEG XL and a Canon's raw files are made. */

enum { ISO_BOX_HEADER = 8, ISO_FULL_BOX = 4 /* version and flags, in front of some content */ };

/* A box: what is in it, and where the next one begins. */
struct iso_box {
    const char *type; /* 4 bytes */
    const uint8_t *content;
    size_t size;   /* of the content in bytes, as far as it is there */
    size_t length; /* of all, from the header; 0: impossible */
};

/* The box at the start of bytes[size], of which ISO_BOX_HEADER bytes are there. A length of 0 in
 * the file reaches to the end. */
struct iso_box iso_box_read(const uint8_t *bytes, size_t size);

bool iso_box_is(const struct iso_box *box, const char *type);

/* The first box of a type among those in bytes[size]; false where there is none. */
bool iso_box_find(const uint8_t *bytes, size_t size, const char *type, struct iso_box *box);

/* Whether bytes[size] reaches to the end of its last box. */
bool iso_boxes_end(const uint8_t *bytes, size_t size);

/* stb_image, compiled in: the decoder of JPEG, PNG and GIF where libjpeg-turbo, libpng or giflib is
 * absent. */

/* The decode function of struct format; `name` is the format's. */
bool stb_decode(const char *name, const uint8_t *bytes, size_t size,
                const struct format_header *header, struct image *out, caption_error *error);

/* The one thing that is wanted from a photo's EXIF block, how the camera was held: exif.c. */

/* Orientation 1..8 from an EXIF block (which begins with "II" or "MM"). 1, which is upright, where
 * it has none, is broken or libexif was absent at build time: a photo is not refused for it. */
unsigned exif_orientation(const uint8_t *block, size_t size);

/* Colour profiles (ICC.1) turned to sRGB, by LittleCMS: color.c. */

/* What a photo's pixels are. */
enum color_kind {
    COLOR_RGB,
    COLOR_GREY, /* RGB where all three are the same */
    COLOR_INK,  /* CMYK where 255 is no ink */
};

/* What turns pixels of this profile to sRGB. NULL where nothing is to be done: no profile, sRGB
 * itself, a profile of other pixels or broken, or LittleCMS absent at build time. A photo is not
 * refused for its profile. Taken out of the cache (NULL: there is none) if it is of this profile,
 * else made; color_put puts it there, or frees it. */
struct color *color_take(struct color_cache *cache, const uint8_t *profile, size_t size,
                         enum color_kind kind);
void color_put(struct color_cache *cache, struct color *color);

/* `from` has 3 or (COLOR_INK) 4 bytes a pixel; it may be `rgb` where it has 3. */
void color_convert(const struct color *color, const uint8_t *from, size_t count, uint8_t *rgb);

/* Colours that a file gives as code points of ITU-T H.273 (CICP), which need no library: color.c.
 */

/* Tables by which pixels of such colours become sRGB. */
enum { CICP_STEPS = 16384 };
struct cicp_tables {
    float light[256];               /* of each value; 1: white */
    float matrix[3][3];             /* to the primaries of sRGB */
    bool hdr;                       /* there may be more light than white has */
    uint8_t values[CICP_STEPS + 1]; /* of sRGB, by light */
};

/* Whether the curve is PQ or HLG: no colour profile describes those well. */
bool cicp_is_hdr(struct cicp cicp);

/* False where nothing is to be done: sRGB, code points that are not known, or a profile (ICC) that
 * counts, as it does unless they are HDR. Curves are PQ (SMPTE
 * ST 2084) and HLG (ITU-R BT.2100), of which white is 203 cd/m2 as in ITU-R BT.2408, and those that
 * photos have in place of sRGB's (1, 6, 13, 14, 15); primaries BT.2020 (9) and Display P3 (12). */
bool cicp_begin(struct cicp cicp, bool has_profile, struct cicp_tables *tables);

/* `count` RGB pixels; `from` may be `rgb`. */
void cicp_convert(const struct cicp_tables *tables, const uint8_t *from, size_t count,
                  uint8_t *rgb);

/* --- Directories of TIFF 6.0 and BigTIFF, read without a library and within the bounds of the
 * file: tiff.c --- */

enum tiff_tag {
    TIFF_TAG_JPEG_FROM_RAW = 46, /* of Panasonic */
    TIFF_TAG_SUBFILE = 254,      /* bits: what the directory is */
    TIFF_TAG_WIDTH = 256,
    TIFF_TAG_HEIGHT = 257,
    TIFF_TAG_COMPRESSION = 259,
    TIFF_TAG_PHOTOMETRIC = 262,
    TIFF_TAG_STRIP_OFFSETS = 273,
    TIFF_TAG_ORIENTATION = 274,
    TIFF_TAG_STRIP_SIZES = 279,
    TIFF_TAG_DIRECTORIES = 330, /* below this one */
    TIFF_TAG_JPEG_OFFSET = 513,
    TIFF_TAG_JPEG_SIZE = 514,
    TIFF_TAG_EXIF = 34665,
    TIFF_TAG_MAKER_NOTE = 37500,
    TIFF_TAG_DNG_VERSION = 50706,
};

/* A file, or a part of one from which its offsets count. */
struct tiff_file {
    const uint8_t *bytes;
    size_t size;
    bool big_endian, large; /* BigTIFF */
    uint64_t first;         /* place of the first directory */
};

struct tiff_directory {
    const uint8_t *entries;
    size_t count;  /* of those that are there */
    bool complete; /* all that it says to have are there */
    uint64_t next; /* place of the next one; 0: none */
};

struct tiff_entry {
    unsigned tag, type;
    uint64_t count;      /* of its values */
    const uint8_t *data; /* all of them; NULL: they do not lie in the file */
    size_t size;         /* in bytes */
};

/* Reads the header of bytes[size], whatever number stands where TIFF has 42. False where it is
 * none. */
bool tiff_file_read(const uint8_t *bytes, size_t size, struct tiff_file *file);

/* The directory at a place of the file; false where not even its count is there. */
bool tiff_directory_read(const struct tiff_file *file, uint64_t at,
                         struct tiff_directory *directory);

struct tiff_entry tiff_entry_at(const struct tiff_file *file,
                                const struct tiff_directory *directory, size_t i);

/* The entry of a tag; one without data where there is none. */
struct tiff_entry tiff_entry_find(const struct tiff_file *file,
                                  const struct tiff_directory *directory, unsigned tag);

/* Value i of an entry of whole numbers; 0 where it has none. */
uint64_t tiff_number(const struct tiff_file *file, const struct tiff_entry *entry, uint64_t i);

#endif

/* Directories of TIFF 6.0 and BigTIFF, read without a library and within the bounds of the file.
 * Internal to src/image. */
#ifndef CAPTION_IMAGE_TIFF_DIRECTORY_H
#define CAPTION_IMAGE_TIFF_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tiff_tag {
    TIFF_TAG_JPEG_FROM_RAW = 46, /* of Panasonic */
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

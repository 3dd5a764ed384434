/* Raw photos of cameras: not developed, but read by the largest JPEG that lies in them as a
 * preview. Most are TIFF files (DNG, NEF, CR2, ARW, ORF, RW2, PEF, SRW), a Canon's CR3 is made of
 * boxes, a Fujifilm's RAF has a header of its own. Where the previews lie is described by
 * exiftool's documents, and for DNG by Adobe's specification. */
#include <string.h>

#include "image/decode.h"

enum { PHOTOMETRIC_CFA = 32803, PHOTOMETRIC_LINEAR = 34892 };
enum { COMPRESSION_OLD_JPEG = 6, COMPRESSION_JPEG = 7 };
enum { MOST_DIRECTORIES = 64, MOST_DEPTH = 4 };

static bool begins(const uint8_t *bytes, size_t size, size_t offset, const char *start,
                   size_t length) {
    return size >= offset + length && memcmp(bytes + offset, start, length) == 0;
}

static bool is_cr3(const uint8_t *bytes, size_t size) {
    return begins(bytes, size, 4, "ftypcrx ", 8);
}

static bool is_raf(const uint8_t *bytes, size_t size) {
    return begins(bytes, size, 0, "FUJIFILMCCD-RAW", 15);
}

/* Files in the form of TIFF that say at their start that they are none. */
static bool has_raw_signature(const uint8_t *bytes, size_t size) {
    static const char *const starts[] = {"IIU\0", "IIRO", "IIRS", "MMOR"}; /* RW2, ORF */
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (begins(bytes, size, 0, starts[i], 4)) return true;
    return begins(bytes, size, 8, "CR\2", 3);
}

static bool is_tiff(const uint8_t *bytes, size_t size) {
    return begins(bytes, size, 0, "II*\0", 4) || begins(bytes, size, 0, "MM\0*", 4) ||
           begins(bytes, size, 0, "II+\0", 4) || begins(bytes, size, 0, "MM\0+", 4);
}

/* What the directories of a file have shown so far. */
struct raw_walk {
    struct format_header *header;
    size_t left;    /* directories to be tried: they may point at each other, or nowhere */
    bool developed; /* none has said to hold what a sensor saw */
    bool searching; /* for previews; else whether it is a raw photo at all */
};

/* Takes bytes[size] as the preview if they are a larger JPEG than the one before. What a sensor saw
 * is a JPEG too, of the lossless kind, in some files. */
static void take_preview(struct format_header *header, const uint8_t *bytes, size_t size) {
    struct format_header preview = {0};
    if (!format_jpeg.recognise(bytes, size)) return;
    format_jpeg.inspect(bytes, size, &preview);
    if (preview.lossless || preview.missing || preview.impossible) return;
    if ((uint64_t)preview.width * preview.height <= (uint64_t)header->width * header->height)
        return;
    const unsigned orientation = header->orientation;
    *header = preview;
    header->orientation = orientation;
    header->frame = bytes;
    header->frame_size = size;
}

static void take_range(struct raw_walk *walk, const struct tiff_file *file, uint64_t at,
                       uint64_t size) {
    if (at > file->size || size > file->size - at)
        walk->header->cut = true;
    else
        take_preview(walk->header, file->bytes + at, (size_t)size);
}

static uint64_t find_number(const struct tiff_file *file, const struct tiff_directory *directory,
                            unsigned tag) {
    const struct tiff_entry entry = tiff_entry_find(file, directory, tag);
    return tiff_number(file, &entry, 0);
}

/* The preview of a directory: by tags of its own, or as its one strip. */
static void take_previews(struct raw_walk *walk, const struct tiff_file *file,
                          const struct tiff_directory *directory) {
    const struct tiff_entry whole = tiff_entry_find(file, directory, TIFF_TAG_JPEG_FROM_RAW);
    const struct tiff_entry strips = tiff_entry_find(file, directory, TIFF_TAG_STRIP_OFFSETS);
    const uint64_t compression = find_number(file, directory, TIFF_TAG_COMPRESSION);
    const uint64_t at = find_number(file, directory, TIFF_TAG_JPEG_OFFSET);
    if (whole.data) take_preview(walk->header, whole.data, whole.size);
    if (at > 0) take_range(walk, file, at, find_number(file, directory, TIFF_TAG_JPEG_SIZE));
    if (strips.count == 1 &&
        (compression == COMPRESSION_OLD_JPEG || compression == COMPRESSION_JPEG))
        take_range(walk, file, tiff_number(file, &strips, 0),
                   find_number(file, directory, TIFF_TAG_STRIP_SIZES));
}

/* Olympus keeps the preview in the notes of the maker, a TIFF file whose offsets count from its
 * own start behind "OLYMPUS\0". */
static void take_olympus(struct raw_walk *walk, const struct tiff_file *file, uint64_t exif) {
    enum { name = 8, first = 12, tag_settings = 0x2020, tag_at = 0x101, tag_size = 0x102 };
    struct tiff_directory directory;
    if (!tiff_directory_read(file, exif, &directory)) return;
    const struct tiff_entry entry = tiff_entry_find(file, &directory, TIFF_TAG_MAKER_NOTE);
    if (!entry.data || entry.size < first || memcmp(entry.data, "OLYMPUS", name) != 0) return;
    const struct tiff_file note = {.bytes = entry.data,
                                   .size = file->size - (size_t)(entry.data - file->bytes),
                                   .big_endian = entry.data[name] == 'M'};
    if (!tiff_directory_read(&note, first, &directory)) return;
    const uint64_t settings = find_number(&note, &directory, tag_settings);
    if (settings == 0 || !tiff_directory_read(&note, settings, &directory)) return;
    take_range(walk, &note, find_number(&note, &directory, tag_at),
               find_number(&note, &directory, tag_size));
}

static void read_directory(struct raw_walk *walk, const struct tiff_file *file,
                           const struct tiff_directory *directory) {
    const uint64_t photometric = find_number(file, directory, TIFF_TAG_PHOTOMETRIC);
    if (photometric == PHOTOMETRIC_CFA || photometric == PHOTOMETRIC_LINEAR ||
        tiff_entry_find(file, directory, TIFF_TAG_DNG_VERSION).data)
        walk->developed = false;
    if (!walk->searching) return;
    take_previews(walk, file, directory);
    const uint64_t exif = find_number(file, directory, TIFF_TAG_EXIF);
    if (exif > 0) take_olympus(walk, file, exif);
}

/* A chain of directories, and those below each. */
static void read_chain(struct raw_walk *walk, const struct tiff_file *file, uint64_t at,
                       unsigned depth) {
    struct tiff_directory directory;
    while (at > 0 && walk->left > 0) {
        walk->left--;
        if (!tiff_directory_read(file, at, &directory)) return;
        read_directory(walk, file, &directory);
        const struct tiff_entry below = tiff_entry_find(file, &directory, TIFF_TAG_DIRECTORIES);
        for (uint64_t i = 0; depth < MOST_DEPTH && i < below.count && walk->left > 0; i++) {
            const uint64_t place = tiff_number(file, &below, i);
            if (place == 0) break;
            read_chain(walk, file, place, depth + 1);
        }
        at = directory.next;
    }
}

/* Whether a TIFF file is a raw photo: it says so at its start, or one of its directories does. */
static bool is_raw_tiff(const uint8_t *bytes, size_t size) {
    struct tiff_file file;
    struct raw_walk walk = {.left = MOST_DIRECTORIES, .developed = true};
    if (has_raw_signature(bytes, size)) return true;
    if (!is_tiff(bytes, size) || !tiff_file_read(bytes, size, &file)) return false;
    read_chain(&walk, &file, file.first, 0);
    return !walk.developed;
}

static bool raw_recognise(const uint8_t *bytes, size_t size) {
    return is_cr3(bytes, size) || is_raf(bytes, size) || is_raw_tiff(bytes, size);
}

static unsigned read_orientation(const struct tiff_file *file) {
    struct tiff_directory directory;
    if (!tiff_directory_read(file, file->first, &directory)) return 0;
    const uint64_t orientation = find_number(file, &directory, TIFF_TAG_ORIENTATION);
    return orientation <= 8 ? (unsigned)orientation : 0;
}

static void inspect_tiff(const uint8_t *bytes, size_t size, struct format_header *header) {
    struct tiff_file file;
    struct raw_walk walk = {.header = header, .left = MOST_DIRECTORIES, .searching = true};
    if (!tiff_file_read(bytes, size, &file)) {
        header->cut = true;
        return;
    }
    header->orientation = read_orientation(&file);
    read_chain(&walk, &file, file.first, 0);
}

/* A Canon's orientation lies in a TIFF file of its own, in a box among those of the film that a
 * photo is to it. */
static void inspect_cr3(const uint8_t *bytes, size_t size, struct format_header *header) {
    static const char metadata[] =
        "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";
    static const char preview[] =
        "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16";
    enum { uuid = 16, count = 8, preview_header = 16 };
    struct iso_box movie, box, part;
    struct tiff_file file;
    header->cut = !iso_boxes_end(bytes, size);
    if (iso_box_find(bytes, size, "moov", &movie) &&
        iso_box_find(movie.content, movie.size, "uuid", &box) &&
        begins(box.content, box.size, 0, metadata, uuid) &&
        iso_box_find(box.content + uuid, box.size - uuid, "CMT1", &part) &&
        tiff_file_read(part.content, part.size, &file))
        header->orientation = read_orientation(&file);
    while (iso_box_find(bytes, size, "uuid", &box)) {
        if (begins(box.content, box.size, 0, preview, uuid) && box.size > uuid + count &&
            iso_box_find(box.content + uuid + count, box.size - uuid - count, "PRVW", &part) &&
            part.size > preview_header) {
            take_preview(header, part.content + preview_header, part.size - preview_header);
            return;
        }
        const size_t read = (size_t)(box.content - bytes) + box.size;
        bytes += read;
        size -= read;
    }
}

static void inspect_raf(const uint8_t *bytes, size_t size, struct format_header *header) {
    enum { at_preview = 84, end = 92 };
    header->cut = true;
    if (size < end) return;
    const size_t at = bytes_big_32(bytes + at_preview);
    const size_t length = bytes_big_32(bytes + at_preview + 4);
    header->cut = at > size || length > size - at;
    if (!header->cut) take_preview(header, bytes + at, length);
}

static void raw_inspect(const uint8_t *bytes, size_t size, struct format_header *header) {
    if (is_cr3(bytes, size))
        inspect_cr3(bytes, size, header);
    else if (is_raf(bytes, size))
        inspect_raf(bytes, size, header);
    else
        inspect_tiff(bytes, size, header);
    if (header->frame) return;
    if (header->cut)
        header->missing = "its preview";
    else
        header->unread = "without a JPEG preview: what its sensor saw is not developed here";
}

static bool raw_decode(const uint8_t *bytes, size_t size, const struct format_header *header,
                       size_t min_side, struct image *out, caption_error *error) {
    (void)bytes;
    (void)size;
    return format_jpeg.decode(header->frame, header->frame_size, header, min_side, out, error) ||
           error_prefix(error, "its preview");
}

const struct format format_raw = {"camera raw", raw_recognise, raw_inspect, raw_decode, NULL};

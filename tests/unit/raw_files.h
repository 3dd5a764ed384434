/* Raw photos as cameras write them, without what a sensor saw: a JPEG preview of PREVIEW_WIDTH x
 * PREVIEW_HEIGHT pixels and, in most, a smaller one. */
#ifndef CAPTION_TESTS_RAW_FILES_H
#define CAPTION_TESTS_RAW_FILES_H

#include "tiff_files.h"

enum { PREVIEW_WIDTH = 40, PREVIEW_HEIGHT = 24 };

enum raw_kind {
    RAW_DNG,        /* first directory: a thumbnail */
    RAW_DNG_SENSOR, /* first directory: what the sensor saw */
    RAW_NEF,        /* preview by tags 513 and 514 */
    RAW_CR2,        /* preview as the strip of the first directory */
    RAW_RW2,        /* preview as a tag of its own */
    RAW_ORF,        /* preview in the notes of the maker */
    RAW_KINDS
};

static inline struct bytes raw_preview(size_t width, size_t height) {
    struct image image = gradient_new(width, height);
    struct bytes file = jpeg_new(&image, JPEG_BASELINE);
    image_free(&image);
    return file;
}

/* Adds a file's bytes; returns where they are. */
static inline size_t raw_add_file(struct tiff *tiff, const struct bytes *file) {
    const size_t at = tiff->file.size;
    bytes_add(&tiff->file, file->data, file->size);
    return at;
}

/* A directory that says where a JPEG is; returns its place. */
static inline size_t raw_add_strip(struct tiff *tiff, unsigned photometric, size_t at,
                                   size_t size) {
    const size_t place = tiff->file.size;
    tiff_add(tiff, 4, 2);
    tiff_add_entry(tiff, 259, 3, 1, 7); /* JPEG */
    tiff_add_entry(tiff, 262, 3, 1, photometric);
    tiff_add_entry(tiff, 273, 4, 1, at);
    tiff_add_entry(tiff, 279, 4, 1, size);
    tiff_add(tiff, 0, 4);
    return place;
}

static inline size_t raw_add_tags(struct tiff *tiff, size_t at, size_t size) {
    const size_t place = tiff->file.size;
    tiff_add(tiff, 2, 2);
    tiff_add_entry(tiff, 513, 4, 1, at);
    tiff_add_entry(tiff, 514, 4, 1, size);
    tiff_add(tiff, 0, 4);
    return place;
}

/* An EXIF directory with the notes of Olympus; returns its place. Offsets count from the notes. */
static inline size_t raw_add_olympus(struct tiff *tiff, const struct bytes *preview) {
    enum { first = 12, directory = 2 + 12 + 4, settings = 2 + 2 * 12 + 4 };
    const size_t note = tiff->file.size, at = first + directory + settings;
    bytes_add(&tiff->file, "OLYMPUS", 8);
    bytes_add(&tiff->file, tiff->big_endian ? "MM\0\3" : "II\3", 4);
    tiff_add(tiff, 1, 2);
    tiff_add_entry(tiff, 0x2020, 13, 1, first + directory);
    tiff_add(tiff, 0, 4);
    tiff_add(tiff, 2, 2);
    tiff_add_entry(tiff, 0x101, 4, 1, at);
    tiff_add_entry(tiff, 0x102, 4, 1, preview->size);
    tiff_add(tiff, 0, 4);
    raw_add_file(tiff, preview);
    const size_t place = tiff->file.size;
    tiff_add(tiff, 1, 2);
    tiff_add_entry(tiff, 37500, 7, at + preview->size, note);
    tiff_add(tiff, 0, 4);
    return place;
}

/* A JPEG of the lossless kind, as large as a sensor, of which the header is there. */
static inline struct bytes raw_sensor(void) {
    struct bytes file = {0};
    bytes_add(&file,
              "\xff\xd8\xff\xc3\0\x0b\x0e\x0f\xa0\x17\x70\1\1\x11\0\xff\xda\0\x08\1\1\0\1\0\0\x55"
              "\xff\xd9",
              28);
    return file;
}

static inline struct bytes raw_new(enum raw_kind kind, bool big_endian, unsigned orientation) {
    static const char *const starts[RAW_KINDS][2] = {
        [RAW_DNG] = {"II*", "MM\0*"}, [RAW_DNG_SENSOR] = {"II*", "MM\0*"},
        [RAW_NEF] = {"II*", "MM\0*"}, [RAW_CR2] = {"II*", "MM\0*"},
        [RAW_RW2] = {"IIU", "MM\0*"}, [RAW_ORF] = {"IIRO", "MMOR"}};
    struct tiff tiff = {.big_endian = big_endian};
    struct bytes large = raw_preview(PREVIEW_WIDTH, PREVIEW_HEIGHT), small = raw_preview(8, 6);
    struct bytes sensor = raw_sensor();
    bytes_add(&tiff.file, starts[kind][big_endian], 4);
    bytes_add(&tiff.file, kind == RAW_CR2 ? "\0\0\0\0CR\2\0\0\0\0\0" : "\0\0\0\0\0\0\0\0\0\0\0\0",
              12);
    const size_t large_at = raw_add_file(&tiff, &large), small_at = raw_add_file(&tiff, &small);
    const size_t sensor_at = raw_add_file(&tiff, &sensor);
    size_t below[3] = {raw_add_strip(&tiff, 32803, sensor_at, sensor.size), 0, 0}, count = 1;
    below[count++] = raw_add_tags(&tiff, small_at, small.size);
    if (kind == RAW_DNG || kind == RAW_DNG_SENSOR)
        below[count++] = raw_add_strip(&tiff, 6, large_at, large.size);
    if (kind == RAW_NEF) below[count++] = raw_add_tags(&tiff, large_at, large.size);
    const size_t exif = kind == RAW_ORF ? raw_add_olympus(&tiff, &large) : 0;
    const size_t list = tiff.file.size;
    for (size_t i = 0; i < count; i++) tiff_add(&tiff, below[i], 4);
    const size_t first = tiff.file.size;
    const bool strip = kind == RAW_CR2 || kind == RAW_DNG_SENSOR;
    tiff_add(&tiff, 8, 2);
    tiff_add_entry(&tiff, 46, 7, kind == RAW_RW2 ? large.size : 4, large_at);
    tiff_add_entry(&tiff, 254, 4, 1, kind == RAW_DNG);
    tiff_add_entry(&tiff, 259, 3, 1, strip ? 6 : 1);
    tiff_add_entry(&tiff, 273, 4, 1, kind == RAW_CR2 ? large_at : sensor_at);
    tiff_add_entry(&tiff, 274, 3, 1, orientation);
    tiff_add_entry(&tiff, 279, 4, 1, kind == RAW_CR2 ? large.size : sensor.size);
    tiff_add_entry(&tiff, 330, 4, count, list);
    tiff_add_entry(&tiff, kind == RAW_ORF ? 34665 : 50706, 4, 1, kind == RAW_ORF ? exif : 1);
    tiff_add(&tiff, 0, 4);
    struct tiff start = {.big_endian = big_endian};
    tiff_add(&start, first, 4);
    memcpy(tiff.file.data + 4, start.file.data, 4);
    bytes_free(&start.file);
    bytes_free(&large);
    bytes_free(&small);
    bytes_free(&sensor);
    return tiff.file;
}

static inline void raw_add_box(struct bytes *file, const char *type, const struct bytes *content) {
    bytes_add_big(file, 8 + content->size, 4);
    bytes_add(file, type, 4);
    bytes_add(file, content->data, content->size);
}

/* A Canon's CR3: its orientation is in one box, its preview in another. */
static inline struct bytes raw_cr3(unsigned orientation) {
    struct bytes file = {0}, metadata = {0}, movie = {0}, preview = {0}, box = {0};
    struct tiff tiff = {0};
    bytes_add(&file,
              "\0\0\0\x18"
              "ftypcrx \0\0\0\1crx isom",
              24);
    bytes_add(&tiff.file, "II*\0\x08\0\0\0\1\0", 10);
    tiff_add_entry(&tiff, 274, 3, 1, orientation);
    tiff_add(&tiff, 0, 4);
    bytes_add(&metadata, "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48", 16);
    raw_add_box(&metadata, "CMT1", &tiff.file);
    raw_add_box(&movie, "uuid", &metadata);
    raw_add_box(&file, "moov", &movie);
    bytes_add_big(&preview, 1, 6);
    bytes_add_big(&preview, PREVIEW_WIDTH, 2);
    bytes_add_big(&preview, PREVIEW_HEIGHT, 2);
    struct bytes jpeg = raw_preview(PREVIEW_WIDTH, PREVIEW_HEIGHT);
    bytes_add_big(&preview, 1, 2);
    bytes_add_big(&preview, jpeg.size, 4);
    bytes_add(&preview, jpeg.data, jpeg.size);
    bytes_add(&box, "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16", 16);
    bytes_add_big(&box, 1, 8);
    raw_add_box(&box, "PRVW", &preview);
    raw_add_box(&file, "uuid", &box);
    struct bytes *const all[] = {&metadata, &movie, &preview, &box, &jpeg, &tiff.file};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) bytes_free(all[i]);
    return file;
}

/* A Fujifilm's RAF. */
static inline struct bytes raw_raf(void) {
    struct bytes file = {0}, jpeg = raw_preview(PREVIEW_WIDTH, PREVIEW_HEIGHT);
    bytes_add(&file, "FUJIFILMCCD-RAW 0201", 20);
    while (file.size < 84) bytes_add_one(&file, 0);
    bytes_add_big(&file, 92, 4);
    bytes_add_big(&file, jpeg.size, 4);
    bytes_add(&file, jpeg.data, jpeg.size);
    bytes_free(&jpeg);
    return file;
}

#endif

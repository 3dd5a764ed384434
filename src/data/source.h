/* The source of a data set, opened far enough to detect its format. */
#ifndef CAPTION_DATA_SOURCE_H
#define CAPTION_DATA_SOURCE_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/file.h"
#include "data/table.h"

struct dataset_reading;

struct source {
    const struct dataset_reading *how;
    char *path;   /* of the file, or of the folder; owned */
    bool folder;  /* a folder: it has neither text nor JSON */
    bool archive; /* a tar archive: the same */
    char *beside; /* the folder that relative paths start from; owned */
    struct file_bytes file;
    const char *text; /* of the file, a byte order mark skipped; a 0 follows it */
    size_t size;
    cJSON *json; /* the first JSON value of a text that begins like JSON, else NULL; owned */
    bool more;   /* something follows it: JSON Lines */
    struct text_faults faults;
};

/* Bytes at the start of a file that identify its format. */
enum { SOURCE_BEGINNING = 512 };

/* Opens a file, or a folder, or the metadata.jsonl or metadata.csv that lies in the folder. A text
 * that begins as JSON does and is not valid is an error, and so are files of a kind that
 * foreign_check refuses.
 * `how` must live as long as the source. Freed with source_close; after a failure there is nothing
 * to free. */
bool source_open(struct source *source, const char *path, const struct dataset_reading *how,
                 caption_error *error);

/* Whether a metadata.jsonl or metadata.csv lies in a folder. */
bool source_has_metadata(const char *folder);

void source_close(struct source *source);

/* "expected a data set in one of the formats: `formats`, found ...", in one line. Returns false. */
bool source_refuse(const struct source *source, const char *formats, caption_error *error);

/* Files that hold data sets and are not read, each with the way out. */

/* True for a file that may hold a data set; false with `error` set, which names the path, for one
 * that begins as a Parquet or Arrow file or as compressed data does. */
bool foreign_check(const uint8_t *bytes, size_t size, const char *path, caption_error *error);

#endif

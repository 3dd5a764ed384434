/* The vectors of a library of photos in one file, for searches. All numbers are little-endian, and
 * nothing lies between the parts:
 *
 *     header    48 bytes: "CAPINDEX"; version, 1 (32 bits); width W of a vector (32 bits); then, of
 *               64 bits each, the model that made the vectors, the number N of photos, the bytes of
 *               their names, and a hash of photos and names
 *     photos    N times size, time and content, of 64 bits each: see struct index_photo
 *     names     N texts, each ended by a 0 byte, in ascending order of bytes
 *     vectors   (N, W) numbers in F16, each row of length 1
 *
 * The name of a photo is its path from the folder of the index file if it lies in that folder or
 * below, else its absolute path: a folder may be moved with its index. */
#ifndef CAPTION_SEARCH_INDEX_FILE_H
#define CAPTION_SEARCH_INDEX_FILE_H

#include "base/file.h"
#include "model/model.h"

/* Limits of an index. */
enum { INDEX_FILE_MAX_WIDTH = 65536, INDEX_FILE_MAX_PHOTOS = 10000000 };

/* A photo, and by what a change of it is seen. */
struct index_photo {
    const char *name;
    uint64_t size;    /* of its file, in bytes */
    uint64_t time;    /* of its last change, in nanoseconds */
    uint64_t content; /* hash_bytes of its file */
};

/* An open index. The vectors stay in the file. */
struct index_file {
    char *path;
    struct file_parts file;
    uint64_t model; /* that made the vectors: index_file_model */
    size_t width;
    size_t count;
    struct index_photo *photos; /* [count], in ascending order of their names */
    uint8_t *head;              /* the file up to the vectors; holds the names */
    size_t vectors;             /* where they begin in the file */
};

/* Opens an index, everything checked but the numbers of the vectors. Errors name the path. Freed
 * with index_file_close, for which a struct of zeros is an index that is not open. */
bool index_file_open(struct index_file *index, const char *path, caption_error *error);
void index_file_close(struct index_file *index);

/* Sets an error that says what is damaged and how to make the index anew; false. */
bool index_file_damaged(const struct index_file *index, const char *what, caption_error *error);

/* The number by which an index names the model that made its vectors: a hash of all that a photo's
 * vector depends on, encoder, search part, tags and preprocessing, as they are stored in the
 * model's file. False with `error` set when that cannot be read. */
bool index_file_model(const struct model *model, uint64_t *number, caption_error *error);

/* Whether the index was made by this model; the error says how to make it anew. */
bool index_file_check_model(const struct index_file *index, uint64_t model, size_t width,
                            caption_error *error);

/* The vectors of photos first .. first + count - 1 as stored, out[2 * count * width]. Any number of
 * threads may read at once. */
bool index_file_vectors(const struct index_file *index, size_t first, size_t count, uint8_t *out,
                        caption_error *error);

/* The photo of that name, or NULL. */
const struct index_photo *index_file_find(const struct index_file *index, const char *name);

/* Where a photo of the index at `path` is: a newly allocated path that can be opened, or NULL with
 * `error` set. */
char *index_file_place(const char *path, const char *name, caption_error *error);

/* A photo to be written. */
struct index_row {
    struct index_photo photo;
    const uint8_t *vector; /* (W,) in F16; NULL: that of photo number `old` of the old index */
    size_t old;
};

/* What an index is made of. */
struct index_content {
    uint64_t model;
    size_t width, count;
    const struct index_row *rows; /* [count], in ascending order of their names */
    const struct index_file *old; /* NULL: there is none */
};

/* Writes an index whole or not at all; it may replace the old one, which stays readable. */
bool index_file_write(const char *path, const struct index_content *content, caption_error *error);

/* Whether a file begins as an index does. */
bool index_file_recognise(const char *path);

#endif

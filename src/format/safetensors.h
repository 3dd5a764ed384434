/* The safetensors format: 8-byte little-endian header length, JSON header, raw tensors. Everything
 * is checked before use: header length, JSON, names, types, shapes, offsets (in range, no overlap,
 * no gaps, size equal to shape times type). */
#ifndef CAPTION_FORMAT_SAFETENSORS_H
#define CAPTION_FORMAT_SAFETENSORS_H

#include <cjson/cJSON.h>

#include "base/file.h"

enum safetensors_type { SAFETENSORS_F32, SAFETENSORS_F16, SAFETENSORS_BF16, SAFETENSORS_OTHER };

/* Bytes of a number of the first three types. */
static inline size_t safetensors_width(enum safetensors_type type) {
    return type == SAFETENSORS_F32 ? 4 : 2;
}

enum { SAFETENSORS_MAX_DIMENSIONS = 8 };

struct safetensors_tensor {
    const char *name; /* of the header; valid while the file is open */
    enum safetensors_type type;
    const char *type_name; /* as in the header: "F16", "I64" */
    size_t shape[SAFETENSORS_MAX_DIMENSIONS];
    size_t dimensions;
    size_t count;  /* product of the shape */
    size_t offset; /* in the file */
    size_t bytes;
};

struct safetensors {
    char *path;
    struct file_parts parts;
    cJSON *header;
    struct safetensors_tensor *tensors; /* ordered by name */
    size_t tensor_count;
};

/* Opens a file and checks its header; the numbers are read on request. Errors name path, tensor and
 * field. */
bool safetensors_open(struct safetensors *file, const char *path, caption_error *error);
void safetensors_close(struct safetensors *file);

/* The tensor of that name, or NULL. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name);

/* The tensor of that name, which must exist, have that shape and a type that safetensors_floats
 * converts; else NULL and an error that names what was expected and found. */
const struct safetensors_tensor *safetensors_expect(const struct safetensors *file,
                                                    const char *name, const size_t *shape,
                                                    size_t dimensions, caption_error *error);

/* The string of that key in __metadata__, or NULL. */
const char *safetensors_metadata(const struct safetensors *file, const char *key);

/* A shape of at most SAFETENSORS_MAX_DIMENSIONS as "[10, 11]", for messages. */
struct safetensors_shape_text {
    char text[22 * SAFETENSORS_MAX_DIMENSIONS + 2];
};
struct safetensors_shape_text safetensors_shape_text(const size_t *shape, size_t dimensions);

/* Converts a tensor's F32, F16 or BF16 numbers to floats, out[count]. False for other types and
 * numbers that are not finite (error names path and tensor). */
bool safetensors_floats(const struct safetensors *file, const struct safetensors_tensor *tensor,
                        float *out, caption_error *error);
/* The same for numbers first .. first + count - 1, out[count]. */
bool safetensors_some_floats(const struct safetensors *file,
                             const struct safetensors_tensor *tensor, size_t first, size_t count,
                             float *out, caption_error *error);

/* Reads a tensor without conversion, out[bytes], with the same checks. */
bool safetensors_as_is(const struct safetensors *file, const struct safetensors_tensor *tensor,
                       uint8_t *out, caption_error *error);

/* Writes a file atomically. The same content gives the same bytes: metadata is ordered by key;
 * tensors are in the order given, F32 before the 16-bit types so that all are aligned. */
struct safetensors_writer;
struct safetensors_writer *safetensors_writer_new(const char *path, caption_error *error);
/* Sets a key; a second value replaces the first. */
bool safetensors_writer_metadata(struct safetensors_writer *writer, const char *key,
                                 const char *value, caption_error *error);
/* A tensor to be written. */
struct new_tensor {
    const char *name;
    enum safetensors_type type; /* F32, F16 or BF16 */
    const size_t *shape;        /* [dimensions] */
    size_t dimensions;
    const float *values; /* as many as the product of the shape */
};
/* Copies the tensor's numbers, rounded to nearest, ties to even. A number that is not finite or too
 * large for the type is an error. */
bool safetensors_writer_tensor(struct safetensors_writer *writer, const struct new_tensor *added,
                               caption_error *error);
/* The same without a copy of F32 numbers, which must stay as they are until the file is written. */
bool safetensors_writer_tensor_stays(struct safetensors_writer *writer,
                                     const struct new_tensor *added, caption_error *error);
/* Writes everything and renames over `path`; frees the writer in any case. */
bool safetensors_writer_finish(struct safetensors_writer *writer, caption_error *error);
void safetensors_writer_free(struct safetensors_writer *writer);

#endif

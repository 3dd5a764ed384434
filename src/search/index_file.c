#include "search/index_file.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

static const char signature[8] = "CAPINDEX";

enum { VERSION = 1, NUMBER = 2 /* bytes of an F16 */ };

/* Bytes of a model that are read and hashed together. */
enum { PART = 1 << 16 };

struct header {
    char signature[sizeof signature];
    uint32_t version, width;
    uint64_t model, count, names, hash;
};

struct stored_photo {
    uint64_t size, time, content;
};

_Static_assert(sizeof(struct header) == 48, "no gaps in the header");
_Static_assert(sizeof(struct stored_photo) == 24, "no gaps in a photo");

bool index_file_damaged(const struct index_file *index, const char *what, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: the index is damaged: %s; `caption index --force PATH... -o %s` makes it "
                     "anew",
                     index->path, what, index->path);
}

/* Reads the header; *names: the bytes of the names. */
static bool read_header(struct index_file *index, struct header *header, caption_error *error) {
    const size_t size = index->file.size;
    memset(header, 0, sizeof *header);
    if (!file_parts_read(&index->file, index->path, 0, size_smaller(size, sizeof *header), header,
                         error))
        return false;
    if (memcmp(header->signature, signature, sizeof signature) != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: expected an index of photos (`caption index PATH... -o FILE`), found "
                         "another file",
                         index->path);
    if (size < sizeof *header) return index_file_damaged(index, "it ends within its header", error);
    header->version = le32toh(header->version);
    if (header->version != VERSION)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: an index of version %u, expected %d: another version of caption made "
                         "it",
                         index->path, (unsigned)header->version, VERSION);
    header->width = le32toh(header->width);
    header->count = le64toh(header->count);
    header->names = le64toh(header->names);
    header->hash = le64toh(header->hash);
    index->model = le64toh(header->model);
    return true;
}

/* Whether the file has the size that its header asks for, and no more photos than are accepted. */
static bool check_sizes(struct index_file *index, const struct header *header,
                        caption_error *error) {
    if (header->width < 1 || header->width > INDEX_FILE_MAX_WIDTH)
        return index_file_damaged(index, "the width of its vectors is out of range", error);
    if (header->count > INDEX_FILE_MAX_PHOTOS)
        return index_file_damaged(index, "it claims too many photos", error);
    if (header->names > header->count * PATH_MAX)
        return index_file_damaged(index, "its names are too long", error);
    index->width = header->width;
    index->count = (size_t)header->count;
    index->vectors = sizeof *header + index->count * sizeof(struct stored_photo) + header->names;
    size_t vectors, size;
    if (!size_multiply(index->count, NUMBER * index->width, &vectors) ||
        !size_add(index->vectors, vectors, &size) || size != index->file.size)
        return index_file_damaged(index, "its size does not fit the number of its photos", error);
    return true;
}

/* Whether a path is absolute or leads downwards from where it begins, without detours. */
static bool is_plain_path(const char *name) {
    const char *part = name + (name[0] == '/');
    for (;;) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += length;
        if (*part == 0) return true;
        part++;
    }
}

/* Finds the names in the head, which ends with the last of them. */
static bool find_names(struct index_file *index, size_t begin, caption_error *error) {
    const char *next = (const char *)index->head + begin;
    const char *end = (const char *)index->head + index->vectors;
    for (size_t i = 0; i < index->count; i++) {
        const size_t length = strnlen(next, (size_t)(end - next));
        if (next + length == end) return index_file_damaged(index, "a name has no end", error);
        if (length >= PATH_MAX || !is_plain_path(next))
            return index_file_damaged(index, "a name is not the path of a photo", error);
        if (i > 0 && strcmp(index->photos[i - 1].name, next) >= 0)
            return index_file_damaged(index, "its names are not in order", error);
        index->photos[i].name = next;
        next += length + 1;
    }
    return next == end || index_file_damaged(index, "there is more than its names", error);
}

static void take_photos(struct index_file *index) {
    const uint8_t *stored = index->head + sizeof(struct header);
    for (size_t i = 0; i < index->count; i++) {
        struct stored_photo photo;
        memcpy(&photo, stored + i * sizeof photo, sizeof photo);
        index->photos[i] = (struct index_photo){.size = le64toh(photo.size),
                                                .time = le64toh(photo.time),
                                                .content = le64toh(photo.content)};
    }
}

static bool read_photos(struct index_file *index, const struct header *header,
                        caption_error *error) {
    const size_t begin = sizeof *header;
    index->head = memory_uninitialised(index->vectors, 1, "an index", error);
    index->photos = memory_zeroed(index->count, sizeof *index->photos, "an index", error);
    if (!index->head || !index->photos ||
        !file_parts_read(&index->file, index->path, 0, index->vectors, index->head, error))
        return false;
    if (hash_bytes(HASH_START, index->head + begin, index->vectors - begin) != header->hash)
        return index_file_damaged(index, "its photos are not those that were written", error);
    take_photos(index);
    return find_names(index, begin + index->count * sizeof(struct stored_photo), error);
}

bool index_file_open(struct index_file *index, const char *path, caption_error *error) {
    struct header header;
    *index = (struct index_file){.path = memory_string(path, error)};
    if (index->path && file_parts_open(&index->file, path, error) &&
        read_header(index, &header, error) && check_sizes(index, &header, error) &&
        read_photos(index, &header, error))
        return true;
    index_file_close(index);
    return false;
}

void index_file_close(struct index_file *index) {
    file_parts_close(&index->file);
    free(index->photos);
    free(index->head);
    free(index->path);
    *index = (struct index_file){0};
}

/* Whether a photo's vector depends on that tensor. */
static bool makes_vectors(const struct model *model, size_t tensor) {
    const struct decoder *decoder = &model->decoder;
    if (tensor == decoder->image_shift || tensor == decoder->image_scale) return true;
    if (decoder->tags > 0 && (tensor == decoder->tag_weight || tensor == decoder->tag_bias))
        return true;
    return tensor >= model->search.first ||
           strncmp(model->parameters.tensors[tensor].name, "encoder.", 8) == 0;
}

/* Adds a tensor of an open file to the hash, part by part: part[PART]. */
static bool hash_stored(const struct safetensors *file, const char *name, uint8_t *part,
                        uint64_t *hash, caption_error *error) {
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    for (size_t at = 0; at < tensor->bytes; at += PART) {
        const size_t size = size_smaller(tensor->bytes - at, PART);
        if (!file_parts_read(&file->parts, file->path, tensor->offset + at, size, part, error))
            return false;
        *hash = hash_bytes(*hash, part, size);
    }
    return true;
}

static bool hash_tensor(const struct model *model, size_t index, uint8_t *part, uint64_t *hash,
                        caption_error *error) {
    const struct parameter *tensor = &model->parameters.tensors[index];
    const struct weights weights = model_weights(model);
    *hash = hash_string(*hash, tensor->name);
    if (!weights.values) return hash_stored(weights.file, tensor->name, part, hash, error);
    *hash = hash_bytes(*hash, weights.values + tensor->offset, tensor->count * sizeof(float));
    return true;
}

bool index_file_model(const struct model *model, uint64_t *number, caption_error *error) {
    const struct preprocessing *preprocessing = &model->preprocessing;
    const uint64_t size = preprocessing->size;
    uint64_t hash = hash_bytes(HASH_START, &size, sizeof size);
    hash = hash_bytes(hash, preprocessing->mean, sizeof preprocessing->mean);
    hash = hash_bytes(hash, preprocessing->std, sizeof preprocessing->std);
    uint8_t *part = memory_uninitialised(PART, 1, "a model's hash", error);
    bool ok = part != NULL;
    for (size_t i = 0; ok && i < model->parameters.tensor_count; i++)
        if (makes_vectors(model, i)) ok = hash_tensor(model, i, part, &hash, error);
    free(part);
    *number = hash;
    return ok;
}

bool index_file_check_model(const struct index_file *index, uint64_t model, size_t width,
                            caption_error *error) {
    if (index->model == model)
        return index->width == width ||
               index_file_damaged(index, "its vectors are not as wide as the model's", error);
    char found[HASH_TEXT], expected[HASH_TEXT];
    hash_text(index->model, found);
    hash_text(model, expected);
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: its vectors were made by another model (%s, expected %s): name that model "
        "with --model, or make the index anew: `caption index --force PATH... -o %s`",
        index->path, found, expected, index->path);
}

bool index_file_vectors(const struct index_file *index, size_t first, size_t count, uint8_t *out,
                        caption_error *error) {
    const size_t row = NUMBER * index->width;
    return file_parts_read(&index->file, index->path, index->vectors + first * row, count * row,
                           out, error);
}

static int compare_name(const void *name, const void *photo) {
    return strcmp(name, ((const struct index_photo *)photo)->name);
}

const struct index_photo *index_file_find(const struct index_file *index, const char *name) {
    return index->count == 0
               ? NULL
               : bsearch(name, index->photos, index->count, sizeof *index->photos, compare_name);
}

char *index_file_place(const char *path, const char *name, caption_error *error) {
    char *folder = memory_substring(path, file_name_start(path), error);
    char *place = folder ? file_join(folder, name, error) : NULL;
    free(folder);
    return place;
}

/* Photos and names of an index to be written, as in the file; freed by the caller. */
static uint8_t *head_of(const struct index_content *content, size_t *size, caption_error *error) {
    *size = content->count * sizeof(struct stored_photo);
    for (size_t i = 0; i < content->count; i++) *size += strlen(content->rows[i].photo.name) + 1;
    uint8_t *head = memory_uninitialised(*size, 1, "an index", error);
    if (!head) return NULL;
    char *name = (char *)head + content->count * sizeof(struct stored_photo);
    for (size_t i = 0; i < content->count; i++) {
        const struct index_photo *photo = &content->rows[i].photo;
        const struct stored_photo stored = {htole64(photo->size), htole64(photo->time),
                                            htole64(photo->content)};
        memcpy(head + i * sizeof stored, &stored, sizeof stored);
        name = stpcpy(name, photo->name) + 1;
    }
    return head;
}

static bool write_head(FILE *stream, const struct index_content *content, caption_error *error) {
    size_t size;
    uint8_t *head = head_of(content, &size, error);
    if (!head) return false;
    struct header header = {
        .version = htole32(VERSION),
        .width = htole32((uint32_t)content->width),
        .model = htole64(content->model),
        .count = htole64(content->count),
        .names = htole64(size - content->count * sizeof(struct stored_photo)),
        .hash = htole64(hash_bytes(HASH_START, head, size)),
    };
    memcpy(header.signature, signature, sizeof signature);
    fwrite(&header, sizeof header, 1, stream);
    fwrite(head, 1, size, stream);
    free(head);
    return true;
}

static bool write_vectors(FILE *stream, const struct index_content *content, caption_error *error) {
    const size_t size = NUMBER * content->width;
    uint8_t *copy = memory_uninitialised(size, 1, "an index", error);
    bool ok = copy != NULL;
    for (size_t i = 0; ok && i < content->count; i++) {
        const struct index_row *row = &content->rows[i];
        ok = row->vector || index_file_vectors(content->old, row->old, 1, copy, error);
        if (ok) fwrite(row->vector ? row->vector : copy, 1, size, stream);
    }
    free(copy);
    return ok;
}

bool index_file_write(const char *path, const struct index_content *content, caption_error *error) {
    struct file_writer writer;
    if (content->count > INDEX_FILE_MAX_PHOTOS)
        return error_set(error, CAPTION_ERROR_LIMIT, "%s: %zu photos, at most %d are accepted",
                         path, content->count, INDEX_FILE_MAX_PHOTOS);
    if (!file_writer_open(&writer, path, error)) return false;
    if (write_head(writer.stream, content, error) && write_vectors(writer.stream, content, error) &&
        file_writer_is_whole(&writer, error))
        return file_writer_commit(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

bool index_file_recognise(const char *path) {
    struct file_bytes beginning;
    if (!file_read_beginning(path, sizeof signature, &beginning)) return false;
    const bool is_index = beginning.size == sizeof signature &&
                          memcmp(beginning.data, signature, sizeof signature) == 0;
    file_bytes_free(&beginning);
    return is_index;
}

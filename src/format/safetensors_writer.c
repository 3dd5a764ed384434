/* Writing. Converted tensors are kept in memory until the header, which comes first, can be
 * written. */
#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/float16.h"
#include "format/safetensors.h"

/* The header is padded with spaces so that the numbers after it are aligned. */
enum { HEADER_ALIGNMENT = 8 };

struct written_tensor {
    char *name;
    enum safetensors_type type;
    size_t shape[SAFETENSORS_MAX_DIMENSIONS];
    size_t dimensions;
    uint8_t *data;      /* owned, or NULL: */
    const float *stays; /* the caller's numbers */
    size_t bytes;
};

struct safetensors_writer {
    char *path;
    cJSON *metadata;
    struct written_tensor *tensors;
    size_t tensor_count, tensor_capacity;
};

struct safetensors_writer *safetensors_writer_new(const char *path, caption_error *error) {
    struct safetensors_writer *writer = memory_zeroed(1, sizeof *writer, "a model file", error);
    if (!writer) return NULL;
    writer->path = memory_string(path, error);
    writer->metadata = cJSON_CreateObject();
    if (writer->path && writer->metadata) return writer;
    if (writer->path) error_memory(error, "a model file");
    safetensors_writer_free(writer);
    return NULL;
}

void safetensors_writer_free(struct safetensors_writer *writer) {
    if (!writer) return;
    for (size_t i = 0; i < writer->tensor_count; i++) {
        free(writer->tensors[i].name);
        free(writer->tensors[i].data);
    }
    free(writer->tensors);
    cJSON_Delete(writer->metadata);
    free(writer->path);
    free(writer);
}

bool safetensors_writer_metadata(struct safetensors_writer *writer, const char *key,
                                 const char *value, caption_error *error) {
    cJSON_DeleteItemFromObjectCaseSensitive(writer->metadata, key);
    if (cJSON_AddStringToObject(writer->metadata, key, value)) return true;
    return error_memory(error, "metadata");
}

static const char *type_name(enum safetensors_type type) {
    return type == SAFETENSORS_F32 ? "F32" : type == SAFETENSORS_F16 ? "F16" : "BF16";
}

static bool are_finite(const float *values, size_t count, size_t *bad) {
    for (size_t i = 0; i < count; i++) {
        *bad = i;
        if (!isfinite(values[i])) return false;
    }
    return true;
}

static bool floats_to_bytes(const float *in, size_t count, uint8_t *bytes, size_t *bad) {
    if (!are_finite(in, count, bad)) return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &in[i], sizeof bits);
        bits = htole32(bits);
        memcpy(bytes + 4 * i, &bits, sizeof bits);
    }
    return true;
}

static bool convert(const struct written_tensor *tensor, size_t count, const float *values,
                    size_t *bad) {
    if (tensor->stays) return are_finite(values, count, bad);
    if (tensor->type == SAFETENSORS_F32) return floats_to_bytes(values, count, tensor->data, bad);
    if (tensor->type == SAFETENSORS_F16)
        return float16_from_floats(values, count, tensor->data, bad);
    return float16_brain_from_floats(values, count, tensor->data, bad);
}

/* Copies the numbers, or notes where they are. */
static bool take_numbers(struct written_tensor *tensor, const char *path, size_t count,
                         const struct new_tensor *added, bool stays, caption_error *error) {
    const bool as_in_file = added->type == SAFETENSORS_F32 && htole32(1) == 1;
    const bool as_they_are = stays && as_in_file;
    tensor->bytes = count * safetensors_width(added->type);
    if (as_they_are)
        tensor->stays = added->values;
    else
        tensor->data =
            memory_uninitialised(count, safetensors_width(added->type), added->name, error);
    if (!tensor->data && !as_they_are) return false;
    size_t bad = 0;
    if (convert(tensor, count, added->values, &bad)) return true;
    if (!isfinite(added->values[bad]))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: tensor \"%s\": number %zu is %g, expected numbers that are finite",
                         path, tensor->name, bad, (double)added->values[bad]);
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: tensor \"%s\": number %zu is %g, which %s cannot hold", path,
                     tensor->name, bad, (double)added->values[bad], type_name(tensor->type));
}

static bool check_new_tensor(const struct safetensors_writer *writer,
                             const struct new_tensor *added, caption_error *error) {
    if (added->type == SAFETENSORS_OTHER || added->dimensions > SAFETENSORS_MAX_DIMENSIONS) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: tensor \"%s\": expected F32, F16 or BF16 and at most %d dimensions",
                         writer->path, added->name, SAFETENSORS_MAX_DIMENSIONS);
    }
    for (size_t i = 0; i < writer->tensor_count; i++) {
        if (strcmp(writer->tensors[i].name, added->name) != 0) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT, "%s: tensor \"%s\": added twice",
                         writer->path, added->name);
    }
    return true;
}

static bool add_tensor(struct safetensors_writer *writer, const struct new_tensor *added,
                       bool stays, caption_error *error) {
    if (!check_new_tensor(writer, added, error) ||
        !memory_grow(&writer->tensors, &writer->tensor_capacity, writer->tensor_count + 1,
                     sizeof *writer->tensors, "a tensor table", error)) {
        return false;
    }
    struct written_tensor tensor = {.type = added->type, .dimensions = added->dimensions};
    size_t count = 1;
    for (size_t d = 0; d < added->dimensions; d++) {
        tensor.shape[d] = added->shape[d];
        if (!size_multiply(count, added->shape[d], &count)) {
            return error_set(error, CAPTION_ERROR_LIMIT, "%s: tensor \"%s\": its shape overflows",
                             writer->path, added->name);
        }
    }
    tensor.name = memory_string(added->name, error);
    if (!tensor.name) return false;
    if (take_numbers(&tensor, writer->path, count, added, stays, error)) {
        writer->tensors[writer->tensor_count++] = tensor;
        return true;
    }
    free(tensor.data);
    free(tensor.name);
    return false;
}

bool safetensors_writer_tensor(struct safetensors_writer *writer, const struct new_tensor *added,
                               caption_error *error) {
    return add_tensor(writer, added, false, error);
}

bool safetensors_writer_tensor_stays(struct safetensors_writer *writer,
                                     const struct new_tensor *added, caption_error *error) {
    return add_tensor(writer, added, true, error);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* Adds the metadata to the header, ordered by key. */
static bool add_metadata(const struct safetensors_writer *writer, cJSON *header,
                         caption_error *error) {
    const size_t count = (size_t)cJSON_GetArraySize(writer->metadata);
    if (count == 0) return true;
    cJSON *ordered = cJSON_AddObjectToObject(header, "__metadata__");
    if (!ordered) return error_memory(error, "metadata");
    const cJSON **items = memory_uninitialised(count, sizeof *items, "metadata", error);
    if (!items) return false;
    size_t end = 0;
    for (const cJSON *item = writer->metadata->child; item; item = item->next) items[end++] = item;
    qsort(items, count, sizeof *items, compare_keys);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = cJSON_AddStringToObject(ordered, items[i]->string, items[i]->valuestring) != NULL;
    }
    free(items);
    return ok || error_memory(error, "metadata");
}

static bool add_number(cJSON *array, size_t number) {
    cJSON *item = cJSON_CreateNumber((double)number);
    if (!item) return false;
    if (cJSON_AddItemToArray(array, item)) return true;
    cJSON_Delete(item);
    return false;
}

/* Adds a tensor's entry to the header; its bytes begin at *end, which is advanced. */
static bool add_entry(cJSON *header, const struct written_tensor *tensor, size_t *end) {
    cJSON *entry = cJSON_AddObjectToObject(header, tensor->name);
    if (!entry || !cJSON_AddStringToObject(entry, "dtype", type_name(tensor->type))) return false;
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    for (size_t d = 0; d < tensor->dimensions; d++) {
        if (!shape || !add_number(shape, tensor->shape[d])) return false;
    }
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    const size_t begin = *end;
    *end += tensor->bytes;
    return shape && offsets && add_number(offsets, begin) && add_number(offsets, *end);
}

/* Visits the tensors in the order of the file: the wider type first. */
static const size_t widths[] = {4, 2};

static bool add_entries(const struct safetensors_writer *writer, cJSON *header,
                        caption_error *error) {
    size_t end = 0;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (size_t i = 0; i < writer->tensor_count; i++) {
            const struct written_tensor *tensor = &writer->tensors[i];
            if (safetensors_width(tensor->type) != widths[w]) continue;
            if (!add_entry(header, tensor, &end)) return error_memory(error, "a header");
        }
    }
    return true;
}

/* The header's text, freed with cJSON_free. */
static char *print_header(const struct safetensors_writer *writer, caption_error *error) {
    cJSON *header = cJSON_CreateObject();
    if (!header) {
        error_memory(error, "a header");
        return NULL;
    }
    char *text = NULL;
    if (add_metadata(writer, header, error) && add_entries(writer, header, error)) {
        text = cJSON_PrintUnformatted(header);
        if (!text) error_memory(error, "a header");
    }
    cJSON_Delete(header);
    return text;
}

/* Failures show when the file is committed. */
static void write_all(const struct safetensors_writer *writer, const char *header, FILE *stream) {
    const size_t size = strlen(header);
    const size_t padding = (HEADER_ALIGNMENT - size % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
    const uint64_t length = htole64(size + padding);
    fwrite(&length, sizeof length, 1, stream);
    fwrite(header, 1, size, stream);
    fprintf(stream, "%*s", (int)padding, "");
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (size_t i = 0; i < writer->tensor_count; i++) {
            const struct written_tensor *tensor = &writer->tensors[i];
            if (safetensors_width(tensor->type) != widths[w]) continue;
            const void *bytes = tensor->data ? (const void *)tensor->data : tensor->stays;
            fwrite(bytes, 1, tensor->bytes, stream);
        }
    }
}

bool safetensors_writer_finish(struct safetensors_writer *writer, caption_error *error) {
    char *header = print_header(writer, error);
    struct file_writer file;
    bool ok = header && file_writer_open(&file, writer->path, error);
    if (ok) {
        write_all(writer, header, file.stream);
        ok = file_writer_commit(&file, error);
    }
    cJSON_free(header);
    safetensors_writer_free(writer);
    return ok;
}

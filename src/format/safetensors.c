/* Reading. The header is untrusted input. */
#include "format/safetensors.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "format/float16.h"

enum { LENGTH_BYTES = 8, SHOWN = 80 /* bytes of a name that a message shows */ };

/* Bytes read before conversion, and numbers converted only for checks: both buffers stay in a near
 * cache. */
enum { BYTES_AT_A_TIME = 1 << 15, CHECKED_AT_A_TIME = 1024 };

/* As in the reference implementation. */
static const size_t largest_header = 100000000;

/* The largest whole number up to which a double, as JSON is parsed to, holds every one. */
static const double largest_whole = 9007199254740992.0; /* 2^53 */

static const struct {
    const char *name;
    size_t width;
    enum safetensors_type type;
} types[] = {
    {"F32", 4, SAFETENSORS_F32},       {"F16", 2, SAFETENSORS_F16},
    {"BF16", 2, SAFETENSORS_BF16},     {"F64", 8, SAFETENSORS_OTHER},
    {"F8_E4M3", 1, SAFETENSORS_OTHER}, {"F8_E5M2", 1, SAFETENSORS_OTHER},
    {"I64", 8, SAFETENSORS_OTHER},     {"I32", 4, SAFETENSORS_OTHER},
    {"I16", 2, SAFETENSORS_OTHER},     {"I8", 1, SAFETENSORS_OTHER},
    {"U64", 8, SAFETENSORS_OTHER},     {"U32", 4, SAFETENSORS_OTHER},
    {"U16", 2, SAFETENSORS_OTHER},     {"U8", 1, SAFETENSORS_OTHER},
    {"BOOL", 1, SAFETENSORS_OTHER},
};

static bool tensor_error(const char *path, const char *tensor, const char *what,
                         caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%.*s\": %s", path, SHOWN, tensor,
                     what);
}

/* A number of a field of numbers, such as shape[1], that should be a whole one. */
static bool parse_whole(const char *path, const char *tensor, const cJSON *field, size_t place,
                        size_t *out, caption_error *error) {
    const cJSON *value = cJSON_GetArrayItem(field, (int)place);
    if (!cJSON_IsNumber(value)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": %s[%zu]: expected a whole number, found %s", path,
                         SHOWN, tensor, field->string, place, json_type(value));
    }
    const double number = value->valuedouble;
    if (!(number >= 0 && number <= largest_whole && floor(number) == number)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": %s[%zu]: expected a whole number from 0 to 2^53, "
                         "found %.17g",
                         path, SHOWN, tensor, field->string, place, number);
    }
    *out = (size_t)number;
    return true;
}

static const cJSON *parse_field(const char *path, const cJSON *entry, const char *field,
                                caption_error *error) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(entry, field);
    if (!value) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%.*s\": %s: missing", path, SHOWN,
                  entry->string, field);
    }
    return value;
}

static bool parse_type(const char *path, const cJSON *entry, struct safetensors_tensor *tensor,
                       size_t *width, caption_error *error) {
    const cJSON *value = parse_field(path, entry, "dtype", error);
    if (!value) return false;
    if (!cJSON_IsString(value)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": dtype: expected a string, found %s", path, SHOWN,
                         tensor->name, json_type(value));
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, value->valuestring) != 0) continue;
        tensor->type = types[i].type;
        tensor->type_name = types[i].name;
        *width = types[i].width;
        return true;
    }
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: tensor \"%.*s\": dtype: expected one of the format's (F32, F16, BF16, "
                     "...), found \"%.16s\"",
                     path, SHOWN, tensor->name, value->valuestring);
}

static bool parse_shape(const char *path, const cJSON *entry, struct safetensors_tensor *tensor,
                        caption_error *error) {
    const cJSON *value = parse_field(path, entry, "shape", error);
    if (!value) return false;
    if (!cJSON_IsArray(value)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": shape: expected an array, found %s", path, SHOWN,
                         tensor->name, json_type(value));
    }
    tensor->count = 1;
    const size_t dimensions = (size_t)cJSON_GetArraySize(value);
    while (tensor->dimensions < dimensions) {
        if (tensor->dimensions == SAFETENSORS_MAX_DIMENSIONS) {
            return error_set(error, CAPTION_ERROR_LIMIT,
                             "%s: tensor \"%.*s\": shape: expected at most %d dimensions", path,
                             SHOWN, tensor->name, SAFETENSORS_MAX_DIMENSIONS);
        }
        size_t *size = &tensor->shape[tensor->dimensions];
        if (!parse_whole(path, tensor->name, value, tensor->dimensions, size, error)) {
            return false;
        }
        tensor->dimensions++;
        if (!size_multiply(tensor->count, *size, &tensor->count)) {
            return tensor_error(path, tensor->name, "shape: its product overflows", error);
        }
    }
    return true;
}

struct safetensors_shape_text safetensors_shape_text(const size_t *shape, size_t dimensions) {
    struct safetensors_shape_text out = {"["};
    size_t end = 1;
    for (size_t d = 0; d < dimensions; d++) {
        end +=
            (size_t)snprintf(out.text + end, sizeof out.text - end, d ? ", %zu" : "%zu", shape[d]);
    }
    memcpy(out.text + end, "]", 2);
    return out;
}

/* Reads the tensor's place among the `size` bytes after the header. */
static bool parse_offsets(const char *path, const cJSON *entry, size_t width, size_t size,
                          struct safetensors_tensor *tensor, caption_error *error) {
    const cJSON *value = parse_field(path, entry, "data_offsets", error);
    if (!value) return false;
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 2) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": data_offsets: expected an array of 2 numbers, found "
                         "%s%s",
                         path, SHOWN, tensor->name, json_type(value),
                         cJSON_IsArray(value) ? " of another length" : "");
    }
    size_t begin, end, needed;
    if (!parse_whole(path, tensor->name, value, 0, &begin, error) ||
        !parse_whole(path, tensor->name, value, 1, &end, error)) {
        return false;
    }
    if (begin > end) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": data_offsets [%zu, %zu] end before they begin", path,
                         SHOWN, tensor->name, begin, end);
    }
    if (!size_multiply(tensor->count, width, &needed)) {
        return tensor_error(path, tensor->name, "shape: its size in bytes overflows", error);
    }
    if (end - begin != needed) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": data_offsets [%zu, %zu] hold %zu bytes, shape %s of "
                         "%s needs %zu",
                         path, SHOWN, tensor->name, begin, end, end - begin,
                         safetensors_shape_text(tensor->shape, tensor->dimensions).text,
                         tensor->type_name, needed);
    }
    if (end > size) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": data_offsets [%zu, %zu] lie outside the %zu bytes "
                         "behind the header: the file is cut short or its header is wrong",
                         path, SHOWN, tensor->name, begin, end, size);
    }
    tensor->offset = begin;
    tensor->bytes = needed;
    return true;
}

/* The `size` bytes after the header start at byte `data` of the file. */
static bool parse_tensor(const char *path, const cJSON *entry, size_t data, size_t size,
                         struct safetensors_tensor *tensor, caption_error *error) {
    *tensor = (struct safetensors_tensor){.name = entry->string};
    if (!cJSON_IsObject(entry)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": expected an object, found %s", path, SHOWN,
                         entry->string, json_type(entry));
    }
    size_t width = 0;
    if (!parse_type(path, entry, tensor, &width, error) ||
        !parse_shape(path, entry, tensor, error) ||
        !parse_offsets(path, entry, width, size, tensor, error)) {
        return false;
    }
    tensor->offset += data;
    /* All three keys exist; a fourth is unknown or a duplicate. */
    if (cJSON_GetArraySize(entry) != 3) {
        return tensor_error(path, entry->string,
                            "expected dtype, shape and data_offsets once each, found more", error);
    }
    return true;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct safetensors_tensor *)a)->name,
                  ((const struct safetensors_tensor *)b)->name);
}

static int compare_places(const void *a, const void *b) {
    const struct safetensors_tensor *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return compare_names(a, b);
}

/* Checks that the tensors fill the bytes after the header without gaps or overlap. Orders them by
 * offset. */
static bool check_places(struct safetensors *file, size_t data, size_t size, caption_error *error) {
    qsort(file->tensors, file->tensor_count, sizeof *file->tensors, compare_places);
    size_t end = 0;
    for (size_t i = 0; i < file->tensor_count; i++) {
        const struct safetensors_tensor *tensor = &file->tensors[i];
        const size_t begin = tensor->offset - data;
        if (begin != end) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: tensor \"%.*s\": data_offsets begin at %zu, the tensor before "
                             "ends at %zu: they %s",
                             file->path, SHOWN, tensor->name, begin, end,
                             begin < end ? "overlap" : "leave a gap");
        }
        end += tensor->bytes;
    }
    if (end != size) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: %zu bytes behind the header, its tensors hold %zu", file->path, size,
                         end);
    }
    return true;
}

/* Orders the tensors by name. */
static bool check_names(struct safetensors *file, caption_error *error) {
    qsort(file->tensors, file->tensor_count, sizeof *file->tensors, compare_names);
    for (size_t i = 1; i < file->tensor_count; i++) {
        if (compare_names(&file->tensors[i - 1], &file->tensors[i]) == 0) {
            return tensor_error(file->path, file->tensors[i].name, "stands in the header twice",
                                error);
        }
    }
    return true;
}

static int compare_strings(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool check_metadata_keys(const char *path, const cJSON *metadata, size_t count,
                                caption_error *error) {
    const char **keys = memory_uninitialised(count, sizeof *keys, "metadata", error);
    if (!keys) return false;
    size_t end = 0;
    for (const cJSON *item = metadata->child; item; item = item->next) keys[end++] = item->string;
    qsort(keys, count, sizeof *keys, compare_strings);
    bool ok = true;
    for (size_t i = 1; ok && i < count; i++) {
        if (strcmp(keys[i - 1], keys[i]) != 0) continue;
        ok = error_set(error, CAPTION_ERROR_FORMAT, "%s: __metadata__: %.*s: stands there twice",
                       path, SHOWN, keys[i]);
    }
    free(keys);
    return ok;
}

static bool check_metadata(const char *path, const cJSON *metadata, caption_error *error) {
    if (!cJSON_IsObject(metadata)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: __metadata__: expected an object, found %s", path,
                         json_type(metadata));
    }
    size_t count = 0;
    for (const cJSON *item = metadata->child; item; item = item->next, count++) {
        if (cJSON_IsString(item)) continue;
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: __metadata__: %.*s: expected a string, found %s", path, SHOWN,
                         item->string, json_type(item));
    }
    return check_metadata_keys(path, metadata, count, error);
}

static bool is_metadata(const cJSON *entry) {
    return strcmp(entry->string, "__metadata__") == 0;
}

/* Checks every entry of the header against the `size` bytes after it, from byte `data` on. */
static bool parse_entries(struct safetensors *file, size_t data, size_t size,
                          caption_error *error) {
    const size_t entries = (size_t)cJSON_GetArraySize(file->header);
    file->tensors = memory_uninitialised(entries, sizeof *file->tensors, "a tensor table", error);
    if (!file->tensors) return false;
    bool seen = false;
    for (const cJSON *entry = file->header->child; entry; entry = entry->next) {
        if (!is_metadata(entry)) {
            struct safetensors_tensor *tensor = &file->tensors[file->tensor_count++];
            if (!parse_tensor(file->path, entry, data, size, tensor, error)) return false;
            continue;
        }
        if (seen) {
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: __metadata__: stands in the header twice", file->path);
        }
        if (!check_metadata(file->path, entry, error)) return false;
        seen = true;
    }
    return check_places(file, data, size, error) && check_names(file, error);
}

/* What people have in place of a model: pages of a web server, pointers of Git LFS. */
static bool check_signature(const struct safetensors *file, caption_error *error) {
    enum { SIGNATURE = 64 };
    uint8_t beginning[SIGNATURE];
    const size_t size = size_smaller(file->parts.size, SIGNATURE);
    if (!file_parts_read(&file->parts, file->path, 0, size, beginning, error)) return false;
    const char *found = signature_name(beginning, size);
    return !found || error_set(error, CAPTION_ERROR_FORMAT,
                               "%s: expected a model (safetensors), found %s", file->path, found);
}

static bool header_size(const struct safetensors *file, size_t *size, caption_error *error) {
    if (!check_signature(file, error)) return false;
    if (file->parts.size < LENGTH_BYTES) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: not a safetensors file: it has %zu bytes, the length of the header "
                         "alone takes %d",
                         file->path, file->parts.size, LENGTH_BYTES);
    }
    uint64_t length;
    if (!file_parts_read(&file->parts, file->path, 0, sizeof length, &length, error)) return false;
    length = le64toh(length);
    const size_t behind = file->parts.size - LENGTH_BYTES;
    if (length > behind) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: not a safetensors file, or one cut short: its first 8 bytes give "
                         "a header of %llu bytes, %zu follow",
                         file->path, (unsigned long long)length, behind);
    }
    if (length > largest_header) {
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "%s: the header has %llu bytes, at most %zu are accepted", file->path,
                         (unsigned long long)length, largest_header);
    }
    *size = (size_t)length;
    return true;
}

static bool parse_header(struct safetensors *file, size_t size, caption_error *error) {
    char *text = memory_uninitialised(size, 1, "a header", error);
    if (!text) return false;
    if (file_parts_read(&file->parts, file->path, LENGTH_BYTES, size, text, error)) {
        file->header = json_parse(text, size, "header", error);
        if (!file->header) error_prefix(error, file->path);
    }
    free(text);
    if (!file->header) return false;
    if (cJSON_IsObject(file->header)) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: header: expected an object, found %s",
                     file->path, json_type(file->header));
}

static bool parse_file(struct safetensors *file, caption_error *error) {
    size_t size = 0;
    if (!header_size(file, &size, error) || !parse_header(file, size, error)) return false;
    const size_t data = LENGTH_BYTES + size;
    return parse_entries(file, data, file->parts.size - data, error);
}

bool safetensors_open(struct safetensors *file, const char *path, caption_error *error) {
    *file = (struct safetensors){0};
    if (!file_parts_open(&file->parts, path, error)) return false;
    file->path = memory_string(path, error);
    if (file->path && parse_file(file, error)) return true;
    safetensors_close(file);
    return false;
}

void safetensors_close(struct safetensors *file) {
    free(file->tensors);
    cJSON_Delete(file->header);
    file_parts_close(&file->parts);
    free(file->path);
    *file = (struct safetensors){0};
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *file,
                                                  const char *name) {
    const struct safetensors_tensor key = {.name = name};
    return bsearch(&key, file->tensors, file->tensor_count, sizeof key, compare_names);
}

const struct safetensors_tensor *safetensors_expect(const struct safetensors *file,
                                                    const char *name, const size_t *shape,
                                                    size_t dimensions, caption_error *error) {
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%.*s\": missing", file->path, SHOWN,
                  name);
        return NULL;
    }
    if (tensor->dimensions != dimensions ||
        memcmp(tensor->shape, shape, dimensions * sizeof *shape) != 0) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%.*s\": expected shape %s, found %s",
                  file->path, SHOWN, name, safetensors_shape_text(shape, dimensions).text,
                  safetensors_shape_text(tensor->shape, tensor->dimensions).text);
        return NULL;
    }
    if (tensor->type == SAFETENSORS_OTHER) {
        error_set(error, CAPTION_ERROR_FORMAT,
                  "%s: tensor \"%.*s\": dtype: expected F32, F16 or BF16, found %s", file->path,
                  SHOWN, name, tensor->type_name);
        return NULL;
    }
    return tensor;
}

const char *safetensors_metadata(const struct safetensors *file, const char *key) {
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

static bool copy_floats(const uint8_t *bytes, size_t count, float *out) {
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, bytes + 4 * i, sizeof bits);
        bits = le32toh(bits);
        memcpy(&out[i], &bits, sizeof bits);
        finite &= (bits & 0x7f800000U) != 0x7f800000U;
    }
    return finite;
}

static bool check_type(const struct safetensors *file, const struct safetensors_tensor *tensor,
                       caption_error *error) {
    if (tensor->type != SAFETENSORS_OTHER) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: tensor \"%.*s\": dtype: expected F32, F16 or BF16, found %s", file->path,
                     SHOWN, tensor->name, tensor->type_name);
}

/* Converts count numbers of a checked type. False when one of them is not finite (all are
 * converted). */
static bool convert(enum safetensors_type type, const uint8_t *bytes, size_t count, float *out) {
    switch (type) {
    case SAFETENSORS_F32:
        return copy_floats(bytes, count, out);
    case SAFETENSORS_F16:
        return float16_to_floats(bytes, count, out);
    default:
        return float16_brain_to_floats(bytes, count, out);
    }
}

/* One of the `count` numbers from number `first` on is not finite. */
static bool not_finite(const struct safetensors *file, const struct safetensors_tensor *tensor,
                       const float *numbers, size_t first, size_t count, caption_error *error) {
    size_t place = 0;
    while (place + 1 < count && isfinite(numbers[place])) place++;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: tensor \"%.*s\": number %zu is %g, expected a finite one", file->path,
                     SHOWN, tensor->name, first + place, (double)numbers[place]);
}

bool safetensors_floats(const struct safetensors *file, const struct safetensors_tensor *tensor,
                        float *out, caption_error *error) {
    return safetensors_some_floats(file, tensor, 0, tensor->count, out, error);
}

bool safetensors_some_floats(const struct safetensors *file,
                             const struct safetensors_tensor *tensor, size_t first, size_t count,
                             float *out, caption_error *error) {
    if (!check_type(file, tensor, error)) return false;
    uint8_t bytes[BYTES_AT_A_TIME];
    const size_t width = safetensors_width(tensor->type);
    while (count > 0) {
        const size_t some = size_smaller(count, BYTES_AT_A_TIME / width);
        if (!file_parts_read(&file->parts, file->path, tensor->offset + first * width, some * width,
                             bytes, error)) {
            return false;
        }
        if (!convert(tensor->type, bytes, some, out)) {
            return not_finite(file, tensor, out, first, some, error);
        }
        first += some;
        count -= some;
        out += some;
    }
    return true;
}

bool safetensors_as_is(const struct safetensors *file, const struct safetensors_tensor *tensor,
                       uint8_t *out, caption_error *error) {
    if (!check_type(file, tensor, error) ||
        !file_parts_read(&file->parts, file->path, tensor->offset, tensor->bytes, out, error)) {
        return false;
    }
    float numbers[CHECKED_AT_A_TIME];
    for (size_t first = 0; first < tensor->count; first += CHECKED_AT_A_TIME) {
        const size_t some = size_smaller(tensor->count - first, CHECKED_AT_A_TIME);
        if (convert(tensor->type, out + first * safetensors_width(tensor->type), some, numbers))
            continue;
        return not_finite(file, tensor, numbers, first, some, error);
    }
    return true;
}

/* Files of encoder weights as other programs write them: names and shapes from
 * tests/golden/encoder_import.txt, numbers by the formula of make_encoder_import.py. Written byte
 * by byte, so that our own writer has no part in them. */
#ifndef CAPTION_TESTS_ENCODER_FILES_H
#define CAPTION_TESTS_ENCODER_FILES_H

#include "temporary_file.h"

#include <math.h>

#include "format/float16.h"

enum { ENCODER_FILE_TENSORS = 300, ENCODER_FILE_FEATURES = 1280, ENCODER_FILE_PHOTO = 1000 };

struct encoder_file_tensor {
    char name[64];
    size_t shape[4], dimensions, count;
};

/* One encoder of the golden file. */
struct encoder_golden {
    char architecture[512];
    struct encoder_file_tensor tensors[ENCODER_FILE_TENSORS];
    size_t tensor_count;
    float features[ENCODER_FILE_FEATURES];
    size_t feature_count;
};

/* What is different in a file from what the golden one says. */
struct encoder_file_change {
    bool half;            /* F16 in place of F32 */
    bool backwards;       /* the last tensor first */
    bool empty;           /* zeros, for a look at the header alone */
    const char *prefix;   /* before every name */
    const char *metadata; /* a JSON object */
    const char *left_out; /* name of a tensor */
    const char *reshaped; /* a tensor with a dimension of 1 more */
    const char *added;    /* a tensor more */
    const char *poisoned; /* a tensor whose number 1 is ... */
    float poison;         /* ... this one */
};

/* Number i of tensor t, in [-1, 1): a hash, exact in C and in Python. */
static inline double encoder_file_uniform(size_t i, size_t tensor) {
    uint32_t x = (uint32_t)((uint64_t)i * 2654435761u + (uint64_t)tensor * 40503u + 1);
    x ^= x >> 16;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    x ^= x >> 16;
    return (double)x / 2147483648.0 - 1;
}

static inline bool encoder_file_ends(const char *name, const char *end) {
    const size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

static inline float encoder_file_number(const struct encoder_file_tensor *tensor, size_t number,
                                        size_t i) {
    const double u = encoder_file_uniform(i, number);
    if (tensor->dimensions == 4) {
        return (float)(u * 0.2 / sqrt((double)tensor->count / (double)tensor->shape[0]));
    }
    if (encoder_file_ends(tensor->name, "running_var")) return (float)(0.01 * (u + 1.1));
    if (encoder_file_ends(tensor->name, "running_mean")) return (float)(0.05 * u);
    if (encoder_file_ends(tensor->name, "bias")) return (float)(0.3 + 0.3 * u);
    return (float)(1 + 0.5 * u);
}

static inline void encoder_golden_tensor(struct encoder_golden *golden, const char *line) {
    assert_true(golden->tensor_count < ENCODER_FILE_TENSORS);
    struct encoder_file_tensor *tensor = &golden->tensors[golden->tensor_count++];
    size_t *s = tensor->shape;
    const int fields =
        sscanf(line, "%63s %zu %zu %zu %zu", tensor->name, &s[0], &s[1], &s[2], &s[3]);
    assert_true(fields >= 2);
    tensor->dimensions = (size_t)fields - 1;
    tensor->count = 1;
    for (size_t d = 0; d < tensor->dimensions; d++) tensor->count *= s[d];
}

static inline void encoder_golden_features(struct encoder_golden *golden, char *line) {
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(golden->feature_count < ENCODER_FILE_FEATURES);
        golden->features[golden->feature_count++] = strtof(word, NULL);
    }
}

/* Encoder `index` of the golden file; freed with free(). */
static inline struct encoder_golden *encoder_golden_read(size_t index) {
    const char *folder = getenv("CAPTION_GOLDEN");
    char *path = file_join(folder ? folder : "tests/golden", "encoder_import.txt", NULL);
    struct file_bytes bytes;
    if (!path || !file_read(path, 1 << 24, &bytes, NULL)) fail_msg("no encoder_import.txt");
    free(path);
    struct encoder_golden *golden = calloc(1, sizeof *golden);
    assert_non_null(golden);
    size_t models = 0;
    char *rest = NULL;
    for (char *line = strtok_r((char *)bytes.data, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "model ", 6) == 0) models++;
        if (models != index + 1) continue;
        if (line[0] == 'm') snprintf(golden->architecture, 512, "%s", line + strlen("model "));
        if (line[0] == 't') encoder_golden_tensor(golden, line + strlen("tensor "));
        if (line[0] == 'f') encoder_golden_features(golden, line + strlen("features"));
    }
    assert_true(golden->tensor_count > 0);
    file_bytes_free(&bytes);
    return golden;
}

/* Adds an entry to the header; the tensor's bytes begin at *end, which moves on. */
static inline void encoder_file_entry(FILE *header, const char *prefix, const char *name,
                                      const char *type, const size_t *shape, size_t dimensions,
                                      size_t bytes, size_t *end) {
    fprintf(header, ",\"%s%s\":{\"dtype\":\"%s\",\"shape\":[", prefix, name, type);
    for (size_t d = 0; d < dimensions; d++) fprintf(header, d ? ",%zu" : "%zu", shape[d]);
    fprintf(header, "],\"data_offsets\":[%zu,%zu]}", *end, *end + bytes);
    *end += bytes;
}

static inline bool encoder_file_is(const char *name, const char *chosen) {
    return chosen && strcmp(name, chosen) == 0;
}

static inline void encoder_file_data(FILE *data, const struct encoder_file_tensor *tensor,
                                     size_t number, const struct encoder_file_change *change) {
    float *numbers = calloc(tensor->count, sizeof *numbers);
    uint8_t *halves = calloc(tensor->count, 2);
    assert_true(numbers && halves);
    for (size_t i = 0; i < tensor->count && !change->empty; i++) {
        numbers[i] = encoder_file_number(tensor, number, i);
    }
    if (encoder_file_is(tensor->name, change->poisoned)) numbers[1] = change->poison;
    size_t bad;
    if (change->half) {
        assert_true(float16_from_floats(numbers, tensor->count, halves, &bad));
        fwrite(halves, 2, tensor->count, data);
    } else {
        fwrite(numbers, 4, tensor->count, data);
    }
    free(numbers);
    free(halves);
}

/* A new file, with a classifier and the counters of batches (whole numbers of 64 bits without a
 * shape) that PyTorch keeps; removed with temporary_file_free. */
static inline char *encoder_file_new(const struct encoder_golden *golden,
                                     const struct encoder_file_change *change) {
    static const char counter[8] = {0};
    const char *prefix = change->prefix ? change->prefix : "";
    char *header_text = NULL, *data_text = NULL, *path = temporary_file_new();
    size_t header_size, data_size, end = 0;
    FILE *header = open_memstream(&header_text, &header_size);
    FILE *data = open_memstream(&data_text, &data_size);
    fprintf(header, "{\"__metadata__\":%s", change->metadata ? change->metadata : "{}");
    for (size_t n = 0; n < golden->tensor_count; n++) {
        const size_t number = change->backwards ? golden->tensor_count - 1 - n : n;
        const struct encoder_file_tensor *tensor = &golden->tensors[number];
        if (encoder_file_is(tensor->name, change->left_out)) continue;
        size_t shape[5] = {0};
        memcpy(shape, tensor->shape, sizeof tensor->shape);
        shape[tensor->dimensions] = 1;
        const size_t more = encoder_file_is(tensor->name, change->reshaped) ? 1 : 0;
        encoder_file_entry(header, prefix, tensor->name, change->half ? "F16" : "F32", shape,
                           tensor->dimensions + more, tensor->count * (change->half ? 2 : 4), &end);
        encoder_file_data(data, tensor, number, change);
        if (!encoder_file_ends(tensor->name, ".running_var")) continue;
        char name[80];
        snprintf(name, sizeof name, "%.*s.num_batches_tracked",
                 (int)(strlen(tensor->name) - strlen(".running_var")), tensor->name);
        encoder_file_entry(header, prefix, name, "I64", NULL, 0, sizeof counter, &end);
        fwrite(counter, 1, sizeof counter, data);
    }
    encoder_file_entry(header, "", "classifier.1.bias", "F32", (size_t[]){2}, 1, 8, &end);
    fwrite(counter, 1, 8, data);
    if (change->added) {
        encoder_file_entry(header, "", change->added, "F32", (size_t[]){2}, 1, 8, &end);
        fwrite(counter, 1, 8, data);
    }
    fputc('}', header);
    assert_true(fclose(header) == 0 && fclose(data) == 0);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    const uint64_t length = header_size;
    fwrite(&length, 8, 1, file); /* of a little-endian machine, as the tests run on */
    fwrite(header_text, 1, header_size, file);
    fwrite(data_text, 1, data_size, file);
    assert_int_equal(fclose(file), 0);
    free(header_text);
    free(data_text);
    return path;
}

#endif

#include "train/features.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "decode/captioner.h"

/* A hash of the features' sources, as a hexadecimal number. */
static void fingerprint(const struct feature_source *source, char out[HASH_TEXT]) {
    const struct model *model = source->model;
    uint64_t hash = HASH_START;
    const struct parameters *parameters = &model->parameters;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *tensor = &parameters->tensors[i];
        if (tensor->group != PARAMETERS_ENCODER) continue;
        hash = hash_bytes(hash, parameters->values + tensor->offset, tensor->count * sizeof(real));
    }
    hash = hash_string(hash, model->encoder.architecture);
    hash = hash_bytes(hash, &model->preprocessing.size, sizeof model->preprocessing.size);
    hash = hash_bytes(hash, model->preprocessing.mean, sizeof model->preprocessing.mean);
    hash = hash_bytes(hash, model->preprocessing.std, sizeof model->preprocessing.std);
    for (size_t i = 0; i < source->count; i++) {
        struct stat status;
        hash = hash_string(hash, source->paths[i]);
        if (stat(source->paths[i], &status) != 0) continue; /* reading it reports why */
        hash = hash_bytes(hash, &status.st_size, sizeof status.st_size);
        hash = hash_bytes(hash, &status.st_mtim, sizeof status.st_mtim);
    }
    hash_text(hash, out);
}

static bool read_tensor(const struct safetensors *file, const char *name, size_t count,
                        size_t width, float *out) {
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    return tensor && tensor->dimensions == 2 && tensor->shape[0] == count &&
           tensor->shape[1] == width && safetensors_floats(file, tensor, out, NULL);
}

static const char format[] = "caption-features";

bool features_recognise(const char *path) {
    struct safetensors file;
    if (!safetensors_open(&file, path, NULL)) return false;
    const char *found = safetensors_metadata(&file, "format");
    const bool ours = found && strcmp(found, format) == 0;
    safetensors_close(&file);
    return ours;
}

/* False when there is no cache, or one of other sources: it is then recomputed. */
static bool read_cache(struct features *features, const char *path, const char *made_from) {
    struct safetensors file;
    if (access(path, F_OK) != 0 || !safetensors_open(&file, path, NULL)) return false;
    const char *found = safetensors_metadata(&file, "made_from");
    bool ok = found && strcmp(found, made_from) == 0 &&
              read_tensor(&file, "plain", features->count, features->width, features->plain) &&
              (!features->mirrored || read_tensor(&file, "mirrored", features->count,
                                                  features->width, features->mirrored));
    safetensors_close(&file);
    return ok;
}

static bool write_cache(const struct features *features, const char *path, const char *made_from,
                        caption_error *error) {
    const size_t shape[] = {features->count, features->width};
    struct safetensors_writer *writer = safetensors_writer_new(path, error);
    if (!writer) return false;
    bool ok = safetensors_writer_metadata(writer, "format", format, error) &&
              safetensors_writer_metadata(writer, "made_from", made_from, error) &&
              safetensors_writer_tensor(
                  writer, &(struct new_tensor){"plain", SAFETENSORS_F32, shape, 2, features->plain},
                  error) &&
              (!features->mirrored ||
               safetensors_writer_tensor(
                   writer,
                   &(struct new_tensor){"mirrored", SAFETENSORS_F32, shape, 2, features->mirrored},
                   error));
    if (ok) return safetensors_writer_finish(writer, error);
    safetensors_writer_free(writer);
    return false;
}

static bool allocate(struct features *features, const struct feature_source *source,
                     caption_error *error) {
    size_t width = source->model->encoder.features, numbers;
    *features = (struct features){.count = source->count, .width = width};
    if (!size_multiply(source->count, width, &numbers)) return error_memory(error, "features");
    features->plain = memory_uninitialised(numbers, sizeof(float), "features", error);
    if (source->mirrored)
        features->mirrored = memory_uninitialised(numbers, sizeof(float), "features", error);
    return features->plain && (!source->mirrored || features->mirrored);
}

static bool compute(struct features *features, const struct feature_source *source,
                    struct threads *threads, FILE *progress, caption_error *error) {
    struct augment mirror = augment_none();
    mirror.mirror = true;
    struct captioner_encoding encoding = {.model = source->model,
                                          .precision = PRECISION_F32,
                                          .threads = threads,
                                          .progress = progress,
                                          .note = "features of the frozen encoder"};
    if (!captioner_features(&encoding, source->paths, source->count, features->plain, error))
        return false;
    encoding.augment = &mirror;
    encoding.note = "features, mirrored photos";
    return !source->mirrored ||
           captioner_features(&encoding, source->paths, source->count, features->mirrored, error);
}

bool features_load(struct features *features, const struct feature_source *source, const char *path,
                   struct threads *threads, const struct train_listener *listener,
                   caption_error *error) {
    char made_from[HASH_TEXT];
    fingerprint(source, made_from);
    const bool ok = allocate(features, source, error) &&
                    (read_cache(features, path, made_from) ||
                     (compute(features, source, threads, listener->progress, error) &&
                      write_cache(features, path, made_from, error)));
    if (!ok) features_free(features);
    return ok;
}

void features_free(struct features *features) {
    free(features->plain);
    free(features->mirrored);
    *features = (struct features){0};
}

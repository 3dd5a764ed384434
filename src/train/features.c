#include "train/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "decode/captioner.h"
#include "nn/vector.h"
#include "train/ridge.h"

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
        const struct photo_file *file = &source->files[i];
        hash = hash_string(hash, file->path);
        if (file->member) hash = hash_bytes(hash, &file->offset, sizeof file->offset);
        if (stat(file->path, &status) != 0) continue; /* reading it reports why */
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
    if (!captioner_features(&encoding, source->files, source->count, features->plain, error))
        return false;
    encoding.augment = &mirror;
    encoding.note = "features, mirrored photos";
    return !source->mirrored ||
           captioner_features(&encoding, source->files, source->count, features->mirrored, error);
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

static const char what[] = "synthetic features";

/* Words of fewer photos than this are ignored: there is too little to learn them from. */
enum { LEAST_PHOTOS = 5 };

/* Parts of the photos for cross-fitting: each photo's residual is that of a map fitted without its
 * part. */
enum { FOLDS = 5 };

/* On held-out photos of Flickr8k the map explains 17 % of the variance of features; with a penalty
 * of 10 it would be 16 %, with 100 15 %. */
static const float RIDGE = 25;

enum { NO_COLUMN = -1 };

struct synthetic_features {
    size_t width;     /* F */
    size_t words;     /* V */
    size_t columns;   /* words in use (K) */
    int32_t *column;  /* [V] of each word, or NO_COLUMN */
    float *map;       /* (K, F) */
    float *intercept; /* (F,) the features without any word */
    float *residuals; /* (photos, F) */
    size_t photos;
};

void synthetic_features_free(struct synthetic_features *synthetic) {
    if (!synthetic) return;
    free(synthetic->column);
    free(synthetic->map);
    free(synthetic->intercept);
    free(synthetic->residuals);
    free(synthetic);
}

/* Calls visit(context, column, weight) once for each word in use. Its weight is the square root of
 * the share of the captions that contain it: the step from none of five captions to one is larger
 * than from four to five. */
static void visit_words(const struct synthetic_features *synthetic,
                        const struct captions_part *photo,
                        void (*visit)(void *context, size_t column, float weight), void *context) {
    const size_t *begin = photo->captions->begin + photo->first;
    const int32_t *words = photo->captions->words;
    for (size_t i = begin[0]; i < begin[photo->count]; i++) {
        const int32_t column = synthetic->column[words[i]];
        if (column == NO_COLUMN) continue;
        bool first = true; /* of this word */
        for (size_t j = begin[0]; first && j < i; j++) first = words[j] != words[i];
        if (!first) continue;
        size_t captions = 0;
        for (size_t c = 0; c < photo->count; c++) {
            size_t j = begin[c];
            while (j < begin[c + 1] && words[j] != words[i]) j++;
            captions += j < begin[c + 1];
        }
        visit(context, (size_t)column, sqrtf((float)captions / (float)photo->count));
    }
}

static void count_photo(void *context, size_t column, float weight) {
    (void)weight;
    size_t *photos = context;
    photos[column]++;
}

/* Finds the words in use. */
static bool choose_columns(struct synthetic_features *synthetic, const struct captions_part *photos,
                           caption_error *error) {
    const size_t words = synthetic->words;
    size_t *seen = memory_zeroed(words, sizeof *seen, what, error);
    synthetic->column = memory_uninitialised(words, sizeof *synthetic->column, what, error);
    if (!seen || !synthetic->column) {
        free(seen);
        return false;
    }
    for (size_t w = 0; w < words; w++) synthetic->column[w] = (int32_t)w;
    for (size_t i = 0; i < synthetic->photos; i++)
        visit_words(synthetic, &photos[i], count_photo, seen);
    for (size_t w = 0; w < words; w++) {
        const bool counts = w >= VOCABULARY_SPECIALS && seen[w] >= LEAST_PHOTOS;
        synthetic->column[w] = counts ? (int32_t)synthetic->columns++ : NO_COLUMN;
    }
    free(seen);
    return true;
}

/* A row of the regression while its words are visited. */
struct row_filling {
    struct ridge *ridge;
    caption_error *error;
    bool ok;
};

static void add_to_row(void *context, size_t column, float weight) {
    struct row_filling *filling = context;
    filling->ok = filling->ok && ridge_row_add(filling->ridge, column, weight, filling->error);
}

/* The photos as rows of a regression: words in, unit features out. */
static bool fill_ridge(struct ridge *ridge, const struct synthetic_features *synthetic,
                       const struct captions_part *photos, const float *features,
                       caption_error *error) {
    struct row_filling filling = {ridge, error, true};
    for (size_t i = 0; filling.ok && i < synthetic->photos; i++) {
        const float *row = features + i * synthetic->width;
        const double length = sqrt(vector_square_sum(synthetic->width, row));
        ridge_row_begin(ridge, row, length > 0 ? (float)(1 / length) : 0);
        visit_words(synthetic, &photos[i], add_to_row, &filling);
    }
    return filling.ok;
}

static bool learn(struct synthetic_features *synthetic, const struct captions_part *photos,
                  const float *features, struct threads *threads, caption_error *error) {
    const size_t width = synthetic->width;
    if (!choose_columns(synthetic, photos, error)) return false;
    struct ridge *ridge = ridge_new(synthetic->photos, synthetic->columns, width, RIDGE, error);
    bool ok = ridge && fill_ridge(ridge, synthetic, photos, features, error) &&
              (synthetic->map =
                   memory_uninitialised(synthetic->columns, width * sizeof(float), what, error)) &&
              (synthetic->intercept = memory_zeroed(width, sizeof(float), what, error)) &&
              (synthetic->residuals =
                   memory_uninitialised(synthetic->photos, width * sizeof(float), what, error)) &&
              ridge_residuals(ridge, FOLDS, threads, synthetic->residuals, error) &&
              ridge_solve(ridge, threads, synthetic->map, synthetic->intercept, error);
    ridge_free(ridge);
    return ok;
}

struct synthetic_features *synthetic_features_new(const struct captions_part *photos, size_t count,
                                                  size_t words, const struct features *features,
                                                  struct threads *threads, caption_error *error) {
    struct synthetic_features *synthetic = memory_zeroed(1, sizeof *synthetic, what, error);
    if (!synthetic) return NULL;
    *synthetic =
        (struct synthetic_features){.width = features->width, .words = words, .photos = count};
    if (learn(synthetic, photos, features->plain, threads, error)) return synthetic;
    synthetic_features_free(synthetic);
    return NULL;
}

/* Features to which the words of a photo are added. */
struct feature_drawing {
    const struct synthetic_features *synthetic;
    float *features;
};

static void add_word(void *context, size_t column, float weight) {
    const struct feature_drawing *drawing = context;
    const size_t width = drawing->synthetic->width;
    vector_add_rows(1, width, weight, drawing->synthetic->map + column * width, drawing->features);
}

void synthetic_features_draw(const struct synthetic_features *synthetic,
                             const struct captions_part *photo, struct random *random,
                             float *features) {
    const size_t width = synthetic->width;
    struct feature_drawing drawing = {synthetic, features};
    memcpy(features, synthetic->intercept, width * sizeof *features);
    visit_words(synthetic, photo, add_word, &drawing);
    const size_t other = random_below(random, synthetic->photos);
    vector_add(width, synthetic->residuals + other * width, features);
}

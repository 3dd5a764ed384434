#include "train/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/simd.h"
#include "decode/captioner.h"
#include "nn/blas.h"
#include "nn/vector.h"

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
              safetensors_writer_tensor_stays(
                  writer, &(struct new_tensor){"plain", SAFETENSORS_F32, shape, 2, features->plain},
                  error) &&
              (!features->mirrored ||
               safetensors_writer_tensor_stays(
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

static const char regression[] = "a regression";

/* Outputs that a worker solves for at a time. */
enum { BLOCK = 128 };

/* Of conjugate gradients. The penalty keeps the equations well conditioned: some 30 are enough. */
enum { MOST_ITERATIONS = 200 };

/* Tolerance relative to the squared right hand sides. */
static const double TOLERANCE = 1e-8;

struct ridge_entry {
    size_t input;
    float value;
};

struct row {
    const float *outputs;
    float scale;
    size_t begin, end; /* its entries */
};

struct ridge {
    size_t inputs, outputs;
    float penalty;
    struct row *rows;
    size_t count;
    struct ridge_entry *entries;
    size_t entry_count, entry_capacity;
};

struct ridge *ridge_new(size_t rows, size_t inputs, size_t outputs, float penalty,
                        caption_error *error) {
    struct ridge *ridge =
        blas_load(error) ? memory_zeroed(1, sizeof *ridge, regression, error) : NULL;
    if (!ridge) return NULL;
    *ridge = (struct ridge){.inputs = inputs, .outputs = outputs, .penalty = penalty};
    ridge->rows = memory_zeroed(rows, sizeof *ridge->rows, regression, error);
    if (ridge->rows) return ridge;
    ridge_free(ridge);
    return NULL;
}

void ridge_free(struct ridge *ridge) {
    if (!ridge) return;
    free(ridge->rows);
    free(ridge->entries);
    free(ridge);
}

void ridge_row_begin(struct ridge *ridge, const float *outputs, float scale) {
    ridge->rows[ridge->count++] =
        (struct row){outputs, scale, ridge->entry_count, ridge->entry_count};
}

bool ridge_row_add(struct ridge *ridge, size_t input, float value, caption_error *error) {
    if (!memory_grow(&ridge->entries, &ridge->entry_capacity, ridge->entry_count + 1,
                     sizeof *ridge->entries, regression, error)) {
        return false;
    }
    ridge->entries[ridge->entry_count++] = (struct ridge_entry){input, value};
    ridge->rows[ridge->count - 1].end = ridge->entry_count;
    return true;
}

/* The normal equations of some rows, about their means. */
struct equations {
    float *matrix;       /* (K, K) inputs by inputs, the penalty on the diagonal */
    float *right;        /* (K, F) inputs by outputs */
    float *input_means;  /* (K,) */
    float *output_means; /* (F,) */
};

static void equations_free(struct equations *equations) {
    free(equations->matrix);
    free(equations->right);
    free(equations->input_means);
    free(equations->output_means);
}

static bool equations_allocate(struct equations *equations, const struct ridge *ridge,
                               caption_error *error) {
    const size_t k = ridge->inputs, f = ridge->outputs;
    size_t row, column;
    if (!size_multiply(k, sizeof(float), &row) || !size_multiply(f, sizeof(float), &column))
        return error_memory(error, regression);
    *equations = (struct equations){0};
    equations->matrix = memory_zeroed(k, row, regression, error);
    equations->right = memory_zeroed(k, column, regression, error);
    equations->input_means = memory_zeroed(k, sizeof(float), regression, error);
    equations->output_means = memory_zeroed(f, sizeof(float), regression, error);
    if (equations->matrix && equations->right && equations->input_means && equations->output_means)
        return true;
    equations_free(equations);
    return false;
}

/* Adds a row's products, and adds its numbers to the means, which hold sums until centred. */
static void add_row(struct equations *equations, const struct ridge *ridge, const struct row *row) {
    const size_t k = ridge->inputs, f = ridge->outputs;
    vector_add_rows(1, f, row->scale, row->outputs, equations->output_means);
    for (size_t i = row->begin; i < row->end; i++) {
        const struct ridge_entry a = ridge->entries[i];
        equations->input_means[a.input] += a.value;
        vector_add_rows(1, f, a.value * row->scale, row->outputs, equations->right + a.input * f);
        for (size_t j = row->begin; j < row->end; j++) {
            const struct ridge_entry b = ridge->entries[j];
            equations->matrix[a.input * k + b.input] += a.value * b.value;
        }
    }
}

/* Centres the sums of `count` rows about their means, and adds the penalty. */
static void centre(struct equations *equations, const struct ridge *ridge, size_t count) {
    const size_t k = ridge->inputs, f = ridge->outputs;
    const float *inputs = equations->input_means, *outputs = equations->output_means;
    vector_scale(k, 1 / (float)count, equations->input_means);
    vector_scale(f, 1 / (float)count, equations->output_means);
    for (size_t i = 0; i < k; i++) {
        const float factor = -(float)count * inputs[i];
        vector_add_rows(1, k, factor, inputs, equations->matrix + i * k);
        vector_add_rows(1, f, factor, outputs, equations->right + i * f);
        equations->matrix[i * k + i] += ridge->penalty;
    }
}

/* A part of the rows: row i is in part i % parts. */
struct ridge_part {
    size_t index, parts; /* parts 0: it is empty */
};

/* Of the rows outside a part. */
static bool equations_init(struct equations *equations, const struct ridge *ridge,
                           struct ridge_part left_out, caption_error *error) {
    if (!equations_allocate(equations, ridge, error)) return false;
    size_t count = 0;
    for (size_t i = 0; i < ridge->count; i++) {
        if (left_out.parts > 0 && i % left_out.parts == left_out.index) continue;
        add_row(equations, ridge, &ridge->rows[i]);
        count++;
    }
    if (count > 0) centre(equations, ridge, count);
    return true;
}

/* Conjugate gradients for up to BLOCK columns side by side, all matrices (K, BLOCK). */
struct solver {
    float *solution, *residual, *direction, *product;
    double squares[BLOCK]; /* of the residual's columns */
};

static bool solver_init(struct solver *solver, size_t inputs, caption_error *error) {
    const size_t size = BLOCK * sizeof(float);
    *solver = (struct solver){0};
    return (solver->solution = memory_uninitialised(inputs, size, regression, error)) &&
           (solver->residual = memory_uninitialised(inputs, size, regression, error)) &&
           (solver->direction = memory_uninitialised(inputs, size, regression, error)) &&
           (solver->product = memory_uninitialised(inputs, size, regression, error));
}

static void solver_free(struct solver *solver) {
    free(solver->solution);
    free(solver->residual);
    free(solver->direction);
    free(solver->product);
}

/* sums[c] = the products of the two columns c, summed. */
SIMD_KERNEL(static, void, column_products,
            (size_t rows, const float *restrict a, const float *restrict b, double *restrict sums),
            (rows, a, b, sums)) {
    memset(sums, 0, BLOCK * sizeof *sums);
    for (size_t i = 0; i < rows; i++, a += BLOCK, b += BLOCK) {
        for (size_t c = 0; c < BLOCK; c++) sums[c] += (double)a[c] * (double)b[c];
    }
}

/* Column by column, y += scale x. */
SIMD_KERNEL(static, void, add_columns,
            (size_t rows, const float *restrict scale, const float *restrict x, float *restrict y),
            (rows, scale, x, y)) {
    for (size_t i = 0; i < rows; i++, x += BLOCK, y += BLOCK) {
        for (size_t c = 0; c < BLOCK; c++) y[c] += scale[c] * x[c];
    }
}

/* Column by column, y = x + scale y. */
SIMD_KERNEL(static, void, turn_columns,
            (size_t rows, const float *restrict scale, const float *restrict x, float *restrict y),
            (rows, scale, x, y)) {
    for (size_t i = 0; i < rows; i++, x += BLOCK, y += BLOCK) {
        for (size_t c = 0; c < BLOCK; c++) y[c] = x[c] + scale[c] * y[c];
    }
}

static float ratio(double a, double b) {
    return b > 0 ? (float)(a / b) : 0;
}

/* One iteration. Returns whether any column has not converged. */
static bool iterate(struct solver *s, const float *matrix, size_t k, const double *goals) {
    double products[BLOCK], squares[BLOCK];
    float steps[BLOCK], back[BLOCK], turns[BLOCK];
    blas_gemm(BLAS_PLAIN, BLAS_PLAIN, k, BLOCK, k, 1, matrix, k, s->direction, BLOCK, 0, s->product,
              BLOCK);
    column_products(k, s->direction, s->product, products);
    for (size_t c = 0; c < BLOCK; c++) {
        steps[c] = ratio(s->squares[c], products[c]);
        back[c] = -steps[c];
    }
    add_columns(k, steps, s->direction, s->solution);
    add_columns(k, back, s->product, s->residual);
    column_products(k, s->residual, s->residual, squares);
    bool far = false;
    for (size_t c = 0; c < BLOCK; c++) {
        turns[c] = ratio(squares[c], s->squares[c]);
        s->squares[c] = squares[c];
        far |= squares[c] > goals[c];
    }
    turn_columns(k, turns, s->residual, s->direction);
    return far;
}

/* A fit's arguments for the workers. */
struct ridge_fit {
    const struct ridge *ridge;
    const struct equations *equations;
    struct solver *solvers; /* one per worker */
    float *weights;         /* (K, F) */
};

static void solve_block(void *context, size_t item, size_t worker) {
    const struct ridge_fit *fit = context;
    const size_t k = fit->ridge->inputs, f = fit->ridge->outputs, first = item * BLOCK;
    const size_t width = f - first < BLOCK ? f - first : BLOCK;
    struct solver *s = &fit->solvers[worker];
    memset(s->solution, 0, k * BLOCK * sizeof(float));
    memset(s->residual, 0, k * BLOCK * sizeof(float));
    for (size_t i = 0; i < k; i++) {
        memcpy(s->residual + i * BLOCK, fit->equations->right + i * f + first,
               width * sizeof(float));
    }
    memcpy(s->direction, s->residual, k * BLOCK * sizeof(float));
    column_products(k, s->residual, s->residual, s->squares);
    double goals[BLOCK];
    for (size_t c = 0; c < BLOCK; c++) goals[c] = TOLERANCE * s->squares[c];
    size_t left = MOST_ITERATIONS;
    while (left-- > 0 && iterate(s, fit->equations->matrix, k, goals)) continue;
    for (size_t i = 0; i < k; i++) {
        memcpy(fit->weights + i * f + first, s->solution + i * BLOCK, width * sizeof(float));
    }
}

static bool solve(const struct ridge *ridge, const struct equations *equations,
                  struct threads *threads, float *weights, caption_error *error) {
    const size_t workers = threads_count(threads);
    struct ridge_fit fit = {.ridge = ridge, .equations = equations, .weights = weights};
    fit.solvers = memory_zeroed(workers, sizeof *fit.solvers, regression, error);
    bool ok = fit.solvers != NULL;
    for (size_t i = 0; ok && i < workers; i++)
        ok = solver_init(&fit.solvers[i], ridge->inputs, error);
    if (ok) threads_for(threads, (ridge->outputs + BLOCK - 1) / BLOCK, solve_block, &fit);
    for (size_t i = 0; fit.solvers && i < workers; i++) solver_free(&fit.solvers[i]);
    free(fit.solvers);
    return ok;
}

static bool fit(const struct ridge *ridge, struct ridge_part left_out, struct threads *threads,
                float *weights, float *intercept, caption_error *error) {
    struct equations equations;
    if (!equations_init(&equations, ridge, left_out, error)) return false;
    const bool ok = solve(ridge, &equations, threads, weights, error);
    if (ok) {
        memcpy(intercept, equations.output_means, ridge->outputs * sizeof *intercept);
        for (size_t i = 0; i < ridge->inputs; i++) {
            vector_add_rows(1, ridge->outputs, -equations.input_means[i],
                            weights + i * ridge->outputs, intercept);
        }
    }
    equations_free(&equations);
    return ok;
}

bool ridge_solve(const struct ridge *ridge, struct threads *threads, float *weights,
                 float *intercept, caption_error *error) {
    return fit(ridge, (struct ridge_part){0}, threads, weights, intercept, error);
}

static void take_off(const struct ridge *ridge, const struct row *row, const float *weights,
                     const float *intercept, float *residual) {
    const size_t f = ridge->outputs;
    for (size_t c = 0; c < f; c++) residual[c] = row->scale * row->outputs[c] - intercept[c];
    for (size_t i = row->begin; i < row->end; i++) {
        const struct ridge_entry entry = ridge->entries[i];
        vector_add_rows(1, f, -entry.value, weights + entry.input * f, residual);
    }
}

bool ridge_residuals(const struct ridge *ridge, size_t parts, struct threads *threads,
                     float *residuals, caption_error *error) {
    const size_t f = ridge->outputs;
    float *weights = memory_uninitialised(ridge->inputs, f * sizeof *weights, regression, error);
    float *intercept = memory_uninitialised(f, sizeof *intercept, regression, error);
    bool ok = weights && intercept;
    for (size_t part = 0; ok && part < parts; part++) {
        const struct ridge_part left_out = {part, parts};
        ok = fit(ridge, left_out, threads, weights, intercept, error);
        for (size_t i = part; ok && i < ridge->count; i += parts)
            take_off(ridge, &ridge->rows[i], weights, intercept, residuals + i * f);
    }
    free(weights);
    free(intercept);
    return ok;
}

#include "train/ridge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/simd.h"
#include "nn/blas.h"
#include "nn/vector.h"

static const char what[] = "a regression";

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
    struct ridge *ridge = blas_load(error) ? memory_zeroed(1, sizeof *ridge, what, error) : NULL;
    if (!ridge) return NULL;
    *ridge = (struct ridge){.inputs = inputs, .outputs = outputs, .penalty = penalty};
    ridge->rows = memory_zeroed(rows, sizeof *ridge->rows, what, error);
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
                     sizeof *ridge->entries, what, error)) {
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
        return error_memory(error, what);
    *equations = (struct equations){0};
    equations->matrix = memory_zeroed(k, row, what, error);
    equations->right = memory_zeroed(k, column, what, error);
    equations->input_means = memory_zeroed(k, sizeof(float), what, error);
    equations->output_means = memory_zeroed(f, sizeof(float), what, error);
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
    return (solver->solution = memory_uninitialised(inputs, size, what, error)) &&
           (solver->residual = memory_uninitialised(inputs, size, what, error)) &&
           (solver->direction = memory_uninitialised(inputs, size, what, error)) &&
           (solver->product = memory_uninitialised(inputs, size, what, error));
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
    fit.solvers = memory_zeroed(workers, sizeof *fit.solvers, what, error);
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
    float *weights = memory_uninitialised(ridge->inputs, f * sizeof *weights, what, error);
    float *intercept = memory_uninitialised(f, sizeof *intercept, what, error);
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

#include "nn/blas.h"

#ifdef CAPTION_BLAS_SONAME
#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#endif

#include "base/memory.h"
#include "base/simd.h"
#include "base/simd_level.h"

SIMD_INLINE real lanes_sum(const simd_real *lanes) {
    simd_real v = *lanes;
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* One row of B against all rows of A; m is a constant where this is inlined, so that the sums stay
 * in registers. */
SIMD_INLINE void one_column(size_t m, size_t k, const real *a, size_t lda, const real *b,
                            real *sums) {
    simd_real partial[FEW_ROWS_MOST] = {{0}};
    size_t j = 0;
    for (; j + SIMD_WIDTH <= k; j += SIMD_WIDTH) {
        simd_real right;
        SIMD_LOAD(right, b + j);
        for (size_t i = 0; i < m; i++) {
            simd_real left;
            SIMD_LOAD(left, a + i * lda + j);
            partial[i] += left * right;
        }
    }
    for (size_t i = 0; i < m; i++) {
        sums[i] = lanes_sum(&partial[i]);
        for (size_t rest = j; rest < k; rest++) sums[i] += a[i * lda + rest] * b[rest];
    }
}

SIMD_INLINE void few_rows(size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda,
                          const real *b, size_t ldb, real beta, real *c, size_t ldc) {
    for (size_t column = 0; column < n; column++) {
        real sums[FEW_ROWS_MOST];
        one_column(m, k, a, lda, b + column * ldb, sums);
        for (size_t i = 0; i < m; i++) {
            real *out = c + i * ldc + column;
            *out = alpha * sums[i] + (beta == 0 ? 0 : beta * *out);
        }
    }
}

SIMD_KERNEL(extern, void, few_rows_product,
            (size_t m, size_t n, size_t k, real alpha, const real *a, size_t lda, const real *b,
             size_t ldb, real beta, real *c, size_t ldc),
            (m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)) {
#define CASE(rows)                                                                                 \
    case rows:                                                                                     \
        few_rows(rows, n, k, alpha, a, lda, b, ldb, beta, c, ldc);                                 \
        break
    switch (m) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
    default:
        break;
    }
#undef CASE
}

#ifdef CAPTION_BLAS_SONAME

#ifdef CAPTION_DOUBLE
#define BLAS_GEMM cblas_dgemm
#else
#define BLAS_GEMM cblas_sgemm
#endif
#define BLAS_NAME_OF(function) #function
#define BLAS_NAME(function) BLAS_NAME_OF(function)

/* The size of OpenBLAS's buffer for one thread, and the most buffers that it has. */
enum { BUFFER_BYTES = (128 << 20) + (64 << 10), MOST_BUFFERS = 64 };

/* The library, loaded once in a process. */
static struct {
    pthread_once_t once;
    __typeof__(&BLAS_GEMM) gemm; /* NULL: loading failed, with this reason: */
    char reason[256];
    void *(*take_buffer)(int position); /* NULL if the library does not export them */
    void (*give_buffer)(void *buffer);
} blas = {.once = PTHREAD_ONCE_INIT};

/* Searches as the dynamic linker does, then at the path known at build time. */
static void *open_library(void) {
    void *library = dlopen(CAPTION_BLAS_SONAME, RTLD_LAZY);
    return library ? library : dlopen(CAPTION_BLAS_FILE, RTLD_LAZY);
}

/* The names of OpenBLAS's kernels for a level; NULL: its own choice is fine. */
static const char *const best_kernels[SIMD_LEVELS] = {NULL, "Haswell", "SkylakeX"};

/* Whether the library chose kernels without AVX. */
static bool is_without_avx(void *library) {
    char *(*core)(void) = (__typeof__(core))dlsym(library, "openblas_get_corename");
    static const char *const names[] = {"Prescott", "Core2", "Nehalem"};
    for (size_t i = 0; core && i < sizeof names / sizeof *names; i++) {
        if (strcmp(core(), names[i]) == 0) return true;
    }
    return false;
}

/* OpenBLAS chooses kernels by the processor's model number. A processor newer than the library gets
 * kernels of 2004, with which training takes three times as long. The library is then loaded again
 * with the right kernels. A variable set by the user is respected. */
static void *open_best(void) {
    static const char variable[] = "OPENBLAS_CORETYPE";
    void *library = open_library();
    const char *best = best_kernels[simd_level()];
    if (!library || !best || getenv(variable) || !is_without_avx(library)) return library;
    if (dlclose(library) != 0 || setenv(variable, best, 0) != 0) return open_library();
    library = open_library();
    unsetenv(variable);
    return library;
}

static bool has_buffer(void) {
    void *buffer =
        mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return buffer != MAP_FAILED && munmap(buffer, BUFFER_BYTES) == 0;
}

/* Loads it without worker threads: they are never used, and each would take a buffer. */
static void *open_alone(void) {
    static const char variable[] = "OPENBLAS_NUM_THREADS";
    if (getenv(variable) || setenv(variable, "1", 0) != 0) return open_best();
    void *library = open_best();
    unsetenv(variable);
    return library;
}

static void load(void) {
    if (!has_buffer()) {
        snprintf(blas.reason, sizeof blas.reason,
                 "it needs %d bytes of memory, which are not there", BUFFER_BYTES);
        return;
    }
    void *library = open_alone();
    if (library) {
        blas.take_buffer = (__typeof__(blas.take_buffer))dlsym(library, "blas_memory_alloc");
        blas.give_buffer = (__typeof__(blas.give_buffer))dlsym(library, "blas_memory_free");
        __typeof__(&openblas_set_num_threads) set_threads =
            (__typeof__(set_threads))dlsym(library, "openblas_set_num_threads");
        if (set_threads) {
            set_threads(1);
            blas.gemm = (__typeof__(blas.gemm))dlsym(library, BLAS_NAME(BLAS_GEMM));
        }
    }
    if (!blas.gemm) snprintf(blas.reason, sizeof blas.reason, "%s", dlerror());
}

bool blas_load(caption_error *error) {
    pthread_once(&blas.once, load);
    if (blas.gemm) return true;
    return error_set(error, CAPTION_ERROR_IO, "OpenBLAS (%s) cannot be loaded: %s",
                     CAPTION_BLAS_SONAME, blas.reason);
}

bool blas_reserve(size_t threads, caption_error *error) {
    if (!blas_load(error)) return false;
    void *buffers[MOST_BUFFERS];
    const size_t wanted = threads < MOST_BUFFERS ? threads : MOST_BUFFERS;
    size_t count = 0;
    bool there = has_buffer();
    const bool shown = blas.take_buffer && blas.give_buffer;
    while (there && shown && count < wanted) {
        buffers[count++] = blas.take_buffer(0);
        there = count == wanted || has_buffer();
    }
    for (size_t i = 0; i < count; i++) blas.give_buffer(buffers[i]);
    if (there) return true;
    return error_set(
        error, CAPTION_ERROR_MEMORY,
        "not enough memory for products: OpenBLAS needs %d bytes a thread, %zu for %zu "
        "threads, and can have %zu; fewer --threads need less",
        BUFFER_BYTES, wanted * (size_t)BUFFER_BYTES, wanted, count * (size_t)BUFFER_BYTES);
}

/* C = beta C. As in BLAS, beta 0 overwrites C, even NaN. */
static void scale(size_t m, size_t n, real beta, real *c, size_t ldc) {
    for (size_t row = 0; row < m; row++) {
        for (size_t column = 0; column < n; column++) {
            real *value = &c[row * ldc + column];
            *value = beta == 0 ? 0 : beta * *value;
        }
    }
}

static CBLAS_TRANSPOSE operation(enum blas_transpose transpose) {
    return transpose == BLAS_TRANSPOSED ? CblasTrans : CblasNoTrans;
}

void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc) {
    if (m == 0 || n == 0) return;
    if (k == 0) {
        scale(m, n, beta, c, ldc);
        return;
    }
    if (m <= FEW_ROWS_MOST && transpose_a == BLAS_PLAIN && transpose_b == BLAS_TRANSPOSED) {
        few_rows_product(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    pthread_once(&blas.once, load);
    blas.gemm(CblasRowMajor, operation(transpose_a), operation(transpose_b), (blasint)m, (blasint)n,
              (blasint)k, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

#else

bool blas_load(caption_error *error) {
    (void)error;
    return true;
}

bool blas_reserve(size_t threads, caption_error *error) {
    (void)threads, (void)error;
    return true;
}

static struct product_view view(enum blas_transpose transpose, const real *values, size_t leading) {
    return transpose == BLAS_TRANSPOSED ? (struct product_view){values, 1, leading}
                                        : (struct product_view){values, leading, 1};
}

void blas_gemm(enum blas_transpose transpose_a, enum blas_transpose transpose_b, size_t m, size_t n,
               size_t k, real alpha, const real *a, size_t lda, const real *b, size_t ldb,
               real beta, real *c, size_t ldc) {
    if (m <= FEW_ROWS_MOST && transpose_a == BLAS_PLAIN && transpose_b == BLAS_TRANSPOSED) {
        few_rows_product(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    product(&(struct product){.m = m,
                              .n = n,
                              .k = k,
                              .left = view(transpose_a, a, lda),
                              .right = view(transpose_b, b, ldb),
                              .alpha = alpha,
                              .beta = beta,
                              .output = c,
                              .row = ldc});
}

#endif

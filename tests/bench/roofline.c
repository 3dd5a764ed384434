/* What the machine can do at most, on one thread: products by OpenBLAS (or on registers, see
 * bench_encoder_layers) and memory bandwidth. Prints a Markdown table. */
#include <stdio.h>
#include <stdlib.h>

#include "base/terminal.h"
#include "nn/blas.h"

enum { SIDE = 1024, ROUNDS = 7 };

static double gigaflops(real *a, real *b, real *c) {
    double best = 1e30;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        blas_gemm(BLAS_PLAIN, BLAS_PLAIN, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE);
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    return 2e-9 * SIDE * SIDE * SIDE / best;
}

/* The triad of STREAM (McCalpin, 1995): two numbers read and one written an element. */
static double gigabytes(size_t count, real *a, const real *b, const real *c) {
    double best = 1e30;
    for (size_t round = 0; round < ROUNDS; round++) {
        const double start = progress_clock();
        for (size_t i = 0; i < count; i++) a[i] = b[i] + 3 * c[i];
        const double seconds = progress_clock() - start;
        if (seconds < best) best = seconds;
    }
    return 3e-9 * (double)count * sizeof(real) / best;
}

int main(void) {
    static const size_t large = (size_t)1 << 25, small = (size_t)1 << 16;
    real *a = malloc(large * sizeof *a), *b = malloc(large * sizeof *b),
         *c = malloc(large * sizeof *c);
    if (!a || !b || !c) {
        fprintf(stderr, "bench_roofline: not enough memory\n");
        return 1;
    }
    for (size_t i = 0; i < large; i++) a[i] = b[i] = c[i] = (real)(i % 7);
    printf("| one thread | |\n|---|---:|\n");
    printf("| products, OpenBLAS, 1024 x 1024 x 1024 | %.0f GFLOP/s |\n", gigaflops(a, b, c));
    printf("| memory, triad over 400 MB | %.0f GB/s |\n", gigabytes(large, a, b, c));
    printf("| second-level cache, triad over 800 kB | %.0f GB/s |\n", gigabytes(small, a, b, c));
    free(a);
    free(b);
    free(c);
    return 0;
}

/* Depthwise convolution for inference, through every instruction set that this processor has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "infer/depthwise.h"

/* Pixels, taps and outputs lie further apart than their channels are many; what lies between is not
 * touched. The lines of the input lie in the order of a ring. */
enum { GAP = 5, UNTOUCHED = 77 };

struct fixture {
    float *input, *weight, *bias, *output;
    size_t *lines, line_count, width; /* of a line, in pixels */
    struct depthwise strip;
};

static float *random_floats(struct random *random, size_t count) {
    float *numbers = malloc(count * sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = 2 * random_normal(random);
    return numbers;
}

static struct fixture fixture_new(size_t kernel, size_t stride, size_t rows, size_t columns,
                                  size_t channels, bool relu6) {
    struct random random = random_seeded(kernel * 10 + stride, rows * 1000 + columns);
    const size_t pixel = channels + GAP;
    struct fixture f = {.line_count = (rows - 1) * stride + kernel,
                        .width = (columns - 1) * stride + kernel};
    f.input = random_floats(&random, f.line_count * f.width * pixel);
    f.weight = random_floats(&random, kernel * kernel * pixel);
    f.bias = random_floats(&random, channels);
    f.output = malloc(rows * columns * pixel * sizeof *f.output);
    f.lines = malloc(f.line_count * sizeof *f.lines);
    assert_true(f.output && f.lines);
    for (size_t i = 0; i < rows * columns * pixel; i++) f.output[i] = UNTOUCHED;
    for (size_t i = 0; i < f.line_count; i++) f.lines[i] = (i + 2) % f.line_count;
    f.strip = (struct depthwise){.kernel = kernel,
                                 .stride = stride,
                                 .rows = rows,
                                 .columns = columns,
                                 .channels = channels,
                                 .input = f.input,
                                 .lines = f.lines,
                                 .line_stride = f.width * pixel,
                                 .input_stride = pixel,
                                 .weight = f.weight,
                                 .weight_stride = pixel,
                                 .bias = f.bias,
                                 .relu6 = relu6,
                                 .output = f.output,
                                 .output_stride = pixel};
    return f;
}

static void fixture_free(struct fixture *f) {
    free(f->input);
    free(f->weight);
    free(f->bias);
    free(f->output);
    free(f->lines);
}

/* One output in double precision. */
static double twin(const struct depthwise *s, size_t y, size_t x, size_t c) {
    double sum = (double)((const float *)s->bias)[c];
    for (size_t ky = 0; ky < s->kernel; ky++) {
        const float *line = (const float *)s->input + s->lines[y * s->stride + ky] * s->line_stride;
        for (size_t kx = 0; kx < s->kernel; kx++) {
            sum += (double)line[(x * s->stride + kx) * s->input_stride + c] *
                   (double)((const float *)s->weight)[(ky * s->kernel + kx) * s->weight_stride + c];
        }
    }
    return s->relu6 ? fmin(6, fmax(0, sum)) : sum;
}

static void expect_twin(enum simd_level level, const struct depthwise *s) {
    depthwise_by(level, s);
    for (size_t i = 0; i < s->rows * s->columns; i++) {
        const float *pixel = (const float *)s->output + i * s->output_stride;
        for (size_t c = 0; c < s->channels; c++) {
            const double expected = twin(s, i / s->columns, i % s->columns, c);
            if (fabs((double)pixel[c] - expected) < 1e-4) continue;
            fail_msg("%s, kernel %zu, stride %zu, %zu x %zu: pixel %zu, channel %zu is %g, "
                     "expected %g",
                     simd_level_name(level), s->kernel, s->stride, s->rows, s->columns, i, c,
                     (double)pixel[c], expected);
        }
        for (size_t c = 0; c < GAP; c++) assert_true(pixel[s->channels + c] == UNTOUCHED);
    }
}

static void expect_all(size_t rows, size_t columns, size_t channels, bool relu6) {
    for (size_t kernel = 3; kernel <= 5; kernel += 2) {
        for (size_t stride = 1; stride <= 2; stride++) {
            struct fixture f = fixture_new(kernel, stride, rows, columns, channels, relu6);
            for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
                if (simd_has(level)) expect_twin(level, &f.strip);
            }
            fixture_free(&f);
        }
    }
}

static void every_size_agrees_with_double_precision(void **state) {
    (void)state;
    for (size_t columns = 1; columns <= 16; columns++) {
        expect_all(1 + columns % 3, columns, 16, columns % 2 == 0);
    }
    expect_all(4, 9, 48, true);
    expect_all(5, 7, 64, false);
}

static void what_is_no_number_stays_none(void **state) {
    (void)state;
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has(level)) continue;
        struct fixture f = fixture_new(3, 1, 2, 9, 16, true);
        f.input[f.lines[1] * f.strip.line_stride + 4 * f.strip.input_stride + 3] = NAN;
        depthwise_by(level, &f.strip);
        for (size_t i = 0; i < 2 * 9; i++) {
            const size_t x = i % 9;
            for (size_t c = 0; c < 16; c++) {
                const bool none = isnan(f.output[i * f.strip.output_stride + c]) != 0;
                assert_int_equal(none, c == 3 && x >= 2 && x <= 4);
            }
        }
        fixture_free(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_agrees_with_double_precision),
        cmocka_unit_test(what_is_no_number_stays_none),
    };
    return cmocka_run_group_tests_name("depthwise", tests, NULL, NULL);
}

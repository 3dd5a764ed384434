/* One function for every instruction set: each instance computes the same, and CAPTION_SIMD lowers
 * the one that is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/simd_level.h"

enum { COUNT = 1003 }; /* no multiple of any vector */

SIMD_KERNEL(static, void, add_scaled, (size_t count, float scale, const float *x, float *y),
            (count, scale, x, y)) {
    for (size_t i = 0; i < count; i++) y[i] += scale * x[i];
}

static void expect_sums(void (*add)(size_t, float, const float *, float *)) {
    float x[COUNT], y[COUNT];
    for (size_t i = 0; i < COUNT; i++) x[i] = (float)i, y[i] = 1;
    add(COUNT, 2, x, y);
    for (size_t i = 0; i < COUNT; i++) assert_true(y[i] == (float)(2 * i + 1));
}

static void every_instance_computes_the_same(void **state) {
    (void)state;
    expect_sums(add_scaled);
#ifdef SIMD_X86
    static void (*const instances[SIMD_LEVELS])(size_t, float, const float *, float *) =
        SIMD_BY_LEVEL(add_scaled);
    for (enum simd_level level = 0; level < SIMD_LEVELS; level++) {
        if (simd_has(level)) expect_sums(instances[level]);
    }
#endif
}

/* Set before the first call, see main. */
static void the_variable_lowers_the_level(void **state) {
    (void)state;
    assert_int_equal(simd_level(), SIMD_PLAIN);
    assert_false(simd_has_bf16());
    assert_false(simd_has_vnni());
}

static void a_processor_has_what_is_below_what_it_has(void **state) {
    (void)state;
    assert_true(simd_has(SIMD_PLAIN));
    if (simd_has(SIMD_AVX512)) assert_true(simd_has(SIMD_AVX2));
    assert_string_equal(simd_level_name(SIMD_AVX512), "avx512");
}

int main(void) {
    if (setenv("CAPTION_SIMD", "plain", 1) != 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variable_lowers_the_level),
        cmocka_unit_test(every_instance_computes_the_same),
        cmocka_unit_test(a_processor_has_what_is_below_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* OpenBLAS runs with kernels that fit the processor, also where it does not know its number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "nn/blas.h"

/* The name of the kernels that are loaded, or NULL. */
static const char *kernels(void) {
    void *library = dlopen(CAPTION_BLAS_SONAME, RTLD_LAZY | RTLD_NOLOAD);
    if (!library) return NULL;
    char *(*core)(void) = (__typeof__(core))dlsym(library, "openblas_get_corename");
    return core ? core() : NULL;
}

static void a_processor_with_avx2_gets_kernels_with_avx2(void **state) {
    (void)state;
#if defined(__x86_64__)
    caption_error error = {0};
    if (!blas_load(&error)) fail_msg("%s", error.message);
    const char *found = kernels();
    if (!found || !__builtin_cpu_supports("avx2") || getenv("OPENBLAS_CORETYPE")) skip();
    assert_string_not_equal(found, "Prescott");
    assert_string_not_equal(found, "Core2");
    assert_string_not_equal(found, "Nehalem");
#else
    skip();
#endif
}

static void the_choice_leaves_the_environment_as_it_was(void **state) {
    (void)state;
    const char *before = getenv("OPENBLAS_CORETYPE");
    char *copy = before ? strdup(before) : NULL;
    assert_true(blas_load(NULL));
    const char *after = getenv("OPENBLAS_CORETYPE");
    assert_true((copy == NULL) == (after == NULL));
    if (copy) assert_string_equal(copy, after);
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_choice_leaves_the_environment_as_it_was),
        cmocka_unit_test(a_processor_with_avx2_gets_kernels_with_avx2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

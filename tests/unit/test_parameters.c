#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "nn/parameters.h"

static struct new_parameter tensor_of(const char *name, const size_t *shape, size_t dimensions,
                                      enum parameters_layout layout) {
    struct new_parameter tensor = {
        .name = name, .dimensions = dimensions, .group = PARAMETERS_DECODER, .layout = layout};
    for (size_t d = 0; d < dimensions && d < PARAMETERS_MAX_DIMENSIONS; d++)
        tensor.shape[d] = shape[d];
    return tensor;
}

static size_t added(struct parameters *parameters, const char *name, const size_t *shape,
                    size_t dimensions, enum parameters_layout layout) {
    const struct new_parameter tensor = tensor_of(name, shape, dimensions, layout);
    caption_error error = {0};
    size_t index;
    if (!parameters_add(parameters, &tensor, &index, &error)) fail_msg("%s", error.message);
    return index;
}

static void expect_refused(struct parameters *parameters, const char *name, const size_t *shape,
                           size_t dimensions, enum parameters_layout layout, const char *says) {
    const struct new_parameter tensor = tensor_of(name, shape, dimensions, layout);
    caption_error error = {0};
    size_t index;
    const size_t tensors = parameters->tensor_count, count = parameters->count;
    assert_false(parameters_add(parameters, &tensor, &index, &error));
    if (!strstr(error.message, says)) fail_msg("\"%s\" does not say %s", error.message, says);
    assert_int_equal(parameters->tensor_count, tensors);
    assert_int_equal(parameters->count, count);
}

static void tensors_are_found_by_name_and_do_not_overlap(void **state) {
    (void)state;
    struct parameters parameters = {0};
    const size_t first = added(&parameters, "a", (size_t[]){3, 7}, 2, PARAMETERS_AS_IS);
    const size_t second = added(&parameters, "b", (size_t[]){16}, 1, PARAMETERS_AS_IS);
    const size_t third = added(&parameters, "c", (size_t[]){1}, 1, PARAMETERS_AS_IS);
    assert_true(parameters_allocate(&parameters, NULL));
    size_t index;
    assert_true(parameters_find(&parameters, "b", &index));
    assert_int_equal(index, second);
    assert_false(parameters_find(&parameters, "B", &index));
    assert_int_equal(parameters.tensors[first].offset, 0);
    assert_int_equal(parameters.tensors[second].offset, 32);
    assert_int_equal(parameters.tensors[third].offset, 48);
    assert_int_equal(parameters.count, 64);
    assert_ptr_equal(parameters_at(&parameters, parameters.values, third), parameters.values + 48);
    for (size_t i = 0; i < parameters.count; i++) assert_true(parameters.values[i] == 0);
    parameters_free(&parameters);
}

static void bad_tensors_are_refused_by_name(void **state) {
    (void)state;
    struct parameters parameters = {0};
    added(&parameters, "w", (size_t[]){3}, 1, PARAMETERS_AS_IS);
    expect_refused(&parameters, "w", (size_t[]){3}, 1, PARAMETERS_AS_IS, "w: the name is taken");
    expect_refused(&parameters, "", (size_t[]){3}, 1, PARAMETERS_AS_IS, "1 to 63 bytes");
    expect_refused(&parameters, "0123456789012345678901234567890123456789012345678901234567890123",
                   (size_t[]){3}, 1, PARAMETERS_AS_IS, "1 to 63 bytes, found 64");
    expect_refused(&parameters, "x", (size_t[]){3, 0}, 2, PARAMETERS_AS_IS, "dimension 1 is 0");
    expect_refused(&parameters, "x", NULL, 0, PARAMETERS_AS_IS, "found 0");
    expect_refused(&parameters, "x", (size_t[]){1, 1, 1, 1, 1}, 5, PARAMETERS_AS_IS, "found 5");
    expect_refused(&parameters, "x", (size_t[]){SIZE_MAX, 2}, 2, PARAMETERS_AS_IS, "overflows");
    expect_refused(&parameters, "x", (size_t[]){SIZE_MAX}, 1, PARAMETERS_AS_IS, "too large");
    expect_refused(&parameters, "x", (size_t[]){3, 3}, 2, PARAMETERS_TAPS_FIRST, "4 dimensions");
    assert_true(parameters_allocate(&parameters, NULL));
    expect_refused(&parameters, "x", (size_t[]){3}, 1, PARAMETERS_AS_IS, "after the block");
    assert_false(parameters_allocate(&parameters, NULL));
    parameters_free(&parameters);
}

static void taps_first_moves_the_kernel_to_the_front_and_back(void **state) {
    (void)state;
    struct parameters parameters = {0};
    const size_t index = added(&parameters, "w", (size_t[]){2, 3, 2, 2}, 4, PARAMETERS_TAPS_FIRST);
    const struct parameter *tensor = &parameters.tensors[index];
    float file[24], back[24];
    real memory[24];
    for (size_t i = 0; i < 24; i++) file[i] = (float)i;
    parameters_import(tensor, file, memory);
    for (size_t out = 0; out < 2; out++) {
        for (size_t in = 0; in < 3; in++) {
            for (size_t tap = 0; tap < 4; tap++) {
                assert_true((float)memory[(tap * 3 + in) * 2 + out] ==
                            file[(out * 3 + in) * 4 + tap]);
            }
        }
    }
    parameters_export(tensor, memory, back);
    assert_memory_equal(back, file, sizeof file);
    parameters_free(&parameters);
}

static void as_is_stays_as_it_is(void **state) {
    (void)state;
    struct parameters parameters = {0};
    const size_t index = added(&parameters, "w", (size_t[]){2, 3}, 2, PARAMETERS_AS_IS);
    const float file[6] = {1, 2, 3, 4, 5, 6};
    real memory[6];
    float back[6];
    parameters_import(&parameters.tensors[index], file, memory);
    for (size_t i = 0; i < 6; i++) assert_true((float)memory[i] == file[i]);
    parameters_export(&parameters.tensors[index], memory, back);
    assert_memory_equal(back, file, sizeof file);
    parameters_free(&parameters);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_by_name_and_do_not_overlap),
        cmocka_unit_test(bad_tensors_are_refused_by_name),
        cmocka_unit_test(taps_first_moves_the_kernel_to_the_front_and_back),
        cmocka_unit_test(as_is_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

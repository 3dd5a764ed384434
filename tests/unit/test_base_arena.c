/* Memory cut from blocks: zero, aligned, never shared, whatever is asked for. */
#include "temporary_file.h"

#include "base/memory.h"

/* Small ones, one of nothing, and one that is larger than a block. */
static const size_t sizes[] = {
    1, 0, 63, 64, 65, 4096, 100000, (size_t)40 << 20, 3, (size_t)15 << 20};
enum { COUNT = sizeof sizes / sizeof *sizes };

static void what_is_taken_is_zero_aligned_and_ones_own(void **state) {
    (void)state;
    struct arena arena = {0};
    unsigned char *taken[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        taken[i] = arena_take(&arena, sizes[i], 1, "bytes", NULL);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % 64, 0);
        for (size_t j = 0; j < sizes[i]; j++) {
            if (taken[i][j] != 0) fail_msg("byte %zu of %zu is not zero", j, sizes[i]);
        }
        memset(taken[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < sizes[i]; j++) assert_int_equal(taken[i][j], i + 1);
    }
    assert_ptr_not_equal(taken[1], taken[2]); /* of no bytes, and yet its own */
    arena_free(&arena);
    assert_null(arena.blocks);
}

static void too_much_is_an_error_and_leaves_the_rest(void **state) {
    (void)state;
    struct arena arena = {0};
    char *kept = arena_take(&arena, 10, 1, "bytes", NULL);
    assert_non_null(kept);
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 8 + 1, SIZE_MAX / 8 - 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        caption_error error = {0};
        assert_null(arena_take(&arena, counts[i], 8, "the impossible", &error));
        assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
        assert_message_has(&error, "the impossible");
    }
    kept[9] = 1;
    assert_non_null(arena_take(&arena, 10, 1, "bytes", NULL));
    arena_free(&arena);
}

static void an_empty_arena_is_freed(void **state) {
    (void)state;
    struct arena arena = {0};
    arena_free(&arena);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_zero_aligned_and_ones_own),
        cmocka_unit_test(too_much_is_an_error_and_leaves_the_rest),
        cmocka_unit_test(an_empty_arena_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

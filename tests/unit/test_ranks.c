/* Processes that work together, without any: alone, and through a module that is made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* The test compiles the file itself, with modules that are not there. */
#undef CAPTION_MPI_BUILT
#undef CAPTION_MPI_INSTALLED
static const char *built = "/nowhere/built.so", *installed = "/nowhere/installed.so";
#define CAPTION_MPI_BUILT built
#define CAPTION_MPI_INSTALLED installed
#include "base/ranks.c"

static void a_process_alone_is_rank_0_of_1(void **state) {
    (void)state;
    static const char *const sizes[] = {NULL, "1", "0", "", "many", "-3"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsetenv("OMPI_COMM_WORLD_SIZE");
        if (sizes[i]) setenv("OMPI_COMM_WORLD_SIZE", sizes[i], 1);
        caption_error error;
        struct ranks *ranks = ranks_join(&error);
        assert_non_null(ranks);
        assert_int_equal(ranks_rank(ranks), 0);
        assert_int_equal(ranks_count(ranks), 1);
        char bytes[] = "kept";
        assert_true(ranks_broadcast(ranks, 0, bytes, sizeof bytes, &error));
        assert_string_equal(bytes, "kept");
        ranks_leave(ranks, i % 2 == 0);
    }
    unsetenv("OMPI_COMM_WORLD_SIZE");
    ranks_leave(NULL, true);
}

static void the_installed_module_goes_first(void **state) {
    (void)state;
    const char *const first_built = built, *const first_installed = installed;
    built = "/dev/null";
    assert_ptr_equal(module_path(), built);
    installed = "/dev/zero";
    assert_ptr_equal(module_path(), installed);
    built = first_built;
    assert_ptr_equal(module_path(), installed);
    installed = first_installed;
    assert_ptr_equal(module_path(), installed); /* which the message names */
}

static void several_processes_without_a_module_are_an_error(void **state) {
    (void)state;
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    caption_error error = {0};
    assert_null(ranks_join(&error));
    assert_int_equal(error.status, CAPTION_ERROR_IO);
    assert_non_null(strstr(error.message, "started by mpirun"));
    assert_non_null(strstr(error.message, "/nowhere/installed.so"));
    unsetenv("OMPI_COMM_WORLD_SIZE");
}

/* A transport that only counts. */
static size_t carried, pieces, broken_after = SIZE_MAX;
static int last_peer;

static bool carry(int peer, int size) {
    assert_in_range(size, 1, RANKS_PIECE);
    if (pieces == broken_after) return false;
    pieces++;
    carried += (size_t)size;
    last_peer = peer;
    return true;
}

static bool count_sent(int to, const void *bytes, int size) {
    (void)bytes;
    return carry(to, size);
}

static bool count_received(int from, void *bytes, int size) {
    (void)bytes;
    return carry(from, size);
}

static const struct ranks_transport counting = {
    .send = count_sent, .receive = count_received, .broadcast = count_received};

static void assert_carried(size_t size, size_t in_pieces, int peer) {
    assert_true(carried == size);
    assert_int_equal(pieces, in_pieces);
    if (size > 0) assert_int_equal(last_peer, peer);
    carried = pieces = 0;
}

static void what_is_too_long_for_the_module_goes_in_pieces(void **state) {
    (void)state;
    struct ranks ranks = {.rank = 1, .count = 4, .transport = &counting};
    static const size_t sizes[] = {0, 1, RANKS_PIECE, (size_t)5 * RANKS_PIECE + 1};
    static const size_t expected[] = {0, 1, 1, 6};
    char *bytes = memory_uninitialised(sizes[3], 1, "bytes that nobody touches", NULL);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(ranks_send(&ranks, 2, bytes, sizes[i], NULL));
        assert_carried(sizes[i], expected[i], 2);
        assert_true(ranks_receive(&ranks, 0, bytes, sizes[i], NULL));
        assert_carried(sizes[i], expected[i], 0);
        assert_true(ranks_broadcast(&ranks, 3, bytes, sizes[i], NULL));
        assert_carried(sizes[i], expected[i], 3);
    }
    free(bytes);
}

static void a_transport_that_fails_is_an_error_that_names_the_other(void **state) {
    (void)state;
    struct ranks ranks = {.rank = 1, .count = 4, .transport = &counting};
    char bytes[8] = {0};
    caption_error error = {0};
    broken_after = 0;
    assert_false(ranks_send(&ranks, 2, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "send to rank 2"));
    assert_false(ranks_receive(&ranks, 0, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "receive from rank 0"));
    assert_false(ranks_broadcast(&ranks, 3, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "rank 3"));
    broken_after = SIZE_MAX;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_alone_is_rank_0_of_1),
        cmocka_unit_test(the_installed_module_goes_first),
        cmocka_unit_test(several_processes_without_a_module_are_an_error),
        cmocka_unit_test(what_is_too_long_for_the_module_goes_in_pieces),
        cmocka_unit_test(a_transport_that_fails_is_an_error_that_names_the_other),
    };
    return cmocka_run_group_tests_name("ranks", tests, NULL, NULL);
}

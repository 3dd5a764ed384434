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
#undef CAPTION_MPI_FROM_PROGRAM
static const char *built = "/nowhere/built.so", *installed = "/nowhere/installed.so",
                  *from_program = "nowhere.so";
#define CAPTION_MPI_BUILT built
#define CAPTION_MPI_FROM_PROGRAM from_program
#define CAPTION_MPI_INSTALLED installed
#include "base/ranks.c"
#include "train/update.h"

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
    struct module_place place;
    built = "/dev/null";
    assert_ptr_equal(module_path(&place), built);
    installed = "/dev/zero";
    assert_ptr_equal(module_path(&place), installed);
    built = first_built;
    assert_ptr_equal(module_path(&place), installed);
    installed = first_installed;
    assert_ptr_equal(module_path(&place), installed); /* which the message names */
}

static void the_module_of_a_moved_prefix_goes_before_it(void **state) {
    (void)state;
    const char *const first_installed = installed, *const first = from_program;
    struct module_place place;
    installed = "/dev/zero";
    from_program = "test_ranks"; /* this program */
    assert_ptr_equal(module_path(&place), place.text);
    assert_int_equal(place.text[0], '/');
    from_program = first;
    assert_ptr_equal(module_path(&place), installed);
    installed = first_installed;
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

static bool count_shared(int from, void *bytes, int size) {
    (void)bytes;
    return carry(from, size);
}

static bool count_sent(int to, int slot, const void *bytes, int size) {
    (void)slot, (void)bytes;
    return carry(to, size);
}

static bool count_received(int from, int slot, void *bytes, int size) {
    (void)slot, (void)bytes;
    return carry(from, size);
}

static const struct ranks_transport counting = {
    .broadcast = count_shared, .start_send = count_sent, .start_receive = count_received};

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
    caption_error error;
    char *bytes = memory_uninitialised(sizes[3], 1, "bytes that nobody touches", NULL);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(ranks_broadcast(&ranks, 3, bytes, sizes[i], NULL));
        assert_carried(sizes[i], expected[i], 3);
    }
    for (size_t i = 1; i < 3; i++) { /* beside other work: one piece, or none */
        assert_true(ranks_start_send(&ranks, 2, 0, bytes, sizes[i], NULL));
        assert_carried(sizes[i], 1, 2);
        assert_true(ranks_start_receive(&ranks, 0, 0, bytes, sizes[i], NULL));
        assert_carried(sizes[i], 1, 0);
    }
    assert_false(ranks_start_send(&ranks, 2, 0, bytes, sizes[3], &error));
    assert_non_null(strstr(error.message, "at most 268435456 bytes at once"));
    assert_false(ranks_start_receive(&ranks, 0, 0, bytes, sizes[3], &error));
    assert_carried(0, 0, 0);
    free(bytes);
}

static void a_transport_that_fails_is_an_error_that_names_the_other(void **state) {
    (void)state;
    struct ranks ranks = {.rank = 1, .count = 4, .transport = &counting};
    char bytes[8] = {0};
    caption_error error = {0};
    broken_after = 0;
    assert_false(ranks_start_send(&ranks, 2, 0, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "send to rank 2"));
    assert_false(ranks_start_receive(&ranks, 0, 0, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "receive from rank 0"));
    assert_false(ranks_broadcast(&ranks, 3, bytes, sizeof bytes, &error));
    assert_non_null(strstr(error.message, "rank 3"));
    broken_after = SIZE_MAX;
}

/* Ranks that are threads of this process: a transfer is a letter with the address of the sender's
 * bytes, which the receiver copies. */
enum { MOST_RANKS = 8 };
struct letter {
    const void *bytes; /* NULL: none, or fetched */
    int size;
};
static struct letter letters[MOST_RANKS][MOST_RANKS][RANKS_SLOTS]; /* [to][from][slot] */
static pthread_mutex_t letters_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool cut; /* the cable between the first two ranks */
static _Thread_local int me;
struct pending {
    bool sends;
    int other;
    void *bytes;
    int size;
};
static _Thread_local struct pending pending[RANKS_SLOTS];

static bool post(int to, int slot, const void *bytes, int size) {
    if (cut && me + to == 1) return false;
    pthread_mutex_lock(&letters_mutex);
    struct letter *letter = &letters[to][me][slot];
    const bool empty = !letter->bytes;
    *letter = (struct letter){bytes, size};
    pthread_mutex_unlock(&letters_mutex);
    pending[slot] = (struct pending){.sends = true, .other = to};
    return empty;
}

static bool expect_letter(int from, int slot, void *bytes, int size) {
    pending[slot] = (struct pending){.other = from, .bytes = bytes, .size = size};
    return true;
}

static bool look(int slot, bool *done) {
    const struct pending *own = &pending[slot];
    if (cut && me + own->other == 1) return false;
    pthread_mutex_lock(&letters_mutex);
    struct letter *letter =
        own->sends ? &letters[own->other][me][slot] : &letters[me][own->other][slot];
    *done = own->sends ? !letter->bytes : letter->bytes && letter->size == own->size;
    if (*done && !own->sends) {
        memcpy(own->bytes, letter->bytes, (size_t)own->size);
        letter->bytes = NULL;
    }
    pthread_mutex_unlock(&letters_mutex);
    return true;
}

static const struct ranks_transport mail = {
    .start_send = post, .start_receive = expect_letter, .test = look};

/* A rank with two accumulators; all but the first have a block for what comes in. */
enum { OWN = 2 };
struct member {
    struct ranks ranks;
    real *blocks[OWN + 1];
    struct gradient_chain chain;
    pthread_t thread;
    bool ok;
    caption_error error;
};

static void *take_part(void *context) {
    struct member *member = context;
    me = (int)member->ranks.rank;
    member->ok = gradient_chain_run(&member->chain, &member->error);
    return NULL;
}

static real number_of(size_t block, size_t element) {
    return (real)(1.0 / (double)(1 + (block * 7919 + element * 104729) % 1009));
}

static void members_new(struct member *members, size_t ranks, size_t elements) {
    for (size_t r = 0; r < ranks; r++) {
        struct member *member = &members[r];
        *member = (struct member){.ranks = {.rank = r, .count = ranks, .transport = &mail}};
        const size_t incoming = r > 0;
        for (size_t b = 0; b < OWN + incoming; b++) {
            member->blocks[b] = malloc((elements + 1) * sizeof(real));
            assert_non_null(member->blocks[b]);
            for (size_t i = 0; i < elements; i++)
                member->blocks[b][i] = number_of(r * OWN + b - incoming, i);
        }
        member->chain = (struct gradient_chain){.ranks = &member->ranks,
                                                .blocks = member->blocks,
                                                .block_count = OWN + incoming,
                                                .first = 3,
                                                .count = elements - 3};
    }
    memset(letters, 0, sizeof letters);
    for (size_t r = 0; r < ranks; r++)
        assert_int_equal(pthread_create(&members[r].thread, NULL, take_part, &members[r]), 0);
    for (size_t r = 0; r < ranks; r++) pthread_join(members[r].thread, NULL);
}

static void members_free(struct member *members, size_t ranks) {
    for (size_t r = 0; r < ranks; r++)
        for (size_t b = 0; b <= OWN; b++) free(members[r].blocks[b]);
}

static void all_ranks_get_the_sum_in_the_order_of_accumulators(void **state) {
    (void)state;
    static const size_t ranks[] = {2, 3, 8}, elements[] = {3, 4, 1000, 300000, 3000000};
    for (size_t n = 0; n < sizeof ranks / sizeof *ranks; n++) {
        for (size_t e = 0; e < sizeof elements / sizeof *elements; e++) {
            struct member members[MOST_RANKS];
            members_new(members, ranks[n], elements[e]);
            for (size_t i = 3; i < elements[e]; i++) {
                real sum = number_of(0, i);
                for (size_t b = 1; b < ranks[n] * OWN; b++) sum += number_of(b, i);
                for (size_t r = 0; r < ranks[n]; r++)
                    if (members[r].blocks[0][i] != sum) fail_msg("rank %zu, element %zu", r, i);
            }
            for (size_t r = 0; r < ranks[n]; r++) {
                assert_true(members[r].ok);
                for (size_t i = 0; r == 0 && i < 3; i++) /* before the range: as they were */
                    assert_true(members[r].blocks[0][i] == number_of(0, i));
            }
            members_free(members, ranks[n]);
        }
    }
}

static void a_chain_that_is_cut_is_an_error(void **state) {
    (void)state;
    struct member members[MOST_RANKS];
    cut = true;
    members_new(members, 2, 1000);
    cut = false;
    for (size_t r = 0; r < 2; r++) {
        assert_false(members[r].ok);
        assert_int_equal(members[r].error.status, CAPTION_ERROR_IO);
        assert_non_null(strstr(members[r].error.message, "MPI"));
    }
    members_free(members, 2);
}

/* Alone there is nothing to send, but the thread starts, waits for all calls, and ends. */
static void a_chain_beside_the_work_waits_for_all_calls(void **state) {
    (void)state;
    struct ranks ranks = {.rank = 0, .count = 1, .transport = &mail};
    real first[] = {1, 2}, second[] = {3, 4}, third[] = {5, 6}, *blocks[] = {first, second, third};
    const struct gradient_chain chain = {&ranks, blocks, 3, 0, 2};
    struct gradient_chain_beside beside;
    gradient_chain_start(&beside, &chain, 2);
    gradient_chain_ready(&beside);
    second[1] = 40; /* not added yet */
    gradient_chain_ready(&beside);
    caption_error error;
    assert_true(gradient_chain_end(&beside, &error));
    assert_true(first[0] == 9 && first[1] == 48);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_alone_is_rank_0_of_1),
        cmocka_unit_test(the_installed_module_goes_first),
        cmocka_unit_test(the_module_of_a_moved_prefix_goes_before_it),
        cmocka_unit_test(several_processes_without_a_module_are_an_error),
        cmocka_unit_test(what_is_too_long_for_the_module_goes_in_pieces),
        cmocka_unit_test(a_transport_that_fails_is_an_error_that_names_the_other),
        cmocka_unit_test(all_ranks_get_the_sum_in_the_order_of_accumulators),
        cmocka_unit_test(a_chain_that_is_cut_is_an_error),
        cmocka_unit_test(a_chain_beside_the_work_waits_for_all_calls),
    };
    return cmocka_run_group_tests_name("ranks", tests, NULL, NULL);
}

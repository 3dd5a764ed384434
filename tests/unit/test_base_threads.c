/* The thread pool: every item once, whatever the number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "base/threads.h"

enum { ITEMS = 1000 };

static const size_t thread_counts[] = {1, 2, 5};

struct job {
    size_t workers;
    atomic_int visits[ITEMS];
    atomic_int out_of_range;
    double results[ITEMS];
};

static void visit(void *context, size_t item, size_t worker) {
    struct job *job = context;
    atomic_fetch_add(&job->visits[item], 1);
    if (worker >= job->workers) atomic_fetch_add(&job->out_of_range, 1);
    struct random random = random_seeded(1, item);
    for (size_t i = 0; i < 50 + item % 100; i++) {
        job->results[item] += (double)random_normal(&random);
    }
}

static void every_item_is_done_exactly_once(void **state) {
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        struct threads *pool = threads_new(thread_counts[t], NULL);
        assert_non_null(pool);
        assert_int_equal(threads_count(pool), thread_counts[t]);
        const size_t sizes[] = {ITEMS, 0, 1, 3, ITEMS};
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            static struct job job;
            job = (struct job){.workers = thread_counts[t]};
            threads_for(pool, sizes[s], visit, &job);
            for (size_t i = 0; i < ITEMS; i++) assert_int_equal(job.visits[i], i < sizes[s]);
            assert_int_equal(job.out_of_range, 0);
        }
        threads_free(pool);
    }
}

static void results_do_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    static struct job jobs[3];
    for (size_t t = 0; t < 3; t++) {
        struct threads *pool = threads_new(thread_counts[t], NULL);
        assert_non_null(pool);
        jobs[t].workers = thread_counts[t];
        threads_for(pool, ITEMS, visit, &jobs[t]);
        threads_free(pool);
        assert_memory_equal(jobs[t].results, jobs[0].results, sizeof jobs[0].results);
    }
}

static void many_short_jobs_lose_nothing(void **state) {
    (void)state;
    struct threads *pool = threads_new(5, NULL);
    assert_non_null(pool);
    static struct job job;
    job = (struct job){.workers = 5};
    for (size_t i = 0; i < 2000; i++) threads_for(pool, 4, visit, &job);
    for (size_t i = 0; i < 4; i++) assert_int_equal(job.visits[i], 2000);
    threads_free(pool);
}

static void no_number_is_one_thread_per_processor(void **state) {
    (void)state;
    struct threads *pool = threads_new(0, NULL);
    assert_non_null(pool);
    assert_true(threads_processors() >= 1);
    assert_int_equal(threads_count(pool), threads_processors());
    threads_free(pool);
    threads_free(NULL);
}

static void a_child_frees_the_threads_that_it_has_not(void **state) {
    (void)state;
    struct threads *pool = threads_new(5, NULL);
    assert_non_null(pool);
    static struct job job;
    job = (struct job){.workers = 5};
    threads_for(pool, ITEMS, visit, &job);
    usleep(10000); /* the threads wait for more */
    assert_false(threads_are_lost(pool));
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);
        const bool lost = threads_are_lost(pool);
        threads_free(pool);
        _exit(lost ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    threads_free(pool);
}

static void more_threads_than_memory_is_an_error(void **state) {
    (void)state;
    caption_error error = {0};
    assert_null(threads_new(SIZE_MAX, &error));
    assert_int_equal(error.status, CAPTION_ERROR_MEMORY);
    assert_non_null(strstr(error.message, "thread"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_done_exactly_once),
        cmocka_unit_test(results_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(many_short_jobs_lose_nothing),
        cmocka_unit_test(no_number_is_one_thread_per_processor),
        cmocka_unit_test(a_child_frees_the_threads_that_it_has_not),
        cmocka_unit_test(more_threads_than_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

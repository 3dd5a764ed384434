/* The progress bar: silent everywhere but on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"

static void nothing_is_drawn_where_there_is_no_terminal(void **state) {
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    struct progress progress = progress_start(file, 10);
    for (size_t i = 0; i <= 10; i++) progress_update(&progress, i, "note");
    progress_finish(&progress);
    assert_int_equal(ftell(file), 0);
    fclose(file);

    progress = progress_start(NULL, 10);
    progress_update(&progress, 10, NULL);
    progress_finish(&progress);
    assert_int_equal(progress.done, 10);
}

/* Everything that was written to the terminal so far. */
static void read_all(int master, char *text, size_t size) {
    size_t length = 0;
    while (length + 1 < size) {
        ssize_t got = read(master, text + length, size - 1 - length);
        if (got <= 0) break; /* nothing more at the moment */
        length += (size_t)got;
    }
    text[length] = '\0';
}

static void a_terminal_shows_how_far_it_is_and_is_left_clean(void **state) {
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) || unlockpt(master)) {
        print_message("no pseudo terminal here: skipped\n");
        skip();
    }
    FILE *terminal = fopen(ptsname(master), "w");
    assert_non_null(terminal);
    char text[4096];
    struct progress progress = progress_start(terminal, 4);
    progress_update(&progress, 2, "loss 3.14");
    read_all(master, text, sizeof text);
    assert_non_null(strstr(text, "2/4"));
    assert_non_null(strstr(text, "loss 3.14"));
    progress_update(&progress, 3, "too soon");
    read_all(master, text, sizeof text);
    assert_string_equal(text, ""); /* ten times a second are enough */
    progress_update(&progress, 4, NULL);
    read_all(master, text, sizeof text);
    assert_non_null(strstr(text, "4/4")); /* the last one always */
    progress_finish(&progress);
    read_all(master, text, sizeof text);
    assert_string_equal(text, "\r\033[K");
    fclose(terminal);
    close(master);
}

static void the_clock_does_not_go_back(void **state) {
    (void)state;
    double before = progress_clock();
    for (int i = 0; i < 1000; i++) {
        double now = progress_clock();
        assert_true(now >= before);
        before = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_drawn_where_there_is_no_terminal),
        cmocka_unit_test(a_terminal_shows_how_far_it_is_and_is_left_clean),
        cmocka_unit_test(the_clock_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

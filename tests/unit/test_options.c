/* The command line is no part of the library: this test compiles the parser itself. */
#include "cli/options.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct targets {
    bool json, flip, given;
    const char *model, *cell, *basic, *page, *output, *sidecar, *tags;
    size_t beam;
    float penalty;
    uint64_t seed;
    struct options_list text, repeats;
    int first;
    char messages[1024];
};

static enum options_outcome parse(struct targets *t, char **argv) {
    const struct options_row general[] = {
        {'m', "model", OPTIONS_STRING, &t->model, "FILE", 0, 0, "the model", NULL},
        {0, "json", OPTIONS_ON, &t->json, NULL, 0, 0, "as JSON", NULL},
        {0, "no-flip", OPTIONS_OFF, &t->flip, NULL, 0, 0, "never mirror", NULL},
        {0, "cell", OPTIONS_CHOICE, &t->cell, "gru|lstm|rnn", 0, 0, "the cell", NULL},
        {0, "text", OPTIONS_LIST, &t->text, "FILE...", 0, 0, "texts", NULL},
        {0, "html", OPTIONS_OUTPUT, &t->page, "FILE", 0, 0, "a page", NULL},
        {'o', "output", OPTIONS_FILE, &t->output, "FILE", 0, 0, "a model", NULL},
        {0, "sidecar", OPTIONS_OPTIONAL, &t->sidecar, ".EXT", 0, 0, "files", NULL},
        {0, "tags", OPTIONS_OPTIONAL, &t->tags, "N", 0, 0, "tags", NULL},
    };
    const struct options_row numbers[] = {
        {'b', "beam-size", OPTIONS_SIZE, &t->beam, "N", 1, 10, "width; of the search", &t->given},
        {0, "length-penalty", OPTIONS_FLOAT, &t->penalty, "X", 0, 2, "penalty", NULL},
        {0, "seed", OPTIONS_SEED, &t->seed, "N", 0, 0, "seed", NULL},
        {0, "repeat", OPTIONS_NUMBERS, &t->repeats, "X...", 0, 9, "repeats", NULL},
    };
    const struct options_group groups[] = {{"General", general, 9}, {"Numbers", numbers, 4}};
    const struct options_command command = {"caption", "PATH", "About.\n", groups, 2, t->basic};
    int argc = 0;
    while (argv[argc]) argc++;
    FILE *messages = fmemopen(t->messages, sizeof t->messages, "w");
    assert_non_null(messages);
    enum options_outcome outcome = options_parse(&command, argc, argv, &t->first, messages);
    if (outcome == OPTIONS_HELP_WANTED) options_help(&command, false, messages);
    if (outcome == OPTIONS_ALL_HELP_WANTED) options_help(&command, true, messages);
    fclose(messages);
    return outcome;
}

#define ARGUMENTS(...)                                                                             \
    (char *[]) {                                                                                   \
        "caption", __VA_ARGS__, NULL                                                               \
    }

static struct targets defaults(void) {
    return (struct targets){.flip = true, .cell = "gru", .beam = 3, .penalty = 0.7F, .seed = 1};
}

static void values_come_after_equals_or_space_or_the_letter(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--beam-size=5", "--model", "a b", "-m", "--x")),
                     OPTIONS_PARSED);
    assert_int_equal(t.beam, 5);
    assert_true(t.given);
    assert_string_equal(t.model, "--x");
    assert_int_equal(parse(&t, ARGUMENTS("-b7")), OPTIONS_PARSED);
    assert_int_equal(t.beam, 7);
}

static void words_of_a_flag_are_parted_by_either_sign(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--beam_size", "4", "--length_penalty=1.5", "--no_flip")),
                     OPTIONS_PARSED);
    assert_int_equal(t.beam, 4);
    assert_true(t.penalty > 1.49F && t.penalty < 1.51F);
    assert_false(t.flip);
}

static void a_value_keeps_its_own_underscores(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--model", "--beam_size")), OPTIONS_PARSED);
    assert_string_equal(t.model, "--beam_size");
}

static void what_is_no_flag_comes_last_in_the_order_given(void **state) {
    (void)state;
    struct targets t = defaults();
    char **argv = ARGUMENTS("a.jpg", "--json", "b.jpg", "--", "--json.jpg");
    assert_int_equal(parse(&t, argv), OPTIONS_PARSED);
    assert_true(t.json);
    assert_false(t.given);
    assert_string_equal(argv[t.first], "a.jpg");
    assert_string_equal(argv[t.first + 1], "b.jpg");
    assert_string_equal(argv[t.first + 2], "--json.jpg");
}

static void a_bad_number_is_told_with_flag_value_and_range(void **state) {
    (void)state;
    static char *const bad[] = {"0", "11", "3x", "", " 3", "-3", "+3", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct targets t = defaults();
        char value[32];
        snprintf(value, sizeof value, "'%s'", bad[i]);
        assert_int_equal(parse(&t, ARGUMENTS("--beam-size", bad[i])), OPTIONS_INVALID);
        assert_non_null(strstr(t.messages, "--beam-size"));
        assert_non_null(strstr(t.messages, value));
        assert_non_null(strstr(t.messages, "from 1 to 10"));
        assert_int_equal(t.beam, 3);
    }
}

static void a_float_must_be_finite_and_in_range(void **state) {
    (void)state;
    static char *const bad[] = {"nan", "inf", "-0.1", "2.1", "1,5", "", "1e999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct targets t = defaults();
        assert_int_equal(parse(&t, ARGUMENTS("--length-penalty", bad[i])), OPTIONS_INVALID);
        assert_non_null(strstr(t.messages, "from 0 to 2"));
    }
}

static void a_seed_takes_all_64_bits(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--seed", "18446744073709551615")), OPTIONS_PARSED);
    assert_true(t.seed == UINT64_MAX);
    assert_int_equal(parse(&t, ARGUMENTS("--seed", "18446744073709551616")), OPTIONS_INVALID);
}

static void a_choice_is_one_of_its_words(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--cell", "lstm")), OPTIONS_PARSED);
    assert_string_equal(t.cell, "lstm");
    assert_int_equal(parse(&t, ARGUMENTS("--cell", "rnn")), OPTIONS_PARSED);
    assert_int_equal(parse(&t, ARGUMENTS("--cell", "lst")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "gru|lstm|rnn"));
    assert_int_equal(parse(&t, ARGUMENTS("--cell", "gru|lstm")), OPTIONS_INVALID);
    assert_int_equal(parse(&t, ARGUMENTS("--cell", "")), OPTIONS_INVALID);
}

static void a_default_is_said_once(void **state) {
    (void)state;
    const char *cell = NULL;
    struct options_row row = {0,
                              "cell",
                              OPTIONS_CHOICE,
                              &cell,
                              "gru|lstm",
                              0,
                              0,
                              "the cell; of a new decoder (default: gru)",
                              NULL};
    char text[128];
    options_text(&row, true, text, sizeof text);
    assert_string_equal(text, "the cell; of a new decoder (default: gru)");
    options_text(&row, false, text, sizeof text);
    assert_string_equal(text, "the cell");
    cell = "lstm";
    options_text(&row, true, text, sizeof text);
    assert_string_equal(text, "the cell; of a new decoder (default: lstm)");
    options_text(&row, false, text, sizeof text);
    assert_string_equal(text, "the cell (default: lstm)");
    row.help = "the cell (default: gru) of a decoder";
    options_text(&row, true, text, sizeof text);
    assert_string_equal(text, "the cell (default: gru) of a decoder (default: lstm)");
}

static void an_unknown_flag_is_named_with_the_nearest_one(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--beam_sise=3")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--beam_sise=3"));
    assert_non_null(strstr(t.messages, "did you mean --beam-size?"));
    assert_int_equal(parse(&t, ARGUMENTS("--zebra")), OPTIONS_INVALID);
    assert_null(strstr(t.messages, "did you mean"));
    assert_int_equal(parse(&t, ARGUMENTS("-z")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "-z"));
}

static void a_beginning_of_several_flags_names_them(void **state) {
    (void)state;
    struct targets t = defaults();
    const struct options_row rows[] = {
        {0, "max-length", OPTIONS_SIZE, &t.beam, "N", 1, 10, "words", NULL},
        {0, "max-pixels", OPTIONS_SIZE, &t.beam, "N", 1, 10, "pixels", NULL},
        {0, "tar", OPTIONS_ON, &t.json, NULL, 0, 0, "an archive", NULL},
    };
    const struct options_group group = {"Flags", rows, 3};
    const struct options_command command = {"caption", "PATH", "About.\n", &group, 1, NULL};
    static char *const typed[] = {"--max=3", "--max_", "--max-l=3", "--=3"};
    static const char *const expected[] = {
        "unknown flag --max=3 (it begins --max-length, --max-pixels)\n",
        "unknown flag --max_ (it begins --max-length, --max-pixels)\n", NULL,
        "unknown flag --=3\n"};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        FILE *messages = fmemopen(t.messages, sizeof t.messages, "w");
        assert_non_null(messages);
        const enum options_outcome outcome =
            options_parse(&command, 2, ARGUMENTS(typed[i]), &t.first, messages);
        fclose(messages);
        assert_int_equal(outcome, expected[i] ? OPTIONS_INVALID : OPTIONS_PARSED);
        if (expected[i]) assert_non_null(strstr(t.messages, expected[i]));
    }
}

static void a_dash_is_standard_output_or_refused(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--html", "-", "-o", "./-")), OPTIONS_PARSED);
    assert_string_equal(t.page, "/dev/stdout");
    assert_string_equal(t.output, "./-");
    assert_int_equal(parse(&t, ARGUMENTS("-o", "-")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--output: '-' is not the name of a file"));
}

static void a_missing_or_unwanted_value_is_told(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--beam-size")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--beam-size wants a value: N"));
    assert_int_equal(parse(&t, ARGUMENTS("-m")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--model wants a value: FILE"));
    assert_int_equal(parse(&t, ARGUMENTS("--json=yes")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--json takes no value"));
}

static void assert_list(const struct targets *t, size_t count, const char *const *expected) {
    assert_int_equal(t->text.count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(t->text.items[i], expected[i]);
}

static void a_list_goes_on_to_the_next_flag(void **state) {
    (void)state;
    struct targets t = defaults();
    char **argv = ARGUMENTS("x.jpg", "--text", "a", "b b", "c", "--json", "y.jpg");
    assert_int_equal(parse(&t, argv), OPTIONS_PARSED);
    assert_list(&t, 3, (const char *[]){"a", "b b", "c"});
    assert_true(t.json);
    assert_string_equal(argv[t.first], "x.jpg");
    assert_string_equal(argv[t.first + 1], "y.jpg");
    assert_null(argv[t.first + 2]);
    options_list_free(&t.text);
    assert_int_equal(t.text.count, 0);
}

static void a_list_may_be_given_in_pieces(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("x.jpg", "--text=a", "b", "-b4", "--text", "c", "--json",
                                         "--text", "d", "e", "f", "g", "h", "i", "j")),
                     OPTIONS_PARSED);
    assert_list(&t, 10, (const char *[]){"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});
    assert_int_equal(t.beam, 4);
    options_list_free(&t.text);
}

static void two_dashes_end_a_list(void **state) {
    (void)state;
    struct targets t = defaults();
    char **argv = ARGUMENTS("--text", "a", "b", "--", "x.jpg", "--json");
    assert_int_equal(parse(&t, argv), OPTIONS_PARSED);
    assert_list(&t, 2, (const char *[]){"a", "b"});
    assert_false(t.json);
    assert_string_equal(argv[t.first], "x.jpg");
    assert_string_equal(argv[t.first + 1], "--json");
    options_list_free(&t.text);
}

static void a_list_leaves_the_last_argument_where_there_is_no_other(void **state) {
    (void)state;
    struct targets t = defaults();
    char **argv = ARGUMENTS("--json", "--text", "a", "b", "x.jpg", "-b", "4");
    assert_int_equal(parse(&t, argv), OPTIONS_PARSED);
    assert_list(&t, 2, (const char *[]){"a", "b"});
    assert_int_equal(t.beam, 4);
    assert_int_equal(t.first, 7);
    assert_string_equal(argv[7], "x.jpg");
    options_list_free(&t.text);
    t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--text", "a")), OPTIONS_PARSED);
    assert_list(&t, 1, (const char *[]){"a"});
    options_list_free(&t.text);
}

static void a_list_of_numbers_takes_no_other_thing(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("x.jpg", "--repeat", "1", "0.5", "--json")),
                     OPTIONS_PARSED);
    assert_int_equal(t.repeats.count, 2);
    assert_string_equal(t.repeats.items[1], "0.5");
    options_list_free(&t.repeats);
    static const char *const bad[] = {"often", "10", "-1", "nan", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char value[16];
        snprintf(value, sizeof value, "--repeat=%s", bad[i]);
        t = defaults();
        assert_int_equal(parse(&t, ARGUMENTS(value)), OPTIONS_INVALID);
        assert_non_null(strstr(t.messages, "a number from 0 to 9"));
        options_list_free(&t.repeats);
    }
}

static void a_list_without_a_value_is_told(void **state) {
    (void)state;
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--text")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--text wants a value: FILE..."));
    assert_int_equal(t.text.count, 0);
}

static void the_environment_sets_flags_before_the_command_line(void **state) {
    (void)state;
    setenv("CAPTION_BEAM_SIZE", "7", 1);
    setenv("CAPTION_JSON", "1", 1);
    struct targets t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("photo.jpg")), OPTIONS_PARSED);
    assert_int_equal(t.beam, 7);
    assert_true(t.json);
    t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("--beam-size", "4")), OPTIONS_PARSED);
    assert_int_equal(t.beam, 4);
    setenv("CAPTION_JSON", "no", 1);
    setenv("CAPTION_BEAM_SIZE", "tcp://10.0.0.1:80", 1); /* of Kubernetes */
    t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("photo.jpg")), OPTIONS_PARSED);
    assert_int_equal(t.beam, defaults().beam);
    assert_false(t.json);
    setenv("CAPTION_JSON", "maybe", 1);
    t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("photo.jpg")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "$CAPTION_JSON: 'maybe' is neither 1 nor 0"));
    unsetenv("CAPTION_JSON");
    setenv("CAPTION_BEAM_SIZE", "many", 1);
    t = defaults();
    assert_int_equal(parse(&t, ARGUMENTS("photo.jpg")), OPTIONS_INVALID);
    assert_non_null(strstr(t.messages, "--beam-size: 'many' is not a whole number"));
    assert_non_null(strstr(t.messages, "$CAPTION_BEAM_SIZE"));
    unsetenv("CAPTION_BEAM_SIZE");
}

static void a_flag_whose_value_may_be_left_out_is_on_or_off_in_the_environment(void **state) {
    (void)state;
    static const struct {
        const char *text, *sidecar, *tags;
    } cases[] = {{"1", "", "1"},   {"true", "", ""},    {"0", NULL, NULL},
                 {"", NULL, NULL}, {"off", NULL, NULL}, {".cap", ".cap", ".cap"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct targets t = defaults();
        setenv("CAPTION_SIDECAR", cases[i].text, 1);
        setenv("CAPTION_TAGS", cases[i].text, 1);
        assert_int_equal(parse(&t, ARGUMENTS("photo.jpg")), OPTIONS_PARSED);
        assert_string_equal(t.sidecar ? t.sidecar : "off",
                            cases[i].sidecar ? cases[i].sidecar : "off");
        assert_string_equal(t.tags ? t.tags : "off", cases[i].tags ? cases[i].tags : "off");
    }
    unsetenv("CAPTION_SIDECAR");
    unsetenv("CAPTION_TAGS");
}

static void help_shows_the_values_that_hold(void **state) {
    (void)state;
    struct targets t = defaults();
    t.beam = 9;
    assert_int_equal(parse(&t, ARGUMENTS("-h")), OPTIONS_HELP_WANTED);
    assert_non_null(strstr(t.messages, "width; of the search (default: 9)"));
    assert_non_null(strstr(t.messages, "penalty (default: 0.7)"));
    assert_non_null(strstr(t.messages, "the cell (default: gru)"));
    assert_non_null(strstr(t.messages, "-b, --beam-size N"));
    assert_null(strstr(t.messages, "the model (default"));
}

static void help_shows_the_basic_flags_and_help_all_all_of_them(void **state) {
    (void)state;
    struct targets t = defaults();
    t.basic = "json beam-size";
    assert_int_equal(parse(&t, ARGUMENTS("--help")), OPTIONS_HELP_WANTED);
    assert_non_null(strstr(t.messages, "--json"));
    assert_non_null(strstr(t.messages, "General:"));
    assert_non_null(strstr(t.messages, "--beam-size N           width (default: 3)"));
    assert_null(strstr(t.messages, "--no-flip"));
    assert_null(strstr(t.messages, "of the search"));
    assert_null(strstr(t.messages, "--beam-s "));
    assert_int_equal(parse(&t, ARGUMENTS("--help-all")), OPTIONS_ALL_HELP_WANTED);
    assert_non_null(strstr(t.messages, "--no-flip"));
    assert_non_null(strstr(t.messages, "width; of the search (default: 3)"));
    t.basic = "seed";
    assert_int_equal(parse(&t, ARGUMENTS("--help")), OPTIONS_HELP_WANTED);
    assert_null(strstr(t.messages, "General:"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_after_equals_or_space_or_the_letter),
        cmocka_unit_test(words_of_a_flag_are_parted_by_either_sign),
        cmocka_unit_test(a_value_keeps_its_own_underscores),
        cmocka_unit_test(what_is_no_flag_comes_last_in_the_order_given),
        cmocka_unit_test(a_bad_number_is_told_with_flag_value_and_range),
        cmocka_unit_test(a_float_must_be_finite_and_in_range),
        cmocka_unit_test(a_seed_takes_all_64_bits),
        cmocka_unit_test(a_choice_is_one_of_its_words),
        cmocka_unit_test(a_default_is_said_once),
        cmocka_unit_test(an_unknown_flag_is_named_with_the_nearest_one),
        cmocka_unit_test(a_beginning_of_several_flags_names_them),
        cmocka_unit_test(a_dash_is_standard_output_or_refused),
        cmocka_unit_test(a_missing_or_unwanted_value_is_told),
        cmocka_unit_test(a_list_goes_on_to_the_next_flag),
        cmocka_unit_test(a_list_may_be_given_in_pieces),
        cmocka_unit_test(a_list_leaves_the_last_argument_where_there_is_no_other),
        cmocka_unit_test(a_list_of_numbers_takes_no_other_thing),
        cmocka_unit_test(two_dashes_end_a_list),
        cmocka_unit_test(a_list_without_a_value_is_told),
        cmocka_unit_test(the_environment_sets_flags_before_the_command_line),
        cmocka_unit_test(a_flag_whose_value_may_be_left_out_is_on_or_off_in_the_environment),
        cmocka_unit_test(help_shows_the_values_that_hold),
        cmocka_unit_test(help_shows_the_basic_flags_and_help_all_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

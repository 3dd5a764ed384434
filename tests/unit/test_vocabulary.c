#include "temporary_file.h"

#include "base/random.h"
#include "text/vocabulary.h"

static struct vocabulary parsed(const char *text) {
    struct vocabulary vocabulary;
    caption_error error;
    if (!vocabulary_parse(&vocabulary, text, strlen(text), "words.txt", &error)) {
        fail_msg("%s", error.message);
    }
    return vocabulary;
}

static void assert_refused(const char *text, size_t size, const char *message) {
    struct vocabulary vocabulary;
    caption_error error = {0};
    assert_false(vocabulary_parse(&vocabulary, text, size, "words.txt", &error));
    assert_message_has(&error, "words.txt: ");
    assert_message_has(&error, message);
}

static void a_new_vocabulary_holds_the_special_words_alone(void **state) {
    (void)state;
    struct vocabulary vocabulary;
    caption_error error;
    assert_true(vocabulary_init(&vocabulary, &error));
    assert_int_equal(vocabulary.count, VOCABULARY_SPECIALS);
    assert_string_equal(vocabulary.words[VOCABULARY_PAD], "<pad>");
    assert_string_equal(vocabulary.words[VOCABULARY_START], "<start>");
    assert_string_equal(vocabulary.words[VOCABULARY_END], "<end>");
    assert_string_equal(vocabulary.words[VOCABULARY_UNK], "<unk>");
    assert_int_equal(vocabulary_find(&vocabulary, "dog"), VOCABULARY_UNK);
    vocabulary_free(&vocabulary);
}

static void special_words_are_not_reached_by_name(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("dog\t3\n");
    caption_error error;
    assert_int_equal(vocabulary_find(&vocabulary, "<end>"), VOCABULARY_UNK);
    assert_false(vocabulary_count(&vocabulary, "<end>", 1, &error));
    vocabulary_free(&vocabulary);
}

static void words_are_counted_pruned_and_ordered(void **state) {
    (void)state;
    struct vocabulary vocabulary;
    caption_error error;
    assert_true(vocabulary_init(&vocabulary, &error));
    static const char *const words[] = {"rare", "zebra", "a", "dog", "a", "zebra", "dog", "a"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        assert_true(vocabulary_count(&vocabulary, words[i], 1, &error));
    }
    assert_true(vocabulary_prune(&vocabulary, 2, &error));
    char *text = vocabulary_format(&vocabulary, &error);
    assert_string_equal(text, "a\t3\ndog\t2\nzebra\t2\n");
    free(text);
    assert_int_equal(vocabulary_find(&vocabulary, "a"), VOCABULARY_SPECIALS);
    assert_int_equal(vocabulary_find(&vocabulary, "zebra"), VOCABULARY_SPECIALS + 2);
    assert_int_equal(vocabulary_find(&vocabulary, "rare"), VOCABULARY_UNK);
    assert_true(vocabulary_count(&vocabulary, "rare", 5, &error));
    assert_int_equal(vocabulary_find(&vocabulary, "rare"), VOCABULARY_SPECIALS + 3);
    vocabulary_free(&vocabulary);
}

static void merged_words_keep_their_numbers_and_add_their_counts(void **state) {
    (void)state;
    struct vocabulary known = parsed("a\t9\ndog\t4\n"), more = parsed("zebra\t7\ndog\t2\nowl\t1\n");
    caption_error error;
    assert_true(vocabulary_merge(&known, &more, &error));
    char *text = vocabulary_format(&known, &error);
    assert_string_equal(text, "a\t9\ndog\t6\nzebra\t7\nowl\t1\n");
    free(text);
    assert_int_equal(vocabulary_find(&known, "dog"), VOCABULARY_SPECIALS + 1);
    assert_int_equal(vocabulary_find(&known, "owl"), VOCABULARY_SPECIALS + 3);
    assert_true(vocabulary_prune(&known, 0, &error)); /* the order of a file, all words kept */
    text = vocabulary_format(&known, &error);
    assert_string_equal(text, "a\t9\nzebra\t7\ndog\t6\nowl\t1\n");
    free(text);
    assert_true(vocabulary_merge(&more, &more, &error)); /* with itself: counted twice */
    assert_int_equal(more.counts[VOCABULARY_SPECIALS], 14);
    assert_int_equal(more.count, VOCABULARY_SPECIALS + 3);
    vocabulary_free(&known);
    vocabulary_free(&more);
}

static void many_words_are_all_found_again(void **state) {
    (void)state;
    struct vocabulary vocabulary;
    caption_error error;
    assert_true(vocabulary_init(&vocabulary, &error));
    for (size_t i = 0; i < 20000; i++) {
        char word[32];
        snprintf(word, sizeof word, "w%zu", i);
        assert_true(vocabulary_count(&vocabulary, word, i, &error));
    }
    for (size_t i = 0; i < 20000; i++) {
        char word[32];
        snprintf(word, sizeof word, "w%zu", i);
        size_t number = vocabulary_find(&vocabulary, word);
        assert_int_equal(number, VOCABULARY_SPECIALS + i);
        assert_int_equal(vocabulary.counts[number], i);
    }
    vocabulary_free(&vocabulary);
}

static void what_is_no_word_is_refused(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("");
    static const char *const words[] = {"", " ", "two words", "tab\t", "\x01", "\xFF", "\xC2\xA0"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        caption_error error = {0};
        assert_false(vocabulary_count(&vocabulary, words[i], 1, &error));
        assert_message_has(&error, "expected");
    }
    assert_int_equal(vocabulary.count, VOCABULARY_SPECIALS);
    vocabulary_free(&vocabulary);
}

static void counts_stop_at_their_largest(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("a\t18446744073709551615\n");
    caption_error error;
    assert_true(vocabulary_count(&vocabulary, "a", 1, &error));
    assert_true(vocabulary.counts[VOCABULARY_SPECIALS] == UINT64_MAX);
    vocabulary_free(&vocabulary);
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    struct vocabulary written = parsed("a\t10\ncaf\xC3\xA9\t9\n's\t9\nzero\t0\n");
    caption_error error;
    char *text = vocabulary_format(&written, &error);
    assert_non_null(text);
    struct vocabulary read = parsed(text);
    assert_int_equal(read.count, written.count);
    for (size_t i = 0; i < read.count; i++) {
        assert_string_equal(read.words[i], written.words[i]);
        assert_int_equal(read.counts[i], written.counts[i]);
    }
    vocabulary_free(&read);
    vocabulary_free(&written);
    free(text);
}

static void windows_line_ends_and_a_missing_last_one_are_read(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("a\t2\r\nb\t1");
    assert_int_equal(vocabulary.count, VOCABULARY_SPECIALS + 2);
    assert_int_equal(vocabulary_find(&vocabulary, "b"), VOCABULARY_SPECIALS + 1);
    vocabulary_free(&vocabulary);
}

static void broken_lines_are_errors_that_name_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a\t1\nb\n", "line 2: expected word<TAB>count, found no tab"},
        {"a\t1\n\nb\t1\n", "line 2: "},
        {"\t1\n", "line 1: expected a word"},
        {"a b\t1\n", "line 1: expected a word"},
        {"<end>\t1\n", "line 1: expected a word"},
        {"\xFF\t1\n", "line 1: expected a word"},
        {"a\t\n", "line 1: expected a whole number"},
        {"a\t-1\n", "line 1: expected a whole number"},
        {"a\t1x\n", "line 1: expected a whole number"},
        {"a\t18446744073709551616\n", "line 1: expected a whole number"},
        {"a\t1\nb\t1\na\t1\n", "line 3: \"a\" for a second time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
    }
    assert_refused("a\0b\t1\n", 6, "line 1: expected a word");
}

static void a_sentence_ends_at_the_end_and_leaves_special_words_out(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("a\t3\ndog\t2\n");
    caption_error error;
    const uint32_t words[] = {VOCABULARY_START, 4, VOCABULARY_UNK, 5, 99999, VOCABULARY_END, 4};
    char *sentence = vocabulary_sentence(&vocabulary, words, 7, &error);
    assert_string_equal(sentence, "a dog");
    free(sentence);
    sentence = vocabulary_sentence(&vocabulary, words, 0, &error);
    assert_string_equal(sentence, "");
    free(sentence);
    vocabulary_free(&vocabulary);
}

static void mutated_files_are_read_or_refused(void **state) {
    (void)state;
    static const char original[] = "a\t100\nman\t90\ncaf\xC3\xA9\t9\n's\t9\nzero\t0\n";
    struct random random = random_seeded(2, 0);
    size_t accepted = 0, refused = 0;
    for (size_t round = 0; round < 50000; round++) {
        char text[sizeof original];
        memcpy(text, original, sizeof original);
        for (size_t i = 1 + random_below(&random, 4); i > 0; i--) {
            text[random_below(&random, sizeof text)] = (char)random_below(&random, 256);
        }
        struct vocabulary vocabulary;
        caption_error error = {0};
        const size_t size = random_below(&random, sizeof text);
        if (!vocabulary_parse(&vocabulary, text, size, "words.txt", &error)) {
            assert_message_has(&error, "words.txt: line ");
            refused++;
            continue;
        }
        for (size_t i = VOCABULARY_SPECIALS; i < vocabulary.count; i++) {
            assert_int_equal(vocabulary_find(&vocabulary, vocabulary.words[i]), i);
        }
        vocabulary_free(&vocabulary);
        accepted++;
    }
    assert_true(accepted > 0 && refused > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_vocabulary_holds_the_special_words_alone),
        cmocka_unit_test(special_words_are_not_reached_by_name),
        cmocka_unit_test(words_are_counted_pruned_and_ordered),
        cmocka_unit_test(merged_words_keep_their_numbers_and_add_their_counts),
        cmocka_unit_test(many_words_are_all_found_again),
        cmocka_unit_test(what_is_no_word_is_refused),
        cmocka_unit_test(counts_stop_at_their_largest),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(windows_line_ends_and_a_missing_last_one_are_read),
        cmocka_unit_test(broken_lines_are_errors_that_name_them),
        cmocka_unit_test(a_sentence_ends_at_the_end_and_leaves_special_words_out),
        cmocka_unit_test(mutated_files_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

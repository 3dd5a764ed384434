/* Text as an endless stream: every word once, sentence borders fed and asked for, any cut the same.
 */
#include "temporary_file.h"

#include "model/decoder.h"
#include "train/train_data.h"

static struct vocabulary small_vocabulary(void) {
    static const char *const words[] = {"a", "dog", "red", "green", "runs", "t-shirt"};
    struct vocabulary vocabulary;
    assert_true(vocabulary_init(&vocabulary, NULL));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(vocabulary_count(&vocabulary, words[i], 100 - i, NULL));
    }
    return vocabulary;
}

static struct text text_of(const char *content) {
    char *path = temporary_file_with(content);
    struct vocabulary vocabulary = small_vocabulary();
    struct text text;
    caption_error error = {0};
    const char *const paths[] = {path};
    if (!text_read(&text, paths, 1, &vocabulary, NULL, &error)) fail_msg("%s", error.message);
    vocabulary_free(&vocabulary);
    temporary_file_free(path);
    return text;
}

/* Sentence `index` as words joined by spaces. */
static void assert_sentence(const struct text *text, size_t index, const char *expected) {
    struct vocabulary vocabulary = small_vocabulary();
    char found[256] = "";
    assert_true(index < text->count);
    for (size_t i = text->begin[index]; i < text->begin[index + 1]; i++) {
        if (*found) strcat(found, " ");
        strcat(found, vocabulary.words[text->words[i]]);
    }
    assert_string_equal(found, expected);
    vocabulary_free(&vocabulary);
}

static void a_line_is_a_sentence_of_words(void **state) {
    (void)state;
    struct text text = text_of("A dog runs.\nA zebra, red!\n");
    assert_int_equal(text.count, 2);
    assert_int_equal(text.known, 5);
    assert_sentence(&text, 0, "a dog runs");
    assert_sentence(&text, 1, "a <unk> red");
    text_free(&text);
}

static void lines_may_end_as_they_like_or_be_empty(void **state) {
    (void)state;
    struct text text = text_of("\r\n\n  \na dog\r\n \t\r\n...\nred dog\n\n\ngreen");
    assert_int_equal(text.count, 3);
    assert_int_equal(text.known, 5);
    assert_sentence(&text, 0, "a dog");
    assert_sentence(&text, 1, "red dog");
    assert_sentence(&text, 2, "green");
    text_free(&text);
}

static void bytes_that_are_no_utf8_harm_nothing(void **state) {
    (void)state;
    struct text text = text_of("\xef\xbb\xbf"
                               "a dog\n\xff\xfe red \xc3\n\xe2\x82\nred dog \xf0\x9f");
    assert_sentence(&text, text.count - 1, "red dog");
    assert_true(text.known >= 4);
    for (size_t i = 0; i < text.begin[text.count]; i++) {
        assert_in_range(text.words[i], VOCABULARY_UNK, VOCABULARY_SPECIALS + 5);
    }
    text_free(&text);
}

static void a_hyphenated_word_is_whole_where_it_is_known_and_else_its_parts(void **state) {
    (void)state;
    struct text text = text_of("a t-shirt\na red-green dog\na red-zebra\n");
    assert_sentence(&text, 0, "a t-shirt");
    assert_sentence(&text, 1, "a red green dog");
    assert_sentence(&text, 2, "a red <unk>");
    text_free(&text);
}

static void assert_text_refused(const char *content, const char *message) {
    char *good = temporary_file_with("a dog\n"), *bad = temporary_file_with(content);
    struct vocabulary vocabulary = small_vocabulary();
    struct text text;
    caption_error error = {0};
    const char *const paths[] = {good, bad};
    assert_false(text_read(&text, paths, 2, &vocabulary, NULL, &error));
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
    assert_message_has(&error, bad);
    assert_message_has(&error, message);
    assert_null(text.words); /* nothing to free */
    vocabulary_free(&vocabulary);
    temporary_file_free(good);
    temporary_file_free(bad);
}

static void a_file_without_a_known_word_is_refused_by_name(void **state) {
    (void)state;
    assert_text_refused("", "a sentence a line");
    assert_text_refused("\n\n", "a sentence a line");
    assert_text_refused("ein Hund\nrennt\n", "a sentence a line");
}

static void a_file_that_is_not_there_is_refused_by_name(void **state) {
    (void)state;
    struct vocabulary vocabulary = small_vocabulary();
    struct text text;
    caption_error error = {0};
    const char *const paths[] = {"/nowhere/text.txt"};
    assert_false(text_read(&text, paths, 1, &vocabulary, NULL, &error));
    assert_message_has(&error, "/nowhere/text.txt");
    vocabulary_free(&vocabulary);
}

/* Sentences of many lengths, some of their words unknown. */
static struct text varied_text(void) {
    char content[4096] = "";
    static const char *const words[] = {"a", "dog", "zebra", "red", "runs"};
    for (size_t i = 0, word = 0; i < 40; i++) {
        for (size_t j = 0; j <= i * 7 % 11; j++) {
            strcat(content, words[word++ * 3 % 5]);
            strcat(content, " ");
        }
        strcat(content, "\n");
    }
    return text_of(content);
}

/* What the stream is, written plainly: returns its number of steps. */
static size_t whole_stream(const struct text *text, int32_t *inputs, int32_t *targets) {
    size_t steps = 0;
    for (size_t i = 0; i < text->count; i++) {
        const size_t sentence = text->order[i];
        inputs[steps] = VOCABULARY_START;
        for (size_t j = text->begin[sentence]; j < text->begin[sentence + 1]; j++) {
            const int32_t word = text->words[j];
            targets[steps++] = word == VOCABULARY_UNK ? DECODER_NOTHING : word;
            inputs[steps] = word;
        }
        targets[steps++] = VOCABULARY_END;
    }
    return steps;
}

enum { LONGEST = 1024 };

/* The rows' windows of `window` steps, put together again, are the stream up to what is left over
 * when it is divided. */
static void assert_cut_equals_whole(const struct text *text, size_t rows, size_t window) {
    static int32_t inputs[LONGEST], targets[LONGEST], cut_inputs[LONGEST], cut_targets[LONGEST];
    const size_t whole = whole_stream(text, inputs, targets), steps = text_steps(text, rows);
    assert_int_equal(steps, whole / rows);
    for (size_t row = 0; row < rows; row++) {
        for (size_t first = 0; first < steps; first += window) {
            const size_t left = steps - first, at = row * steps + first;
            const struct text_window cut = {text, rows, first, left < window ? left : window};
            text_window_row(&cut, row, cut_inputs + at, cut_targets + at);
        }
    }
    assert_memory_equal(cut_inputs, inputs, rows * steps * sizeof *inputs);
    assert_memory_equal(cut_targets, targets, rows * steps * sizeof *targets);
}

static void windows_and_rows_put_together_are_the_stream(void **state) {
    (void)state;
    struct text text = varied_text();
    text_shuffle(&text, random_seeded(1, 0));
    for (size_t rows = 1; rows <= 40; rows += 3) {
        for (size_t window = 1; window <= 33; window += 4) {
            assert_cut_equals_whole(&text, rows, window);
        }
        assert_cut_equals_whole(&text, rows, LONGEST);
    }
    text_free(&text);
}

static void every_order_holds_every_sentence_once(void **state) {
    (void)state;
    struct text text = varied_text();
    size_t *first = malloc(text.count * sizeof *first);
    assert_non_null(first);
    text_shuffle(&text, random_seeded(1, 1));
    memcpy(first, text.order, text.count * sizeof *first);
    text_shuffle(&text, random_seeded(1, 2));
    assert_memory_not_equal(first, text.order, text.count * sizeof *first);
    text_shuffle(&text, random_seeded(1, 1)); /* does not depend on the order before */
    assert_memory_equal(first, text.order, text.count * sizeof *first);
    bool seen[64] = {false};
    for (size_t i = 0; i < text.count; i++) {
        assert_false(seen[text.order[i]]);
        seen[text.order[i]] = true;
    }
    free(first);
    text_free(&text);
}

static void more_rows_than_words_leave_no_step(void **state) {
    (void)state;
    struct text text = text_of("a dog\n");
    assert_int_equal(text_steps(&text, 3), 1); /* known before the first shuffle */
    text_shuffle(&text, random_seeded(1, 0));
    assert_int_equal(text_steps(&text, 3), 1);
    assert_int_equal(text_steps(&text, 4), 0);
    assert_cut_equals_whole(&text, 3, 8);
    assert_cut_equals_whole(&text, 4, 8);
    text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_sentence_of_words),
        cmocka_unit_test(lines_may_end_as_they_like_or_be_empty),
        cmocka_unit_test(bytes_that_are_no_utf8_harm_nothing),
        cmocka_unit_test(a_hyphenated_word_is_whole_where_it_is_known_and_else_its_parts),
        cmocka_unit_test(a_file_without_a_known_word_is_refused_by_name),
        cmocka_unit_test(a_file_that_is_not_there_is_refused_by_name),
        cmocka_unit_test(windows_and_rows_put_together_are_the_stream),
        cmocka_unit_test(every_order_holds_every_sentence_once),
        cmocka_unit_test(more_rows_than_words_leave_no_step),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

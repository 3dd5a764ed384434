/* Words for a sentence that is on its way, against captioner.h and by hand. */
#include "decode/suggester.h"

#include "tiny_captioner.h"

#include <locale.h>

#include "decode/decode.h"

struct fixture {
    struct model model;
    struct prepared prepared; /* without an encoder: there is no photo to look at */
    struct suggester *suggester;
};

static void open_suggester(struct fixture *f) {
    caption_error error = {0};
    const caption_options options = tiny_options();
    f->prepared = (struct prepared){.plan = decode_plan_new(&f->model, &options, &error)};
    if (!f->prepared.plan) fail_msg("%s", error.message);
    f->suggester = suggester_new(&f->prepared, &error);
    if (!f->suggester) fail_msg("%s", error.message);
}

static void set_up(struct fixture *f, size_t cell, bool image_every) {
    f->model = tiny_model(tiny_cell(cell), tiny_words, 3 + cell);
    f->model.decoder.image_every = image_every;
    open_suggester(f);
}

static void tear_down(struct fixture *f) {
    suggester_free(f->suggester);
    decode_plan_free(f->prepared.plan);
    tiny_free(&f->model);
}

static caption_words suggest(struct fixture *f, const char *text, size_t most) {
    caption_error error = {0};
    caption_words words;
    if (!suggester_suggest(f->suggester, text, most, &words, &error)) fail_msg("%s", error.message);
    return words;
}

static caption_words score(struct fixture *f, const char *sentence) {
    caption_error error = {0};
    caption_words words;
    if (!suggester_score(f->suggester, sentence, &words, &error)) fail_msg("%s", error.message);
    return words;
}

static void scores_add_up_to_the_likelihood_without_a_photo(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * TINY_CELLS; i++) {
        struct fixture f;
        set_up(&f, i / 2, i % 2);
        const uint32_t numbers[] = {7, 4, VOCABULARY_UNK, 5};
        const struct likelihood_caption caption = {.words = numbers, .count = 4};
        double logprob, sum = 0;
        size_t ranks[5];
        assert_true(tiny_likelihood(&f.model, &caption, 1, &logprob, NULL));
        assert_true(likelihood_ranks(&f.model, f.prepared.plan->decoder, &caption, 1, ranks, NULL));
        caption_words words = score(&f, "A dog, zebra runs!");
        assert_int_equal(words.count, 5);
        assert_string_equal(words.words[2].text, "zebra");
        assert_int_equal(words.words[2].rank, 0);
        assert_string_equal(words.words[4].text, ".");
        for (size_t w = 0; w < words.count; w++) {
            sum += words.words[w].logprob;
            assert_int_equal(words.words[w].rank, ranks[w]);
        }
        assert_close(sum, logprob, 1e-4);
        caption_words_free(&words);
        tear_down(&f);
    }
}

static void recalled_features_are_those_that_scores_are_about(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 1, false);
    const float features[TINY_FEATURES] = {1, -2, 3, 0.5F, -1};
    const uint32_t numbers[] = {7, 4};
    const struct likelihood_caption caption = {.features = features, .words = numbers, .count = 2};
    double about, sum = 0, without = 0;
    assert_null(suggester_features(f.suggester));
    caption_words words = score(&f, "a dog");
    for (size_t i = 0; i < words.count; i++) without += words.words[i].logprob;
    caption_words_free(&words);
    assert_true(suggester_recall(f.suggester, features, NULL));
    assert_memory_equal(suggester_features(f.suggester), features, sizeof features);
    assert_true(tiny_likelihood(&f.model, &caption, 1, &about, NULL));
    words = score(&f, "a dog");
    for (size_t i = 0; i < words.count; i++) sum += words.words[i].logprob;
    caption_words_free(&words);
    assert_close(sum, about, 1e-4);
    assert_true(fabs(sum - without) > 1e-3);
    assert_true(suggester_look(f.suggester, NULL, NULL, NULL)); /* about none again */
    assert_null(suggester_features(f.suggester));
    tear_down(&f);
}

/* Every word and the end, most probable first; each with the score that it has when it is read. */
static void suggestions_are_all_that_may_come_next_in_order(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 1, true);
    caption_words words = suggest(&f, "a dog ", 100);
    assert_int_equal(words.count, f.model.decoder.words - 3);
    assert_int_equal(words.begun, 0);
    for (size_t i = 0; i < words.count; i++) {
        assert_int_equal(words.words[i].rank, i + 1);
        assert_true(i == 0 || words.words[i].logprob <= words.words[i - 1].logprob);
        char sentence[64];
        snprintf(sentence, sizeof sentence, "a dog %s", words.words[i].text);
        caption_words read = score(&f, sentence);
        assert_string_equal(read.words[2].text, words.words[i].text);
        assert_close(read.words[2].logprob, words.words[i].logprob, 1e-6);
        caption_words_free(&read);
    }
    caption_words few = suggest(&f, "a dog ", 3);
    assert_int_equal(few.count, 3);
    for (size_t i = 0; i < few.count; i++)
        assert_string_equal(few.words[i].text, words.words[i].text);
    caption_words_free(&few);
    caption_words_free(&words);
    tear_down(&f);
}

static void expect_begun(struct fixture *f, const char *text, size_t begun, const char *only) {
    caption_words words = suggest(f, text, 100);
    assert_int_equal(words.begun, begun);
    if (only) {
        assert_int_equal(words.count, 1);
        assert_string_equal(words.words[0].text, only);
    } else {
        assert_true(words.count != 1);
    }
    caption_words_free(&words);
}

static void a_word_that_is_being_typed_is_completed(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 2, false);
    expect_begun(&f, "a gr", 2, "grass");
    expect_begun(&f, "A DO", 2, "dog");
    expect_begun(&f, "dog", 3, "dog");
    expect_begun(&f, "a zebr", 4, NULL); /* no word begins so */
    expect_begun(&f, "a dog,", 0, NULL);
    expect_begun(&f, "a dog ", 0, NULL);
    expect_begun(&f, "", 0, NULL);
    expect_begun(&f, "\xff\xfe a\xff", 0, NULL);
    caption_words before = suggest(&f, "a ", 100), during = suggest(&f, "a r", 100);
    for (size_t i = 0; i < during.count; i++) assert_int_equal(during.words[i].text[0], 'r');
    assert_int_equal(during.count, 2); /* red, runs */
    assert_true(before.count > during.count);
    caption_words_free(&before);
    caption_words_free(&during);
    tear_down(&f);
}

/* Where lower case of I is no i. */
static void capitals_are_read_in_a_turkish_program(void **state) {
    (void)state;
    if (!setlocale(LC_ALL, "tr_TR.UTF-8")) skip();
    struct fixture f;
    set_up(&f, 2, false);
    expect_begun(&f, "a ZI", 2, NULL);
    setlocale(LC_ALL, "C");
    tear_down(&f);
}

static void what_cannot_be_is_an_error(void **state) {
    (void)state;
    struct fixture f;
    caption_error error = {0};
    caption_words words;
    struct decode_result result;
    set_up(&f, 0, false);
    assert_false(suggester_suggest(f.suggester, "a", 0, &words, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    assert_false(suggester_complete(f.suggester, "a zebra", &result, &error));
    assert_non_null(strstr(error.message, "zebra"));
    assert_false(suggester_complete(f.suggester, "a a a a a a a a a", &result, &error));
    assert_non_null(strstr(error.message, "8"));
    tear_down(&f);
}

static void a_word_that_is_impossible_has_no_score(void **state) {
    (void)state;
    struct fixture f;
    caption_error error = {0};
    caption_words words;
    f.model = tiny_model(tiny_cell(0), tiny_words, 3);
    tiny_bias(&f.model, 5, -INFINITY);
    open_suggester(&f);
    assert_false(suggester_score(f.suggester, "a dog runs", &words, &error));
    assert_non_null(strstr(error.message, "not finite"));
    words = suggest(&f, "a ", 100);
    for (size_t i = 0; i < words.count; i++) assert_true(isfinite(words.words[i].logprob));
    caption_words_free(&words);
    tear_down(&f);
}

static void a_completion_begins_with_the_text(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 1, true);
    static const char *const texts[] = {"", "on", "a red ball", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct decode_result result;
        caption_error error = {0};
        if (!suggester_complete(f.suggester, texts[i], &result, &error))
            fail_msg("%s", error.message);
        char *sentence = vocabulary_sentence(&f.model.vocabulary, result.captions[0].words,
                                             result.captions[0].count, NULL);
        assert_int_equal(strncmp(sentence, texts[i], strlen(texts[i])), 0);
        free(sentence);
        decode_results_free(&result, 1);
    }
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_add_up_to_the_likelihood_without_a_photo),
        cmocka_unit_test(recalled_features_are_those_that_scores_are_about),
        cmocka_unit_test(suggestions_are_all_that_may_come_next_in_order),
        cmocka_unit_test(a_word_that_is_being_typed_is_completed),
        cmocka_unit_test(capitals_are_read_in_a_turkish_program),
        cmocka_unit_test(what_cannot_be_is_an_error),
        cmocka_unit_test(a_word_that_is_impossible_has_no_score),
        cmocka_unit_test(a_completion_begins_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

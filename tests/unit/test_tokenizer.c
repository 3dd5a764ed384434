#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/text.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

/* The words with single spaces between them; freed with free(). */
static char *joined(const char *sentence) {
    struct tokens tokens;
    caption_error error;
    assert_true(tokenize(sentence, &tokens, &error));
    size_t size = 1;
    for (size_t i = 0; i < tokens.count; i++) size += strlen(tokens.words[i]) + 1;
    char *line = calloc(size, 1);
    assert_non_null(line);
    for (size_t i = 0; i < tokens.count; i++) {
        if (i > 0) strcat(line, " ");
        strcat(line, tokens.words[i]);
    }
    tokens_free(&tokens);
    return line;
}

static void assert_words(const char *sentence, const char *expected) {
    char *found = joined(sentence);
    assert_string_equal(found, expected);
    free(found);
}

static void sentences_are_lower_case_without_punctuation(void **state) {
    (void)state;
    assert_words("A Dog, running!", "a dog running");
    assert_words("Wow!! Really?! Yes... no: so; -- and - done.", "wow really yes no so and done");
    assert_words("``quoted'' 'single' \"double\" `tick`", "quoted single double tick");
    assert_words("(round) [square] {curly} -LRB- x -RRB-", "round square curly x");
    assert_words("", "");
    assert_words(" \t . \n", "");
}

static void contractions_are_split_as_in_the_penn_treebank(void **state) {
    (void)state;
    assert_words("don't can't won't isn't", "do n't ca n't wo n't is n't");
    assert_words("it's the dog's", "it 's the dog 's");
    assert_words("I'm they're we've he'd she'll", "i 'm they 're we 've he 'd she 'll");
    assert_words("shouldn't've he'd've", "should n't 've he 'd 've");
    assert_words("cannot", "can not");
    assert_words("y'all", "y' all");
    assert_words("ann't", "ann t"); /* no verb */
    assert_words("a man 's dog does n't", "a man 's dog does n't");
    assert_words("don\xE2\x80\x99t it\xE2\x80\x99s", "do n't it 's");
}

static void apostrophes_that_belong_to_a_word_stay(void **state) {
    (void)state;
    assert_words("five o'clock, ma'am", "five o'clock ma'am");
    assert_words("rock 'n' roll", "rock 'n' roll");
    assert_words("the boys' kites", "the boys kites");
    assert_words("a 'slide' in the '90s", "a slide in the '90s");
}

static void possessives_are_written_as_people_do(void **state) {
    (void)state;
    static const char *const sentences[][2] = {{"a child 's room", "a child's room"},
                                               {"the dogs ' ball", "the dogs' ball"},
                                               {"a man 's", "a man's"},
                                               {"'s room", "'s room"},
                                               {"the '70s", "the '70s"},
                                               {"", ""}};
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        char sentence[32];
        strcpy(sentence, sentences[i][0]);
        sentence_attach_possessives(sentence);
        assert_string_equal(sentence, sentences[i][1]);
    }
    assert_words("a child's room", "a child 's room");
}

static void hyphenated_words_are_one_word(void **state) {
    (void)state;
    assert_words("a black-and-white t-shirt", "a black-and-white t-shirt");
    assert_words("a 2-year-old's toy", "a 2-year-old 's toy");
    assert_words("snow- covered -dog-", "snow covered dog");
    assert_words("dog--cat", "dog cat");
    assert_words("dog\xE2\x80\x94"
                 "cat",
                 "dog cat");
}

static void numbers_and_signs_are_words(void **state) {
    (void)state;
    assert_words("1,000 people at 10:30, 3.5 km", "1,000 people at 10:30 3.5 km");
    assert_words("$5 50% #1 & more", "$ 5 50 % # 1 & more");
    assert_words("and/or 1/2", "and/or 1/2");
    assert_words("a 1,000-foot drop", "a 1,000-foot drop");
}

static void abbreviations_keep_their_point(void **state) {
    (void)state;
    assert_words("Mr. Smith of St. Louis in the U.S. at 5 p.m.",
                 "mr. smith of st. louis in the u.s. at 5 p.m.");
    assert_words("dogs, cats, etc., run", "dogs cats etc. run");
    assert_words("the grass.the sky.", "the grass the sky");
}

static void letters_beyond_ascii_are_lower_case_too(void **state) {
    (void)state;
    assert_words("CAF\xC3\x89 \xC3\x84rger \xC5\x81\xC3\x93\xC5\xB9 \xCE\xA3 \xD0\x96",
                 "caf\xC3\xA9 \xC3\xA4rger \xC5\x82\xC3\xB3\xC5\xBA \xCF\x83 \xD0\xB6");
}

static void entities_and_emoji_are_resolved(void **state) {
    (void)state;
    assert_words("salt &amp; pepper &quot;x&quot;", "salt & pepper x");
    assert_words("dog\xF0\x9F\x98\x80"
                 "cat",
                 "dog cat");
    assert_words("so\xC2\xAD"
                 "ft",
                 "soft");
}

static void bytes_that_are_not_utf8_separate_words(void **state) {
    (void)state;
    assert_words("a\xFF"
                 "b \xC3 c\x01"
                 "d \xED\xA0\x80 \xC0\xAF",
                 "a b c d");
}

static void a_long_word_is_cut_at_the_start_of_a_character(void **state) {
    (void)state;
    char word[2 * TOKENIZER_LONGEST_WORD + 2] = "x";
    for (size_t i = 0; i < TOKENIZER_LONGEST_WORD; i++) strcat(word, "\xC3\xA9");
    char *found = joined(word);
    assert_int_equal(strlen(found), TOKENIZER_LONGEST_WORD - 1);
    assert_memory_equal(found, word, strlen(found));
    free(found);
}

/* Each of these once made a rule look far ahead in vain at every step. */
static void long_hostile_sentences_take_linear_time(void **state) {
    (void)state;
    static const char *const patterns[] = {"a,",  "a.",    "a.b-", "a'",  "'a", "1.",
                                           "a@",  "www.,", "-",    "a-/", "&",  "n't",
                                           "1:a", "a_",    "@a.",  "..",  "a&"};
    const size_t size = 200000;
    char *sentence = calloc(size + 16, 1);
    assert_non_null(sentence);
    clock_t start = clock();
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const size_t length = strlen(patterns[i]);
        for (size_t at = 0; at < size; at += length) memcpy(sentence + at, patterns[i], length + 1);
        struct tokens tokens;
        caption_error error;
        assert_true(tokenize(sentence, &tokens, &error));
        tokens_free(&tokens);
    }
    /* Quadratic time would be minutes. */
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
    free(sentence);
}

static void random_bytes_become_words_that_a_vocabulary_takes(void **state) {
    (void)state;
    static const char *const pieces[] = {"'",
                                         "n't",
                                         "-",
                                         ".",
                                         "\xC3",
                                         "\x80",
                                         "A",
                                         "z",
                                         "1",
                                         " ",
                                         "&amp;",
                                         "/",
                                         "\xE2\x80\x99",
                                         "@",
                                         "\xF0\x9F\x98\x80",
                                         "<",
                                         "end>",
                                         "cannot",
                                         "::",
                                         "\x7F",
                                         "#",
                                         "\xC3\x89"};
    struct random random = random_seeded(1, 0);
    for (size_t round = 0; round < 20000; round++) {
        char sentence[128] = "";
        for (size_t i = random_below(&random, 16); i > 0; i--) {
            strcat(sentence, pieces[random_below(&random, sizeof pieces / sizeof pieces[0])]);
        }
        struct tokens tokens;
        caption_error error;
        assert_true(tokenize(sentence, &tokens, &error));
        for (size_t i = 0; i < tokens.count; i++) {
            assert_true(vocabulary_is_word(tokens.words[i], strlen(tokens.words[i])));
        }
        tokens_free(&tokens);
    }
}

static void every_character_survives_utf8(void **state) {
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        char bytes[4];
        uint32_t decoded = UINT32_MAX;
        size_t length = utf8_encode(code, bytes);
        assert_int_equal(utf8_decode(bytes, length, &decoded), length);
        assert_int_equal(decoded, code);
        if (length > 1) assert_int_equal(utf8_decode(bytes, length - 1, &decoded), 0);
    }
}

static void a_sentence_is_split_at_its_spaces(void **state) {
    (void)state;
    struct tokens tokens;
    assert_true(tokens_split("a man 's dog", &tokens, NULL));
    assert_int_equal(tokens.count, 4);
    assert_string_equal(tokens.words[0], "a");
    assert_string_equal(tokens.words[2], "'s");
    assert_string_equal(tokens.words[3], "dog");
    tokens_free(&tokens);
    assert_true(tokens_split("dog", &tokens, NULL));
    assert_int_equal(tokens.count, 1);
    tokens_free(&tokens);
    assert_true(tokens_split("", &tokens, NULL));
    assert_int_equal(tokens.count, 0);
    tokens_free(&tokens);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_are_lower_case_without_punctuation),
        cmocka_unit_test(contractions_are_split_as_in_the_penn_treebank),
        cmocka_unit_test(apostrophes_that_belong_to_a_word_stay),
        cmocka_unit_test(possessives_are_written_as_people_do),
        cmocka_unit_test(hyphenated_words_are_one_word),
        cmocka_unit_test(numbers_and_signs_are_words),
        cmocka_unit_test(abbreviations_keep_their_point),
        cmocka_unit_test(letters_beyond_ascii_are_lower_case_too),
        cmocka_unit_test(entities_and_emoji_are_resolved),
        cmocka_unit_test(bytes_that_are_not_utf8_separate_words),
        cmocka_unit_test(a_long_word_is_cut_at_the_start_of_a_character),
        cmocka_unit_test(long_hostile_sentences_take_linear_time),
        cmocka_unit_test(random_bytes_become_words_that_a_vocabulary_takes),
        cmocka_unit_test(every_character_survives_utf8),
        cmocka_unit_test(a_sentence_is_split_at_its_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

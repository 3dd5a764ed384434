#include "temporary_file.h"

#include "base/file.h"
#include "text/content.h"

static struct vocabulary parsed(const char *text) {
    struct vocabulary vocabulary;
    caption_error error;
    if (!vocabulary_parse(&vocabulary, text, strlen(text), "words.txt", &error)) {
        fail_msg("%s", error.message);
    }
    return vocabulary;
}

static struct vocabulary flickr8k(void) {
    static const char path[] = "vocab/flickr8k.tsv";
    struct file_bytes file;
    caption_error error;
    if (!file_read(path, 1 << 20, &file, &error)) fail_msg("%s", error.message);
    struct vocabulary vocabulary;
    if (!vocabulary_parse(&vocabulary, (const char *)file.data, file.size, path, &error))
        fail_msg("%s", error.message);
    file_bytes_free(&file);
    return vocabulary;
}

/* The name of the word that stands for the word's forms, or "" for none. */
static const char *base_of(const struct vocabulary *vocabulary, const uint32_t *bases,
                           const char *word) {
    const size_t number = vocabulary_find(vocabulary, word);
    if (number == VOCABULARY_UNK) fail_msg("\"%s\" is not in the vocabulary", word);
    return bases[number] == CONTENT_NONE ? "" : vocabulary->words[bases[number]];
}

static uint32_t *bases_of(const struct vocabulary *vocabulary) {
    caption_error error;
    uint32_t *bases = calloc(vocabulary->count, sizeof *bases);
    assert_non_null(bases);
    if (!content_bases(vocabulary, bases, &error)) fail_msg("%s", error.message);
    return bases;
}

struct pair {
    const char *word, *base;
};

static void check(const struct vocabulary *vocabulary, const struct pair *pairs, size_t count) {
    uint32_t *bases = bases_of(vocabulary);
    for (size_t i = 0; i < count; i++) {
        const char *base = base_of(vocabulary, bases, pairs[i].word);
        if (strcmp(base, pairs[i].base) != 0) {
            fail_msg("\"%s\" is of \"%s\" where \"%s\" was expected", pairs[i].word, base,
                     pairs[i].base);
        }
    }
    free(bases);
}

#define CHECK(vocabulary, ...)                                                                     \
    do {                                                                                           \
        const struct pair pairs[] = {__VA_ARGS__};                                                 \
        check(vocabulary, pairs, sizeof pairs / sizeof *pairs);                                    \
    } while (0)

static void forms_of_a_word_go_to_the_most_frequent_of_them(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("dog\t9\nriding\t8\nride\t7\npuppies\t6\nran\t5\nrun\t4\n"
                                          "running\t3\nrides\t3\nridden\t2\ndogs\t2\npuppy\t2\n"
                                          "knives\t2\nknife\t1\nwatches\t1\nwatch\t1\n");
    CHECK(&vocabulary, {"dogs", "dog"}, {"dog", "dog"}, {"ride", "riding"}, {"rides", "riding"},
          {"ridden", "riding"}, {"riding", "riding"}, {"puppy", "puppies"}, {"run", "ran"},
          {"running", "ran"}, {"knife", "knives"}, {"watch", "watches"});
    vocabulary_free(&vocabulary);
}

static void a_form_is_joined_only_if_the_other_is_in_the_vocabulary(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed("string\t5\nskis\t4\nbed\t3\nglass\t2\nsitting\t1\n");
    CHECK(&vocabulary, {"string", "string"}, {"skis", "skis"}, {"bed", "bed"}, {"glass", "glass"},
          {"sitting", "sitting"});
    vocabulary_free(&vocabulary);
}

static void words_of_their_own_are_no_forms_of_what_they_look_like(void **state) {
    (void)state;
    struct vocabulary vocabulary =
        parsed("short\t9\nshorts\t8\nbuild\t7\nbuilding\t6\nbuildings\t6\nshe\t5\nshed\t4\nsee\t3\n"
               "seed\t2\nseeds\t2\nglass\t2\nglasses\t1\nbus\t1\nbu\t1\ngrass\t1\ngras\t1\n");
    CHECK(&vocabulary, {"shorts", "shorts"}, {"building", "building"}, {"buildings", "building"},
          {"shed", "shed"}, {"seed", "seed"}, {"seeds", "seed"}, {"glasses", "glasses"},
          {"bus", "bus"}, {"grass", "grass"});
    vocabulary_free(&vocabulary);
}

static void what_says_nothing_of_a_photo_has_no_base(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed(
        "a\t9\nin\t8\ndog\t7\nis\t6\n's\t5\n.\t4\nt\t3\n19\t3\ntake\t2\ntaking\t2\ntaken\t2\n"
        "bright\t1\nbrightly\t1\nside\t1\nsides\t1\ntry\t1\ntries\t1\ntried\t1\n");
    uint32_t *bases = bases_of(&vocabulary);
    for (size_t i = 0; i < VOCABULARY_SPECIALS; i++) assert_int_equal(bases[i], CONTENT_NONE);
    free(bases);
    CHECK(&vocabulary, {"a", ""}, {"in", ""}, {"dog", "dog"}, {"is", ""}, {"'s", ""}, {".", ""},
          {"t", ""}, {"19", ""}, {"taking", ""}, {"taken", ""}, {"brightly", ""},
          {"bright", "bright"}, {"sides", ""}, {"tries", ""}, {"tried", ""});
    vocabulary_free(&vocabulary);
}

static void the_words_of_flickr8k_find_their_forms(void **state) {
    (void)state;
    struct vocabulary vocabulary = flickr8k();
    CHECK(&vocabulary, {"dogs", "dog"}, {"men", "man"}, {"women", "woman"}, {"children", "child"},
          {"people", "people"}, {"person", "person"}, {"runs", "running"}, {"jumps", "jumping"},
          {"ridden", "riding"}, {"laying", "laying"}, {"lies", "laying"}, {"lying", "laying"},
          {"leaves", "leaves"}, {"leaf", "leaves"}, {"trees", "tree"}, {"family", "family"},
          {"butterfly", "butterfly"}, {"tennis", "tennis"}, {"skis", "skiing"},
          {"outdoor", "outdoors"}, {"earrings", "earrings"}, {"jeans", "jeans"}, {"pants", "pants"},
          {"swimming", "swimming"}, {"gray", "grey"}, {"two", "two"}, {"2", "two"}, {"sky", "sky"},
          {"parked", "parking"}, {"wearing", ""}, {"there", ""}, {"while", ""}, {"background", ""},
          {"happily", ""}, {"closed", "closed"});
    vocabulary_free(&vocabulary);
}

static void colours_numbers_and_sizes_may_be_said_of_several_things(void **state) {
    (void)state;
    static const char *const may[] = {"black", "white", "two",   "one",
                                      "3",     "small", "large", "young"};
    static const char *const may_not[] = {"dog", "running", "grass", "a", "snowy"};
    for (size_t i = 0; i < sizeof may / sizeof *may; i++) assert_true(content_may_repeat(may[i]));
    for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++) {
        assert_false(content_may_repeat(may_not[i]));
    }
}

static const char some_words[] = "a\t9\ndog\t5\nman\t5\nmen\t4\nball\t3\ndogs\t3\n's\t2\nred\t1\n";

static void tags_are_the_most_frequent_words_all_forms_counted(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed(some_words);
    struct tag_words tags;
    caption_error error;
    assert_true(tag_words_choose(&tags, &vocabulary, 3, &error));
    assert_int_equal(tags.count, 3);
    assert_string_equal(vocabulary.words[tags.names[0]], "man"); /* 9, the dogs 8 */
    assert_int_equal(tags.tags[vocabulary_find(&vocabulary, "men")], 0);
    assert_int_equal(tags.tags[vocabulary_find(&vocabulary, "dogs")], 1);
    assert_int_equal(tags.tags[vocabulary_find(&vocabulary, "red")], TAG_NONE);
    assert_int_equal(tags.tags[vocabulary_find(&vocabulary, "a")], TAG_NONE);
    char *text = tag_words_format(&tags, &vocabulary, &error);
    assert_string_equal(text, "man men\ndog dogs\nball\n");
    free(text);
    tag_words_free(&tags);

    assert_true(tag_words_choose(&tags, &vocabulary, 100, &error));
    assert_int_equal(tags.count, 4);
    tag_words_free(&tags);
    vocabulary_free(&vocabulary);
}

static void the_text_of_tags_reads_as_it_was_written(void **state) {
    (void)state;
    struct vocabulary vocabulary = flickr8k();
    struct tag_words tags, read;
    caption_error error;
    assert_true(tag_words_choose(&tags, &vocabulary, 1000, &error));
    assert_int_equal(tags.count, 1000);
    char *text = tag_words_format(&tags, &vocabulary, &error);
    assert_non_null(text);
    if (!tag_words_parse(&read, &vocabulary, text, strlen(text), "tags", &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(read.count, tags.count);
    assert_memory_equal(read.names, tags.names, tags.count * sizeof *tags.names);
    assert_memory_equal(read.tags, tags.tags, vocabulary.count * sizeof *tags.tags);
    free(text);
    tag_words_free(&tags);
    tag_words_free(&read);
    vocabulary_free(&vocabulary);
}

static void assert_refused(const struct vocabulary *vocabulary, const char *text, size_t size,
                           const char *message) {
    struct tag_words tags;
    caption_error error = {0};
    assert_false(tag_words_parse(&tags, vocabulary, text, size, "model: tags", &error));
    if (strcmp(error.message, message) != 0) fail_msg("\"%s\"", error.message);
}

static void tags_that_do_not_fit_the_vocabulary_are_refused(void **state) {
    (void)state;
    struct vocabulary vocabulary = parsed(some_words);
    const char *spaces = "model: tags: line 2: expected words parted by single spaces";
    const struct {
        const char *text, *message;
    } cases[] = {
        {"dog\ncat\n", "model: tags: line 2: \"cat\" is not a word of the vocabulary"},
        {"dog\nman dog\n", "model: tags: line 2: \"dog\" for a second time"},
        {"dog dog\n", "model: tags: line 1: \"dog\" for a second time"},
        {"dog\n\nman\n", spaces},
        {"dog\nman \n", spaces},
        {"dog\n man\n", spaces},
        {"dog\nman  men\n", spaces},
        {"dog\n<unk>\n", spaces},
        {"dog\nman\r\n", spaces},
        {"dog\nman", "model: tags: line 2: expected a newline at its end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_refused(&vocabulary, cases[i].text, strlen(cases[i].text), cases[i].message);
    }
    assert_refused(&vocabulary, "dog\nman\0\n", 9, spaces);
    vocabulary_free(&vocabulary);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_a_word_go_to_the_most_frequent_of_them),
        cmocka_unit_test(a_form_is_joined_only_if_the_other_is_in_the_vocabulary),
        cmocka_unit_test(words_of_their_own_are_no_forms_of_what_they_look_like),
        cmocka_unit_test(what_says_nothing_of_a_photo_has_no_base),
        cmocka_unit_test(the_words_of_flickr8k_find_their_forms),
        cmocka_unit_test(colours_numbers_and_sizes_may_be_said_of_several_things),
        cmocka_unit_test(tags_are_the_most_frequent_words_all_forms_counted),
        cmocka_unit_test(the_text_of_tags_reads_as_it_was_written),
        cmocka_unit_test(tags_that_do_not_fit_the_vocabulary_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

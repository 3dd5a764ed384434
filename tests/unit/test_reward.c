/* What a sampled caption is worth: CIDEr-D with <end> as a word. */
#include "dataset_fixture.h"

#include <math.h>

#include "eval/scores.h"
#include "train/reward.h"

enum { LONGEST = 12 };

static const char rows[] =
    "[{\"image\": \"a.jpg\", \"captions\": [\"a dog runs on grass\", \"a brown dog runs\"]},"
    " {\"image\": \"b.jpg\", \"captions\": [\"two children play in water\", \"a child swims\"]},"
    " {\"image\": \"c.jpg\", \"captions\": [\"a man climbs a rock\", \"a zyzzyva climbs\"]}]";

struct fixture {
    struct dataset dataset;
    struct vocabulary vocabulary;
    struct captions captions;
    struct reward *reward;
    struct ngrams_scratch scratch;
};

/* The vocabulary lacks "zyzzyva". */
static void fixture_init(struct fixture *f, double bleu) {
    static const char *const words[] = {"a",     "dog",      "runs",   "on",   "grass", "brown",
                                        "two",   "children", "play",   "in",   "water", "child",
                                        "swims", "man",      "climbs", "rock", "the",   "lawn"};
    *f = (struct fixture){.dataset = read_text(rows, NULL)};
    caption_error error;
    assert_true(vocabulary_init(&f->vocabulary, &error));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(vocabulary_count(&f->vocabulary, words[i], 1, &error));
    }
    assert_true(captions_init(&f->captions, &f->dataset, &f->vocabulary, &error));
    struct captions_part photos[3];
    for (size_t i = 0; i < 3; i++) photos[i] = (struct captions_part){&f->captions, 2 * i, 2};
    f->reward = reward_new(photos, 3, bleu, &error);
    assert_non_null(f->reward);
    assert_true(ngrams_scratch_init(&f->scratch, LONGEST + 1, &error));
}

static void fixture_free(struct fixture *f) {
    ngrams_scratch_free(&f->scratch);
    reward_free(f->reward);
    captions_free(&f->captions);
    vocabulary_free(&f->vocabulary);
    dataset_free(&f->dataset);
}

static double worth(struct fixture *f, size_t photo, const char *caption, bool ended) {
    struct tokens tokens;
    caption_error error;
    assert_true(tokenize(caption, &tokens, &error));
    int32_t words[LONGEST];
    for (size_t i = 0; i < tokens.count; i++) {
        words[i] = (int32_t)vocabulary_find(&f->vocabulary, tokens.words[i]);
    }
    const double reward = reward_of(f->reward, photo, words, tokens.count, ended, &f->scratch);
    tokens_free(&tokens);
    return reward;
}

static struct tokens split_with_end(const char *caption) {
    char text[256];
    size_t length = 0, count = 2;
    for (const char *c = caption; *c; c++) {
        count += *c == ' ';
        text[length++] = *c == ' ' ? 0 : *c;
    }
    memcpy(text + length, "\0<end>", sizeof "\0<end>");
    struct tokens tokens;
    caption_error error;
    assert_true(tokens_pack(text, length + sizeof "\0<end>", count, &tokens, &error));
    return tokens;
}

static void check_reward(double bleu) {
    static const char *const references[3][2] = {{"a dog runs on grass", "a brown dog runs"},
                                                 {"two children play in water", "a child swims"},
                                                 {"a man climbs a rock", "a zyzzyva climbs"}};
    static const char *const said[] = {"a dog runs on the lawn", "two children play in water",
                                       "the lawn climbs climbs climbs a rock"};
    struct fixture f;
    fixture_init(&f, bleu);
    struct tokens candidates[3], refs[3][2];
    struct scores_item items[3];
    for (size_t i = 0; i < 3; i++) {
        candidates[i] = split_with_end(said[i]);
        for (size_t j = 0; j < 2; j++) refs[i][j] = split_with_end(references[i][j]);
        items[i] = (struct scores_item){&candidates[i], refs[i], 2};
    }
    struct scores corpus, per_photo[3];
    caption_error error;
    assert_true(scores_compute(items, 3, &corpus, per_photo, &error));
    for (size_t i = 0; i < 3; i++) {
        assert_true(per_photo[i].cider > 0);
        assert_true(bleu <= 0 || i != 1 || per_photo[i].bleu[3] > 0.9);
        const double expected = per_photo[i].cider + bleu * per_photo[i].bleu[3];
        assert_true(fabs(worth(&f, i, said[i], true) - expected) < 1e-12);
        tokens_free(&candidates[i]);
        tokens_free(&refs[i][0]);
        tokens_free(&refs[i][1]);
    }
    fixture_free(&f);
}

static void the_reward_is_cider_with_end_as_a_word(void **state) {
    (void)state;
    check_reward(0);
}

static void bleu_counts_as_much_as_is_asked_for(void **state) {
    (void)state;
    check_reward(0.5);
}

static void a_caption_that_breaks_off_is_worth_less(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 0);
    assert_true(worth(&f, 0, "a dog runs on grass", true) >
                worth(&f, 0, "a dog runs on grass", false));
    assert_true(worth(&f, 0, "a brown dog runs", true) > worth(&f, 0, "a brown dog runs on", true));
    fixture_free(&f);
}

static void what_was_said_of_another_photo_is_worth_little(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 0);
    const double own = worth(&f, 1, "two children play in water", true);
    assert_true(own > 3);
    assert_true(worth(&f, 0, "two children play in water", true) < own / 10);
    assert_true(worth(&f, 2, "the the the", true) < own / 10);
    fixture_free(&f);
}

static void an_unknown_word_is_like_no_other(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 0);
    assert_true(worth(&f, 2, "a zyzzyva climbs", true) < worth(&f, 2, "a man climbs", true));
    assert_true(fabs(worth(&f, 2, "zyzzyva", true) - worth(&f, 2, "lawn", true)) < 1e-12);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reward_is_cider_with_end_as_a_word),
        cmocka_unit_test(bleu_counts_as_much_as_is_asked_for),
        cmocka_unit_test(a_caption_that_breaks_off_is_worth_less),
        cmocka_unit_test(what_was_said_of_another_photo_is_worth_little),
        cmocka_unit_test(an_unknown_word_is_like_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "eval/evaluate.h"

#include "tiny_captioner.h"

enum { PHOTOS = 9 };

static const char *const usual_sentence = "a red ball on zebra grass";

/* A data set of one sentence for each photo; photos[i] is i. */
static void dataset_of(struct dataset *dataset, const char *const *sentences, size_t *photos) {
    *dataset = (struct dataset){.photo_count = PHOTOS, .caption_count = PHOTOS};
    dataset->name = strdup("data.json");
    dataset->photos = calloc(PHOTOS, sizeof *dataset->photos);
    dataset->captions = calloc(PHOTOS, sizeof *dataset->captions);
    for (size_t i = 0; i < PHOTOS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%zu.jpg", i);
        dataset->photos[i] = (struct dataset_photo){.name = strdup(name),
                                                    .path = strdup(name),
                                                    .id = strdup(name),
                                                    .split = DATASET_VAL,
                                                    .first = i,
                                                    .count = 1};
        assert_true(tokenize(sentences[i], &dataset->captions[i], NULL));
        photos[i] = i;
    }
}

/* Its captions have words of their own, which no data set that was read has. */
static void free_dataset(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->caption_count; i++) tokens_free(&dataset->captions[i]);
    dataset_free(dataset);
}

struct fixture {
    struct model model;
    struct dataset dataset;
    size_t photos[PHOTOS];
    real features[PHOTOS * TINY_FEATURES];
    caption_options options;
    struct evaluation evaluation;
};

static void set_up(struct fixture *f, uint64_t seed) {
    const char *sentences[PHOTOS];
    for (size_t i = 0; i < PHOTOS; i++) sentences[i] = usual_sentence;
    f->model = tiny_model(&cell_gru, tiny_words, seed);
    f->options = tiny_options();
    tiny_photos(f->features, PHOTOS, 4);
    dataset_of(&f->dataset, sentences, f->photos);
}

static void tear_down(struct fixture *f) {
    free_dataset(&f->dataset);
    tiny_free(&f->model);
}

static struct dataset_selection all_photos(const struct fixture *f) {
    return (struct dataset_selection){&f->dataset, f->photos, PHOTOS};
}

static void evaluate(struct fixture *f, real *values, struct threads *threads) {
    caption_error error = {0};
    struct model model = f->model; /* the same model, around other weights where they are given */
    if (values) model.parameters.values = values;
    const struct evaluator evaluator = {
        .model = &model, .options = &f->options, .threads = threads};
    const struct dataset_selection photos = all_photos(f);
    if (!evaluate_features(&evaluator, &photos, f->features, &f->evaluation, &error))
        fail_msg("%s", error.message);
}

static void captions_that_are_the_references_score_one(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 1);
    f.options.min_length = 5;
    evaluate(&f, NULL, NULL);
    assert_true(f.evaluation.scores.bleu[3] < 0.9);
    free_dataset(&f.dataset);
    dataset_of(&f.dataset, (const char *const *)f.evaluation.captions, f.photos);
    evaluation_free(&f.evaluation);
    evaluate(&f, NULL, NULL);
    for (size_t n = 0; n < 4; n++) assert_close(f.evaluation.scores.bleu[n], 1, 1e-6);
    assert_close(f.evaluation.scores.rouge_l, 1, 1e-9);
    assert_in_range(f.evaluation.distinct, 2, PHOTOS);
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

static void neutral_captions_are_scored_as_they_are_told(void **state) {
    (void)state;
    static const char *const words[] = {"a", "man", "policeman", "woman", "runs", NULL};
    struct fixture f;
    set_up(&f, 1);
    tiny_free(&f.model);
    f.model = tiny_model(&cell_gru, words, 1);
    f.options.min_length = 5;
    f.options.neutral = true;
    evaluate(&f, NULL, NULL);
    for (size_t i = 0; i < PHOTOS; i++) assert_null(strstr(f.evaluation.captions[i], "man"));
    free_dataset(&f.dataset);
    dataset_of(&f.dataset, (const char *const *)f.evaluation.captions, f.photos);
    evaluation_free(&f.evaluation);
    evaluate(&f, NULL, NULL);
    for (size_t n = 0; n < 4; n++) assert_close(f.evaluation.scores.bleu[n], 1, 1e-6);
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

static void swaps_are_made_where_asked_for(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 9);
    evaluate(&f, NULL, NULL);
    assert_int_equal(f.evaluation.swaps.count, 0);
    evaluation_free(&f.evaluation);
    caption_error error = {0};
    const struct evaluator evaluator = {.model = &f.model, .options = &f.options, .swaps = 50};
    const struct dataset_selection photos = all_photos(&f);
    assert_true(evaluate_features(&evaluator, &photos, f.features, &f.evaluation, &error));
    assert_int_equal(f.evaluation.swaps.count, 50);
    assert_true(f.evaluation.swaps.generated > 0.5);
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

/* Where all words are as probable, they rank by number: the end, dog, runs, grass, a. */
static void next_words_are_looked_for_among_five(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 9);
    evaluate(&f, NULL, NULL);
    assert_int_equal(f.evaluation.next_word.places, 0);
    evaluation_free(&f.evaluation);
    memset(f.model.parameters.values, 0, f.model.parameters.count * sizeof(real));
    const struct evaluator evaluator = {
        .model = &f.model, .options = &f.options, .next_word = true};
    const struct dataset_selection photos = all_photos(&f);
    assert_true(evaluate_features(&evaluator, &photos, f.features, &f.evaluation, NULL));
    const struct next_word *found = &f.evaluation.next_word;
    assert_int_equal(found->places, 7 * PHOTOS);
    const struct next_word_shares *shares[] = {&found->with, &found->without};
    for (size_t i = 0; i < 2; i++) { /* of "a red ball on zebra grass": a, grass and the end */
        assert_close(shares[i]->among, 3.0 / 7, 1e-9);
        assert_close(shares[i]->first, 1.0 / 7, 1e-9);
        assert_close(shares[i]->words, 2.0 / 6, 1e-9);
    }
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

static void a_model_that_knows_nothing_is_as_perplexed_as_it_has_words(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 2);
    memset(f.model.parameters.values, 0, f.model.parameters.count * sizeof(real));
    evaluate(&f, NULL, NULL);
    assert_close(f.evaluation.perplexity, (double)f.model.decoder.words, 1e-4);
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

static void a_word_made_likely_lowers_the_perplexity_of_what_says_it(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 3);
    memset(f.model.parameters.values, 0, f.model.parameters.count * sizeof(real));
    tiny_bias(&f.model, vocabulary_find(&f.model.vocabulary, "ball"), 1);
    evaluate(&f, NULL, NULL);
    /* Of the 7 steps (six words, one of them unknown, and <end>), one says "ball". */
    double normaliser = log((double)f.model.decoder.words - 1 + exp(1.0));
    assert_close(f.evaluation.perplexity, exp(normaliser - 1.0 / 7), 1e-4);
    evaluation_free(&f.evaluation);
    tear_down(&f);
}

static void other_values_make_the_captions_of_the_model_they_are_of(void **state) {
    (void)state;
    struct fixture f, other;
    set_up(&f, 5);
    set_up(&other, 6);
    evaluate(&other, NULL, NULL);
    evaluate(&f, other.model.parameters.values, NULL);
    for (size_t i = 0; i < PHOTOS; i++)
        assert_string_equal(f.evaluation.captions[i], other.evaluation.captions[i]);
    assert_close(f.evaluation.perplexity, other.evaluation.perplexity, 1e-9);
    double others = f.evaluation.perplexity;
    evaluation_free(&f.evaluation);
    evaluate(&f, NULL, NULL);
    assert_true(fabs(f.evaluation.perplexity - others) > 1e-3);
    evaluation_free(&f.evaluation);
    evaluation_free(&other.evaluation);
    tear_down(&f);
    tear_down(&other);
}

static void threads_change_nothing(void **state) {
    (void)state;
    struct fixture f, threaded;
    set_up(&f, 7);
    set_up(&threaded, 7);
    struct threads *threads = threads_new(3, NULL);
    assert_non_null(threads);
    evaluate(&f, NULL, NULL);
    evaluate(&threaded, NULL, threads);
    threads_free(threads);
    assert_true(f.evaluation.perplexity == threaded.evaluation.perplexity);
    for (size_t i = 0; i < PHOTOS; i++) {
        assert_string_equal(f.evaluation.captions[i], threaded.evaluation.captions[i]);
        assert_true(f.evaluation.logprobs[i] == threaded.evaluation.logprobs[i]);
    }
    evaluation_free(&f.evaluation);
    evaluation_free(&threaded.evaluation);
    tear_down(&f);
    tear_down(&threaded);
}

static void a_photo_without_captions_is_an_error_that_names_it(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 8);
    f.dataset.photos[4].count = 0;
    caption_error error = {0};
    const struct evaluator evaluator = {.model = &f.model, .options = &f.options};
    const struct dataset_selection photos = all_photos(&f);
    assert_false(evaluate_features(&evaluator, &photos, f.features, &f.evaluation, &error));
    assert_non_null(strstr(error.message, "data.json"));
    assert_non_null(strstr(error.message, "4.jpg"));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captions_that_are_the_references_score_one),
        cmocka_unit_test(neutral_captions_are_scored_as_they_are_told),
        cmocka_unit_test(swaps_are_made_where_asked_for),
        cmocka_unit_test(next_words_are_looked_for_among_five),
        cmocka_unit_test(a_model_that_knows_nothing_is_as_perplexed_as_it_has_words),
        cmocka_unit_test(a_word_made_likely_lowers_the_perplexity_of_what_says_it),
        cmocka_unit_test(other_values_make_the_captions_of_the_model_they_are_of),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_photo_without_captions_is_an_error_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "eval/perplexity.h"

#include "tiny_captioner.h"

enum { PHOTOS = 24, SWAPS = 2000 };

struct fixture {
    struct model model;
    struct dataset dataset;
    size_t photos[PHOTOS];
    real features[PHOTOS * TINY_FEATURES];
    struct decode_result results[PHOTOS];
};

/* Two references for each photo: the sentence of its number, and one that all share. */
static void set_up(struct fixture *f, bool looks) {
    static const char *const sentences[] = {"a red ball", "dog runs on grass", "a dog",
                                            "grass on a ball"};
    *f = (struct fixture){.dataset = {.photo_count = PHOTOS, .caption_count = 2 * PHOTOS}};
    f->model = tiny_model(&cell_gru, tiny_words, 1);
    const size_t image = f->model.decoder.image_weight;
    real *weight = parameters_at(&f->model.parameters, f->model.parameters.values, image);
    for (size_t i = 0; i < TINY_FEATURES * TINY_EMBEDDING; i++) weight[i] *= looks ? 10 : 0;
    tiny_photos(f->features, PHOTOS, 2);
    f->dataset.name = strdup("data.json");
    f->dataset.photos = calloc(PHOTOS, sizeof *f->dataset.photos);
    f->dataset.captions = calloc(2 * PHOTOS, sizeof *f->dataset.captions);
    for (size_t i = 0; i < PHOTOS; i++) {
        f->photos[i] = i;
        f->dataset.photos[i] = (struct dataset_photo){.name = strdup("photo"),
                                                      .path = strdup("photo"),
                                                      .id = strdup("photo"),
                                                      .first = 2 * i,
                                                      .count = 2};
        assert_true(tokenize(sentences[i % 4], &f->dataset.captions[2 * i], NULL));
        assert_true(tokenize("a zebra", &f->dataset.captions[2 * i + 1], NULL));
    }
    const caption_options options = tiny_options();
    tiny_decode(&f->model, &options, f->features, PHOTOS, 0, f->results);
}

static void tear_down(struct fixture *f) {
    decode_results_free(f->results, PHOTOS);
    for (size_t i = 0; i < f->dataset.caption_count; i++) tokens_free(&f->dataset.captions[i]);
    dataset_free(&f->dataset);
    tiny_free(&f->model);
}

static struct dataset_selection select_photos(const struct fixture *f, size_t count) {
    return (struct dataset_selection){&f->dataset, f->photos, count};
}

static struct swaps swap(struct fixture *f, size_t photos, size_t count, struct threads *threads) {
    const struct dataset_selection selected = select_photos(f, photos);
    struct swaps swaps = {0};
    struct likelihood_scorer scorer;
    struct reference_words references;
    caption_error error = {0};
    if (!likelihood_scorer_init(&scorer, &f->model, STYLE_NONE, threads, &error) ||
        !reference_words_init(&references, &f->model, &selected, f->features, &error) ||
        !swaps_compute(&scorer, &references, f->results, count, &swaps, &error)) {
        fail_msg("%s", error.message);
    }
    reference_words_free(&references);
    likelihood_scorer_free(&scorer);
    assert_int_equal(swaps.count, count);
    return swaps;
}

static double likelihood(const struct fixture *f, size_t photo, const uint32_t *words,
                         size_t count) {
    const struct likelihood_caption caption = {f->features + photo * TINY_FEATURES, words, count};
    double logprob = 0;
    assert_true(tiny_likelihood(&f->model, &caption, 1, &logprob, NULL));
    return logprob;
}

static double mean_of_references(const struct fixture *f, size_t of, size_t given) {
    double mean = 0;
    for (size_t r = 0; r < 2; r++) {
        const struct tokens *tokens = &f->dataset.captions[2 * of + r];
        uint32_t words[8];
        for (size_t i = 0; i < tokens->count; i++)
            words[i] = (uint32_t)vocabulary_find(&f->model.vocabulary, tokens->words[i]);
        mean += likelihood(f, given, words, tokens->count) / 2;
    }
    return mean;
}

static void two_photos_swap_as_their_likelihoods_say(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, true);
    size_t generated = 0, references = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct decode_caption *best = &f.results[i].captions[0];
        generated += likelihood(&f, 1 - i, best->words, best->count) <
                     likelihood(&f, i, best->words, best->count);
        references += mean_of_references(&f, i, 1 - i) < mean_of_references(&f, i, i);
    }
    /* Half of the pairs begin with either photo, but for chance. */
    const struct swaps swaps = swap(&f, 2, SWAPS, NULL);
    assert_close(swaps.generated, (double)generated / 2, 0.05);
    assert_close(swaps.references, (double)references / 2, 0.05);
    tear_down(&f);
}

static void a_model_that_ignores_the_photo_says_no_drop(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, false);
    const struct swaps swaps = swap(&f, PHOTOS, SWAPS, NULL);
    assert_close(swaps.generated, 0, 0);
    assert_close(swaps.references, 0, 0);
    tear_down(&f);
}

static void captions_of_the_photo_drop_and_captions_of_none_are_even(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, true);
    const struct swaps swaps = swap(&f, PHOTOS, SWAPS, NULL);
    assert_true(swaps.generated > 0.7);
    assert_close(swaps.references, 0.5, 0.1); /* what they say has nothing to do with the photo */
    tear_down(&f);
}

static void the_same_pairs_are_drawn_every_time_for_any_threads(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, true);
    struct threads *threads = threads_new(3, NULL);
    assert_non_null(threads);
    const struct swaps alone = swap(&f, PHOTOS, SWAPS, NULL);
    const struct swaps again = swap(&f, PHOTOS, SWAPS, threads);
    threads_free(threads);
    assert_true(alone.generated == again.generated);
    assert_true(alone.references == again.references);
    tear_down(&f);
}

static void one_photo_cannot_be_swapped(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, true);
    const struct dataset_selection one = select_photos(&f, 1);
    caption_error error = {0};
    assert_false(swaps_check(&one, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "data.json"));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_photos_swap_as_their_likelihoods_say),
        cmocka_unit_test(a_model_that_ignores_the_photo_says_no_drop),
        cmocka_unit_test(captions_of_the_photo_drop_and_captions_of_none_are_even),
        cmocka_unit_test(the_same_pairs_are_drawn_every_time_for_any_threads),
        cmocka_unit_test(one_photo_cannot_be_swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

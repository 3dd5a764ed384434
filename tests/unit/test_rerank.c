/* The re-ranking of what beam search finished: its numbers, its order, and how it is fitted. */
#include "tiny_captioner.h"

#include "decode/decode.h"
#include "eval/calibration.h"

static void what_is_written_is_read_again(void **state) {
    (void)state;
    const struct rerank rerank = {.agreement = 0.3, .coverage = 2};
    struct rerank again = {0};
    cJSON *json = rerank_json(&rerank, NULL);
    char *text = cJSON_PrintUnformatted(json);
    assert_true(rerank_parse(&again, text, "model", NULL));
    assert_close(again.agreement, 0.3, 0);
    assert_close(again.coverage, 2, 0);
    cJSON_free(text);
    cJSON_Delete(json);
}

static void a_hostile_re_ranking_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"agreement\": 1}",
        "{\"agreement\": 1, \"coverage\": \"2\"}",
        "{\"agreement\": 1, \"coverage\": -2}",
        "{\"agreement\": 1, \"coverage\": 1e300}",
        "{\"agreement\": 1, \"coverage\": 2, \"length\": 3}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rerank rerank;
        caption_error error = {0};
        if (rerank_parse(&rerank, bad[i], "model", &error)) fail_msg("%s was read", bad[i]);
        assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
        assert_int_equal(strncmp(error.message, "model: ", 7), 0);
    }
}

/* A finished caption of one word, which is its number in the order of the search. */
static struct decode_caption finished(uint32_t word, double score, double agreement,
                                      double coverage) {
    struct decode_caption caption = {.count = 1, .score = score, .logprob = 2 * score};
    caption.words = calloc(1, sizeof *caption.words);
    assert_non_null(caption.words);
    caption.words[0] = word;
    caption.signals[CONFIDENCE_AGREEMENT] = agreement;
    caption.signals[CONFIDENCE_COVERAGE] = coverage;
    return caption;
}

static void add(struct decode_result *result, struct decode_caption caption) {
    result->captions = realloc(result->captions, (result->count + 1) * sizeof *result->captions);
    assert_non_null(result->captions);
    result->captions[result->count++] = caption;
}

static struct decode_result three_captions(void) {
    struct decode_result result = {0};
    add(&result, finished(4, -1, -2, 0.1));
    add(&result, finished(5, -1.5, 1, 0.1));
    add(&result, finished(6, -2, -2, 0.6));
    return result;
}

static void captions_that_go_with_the_tags_come_first(void **state) {
    (void)state;
    struct model model = {.rerank = {.agreement = 0.5, .coverage = 3}};
    const struct decode_plan plan = {.model = &model, .options = {.top = 2, .beam_size = 3}};
    assert_int_equal(reorder_pool(&plan), 3);
    struct decode_result result = three_captions();
    reorder_captions(&plan, &result, 1);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.captions[0].words[0], 5);
    assert_close(result.captions[0].score, -1.5 + 0.5 + 0.3, 1e-12);
    assert_close(result.captions[0].logprob, -3, 0);
    assert_int_equal(result.captions[1].words[0], 6);
    assert_close(result.captions[1].score, -2 - 1 + 1.8, 1e-12);
    decode_results_free(&result, 1);
}

static void of_equal_captions_the_earlier_stays_first(void **state) {
    (void)state;
    struct model model = {.rerank = {.agreement = 0.5}};
    const struct decode_plan plan = {.model = &model, .options = {.top = 1, .beam_size = 2}};
    struct decode_result result = {0};
    add(&result, finished(4, -1, 0, 0));
    add(&result, finished(5, -2, 2, 0));
    reorder_captions(&plan, &result, 1);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.captions[0].words[0], 4);
    decode_results_free(&result, 1);
}

static void without_a_re_ranking_all_stays_as_it_is(void **state) {
    (void)state;
    struct model model = {0};
    const struct decode_plan plan = {.model = &model, .options = {.top = 3, .beam_size = 8}};
    assert_int_equal(reorder_pool(&plan), 3);
    struct decode_result result = three_captions();
    reorder_captions(&plan, &result, 1);
    assert_int_equal(result.count, 3);
    assert_int_equal(result.captions[0].words[0], 4);
    assert_close(result.captions[0].score, -1, 0);
    decode_results_free(&result, 1);
}

enum { PHOTOS = 6 };

/* Photo i shows the words i and i + 1 of tiny_words. The search likes another caption better, with
 * which the tags do not agree, by `lead`. */
struct fixture {
    struct model model;
    struct dataset dataset;
    size_t photos[PHOTOS];
    struct decode_result results[PHOTOS];
};

static struct decode_caption pair(size_t first, double score, double agreement) {
    struct decode_caption caption = {.count = 2, .score = score};
    caption.words = calloc(2, sizeof *caption.words);
    assert_non_null(caption.words);
    caption.words[0] = (uint32_t)(VOCABULARY_SPECIALS + first);
    caption.words[1] = caption.words[0] + 1;
    caption.signals[CONFIDENCE_AGREEMENT] = agreement;
    return caption;
}

static void set_up(struct fixture *f, double lead) {
    *f = (struct fixture){.model = tiny_model(&cell_gru, tiny_words, 1)};
    f->dataset = (struct dataset){.photo_count = PHOTOS, .caption_count = PHOTOS};
    f->dataset.name = strdup("data.json");
    f->dataset.photos = calloc(PHOTOS, sizeof *f->dataset.photos);
    f->dataset.captions = calloc(PHOTOS, sizeof *f->dataset.captions);
    for (size_t i = 0; i < PHOTOS; i++) {
        char sentence[32];
        snprintf(sentence, sizeof sentence, "%s %s", tiny_words[i], tiny_words[i + 1]);
        f->dataset.photos[i] = (struct dataset_photo){.first = i, .count = 1};
        assert_true(tokenize(sentence, &f->dataset.captions[i], NULL));
        f->photos[i] = i;
        add(&f->results[i], pair((i + 3) % PHOTOS, -1, -1));
        add(&f->results[i], pair(i, -1 - lead, 1));
    }
}

static struct rerank fit(struct fixture *f) {
    struct rerank_part part = {{&f->dataset, f->photos, PHOTOS}, f->results};
    const struct rerank_photos all = {.parts = &part, .count = 1};
    const caption_options options = tiny_options();
    struct rerank rerank = {.coverage = 1};
    caption_error error = {0};
    if (!rerank_fit(&all, &f->model, &options, &rerank, &error)) fail_msg("%s", error.message);
    return rerank;
}

static void tear_down(struct fixture *f) {
    decode_results_free(f->results, PHOTOS);
    for (size_t i = 0; i < PHOTOS; i++) tokens_free(&f->dataset.captions[i]);
    dataset_free(&f->dataset);
    tiny_free(&f->model);
}

static void the_fit_weighs_what_tells_the_better_captions(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 0.5);
    const struct rerank rerank = fit(&f);
    assert_close(rerank.agreement, 0.3, 0); /* 0.2 does not make up for the lead, 0.3 does */
    assert_close(rerank.coverage, 0, 0);
    tear_down(&f);
}

static void the_fit_leaves_an_order_that_is_good(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, -0.5);
    for (size_t i = 0; i < PHOTOS; i++) {
        struct decode_caption *captions = f.results[i].captions, first = captions[0];
        captions[0] = captions[1];
        captions[1] = first;
    }
    assert_false(rerank_is_there(&(struct rerank){0}));
    const struct rerank rerank = fit(&f);
    assert_false(rerank_is_there(&rerank));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_hostile_re_ranking_is_refused),
        cmocka_unit_test(captions_that_go_with_the_tags_come_first),
        cmocka_unit_test(of_equal_captions_the_earlier_stays_first),
        cmocka_unit_test(without_a_re_ranking_all_stays_as_it_is),
        cmocka_unit_test(the_fit_weighs_what_tells_the_better_captions),
        cmocka_unit_test(the_fit_leaves_an_order_that_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Beam search against exhaustive search, and each rule that a caption must keep. */
#include "tiny_captioner.h"

#include "decode/captioner.h"
#include "decode/rows.h"
#include "nn/softmax.h"

/* --- every caption there is, scored through captioner.h --- */

enum { PLAIN_WORDS = 5, LONGEST = 4, EVERY_CAPTION = 5 + 25 + 125 + 625 };

struct every_caption {
    uint32_t words[EVERY_CAPTION][LONGEST];
    struct decode_caption captions[EVERY_CAPTION];
};

static int by_falling_score(const void *a, const void *b) {
    const struct decode_caption *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static void list_every_caption(const struct model *model, const real *features, double penalty,
                               struct every_caption *every) {
    struct likelihood_caption asked[EVERY_CAPTION];
    double logprobs[EVERY_CAPTION];
    size_t count = 0;
    for (size_t length = 1, ways = PLAIN_WORDS; length <= LONGEST; length++, ways *= PLAIN_WORDS) {
        for (size_t way = 0; way < ways; way++, count++) {
            size_t digits = way;
            for (size_t i = 0; i < length; i++, digits /= PLAIN_WORDS) {
                every->words[count][i] = (uint32_t)(VOCABULARY_SPECIALS + digits % PLAIN_WORDS);
            }
            asked[count] = (struct likelihood_caption){
                .features = features, .words = every->words[count], .count = length};
        }
    }
    assert_int_equal(count, EVERY_CAPTION);
    caption_error error = {0};
    if (!tiny_likelihood(model, asked, count, logprobs, &error)) fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++) {
        every->captions[i] = (struct decode_caption){
            .words = every->words[i],
            .count = asked[i].count,
            .logprob = logprobs[i],
            .score = logprobs[i] / pow((double)(asked[i].count + 1), penalty)};
    }
    qsort(every->captions, count, sizeof *every->captions, by_falling_score);
}

static void compare_with_every_caption(const struct cell *cell, bool image_every, uint64_t seed,
                                       float penalty) {
    static const char *const words[] = {"dog", "runs", "red", "ball", "grass", NULL};
    struct model model = tiny_model(cell, words, seed);
    model.decoder.image_every = image_every;
    real features[TINY_FEATURES];
    tiny_photos(features, 1, seed);
    static struct every_caption every;
    list_every_caption(&model, features, (double)penalty, &every);
    caption_options options = tiny_options();
    options.beam_size = 1000;
    options.top = 30;
    options.max_length = LONGEST;
    options.length_penalty = penalty;
    struct decode_result result;
    tiny_decode(&model, &options, features, 1, 0, &result);
    assert_int_equal(result.count, 30);
    for (size_t i = 0; i < result.count; i++) {
        assert_close(result.captions[i].score, every.captions[i].score, 1e-4);
        assert_close(result.captions[i].logprob, every.captions[i].logprob, 1e-4);
    }
    assert_true(tiny_same_words(&result.captions[0], &every.captions[0]));
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void a_wide_beam_finds_what_exhaustive_search_finds(void **state) {
    (void)state;
    for (size_t c = 0; c < TINY_CELLS; c++) {
        for (uint64_t seed = 1; seed <= 4; seed++) {
            compare_with_every_caption(tiny_cell(c), seed % 2 == 0, seed, 0);
            compare_with_every_caption(tiny_cell(c), seed % 2 == 0, seed, 0.7F);
            compare_with_every_caption(tiny_cell(c), seed % 2 == 0, seed, 2);
        }
    }
}

/* The likelihood itself, by the definition: one step after the other, softmax in double. */
static void compare_with_softmaxes(bool image_every) {
    struct model model = tiny_model(&cell_gru, tiny_words, 3);
    model.decoder.image_every = image_every;
    real features[TINY_FEATURES], vector[TINY_EMBEDDING], logits[64];
    tiny_photos(features, 1, 3);
    const uint32_t words[] = {5, 3, 9};
    const int32_t inputs[] = {DECODER_VECTOR, VOCABULARY_START, 5, 3, 9};
    const size_t targets[] = {0, 5, 3, 9, VOCABULARY_END};
    const int32_t image = DECODER_VECTOR;
    real hidden[TINY_HIDDEN] = {0};
    caption_error error = {0};
    struct decoder_scratch *scratch = decoder_scratch_new(&model.decoder, 1, &error);
    assert_non_null(scratch);
    tiny_image(&model, features, vector);
    double expected = 0;
    for (size_t t = 0; t < 5; t++) {
        decoder_step(&model.decoder, &model.parameters,
                     &(struct decoder_inputs){.rows = 1,
                                              .words = &inputs[t],
                                              .added = image_every && t > 0 ? &image : NULL,
                                              .vectors = vector},
                     hidden, logits, scratch);
        if (t == 0) continue;
        double sum = 0;
        for (size_t w = 0; w < model.decoder.words; w++) sum += exp((double)logits[w]);
        expected += (double)logits[targets[t]] - log(sum);
    }
    struct likelihood_caption caption = {.features = features, .words = words, .count = 3};
    double logprob;
    assert_true(tiny_likelihood(&model, &caption, 1, &logprob, &error));
    assert_close(logprob, expected, 1e-5);
    decoder_scratch_free(scratch);
    tiny_free(&model);
}

static void likelihood_is_the_product_of_the_softmaxes(void **state) {
    (void)state;
    compare_with_softmaxes(false);
    compare_with_softmaxes(true);
}

static void likelihood_refuses_a_word_that_the_model_does_not_have(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 3);
    real features[TINY_FEATURES] = {1};
    const uint32_t words[] = {5, 11};
    struct likelihood_caption caption = {.features = features, .words = words, .count = 2};
    double logprob;
    caption_error error = {0};
    assert_false(tiny_likelihood(&model, &caption, 1, &logprob, &error));
    assert_non_null(strstr(error.message, "11"));
    tiny_free(&model);
}

static void compare_batch_with_alone(bool image_every) {
    enum { COUNT = 150 };
    struct model model = tiny_model(&cell_lstm, tiny_words, 5);
    model.decoder.image_every = image_every;
    static real features[TINY_MAX_PHOTOS * TINY_FEATURES];
    tiny_photos(features, TINY_MAX_PHOTOS, 5);
    uint32_t words[COUNT][12];
    struct likelihood_caption captions[COUNT];
    struct random random = random_seeded(9, 9);
    for (size_t i = 0; i < COUNT; i++) {
        captions[i] = (struct likelihood_caption){.features = features +
                                                              (i % TINY_MAX_PHOTOS) * TINY_FEATURES,
                                                  .words = words[i],
                                                  .count = random_below(&random, 13)};
        for (size_t w = 0; w < captions[i].count; w++) {
            words[i][w] = (uint32_t)(VOCABULARY_UNK + random_below(&random, 8));
        }
    }
    double together[COUNT], alone;
    assert_true(tiny_likelihood(&model, captions, COUNT, together, NULL));
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(tiny_likelihood(&model, &captions[i], 1, &alone, NULL));
        assert_true(together[i] == alone);
    }
    tiny_free(&model);
}

static void likelihood_in_a_batch_is_likelihood_alone(void **state) {
    (void)state;
    compare_batch_with_alone(false);
    compare_batch_with_alone(true);
}

static void another_photo_changes_the_likelihood(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 4);
    real features[2 * TINY_FEATURES];
    tiny_photos(features, 2, 4);
    const uint32_t words[] = {4, 5, 6};
    const struct likelihood_caption captions[] = {{features, words, 3},
                                                  {features + TINY_FEATURES, words, 3}};
    double logprobs[2];
    assert_true(tiny_likelihood(&model, captions, 2, logprobs, NULL));
    assert_true(fabs(logprobs[0] - logprobs[1]) > 1e-2);
    tiny_free(&model);
}

/* --- the search --- */

/* The most likely word, one at a time, by single steps. */
static size_t greedy(const struct model *model, const real *features, size_t longest,
                     uint32_t *words) {
    real vector[TINY_EMBEDDING], hidden[4 * TINY_HIDDEN] = {0}, logits[64];
    struct decoder_scratch *scratch = decoder_scratch_new(&model->decoder, 1, NULL);
    assert_non_null(scratch);
    tiny_image(model, features, vector);
    int32_t input = DECODER_VECTOR;
    decoder_step(&model->decoder, &model->parameters,
                 &(struct decoder_inputs){.rows = 1, .words = &input, .vectors = vector}, hidden,
                 NULL, scratch);
    input = VOCABULARY_START;
    size_t count = 0;
    while (count < longest) {
        decoder_step(&model->decoder, &model->parameters,
                     &(struct decoder_inputs){.rows = 1, .words = &input, .vectors = vector},
                     hidden, logits, scratch);
        size_t best = 0;
        for (size_t w = 0; w < model->decoder.words; w++) {
            bool allowed = w >= VOCABULARY_SPECIALS || (w == VOCABULARY_END && count > 0);
            if (allowed && (best == 0 || logits[w] > logits[best])) best = w;
        }
        if (best == VOCABULARY_END) break;
        words[count++] = (uint32_t)best;
        input = (int32_t)best;
    }
    decoder_scratch_free(scratch);
    return count;
}

static void a_beam_of_one_is_greedy(void **state) {
    (void)state;
    static const char *const words[] = {"dog", "runs", "red", "ball", "grass", NULL};
    for (size_t c = 0; c < TINY_CELLS; c++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct model model = tiny_model(tiny_cell(c), words, seed);
            real features[TINY_FEATURES];
            tiny_photos(features, 1, seed);
            uint32_t expected[8];
            size_t count = greedy(&model, features, 8, expected);
            caption_options options = tiny_options();
            options.beam_size = 1;
            struct decode_result result;
            tiny_decode(&model, &options, features, 1, 0, &result);
            assert_int_equal(result.captions[0].count, count);
            assert_memory_equal(result.captions[0].words, expected, count * sizeof *expected);
            decode_results_free(&result, 1);
            tiny_free(&model);
        }
    }
}

/* What every caption must keep, whatever the model. `longest` and the rest are those of options. */
static void check_rules(const struct model *model, const caption_options *options,
                        const struct decode_result *result, const real *features) {
    for (size_t i = 0; i < result->count; i++) {
        const struct decode_caption *caption = &result->captions[i];
        assert_in_range(caption->count, options->min_length > 0 ? options->min_length : 1,
                        options->max_length);
        for (size_t w = 0; w < caption->count; w++) {
            assert_in_range(caption->words[w], VOCABULARY_SPECIALS, model->decoder.words - 1);
        }
        if (options->no_repeat_ngram > 0) {
            assert_false(tiny_repeats(caption, options->no_repeat_ngram));
        }
        struct likelihood_caption given = {features, caption->words, caption->count};
        double logprob;
        assert_true(tiny_likelihood(model, &given, 1, &logprob, NULL));
        assert_close(caption->logprob, logprob, 1e-4 * (1 + fabs(logprob)));
        assert_close(caption->score,
                     caption->logprob /
                         pow((double)(caption->count + 1), (double)options->length_penalty),
                     1e-9 * fabs(caption->logprob));
        if (i == 0) continue;
        assert_true(caption[-1].score >= caption->score);
        for (size_t j = 0; j < i; j++) {
            assert_false(tiny_same_words(caption, &result->captions[j]));
        }
    }
}

static void search_and_check(const struct model *model, const caption_options *options,
                             uint64_t seed, struct decode_result *result) {
    real features[TINY_FEATURES];
    tiny_photos(features, 1, seed);
    tiny_decode(model, options, features, 1, 0, result);
    check_rules(model, options, result, features);
}

static void the_n_best_are_distinct_and_sorted_and_their_logprobs_true(void **state) {
    (void)state;
    for (size_t c = 0; c < TINY_CELLS; c++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct model model = tiny_model(tiny_cell(c), tiny_words, seed);
            caption_options options = tiny_options();
            options.beam_size = options.top = 5;
            struct decode_result result;
            search_and_check(&model, &options, seed, &result);
            assert_int_equal(result.count, 5);
            decode_results_free(&result, 1);
            tiny_free(&model);
        }
    }
}

static void a_model_that_never_says_end_still_gives_captions(void **state) {
    (void)state;
    static const char *const words[] = {"dog", "runs", "grass", "red", "ball", NULL};
    for (size_t c = 0; c < TINY_CELLS; c++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct model model = tiny_model(tiny_cell(c), words, seed);
            tiny_bias(&model, VOCABULARY_END, -1e4F);
            caption_options options = tiny_options();
            options.top = 3;
            struct decode_result result;
            search_and_check(&model, &options, seed, &result);
            assert_int_equal(result.count, 3);
            decode_results_free(&result, 1);
            tiny_free(&model);
        }
    }
}

static void a_model_that_only_says_end_still_gives_a_word(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 1);
    tiny_bias(&model, VOCABULARY_END, 1e4F);
    caption_options options = tiny_options();
    struct decode_result result;
    search_and_check(&model, &options, 1, &result);
    assert_int_equal(result.captions[0].count, 1);
    decode_results_free(&result, 1);
    options.min_length = 6;
    search_and_check(&model, &options, 1, &result);
    assert_int_equal(result.captions[0].count, 6);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void unknown_words_are_never_said(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_lstm, tiny_words, 2);
    tiny_bias(&model, VOCABULARY_UNK, 1e3F);
    tiny_bias(&model, VOCABULARY_PAD, 1e3F);
    tiny_bias(&model, VOCABULARY_START, 1e3F);
    caption_options options = tiny_options();
    struct decode_result result;
    search_and_check(&model, &options, 2, &result);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void no_ngram_is_said_twice(void **state) {
    (void)state;
    for (size_t n = 1; n <= 3; n++) {
        bool matters = false;
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct model model = tiny_model(&cell_rnn, tiny_words, seed);
            tiny_bias(&model, 4, 10); /* "dog dog dog ..." */
            tiny_bias(&model, VOCABULARY_END, -1e4F);
            caption_options options = tiny_options();
            options.max_length = 7;
            struct decode_result result;
            search_and_check(&model, &options, seed, &result);
            matters = matters || tiny_repeats(&result.captions[0], n);
            decode_results_free(&result, 1);
            options.no_repeat_ngram = n;
            search_and_check(&model, &options, seed, &result);
            decode_results_free(&result, 1);
            tiny_free(&model);
        }
        assert_true(matters);
    }
}

static void a_caption_whose_words_run_out_is_given_as_far_as_it_came(void **state) {
    (void)state;
    static const char *const words[] = {"on", "dog", "a", NULL};
    struct model model = tiny_model(&cell_gru, words, 1);
    tiny_bias(&model, VOCABULARY_END, -1e4F);
    caption_options options = tiny_options();
    options.no_repeat_ngram = 1;
    options.max_length = 20;
    options.beam_size = options.top = 1;
    struct decode_result result;
    search_and_check(&model, &options, 1, &result);
    assert_in_range(result.captions[0].count, 1, 3);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void no_caption_ends_on_an_article_or_preposition(void **state) {
    (void)state;
    bool matters = false;
    for (size_t c = 0; c < TINY_CELLS; c++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct model model = tiny_model(tiny_cell(c), tiny_words, seed);
            size_t a = vocabulary_find(&model.vocabulary, "a");
            size_t on = vocabulary_find(&model.vocabulary, "on");
            tiny_bias(&model, a, 6);
            tiny_bias(&model, on, 6);
            caption_options options = tiny_options();
            struct decode_result result;
            search_and_check(&model, &options, seed, &result);
            const struct decode_caption *caption = &result.captions[0];
            uint32_t last = caption->words[caption->count - 1];
            assert_true(caption->count == 1 || (last != a && last != on));
            for (size_t w = 0; w < caption->count; w++) {
                matters = matters || caption->words[w] == a || caption->words[w] == on;
            }
            decode_results_free(&result, 1);
            tiny_free(&model);
        }
    }
    assert_true(matters);
}

static void a_caption_cut_at_the_maximum_length_loses_its_bad_ending(void **state) {
    (void)state;
    static const char *const words[] = {"dog", "a", "on", NULL};
    struct model model = tiny_model(&cell_gru, words, 1);
    tiny_bias(&model, 5, 1e3F); /* nothing but "a" and "on" once the prefix is said */
    tiny_bias(&model, 6, 1e3F);
    caption_options options = tiny_options();
    options.prefix = "A dog";
    options.top = 3;
    struct decode_result result;
    search_and_check(&model, &options, 1, &result);
    assert_int_equal(result.count, 1); /* whatever is cut comes down to the same */
    assert_int_equal(result.captions[0].count, 2);
    assert_int_equal(result.captions[0].words[1], 4);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void a_prefix_is_kept_and_counted(void **state) {
    (void)state;
    const uint32_t expected[] = {7, 9, 10};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct model model = tiny_model(&cell_lstm, tiny_words, seed);
        caption_options options = tiny_options();
        options.prefix = "A red, ball";
        options.top = 3;
        options.max_length = 5;
        options.min_length = 4;
        struct decode_result result;
        search_and_check(&model, &options, seed, &result);
        for (size_t i = 0; i < result.count; i++) {
            assert_memory_equal(result.captions[i].words, expected, sizeof expected);
        }
        decode_results_free(&result, 1);
        tiny_free(&model);
    }
}

static void compare_photos_with_alone(struct model *model) {
    static real features[TINY_MAX_PHOTOS * TINY_FEATURES];
    tiny_photos(features, TINY_MAX_PHOTOS, 7);
    caption_options options = tiny_options();
    options.no_repeat_ngram = 2;
    options.top = 2;
    struct decode_result together[TINY_MAX_PHOTOS], alone;
    tiny_decode(model, &options, features, TINY_MAX_PHOTOS, 0, together);
    size_t different = 0;
    for (size_t i = 0; i < TINY_MAX_PHOTOS; i++) {
        tiny_decode(model, &options, features + i * TINY_FEATURES, 1, i, &alone);
        assert_int_equal(alone.count, together[i].count);
        for (size_t k = 0; k < alone.count; k++) {
            assert_true(tiny_same_words(&alone.captions[k], &together[i].captions[k]));
            assert_true(alone.captions[k].logprob == together[i].captions[k].logprob);
        }
        check_rules(model, &options, &together[i], features + i * TINY_FEATURES);
        if (!tiny_same_words(&together[i].captions[0], &together[0].captions[0])) different++;
        decode_results_free(&alone, 1);
    }
    assert_true(different > 5); /* the photos do matter */
    decode_results_free(together, TINY_MAX_PHOTOS);
}

static void a_photo_alone_and_in_a_batch_gets_the_same_caption(void **state) {
    (void)state;
    for (size_t c = 0; c < TINY_CELLS; c++) {
        struct model model = tiny_model(tiny_cell(c), tiny_words, 7 + c);
        compare_photos_with_alone(&model);
        model.decoder.image_every = true;
        compare_photos_with_alone(&model);
        tiny_free(&model);
    }
}

static void a_wider_beam_finds_no_worse_on_the_whole(void **state) {
    (void)state;
    double narrow = 0, wide = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct model model = tiny_model(&cell_lstm, tiny_words, seed);
        caption_options options = tiny_options();
        struct decode_result result;
        options.beam_size = 1;
        search_and_check(&model, &options, seed, &result);
        narrow += result.captions[0].score;
        decode_results_free(&result, 1);
        options.beam_size = 50;
        search_and_check(&model, &options, seed, &result);
        wide += result.captions[0].score;
        decode_results_free(&result, 1);
        tiny_free(&model);
    }
    assert_true(wide > narrow);
}

static void equal_words_are_told_apart_by_their_number(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 1);
    memset(model.parameters.values, 0, model.parameters.count * sizeof(real));
    caption_options options = tiny_options();
    options.beam_size = options.top = 3;
    options.min_length = 1;
    options.max_length = 1;
    struct decode_result result;
    search_and_check(&model, &options, 1, &result);
    for (size_t i = 0; i < 3; i++) assert_int_equal(result.captions[i].words[0], 4 + i);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

static void expect_not_finite(const struct model *model, bool sample) {
    caption_options options = tiny_options();
    options.sample = sample;
    real features[TINY_FEATURES] = {1};
    struct decode_plan *plan = decode_plan_new(model, &options, NULL);
    assert_non_null(plan);
    struct decode_result result;
    caption_error error = {0};
    struct decode_workspace *workspace = decode_workspace_new(plan, 1, NULL);
    assert_non_null(workspace);
    assert_false(decode_features(workspace, features, 1, 0, &result, &error));
    assert_non_null(strstr(error.message, "not finite"));
    assert_int_equal(result.count, 0);
    decode_workspace_free(workspace);
    decode_plan_free(plan);
}

static void numbers_that_are_not_finite_are_an_error(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 1);
    tiny_bias(&model, 5, NAN);
    expect_not_finite(&model, false);
    expect_not_finite(&model, true);
    tiny_free(&model);
}

static void words_that_are_all_impossible_are_an_error(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 1);
    for (size_t i = 0; i < model.decoder.words; i++)
        if (i != VOCABULARY_UNK) tiny_bias(&model, i, -(real)INFINITY);
    expect_not_finite(&model, false);
    expect_not_finite(&model, true);
    tiny_free(&model);
}

static void refused(const struct model *model, const caption_options *options, const char *why) {
    caption_error error = {0};
    assert_null(decode_plan_new(model, options, &error));
    assert_int_equal(error.status, CAPTION_ERROR_ARGUMENT);
    if (!strstr(error.message, why)) fail_msg("\"%s\" lacks \"%s\"", error.message, why);
}

static void options_out_of_range_are_told_with_the_range(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 1);
    caption_options bad;
#define REFUSED(change, why) (bad = tiny_options(), change, refused(&model, &bad, why))
    REFUSED(bad.beam_size = 0, "beam size is 0; it must be 1 to 1024");
    REFUSED(bad.beam_size = 1025, "1 to 1024");
    REFUSED(bad.top = 4, "1 to 3, the beam size");
    REFUSED(bad.top = 0, "1 to 3");
    REFUSED(bad.max_length = 0, "1 to 1000");
    REFUSED(bad.max_length = SIZE_MAX, "1 to 1000");
    REFUSED(bad.min_length = 9, "at most the maximum length, 8");
    REFUSED(bad.length_penalty = -1, "0 to 10");
    REFUSED(bad.length_penalty = NAN, "0 to 10");
    REFUSED(bad.temperature = 0, "0.01 to 100");
    REFUSED(bad.temperature = NAN, "0.01 to 100");
    REFUSED(bad.top_p = 0, "above 0 and at most 1");
    REFUSED(bad.top_p = NAN, "above 0 and at most 1");
    REFUSED(bad.threads = SIZE_MAX, "0 to 1024");
    REFUSED(bad.prefix = "a zebra", "\"zebra\"");
    REFUSED(bad.prefix = "a a a a a a a a a", "9 words; the maximum length is 8");
#undef REFUSED
    tiny_free(&model);
}

/* --- its parts --- */

static void candidates_are_the_best_of_all_in_order(void **state) {
    (void)state;
    enum { WORDS = 300, KEPT = 17 };
    real logits[WORDS];
    struct random random = random_seeded(1, 1);
    for (size_t i = 0; i < WORDS; i++) logits[i] = (real)random_below(&random, 40); /* ties */
    logits[7] = -(real)INFINITY;
    struct candidate items[KEPT];
    struct candidates candidates = {.items = items, .capacity = KEPT};
    candidates_offer(&candidates, logits, WORDS, 0.5, 3);
    candidates_sort(&candidates);
    assert_int_equal(candidates.count, KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        size_t better = 0;
        for (size_t w = 0; w < WORDS; w++) {
            better += logits[w] > logits[items[i].word] ||
                      (w < items[i].word && !(logits[w] < logits[items[i].word]));
        }
        assert_int_equal(better, i);
        assert_close(items[i].logprob, 0.5 + (double)logits[items[i].word], 0);
        assert_int_equal(items[i].parent, 3);
    }
}

static void the_normaliser_is_that_of_the_definition(void **state) {
    (void)state;
    struct random random = random_seeded(2, 2);
    real logits[1000];
    for (size_t i = 0; i < 1000; i++) logits[i] = (real)(random_normal(&random) * 5);
    for (size_t count = 1; count <= 1000; count = count * 3 + 1) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += exp((double)logits[i]);
        assert_close(logsoftmax_normaliser(logits, count), log(sum), 1e-5);
    }
    logits[3] = 3e38F;
    assert_close(logsoftmax_normaliser(logits, 1000), (double)3e38F, 1e30);
    logits[3] = (real)INFINITY;
    assert_true(!isfinite(logsoftmax_normaliser(logits, 1000)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_beam_finds_what_exhaustive_search_finds),
        cmocka_unit_test(likelihood_is_the_product_of_the_softmaxes),
        cmocka_unit_test(likelihood_refuses_a_word_that_the_model_does_not_have),
        cmocka_unit_test(likelihood_in_a_batch_is_likelihood_alone),
        cmocka_unit_test(another_photo_changes_the_likelihood),
        cmocka_unit_test(a_beam_of_one_is_greedy),
        cmocka_unit_test(the_n_best_are_distinct_and_sorted_and_their_logprobs_true),
        cmocka_unit_test(a_model_that_never_says_end_still_gives_captions),
        cmocka_unit_test(a_model_that_only_says_end_still_gives_a_word),
        cmocka_unit_test(unknown_words_are_never_said),
        cmocka_unit_test(no_ngram_is_said_twice),
        cmocka_unit_test(a_caption_whose_words_run_out_is_given_as_far_as_it_came),
        cmocka_unit_test(no_caption_ends_on_an_article_or_preposition),
        cmocka_unit_test(a_caption_cut_at_the_maximum_length_loses_its_bad_ending),
        cmocka_unit_test(a_prefix_is_kept_and_counted),
        cmocka_unit_test(a_photo_alone_and_in_a_batch_gets_the_same_caption),
        cmocka_unit_test(a_wider_beam_finds_no_worse_on_the_whole),
        cmocka_unit_test(equal_words_are_told_apart_by_their_number),
        cmocka_unit_test(numbers_that_are_not_finite_are_an_error),
        cmocka_unit_test(words_that_are_all_impossible_are_an_error),
        cmocka_unit_test(options_out_of_range_are_told_with_the_range),
        cmocka_unit_test(candidates_are_the_best_of_all_in_order),
        cmocka_unit_test(the_normaliser_is_that_of_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

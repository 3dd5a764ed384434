/* Sampling: its randomness is seeded, its distribution the model's, its rules those of the search.
 */
#include "tiny_captioner.h"

#include "decode/captioner.h"

static caption_options sampling_options(void) {
    caption_options options = tiny_options();
    options.sample = true;
    options.seed = 11;
    return options;
}

static void assert_same(const struct decode_result *a, const struct decode_result *b) {
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(tiny_same_words(&a->captions[i], &b->captions[i]));
        assert_true(a->captions[i].logprob == b->captions[i].logprob);
    }
}

/* A narrowed sampling can only say what greedy search says. */
static void is_greedy(const caption_options *sampling) {
    static real features[TINY_MAX_PHOTOS * TINY_FEATURES];
    tiny_photos(features, TINY_MAX_PHOTOS, 3);
    for (size_t c = 0; c < TINY_CELLS; c++) {
        struct model model = tiny_model(tiny_cell(c), tiny_words, 2);
        caption_options searching = tiny_options();
        searching.beam_size = 1;
        searching.no_repeat_ngram = sampling->no_repeat_ngram;
        struct decode_result searched[TINY_MAX_PHOTOS], drawn[TINY_MAX_PHOTOS];
        tiny_decode(&model, &searching, features, TINY_MAX_PHOTOS, 0, searched);
        tiny_decode(&model, sampling, features, TINY_MAX_PHOTOS, 0, drawn);
        for (size_t i = 0; i < TINY_MAX_PHOTOS; i++) assert_same(&searched[i], &drawn[i]);
        decode_results_free(searched, TINY_MAX_PHOTOS);
        decode_results_free(drawn, TINY_MAX_PHOTOS);
        tiny_free(&model);
    }
}

static void the_best_word_alone_is_greedy(void **state) {
    (void)state;
    caption_options options = sampling_options();
    options.no_repeat_ngram = 2;
    options.top_k = 1;
    is_greedy(&options);
}

static void a_tiny_nucleus_is_greedy(void **state) {
    (void)state;
    caption_options options = sampling_options();
    options.top_p = 1e-6F;
    is_greedy(&options);
}

static void a_low_temperature_is_nearly_greedy(void **state) {
    (void)state;
    caption_options options = sampling_options();
    options.temperature = 0.01F;
    struct model model = tiny_model(&cell_gru, tiny_words, 2);
    real features[TINY_FEATURES];
    tiny_photos(features, 1, 3);
    caption_options searching = tiny_options();
    searching.beam_size = 1;
    struct decode_result searched, drawn;
    tiny_decode(&model, &searching, features, 1, 0, &searched);
    tiny_decode(&model, &options, features, 1, 0, &drawn);
    assert_same(&searched, &drawn);
    decode_results_free(&searched, 1);
    decode_results_free(&drawn, 1);
    tiny_free(&model);
}

static void compare_draws_with_alone(const struct model *model) {
    static real features[TINY_MAX_PHOTOS * TINY_FEATURES];
    tiny_photos(features, TINY_MAX_PHOTOS, 3);
    caption_options options = sampling_options();
    options.top = 3;
    struct decode_result together[TINY_MAX_PHOTOS], alone;
    tiny_decode(model, &options, features, TINY_MAX_PHOTOS, 100, together);
    for (size_t i = 0; i < TINY_MAX_PHOTOS; i++) {
        tiny_decode(model, &options, features + i * TINY_FEATURES, 1, 100 + i, &alone);
        assert_same(&together[i], &alone);
        decode_results_free(&alone, 1);
    }
    decode_results_free(together, TINY_MAX_PHOTOS);
}

static void a_photo_draws_the_same_alone_and_in_a_batch(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_lstm, tiny_words, 2);
    compare_draws_with_alone(&model);
    model.decoder.image_every = true;
    compare_draws_with_alone(&model);
    tiny_free(&model);
}

static void seed_and_photo_number_change_what_is_drawn(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 2);
    real features[TINY_FEATURES];
    tiny_photos(features, 1, 3);
    caption_options options = sampling_options();
    options.temperature = 10;
    struct decode_result one, other_seed, other_photo;
    tiny_decode(&model, &options, features, 1, 0, &one);
    tiny_decode(&model, &options, features, 1, 1, &other_photo);
    options.seed++;
    tiny_decode(&model, &options, features, 1, 0, &other_seed);
    assert_false(tiny_same_words(&one.captions[0], &other_photo.captions[0]));
    assert_false(tiny_same_words(&one.captions[0], &other_seed.captions[0]));
    decode_results_free(&one, 1);
    decode_results_free(&other_photo, 1);
    decode_results_free(&other_seed, 1);
    tiny_free(&model);
}

/* One word, then <end>: how often each word is drawn against its probability. */
static void words_are_drawn_as_often_as_the_model_says(void **state) {
    (void)state;
    static const char *const words[] = {"dog", "runs", "ball", NULL};
    enum { WORDS = 3, PHOTOS = 40, DRAWS = 1000 };
    struct model model = tiny_model(&cell_gru, words, 6);
    real features[PHOTOS * TINY_FEATURES];
    tiny_photos(features, 1, 5);
    for (size_t i = 1; i < PHOTOS; i++) {
        memcpy(features + i * TINY_FEATURES, features, TINY_FEATURES * sizeof *features);
    }
    real *weight =
        parameters_at(&model.parameters, model.parameters.values, model.decoder.output_weight);
    for (size_t i = 0; i < model.decoder.words * TINY_HIDDEN; i++) weight[i] /= 8;
    caption_options options = sampling_options();
    options.max_length = 1;
    options.top = DRAWS;
    struct decode_result results[PHOTOS];
    tiny_decode(&model, &options, features, PHOTOS, 0, results);
    double drawn[WORDS] = {0}, expected[WORDS], sum = 0;
    for (size_t i = 0; i < PHOTOS; i++) {
        for (size_t d = 0; d < DRAWS; d++) {
            const struct decode_caption *caption = &results[i].captions[d];
            drawn[caption->words[0] - VOCABULARY_SPECIALS] += 1.0 / (PHOTOS * DRAWS);
        }
    }
    /* The probability of the word alone: the first step, the special words left out. */
    real vector[TINY_EMBEDDING], hidden[TINY_HIDDEN] = {0}, logits[16];
    struct decoder_scratch *scratch = decoder_scratch_new(&model.decoder, 1, NULL);
    tiny_image(&model, features, vector);
    const int32_t inputs[] = {DECODER_VECTOR, VOCABULARY_START};
    for (size_t t = 0; t < 2; t++) {
        decoder_step(&model.decoder, &model.parameters,
                     &(struct decoder_inputs){.rows = 1, .words = &inputs[t], .vectors = vector},
                     hidden, logits, scratch);
    }
    for (size_t w = 0; w < WORDS; w++) sum += expected[w] = exp((double)logits[4 + w]);
    for (size_t w = 0; w < WORDS; w++) assert_close(drawn[w], expected[w] / sum, 0.012);
    decoder_scratch_free(scratch);
    decode_results_free(results, PHOTOS);
    tiny_free(&model);
}

static void draws_keep_the_rules_and_are_sorted(void **state) {
    (void)state;
    static real features[TINY_MAX_PHOTOS * TINY_FEATURES];
    tiny_photos(features, TINY_MAX_PHOTOS, 3);
    for (size_t c = 0; c < TINY_CELLS; c++) {
        struct model model = tiny_model(tiny_cell(c), tiny_words, 2);
        tiny_bias(&model, VOCABULARY_UNK, 1e3F);
        size_t a = vocabulary_find(&model.vocabulary, "a");
        size_t on = vocabulary_find(&model.vocabulary, "on");
        caption_options options = sampling_options();
        options.top = 5;
        options.top_k = c == 0 ? 6 : 0;
        options.top_p = c == 1 ? 0.95F : 1;
        options.temperature = 3;
        options.no_repeat_ngram = 2;
        options.prefix = "red";
        options.min_length = 3;
        struct decode_result results[TINY_MAX_PHOTOS];
        tiny_decode(&model, &options, features, TINY_MAX_PHOTOS, 0, results);
        for (size_t i = 0; i < TINY_MAX_PHOTOS; i++) {
            assert_int_equal(results[i].count, 5);
            for (size_t d = 0; d < 5; d++) {
                const struct decode_caption *caption = &results[i].captions[d];
                assert_in_range(caption->count, 3, options.max_length);
                assert_int_equal(caption->words[0], 9);
                assert_false(tiny_repeats(caption, 2));
                uint32_t last = caption->words[caption->count - 1];
                assert_true(caption->count == 3 || (last != a && last != on));
                if (d > 0) assert_true(caption[-1].logprob >= caption->logprob);
                for (size_t w = 0; w < caption->count; w++) {
                    assert_in_range(caption->words[w], VOCABULARY_SPECIALS,
                                    model.decoder.words - 1);
                }
                struct likelihood_caption given = {features + i * TINY_FEATURES, caption->words,
                                                   caption->count};
                double logprob;
                assert_true(tiny_likelihood(&model, &given, 1, &logprob, NULL));
                assert_close(caption->logprob, logprob, 1e-4 * (1 + fabs(logprob)));
            }
        }
        decode_results_free(results, TINY_MAX_PHOTOS);
        tiny_free(&model);
    }
}

static void more_draws_leave_the_first_as_they_are(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_gru, tiny_words, 2);
    real features[TINY_FEATURES];
    tiny_photos(features, 1, 3);
    caption_options options = sampling_options();
    options.temperature = 5;
    struct decode_result one, many;
    tiny_decode(&model, &options, features, 1, 7, &one);
    options.top = 8;
    tiny_decode(&model, &options, features, 1, 7, &many);
    bool found = false;
    for (size_t d = 0; d < 8; d++) {
        found = found || tiny_same_words(&one.captions[0], &many.captions[d]);
    }
    assert_true(found);
    decode_results_free(&one, 1);
    decode_results_free(&many, 1);
    tiny_free(&model);
}

static void a_model_that_never_says_end_still_gives_captions(void **state) {
    (void)state;
    struct model model = tiny_model(&cell_rnn, tiny_words, 2);
    tiny_bias(&model, VOCABULARY_END, -1e4F);
    real features[TINY_FEATURES];
    tiny_photos(features, 1, 3);
    caption_options options = sampling_options();
    options.top = 20;
    struct decode_result result;
    tiny_decode(&model, &options, features, 1, 0, &result);
    for (size_t d = 0; d < 20; d++) assert_in_range(result.captions[d].count, 1, 8);
    decode_results_free(&result, 1);
    tiny_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_word_alone_is_greedy),
        cmocka_unit_test(a_tiny_nucleus_is_greedy),
        cmocka_unit_test(a_low_temperature_is_nearly_greedy),
        cmocka_unit_test(a_photo_draws_the_same_alone_and_in_a_batch),
        cmocka_unit_test(seed_and_photo_number_change_what_is_drawn),
        cmocka_unit_test(words_are_drawn_as_often_as_the_model_says),
        cmocka_unit_test(draws_keep_the_rules_and_are_sorted),
        cmocka_unit_test(more_draws_leave_the_first_as_they_are),
        cmocka_unit_test(a_model_that_never_says_end_still_gives_captions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

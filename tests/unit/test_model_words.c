/* A captioner around other words: what it knew it still knows, what it does not know it does not
 * say. */
#include "tiny_captioner.h"

enum { PHOTOS = 40, STEPS = 6 };

static struct vocabulary words_of(const char *text) {
    struct vocabulary vocabulary;
    assert_true(vocabulary_parse(&vocabulary, text, strlen(text), "words", NULL));
    return vocabulary;
}

/* A whole model, its words clearly different in probability. */
static struct model old_model(const struct cell *cell) {
    struct vocabulary vocabulary =
        words_of("a\t90\non\t50\ndog\t30\nred\t20\nruns\t9\nball\t8\ngrass\t3\n");
    const struct model_design design = {.encoder = "stem_c4 head_c5",
                                        .size = 16,
                                        .cell = cell->name,
                                        .embedding = TINY_EMBEDDING,
                                        .hidden = TINY_HIDDEN};
    struct model model;
    assert_true(model_new(&model, &design, &vocabulary, NULL));
    struct random random = random_seeded(11, 0);
    encoder_randomise(&model.encoder, &model.parameters, &random);
    decoder_randomise(&model.decoder, &model.parameters, &random);
    model.preprocessing.mean[1] = 116.28F;
    real *weight =
        parameters_at(&model.parameters, model.parameters.values, model.decoder.output_weight);
    for (size_t i = 0; i < model.decoder.words * TINY_HIDDEN; i++) weight[i] *= 8;
    for (size_t i = 0; i < model.vocabulary.count; i++) {
        tiny_bias(&model, i, (real)random_normal(&random));
    }
    return model;
}

static struct model with_words(const struct model *old, struct vocabulary vocabulary,
                               uint64_t seed) {
    struct random random = random_seeded(seed, 0);
    struct model model;
    caption_error error = {0};
    if (!model_with_words(&model, old, old->preprocessing.size, &vocabulary, &random, &error)) {
        fail_msg("%s", error.message);
    }
    assert_null(vocabulary.words); /* taken over */
    return model;
}

/* The old words, counted again, and new ones among them: every number but the first changes. */
static struct vocabulary more_words(void) {
    return words_of(
        "a\t99\nzebra\t70\non\t60\nowl\t40\nred\t35\ndog\t30\nruns\t9\ngrass\t8\nball\t8\n"
        "fox\t3\n");
}

static const real *row_of(const struct model *model, size_t tensor, size_t word, size_t *width) {
    *width = model->parameters.tensors[tensor].count / model->vocabulary.count;
    return parameters_at_const(&model->parameters, model->parameters.values, tensor) +
           word * *width;
}

static void assert_same_row(const struct model *a, size_t word_of_a, const struct model *b,
                            size_t word_of_b) {
    const size_t tensors[] = {a->decoder.embed, a->decoder.output_weight, a->decoder.output_bias};
    for (size_t t = 0; t < 3; t++) {
        size_t width;
        const real *x = row_of(a, tensors[t], word_of_a, &width);
        const real *y = row_of(b, tensors[t], word_of_b, &width);
        assert_memory_equal(x, y, width * sizeof *x);
    }
}

static void assert_rows_kept(const struct model *old, const struct model *model) {
    size_t kept = 0;
    for (size_t i = 0; i < VOCABULARY_SPECIALS; i++) assert_same_row(old, i, model, i);
    for (size_t i = VOCABULARY_SPECIALS; i < model->vocabulary.count; i++) {
        const size_t before = vocabulary_find(&old->vocabulary, model->vocabulary.words[i]);
        if (before == VOCABULARY_UNK) continue;
        assert_same_row(old, before, model, i);
        kept++;
    }
    assert_true(kept > 0);
}

static void what_a_word_is_made_of_is_kept_bit_for_bit(void **state) {
    (void)state;
    for (size_t c = 0; c < TINY_CELLS; c++) {
        struct model old = old_model(tiny_cell(c));
        struct model model = with_words(&old, more_words(), 1);
        assert_rows_kept(&old, &model);
        assert_ptr_equal(model.decoder.cell, old.decoder.cell);
        assert_memory_equal(&model.preprocessing, &old.preprocessing, sizeof old.preprocessing);
        for (size_t i = 0; i < old.parameters.tensor_count; i++) {
            const struct parameter *a = &old.parameters.tensors[i],
                                   *b = &model.parameters.tensors[i];
            assert_string_equal(a->name, b->name);
            if (a->count != b->count) continue; /* of words: seen above */
            assert_memory_equal(old.parameters.values + a->offset,
                                model.parameters.values + b->offset, a->count * sizeof(real));
        }
        model_free(&model);
        model_free(&old);
    }
}

static void words_may_be_forgotten(void **state) {
    (void)state;
    struct model old = old_model(&cell_gru);
    struct model model = with_words(&old, words_of("owl\t9\ngrass\t8\na\t3\n"), 1);
    assert_int_equal(model.vocabulary.count, VOCABULARY_SPECIALS + 3);
    assert_rows_kept(&old, &model);
    model_free(&model);
    model = with_words(&old, words_of("owl\t9\n"), 1); /* nothing but new words */
    for (size_t i = 0; i < VOCABULARY_SPECIALS; i++) assert_same_row(&old, i, &model, i);
    model_free(&model);
    model_free(&old);
}

/* Words said so far, as text: numbers differ between vocabularies. */
static char *sentence(const struct model *model, const struct decode_result *result) {
    const struct decode_caption *caption = &result->captions[0];
    char *text = vocabulary_sentence(&model->vocabulary, caption->words, caption->count, NULL);
    assert_non_null(text);
    return text;
}

/* Among seven words a seventh is a large share: a lower bias makes the new ones as rare as they are
 * among thousands. */
static void make_rare(struct model *model, const struct model *old) {
    for (size_t i = VOCABULARY_SPECIALS; i < model->vocabulary.count; i++) {
        const char *word = model->vocabulary.words[i];
        if (vocabulary_find(&old->vocabulary, word) == VOCABULARY_UNK) tiny_bias(model, i, -12);
    }
}

static void photos_are_captioned_as_before(void **state) {
    (void)state;
    real features[PHOTOS * TINY_FEATURES];
    tiny_photos(features, PHOTOS, 3);
    const caption_options options = tiny_options();
    for (size_t c = 0; c < TINY_CELLS; c++) {
        struct model old = old_model(tiny_cell(c));
        struct model model = with_words(&old, more_words(), 2);
        make_rare(&model, &old);
        struct decode_result before[PHOTOS], after[PHOTOS];
        tiny_decode(&old, &options, features, PHOTOS, 0, before);
        tiny_decode(&model, &options, features, PHOTOS, 0, after);
        for (size_t i = 0; i < PHOTOS; i++) {
            char *expected = sentence(&old, &before[i]), *found = sentence(&model, &after[i]);
            assert_string_equal(found, expected);
            free(expected);
            free(found);
        }
        decode_results_free(before, PHOTOS);
        decode_results_free(after, PHOTOS);
        model_free(&model);
        model_free(&old);
    }
}

/* The largest share of the known words' probability that a new word takes. */
static double largest_share(const struct model *old, const struct model *model,
                            const real *logits) {
    double known = 0, most = 0;
    for (size_t i = VOCABULARY_SPECIALS; i < model->vocabulary.count; i++) {
        const double mass = exp((double)logits[i]);
        const bool is_new =
            vocabulary_find(&old->vocabulary, model->vocabulary.words[i]) == VOCABULARY_UNK;
        if (is_new) most = fmax(most, mass);
        if (!is_new) known += mass;
    }
    return most / known;
}

static void a_new_word_takes_less_than_its_share(void **state) {
    (void)state;
    struct model old = old_model(&cell_gru);
    struct model model = with_words(&old, more_words(), 4);
    const double words = (double)(old.vocabulary.count - VOCABULARY_SPECIALS);
    struct decoder_scratch *scratch = decoder_scratch_new(&model.decoder, PHOTOS, NULL);
    real vectors[PHOTOS * TINY_EMBEDDING], states[PHOTOS * TINY_HIDDEN] = {0};
    real *logits = calloc(PHOTOS * model.decoder.words, sizeof *logits);
    assert_true(scratch && logits);
    struct random random = random_seeded(5, 0);
    for (size_t i = 0; i < PHOTOS * TINY_EMBEDDING; i++) {
        vectors[i] = (real)(3 * random_normal(&random));
    }
    for (size_t step = 0; step < STEPS; step++) {
        int32_t inputs[PHOTOS];
        for (size_t i = 0; i < PHOTOS; i++) {
            inputs[i] = step == 0 ? DECODER_VECTOR - (int32_t)i
                                  : (int32_t)random_below(&random, model.decoder.words);
        }
        decoder_step(&model.decoder, &model.parameters,
                     &(struct decoder_inputs){.rows = PHOTOS, .words = inputs, .vectors = vectors},
                     states, logits, scratch);
        for (size_t i = 0; i < PHOTOS; i++) {
            const double share = largest_share(&old, &model, logits + i * model.decoder.words);
            assert_true(share > 0 && share < 1 / words);
        }
    }
    free(logits);
    decoder_scratch_free(scratch);
    model_free(&model);
    model_free(&old);
}

/* Column by column; also that no two new words are the same to the cell. */
static void new_words_look_like_words_to_the_cell(void **state) {
    (void)state;
    enum { NEW = 4000 };
    struct model old = old_model(&cell_gru);
    struct vocabulary vocabulary = words_of("a\t9\n");
    for (size_t i = 0; i < NEW; i++) {
        char word[16];
        snprintf(word, sizeof word, "w%zu", i);
        assert_true(vocabulary_count(&vocabulary, word, 1, NULL));
    }
    struct model model = with_words(&old, vocabulary, 6);
    const size_t known = old.vocabulary.count - VOCABULARY_SPECIALS, first = VOCABULARY_SPECIALS;
    for (size_t j = 0; j < TINY_EMBEDDING; j++) {
        double mean[2] = {0}, square[2] = {0};
        for (size_t i = 0; i < known; i++) {
            size_t width;
            const double x = (double)row_of(&old, old.decoder.embed, first + i, &width)[j];
            mean[0] += x / (double)known;
            square[0] += x * x / (double)known;
        }
        for (size_t i = 0; i < NEW; i++) {
            size_t width;
            const double x = (double)row_of(&model, model.decoder.embed, first + 1 + i, &width)[j];
            mean[1] += x / NEW;
            square[1] += x * x / NEW;
        }
        const double deviation = sqrt(square[0] - mean[0] * mean[0]);
        assert_close(mean[1], mean[0], 0.1 * deviation);
        assert_close(sqrt(square[1] - mean[1] * mean[1]), deviation, 0.1 * deviation);
    }
    model_free(&model);
    model_free(&old);
}

static void the_same_seed_gives_the_same_words(void **state) {
    (void)state;
    struct model old = old_model(&cell_lstm);
    struct model models[3] = {with_words(&old, more_words(), 7), with_words(&old, more_words(), 7),
                              with_words(&old, more_words(), 8)};
    const size_t bytes = models[0].parameters.count * sizeof(real);
    assert_memory_equal(models[0].parameters.values, models[1].parameters.values, bytes);
    assert_memory_not_equal(models[0].parameters.values, models[2].parameters.values, bytes);
    for (size_t i = 0; i < 3; i++) model_free(&models[i]);
    model_free(&old);
}

static void a_vocabulary_without_words_is_an_error(void **state) {
    (void)state;
    struct model old = old_model(&cell_rnn), model;
    struct vocabulary none;
    assert_true(vocabulary_init(&none, NULL));
    struct random random = random_seeded(1, 0);
    caption_error error = {0};
    assert_false(model_with_words(&model, &old, old.preprocessing.size, &none, &random, &error));
    assert_non_null(strstr(error.message, "vocabulary: words, the special ones included"));
    assert_null(none.words);
    model_free(&old);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_word_is_made_of_is_kept_bit_for_bit),
        cmocka_unit_test(words_may_be_forgotten),
        cmocka_unit_test(photos_are_captioned_as_before),
        cmocka_unit_test(a_new_word_takes_less_than_its_share),
        cmocka_unit_test(new_words_look_like_words_to_the_cell),
        cmocka_unit_test(the_same_seed_gives_the_same_words),
        cmocka_unit_test(a_vocabulary_without_words_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The search part of a model: its vectors, its place in the file, and how searches are scored. */
#include "model_fixture.h"

#include <math.h>

#include "eval/retrieval.h"
#include "infer/inference_search.h"
#include "train/search_trainer.h"

enum { SIZE = 7, HIDDEN = 5 };

/* With a word head, unless it is to do without. */
static struct model searching_model(bool tagged) {
    struct model_design design = small_design();
    if (tagged) design.tags = "dog\ngrass\n";
    struct model model = random_model(&design);
    caption_error error;
    struct random random = random_seeded(9, 0);
    if (!model_add_search(&model, SIZE, HIDDEN, &error)) fail_msg("%s", error.message);
    search_randomise(&model.search, &model.parameters, &random);
    return model;
}

static double product(const float *a, const float *b) {
    double sum = 0;
    for (size_t i = 0; i < SIZE; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void features_of(const struct model *model, float *features, uint64_t seed) {
    struct random random = random_seeded(seed, 1);
    for (size_t i = 0; i < model->decoder.features; i++)
        features[i] = random_uniform(&random) + 0.1F;
}

static void sentence_of(const struct model *model, const char *sentence, float *vector) {
    caption_error error;
    struct search_sentences *sentences = search_sentences_new(model, &error);
    if (!sentences || !search_sentence_vector(sentences, sentence, vector, &error))
        fail_msg("%s", error.message);
    search_sentences_free(sentences);
}

static void photos_of(const struct model *model, const float *features, size_t count,
                      float *vectors) {
    caption_error error;
    struct search_photos *photos = search_photos_new(model, &error);
    if (!photos) fail_msg("%s", error.message);
    float *scratch = calloc(search_photos_scratch(photos), sizeof *scratch);
    assert_non_null(scratch);
    if (!search_photo_vectors(photos, features, count, vectors, scratch, &error))
        fail_msg("%s", error.message);
    free(scratch);
    search_photos_free(photos);
}

static void vectors_have_unit_length_and_depend_on_what_they_are_of(void **state) {
    (void)state;
    struct model model = searching_model(true);
    float a[SIZE], b[SIZE], again[SIZE], features[2][16], photos[2 * SIZE], alone[SIZE];
    sentence_of(&model, "a dog", a);
    sentence_of(&model, "dog a", b);
    assert_true(fabs(product(a, a) - 1) < 1e-5 && fabs(product(b, b) - 1) < 1e-5);
    assert_true(product(a, b) < 0.9999); /* the order counts */
    sentence_of(&model, "A dog.", again);
    assert_memory_equal(a, again, sizeof a);
    features_of(&model, features[0], 1);
    features_of(&model, features[1], 2);
    photos_of(&model, features[0], 2, photos);
    assert_true(fabs(product(photos, photos) - 1) < 1e-5);
    assert_true(product(photos, photos + SIZE) < 0.9999);
    photos_of(&model, features[1], 1, alone);
    assert_memory_equal(alone, photos + SIZE, sizeof alone);
    model_free(&model);
}

/* A reader asked before gives the same vectors as a new one. */
static void a_sentence_does_not_depend_on_those_before(void **state) {
    (void)state;
    struct model model = searching_model(false);
    caption_error error;
    float expected[SIZE], found[SIZE];
    sentence_of(&model, "a dog", expected);
    struct search_sentences *sentences = search_sentences_new(&model, &error);
    assert_non_null(sentences);
    assert_true(search_sentence_vector(sentences, "grass läuft a dog", found, &error));
    assert_true(search_sentence_vector(sentences, "a dog", found, &error));
    assert_memory_equal(found, expected, sizeof found);
    search_sentences_free(sentences);
    model_free(&model);
}

static void a_sentence_without_a_known_word_is_an_error_that_quotes_it(void **state) {
    (void)state;
    struct model model = searching_model(false);
    caption_error error;
    float vector[SIZE];
    struct search_sentences *sentences = search_sentences_new(&model, &error);
    assert_non_null(sentences);
    static const char *const unknown[] = {"", " .,", "xylophone quartz"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_false(search_sentence_vector(sentences, unknown[i], vector, &error));
        assert_non_null(strstr(error.message, "expected words that the model knows"));
        assert_non_null(strstr(error.message, unknown[i]));
    }
    assert_true(search_sentence_vector(sentences, "a xylophone", vector, &error));
    search_sentences_free(sentences);
    model_free(&model);
}

static void fill(struct model *model, const struct search_layer *layer, float weight) {
    struct parameters *p = &model->parameters;
    float *weights = parameters_at(p, p->values, layer->weight);
    float *bias = parameters_at(p, p->values, layer->bias);
    for (size_t i = 0; i < layer->outputs * layer->inputs; i++) weights[i] = weight;
    for (size_t i = 0; i < layer->outputs; i++) bias[i] = 0;
}

static void numbers_that_give_no_unit_vector_are_an_error(void **state) {
    (void)state;
    static const float weights[] = {0, 3e38F, -3e38F};
    struct model model = searching_model(true);
    float features[16], vector[SIZE], *scratch = NULL;
    for (size_t i = 0; i < 16; i++) features[i] = 100;
    for (size_t i = 0; i < 3; i++) {
        fill(&model, &model.search.photo, weights[i]);
        fill(&model, &model.search.sentence, weights[i]);
        caption_error error = {0};
        struct search_photos *photos = search_photos_new(&model, &error);
        struct search_sentences *sentences = search_sentences_new(&model, &error);
        assert_true(photos && sentences);
        scratch = realloc(scratch, search_photos_scratch(photos) * sizeof *scratch);
        assert_non_null(scratch);
        assert_false(search_photo_vectors(photos, features, 1, vector, scratch, &error));
        assert_non_null(strstr(error.message, "all 0 or too large"));
        if (weights[i] == 0) assert_false(search_sentence_vector(sentences, "dog", vector, &error));
        search_photos_free(photos);
        search_sentences_free(sentences);
    }
    free(scratch);
    model_free(&model);
}

/* What is trained is what is used. */
static void training_and_inference_make_the_same_vectors(void **state) {
    (void)state;
    for (size_t tagged = 0; tagged < 2; tagged++) {
        struct model model = searching_model(tagged == 1);
        caption_error error;
        float features[16], photo[SIZE], read[SIZE], expected_photo[SIZE], expected[SIZE];
        features_of(&model, features, 3);
        photos_of(&model, features, 1, expected_photo);
        sentence_of(&model, "a dog läuft", expected);
        const struct search_task task = {
            .model = &model, .search = &model.search, .learning = &model.parameters};
        struct search_micro_batch *micro = search_micro_batch_new(&task, 1, &error);
        assert_non_null(micro);
        const int32_t numbers[] = {VOCABULARY_SPECIALS, VOCABULARY_SPECIALS + 1,
                                   VOCABULARY_SPECIALS + 2};
        const struct search_pair pair = {.features = features, .sentence = {numbers, 3}};
        const struct search_batch batch = {&pair, 1, NULL};
        search_micro_batch_forward(micro, &task, &batch, photo, read);
        for (size_t i = 0; i < SIZE; i++) {
            assert_true(fabsf(photo[i] - expected_photo[i]) < 1e-5F);
            assert_true(fabsf(read[i] - expected[i]) < 1e-5F);
        }
        search_micro_batch_free(micro);
        model_free(&model);
    }
}

/* Words beyond the longest sentence are not read, and no memory is: the last step is <end>. */
static void a_long_sentence_is_cut(void **state) {
    (void)state;
    struct model model = searching_model(false);
    char longest[2 * SEARCH_LONGEST + 1] = "", longer[2 * SEARCH_LONGEST + 32] = "";
    for (size_t i = 0; i < SEARCH_LONGEST; i++) strcat(longest, "a ");
    snprintf(longer, sizeof longer, "%sdog dog dog", longest);
    float a[SIZE], b[SIZE];
    sentence_of(&model, longest, a);
    sentence_of(&model, longer, b);
    assert_memory_equal(a, b, sizeof a);
    model_free(&model);
}

/* The model, written, is the file. */
static void expect_same_bytes(const char *path, const struct model *model) {
    char *second = written(model, SAFETENSORS_F32);
    struct file_bytes a, b;
    assert_true(file_read(path, 1 << 24, &a, NULL) && file_read(second, 1 << 24, &b, NULL));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    file_bytes_free(&a);
    file_bytes_free(&b);
    temporary_file_free(second);
}

static void a_search_part_survives_the_file(void **state) {
    (void)state;
    struct model model = searching_model(true), read, opened;
    caption_error error;
    char *path = written(&model, SAFETENSORS_F32);
    if (!model_read(&read, path, &error) || !model_open(&opened, path, &error))
        fail_msg("%s", error.message);
    assert_true(model_check_search(&read, path, &error));
    assert_int_equal(read.search.size, SIZE);
    assert_int_equal(read.search.reader.hidden, HIDDEN);
    float features[16], expected[SIZE], found[SIZE];
    features_of(&model, features, 4);
    const struct model *const both[] = {&read, &opened};
    for (size_t i = 0; i < 2; i++) {
        sentence_of(&model, "a dog", expected);
        sentence_of(both[i], "a dog", found);
        assert_memory_equal(found, expected, sizeof found);
        photos_of(&model, features, 1, expected);
        photos_of(both[i], features, 1, found);
        assert_memory_equal(found, expected, sizeof found);
    }
    expect_same_bytes(path, &read);
    temporary_file_free(path);
    model_free(&opened);
    model_free(&read);
    model_free(&model);
}

static void a_model_without_a_search_part_names_the_flag_that_trains_one(void **state) {
    (void)state;
    struct model model = small_model();
    caption_error error;
    assert_false(model_check_search(&model, "my.safetensors", &error));
    assert_non_null(strstr(error.message, "my.safetensors"));
    assert_non_null(strstr(error.message, "caption train --search"));
    model_free(&model);
}

/* A new search part replaces the old one; everything else stays, bit for bit. */
static void a_search_part_is_replaced_and_leaves_the_rest_alone(void **state) {
    (void)state;
    struct model plain = small_model(), model = small_model();
    caption_error error;
    assert_true(model_add_search(&model, SIZE, HIDDEN, &error));
    assert_true(model_add_search(&model, 2, HIDDEN, &error));
    assert_int_equal(model.search.size, 2);
    assert_int_equal(model.search.first, plain.parameters.tensor_count);
    for (size_t i = 0; i < plain.parameters.tensor_count; i++) {
        const struct parameter *tensor = &plain.parameters.tensors[i];
        assert_string_equal(model.parameters.tensors[i].name, tensor->name);
        assert_memory_equal(parameters_values(&model.parameters, i),
                            parameters_values(&plain.parameters, i), tensor->count * sizeof(real));
    }
    model_free(&model);
    model_free(&plain);
}

/* The mean of captioners with and without search parts is that of their captioning halves. */
static void a_mean_of_models_passes_over_search_parts(void **state) {
    (void)state;
    struct model plain = small_model(), model = searching_model(false);
    caption_error error;
    plain.parameters.values[0] += 2;
    const real before = model.parameters.values[0];
    if (!model_average(&model, 1, &plain, "plain", &error)) fail_msg("%s", error.message);
    assert_true(fabsf(model.parameters.values[0] - (before + 1)) < 1e-5F);
    if (!model_average(&plain, 1, &model, "searching", &error)) fail_msg("%s", error.message);
    model_free(&model);
    model_free(&plain);
}

/* Four photos, a sentence each and a second one of photo 0; all vectors in a plane. */
static void ranks_are_counted_both_ways(void **state) {
    (void)state;
    const float photos[] = {1, 0, 0, 1, -1, 0, 0, -1};
    const float sentences[] = {1, 0, -1, 0, 0, 1, 0, 1, 0, -1};
    const size_t first[] = {0, 2, 3, 4, 5};
    const struct retrieval_vectors vectors = {
        .size = 2, .photo_count = 4, .photos = photos, .first = first, .sentences = sentences};
    struct retrieval found;
    caption_error error;
    assert_true(retrieval_compute(&vectors, NULL, &found, &error));
    assert_int_equal(found.photos, 4);
    assert_int_equal(found.sentences, 5);
    /* Ranks of the photo: 1; 4, all others being nearer; 1; 3, a draw counting against it; 1. */
    assert_true(fabs(found.photo.recall[0] - 3.0 / 5) < 1e-9);
    assert_true(fabs(found.photo.recall[1] - 1) < 1e-9);
    assert_true(fabs(found.photo.median - 1) < 1e-9);
    /* Ranks of the first own sentence: 1; 2, a draw again; 4, two of them draws; 1. */
    assert_true(fabs(found.sentence.recall[0] - 2.0 / 4) < 1e-9);
    assert_true(fabs(found.sentence.median - 1.5) < 1e-9);
    assert_true(retrieval_mean(&found) < 1);
}

/* Equal vectors everywhere find nothing, nor do numbers that are none. */
static void a_search_that_sees_no_difference_finds_nothing(void **state) {
    (void)state;
    enum { PHOTOS = 20 };
    float photos[PHOTOS], sentences[PHOTOS];
    size_t first[PHOTOS + 1];
    const float values[] = {1, NAN};
    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < PHOTOS; i++) photos[i] = sentences[i] = values[v];
        for (size_t i = 0; i <= PHOTOS; i++) first[i] = i;
        const struct retrieval_vectors vectors = {.size = 1,
                                                  .photo_count = PHOTOS,
                                                  .photos = photos,
                                                  .first = first,
                                                  .sentences = sentences};
        struct retrieval found;
        caption_error error;
        assert_true(retrieval_compute(&vectors, NULL, &found, &error));
        assert_true(found.photo.recall[2] == 0 && found.sentence.recall[2] == 0);
        assert_true(found.photo.median == PHOTOS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_have_unit_length_and_depend_on_what_they_are_of),
        cmocka_unit_test(a_sentence_does_not_depend_on_those_before),
        cmocka_unit_test(a_sentence_without_a_known_word_is_an_error_that_quotes_it),
        cmocka_unit_test(numbers_that_give_no_unit_vector_are_an_error),
        cmocka_unit_test(training_and_inference_make_the_same_vectors),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(a_search_part_survives_the_file),
        cmocka_unit_test(a_model_without_a_search_part_names_the_flag_that_trains_one),
        cmocka_unit_test(a_search_part_is_replaced_and_leaves_the_rest_alone),
        cmocka_unit_test(a_mean_of_models_passes_over_search_parts),
        cmocka_unit_test(ranks_are_counted_both_ways),
        cmocka_unit_test(a_search_that_sees_no_difference_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

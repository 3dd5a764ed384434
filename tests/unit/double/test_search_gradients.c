/* The gradients of the search part in double, against finite differences: the ranking loss by its
 * vectors, and by every number of both networks that make them. */
#include "finite_difference.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "model/search.h"

enum { PAIRS = 5, SIZE = 4, HIDDEN = 3, EMBEDDING = 3, INPUTS = 6, WORDS = 9, STEPS = 4 };

/* Sentences by falling length, without <end>; the third pair is of the second's photo. */
static const int32_t words[PAIRS][STEPS - 1] = {{4, 5, 6}, {7, 8, 4}, {5, 7}, {8}, {6}};
static const size_t counts[PAIRS] = {3, 3, 2, 1, 1}, ids[PAIRS] = {0, 1, 1, 2, 3};

static const struct ranking_scale scale = {.margin = 0.4, .temperature = 0.3};

struct pairs {
    struct search search;
    struct parameters parameters;
    struct unroll *unroll;
    real table[WORDS * EMBEDDING], inputs[PAIRS * INPUTS];
    real photos[PAIRS * SIZE], sentences[PAIRS * SIZE];
    real d_photos[PAIRS * SIZE], d_sentences[PAIRS * SIZE];
    real states[PAIRS * HIDDEN], d_states[PAIRS * HIDDEN];
    real photo_scales[PAIRS], sentence_scales[PAIRS], scratch[2 * PAIRS * PAIRS];
    size_t active[STEPS];
    int32_t step_inputs[PAIRS * STEPS], step_targets[PAIRS * STEPS];
};

static void fill(real *values, size_t count, struct random *random) {
    for (size_t i = 0; i < count; i++) values[i] = (real)random_normal(random);
}

static struct ranking_pairs pairs_of(struct pairs *p) {
    return (struct ranking_pairs){.count = PAIRS,
                                  .size = SIZE,
                                  .photos = p->photos,
                                  .sentences = p->sentences,
                                  .ids = ids,
                                  .scratch = p->scratch};
}

static double loss_of_vectors(void *context) {
    struct pairs *p = context;
    real d_photos[PAIRS * SIZE], d_sentences[PAIRS * SIZE];
    const struct ranking_pairs pairs = pairs_of(p);
    return ranking_loss(&pairs, &scale, d_photos, d_sentences);
}

static struct search_rows photo_rows(struct pairs *p) {
    return (struct search_rows){
        .count = PAIRS, .rows = p->inputs, .vectors = p->photos, .scales = p->photo_scales};
}

static struct search_rows sentence_rows(struct pairs *p) {
    return (struct search_rows){
        .count = PAIRS, .rows = p->states, .vectors = p->sentences, .scales = p->sentence_scales};
}

static double loss_of_numbers(void *context) {
    static const struct unroll_regularisation none = {0};
    struct pairs *p = context;
    struct search_sentence sentences[PAIRS];
    for (size_t i = 0; i < PAIRS; i++) sentences[i] = (struct search_sentence){words[i], counts[i]};
    struct unroll_window window;
    search_window(sentences, PAIRS, p->active, p->step_inputs, p->step_targets, &window);
    window.vectors = p->table;
    window.vector_count = WORDS;
    memset(p->states, 0, sizeof p->states);
    size_t targets = 0;
    unroll_forward(p->unroll, &p->parameters, &window, p->states, &none, &targets);
    assert_int_equal(targets, 0);
    const struct search_rows photos = photo_rows(p), read = sentence_rows(p);
    search_project(&p->search.photo, &p->parameters, &photos);
    search_project(&p->search.sentence, &p->parameters, &read);
    return loss_of_vectors(p);
}

static struct pairs *new_pairs(void) {
    struct pairs *p = calloc(1, sizeof *p);
    caption_error error;
    assert_non_null(p);
    const struct decoder decoder = {.embedding = EMBEDDING, .features = INPUTS};
    assert_true(search_register(&p->search, &decoder, SIZE, HIDDEN, &p->parameters, &error));
    assert_true(parameters_allocate(&p->parameters, &error));
    p->unroll = unroll_new(&p->search.reader, PAIRS, STEPS, &error);
    assert_non_null(p->unroll);
    struct random random = random_seeded(3, 0);
    fill(p->parameters.values, p->parameters.count, &random);
    fill(p->table, WORDS * EMBEDDING, &random);
    fill(p->inputs, PAIRS * INPUTS, &random);
    return p;
}

static void free_pairs(struct pairs *p) {
    unroll_free(p->unroll);
    parameters_free(&p->parameters);
    free(p);
}

/* The loss's own derivatives. */
static void differentiate(struct pairs *p) {
    const struct ranking_pairs pairs = pairs_of(p);
    ranking_loss(&pairs, &scale, p->d_photos, p->d_sentences);
}

static void the_loss_has_its_gradient_by_the_vectors(void **state) {
    (void)state;
    struct pairs *p = new_pairs();
    assert_true(loss_of_numbers(p) > 0);
    differentiate(p);
    finite_difference_check("photos", loss_of_vectors, p, p->photos, PAIRS * SIZE, p->d_photos);
    finite_difference_check("sentences", loss_of_vectors, p, p->sentences, PAIRS * SIZE,
                            p->d_sentences);
    free_pairs(p);
}

static void every_number_of_both_networks_has_its_gradient(void **state) {
    (void)state;
    struct pairs *p = new_pairs();
    real *gradients = calloc(p->parameters.count, sizeof *gradients);
    assert_non_null(gradients);
    loss_of_numbers(p);
    differentiate(p);
    const struct search_rows photos = photo_rows(p), read = sentence_rows(p);
    search_project_backward(&p->search.photo, &p->parameters, &photos, p->d_photos, NULL,
                            gradients);
    search_project_backward(&p->search.sentence, &p->parameters, &read, p->d_sentences, p->d_states,
                            gradients);
    unroll_backward(p->unroll, &p->parameters, 0, p->d_states, NULL, gradients);
    for (size_t i = 0; i < p->parameters.tensor_count; i++) {
        const struct parameter *tensor = &p->parameters.tensors[i];
        finite_difference_check(tensor->name, loss_of_numbers, p,
                                p->parameters.values + tensor->offset, tensor->count,
                                gradients + tensor->offset);
    }
    free(gradients);
    free_pairs(p);
}

/* Two photos and two sentences in a plane. */
static const real photos_of_two[] = {1, 0, 0, 1}, sentences_of_two[] = {(real)0.6, (real)0.8, 0, 1};

static double loss_of_two(const size_t *photo_ids, double temperature, real *d_photos,
                          real *d_sentences) {
    real both[8];
    const struct ranking_scale two = {.margin = 0.3, .temperature = temperature};
    const struct ranking_pairs pairs = {.count = 2,
                                        .size = 2,
                                        .photos = photos_of_two,
                                        .sentences = sentences_of_two,
                                        .ids = photo_ids,
                                        .scratch = both};
    return ranking_loss(&pairs, &two, d_photos, d_sentences);
}

static void sentences_of_the_same_photo_are_no_negatives(void **state) {
    (void)state;
    static const size_t same[] = {5, 5};
    real d_photos[4], d_sentences[4];
    assert_true(loss_of_two(same, 0.1, d_photos, d_sentences) == 0);
    for (size_t i = 0; i < 4; i++) assert_true(d_photos[i] == 0 && d_sentences[i] == 0);
}

/* Cosines 0.6, 0 and 0.8, 1: of photo 0 nothing is short, its sentence is 0.3 + 0.8 - 0.6 short of
 * photo 1, which is 0.3 + 0.8 - 1 short of that sentence. */
static void a_low_temperature_counts_the_hardest_negative_alone(void **state) {
    (void)state;
    static const size_t other[] = {5, 6};
    real d_photos[4], d_sentences[4];
    const double hardest = (0.5 + 0.1) / 2;
    assert_true(fabs(loss_of_two(other, 1e-3, d_photos, d_sentences) - hardest) < 1e-9);
    assert_true(loss_of_two(other, 0.1, d_photos, d_sentences) > hardest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_has_its_gradient_by_the_vectors),
        cmocka_unit_test(every_number_of_both_networks_has_its_gradient),
        cmocka_unit_test(sentences_of_the_same_photo_are_no_negatives),
        cmocka_unit_test(a_low_temperature_counts_the_hardest_negative_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

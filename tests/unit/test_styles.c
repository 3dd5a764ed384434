/* Caption styles: their names, and the vector that each adds to x_1. */
#include "decoder_fixture.h"

#include "infer/inference_decoder.h"
#include "model/styles.h"

enum { STYLES = 3, IMAGES = 4, TAGS = FIXTURE_TAGS };

static struct fixture styled(void) {
    const struct decoder_sizes sizes = {.words = FIXTURE_WORDS,
                                        .embedding = FIXTURE_EMBEDDING,
                                        .hidden = FIXTURE_HIDDEN,
                                        .features = FIXTURE_FEATURES,
                                        .tags = TAGS,
                                        .styles = STYLES};
    return fixture_of(&cell_gru, &sizes, 3);
}

/* Some images on their way through the decoder. */
struct looked {
    real features[IMAGES * FIXTURE_FEATURES], scaled[IMAGES * FIXTURE_FEATURES];
    real tags[IMAGES * TAGS], tag_scratch[IMAGES * TAGS], vectors[IMAGES * FIXTURE_EMBEDDING];
};

static struct decoder_images look(const struct fixture *f, struct looked *looked,
                                  const size_t *styles) {
    struct random random = random_seeded(5, 0);
    fixture_fill(looked->features, IMAGES * FIXTURE_FEATURES, 3, &random);
    const struct decoder_images images = {.count = IMAGES,
                                          .features = looked->features,
                                          .styles = styles,
                                          .scaled = looked->scaled,
                                          .tags = looked->tags,
                                          .tag_scratch = looked->tag_scratch,
                                          .vectors = looked->vectors};
    decoder_image_forward(&f->decoder, &f->parameters, &images);
    return images;
}

static const size_t mixed[IMAGES] = {2, STYLE_NONE, 0, 2};

static void an_image_vector_has_its_styles_vector_more(void **state) {
    (void)state;
    enum { E = FIXTURE_EMBEDDING };
    struct fixture f = styled();
    struct looked plain, with;
    look(&f, &plain, NULL);
    look(&f, &with, mixed);
    const real *rows = parameters_at(&f.parameters, f.parameters.values, f.decoder.style_weight);
    for (size_t i = 0; i < IMAGES * E; i++) {
        const size_t style = mixed[i / E];
        const real more = style == STYLE_NONE ? 0 : rows[style * E + i % E];
        assert_float_equal(with.vectors[i], plain.vectors[i] + more, 1e-6);
    }
    fixture_free(&f);
}

static void a_style_learns_from_its_images_alone(void **state) {
    (void)state;
    enum { E = FIXTURE_EMBEDDING };
    struct fixture f = styled();
    struct looked looked;
    struct decoder_images images = look(&f, &looked, mixed);
    real *gradients = fixture_zeroed(f.parameters.count, sizeof *gradients);
    real d_vectors[IMAGES * E], d_tags[IMAGES * TAGS] = {0};
    for (size_t i = 0; i < IMAGES * E; i++) d_vectors[i] = (real)(i + 1);
    images.d_vectors = d_vectors;
    images.d_tags = d_tags;
    decoder_image_backward(&f.decoder, &f.parameters, &images, gradients);
    const real *rows = parameters_at(&f.parameters, gradients, f.decoder.style_weight);
    for (size_t j = 0; j < E; j++) {
        assert_float_equal(rows[j], d_vectors[2 * E + j], 1e-6);
        assert_float_equal(rows[E + j], 0, 0);
        assert_float_equal(rows[2 * E + j], d_vectors[j] + d_vectors[3 * E + j], 1e-5);
    }
    free(gradients);
    fixture_free(&f);
}

static void inference_describes_in_the_style_that_was_learned(void **state) {
    (void)state;
    struct fixture f = styled();
    const struct weights weights = {.parameters = &f.parameters, .values = f.parameters.values};
    struct inference_decoder *decoder =
        inference_decoder_new(&f.decoder, &weights, PRECISION_F32, NULL);
    assert_non_null(decoder);
    const size_t of_style[] = {1, STYLE_NONE};
    for (size_t i = 0; i < 2; i++) {
        const size_t style = of_style[i], styles[IMAGES] = {style, style, style, style};
        struct looked expected;
        look(&f, &expected, styles);
        real scratch[IMAGES * 64], vectors[IMAGES * FIXTURE_EMBEDDING], tags[IMAGES * TAGS];
        real products[IMAGES * 3 * FIXTURE_HIDDEN];
        assert_true(inference_decoder_project_image_scratch(decoder) <= 64);
        assert_true(inference_decoder_set_style(decoder, &weights, style, NULL));
        inference_decoder_project_image(decoder,
                                        &(struct inference_images){.count = IMAGES,
                                                                   .features = expected.features,
                                                                   .vectors = vectors,
                                                                   .products = products,
                                                                   .tags = tags,
                                                                   .scratch = scratch});
        for (size_t j = 0; j < IMAGES * FIXTURE_EMBEDDING; j++) {
            assert_float_equal(vectors[j], expected.vectors[j], 1e-5);
        }
    }
    inference_decoder_free(decoder);
    fixture_free(&f);
}

static struct styles three(void) {
    struct styles styles;
    assert_true(styles_parse(&styles, "coco\nweb\nflickr8k\n", "styles", NULL));
    return styles;
}

static void names_read_as_they_were_written(void **state) {
    (void)state;
    struct styles styles = three();
    assert_int_equal(styles.count, 3);
    char *text = styles_format(&styles, NULL);
    assert_string_equal(text, "coco\nweb\nflickr8k\n");
    free(text);
    styles_free(&styles);
}

static void a_source_comes_before_a_data_set(void **state) {
    (void)state;
    struct styles styles = three();
    assert_int_equal(styles_of(&styles, "web", "flickr8k"), 1);
    assert_int_equal(styles_of(&styles, "album", "flickr8k"), 2);
    assert_int_equal(styles_of(&styles, NULL, "flickr8k"), 2);
    assert_true(styles_of(&styles, "album", "mine") == STYLE_NONE);
    styles_free(&styles);
}

static void an_unknown_style_is_refused_with_the_known_ones(void **state) {
    (void)state;
    struct styles styles = three();
    size_t style;
    caption_error error;
    assert_true(styles_choose(&styles, "web", &style, NULL));
    assert_int_equal(style, 1);
    assert_true(styles_choose(&styles, NULL, &style, NULL) && style == 0);
    assert_true(styles_choose(&styles, "none", &style, NULL) && style == STYLE_NONE);
    assert_false(styles_choose(&styles, "haiku", &style, &error));
    assert_non_null(strstr(error.message, "none, coco, web, flickr8k"));
    assert_non_null(strstr(error.message, "haiku"));
    styles_free(&styles);
    styles = (struct styles){0};
    assert_true(styles_choose(&styles, NULL, &style, NULL) && style == STYLE_NONE);
}

static void a_text_that_is_none_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "coco",
        "coco\n\nweb\n",
        "\n",
        "coco\ncoco\n",
        "two words\n",
        "none\n",
        "auto\n",
        "tab\there\n",
        "bell\a\n",
        "\xff\n",
        "0123456789012345678901234567890123456789012345678901234567890123456789\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct styles styles;
        caption_error error = {0};
        if (styles_parse(&styles, texts[i], "dog.model: styles", &error))
            fail_msg("\"%s\" was read", texts[i]);
        assert_non_null(strstr(error.message, "dog.model: styles"));
    }
}

static void styles_have_a_most(void **state) {
    (void)state;
    struct styles styles = {0};
    char name[8];
    for (size_t i = 0; i < STYLES_MOST; i++) {
        snprintf(name, sizeof name, "s%zu", i);
        assert_true(styles_add(&styles, name, NULL));
    }
    assert_true(styles_add(&styles, "s0", NULL)); /* there already */
    assert_false(styles_add(&styles, "more", NULL));
    styles_free(&styles);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_vector_has_its_styles_vector_more),
        cmocka_unit_test(a_style_learns_from_its_images_alone),
        cmocka_unit_test(inference_describes_in_the_style_that_was_learned),
        cmocka_unit_test(names_read_as_they_were_written),
        cmocka_unit_test(a_source_comes_before_a_data_set),
        cmocka_unit_test(an_unknown_style_is_refused_with_the_known_ones),
        cmocka_unit_test(a_text_that_is_none_is_refused),
        cmocka_unit_test(styles_have_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

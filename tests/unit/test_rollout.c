/* Captions drawn from a decoder that learns. */
#include "decoder_fixture.h"

#include <math.h>

#include "text/vocabulary.h"
#include "train/reward.h"

enum { WORDS = 9, LONGEST = 6, PHOTOS = 2, SAMPLES = 5 };

struct draws {
    struct fixture fixture;
    real vectors[PHOTOS * FIXTURE_EMBEDDING];
    struct rollout *rollout;
};

static void draws_init(struct draws *d, const struct cell *cell) {
    *d = (struct draws){.fixture = fixture_sized(cell, WORDS, FIXTURE_EMBEDDING, FIXTURE_HIDDEN,
                                                 FIXTURE_FEATURES, 4)};
    struct random random = random_seeded(5, 0);
    fixture_fill(d->vectors, PHOTOS * FIXTURE_EMBEDDING, 2, &random);
    caption_error error;
    d->rollout = rollout_new(&d->fixture.decoder, PHOTOS * SAMPLES, LONGEST, &error);
    assert_non_null(d->rollout);
}

static void draws_free(struct draws *d) {
    rollout_free(d->rollout);
    fixture_free(&d->fixture);
}

static const struct rollout_caption *draw(struct draws *d, struct random *random) {
    const struct parameters *p = &d->fixture.parameters;
    return rollout_draw(d->rollout, p, d->vectors, PHOTOS, SAMPLES, random);
}

static void a_caption_ends_or_has_the_most_words(void **state) {
    (void)state;
    struct draws d;
    draws_init(&d, &cell_gru);
    struct random random = random_seeded(6, 0);
    bool ended = false, cut = false;
    for (size_t round = 0; round < 200; round++) {
        const struct rollout_caption *captions = draw(&d, &random);
        for (size_t i = 0; i < PHOTOS * SAMPLES; i++) {
            assert_in_range(captions[i].count, 0, LONGEST);
            if (!captions[i].ended) assert_int_equal(captions[i].count, LONGEST);
            for (size_t w = 0; w < captions[i].count; w++) {
                assert_in_range(captions[i].words[w], 0, WORDS - 1);
                assert_int_not_equal(captions[i].words[w], VOCABULARY_END);
            }
            ended |= captions[i].ended;
            cut |= !captions[i].ended;
        }
    }
    assert_true(ended && cut);
    draws_free(&d);
}

/* The chances of the first word after the photo's vector and <start>, at which it may be seen
 * again.
 */
static void first_word_chances(const struct draws *d, size_t photo, double chances[WORDS]) {
    const struct parameters *p = &d->fixture.parameters;
    const struct decoder *decoder = &d->fixture.decoder;
    real states[2 * FIXTURE_HIDDEN] = {0}, logits[WORDS];
    caption_error error;
    struct decoder_scratch *scratch = decoder_scratch_new(decoder, 1, &error);
    const int32_t image = DECODER_VECTOR - (int32_t)photo, start = VOCABULARY_START;
    decoder_step(decoder, p,
                 &(struct decoder_inputs){.rows = 1, .words = &image, .vectors = d->vectors},
                 states, NULL, scratch);
    decoder_step(decoder, p,
                 &(struct decoder_inputs){.rows = 1,
                                          .words = &start,
                                          .added = decoder->image_every ? &image : NULL,
                                          .vectors = d->vectors},
                 states, logits, scratch);
    decoder_scratch_free(scratch);
    double sum = 0;
    for (size_t w = 0; w < WORDS; w++) sum += exp((double)logits[w]);
    for (size_t w = 0; w < WORDS; w++) chances[w] = exp((double)logits[w]) / sum;
}

static void expect_chances(const struct cell *cell, bool image_every) {
    enum { ROUNDS = 4000 };
    struct draws d;
    draws_init(&d, cell);
    d.fixture.decoder.image_every = image_every;
    struct random random = random_seeded(7, 0);
    size_t counts[PHOTOS][WORDS] = {{0}};
    for (size_t round = 0; round < ROUNDS; round++) {
        const struct rollout_caption *captions = draw(&d, &random);
        for (size_t i = 0; i < PHOTOS * SAMPLES; i++) {
            const bool empty = captions[i].count == 0;
            counts[i / SAMPLES][empty ? VOCABULARY_END : captions[i].words[0]]++;
        }
    }
    for (size_t photo = 0; photo < PHOTOS; photo++) {
        double chances[WORDS];
        first_word_chances(&d, photo, chances);
        for (size_t w = 0; w < WORDS; w++) {
            /* Five standard deviations of a count. */
            const double n = ROUNDS * SAMPLES, expected = chances[w] * n;
            const double allowed = 5 * sqrt(n * chances[w] * (1 - chances[w]));
            assert_true(fabs((double)counts[photo][w] - expected) <= allowed + 1e-9);
        }
    }
    draws_free(&d);
}

static void words_come_as_often_as_the_decoder_expects_them(void **state) {
    (void)state;
    static const struct cell *const cells[] = {&cell_rnn, &cell_gru, &cell_lstm};
    for (size_t c = 0; c < 3; c++) expect_chances(cells[c], false);
    expect_chances(&cell_gru, true);
}

static void the_same_random_numbers_give_the_same_captions(void **state) {
    (void)state;
    struct draws d;
    draws_init(&d, &cell_lstm);
    int32_t before[PHOTOS * SAMPLES][LONGEST];
    size_t counts[PHOTOS * SAMPLES];
    struct random random = random_seeded(8, 0);
    const struct rollout_caption *captions = draw(&d, &random);
    for (size_t i = 0; i < PHOTOS * SAMPLES; i++) {
        counts[i] = captions[i].count;
        memcpy(before[i], captions[i].words, counts[i] * sizeof **before);
    }
    draw(&d, &random);
    random = random_seeded(8, 0);
    captions = draw(&d, &random);
    for (size_t i = 0; i < PHOTOS * SAMPLES; i++) {
        assert_int_equal(captions[i].count, counts[i]);
        assert_memory_equal(captions[i].words, before[i], counts[i] * sizeof **before);
    }
    draws_free(&d);
}

/* With outputs so large that the likeliest word is certain, a caption tells whose it is: photos
 * drawn together say what each says alone, though some captions end before others. */
static void expect_own_captions(bool image_every) {
    enum { MANY = 12 };
    struct fixture f =
        fixture_sized(&cell_lstm, WORDS, FIXTURE_EMBEDDING, FIXTURE_HIDDEN, FIXTURE_FEATURES, 1);
    const struct parameters *p = &f.parameters;
    f.decoder.image_every = image_every;
    parameters_at(p, p->values, f.decoder.output_bias)[VOCABULARY_END] = 1;
    decoder_scale_logits(&f.decoder, &f.parameters, 1e-6F);
    real vectors[MANY * FIXTURE_EMBEDDING];
    struct random random = random_seeded(9, 0);
    fixture_fill(vectors, MANY * FIXTURE_EMBEDDING, 8, &random);
    struct rollout *together = rollout_new(&f.decoder, MANY, LONGEST, NULL);
    struct rollout *alone = rollout_new(&f.decoder, 1, LONGEST, NULL);
    assert_true(together && alone);
    const struct rollout_caption *all = rollout_draw(together, p, vectors, MANY, 1, &random);
    size_t shortest = LONGEST, longest = 0;
    for (size_t i = 0; i < MANY; i++) {
        const struct rollout_caption *own =
            rollout_draw(alone, p, vectors + i * FIXTURE_EMBEDDING, 1, 1, &random);
        assert_int_equal(all[i].count, own->count);
        assert_memory_equal(all[i].words, own->words, own->count * sizeof *own->words);
        if (own->count < shortest) shortest = own->count;
        if (own->count > longest) longest = own->count;
    }
    assert_true(shortest + 2 < longest);
    rollout_free(together);
    rollout_free(alone);
    fixture_free(&f);
}

static void captions_drawn_together_are_those_drawn_alone(void **state) {
    (void)state;
    expect_own_captions(false);
    expect_own_captions(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caption_ends_or_has_the_most_words),
        cmocka_unit_test(words_come_as_often_as_the_decoder_expects_them),
        cmocka_unit_test(captions_drawn_together_are_those_drawn_alone),
        cmocka_unit_test(the_same_random_numbers_give_the_same_captions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

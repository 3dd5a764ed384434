/* Synthetic features: what their words look like, and as much else as a real photo shows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/features.h"

/* A world of photos that show some of three things. A thing seen moves a number of the features;
 * the last numbers are of what no word tells. */
enum { DOG = VOCABULARY_SPECIALS, BALL, CAT, RARE, WORDS };
enum { PHOTOS = 400, CAPTIONS = 2, WIDTH = 8, FIRST_UNTOLD = 3 };

struct world {
    int32_t words[PHOTOS * CAPTIONS * 4];
    size_t begin[PHOTOS * CAPTIONS + 1];
    struct captions captions;
    struct captions_part photos[PHOTOS];
    float features[PHOTOS][WIDTH];
};

/* All captions of a photo say all that it shows, and <unk>. */
static struct world *world_new(void) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    struct random random = random_seeded(5, 0);
    size_t next = 0, caption = 0;
    for (size_t i = 0; i < PHOTOS; i++) {
        bool shows[3];
        for (size_t thing = 0; thing < 3; thing++) shows[thing] = random_below(&random, 2) == 0;
        w->photos[i] = (struct captions_part){&w->captions, caption, CAPTIONS};
        for (size_t j = 0; j < CAPTIONS; j++) {
            w->begin[caption++] = next;
            for (int thing = 0; thing < 3; thing++) {
                if (shows[thing]) w->words[next++] = DOG + thing;
            }
            w->words[next++] = i == 7 ? RARE : VOCABULARY_UNK;
        }
        float *features = w->features[i];
        for (size_t f = 0; f < WIDTH; f++) features[f] = 4;
        for (size_t thing = 0; thing < 3; thing++) features[thing] += shows[thing] ? 1 : -1;
        for (size_t f = FIRST_UNTOLD; f < WIDTH; f++) features[f] += random_normal(&random);
    }
    w->begin[caption] = next;
    w->captions =
        (struct captions){w->words, w->begin, PHOTOS * CAPTIONS, .longest = 4, .most = CAPTIONS};
    return w;
}

static struct synthetic_features *synthetic_of(struct world *w, size_t thread_count) {
    const struct features features = {.count = PHOTOS, .width = WIDTH, .plain = w->features[0]};
    caption_error error = {0};
    struct threads *threads = threads_new(thread_count, &error);
    struct synthetic_features *synthetic =
        synthetic_features_new(w->photos, PHOTOS, WORDS, &features, threads, &error);
    if (!synthetic) fail_msg("%s", error.message);
    threads_free(threads);
    return synthetic;
}

/* Mean and variance of the features of many photos of which a caption is said. */
static void draw(const struct synthetic_features *synthetic, int32_t word, double mean[WIDTH],
                 double variance[WIDTH]) {
    enum { DRAWS = 2000 };
    const size_t begin[] = {0, 1};
    const struct captions captions = {&word, (size_t *)begin, 1, .longest = 1, .most = 1};
    const struct captions_part said = {&captions, 0, 1};
    struct random random = random_seeded(1, 1);
    memset(mean, 0, WIDTH * sizeof *mean);
    memset(variance, 0, WIDTH * sizeof *variance);
    for (size_t i = 0; i < DRAWS; i++) {
        float features[WIDTH];
        synthetic_features_draw(synthetic, &said, &random, features);
        for (size_t f = 0; f < WIDTH; f++) {
            mean[f] += (double)features[f] / DRAWS;
            variance[f] += (double)(features[f] * features[f]) / DRAWS;
        }
    }
    for (size_t f = 0; f < WIDTH; f++) variance[f] -= mean[f] * mean[f];
}

static void a_photo_looks_as_its_words_say(void **state) {
    (void)state;
    struct world *w = world_new();
    struct synthetic_features *synthetic = synthetic_of(w, 1);
    for (int32_t thing = 0; thing < 3; thing++) {
        double mean[WIDTH], variance[WIDTH];
        draw(synthetic, DOG + thing, mean, variance);
        for (int32_t other = 0; other < 3; other++) {
            if (other != thing) assert_true(mean[thing] > mean[other] + 0.1);
        }
    }
    synthetic_features_free(synthetic);
    free(w);
}

/* As unit vectors, features that no word explains vary in synthetic photos as in real ones. */
static void what_words_do_not_tell_is_as_in_other_photos(void **state) {
    (void)state;
    struct world *w = world_new();
    struct synthetic_features *synthetic = synthetic_of(w, 1);
    double mean[WIDTH], variance[WIDTH];
    draw(synthetic, DOG, mean, variance);
    for (size_t f = FIRST_UNTOLD; f < WIDTH; f++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < PHOTOS; i++) {
            double length = 0;
            for (size_t g = 0; g < WIDTH; g++)
                length += (double)(w->features[i][g] * w->features[i][g]);
            const double unit = (double)w->features[i][f] / sqrt(length);
            sum += unit / PHOTOS;
            squares += unit * unit / PHOTOS;
        }
        assert_true(fabs(variance[f] / (squares - sum * sum) - 1) < 0.25);
    }
    synthetic_features_free(synthetic);
    free(w);
}

static void words_of_few_photos_and_unknown_ones_say_nothing(void **state) {
    (void)state;
    struct world *w = world_new();
    struct synthetic_features *synthetic = synthetic_of(w, 1);
    double rare[WIDTH], unknown[WIDTH], variance[WIDTH];
    draw(synthetic, RARE, rare, variance);
    draw(synthetic, VOCABULARY_UNK, unknown, variance);
    for (size_t f = 0; f < WIDTH; f++) assert_float_equal(rare[f], unknown[f], 0);
    synthetic_features_free(synthetic);
    free(w);
}

static void any_number_of_threads_gives_the_same_features(void **state) {
    (void)state;
    struct world *w = world_new();
    struct synthetic_features *one = synthetic_of(w, 1), *four = synthetic_of(w, 4);
    struct random random = random_seeded(2, 0), same = random;
    float a[WIDTH], b[WIDTH];
    synthetic_features_draw(one, &w->photos[3], &random, a);
    synthetic_features_draw(four, &w->photos[3], &same, b);
    assert_memory_equal(a, b, sizeof a);
    synthetic_features_free(one);
    synthetic_features_free(four);
    free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_looks_as_its_words_say),
        cmocka_unit_test(what_words_do_not_tell_is_as_in_other_photos),
        cmocka_unit_test(words_of_few_photos_and_unknown_ones_say_nothing),
        cmocka_unit_test(any_number_of_threads_gives_the_same_features),
    };
    return cmocka_run_group_tests_name("synthetic_features", tests, NULL, NULL);
}

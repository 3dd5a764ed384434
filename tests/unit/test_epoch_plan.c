/* An epoch shows each data set as often as it is repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/history.h"
#include "train/trainer.h"

enum { FIRST = 3, PHOTOS = 10, STRIDE = 20, MOST = 64 };

/* How often each photo is shown in an epoch, in shown[STRIDE]; no showing stands twice. */
static size_t count_shown(float repeat, uint64_t seed, size_t epoch, size_t *shown) {
    const struct epoch_share share = {FIRST, PHOTOS, repeat};
    size_t turns[STRIDE] = {0}, showings[MOST];
    epoch_plan_turns(&share, random_seeded(seed, 1), turns);
    const size_t count = epoch_plan_fill(&share, turns, epoch, STRIDE, showings);
    assert_int_equal(count, epoch_plan_showings(&share));
    memset(shown, 0, STRIDE * sizeof *shown);
    for (size_t i = 0; i < count; i++) {
        const size_t photo = showings[i] % STRIDE;
        assert_in_range(photo, FIRST, FIRST + PHOTOS - 1);
        shown[photo]++;
        for (size_t j = 0; j < i; j++) assert_int_not_equal(showings[i], showings[j]);
    }
    return count;
}

static void once_is_every_photo_in_its_order(void **state) {
    (void)state;
    const struct epoch_share share = {FIRST, PHOTOS, 1};
    size_t turns[STRIDE] = {0}, showings[MOST];
    epoch_plan_turns(&share, random_seeded(1, 1), turns);
    assert_int_equal(epoch_plan_fill(&share, turns, 7, STRIDE, showings), PHOTOS);
    for (size_t i = 0; i < PHOTOS; i++) assert_int_equal(showings[i], FIRST + i);
}

static void whole_repeats_show_every_photo_as_often(void **state) {
    (void)state;
    size_t shown[STRIDE];
    assert_int_equal(count_shown(3, 1, 0, shown), 3 * PHOTOS);
    for (size_t i = FIRST; i < FIRST + PHOTOS; i++) assert_int_equal(shown[i], 3);
    assert_int_equal(count_shown(0, 1, 0, shown), 0);
}

static void a_fraction_shows_some_photos_once_more(void **state) {
    (void)state;
    size_t shown[STRIDE], more = 0;
    assert_int_equal(count_shown(2.3F, 1, 4, shown), 2 * PHOTOS + 3);
    for (size_t i = FIRST; i < FIRST + PHOTOS; i++) {
        assert_in_range(shown[i], 2, 3);
        more += shown[i] == 3;
    }
    assert_int_equal(more, 3);
    assert_int_equal(count_shown(0.01F, 1, 0, shown), 1);
}

static void epochs_take_turns_until_every_photo_was_shown(void **state) {
    (void)state;
    size_t shown[STRIDE], sum[STRIDE] = {0}, before[STRIDE] = {0};
    for (size_t epoch = 0; epoch < 5; epoch++) {
        count_shown(0.4F, 1, epoch, shown);
        assert_memory_not_equal(shown, before, sizeof shown);
        memcpy(before, shown, sizeof before);
        for (size_t i = 0; i < STRIDE; i++) sum[i] += shown[i];
    }
    for (size_t i = FIRST; i < FIRST + PHOTOS; i++) assert_int_equal(sum[i], 2);
}

static void the_seed_chooses_the_share(void **state) {
    (void)state;
    size_t shown[STRIDE], same[STRIDE], other[STRIDE];
    count_shown(0.5F, 1, 0, shown);
    count_shown(0.5F, 1, 0, same);
    count_shown(0.5F, 2, 0, other);
    assert_memory_equal(shown, same, sizeof shown);
    assert_memory_not_equal(shown, other, sizeof shown);
}

static void an_epoch_scores_the_mean_of_its_parts(void **state) {
    (void)state;
    const struct train_part_scores parts[2] = {
        {{.bleu = {0.6, 0.4, 0.3, 0.2}, .rouge_l = 0.5, .cider = 0.9}, 4, 7},
        {{.bleu = {0.2, 0.2, 0.1, 0}, .rouge_l = 0.1, .cider = 0.3}, 9, 5}};
    struct train_epoch epoch = {0};
    history_sum_up(parts, 2, &epoch);
    assert_true(epoch.scores.cider > 0.5999 && epoch.scores.cider < 0.6001);
    assert_true(epoch.scores.bleu[3] > 0.0999 && epoch.scores.bleu[3] < 0.1001);
    assert_true(epoch.perplexity > 5.999 && epoch.perplexity < 6.001);
    assert_int_equal(epoch.distinct, 12);
    history_sum_up(parts, 1, &epoch);
    assert_memory_equal(&epoch.scores, &parts[0].scores, sizeof epoch.scores);
    assert_true(epoch.perplexity == 4);
}

static void a_buffer_shuffles_all_but_brings_none_early(void **state) {
    (void)state;
    enum { COUNT = 60, BUFFER = 7 };
    size_t first[COUNT], second[COUNT], seen[COUNT] = {0}, moved = 0;
    for (size_t i = 0; i < COUNT; i++) first[i] = second[i] = i;
    struct random random = random_seeded(1, 1), other = random_seeded(2, 1);
    epoch_plan_shuffle(&random, first, COUNT, BUFFER);
    epoch_plan_shuffle(&other, second, COUNT, BUFFER);
    assert_memory_not_equal(first, second, sizeof first);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(first[i] < i + BUFFER);
        seen[first[i]]++;
        moved += first[i] != i;
    }
    for (size_t i = 0; i < COUNT; i++) assert_int_equal(seen[i], 1);
    assert_true(moved > COUNT / 2);
    for (size_t i = 0; i < COUNT; i++) first[i] = i;
    epoch_plan_shuffle(&random, first, COUNT, 1);
    for (size_t i = 0; i < COUNT; i++) assert_int_equal(first[i], i);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_is_every_photo_in_its_order),
        cmocka_unit_test(whole_repeats_show_every_photo_as_often),
        cmocka_unit_test(a_fraction_shows_some_photos_once_more),
        cmocka_unit_test(epochs_take_turns_until_every_photo_was_shown),
        cmocka_unit_test(the_seed_chooses_the_share),
        cmocka_unit_test(an_epoch_scores_the_mean_of_its_parts),
        cmocka_unit_test(a_buffer_shuffles_all_but_brings_none_early),
    };
    return cmocka_run_group_tests_name("epoch plan", tests, NULL, NULL);
}

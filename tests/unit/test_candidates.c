/* The selection of the best few against sorting everything. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "decode/rows.h"

enum { PARENTS = 5, MOST_WORDS = 700, MOST_KEPT = 200 };

static int by_rank(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->logprob > y->logprob || x->logprob < y->logprob) return x->logprob > y->logprob ? -1 : 1;
    if (x->word != y->word) return x->word < y->word ? -1 : 1;
    return x->parent < y->parent ? -1 : 1;
}

/* Rows of `words` logits; `levels` different ones, so that there are ties, and some forbidden. */
static void equals_a_sort(size_t words, size_t kept, size_t levels, uint64_t seed) {
    static real logits[PARENTS][MOST_WORDS];
    static struct candidate all[PARENTS * MOST_WORDS], found[MOST_KEPT];
    struct random random = random_seeded(seed, words);
    struct candidates candidates = {.items = found, .capacity = kept};
    size_t count = 0;
    for (uint32_t parent = 0; parent < PARENTS; parent++) {
        const double base = -(double)random_below(&random, 3);
        for (uint32_t word = 0; word < words; word++) {
            real *logit = &logits[parent][word];
            *logit = (real)random_below(&random, levels) / 16;
            if (random_below(&random, 5) == 0) *logit = -INFINITY;
            if (isinf(*logit)) continue;
            all[count++] = (struct candidate){base + (double)*logit, word, parent};
        }
        candidates_offer(&candidates, logits[parent], words, base, parent);
    }
    candidates_sort(&candidates);
    qsort(all, count, sizeof *all, by_rank);
    assert_int_equal(candidates.count, count < kept ? count : kept);
    for (size_t i = 0; i < candidates.count; i++) {
        assert_int_equal(found[i].word, all[i].word);
        assert_int_equal(found[i].parent, all[i].parent);
        assert_true(fabs(found[i].logprob - all[i].logprob) <= 0);
    }
}

static void the_best_few_are_the_first_of_a_sort(void **state) {
    (void)state;
    static const size_t words[] = {1, 63, 64, 65, 128, 333, MOST_WORDS};
    static const size_t kept[] = {1, 2, 3, 5, 17, MOST_KEPT};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            for (uint64_t seed = 0; seed < 4; seed++) {
                equals_a_sort(words[w], kept[k], 1 << 20, seed);
                equals_a_sort(words[w], kept[k], 7, seed);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_best_few_are_the_first_of_a_sort)};
    return cmocka_run_group_tests_name("candidates", tests, NULL, NULL);
}

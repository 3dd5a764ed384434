#include "temporary_file.h"

#include <math.h>
#include <time.h>

#include "base/json.h"
#include "base/random.h"
#include "eval/scores.h"

/* A sentence split on single spaces, as the golden scores were made. */
static struct tokens split(const char *sentence) {
    char *words = strdup(sentence);
    assert_non_null(words);
    size_t count = *sentence ? 1 : 0;
    for (char *c = words; *c; c++) {
        if (*c != ' ') continue;
        *c = '\0';
        count++;
    }
    struct tokens tokens;
    caption_error error;
    assert_true(tokens_pack(words, count ? strlen(sentence) + 1 : 0, count, &tokens, &error));
    free(words);
    return tokens;
}

/* Photos with candidates and references, owned. */
struct corpus {
    struct scores_item *items;
    struct tokens *candidates;
    struct tokens **references;
    size_t count;
};

static struct corpus corpus_new(size_t count) {
    struct corpus corpus = {.items = calloc(count, sizeof *corpus.items),
                            .candidates = calloc(count, sizeof *corpus.candidates),
                            .references = calloc(count, sizeof *corpus.references),
                            .count = count};
    assert_true(corpus.items && corpus.candidates && corpus.references);
    return corpus;
}

static void corpus_set(struct corpus *corpus, size_t index, const char *candidate,
                       const char *const *references, size_t count) {
    corpus->candidates[index] = split(candidate);
    corpus->references[index] = calloc(count + 1, sizeof **corpus->references);
    assert_non_null(corpus->references[index]);
    for (size_t i = 0; i < count; i++) corpus->references[index][i] = split(references[i]);
    corpus->items[index] =
        (struct scores_item){&corpus->candidates[index], corpus->references[index], count};
}

static void corpus_free(struct corpus *corpus) {
    for (size_t i = 0; i < corpus->count; i++) {
        for (size_t j = 0; j < corpus->items[i].reference_count; j++) {
            tokens_free(&corpus->references[i][j]);
        }
        tokens_free(&corpus->candidates[i]);
        free(corpus->references[i]);
    }
    free(corpus->items);
    free(corpus->candidates);
    free(corpus->references);
}

static void assert_near(double found, double expected, double tolerance, const char *what) {
    if (!(fabs(found - expected) <= tolerance)) {
        fail_msg("%s: expected %.12g, found %.12g", what, expected, found);
    }
}

/* Every score that the golden object holds; returns how many. */
static size_t assert_golden(const struct scores *scores, const cJSON *golden) {
    caption_error error;
    cJSON *found = scores_json(scores, &error);
    assert_non_null(found);
    size_t compared = 0;
    const cJSON *expected;
    cJSON_ArrayForEach(expected, golden) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(found, expected->string);
        assert_non_null(value);
        assert_near(value->valuedouble, expected->valuedouble, 1e-6, expected->string);
        compared++;
    }
    cJSON_Delete(found);
    return compared;
}

static struct corpus corpus_of_golden(const cJSON *images) {
    struct corpus corpus = corpus_new((size_t)cJSON_GetArraySize(images));
    size_t index = 0;
    const cJSON *image;
    cJSON_ArrayForEach(image, images) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(image, "references");
        const char *references[16];
        size_t count = 0;
        const cJSON *reference;
        cJSON_ArrayForEach(reference, list) {
            assert_true(count < 16);
            references[count++] = reference->valuestring;
        }
        const cJSON *candidate = cJSON_GetObjectItemCaseSensitive(image, "candidate");
        corpus_set(&corpus, index++, candidate->valuestring, references, count);
    }
    return corpus;
}

static void scores_equal_those_of_the_reference_scorers(void **state) {
    (void)state;
    char *path = shared_file("metrics/golden.json");
    caption_error error = {0};
    cJSON *golden = json_read(path, &error);
    assert_non_null(golden);
    size_t compared = 0;
    const cJSON *test;
    cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(golden, "cases")) {
        struct corpus corpus = corpus_of_golden(cJSON_GetObjectItemCaseSensitive(test, "images"));
        struct scores scores, *per_photo = calloc(corpus.count, sizeof *per_photo);
        assert_non_null(per_photo);
        assert_true(scores_compute(corpus.items, corpus.count, &scores, per_photo, &error));
        compared += assert_golden(&scores, cJSON_GetObjectItemCaseSensitive(test, "corpus"));
        size_t index = 0;
        const cJSON *expected;
        cJSON_ArrayForEach(expected, cJSON_GetObjectItemCaseSensitive(test, "per_image")) {
            compared += assert_golden(&per_photo[index++], expected);
        }
        assert_int_equal(index, corpus.count);
        free(per_photo);
        corpus_free(&corpus);
    }
    assert_true(compared > 1000);
    cJSON_Delete(golden);
    free(path);
}

static struct scores scores_of(const char *candidate, const char *const *references, size_t count) {
    struct corpus corpus = corpus_new(1);
    corpus_set(&corpus, 0, candidate, references, count);
    struct scores scores;
    caption_error error;
    assert_true(scores_compute(corpus.items, 1, &scores, NULL, &error));
    corpus_free(&corpus);
    return scores;
}

static void counts_are_clipped_to_the_reference_that_has_most(void **state) {
    (void)state;
    /* The example of the BLEU paper: modified unigram precision 2 / 7. */
    const char *references[] = {"the cat is on the mat", "there is a cat on the mat"};
    struct scores scores = scores_of("the the the the the the the", references, 2);
    assert_near(scores.bleu[0], 2.0 / 7, 1e-6, "BLEU-1");
}

static void of_two_reference_lengths_as_close_the_shorter_counts(void **state) {
    (void)state;
    const char *references[] = {"a b c d e", "a b c"};
    /* Taken as 5 the reference would cost a brevity penalty of exp(-1/4). */
    assert_near(scores_of("a b c d", references, 2).bleu[0], 1, 1e-6, "BLEU-1");
}

static void rouge_takes_precision_and_recall_apart(void **state) {
    (void)state;
    const char *references[] = {"a b x y z v w", "c"};
    const double precision = 2.0 / 3, recall = 1, square = 1.44;
    assert_near(scores_of("a b c", references, 2).rouge_l,
                (1 + square) * precision * recall / (recall + square * precision), 1e-12,
                "ROUGE-L");
}

static void empty_candidates_and_references_have_finite_scores(void **state) {
    (void)state;
    const char *empty[] = {""}, *some[] = {"a dog"};
    struct scores nothing_said = scores_of("", some, 1);
    assert_near(nothing_said.bleu[0], 0, 1e-9, "BLEU-1");
    assert_near(nothing_said.rouge_l, 0, 0, "ROUGE-L");
    assert_near(nothing_said.cider, 0, 0, "CIDEr");
    struct scores nothing_wanted = scores_of("a dog", empty, 1);
    assert_near(nothing_wanted.bleu[0], 0, 1e-9, "BLEU-1");
    assert_near(nothing_wanted.rouge_l, 0, 0, "ROUGE-L");
    /* The reference scorer splits "" into one empty word, which equals itself. */
    assert_near(scores_of("", empty, 1).rouge_l, 1, 1e-12, "ROUGE-L");
}

static void one_photo_alone_has_no_cider(void **state) {
    (void)state;
    const char *references[] = {"a dog runs"};
    struct scores scores = scores_of("a dog runs", references, 1);
    assert_near(scores.cider, 0, 0, "CIDEr"); /* log(1 / 1) weighs every word 0 */
    assert_near(scores.rouge_l, 1, 1e-12, "ROUGE-L");
    assert_near(scores.bleu[2], 1, 1e-6, "BLEU-3");
}

static void no_photo_and_no_reference_are_errors(void **state) {
    (void)state;
    struct scores scores;
    caption_error error = {0};
    assert_false(scores_compute(NULL, 0, &scores, NULL, &error));
    assert_message_has(&error, "found none");
    struct corpus corpus = corpus_new(2);
    const char *references[] = {"a dog"};
    corpus_set(&corpus, 0, "a dog", references, 1);
    corpus_set(&corpus, 1, "a dog", references, 0);
    assert_false(scores_compute(corpus.items, 2, &scores, NULL, &error));
    assert_message_has(&error, "photo 1");
    corpus_free(&corpus);
}

/* A sentence of words that are drawn more often the smaller their number is. */
static void random_sentence(struct random *random, char *out, size_t size) {
    size_t length = 6 + random_below(random, 10), written = 0;
    for (size_t i = 0; i < length; i++) {
        size_t word = random_below(random, 1 + random_below(random, 1500));
        written += (size_t)snprintf(out + written, size - written, "%sw%zu", i ? " " : "", word);
    }
}

static void a_thousand_photos_are_scored_in_a_moment(void **state) {
    (void)state;
    struct random random = random_seeded(3, 0);
    struct corpus corpus = corpus_new(1000);
    for (size_t i = 0; i < corpus.count; i++) {
        char sentences[6][256];
        const char *references[5];
        for (size_t j = 0; j < 6; j++) {
            random_sentence(&random, sentences[j], sizeof sentences[j]);
            if (j > 0) references[j - 1] = sentences[j];
        }
        corpus_set(&corpus, i, sentences[0], references, 5);
    }
    struct scores scores;
    caption_error error;
    clock_t start = clock();
    assert_true(scores_compute(corpus.items, corpus.count, &scores, NULL, &error));
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("1000 photos, 5 references each: %.1f ms of processor time\n", seconds * 1000);
    assert_true(seconds < 1); /* ten times what it takes, for sanitizers and busy machines */
    corpus_free(&corpus);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_those_of_the_reference_scorers),
        cmocka_unit_test(counts_are_clipped_to_the_reference_that_has_most),
        cmocka_unit_test(of_two_reference_lengths_as_close_the_shorter_counts),
        cmocka_unit_test(rouge_takes_precision_and_recall_apart),
        cmocka_unit_test(empty_candidates_and_references_have_finite_scores),
        cmocka_unit_test(one_photo_alone_has_no_cider),
        cmocka_unit_test(no_photo_and_no_reference_are_errors),
        cmocka_unit_test(a_thousand_photos_are_scored_in_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "eval/scores.h"
#include "report/caption_table.h"
#include "report/score_table.h"

static caption_text two_captions[] = {{"a dog runs", -4.25, (double)NAN},
                                      {"a \"dog\"", -5.123456, (double)NAN}};

static const char *rows(struct caption_rows form, const char *path, const caption_result *result) {
    static char text[1024];
    memset(text, 0, sizeof text);
    form.stream = fmemopen(text, sizeof text, "w");
    assert_non_null(form.stream);
    assert_true(caption_rows_write(&form, path, result, NULL));
    fclose(form.stream);
    return text;
}

static void one_photo_is_its_caption_alone(void **state) {
    (void)state;
    caption_result result = {.count = 2, .captions = two_captions};
    struct caption_rows form = {0};
    assert_string_equal(rows(form, "a.jpg", &result), "a dog runs\n");
    form.with_path = true;
    assert_string_equal(rows(form, "a.jpg", &result), "a.jpg\ta dog runs\n");
    form.with_logprob = form.n_best = true;
    assert_string_equal(rows(form, "a.jpg", &result),
                        "a.jpg\t-4.2500\ta dog runs\na.jpg\t-5.1235\ta \"dog\"\n");
}

static void a_photo_that_failed_has_a_row_in_json_only(void **state) {
    (void)state;
    caption_result result = {.error = {CAPTION_ERROR_IO, "a.jpg: gone"}};
    struct caption_rows form = {.with_path = true};
    assert_string_equal(rows(form, "a.jpg", &result), "");
    form.json_lines = true;
    assert_string_equal(rows(form, "a.jpg", &result),
                        "{\"path\":\"a.jpg\",\"error\":\"a.jpg: gone\"}\n");
}

static void json_lines_hold_the_best_and_all(void **state) {
    (void)state;
    caption_result result = {.count = 2, .captions = two_captions};
    struct caption_rows form = {.json_lines = true, .n_best = true};
    assert_string_equal(
        rows(form, "a.jpg", &result),
        "{\"path\":\"a.jpg\",\"caption\":\"a dog runs\",\"logprob\":-4.25,\"captions\":["
        "{\"caption\":\"a dog runs\",\"logprob\":-4.25},"
        "{\"caption\":\"a \\\"dog\\\"\",\"logprob\":-5.1235}]}\n");
}

static void bytes_that_are_no_utf8_are_replaced(void **state) {
    (void)state;
    cJSON *text = json_text("a\xFF\xC3\xA9\xE2\x82z\n", NULL);
    assert_non_null(text);
    char *line = cJSON_PrintUnformatted(text);
    assert_string_equal(line, "\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBDz\\n\"");
    cJSON_free(line);
    cJSON_Delete(text);
}

static void a_logprob_that_is_not_finite_is_null(void **state) {
    (void)state;
    cJSON *number = json_logprob(-1.0 / 0.0);
    assert_true(cJSON_IsNull(number));
    cJSON_Delete(number);
}

static void write_scores(const struct score_table *table, bool json, char *out, size_t size) {
    memset(out, 0, size);
    FILE *stream = fmemopen(out, size, "w");
    assert_true(score_table_write(table, json, stream, NULL));
    fclose(stream);
}

static void the_table_is_times_100_and_json_is_fractions(void **state) {
    (void)state;
    const struct score_table table = {.photos = 10,
                                      .references = 50,
                                      .distinct = 7,
                                      .scores = {{0.5, 0.25, 0.125, 0.0625}, 0.375, 0.75}};
    char text[1024];
    write_scores(&table, false, text, sizeof text);
    assert_non_null(strstr(text, "CIDEr          75.00\n"));
    assert_null(strstr(text, "perplexity"));
    write_scores(&table, true, text, sizeof text);
    assert_string_equal(text, "{\"BLEU-1\":0.5,\"BLEU-2\":0.25,\"BLEU-3\":0.125,\"BLEU-4\":0.0625,"
                              "\"ROUGE-L\":0.375,\"CIDEr\":0.75,\"distinct\":7,\"photos\":10,"
                              "\"references\":50}\n");
}

static void a_perplexity_that_no_number_can_be_is_above_all_of_them(void **state) {
    (void)state;
    char text[1024];
    const struct score_table table = {.photos = 1, .perplexity = (double)INFINITY};
    write_scores(&table, false, text, sizeof text);
    assert_non_null(strstr(text, "perplexity   > 1e308\ndistinct"));
    write_scores(&table, true, text, sizeof text);
    assert_non_null(strstr(text, "\"perplexity\":null,"));
}

static void swaps_are_told_where_some_were_made(void **state) {
    (void)state;
    const struct score_table table = {.photos = 10, .swaps = {1000, 0.75, 0.5}};
    char text[1024];
    write_scores(&table, false, text, sizeof text);
    assert_non_null(strstr(text, "swaps           1000"));
    assert_non_null(strstr(text, "generated captions 75.0 %, references 50.0 %\n"));
    write_scores(&table, true, text, sizeof text);
    assert_non_null(
        strstr(text, ",\"swaps\":1000,\"swaps_generated\":0.75,\"swaps_references\":0.5}\n"));
}

static void what_the_surest_captions_score_is_told(void **state) {
    (void)state;
    const struct confidence_scores scores = {.count = 4,
                                             .calibration_error = 0.0625,
                                             .chance_error = 0.03125,
                                             .gain = 0.125,
                                             .rows = {{1, 0.25, 0.5, 0.75}}};
    const struct score_table table = {.photos = 4, .confidence = scores};
    char text[2048] = {0};
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_true(score_table_write(&table, false, stream, NULL));
    assert_true(confidence_table_write("coco", &scores, true, stream, NULL));
    fclose(stream);
    assert_non_null(
        strstr(text, "sure error      6.25   of the captions' confidences; by chance alone 3.12\n"
                     "sure gain      12.50   in CIDEr of the surer three quarters\n"
                     "surest 100 %   50.00   CIDEr, 75.0 % apt, with 0.25 or more\n"));
    assert_non_null(
        strstr(text, "{\"name\":\"coco\",\"photos\":4,\"confidence_calibration_error\":0.0625,"
                     "\"confidence_chance_error\":0.03125,\"confidence_gain\":0.125,"
                     "\"confidence_rows\":[{\"coverage\":1,\"confidence\":0.25,\"CIDEr\":0.5,"
                     "\"apt\":0.75},"));
}

static void captions_are_counted_by_their_words(void **state) {
    (void)state;
    char *first[] = {"a", "dog"}, *second[] = {"ad", "og"};
    const struct tokens captions[] = {{2, first}, {2, second}, {1, first}, {2, first}, {0, NULL}};
    size_t distinct;
    assert_true(distinct_count(captions, 5, &distinct, NULL));
    assert_int_equal(distinct, 4);
}

static void test_a_confidence_is_told_where_the_model_knows_it(void **state) {
    (void)state;
    static caption_text sure = {"a dog", -4.25, 0.625}, unsure = {"", -4.25, 0.125};
    const caption_result known = {.count = 1, .captions = &sure};
    const caption_result skipped = {.count = 1, .captions = &unsure};
    const struct caption_rows json = {.json_lines = true}, text = {.with_path = true};
    assert_string_equal(
        rows(json, "p", &known),
        "{\"path\":\"p\",\"caption\":\"a dog\",\"logprob\":-4.25,\"confidence\":0.625}\n");
    assert_string_equal(
        rows(json, "p", &skipped),
        "{\"path\":\"p\",\"caption\":\"\",\"logprob\":-4.25,\"confidence\":0.125}\n");
    assert_string_equal(rows(text, "p", &skipped), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_confidence_is_told_where_the_model_knows_it),
        cmocka_unit_test(one_photo_is_its_caption_alone),
        cmocka_unit_test(a_photo_that_failed_has_a_row_in_json_only),
        cmocka_unit_test(json_lines_hold_the_best_and_all),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(a_logprob_that_is_not_finite_is_null),
        cmocka_unit_test(the_table_is_times_100_and_json_is_fractions),
        cmocka_unit_test(a_perplexity_that_no_number_can_be_is_above_all_of_them),
        cmocka_unit_test(swaps_are_told_where_some_were_made),
        cmocka_unit_test(what_the_surest_captions_score_is_told),
        cmocka_unit_test(captions_are_counted_by_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

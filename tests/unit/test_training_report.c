/* The page of a training run, for any history. test_report.sh opens such pages in a browser. */
#include "image_files.h"
#include "temporary_file.h"

#include <math.h>

#include "base/text.h"
#include "report/training_report.h"
#include "report_fixture.h"

static const char COMMAND[] = "caption train data.json -o model";

/* The page of a history; freed with file_bytes_free. */
static struct file_bytes page_of(const struct train_history *history) {
    char *path = temporary_file_new();
    caption_error error = {0};
    struct training_report *report = training_report_new(path, COMMAND, &error);
    assert_non_null(report);
    if (!training_report_write(report, history, &error)) fail_msg("%s", error.message);
    training_report_free(report);
    struct file_bytes page;
    assert_true(file_read(path, 1 << 24, &page, NULL));
    temporary_file_free(path);
    return page;
}

static bool has(const struct file_bytes *page, const char *part) {
    return strstr((const char *)page->data, part) != NULL;
}

static size_t occurrences(const struct file_bytes *page, const char *part) {
    size_t count = 0;
    for (const char *at = (const char *)page->data; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

/* Whole, valid UTF-8 without control characters, and without numbers that are none. */
static void assert_sound(const struct file_bytes *page) {
    assert_memory_equal(page->data, "<!DOCTYPE html>", 15);
    assert_true(has(page, "</body>\n</html>\n"));
    assert_int_equal(strlen((const char *)page->data), page->size);
    for (size_t at = 0; at < page->size;) {
        uint32_t code;
        size_t length = utf8_decode((const char *)page->data + at, page->size - at, &code);
        assert_true(length > 0);
        assert_true(code >= ' ' || code == '\n' || code == '\t');
        at += length;
    }
    assert_false(has(page, "http:"));
    assert_false(has(page, "https:"));
    assert_false(has(page, "=\"nan"));
    assert_false(has(page, "=\"inf"));
    assert_false(has(page, ">nan"));
}

/* A photo that can be read; freed with temporary_file_free. */
static char *photo_new(size_t width, size_t height) {
    struct image image = gradient_new(width, height);
    struct bytes file = ppm_new(&image);
    char *path = temporary_file_new();
    temporary_file_write(path, file.data, file.size);
    bytes_free(&file);
    image_free(&image);
    return path;
}

static void before_the_first_epoch_the_page_says_so(void **state) {
    (void)state;
    char *photo = photo_new(64, 48);
    const char *paths[] = {photo};
    struct train_history history = fixture_history(0, 20, 0, paths, 1);
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_true(has(&page, "No epoch has ended yet. About 74\xC2\xA0s of training are left."));
    assert_true(has(&page, "6,000"));
    assert_int_equal(occurrences(&page, "<svg"), 0);
    assert_int_equal(occurrences(&page, "<table"), 0);
    assert_int_equal(occurrences(&page, "<img"), 1);
    assert_false(has(&page, "<input"));
    file_bytes_free(&page);
    fixture_history_free(&history);
    temporary_file_free(photo);
}

static void an_empty_history_is_a_page_too(void **state) {
    (void)state;
    const struct train_history history = {0};
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_true(has(&page, COMMAND));
    file_bytes_free(&page);
}

static void one_epoch_has_curves_a_row_and_captions(void **state) {
    (void)state;
    char *photo = photo_new(64, 48);
    const char *paths[] = {photo};
    struct train_history history = fixture_history(1, 20, 0, paths, 1);
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_int_equal(occurrences(&page, "<svg"), 4);
    assert_int_equal(occurrences(&page, "<th scope=\"row\">"), 1);
    assert_true(has(&page, "Epoch 1 of 20 has ended."));
    assert_true(has(&page, "<p class=\"said\" dir=\"auto\">a a a</p>"));
    assert_true(has(&page, "of training are left"));
    file_bytes_free(&page);
    fixture_history_free(&history);
    temporary_file_free(photo);
}

static void epochs_that_say_the_same_are_one_line(void **state) {
    (void)state;
    char *photo = photo_new(64, 48);
    const char *paths[] = {photo, photo};
    struct train_history history = fixture_history(20, 20, 2, paths, 2);
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_int_equal(occurrences(&page, "<th scope=\"row\">"), 20);
    assert_int_equal(occurrences(&page, "<img"), 2);
    assert_true(has(&page, "<li data-from=\"3\" data-to=\"4\"><span>epochs 3\xE2\x80\x93"
                           "4</span> "
                           "<bdi>a dog is on a a</bdi></li>"));
    assert_true(has(&page, "data-from=\"11\" data-to=\"20\""));
    assert_int_equal(occurrences(&page, "not validated"), 2);
    assert_int_equal(occurrences(&page, ">best<"), 2); /* in the table and in the chart */
    assert_true(has(&page, "All 20 epochs have ended."));
    assert_true(has(&page, "min=\"3\" max=\"20\""));
    file_bytes_free(&page);
    fixture_history_free(&history);
    temporary_file_free(photo);
}

static void text_epochs_alone_have_no_scores_and_no_captions(void **state) {
    (void)state;
    char *photo = photo_new(64, 48);
    const char *paths[] = {photo};
    struct train_history history = fixture_history(2, 20, 2, paths, 1);
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_int_equal(occurrences(&page, "<svg"), 2); /* loss and learning rate */
    assert_false(has(&page, "CIDEr so far"));
    assert_false(has(&page, "<p class=\"said\""));
    assert_false(has(&page, "<input"));
    file_bytes_free(&page);
    fixture_history_free(&history);
    temporary_file_free(photo);
}

static void hostile_names_and_captions_stay_text(void **state) {
    (void)state;
    const char *paths[] = {"\"><script>alert(1)</script>\x01\xFF.jpg"};
    struct train_history history = fixture_history(3, 3, 0, paths, 1);
    char *words[] = {"<img", "src=x", "onerror='alert(1)'>", "\xC3"};
    const struct tokens reference = {4, words};
    history.samples[0].references = &reference;
    history.samples[0].reference_count = 1;
    char hostile[] = "</script><script>alert('2')</script>&amp;\x1B\xC0\x80", none[] = "";
    char *captions[] = {hostile, none, NULL};
    char **kept = history.captions;
    history.captions = captions;
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_int_equal(occurrences(&page, "<script>"), 1); /* our own */
    assert_int_equal(occurrences(&page, "</script>"), 1);
    assert_int_equal(occurrences(&page, "<img"), 0);
    assert_true(has(&page, "&lt;img src=x onerror=&#39;alert(1)&#39;&gt; \xEF\xBF\xBD"));
    assert_true(has(&page, "&amp;amp;\xEF\xBF\xBD"));
    assert_true(has(&page, "(no word)"));
    file_bytes_free(&page);
    history.captions = kept;
    fixture_history_free(&history);
}

static void a_photo_that_cannot_be_read_has_a_place_and_a_reason(void **state) {
    (void)state;
    const char *paths[] = {"/nowhere/photo.jpg"};
    struct train_history history = fixture_history(2, 3, 0, paths, 1);
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    assert_true(has(&page, "class=\"missing\"><bdi>/nowhere/photo.jpg: cannot open"));
    assert_int_equal(occurrences(&page, "<img"), 0);
    file_bytes_free(&page);
    fixture_history_free(&history);
}

static void numbers_that_are_none_break_nothing(void **state) {
    (void)state;
    struct train_history history = fixture_history(6, 6, 0, NULL, 0);
    const double bad[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, 1e300, 0, -1e300};
    for (size_t e = 0; e < 6; e++) {
        struct train_epoch *epoch = &history.epochs[e];
        epoch->loss = epoch->perplexity = epoch->scores.cider = epoch->seconds = bad[e];
        epoch->words_per_second = epoch->scores.bleu[3] = bad[e];
    }
    for (size_t i = 0; i < history.point_count; i++)
        history.points[i] =
            (struct train_point){bad[i % 5], bad[(i + 1) % 6], bad[i % 6], bad[i % 3]};
    history.summary.coverage = history.seconds_left = (double)NAN;
    struct file_bytes page = page_of(&history);
    assert_sound(&page);
    file_bytes_free(&page);
    fixture_history_free(&history);
}

/* The photo is gone after the first page; the second one still shows it. */
static void photos_are_read_once(void **state) {
    (void)state;
    char *photo = photo_new(64, 48), *path = temporary_file_new();
    const char *paths[] = {photo};
    struct train_history history = fixture_history(2, 3, 0, paths, 1);
    struct training_report *report = training_report_new(path, COMMAND, NULL);
    assert_non_null(report);
    for (size_t page_number = 0; page_number < 2; page_number++) {
        assert_true(training_report_write(report, &history, NULL));
        struct file_bytes page;
        assert_true(file_read(path, 1 << 24, &page, NULL));
        assert_int_equal(occurrences(&page, "<img"), 1);
        file_bytes_free(&page);
        unlink(photo);
    }
    training_report_free(report);
    fixture_history_free(&history);
    temporary_file_free(path);
    free(photo);
}

static void a_path_that_cannot_be_written_is_an_error(void **state) {
    (void)state;
    const struct train_history history = {0};
    struct training_report *report = training_report_new("/nowhere/r.html", COMMAND, NULL);
    caption_error error = {0};
    assert_false(training_report_write(report, &history, &error));
    assert_message_has(&error, "/nowhere/r.html");
    training_report_free(report);
    training_report_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_epoch_the_page_says_so),
        cmocka_unit_test(an_empty_history_is_a_page_too),
        cmocka_unit_test(one_epoch_has_curves_a_row_and_captions),
        cmocka_unit_test(epochs_that_say_the_same_are_one_line),
        cmocka_unit_test(text_epochs_alone_have_no_scores_and_no_captions),
        cmocka_unit_test(hostile_names_and_captions_stay_text),
        cmocka_unit_test(a_photo_that_cannot_be_read_has_a_place_and_a_reason),
        cmocka_unit_test(numbers_that_are_none_break_nothing),
        cmocka_unit_test(photos_are_read_once),
        cmocka_unit_test(a_path_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

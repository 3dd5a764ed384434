/* The history of a run survives being written and read; one that no run wrote is refused. */
#include "temporary_file.h"

#include <math.h>

#include "train/history.h"

enum { SAMPLES = 2 };

static struct train_history history_with_samples(size_t count) {
    struct train_history history = {.sample_count = count};
    history.samples = calloc(count + 1, sizeof *history.samples);
    assert_non_null(history.samples);
    return history;
}

static struct train_epoch some_epoch(size_t number, enum train_phase phase) {
    return (struct train_epoch){
        .epoch = number,
        .epochs = 3,
        .phase = phase,
        .loss = 1.0 / 3 / (double)number,
        .perplexity = 17.1,
        .scores = {.bleu = {0.7, 0.5, 0.3, 0.1}, .rouge_l = 0.2, .cider = 0.9},
        .distinct = 5,
        .best = number == 2,
        .seconds = 1e-300,
        .words_per_second = 123456.789};
}

static struct train_history some_history(void) {
    struct train_history history = history_with_samples(SAMPLES);
    static char strange[] = "a \"dog\"\n\\ l\xc3\xa4uft";
    char *const said[SAMPLES] = {strange, NULL};
    const struct train_epoch text = some_epoch(1, TRAIN_TEXT), frozen = some_epoch(2, TRAIN_FROZEN),
                             joint = some_epoch(3, TRAIN_JOINT);
    assert_true(history_add_epoch(&history, &text, NULL, NULL, NULL));
    assert_true(history_add_epoch(&history, &frozen, said, NULL, NULL));
    assert_true(history_add_epoch(&history, &joint, said, NULL, NULL));
    history.start = some_epoch(2, TRAIN_FROZEN);
    history.start.epoch = 0;
    for (size_t i = 0; i < 50; i++) {
        const struct train_point point = {(double)i / 7, 1 / (double)(i + 1), 1e-3, 0};
        assert_true(history_add_point(&history, &point, NULL));
    }
    return history;
}

static struct train_history written_and_read(const struct train_history *history) {
    char *text = history_format(history, NULL);
    assert_non_null(text);
    struct train_history found = history_with_samples(history->sample_count);
    caption_error error = {0};
    if (!history_parse(&found, text, "run.checkpoint", &error)) fail_msg("%s", error.message);
    free(text);
    return found;
}

static void what_is_written_is_what_is_read(void **state) {
    (void)state;
    struct train_history history = some_history(), found = written_and_read(&history);
    assert_int_equal(found.epoch_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct train_epoch *a = &history.epochs[i], *b = &found.epochs[i];
        assert_int_equal(a->epoch, b->epoch);
        assert_int_equal(a->epochs, b->epochs);
        assert_int_equal(a->phase, b->phase);
        assert_int_equal(a->distinct, b->distinct);
        assert_int_equal(a->best, b->best);
        assert_true(a->loss == b->loss && a->perplexity == b->perplexity);
        assert_true(a->seconds == b->seconds && a->words_per_second == b->words_per_second);
        assert_memory_equal(&a->scores, &b->scores, sizeof a->scores);
    }
    assert_true(found.start.epochs == 3 && found.start.epoch == 0);
    assert_true(found.start.perplexity == history.start.perplexity);
    assert_ptr_equal(history_best(&found), &found.epochs[1]);
    assert_int_equal(found.point_count, 50);
    assert_memory_equal(found.points, history.points, 50 * sizeof *found.points);
    for (size_t i = 0; i < 3 * SAMPLES; i++) {
        const char *a = history.captions[i], *b = found.captions[i];
        assert_int_equal(a == NULL, b == NULL);
        if (a) assert_string_equal(a, b);
    }
    history_free(&history);
    history_free(&found);
}

static void add_part(struct train_history *history, char *name) {
    assert_true(dataset_parts_add(&history->parts, 5, name, NULL));
}

static void what_parts_scored_is_read_as_it_was_written(void **state) {
    (void)state;
    struct train_history history = history_with_samples(0), found = history_with_samples(0);
    static char a[] = "a", b[] = "b";
    add_part(&history, a);
    add_part(&history, b);
    add_part(&found, a);
    add_part(&found, b);
    const struct train_part_scores parts[2] = {
        {{.bleu = {1.0 / 3, 0.5, 0.3, 0.1}, .rouge_l = 0.2, .cider = 0.7}, 17.3, 5},
        {{.bleu = {0.1, 0.2, 0.3, 0.4}, .rouge_l = 0.5, .cider = 1.0 / 7}, 3.1, 4}};
    const struct train_epoch text = some_epoch(1, TRAIN_TEXT), joint = some_epoch(2, TRAIN_JOINT);
    assert_true(history_add_epoch(&history, &text, NULL, NULL, NULL));
    assert_true(history_add_epoch(&history, &joint, NULL, parts, NULL));
    char *written = history_format(&history, NULL);
    caption_error error = {0};
    if (!history_parse(&found, written, "run.checkpoint", &error)) fail_msg("%s", error.message);
    assert_memory_equal(found.part_scores, history.part_scores, 4 * sizeof *parts);
    assert_memory_equal(history_part_scores(&found, 1, 1), &parts[1], sizeof *parts);
    history_free(&found);
    found = history_with_samples(0);
    add_part(&found, a);
    add_part(&found, b);
    add_part(&found, b);
    assert_false(history_parse(&found, written, "run.checkpoint", &error));
    assert_message_has(&error, "parts: not as");
    free(written);
    history_free(&history);
    history_free(&found);
}

static void a_run_that_has_brought_nothing_yet_is_a_history_too(void **state) {
    (void)state;
    struct train_history history = history_with_samples(SAMPLES);
    struct train_history found = written_and_read(&history);
    assert_int_equal(found.epoch_count, 0);
    assert_int_equal(found.point_count, 0);
    history_free(&history);
    history_free(&found);
}

static void a_history_may_show_no_photos(void **state) {
    (void)state;
    struct train_history history = history_with_samples(0);
    const struct train_epoch epoch = some_epoch(1, TRAIN_JOINT);
    assert_true(history_add_epoch(&history, &epoch, NULL, NULL, NULL));
    struct train_history found = written_and_read(&history);
    assert_int_equal(found.epoch_count, 1);
    history_free(&history);
    history_free(&found);
}

/* JSON knows no infinity; what it was is not worth a run. */
static void what_is_not_finite_is_read_as_nan(void **state) {
    (void)state;
    struct train_history history = history_with_samples(0);
    struct train_epoch epoch = some_epoch(1, TRAIN_JOINT);
    epoch.perplexity = (double)INFINITY;
    assert_true(history_add_epoch(&history, &epoch, NULL, NULL, NULL));
    struct train_history found = written_and_read(&history);
    assert_true(isnan(found.epochs[0].perplexity));
    history_free(&history);
    history_free(&found);
}

#define EPOCH(epoch, epochs, phase, distinct)                                                      \
    "[" epoch "," epochs "," phase ",1,1,0,0,0,0,0,0," distinct ",0,1,1]"
#define WHOLE(epochs, points, captions)                                                            \
    "{\"epochs\":[" epochs "],\"points\":[" points "],\"captions\":[" captions "]}"

static void assert_refused(const char *text, const char *message) {
    struct train_history history = history_with_samples(SAMPLES);
    caption_error error = {0};
    if (history_parse(&history, text, "run.checkpoint", &error)) fail_msg("taken: %s", text);
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
    assert_message_has(&error, "run.checkpoint: ");
    assert_message_has(&error, message);
    history_free(&history);
}

static void what_no_run_writes_is_refused_by_name(void **state) {
    (void)state;
    assert_refused("", "expected JSON");
    assert_refused("{", "not valid JSON");
    assert_refused("[]", "expected an object");
    assert_refused("{}", "epochs: missing");
    assert_refused("{\"epochs\":[]}", "captions: missing");
    assert_refused("{\"epochs\":[],\"captions\":[]}", "points: missing");
    assert_refused("{\"epochs\":{},\"captions\":[],\"points\":[]}", "epochs: expected an array");
    assert_refused(WHOLE("7", "", ""), "epochs: not as");
    assert_refused(WHOLE("[1,2,3]", "", ""), "epochs: not as");
    assert_refused(WHOLE("[1,2,2,1,1,0,0,0,0,0,0,0,0,1,\"1\"]", "", "null,null"), "epochs: not as");
    assert_refused(WHOLE("", "7", ""), "points: not as");
    assert_refused(WHOLE("", "[1,2,3]", ""), "points: not as");
    assert_refused(WHOLE("", "[1,2,3,4,5]", ""), "points: not as");
    assert_refused(WHOLE("", "[1,2,3,true]", ""), "points: not as");
}

static void epochs_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        EPOCH("0", "2", "2", "1"),         EPOCH("-1", "2", "2", "1"),
        EPOCH("3", "2", "2", "1"),         EPOCH("1", "1e300", "2", "1"),
        EPOCH("1e300", "1e301", "2", "1"), EPOCH("1", "2", "6", "1"),
        EPOCH("1", "2", "-1", "1"),        EPOCH("1", "2", "null", "1"),
        EPOCH("null", "2", "2", "1"),      EPOCH("1", "null", "2", "1"),
        EPOCH("1", "2", "2", "-1"),        EPOCH("1", "2", "2", "1e99"),
        EPOCH("1", "2", "2", "null"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        snprintf(text, sizeof text, WHOLE("%s", "", "null,null"), bad[i]);
        assert_refused(text, "epochs: not as");
    }
}

static void captions_are_as_many_as_epochs_and_photos_ask_for(void **state) {
    (void)state;
    static const char *const bad[] = {"", "null", "null,7", "\"a\",{}", "null,null,null"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        snprintf(text, sizeof text, WHOLE("%s", "", "%s"), EPOCH("1", "2", "2", "1"), bad[i]);
        assert_refused(text, "captions: not as");
    }
}

static void a_history_with_bytes_changed_is_refused_or_read(void **state) {
    (void)state;
    struct train_history history = some_history();
    char *text = history_format(&history, NULL);
    assert_non_null(text);
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        for (size_t change = 0; change < 3; change++) {
            const char was = text[i];
            text[i] = "9]\""[change];
            struct train_history found = history_with_samples(SAMPLES);
            caption_error error = {0};
            if (!history_parse(&found, text, "run.checkpoint", &error)) {
                assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
            }
            history_free(&found);
            text[i] = was;
        }
    }
    free(text);
    history_free(&history);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(what_parts_scored_is_read_as_it_was_written),
        cmocka_unit_test(a_run_that_has_brought_nothing_yet_is_a_history_too),
        cmocka_unit_test(a_history_may_show_no_photos),
        cmocka_unit_test(what_is_not_finite_is_read_as_nan),
        cmocka_unit_test(what_no_run_writes_is_refused_by_name),
        cmocka_unit_test(epochs_that_cannot_be_are_refused),
        cmocka_unit_test(captions_are_as_many_as_epochs_and_photos_ask_for),
        cmocka_unit_test(a_history_with_bytes_changed_is_refused_or_read),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}

/* Axes with round ticks, and charts that no numbers break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "report/chart.h"

static void assert_near(double found, double expected) {
    if (fabs(found - expected) > 1e-9 * fmax(1, fabs(expected)))
        fail_msg("expected %g, found %g", expected, found);
}

static void assert_axis(struct axis axis, double low, double high, double step, size_t ticks,
                        unsigned decimals) {
    assert_near(axis.low, low);
    assert_near(axis.high, high);
    assert_near(axis.step, step);
    assert_int_equal(axis.ticks, ticks);
    assert_int_equal(axis.decimals, decimals);
}

static void ticks_are_round(void **state) {
    (void)state;
    assert_axis(axis_rounded(0, 50.6, 6, 0), 0, 60, 20, 4, 0);
    assert_axis(axis_rounded(2.31, 5.9, 6, 0), 2, 6, 1, 5, 0);
    assert_axis(axis_rounded(0, 1e-3, 6, 0), 0, 1e-3, 2e-4, 6, 4);
    assert_axis(axis_rounded(-0.3, 0.9, 6, 0), -0.5, 1, 0.5, 4, 1);
    assert_axis(axis_exact(0, 19, 7, 1), 0, 19, 5, 4, 0);
    assert_axis(axis_exact(0, 2, 7, 1), 0, 2, 1, 3, 0); /* no half epochs */
    struct axis axis = axis_rounded(-0.3, 0.9, 6, 0);
    assert_near(axis_tick(&axis, 0), -0.5);
    assert_false(signbit(axis_tick(&axis, 1)));
    assert_near(axis_share(&axis, 0.25), 0.5);
}

static void what_is_no_range_becomes_one(void **state) {
    (void)state;
    assert_axis(axis_rounded(0, 0, 6, 0), 0, 1, 0.2, 6, 1);
    const double bad[][2] = {{(double)NAN, 1},
                             {1, (double)NAN},
                             {(double)-INFINITY, 3},
                             {5, (double)INFINITY},
                             {3, 2},
                             {1e300, 1e301},
                             {7, 7},
                             {-7, -7},
                             {1e12, 1e12},
                             {1, 1 + DBL_EPSILON},
                             {0, DBL_MIN},
                             {-1e-9, 1e-9}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct axis axis = axis_rounded(bad[i][0], bad[i][1], 6, 0);
        assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
        assert_true(axis.step > 0);
        assert_in_range(axis.ticks, 1, 20);
        for (size_t t = 0; t < axis.ticks; t++) {
            double share = axis_share(&axis, axis_tick(&axis, t));
            assert_true(share > -1e-6 && share < 1 + 1e-6);
        }
    }
}

/* Freed with free(). */
static char *drawn(const struct chart *chart) {
    enum { size = 1 << 20 };
    char *text = calloc(size, 1);
    assert_non_null(text);
    FILE *stream = fmemopen(text, size, "w");
    assert_non_null(stream);
    chart_write(chart, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static char *drawn_points(const struct chart_point *points, size_t count) {
    const struct chart_series series = {
        .name = "loss", .points = points, .count = count, .marked = CHART_NO_POINT};
    const struct chart chart = {.title = "Loss",
                                .x_label = "epoch",
                                .y_label = "nats",
                                .x_high = (double)count,
                                .series = &series,
                                .series_count = 1};
    return drawn(&chart);
}

static size_t occurrences(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}

/* The d attribute of the only path; freed with free(). */
static char *path_of(const char *svg) {
    const char *begin = strstr(svg, "<path d=\"");
    assert_non_null(begin);
    begin += strlen("<path d=\"");
    const char *end = strchr(begin, '"');
    assert_non_null(end);
    return strndup(begin, (size_t)(end - begin));
}

static void a_line_goes_through_its_points(void **state) {
    (void)state;
    const struct chart_point points[] = {{0, 0}, {1, 10}, {2, 5}};
    char *svg = drawn_points(points, 3), *path = path_of(svg);
    double x[3], y[3];
    assert_int_equal(
        sscanf(path, "M%lf %lfL%lf %lfL%lf %lf", &x[0], &y[0], &x[1], &y[1], &x[2], &y[2]), 6);
    assert_true(x[0] < x[1] && fabs(x[2] - x[1] - (x[1] - x[0])) < 0.3);
    assert_true(y[1] < y[2] && y[2] < y[0]); /* y runs downwards */
    assert_true(fabs(y[2] - (y[0] + y[1]) / 2) < 0.3);
    assert_non_null(strstr(svg, ">5.00</text>"));
    assert_int_equal(occurrences(svg, "<circle"), 3);
    free(path);
    free(svg);
}

static void numbers_that_cannot_be_drawn_are_gaps(void **state) {
    (void)state;
    const struct chart_point points[] = {
        {0, 1}, {1, 2},      {2, (double)NAN}, {3, (double)INFINITY}, {4, 2},
        {5, 1}, {6, -1e300}, {7, 1},           {(double)NAN, 1}};
    char *svg = drawn_points(points, sizeof points / sizeof *points), *path = path_of(svg);
    assert_int_equal(occurrences(path, "M"), 3);
    assert_int_equal(occurrences(path, "L"), 2);
    assert_int_equal(occurrences(path, "h0"), 1); /* a point alone is a dot */
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    free(path);
    free(svg);
}

static void a_chart_without_numbers_says_so(void **state) {
    (void)state;
    const struct chart_point points[] = {{0, (double)NAN}, {1, (double)INFINITY}};
    for (size_t count = 0; count <= 2; count++) {
        char *svg = drawn_points(points, count);
        assert_non_null(strstr(svg, "nothing yet"));
        assert_null(strstr(svg, "<path"));
        assert_null(strstr(svg, "nan"));
        free(svg);
    }
    const struct chart empty = {.title = "", .x_label = "", .y_label = ""};
    assert_false(chart_has_points(&empty));
    char *svg = drawn(&empty);
    assert_non_null(strstr(svg, "</svg>"));
    free(svg);
}

static void equal_values_and_one_value_are_drawn(void **state) {
    (void)state;
    const double values[] = {0, 1, -3, 1e12, -1e12, 1e-300};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct chart_point points[] = {{1, values[i]}, {2, values[i]}};
        for (size_t count = 1; count <= 2; count++) {
            char *svg = drawn_points(points, count), *path = path_of(svg);
            double x, y;
            assert_int_equal(sscanf(path, "M%lf %lf", &x, &y), 2);
            assert_true(x >= 0 && x <= 480 && y >= 0 && y <= 270);
            assert_null(strstr(svg, "nan"));
            free(path);
            free(svg);
        }
    }
}

/* A column of the drawing needs four points at most; its extremes are not lost. */
static void many_points_make_a_small_path_with_the_same_extremes(void **state) {
    (void)state;
    enum { count = 200000 };
    struct chart_point *points = calloc(count, sizeof *points);
    assert_non_null(points);
    for (size_t i = 0; i < count; i++)
        points[i] = (struct chart_point){(double)i, sin((double)i) * 0.5};
    points[77777].y = 100;
    char *svg = drawn_points(points, count), *path = path_of(svg);
    assert_true(strlen(path) < 30000);
    double lowest = 1000, at = 0;
    for (const char *step = path; step; step = strchr(step + 1, 'L')) {
        double x, y;
        assert_int_equal(sscanf(step + 1, "%lf %lf", &x, &y), 2);
        if (y < lowest) at = x;
        lowest = fmin(lowest, y);
    }
    assert_near(lowest, 40); /* the top of the chart */
    assert_true(at > 150 && at < 250);
    free(path);
    free(svg);
    free(points);
}

static void labels_are_escaped_and_do_not_overlap(void **state) {
    (void)state;
    const struct chart_point points[] = {{0, 0}, {1, 0}};
    const struct chart_series series[] = {
        {.name = "<one>", .points = points, .count = 2, .marked = 1, .mark = "\"best\""},
        {.name = "two", .points = points, .count = 2, .line = CHART_DASHED, .marked = 9},
        {.points = points, .count = 2, .line = CHART_FAINT, .marked = CHART_NO_POINT}};
    const struct chart_band bands[] = {
        {0, 0.01, "first"}, {0.01, 0.02, "second"}, {0.02, 1, "a & b"}, {(double)NAN, 1, "none"}};
    const struct chart chart = {.title = "a \"title\"",
                                .x_label = "<x>",
                                .y_label = "<y>",
                                .from_zero = true,
                                .series = series,
                                .series_count = 3,
                                .bands = bands,
                                .band_count = 4};
    char *svg = drawn(&chart);
    assert_non_null(strstr(svg, "aria-label=\"a &quot;title&quot;\""));
    assert_non_null(strstr(svg, "&lt;one&gt;"));
    assert_non_null(strstr(svg, "&quot;best&quot;"));
    assert_non_null(strstr(svg, "&lt;x&gt;"));
    assert_non_null(strstr(svg, "a &amp; b"));
    assert_int_equal(occurrences(svg, "class=\"ring\""), 1);
    assert_int_equal(occurrences(svg, "<rect"), 3);
    double y[2] = {0};
    const char *label = svg;
    for (size_t i = 0; i < 2; i++) {
        label = strstr(label + 1, "<text class=\"end name\"");
        assert_non_null(label);
        assert_int_equal(sscanf(strstr(label, "y=\""), "y=\"%lf", &y[i]), 1);
    }
    assert_true(fabs(y[0] - y[1]) >= 28);
    free(svg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(what_is_no_range_becomes_one),
        cmocka_unit_test(a_line_goes_through_its_points),
        cmocka_unit_test(numbers_that_cannot_be_drawn_are_gaps),
        cmocka_unit_test(a_chart_without_numbers_says_so),
        cmocka_unit_test(equal_values_and_one_value_are_drawn),
        cmocka_unit_test(many_points_make_a_small_path_with_the_same_extremes),
        cmocka_unit_test(labels_are_escaped_and_do_not_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

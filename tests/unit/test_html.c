/* What goes into an HTML page: text of unknown origin, bytes, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "report/html.h"

static char text[1024];

static FILE *begin(void) {
    memset(text, 0, sizeof text);
    FILE *stream = fmemopen(text, sizeof text, "w");
    assert_non_null(stream);
    return stream;
}

static const char *escaped(const char *bytes) {
    FILE *stream = begin();
    html_text_write(stream, bytes);
    fclose(stream);
    return text;
}

static const char *data_uri(const char *bytes) {
    FILE *stream = begin();
    html_text_write_data(stream, "text/plain", (const uint8_t *)bytes, strlen(bytes));
    fclose(stream);
    return text;
}

static const char *fixed(double value, unsigned decimals) {
    FILE *stream = begin();
    html_number_fixed(stream, value, decimals);
    fclose(stream);
    return text;
}

static const char *counted(size_t count) {
    FILE *stream = begin();
    html_number_count(stream, count);
    fclose(stream);
    return text;
}

static const char *duration(double seconds) {
    FILE *stream = begin();
    html_number_duration(stream, seconds);
    fclose(stream);
    return text;
}

static void markup_is_text(void **state) {
    (void)state;
    assert_string_equal(escaped("<script>alert('&\"')</script>"),
                        "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;");
    assert_string_equal(escaped(""), "");
    assert_string_equal(escaped("caf\xC3\xA9 \xF0\x9F\x90\x95"), "caf\xC3\xA9 \xF0\x9F\x90\x95");
}

static void what_no_page_may_hold_is_replaced(void **state) {
    (void)state;
    /* Not UTF-8, controls of ASCII and of Latin-1, no character at all. */
    assert_string_equal(escaped("a\xFF\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
    assert_string_equal(escaped("a\x01\x1B\x7F z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD z");
    assert_string_equal(escaped("\xC2\x85"), "\xEF\xBF\xBD");
    assert_string_equal(escaped("\xEF\xBF\xBE"), "\xEF\xBF\xBD");
    assert_string_equal(escaped("a\tb\nc"), "a\tb\nc");
}

static void words_are_joined_and_escaped(void **state) {
    (void)state;
    char *words[] = {"a", "<b>", "dog"};
    const struct tokens tokens = {3, words};
    FILE *stream = begin();
    html_text_write_words(stream, &tokens);
    fclose(stream);
    assert_string_equal(text, "a &lt;b&gt; dog");
}

/* The test vectors of RFC 4648. */
static void bytes_become_base64(void **state) {
    (void)state;
    assert_string_equal(data_uri(""), "data:text/plain;base64,");
    assert_string_equal(data_uri("f"), "data:text/plain;base64,Zg==");
    assert_string_equal(data_uri("fo"), "data:text/plain;base64,Zm8=");
    assert_string_equal(data_uri("foo"), "data:text/plain;base64,Zm9v");
    assert_string_equal(data_uri("foob"), "data:text/plain;base64,Zm9vYg==");
    assert_string_equal(data_uri("foobar"), "data:text/plain;base64,Zm9vYmFy");
    assert_string_equal(data_uri("\xFB\xFF\xFE"), "data:text/plain;base64,+//+");
}

static void numbers_are_rounded_and_have_a_point(void **state) {
    (void)state;
    assert_string_equal(fixed(50.649, 1), "50.6");
    assert_string_equal(fixed(0.05, 3), "0.050");
    assert_string_equal(fixed(7, 0), "7");
    assert_string_equal(fixed(9.996, 2), "10.00");
    assert_string_equal(fixed(1.5e-9, 9), "0.000000002");
    assert_string_equal(fixed(-1.25, 1), "\xE2\x88\x92"
                                         "1.3");
    assert_string_equal(fixed(-0.001, 1), "0.0"); /* no "-0.0" */
    assert_string_equal(fixed((double)NAN, 1), "\xE2\x80\x93");
    assert_string_equal(fixed((double)-INFINITY, 1), "\xE2\x80\x93");
    assert_string_equal(fixed(1e300, 2), "1e+300");
    assert_string_equal(fixed(1.7e308, 9), "\xE2\x80\x93"); /* overflows when it is scaled */
}

static void counts_have_commas(void **state) {
    (void)state;
    assert_string_equal(counted(0), "0");
    assert_string_equal(counted(999), "999");
    assert_string_equal(counted(1000), "1,000");
    assert_string_equal(counted(12034056), "12,034,056");
}

static void durations_have_the_unit_that_fits(void **state) {
    (void)state;
    assert_string_equal(duration(0.25), "0.3\xC2\xA0s");
    assert_string_equal(duration(72.4), "72\xC2\xA0s");
    assert_string_equal(duration(720), "12\xC2\xA0min");
    assert_string_equal(duration(11100), "3\xC2\xA0h\xC2\xA0"
                                         "05\xC2\xA0min");
    assert_string_equal(duration(-1), "\xE2\x80\x93");
    assert_string_equal(duration((double)NAN), "\xE2\x80\x93");
    assert_string_equal(duration((double)INFINITY), "\xE2\x80\x93");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_text),
        cmocka_unit_test(what_no_page_may_hold_is_replaced),
        cmocka_unit_test(words_are_joined_and_escaped),
        cmocka_unit_test(bytes_become_base64),
        cmocka_unit_test(numbers_are_rounded_and_have_a_point),
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(durations_have_the_unit_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

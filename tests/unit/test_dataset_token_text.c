#include "dataset_fixture.h"

static void photos_and_captions_are_read(void **state) {
    (void)state;
    struct dataset dataset =
        read_text("1000_69.jpg#0\tA child in a pink dress .\n1000_69.jpg#1\tA girl .\n"
                  "1001_77.jpg#0\tTwo dogs fight .\n",
                  "photos");
    assert_sound(&dataset);
    assert_string_equal(dataset.format, "Flickr8k's token.txt");
    assert_false(dataset.split_given);
    assert_int_equal(dataset.photo_count, 2);
    assert_photo(&dataset, 0, "1000_69.jpg", "1000_69.jpg", 2);
    assert_photo(&dataset, 1, "1001_77.jpg", "1001_77.jpg", 1);
    assert_string_equal(dataset.photos[1].path, "photos/1001_77.jpg");
    assert_caption(&dataset, 0, 0, "a child in a pink dress");
    assert_caption(&dataset, 1, 0, "two dogs fight");
    dataset_free(&dataset);
}

/* A byte order mark, CRLF, blank lines, captions of a photo apart, a # and a space in a name, a
 * folder, a tab in a caption, captions without words. */
static void unusual_lines_are_read(void **state) {
    (void)state;
    struct dataset dataset = read_text("\xEF\xBB\xBF"
                                       "a #1.jpg#0\tA dog .\r\n\r\n"
                                       "sub/b.jpg#10\tOne\ttwo\r\n"
                                       "a #1.jpg#1\tIt runs .\r\n"
                                       "sub/b.jpg#11\t .\r\n"
                                       "c.jpg#0\t\r\nc.jpg#1",
                                       NULL);
    assert_sound(&dataset);
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "a #1.jpg", "a #1.jpg", 2);
    assert_photo(&dataset, 1, "sub/b.jpg", "sub/b.jpg", 1);
    assert_photo(&dataset, 2, "c.jpg", "c.jpg", 0);
    assert_caption(&dataset, 0, 1, "it runs");
    assert_caption(&dataset, 1, 0, "one two");
    assert_int_equal(dataset.wordless, 3);
    dataset_free(&dataset);
}

static void other_lines_are_errors_that_name_them(void **state) {
    (void)state;
    static const char *const lines[] = {"A dog .", "b.jpg\tA dog .", "#0\tA dog .",
                                        "b.jpg#\tA dog .", "b.jpg#x\tA dog ."};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "a.jpg#0\tA dog .\n\n%s\n", lines[i]);
        assert_refused(text, ": line 3: expected NAME#NUMBER<TAB>CAPTION");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_and_captions_are_read),
        cmocka_unit_test(unusual_lines_are_read),
        cmocka_unit_test(other_lines_are_errors_that_name_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

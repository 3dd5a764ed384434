#include "dataset_fixture.h"

static void fields_in_quotes_hold_anything(void **state) {
    (void)state;
    struct dataset dataset = read_text("\xEF\xBB\xBFimage,comment,text\r\n"
                                       "\"a, b.jpg\",1,\"A dog,\nwhich \"\"runs\"\".\"\r\n"
                                       "\r\n"
                                       "c.jpg,,A cat.\r\n"
                                       "d.jpg,,\r\n",
                                       NULL);
    assert_sound(&dataset);
    assert_string_equal(dataset.format, "CSV of photos");
    assert_int_equal(dataset.photo_count, 3);
    assert_photo(&dataset, 0, "a, b.jpg", "a, b.jpg", 1);
    assert_caption(&dataset, 0, 0, "a dog which runs");
    assert_photo(&dataset, 2, "d.jpg", "d.jpg", 0);
    assert_int_equal(dataset.wordless, 1);
    dataset_free(&dataset);
}

static void other_delimiters_are_told_by_the_head(void **state) {
    (void)state;
    static const char *const texts[] = {"file_name;split;caption\na.jpg;val;One, two.\n",
                                        "file_name\tsplit\tcaption\na.jpg\tval\tOne, two.\n"};
    for (size_t i = 0; i < 2; i++) {
        struct dataset dataset = read_text(texts[i], NULL);
        assert_int_equal(dataset.photos[0].split, DATASET_VAL);
        assert_caption(&dataset, 0, 0, "one two");
        dataset_free(&dataset);
    }
}

static void what_caption_prints_is_a_data_set(void **state) {
    (void)state;
    struct dataset dataset = read_text("a.jpg\ta dog\nb.png\ta \"big\" cat\n", NULL);
    assert_int_equal(dataset.photo_count, 2);
    assert_caption(&dataset, 1, 0, "a big cat");
    dataset_free(&dataset);
    dataset = read_text("a.jpg\t-1.25\ta dog\na.jpg\t-2.5\ta cat\n", NULL);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 2);
    assert_caption(&dataset, 0, 1, "a cat");
    dataset_free(&dataset);
    dataset = read_text("path,caption,logprob,error\r\n"
                        "a.jpg,a dog,-1.25,\r\n"
                        "b.jpg,,,b.jpg: is empty\r\n",
                        NULL);
    assert_int_equal(dataset.photo_count, 1);
    assert_int_equal(dataset.failed, 1);
    dataset_free(&dataset);
}

static void flickr30k_parts_fields_by_bars_and_spaces(void **state) {
    (void)state;
    struct dataset dataset = read_text("image_name| comment_number| comment\n"
                                       "a.jpg| 0| Two \"young\" guys , one with shaggy hair .\n"
                                       "a.jpg| 1|  Two men . \n"
                                       "b.jpg| 4   A dog runs across the grass .\n",
                                       NULL);
    assert_sound(&dataset);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 2);
    assert_caption(&dataset, 0, 0, "two young guys one with shaggy hair");
    assert_caption(&dataset, 0, 1, "two men");
    assert_photo(&dataset, 1, "b.jpg", "b.jpg", 0);
    assert_int_equal(dataset.wordless, 1);
    dataset_free(&dataset);
}

static void columns_may_be_named(void **state) {
    (void)state;
    static const char text[] = "n,picture,text,wanted\n1,a.jpg,no,A dog.\n2,b.jpg,no,\n";
    const struct dataset_reading how = {.photo_key = "picture", .caption_key = "wanted"};
    struct dataset dataset = read_text_as(text, &how);
    assert_sound(&dataset);
    assert_photo(&dataset, 0, "a.jpg", "a.jpg", 1);
    assert_caption(&dataset, 0, 0, "a dog");
    assert_photo(&dataset, 1, "b.jpg", "b.jpg", 0);
    dataset_free(&dataset);
    const struct dataset_reading other = {.photo_key = "picture", .caption_key = "none"};
    assert_refused_as(text, &other, "line 1: expected a column \"none\" of captions, found none");
    const struct dataset_reading neither = {.photo_key = "none"};
    assert_refused_as(text, &neither, "(--photo-key names a field that it does not have)");
    assert_refused("path,note\na.jpg,x\n", "line 1: expected a column \"caption\" of captions");
}

static void a_quote_within_a_text_does_not_swallow_rows(void **state) {
    (void)state;
    static const char message[] = "line 2: a field in quotes goes on over the next lines";
    assert_refused("image\tcaption\na.jpg\t\"A dog\nb.jpg\ty\nc.jpg\tz \"is\" here\n", message);
    assert_refused("image,caption\na.jpg,\"A dog\nb.jpg,20\" high\n", message);
    struct dataset dataset = read_text("image,caption\n"
                                       "a.jpg,\"A \"\"dog\"\"\nruns.\"\r\n"
                                       "b.jpg,\"A\n\"\"cat\"\"\"\n"
                                       "\"c.jpg\",\"A \"big\" cow\"\n",
                                       NULL);
    assert_int_equal(dataset.photo_count, 3);
    assert_caption(&dataset, 1, 0, "a cat");
    dataset_free(&dataset);
}

/* (Where each space looks for the end of all, that takes many minutes.) */
static void a_field_of_very_many_spaces_is_read(void **state) {
    (void)state;
    enum { SPACES = 4000000 };
    static const char begin[] = "image,caption\na.jpg,\"A\n", end[] = "dog\"\n";
    char *text = malloc(sizeof begin + SPACES + sizeof end);
    assert_non_null(text);
    memcpy(text, begin, sizeof begin - 1);
    memset(text + sizeof begin - 1, ' ', SPACES);
    memcpy(text + sizeof begin - 1 + SPACES, end, sizeof end);
    struct dataset dataset = read_text(text, NULL);
    assert_caption(&dataset, 0, 0, "a dog");
    dataset_free(&dataset);
    free(text);
}

static void a_list_written_as_text_is_no_caption(void **state) {
    (void)state;
    static const char message[] = ": expected a caption, found a list of them as text";
    assert_refused("image,caption\na.jpg,['A dog.' 'A cat.']\n", message);
    assert_refused("{\"image\": \"a.jpg\", \"text\": \"[\\\"A dog.\\\", \\\"A cat.\\\"]\"}",
                   message);
    struct dataset dataset =
        read_text("image,caption\na.jpg,['dog'] on a sign\nb.jpg,[a] dog]\n", NULL);
    assert_int_equal(dataset.photo_count, 2);
    dataset_free(&dataset);
}

static void broken_tables_are_errors(void **state) {
    (void)state;
    assert_refused("a.jpg,A dog runs.\n", "the first line of a table names its columns");
    assert_refused("path,text\na.jpg,x\nb.jpg,y,z\n", "line 3: expected 2 fields");
    assert_refused("path,text\n\na.jpg,\"x\n", "line 3: a quote without an end");
    assert_refused("name,text\na.jpg,x\n", "expected a data set");
    assert_refused("\"path\n", "expected a data set");
    assert_refused("path,text\n,x\n", "line 2: expected an object with a photo's");
}

static void what_is_no_text_is_named_or_counted(void **state) {
    (void)state;
    assert_refused("\xFF\xFEp\1", "expected a text in UTF-8, found one in UTF-16");
    assert_refused("[{\"image\": \"a.jpg\", \"text\": NaN}]", "NaN is no JSON, null is");
    assert_refused("{\"image\": \"a.jpg\", \"text\": \"\\ud800\"}", "half of a surrogate pair");
    struct dataset dataset = read_text("image,text\na.jpg,caf\xE9\nb.jpg,caf\xC3\xA9\n", NULL);
    assert_int_equal(dataset.faults.foreign, 1);
    char *summary = dataset_summary(&dataset, NULL);
    assert_non_null(strstr(summary, "; not in UTF-8: 1 line"));
    free(summary);
    dataset_free(&dataset);
    dataset = read_text("{\"image\": \"a.jpg\", \"text\": \"A dog\\u0000 runs. \\\\u0000\"}", NULL);
    assert_int_equal(dataset.faults.zeros, 1);
    summary = dataset_summary(&dataset, NULL);
    assert_non_null(strstr(summary, "; cut at a 0 byte: 1 text"));
    free(summary);
    dataset_free(&dataset);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_in_quotes_hold_anything),
        cmocka_unit_test(other_delimiters_are_told_by_the_head),
        cmocka_unit_test(what_caption_prints_is_a_data_set),
        cmocka_unit_test(flickr30k_parts_fields_by_bars_and_spaces),
        cmocka_unit_test(columns_may_be_named),
        cmocka_unit_test(a_quote_within_a_text_does_not_swallow_rows),
        cmocka_unit_test(a_field_of_very_many_spaces_is_read),
        cmocka_unit_test(a_list_written_as_text_is_no_caption),
        cmocka_unit_test(broken_tables_are_errors),
        cmocka_unit_test(what_is_no_text_is_named_or_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

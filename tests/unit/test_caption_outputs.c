/* Outputs besides text: the page, vis.json and XMP sidecars hold any caption and any file name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "report/caption_file.h"
#include "report/caption_page.h"
#include "report/caption_table.h"
#include "temporary_folder.h"

static char hostile[] = "</script><b>&\"'\x01\xFF caf\xC3\xA9";

static struct caption_row row_of(const char *path, const caption_result *result) {
    return (struct caption_row){.path = path, .relative = strlen(path), .result = result};
}

/* One photo with a caption, one without. */
static void feed(struct caption_output *output, const char *photo, bool whole) {
    caption_text captions[] = {{hostile, -2.5, (double)NAN}, {"", -2000, (double)NAN}};
    const caption_result good = {.count = 2, .captions = captions};
    caption_result bad = {0};
    snprintf(bad.error.message, sizeof bad.error.message, "%s", hostile);
    struct caption_row row = row_of(photo, &good);
    caption_error error = {0};
    assert_non_null(output);
    assert_true(output->row(output, &row, &error));
    row = row_of(hostile, &bad);
    row.number = 1;
    assert_true(output->row(output, &row, &error));
    if (whole && output->end) assert_true(output->end(output, &error));
    output->free(output);
}

static struct file_bytes read_file(const char *path) {
    struct file_bytes file;
    caption_error error = {0};
    assert_true(file_read(path, 1 << 20, &file, &error));
    return file;
}

static size_t occurrences(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++) count++;
    return count;
}

static void the_page_escapes_what_it_shows(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "page.html", NULL);
    feed(caption_page_new(path, TAGS_HIDDEN, NULL), "none/</script>.jpg", true);
    struct file_bytes page = read_file(path);
    const char *text = (const char *)page.data;
    assert_int_equal(occurrences(text, "</script>"), 3); /* ours */
    assert_non_null(strstr(text, "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD\xEF\xBF\xBD"
                                 " caf\xC3\xA9"));
    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "no thumbnail"));
    assert_non_null(strstr(text, "1 photo. <a href=\"#failed\">1 more</a>"));
    assert_non_null(strstr(text, "(no word)"));
    file_bytes_free(&page);
    free(path);
    temporary_folder_free(folder);
}

static void a_page_that_is_given_up_leaves_the_old_one(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "page.html", NULL);
    temporary_folder_put(folder, "page.html", "old");
    feed(caption_page_new(path, TAGS_HIDDEN, NULL), "none.jpg", false);
    struct file_bytes page = read_file(path);
    assert_string_equal(page.data, "old");
    file_bytes_free(&page);
    free(path);
    temporary_folder_free(folder);
}

static void vis_json_is_json_for_any_text(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "vis.json", NULL);
    feed(caption_vis_new(path, NULL), hostile, true);
    struct file_bytes file = read_file(path);
    cJSON *rows = cJSON_Parse((const char *)file.data);
    assert_int_equal(cJSON_GetArraySize(rows), 1);
    const cJSON *row = cJSON_GetArrayItem(rows, 0);
    assert_string_equal(cJSON_GetObjectItem(row, "image_id")->valuestring, "1");
    assert_string_equal(cJSON_GetObjectItem(row, "file_name")->valuestring,
                        "</script><b>&\"'\x01\xEF\xBF\xBD caf\xC3\xA9");
    cJSON_Delete(rows);
    file_bytes_free(&file);
    free(path);
    temporary_folder_free(folder);
}

static void vis_json_of_nothing_is_an_empty_array(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "vis.json", NULL);
    struct caption_output *output = caption_vis_new(path, NULL);
    assert_non_null(output);
    assert_true(output->end(output, NULL));
    output->free(output);
    struct file_bytes file = read_file(path);
    assert_string_equal(file.data, "[]\n");
    file_bytes_free(&file);
    free(path);
    temporary_folder_free(folder);
}

static void write_xmp(const char *photo) {
    const struct caption_xmp_options options = {.overwrite = false};
    feed(caption_xmp_new(&options, NULL), photo, true);
}

static bool xmp_is_done(const char *photo, enum tags_shown tags) {
    const struct caption_xmp_options options = {.tags = tags};
    const struct caption_row row = {.path = photo};
    return caption_xmp_is_done(&options, &row);
}

static void an_xmp_sidecar_escapes_the_caption(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL),
         *path = file_join(folder, "dog.jpg.xmp", NULL);
    assert_false(xmp_is_done(photo, TAGS_HIDDEN));
    write_xmp(photo);
    assert_true(xmp_is_done(photo, TAGS_HIDDEN));
    assert_false(xmp_is_done(photo, TAGS_SHOWN));
    struct file_bytes file = read_file(path);
    const char *text = strstr((const char *)file.data, "<dc:description>");
    assert_non_null(text);
    assert_non_null(strstr(text, "&lt;/script&gt;&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD\xEF\xBF\xBD"
                                 " caf\xC3\xA9</rdf:li></rdf:Alt></dc:description>"));
    assert_non_null(strstr(text, "<Iptc4xmpCore:AltTextAccessibility>"));
    file_bytes_free(&file);
    free(path);
    free(photo);
    temporary_folder_free(folder);
}

static void a_sidecar_that_is_no_xmp_fails_its_photo_and_stays(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL),
         *path = file_join(folder, "dog.jpg.xmp", NULL);
    temporary_folder_put(folder, "dog.jpg.xmp", "<x:xmpmeta/>");
    const struct caption_xmp_options options = {.overwrite = true};
    struct caption_output *output = caption_xmp_new(&options, NULL);
    assert_non_null(output);
    caption_text captions[] = {{hostile, -2.5, (double)NAN}};
    const caption_result result = {.count = 1, .captions = captions};
    const struct caption_row row = row_of(photo, &result);
    caption_error error = {0};
    assert_false(output->row(output, &row, &error));
    assert_true(output->file_each);
    assert_non_null(strstr(error.message, path));
    output->free(output);
    struct file_bytes file = read_file(path);
    assert_string_equal(file.data, "<x:xmpmeta/>");
    file_bytes_free(&file);
    free(path);
    free(photo);
    temporary_folder_free(folder);
}

static char dog[] = "dog", hostile_tag[] = "<b>\"grass\"";
static caption_tag two_tags[] = {{dog, 0.97123}, {hostile_tag, 0.5}};

/* What a table says of one photo that has tags and one that cannot be read. */
static char *table_text(struct caption_rows rows, enum caption_table_format format) {
    static char said[] = "a dog runs";
    caption_text captions[] = {
        {.text = said, .logprob = -2.5, .confidence = rows.confidence ? 0.71239 : (double)NAN}};
    const caption_result good = {
        .count = 1, .captions = captions, .tag_count = 2, .tags = two_tags};
    const caption_result bad = {.error.message = "no photo"};
    char *text = NULL;
    size_t size = 0;
    rows.stream = open_memstream(&text, &size);
    struct caption_output *output = caption_table_new(&rows, format, NULL);
    struct caption_row row = row_of("a.jpg", &good);
    assert_true(output->row(output, &row, NULL));
    row = row_of("b.jpg", &bad);
    assert_true(output->row(output, &row, NULL));
    assert_true(output->end(output, NULL));
    output->free(output);
    fclose(rows.stream);
    return text;
}

static void expect_table(struct caption_rows rows, enum caption_table_format format,
                         const char *expected) {
    char *text = table_text(rows, format);
    assert_string_equal(text, expected);
    free(text);
}

static void tags_stand_behind_the_caption_or_alone_in_text(void **state) {
    (void)state;
    struct caption_rows rows = {.tags = TAGS_SHOWN};
    expect_table(rows, CAPTION_TABLE_TEXT, "a dog runs\tdog, <b>\"grass\"\n");
    rows.with_path = true;
    expect_table(rows, CAPTION_TABLE_TEXT, "a.jpg\ta dog runs\tdog, <b>\"grass\"\n");
    rows.tags = TAGS_ALONE;
    expect_table(rows, CAPTION_TABLE_TEXT, "a.jpg\tdog, <b>\"grass\"\n");
}

static void photils_lines_hold_a_tag_and_its_confidence(void **state) {
    (void)state;
    struct caption_rows rows = {.tags = TAGS_ALONE, .photils = true};
    expect_table(rows, CAPTION_TABLE_TEXT, "dog:0.97\n<b>\"grass\":0.50\n");
    rows.with_path = true;
    expect_table(rows, CAPTION_TABLE_TEXT, "a.jpg\tdog:0.97\na.jpg\t<b>\"grass\":0.50\n");
}

static void json_has_tags_with_their_confidence(void **state) {
    (void)state;
#define TAGS                                                                                       \
    "\"tags\":[{\"name\":\"dog\",\"confidence\":0.9712},"                                          \
    "{\"name\":\"<b>\\\"grass\\\"\",\"confidence\":0.5}]}\n"
#define ERROR "{\"path\":\"b.jpg\",\"error\":\"no photo\"}\n"
    expect_table((struct caption_rows){.tags = TAGS_SHOWN}, CAPTION_TABLE_JSON_LINES,
                 "{\"path\":\"a.jpg\",\"caption\":\"a dog runs\",\"logprob\":-2.5," TAGS ERROR);
    expect_table((struct caption_rows){.tags = TAGS_ALONE}, CAPTION_TABLE_JSON_LINES,
                 "{\"path\":\"a.jpg\"," TAGS ERROR);
}

static void csv_has_a_column_of_tags(void **state) {
    (void)state;
    expect_table((struct caption_rows){.tags = TAGS_SHOWN}, CAPTION_TABLE_CSV,
                 "path,caption,logprob,tags,error\r\n"
                 "a.jpg,a dog runs,-2.5000,\"dog, <b>\"\"grass\"\"\",\r\n"
                 "b.jpg,,,,no photo\r\n");
    expect_table((struct caption_rows){.tags = TAGS_ALONE}, CAPTION_TABLE_CSV,
                 "path,tags,error\r\n"
                 "a.jpg,\"dog, <b>\"\"grass\"\"\",\r\n"
                 "b.jpg,,no photo\r\n");
}

static void safe_csv_has_no_formula_in_any_column(void **state) {
    (void)state;
    static char said[] = "=a", full_width[] = "\uff1db", tag[] = "@c";
    caption_text captions[] = {{said, -1, (double)NAN}, {full_width, -2, (double)NAN}};
    caption_tag tags[] = {{tag, 0.9}, {dog, 0.5}};
    const caption_result result = {.count = 2, .captions = captions, .tag_count = 2, .tags = tags};
    struct caption_rows rows = {.tags = TAGS_SHOWN, .safe = true, .n_best = true};
    char *text = NULL;
    size_t size = 0;
    rows.stream = open_memstream(&text, &size);
    struct caption_output *output = caption_table_new(&rows, CAPTION_TABLE_CSV, NULL);
    const struct caption_row row = row_of("\n=1;2.jpg", &result);
    assert_true(output->row(output, &row, NULL) && output->end(output, NULL));
    output->free(output);
    fclose(rows.stream);
    assert_string_equal(text, "path,caption,logprob,tags,error\r\n"
                              "\"'\n=1;2.jpg\",\"'=a\",-1.0000,\"'@c, dog\",\r\n"
                              "\"'\n=1;2.jpg\",\"'\uff1db\",-2.0000,\"'@c, dog\",\r\n");
    free(text);
}

static void csv_has_a_column_of_confidence_where_the_model_tells_it(void **state) {
    (void)state;
    struct caption_rows rows = {.confidence = true};
    expect_table(rows, CAPTION_TABLE_CSV,
                 "path,caption,logprob,confidence,error\r\n"
                 "a.jpg,a dog runs,-2.5000,0.7124,\r\n"
                 "b.jpg,,,,no photo\r\n");
    rows.tags = TAGS_SHOWN;
    expect_table(rows, CAPTION_TABLE_CSV,
                 "path,caption,logprob,confidence,tags,error\r\n"
                 "a.jpg,a dog runs,-2.5000,0.7124,\"dog, <b>\"\"grass\"\"\",\r\n"
                 "b.jpg,,,,,no photo\r\n");
    rows.tags = TAGS_ALONE;
    expect_table(rows, CAPTION_TABLE_CSV,
                 "path,tags,error\r\n"
                 "a.jpg,\"dog, <b>\"\"grass\"\"\",\r\n"
                 "b.jpg,,no photo\r\n");
}

/* The file that an output makes of one photo with two tags. */
static struct file_bytes made_of(struct caption_output *output, const char *photo, const char *path,
                                 caption_text caption) {
    const caption_result result = {
        .count = 1, .captions = &caption, .tag_count = 2, .tags = two_tags};
    const struct caption_row row = row_of(photo, &result);
    assert_non_null(output);
    assert_true(output->row(output, &row, NULL));
    if (output->end) assert_true(output->end(output, NULL));
    output->free(output);
    return read_file(path);
}

static struct file_bytes made_by(struct caption_output *output, const char *photo,
                                 const char *path) {
    const caption_text caption = {.text = hostile, .logprob = -2.5, .confidence = (double)NAN};
    return made_of(output, photo, path, caption);
}

/* What the page has of a photo with that caption, or whether it lacks it. */
static void expect_on_page(caption_text caption, enum tags_shown tags, const char *part, bool is) {
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "page.html", NULL);
    struct file_bytes page = made_of(caption_page_new(path, tags, NULL), "none.jpg", path, caption);
    if ((strstr((const char *)page.data, part) != NULL) != is)
        fail_msg("'%s' %s on the page", part, is ? "is not" : "is");
    file_bytes_free(&page);
    free(path);
    temporary_folder_free(folder);
}

static void the_page_says_how_sure_it_is_of_a_caption(void **state) {
    (void)state;
    static char said[] = "a dog runs", nothing[] = "";
    caption_text caption = {.text = said, .logprob = -2.5, .confidence = 0.71239};
    expect_on_page(caption, TAGS_HIDDEN, "71\xC2\xA0%\xC2\xA0sure</p>", true);
    expect_on_page(caption, TAGS_SHOWN, "<span style=\"width:71%\">", true);
    expect_on_page(caption, TAGS_ALONE, "\xC2\xA0sure</p>", false);
    caption.confidence = (double)NAN;
    expect_on_page(caption, TAGS_HIDDEN, "\xC2\xA0sure</p>", false);
    caption = (caption_text){.text = nothing, .logprob = -2.5, .confidence = 0.123};
    expect_on_page(caption, TAGS_HIDDEN, "dir=\"auto\">(not sure enough)</p>", true);
    expect_on_page(caption, TAGS_HIDDEN, "12\xC2\xA0%\xC2\xA0sure</p>", true);
    expect_on_page(caption, TAGS_HIDDEN, "(no word)", false);
    expect_on_page(caption, TAGS_ALONE, "(not sure enough)", false);
}

static void an_xmp_sidecar_holds_the_confidence_of_its_caption(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL),
         *path = file_join(folder, "dog.jpg.xmp", NULL);
    struct caption_xmp_options options = {.tags = TAGS_ALONE};
    const caption_text caption = {.text = hostile, .logprob = -2.5, .confidence = 0.71239};
    struct file_bytes file = made_of(caption_xmp_new(&options, NULL), photo, path, caption);
    assert_null(strstr((const char *)file.data, "Confidence"));
    file_bytes_free(&file);
    options.tags = TAGS_HIDDEN;
    file = made_of(caption_xmp_new(&options, NULL), photo, path, caption);
    assert_non_null(strstr((const char *)file.data, ">0.7124</caption:Confidence>"));
    file_bytes_free(&file);
    free(path);
    free(photo);
    temporary_folder_free(folder);
}

static void the_page_shows_tags_and_finds_photos_by_them(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *path = file_join(folder, "page.html", NULL);
    struct file_bytes page = made_by(caption_page_new(path, TAGS_SHOWN, NULL), "none.jpg", path);
    const char *text = (const char *)page.data;
    assert_non_null(strstr(text, "<p class=\"tags\">dog, &lt;b&gt;&quot;grass&quot;</p>"));
    assert_non_null(strstr(text, "\".said,.tags,.name\""));
    file_bytes_free(&page);
    page = made_by(caption_page_new(path, TAGS_ALONE, NULL), "none.jpg", path);
    text = (const char *)page.data;
    assert_non_null(strstr(text, "dir=\"auto\">dog, &lt;b&gt;&quot;grass&quot;</p>"));
    assert_null(strstr(text, "caf\xC3\xA9"));
    file_bytes_free(&page);
    free(path);
    temporary_folder_free(folder);
}

static void a_sidecar_has_a_line_of_tags(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL), *path = file_join(folder, "dog.txt", NULL);
    struct caption_file_options options = {
        .extension = ".txt", .existing = CAPTION_FILE_OVERWRITE, .tags = TAGS_ALONE};
    struct file_bytes file = made_by(caption_file_output_new(&options, NULL), photo, path);
    assert_string_equal(file.data, "dog, <b>\"grass\"\n");
    file_bytes_free(&file);
    options.tags = TAGS_SHOWN;
    file = made_by(caption_file_output_new(&options, NULL), photo, path);
    assert_non_null(strstr((const char *)file.data, " caf\xC3\xA9\ndog, <b>\"grass\"\n"));
    file_bytes_free(&file);
    free(path);
    free(photo);
    temporary_folder_free(folder);
}

static void an_xmp_sidecar_holds_tags_as_keywords(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL),
         *path = file_join(folder, "dog.jpg.xmp", NULL);
    const struct caption_xmp_options options = {.tags = TAGS_ALONE};
    struct file_bytes file = made_by(caption_xmp_new(&options, NULL), photo, path);
    assert_non_null(strstr((const char *)file.data,
                           "<dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li>&lt;b&gt;&quot;"
                           "grass&quot;</rdf:li></rdf:Bag></dc:subject>"));
    assert_null(strstr((const char *)file.data, "description>"));
    assert_true(xmp_is_done(photo, TAGS_ALONE));
    assert_false(xmp_is_done(photo, TAGS_SHOWN));
    file_bytes_free(&file);
    free(path);
    free(photo);
    temporary_folder_free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_escapes_what_it_shows),
        cmocka_unit_test(a_page_that_is_given_up_leaves_the_old_one),
        cmocka_unit_test(vis_json_is_json_for_any_text),
        cmocka_unit_test(vis_json_of_nothing_is_an_empty_array),
        cmocka_unit_test(an_xmp_sidecar_escapes_the_caption),
        cmocka_unit_test(a_sidecar_that_is_no_xmp_fails_its_photo_and_stays),
        cmocka_unit_test(tags_stand_behind_the_caption_or_alone_in_text),
        cmocka_unit_test(photils_lines_hold_a_tag_and_its_confidence),
        cmocka_unit_test(json_has_tags_with_their_confidence),
        cmocka_unit_test(csv_has_a_column_of_tags),
        cmocka_unit_test(safe_csv_has_no_formula_in_any_column),
        cmocka_unit_test(csv_has_a_column_of_confidence_where_the_model_tells_it),
        cmocka_unit_test(the_page_says_how_sure_it_is_of_a_caption),
        cmocka_unit_test(an_xmp_sidecar_holds_the_confidence_of_its_caption),
        cmocka_unit_test(the_page_shows_tags_and_finds_photos_by_them),
        cmocka_unit_test(a_sidecar_has_a_line_of_tags),
        cmocka_unit_test(an_xmp_sidecar_holds_tags_as_keywords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

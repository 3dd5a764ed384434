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
#include "report/caption_page.h"
#include "report/caption_vis.h"
#include "report/caption_xmp.h"
#include "temporary_folder.h"

static char hostile[] = "</script><b>&\"'\x01\xFF caf\xC3\xA9";

static struct caption_row row_of(const char *path, const caption_result *result) {
    return (struct caption_row){.path = path, .below = strlen(path), .result = result};
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
    feed(caption_page_new(path, NULL), "none/</script>.jpg", true);
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
    feed(caption_page_new(path, NULL), "none.jpg", false);
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

static void an_xmp_sidecar_escapes_the_caption(void **state) {
    (void)state;
    char *folder = temporary_folder_new();
    char *photo = file_join(folder, "dog.jpg", NULL),
         *path = file_join(folder, "dog.jpg.xmp", NULL);
    assert_false(caption_xmp_is_full(path));
    write_xmp(photo);
    assert_true(caption_xmp_is_full(path));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_escapes_what_it_shows),
        cmocka_unit_test(a_page_that_is_given_up_leaves_the_old_one),
        cmocka_unit_test(vis_json_is_json_for_any_text),
        cmocka_unit_test(vis_json_of_nothing_is_an_empty_array),
        cmocka_unit_test(an_xmp_sidecar_escapes_the_caption),
        cmocka_unit_test(a_sidecar_that_is_no_xmp_fails_its_photo_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

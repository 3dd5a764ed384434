/* Alt texts in documents: which pictures lack one, where it goes, and that all else stays. */
#include <time.h>

#include "image_files.h"

#include "alt/epub.h"
#include "alt/pictures.h"
#include "temporary_folder.h"

static bool has_library(enum alt_kind kind) {
    struct alt_pictures pictures;
    caption_error error = {0};
    const char *text = kind == ALT_XHTML ? "<a/>" : "a";
    const bool has = alt_pictures_read(kind, text, strlen(text), &pictures, &error);
    alt_pictures_free(&pictures);
    if (!has) print_message("%s\n", error.message);
    return has;
}

/* Every picture that lacks a text gets this one; the document is freed by the caller. */
static char *filled_with(const char *alt, enum alt_kind kind, const char *text) {
    struct alt_pictures pictures;
    struct file_bytes made;
    const char *texts[16] = {NULL};
    caption_error error = {0};
    if (!alt_pictures_read(kind, text, strlen(text), &pictures, &error))
        fail_msg("%s", error.message);
    assert_true(pictures.count <= 16);
    for (size_t i = 0; i < pictures.count; i++)
        if (pictures.items[i].lacks_alt && pictures.items[i].place > 0) texts[i] = alt;
    const struct file_bytes document = {(uint8_t *)(uintptr_t)text, strlen(text)};
    if (!alt_pictures_fill(kind, &document, &pictures, texts, &made, &error))
        fail_msg("%s", error.message);
    alt_pictures_free(&pictures);
    return (char *)made.data;
}

static char *filled(enum alt_kind kind, const char *text) {
    return filled_with("a \"dog\" & [x]", kind, text);
}

static void expect(enum alt_kind kind, const char *text, const char *expected) {
    if (!has_library(kind)) skip();
    char *made = filled(kind, text), *again = filled(kind, made);
    assert_string_equal(made, expected);
    assert_string_equal(again, made);
    free(again);
    free(made);
}

#define ALT " alt=\"a &quot;dog&quot; &amp; [x]\""
#define TAG_ALT " alt=\"a &quot;dog&quot; &amp; &#91;x&#93;\"" /* of a tag in Markdown */
#define MARKDOWN_ALT "a \"dog\" &#38; \\[x\\]"

static void an_img_without_alt_gets_one_and_decoration_stays(void **state) {
    (void)state;
    expect(
        ALT_HTML,
        "<IMG SRC=a.jpg>\r\n<img src='a' alt><img src=a alt=''><img src=\"a\"\nwidth=3>"
        "<img role=presentation src=a><img aria-hidden=true src=a><img>\xff\xff<p><table><img "
        "src=a>",
        "<IMG" ALT " SRC=a.jpg>\r\n<img src='a' alt><img src=a alt=''><img" ALT
        " src=\"a\"\nwidth=3>"
        "<img role=presentation src=a><img aria-hidden=true src=a><img>\xff\xff<p><table><img" ALT
        " src=a>");
}

static void an_alt_text_that_a_program_fills_in_is_one(void **state) {
    (void)state;
    const char *text = "<img src=a :alt=x><img src=a v-bind:alt=x><img src=a [alt]='x'><img src=a "
                       "[attr.alt]=x><img src=a th:alt=x><img src=a alt={{x}}>";
    expect(ALT_HTML, text, text);
    expect(ALT_HTML, "<img src=a data-alt=x>", "<img" ALT " src=a data-alt=x>");
}

static void expect_alt(const char *alt, enum alt_kind kind, const char *text,
                       const char *expected) {
    char *made = filled_with(alt, kind, text);
    assert_string_equal(made, expected);
    free(made);
}

/* A caption, which may say anything, is no code of a template, no cell of a table, no formula. */
static void what_a_caption_says_means_nothing_to_templates_and_tables(void **state) {
    (void)state;
    if (!has_library(ALT_HTML) || !has_library(ALT_MARKDOWN)) skip();
    static const char alt[] = "{{ x }} ${y} {% z %} a|b `c` $d$ <e> ~f~";
    expect_alt(
        alt, ALT_HTML, "<img src=a>",
        "<img alt=\"&#123;&#123; x &#125;&#125; &#36;&#123;y&#125; &#123;% z %&#125; a|b `c` "
        "&#36;d&#36; &lt;e&gt; ~f~\" src=a>");
    expect_alt(alt, ALT_MARKDOWN, "| ![](a) | <img src=a> |\n",
               "| ![&#123;&#123; x &#125;&#125; &#36;&#123;y&#125; &#123;% z %&#125; a&#124;b "
               "\\`c\\` &#36;d&#36; &#60;e&#62; &#126;f&#126;](a) | <img alt=\"&#123;&#123; x "
               "&#125;&#125; &#36;&#123;y&#125; &#123;% z %&#125; a&#124;b &#96;c&#96; &#36;d&#36; "
               "&lt;e&gt; &#126;f&#126;\" src=a> |\n");
}

/* References are right in every encoding; where it is UTF-8 for sure, letters stay letters. */
static void a_caption_is_right_in_a_document_of_any_encoding(void **state) {
    (void)state;
    if (!has_library(ALT_HTML)) skip();
#define CAFE "a caf\xc3\xa9"
    expect_alt(CAFE, ALT_HTML, "<img src=a>", "<img alt=\"a caf&#233;\" src=a>");
    expect_alt(CAFE, ALT_HTML, "<meta charset=iso-8859-1><img src=a>\xe9",
               "<meta charset=iso-8859-1><img alt=\"a caf&#233;\" src=a>\xe9");
    expect_alt(CAFE, ALT_HTML, "<meta charset='UTF-8'><img src=a>",
               "<meta charset='UTF-8'><img alt=\"" CAFE "\" src=a>");
    expect_alt(CAFE, ALT_HTML, "\xef\xbb\xbf<img src=a>",
               "\xef\xbb\xbf<img alt=\"" CAFE "\" src=a>");
    if (has_library(ALT_XHTML)) {
        expect_alt(CAFE, ALT_XHTML, "<p><img src='a'/></p>",
                   "<p><img alt=\"" CAFE "\" src='a'/></p>");
        expect_alt(
            CAFE, ALT_XHTML, "<?xml version='1.0' encoding='US-ASCII'?><p><img src='a'/></p>",
            "<?xml version='1.0' encoding='US-ASCII'?><p><img alt=\"a caf&#233;\" src='a'/></p>");
    }
    if (has_library(ALT_XHTML)) {
        expect_alt(CAFE, ALT_XHTML,
                   "<?xml version='1.0' encoding = 'iso-8859-15'?><p>\xa4<img src='a'/></p>",
                   "<?xml version='1.0' encoding = 'iso-8859-15'?><p>\xa4<img alt=\"a caf&#233;\" "
                   "src='a'/></p>");
        expect_alt(CAFE, ALT_XHTML,
                   "<?xml version='1.0' encoding='GBK'?><p>\xb5\\<img src='a'/></p>",
                   "<?xml version='1.0' encoding='GBK'?><p>\xb5\\<img alt=\"a caf&#233;\" "
                   "src='a'/></p>");
    }
    if (has_library(ALT_MARKDOWN)) expect_alt(CAFE, ALT_MARKDOWN, "![](a)", "![" CAFE "](a)");
}

static void what_only_looks_like_an_img_stays(void **state) {
    (void)state;
    const char *text = "<!-- <img src=a> --><script>'<img src=a>'</script><textarea><img src=a>"
                       "</textarea><title><img src=a></title><a title='<img src=a>'>";
    expect(ALT_HTML, text, text);
    text = "`![](a)` \\![](a) ![b](a) <!-- ![](a) -->\n\n    ![](a)\n\n```\n![](a)\n<img "
           "src=a>\n```\n";
    expect(ALT_MARKDOWN, text, text);
}

static void xhtml_is_read_as_xml(void **state) {
    (void)state;
    expect(ALT_XHTML,
           "<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'><h:html xmlns:h='u'><title/>&nbsp;"
           "<h:img src='a'/><img src='b' alt=''/><!-- <img src='a'/> --></h:html>",
           "<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'><h:html xmlns:h='u'><title/>&nbsp;"
           "<h:img" ALT " src='a'/><img src='b' alt=''/><!-- <img src='a'/> --></h:html>");
    struct alt_pictures pictures;
    caption_error error = {0};
    assert_false(alt_pictures_read(ALT_XHTML, "<a>\n<b></a>", 11, &pictures, &error));
    assert_ptr_equal(strstr(error.message, "line 2: "), error.message);
    alt_pictures_free(&pictures);
}

static void markdown_pictures_are_found_wherever_they_stand(void **state) {
    (void)state;
    expect(ALT_MARKDOWN,
           "# a ![](a)\r\n\r\nb `![](a)` ![](a) ![](<b c> \"t\")\r\n  ![][r]\r\n\r\n[r]: a\r\n",
           "# a ![" MARKDOWN_ALT "](a)\r\n\r\nb `![](a)` ![" MARKDOWN_ALT "](a) ![" MARKDOWN_ALT
           "](<b c> \"t\")\r\n  ![" MARKDOWN_ALT "][r]\r\n\r\n[r]: a\r\n");
    expect(ALT_MARKDOWN,
           "> - ![](a)\n>   [![](b)](c) *![](d)*\n\n<p>\n<img src=a>\n</p>\n\nx <img src=a/> y",
           "> - ![" MARKDOWN_ALT "](a)\n>   [![" MARKDOWN_ALT "](b)](c) *![" MARKDOWN_ALT
           "](d)*\n\n<p>\n<img" TAG_ALT " src=a>\n</p>\n\nx <img" TAG_ALT " src=a/> y");
}

static void a_tag_behind_a_comment_is_one(void **state) {
    (void)state;
    expect(ALT_MARKDOWN,
           "<!-- x --> <img src=a>\n> <!--\r\n> <img src=a>\r\n> --><img src=a>\r\n> b\n",
           "<!-- x --> <img" TAG_ALT " src=a>\n> <!--\r\n> <img src=a>\r\n> --><img" TAG_ALT
           " src=a>\r\n> b\n");
    expect(ALT_MARKDOWN, "<pre>\n</pre><img src=a>\n<img src=a>\n\n<img src=b>\n",
           "<pre>\n</pre><img" TAG_ALT " src=a>\n<img" TAG_ALT " src=a>\n\n<img" TAG_ALT
           " src=b>\n");
}

static void a_tag_that_stands_in_code_before_is_not_taken_for_the_picture(void **state) {
    (void)state;
    expect(ALT_MARKDOWN, "> `<img src=a>`: <img src=a>, or `<img src=a>`\n> <img src=a>\n",
           "> `<img src=a>`: <img" TAG_ALT " src=a>, or `<img src=a>`\n> <img" TAG_ALT " src=a>\n");
}

static void the_metadata_before_a_markdown_document_is_kept(void **state) {
    (void)state;
    expect(ALT_MARKDOWN, "---\nimage: ![](a)\n---\n![](b)\n",
           "---\nimage: ![](a)\n---\n![" MARKDOWN_ALT "](b)\n");
    expect(ALT_MARKDOWN, "\xef\xbb\xbf---  \r\nx: '<!-- ![](a)'\r\n...\r\n![](b)\r\n",
           "\xef\xbb\xbf---  \r\nx: '<!-- ![](a)'\r\n...\r\n![" MARKDOWN_ALT "](b)\r\n");
    expect(ALT_MARKDOWN, "+++\nx = '![](a)'\n---\n+++\n<img src=b>\n",
           "+++\nx = '![](a)'\n---\n+++\n<img" TAG_ALT " src=b>\n");
    /* A rule across the page, and marks that have no end. */
    expect(ALT_MARKDOWN, "---\n\n![](a)\n\n---\n", "---\n\n![" MARKDOWN_ALT "](a)\n\n---\n");
    expect(ALT_MARKDOWN, "---\n![](a)\n", "---\n![" MARKDOWN_ALT "](a)\n");
    expect(ALT_MARKDOWN, "+++\n![](a)\n----\n", "+++\n![" MARKDOWN_ALT "](a)\n----\n");
}

static void a_text_in_the_wrong_place_is_noticed(void **state) {
    (void)state;
    if (!has_library(ALT_MARKDOWN)) skip();
    static const char text[] = "`![](a)` ![](a)";
    const char *texts[] = {"x"};
    struct alt_pictures pictures;
    struct file_bytes made;
    caption_error error = {0};
    assert_true(alt_pictures_read(ALT_MARKDOWN, text, strlen(text), &pictures, NULL));
    assert_int_equal(pictures.count, 1);
    pictures.items[0].place = 3; /* in the code */
    const struct file_bytes document = {(uint8_t *)(uintptr_t)text, strlen(text)};
    assert_false(alt_pictures_fill(ALT_MARKDOWN, &document, &pictures, texts, &made, &error));
    assert_non_null(strstr(error.message, "it stays as it is"));
    alt_pictures_free(&pictures);
}

static void deep_and_broken_documents_are_read_or_refused(void **state) {
    (void)state;
    enum { deep = 20000 };
    if (!has_library(ALT_HTML)) skip();
    char *text = malloc(5 * deep + 1);
    assert_non_null(text);
    for (size_t i = 0; i < deep; i++) memcpy(text + 5 * i, "<div>", 6);
    struct alt_pictures pictures;
    assert_true(alt_pictures_read(ALT_HTML, text, 5 * deep, &pictures, NULL));
    alt_pictures_free(&pictures);
    free(text);
    caption_error error = {0};
    assert_false(alt_pictures_read(ALT_HTML, "<\0i\0", 4, &pictures, &error));
    assert_non_null(strstr(error.message, "UTF-16"));
    alt_pictures_free(&pictures);
}

/* --- from a URL to a file */

static void expect_path(const char *url, const char *base, enum alt_place place, const char *path) {
    const struct alt_folders folders = {"text/a", "", true};
    enum alt_place found;
    char *made;
    assert_true(alt_picture_path(url, base, &folders, &found, &made, NULL));
    if (found != place) fail_msg("%s is found elsewhere", url);
    if (path) assert_string_equal(made, path);
    assert_true((made != NULL) == (place == ALT_LOCAL));
    free(made);
}

/* Seconds that reading `count` times the text takes. */
static double seconds_of(enum alt_kind kind, const char *text, size_t count) {
    const size_t length = strlen(text);
    char *document = malloc(count * length + 1);
    assert_non_null(document);
    for (size_t i = 0; i < count; i++) memcpy(document + i * length, text, length + 1);
    struct alt_pictures pictures;
    const clock_t begun = clock();
    assert_true(alt_pictures_read(kind, document, count * length, &pictures, NULL));
    const double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    assert_true(pictures.count >= count);
    alt_pictures_free(&pictures);
    free(document);
    return seconds;
}

/* Without care, each took minutes: pictures that are moved out of tables were counted on to from
 * the beginning, tags that cannot be found were searched for to the end. */
static void hostile_documents_take_no_longer_than_others(void **state) {
    (void)state;
    if (!has_library(ALT_HTML) || !has_library(ALT_MARKDOWN)) skip();
    assert_true(seconds_of(ALT_HTML,
                           "<table>\n<tr><td>\n<img src=a></td></tr><img src=b></table>\n",
                           80000) < 20);
    assert_true(seconds_of(ALT_MARKDOWN, "> a <img\n> src=x>\n", 60000) < 20);
}

static void a_url_is_a_path_below_the_root(void **state) {
    (void)state;
    expect_path("x.jpg", NULL, ALT_LOCAL, "text/a/x.jpg");
    expect_path(" ./../b//x%20y%2.jpg?v=1#z ", NULL, ALT_LOCAL, "text/b/x y%2.jpg");
    expect_path("/x.jpg", NULL, ALT_LOCAL, "x.jpg");
    expect_path("x.jpg", "/b/", ALT_LOCAL, "b/x.jpg");
    expect_path("x.jpg", "", ALT_LOCAL, "text/a/x.jpg");
    expect_path("x.jpg", "#c", ALT_LOCAL, "text/a/x.jpg");
    expect_path("x.jpg", "c/d.html", ALT_LOCAL, "text/a/c/x.jpg");
    expect_path("x.jpg", "https://example.org/", ALT_REMOTE, NULL);
    expect_path("../../../x.jpg", NULL, ALT_OUTSIDE, NULL);
    expect_path("%2e%2e/%2e%2e/../x.jpg", NULL, ALT_OUTSIDE, NULL);
    expect_path("a%00b", NULL, ALT_LOCAL, "text/a/a%00b");
    static const char *const remote[] = {"https://a/b.jpg",
                                         "//a/b.jpg",
                                         "data:image/png,x",
                                         "C:\\a.jpg",
                                         "{{ url }}",
                                         "<?php ?>",
                                         "{logo}",
                                         "#",
                                         " ?x",
                                         " ",
                                         "{a('./b.jpg').c}"};
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        expect_path(remote[i], NULL, ALT_REMOTE, NULL);
}

static void a_file_outside_the_folder_is_not_read_even_by_a_link(void **state) {
    (void)state;
    char *folder = temporary_folder_new(), *link = file_join(folder, "link.jpg", NULL);
    temporary_folder_put(folder, "x.jpg", "x");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    const struct alt_folders folders = {folder, folder, false};
    const struct {
        const char *url;
        enum alt_place place;
    } cases[] = {{"x.jpg", ALT_LOCAL},      {"none.jpg", ALT_LOCAL},   {"link.jpg", ALT_OUTSIDE},
                 {"../x.jpg", ALT_OUTSIDE}, {"none/x.jpg", ALT_LOCAL}, {"/x.jpg", ALT_LOCAL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum alt_place place;
        char *path;
        assert_true(alt_picture_path(cases[i].url, NULL, &folders, &place, &path, NULL));
        if (place != cases[i].place) fail_msg("%s is found elsewhere", cases[i].url);
        free(path);
    }
    free(link);
    temporary_folder_free(folder);
}

/* --- EPUB */

/* An archive of parts that are not compressed. */
static void add_part(struct bytes *archive, struct bytes *list, const char *name,
                     const char *text) {
    const size_t at = archive->size, size = strlen(text);
    const uint32_t sum = png_checksum((const uint8_t *)text, size);
    for (int listed = 0; listed < 2; listed++) {
        struct bytes *to = listed ? list : archive;
        bytes_add(to, listed ? "PK\1\2\x14\0" : "PK\3\4", listed ? 6 : 4);
        bytes_add(to, "\x14\0\0\0\0\0\x08\x29\x44\x2a", 10); /* a time of 2001 */
        bytes_add_little(to, sum, 4);
        bytes_add_little(to, size, 4);
        bytes_add_little(to, size, 4);
        bytes_add_little(to, strlen(name), 2);
        bytes_add_little(to, 0, 2);
        if (listed) {
            bytes_add(to, "\0\0\0\0\0\0\0\0\0\0", 10);
            bytes_add_little(to, at, 4);
        }
        bytes_add(to, name, strlen(name));
    }
    bytes_add(archive, text, size);
}

/* `other` is a small part, or before the page a large one. */
enum { LARGE_PICTURE = 1000 };
static struct bytes archive_new(const char *other, bool page_is_last) {
    struct bytes archive = {0}, list = {0};
    char large[LARGE_PICTURE + 1] = {0};
    memset(large, 'p', LARGE_PICTURE);
    add_part(&archive, &list, "mimetype", "application/epub+zip");
    if (!page_is_last) add_part(&archive, &list, "a/b.xhtml", "<a/>");
    add_part(&archive, &list, other, page_is_last ? large : "picture");
    if (page_is_last) add_part(&archive, &list, "a/b.xhtml", "<a/>");
    const size_t at = archive.size;
    bytes_add(&archive, list.data, list.size);
    bytes_add(&archive, "PK\5\6\0\0\0\0\3\0\3\0", 12);
    bytes_add_little(&archive, list.size, 4);
    bytes_add_little(&archive, at, 4);
    bytes_add(&archive, "\0\0", 2);
    bytes_free(&list);
    return archive;
}

static void pages_of_an_epub_are_replaced_and_the_rest_is_copied(void **state) {
    (void)state;
    struct bytes archive = archive_new("a/x.jpg", false);
    caption_error error = {0};
    struct alt_epub *epub = alt_epub_open(archive.data, archive.size, &error);
    if (!epub && strstr(error.message, "libzip-dev")) {
        print_message("%s\n", error.message);
        bytes_free(&archive);
        skip();
    }
    if (!epub) fail_msg("%s", error.message);
    assert_string_equal(alt_epub_document(epub, 0), "a/b.xhtml");
    assert_null(alt_epub_document(epub, 1));
    struct file_bytes part, made;
    assert_true(alt_epub_read(epub, "a/x.jpg", 7, &part, NULL));
    assert_string_equal(part.data, "picture");
    file_bytes_free(&part);
    assert_false(alt_epub_read(epub, "a/x.jpg", 6, &part, &error));
    assert_false(alt_epub_read(epub, "none", 6, &part, &error));
    const struct file_bytes page = {(uint8_t *)(uintptr_t) "<b/><c/>", 8};
    assert_true(alt_epub_replace(epub, "a/b.xhtml", &page, NULL));
    assert_true(alt_epub_close(epub, &made, NULL));
    alt_epub_free(epub);
    assert_memory_equal(made.data, archive.data, 58);                /* the mimetype */
    assert_memory_equal(made.data + 58 + 10, "\x08\x29\x44\x2a", 4); /* the page's time */
    assert_non_null(memmem(made.data, made.size, "<b/><c/>PK\3\4", 12));
    assert_non_null(memmem(made.data, made.size, "a/x.jpgpicture", 14));
    file_bytes_free(&made);
    bytes_free(&archive);
}

/* The larger part of the archive, at its beginning, stays. */
static void a_page_behind_a_picture_is_replaced_unless_it_is_huge(void **state) {
    (void)state;
    struct bytes archive = archive_new("a/x.jpg", true);
    caption_error error = {0};
    struct alt_epub *epub = alt_epub_open(archive.data, archive.size, &error);
    if (!epub && strstr(error.message, "libzip-dev")) {
        bytes_free(&archive);
        skip();
    }
    assert_non_null(epub);
    struct file_bytes made, huge = {calloc(65000000, 1), 65000000};
    const struct file_bytes page = {(uint8_t *)(uintptr_t) "<b/><c/>", 8};
    assert_true(alt_epub_replace(epub, "a/b.xhtml", &page, NULL));
    assert_false(alt_epub_replace(epub, "a/b.xhtml", &huge, &error));
    assert_int_equal(error.status, CAPTION_ERROR_LIMIT);
    assert_true(alt_epub_close(epub, &made, NULL));
    alt_epub_free(epub);
    assert_memory_equal(made.data, archive.data,
                        58 + LARGE_PICTURE); /* the mimetype and the picture */
    assert_non_null(memmem(made.data, made.size, "<b/><c/>PK", 10));
    file_bytes_free(&huge);
    file_bytes_free(&made);
    bytes_free(&archive);
}

static void broken_and_signed_archives_are_refused(void **state) {
    (void)state;
    struct bytes archive = archive_new("META-INF/signatures.xml", false);
    caption_error error = {0};
    assert_null(alt_epub_open(archive.data, archive.size, &error));
    if (strstr(error.message, "libzip-dev")) {
        bytes_free(&archive);
        skip();
    }
    assert_non_null(strstr(error.message, "is signed"));
    for (size_t size = 0; size < archive.size; size++)
        assert_null(alt_epub_open(archive.data, size, NULL));
    bytes_free(&archive);
}

/* What diff -u writes and patch reads. */
static void expect_head(const char *name, const char *expected) {
    static char old[] = "1\n", new[] = "2\n";
    const struct file_bytes before = {(uint8_t *)old, 2}, after = {(uint8_t *)new, 2};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_true(alt_diff_write(stream, name, &before, &after, NULL));
    assert_int_equal(fclose(stream), 0);
    assert_memory_equal(text, expected, strlen(expected));
    free(text);
}

static void a_name_in_a_diff_is_nothing_but_a_name(void **state) {
    (void)state;
    expect_head("a b.md", "--- a b.md\t\n+++ a b.md\t\n@@");
    expect_head("a\n+++ b\t\"\\.md", "--- \"a\\012+++ b\\011\\042\\134.md\"\n+++ \"a");
    expect_head("\xc2\x9b.md", "--- \"\\302\\233.md\"\n");
}

static void a_diff_is_that_of_diff_u(void **state) {
    (void)state;
    static char old[] = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13",
                new[] = "1\n2\n3\n4x\n5\n6\n7\n8\n9\n10\n11\n12\n13x";
    const struct file_bytes before = {(uint8_t *)old, sizeof old - 1},
                            after = {(uint8_t *)new, sizeof new - 1};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    assert_true(alt_diff_write(stream, "a.md", &before, &after, NULL));
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(
        text, "--- a.md\n+++ a.md\n@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+4x\n 5\n 6\n 7\n"
              "@@ -10,4 +10,4 @@\n 10\n 11\n 12\n-13\n\\ No newline at end of file\n+13x\n"
              "\\ No newline at end of file\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_img_without_alt_gets_one_and_decoration_stays),
        cmocka_unit_test(an_alt_text_that_a_program_fills_in_is_one),
        cmocka_unit_test(what_a_caption_says_means_nothing_to_templates_and_tables),
        cmocka_unit_test(a_caption_is_right_in_a_document_of_any_encoding),
        cmocka_unit_test(what_only_looks_like_an_img_stays),
        cmocka_unit_test(xhtml_is_read_as_xml),
        cmocka_unit_test(markdown_pictures_are_found_wherever_they_stand),
        cmocka_unit_test(a_tag_behind_a_comment_is_one),
        cmocka_unit_test(a_tag_that_stands_in_code_before_is_not_taken_for_the_picture),
        cmocka_unit_test(the_metadata_before_a_markdown_document_is_kept),
        cmocka_unit_test(a_text_in_the_wrong_place_is_noticed),
        cmocka_unit_test(deep_and_broken_documents_are_read_or_refused),
        cmocka_unit_test(hostile_documents_take_no_longer_than_others),
        cmocka_unit_test(a_url_is_a_path_below_the_root),
        cmocka_unit_test(a_file_outside_the_folder_is_not_read_even_by_a_link),
        cmocka_unit_test(pages_of_an_epub_are_replaced_and_the_rest_is_copied),
        cmocka_unit_test(a_page_behind_a_picture_is_replaced_unless_it_is_huge),
        cmocka_unit_test(broken_and_signed_archives_are_refused),
        cmocka_unit_test(a_name_in_a_diff_is_nothing_but_a_name),
        cmocka_unit_test(a_diff_is_that_of_diff_u),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

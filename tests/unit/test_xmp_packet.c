/* XMP packets: a caption put into one of any program, the rest of which stays byte for byte;
 * hostile ones refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/xmp_packet.h"

#define RDF "xmlns:rdf=\"" XMP_RDF "\""
#define DC "xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
#define IPTC "xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\""

/* What is put into packets, and what becomes of it there. */
static const char caption[] = "a <dog> & \"a\" cat";
static const struct xmp_content content_of_caption = {.texts = {caption, caption},
                                                      .confidence = (double)NAN};
#define ESCAPED "a &lt;dog&gt; &amp; &quot;a&quot; cat"
#define NEW_LIST "<rdf:Alt><rdf:li xml:lang=\"x-default\">" ESCAPED "</rdf:li></rdf:Alt>"
#define NEW_DESCRIPTION "<dc:description " DC " " RDF ">" NEW_LIST "</dc:description>"
#define NEW_ALT_TEXT                                                                               \
    "<Iptc4xmpCore:AltTextAccessibility " IPTC " " RDF ">" NEW_LIST                                \
    "</Iptc4xmpCore:AltTextAccessibility>"
#define NEW_WRITER                                                                                 \
    "<photoshop:CaptionWriter "                                                                    \
    "xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\">caption " CAPTION_VERSION              \
    "</photoshop:CaptionWriter>"

/* An alt text that is there. */
#define ALT_TEXT                                                                                   \
    "<a:AltTextAccessibility xmlns:a=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\">said"         \
    "</a:AltTextAccessibility>"

/* Around the properties of a packet as darktable writes it. */
#define BEGIN                                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" "           \
    "x:xmptk=\"XMP Core 4.4.0-Exiv2\">\n <rdf:RDF " RDF ">\n  <rdf:Description rdf:about=\"\" "    \
    "" DC " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n   xmp:Rating='3'>\n"
#define DESCRIPTION_END "</rdf:Description>\n </rdf:RDF>\n</x:xmpmeta><!-- & so on -->"
#define END "\r\n  " DESCRIPTION_END

#ifdef CAPTION_WITH_EXPAT
enum { WITH_EXPAT = 1 };
#else
enum { WITH_EXPAT = 0 };
#endif

static void needs_expat(void) {
    if (!WITH_EXPAT) {
        print_message("built without libexpat: packets of other programs are not read\n");
        skip();
    }
}

static struct xmp_packet read_packet(const char *text) {
    struct xmp_packet packet;
    caption_error error = {0};
    if (!xmp_packet_read(text, strlen(text), "dog.xmp", &packet, &error))
        fail_msg("%s", error.message);
    return packet;
}

/* A new packet, freed by the caller. */
static char *written(const struct xmp_content *content) {
    char *made = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&made, &size);
    assert_non_null(stream);
    xmp_packet_write(stream, content);
    assert_int_equal(fclose(stream), 0);
    return made;
}

/* The merged packet, freed by the caller. */
static char *merged_with(const struct xmp_content *content, const char *text, bool overwrite) {
    const struct xmp_packet packet = read_packet(text);
    assert_true(xmp_packet_can_merge(&packet, content, overwrite, "dog.xmp", NULL));
    char *made = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&made, &size);
    assert_non_null(stream);
    xmp_packet_write_merged(stream, &packet, content, overwrite);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strlen(made), size);
    return made;
}

static char *merged(const char *text, bool overwrite) {
    return merged_with(&content_of_caption, text, overwrite);
}

static void expect_merged(const char *text, bool overwrite, const char *expected) {
    char *made = merged(text, overwrite);
    assert_string_equal(made, expected);
    const struct xmp_packet packet = read_packet(made); /* XML still, with both */
    assert_true(xmp_packet_is_full(&packet, true, false));
    free(made);
}

static void expect_refused(const char *bytes, size_t size, const char *reason) {
    struct xmp_packet packet;
    caption_error error = {0};
    assert_false(xmp_packet_read(bytes, size, "dog.xmp", &packet, &error));
    assert_int_equal(error.status, CAPTION_ERROR_FORMAT);
    assert_ptr_equal(strstr(error.message, "dog.xmp: "), error.message);
    if (!strstr(error.message, reason)) fail_msg("'%s' lacks '%s'", error.message, reason);
}

static void a_new_packet_is_full_and_its_texts_are_replaced_in_place(void **state) {
    (void)state;
    char *text = written(&(struct xmp_content){.texts = {"old & <older>", "old & <older>"},
                                               .confidence = (double)NAN});
    const struct xmp_packet packet = read_packet(text);
    assert_true(xmp_packet_is_full(&packet, true, false));
    char *made = merged(text, true), *same = merged(text, false);
    assert_string_equal(same, text);
    assert_null(strstr(made, "older"));
    assert_non_null(strstr(made, "<dc:description>" NEW_LIST "</dc:description>\n"));
    assert_non_null(strstr(made, ">" NEW_LIST "</Iptc4xmpCore:AltTextAccessibility>\n"));
    free(same);
    free(made);
    free(text);
}

static void texts_that_are_absent_are_added_where_properties_end(void **state) {
    (void)state;
    needs_expat();
    static const char property[] =
        "<dc:subject><rdf:Bag><rdf:li>&#x64;og</rdf:li></rdf:Bag></dc:subject>";
    char text[2048], expected[4096];
    snprintf(text, sizeof text, "%s%s%s", BEGIN, property, END);
    snprintf(expected, sizeof expected, "%s%s\r\n  %s\n%s\n%s\n%s", BEGIN, property,
             NEW_DESCRIPTION, NEW_ALT_TEXT, NEW_WRITER, DESCRIPTION_END);
    expect_merged(text, false, expected);
    expect_merged(text, true, expected);
}

static void an_empty_description_is_opened(void **state) {
    (void)state;
    needs_expat();
    expect_merged("<r:RDF xmlns:r=\"" XMP_RDF "\"><r:Description\n r:about=''/></r:RDF>", false,
                  "<r:RDF xmlns:r=\"" XMP_RDF "\"><r:Description\n r:about=''>\n" NEW_DESCRIPTION
                  "\n" NEW_ALT_TEXT "\n" NEW_WRITER "\n</r:Description></r:RDF>");
    expect_merged("<RDF xmlns=\"" XMP_RDF "\"><Description/></RDF>", false,
                  "<RDF xmlns=\"" XMP_RDF "\"><Description>\n" NEW_DESCRIPTION "\n" NEW_ALT_TEXT
                  "\n" NEW_WRITER "\n</Description></RDF>");
}

static void a_text_that_is_there_stays_or_gives_way_in_its_language_alone(void **state) {
    (void)state;
    needs_expat();
#define FRENCH "<rdf:li xml:lang='fr'>un chien</rdf:li>"
#define DESCRIPTION(text)                                                                          \
    BEGIN "<D:description xmlns:D='http://purl.org/dc/elements/1.1/'><rdf:Alt>" FRENCH             \
          " <rdf:li xml:lang='x-default'>" text "</rdf:li></rdf:Alt></D:description>" ALT_TEXT END
    static const char *const old[] = {"Anna's <![CDATA[<wedding>]]>", "", "&#65;<!-- <x> -->"};
    expect_merged(DESCRIPTION("Anna"), false, DESCRIPTION("Anna"));
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        char text[4096], *place;
        snprintf(text, sizeof text, "%s", DESCRIPTION("%OLD%"));
        place = strstr(text, "%OLD%");
        assert_non_null(place);
        const char *behind = strstr(DESCRIPTION("%OLD%"), "%OLD%") + strlen("%OLD%");
        snprintf(place, sizeof text - (size_t)(place - text), "%s%s", old[i], behind);
        char *made = merged(text, true);
        assert_non_null(strstr(made, FRENCH " <rdf:li xml:lang='x-default'>" ESCAPED "</rdf:li>"));
        assert_non_null(strstr(made, NEW_ALT_TEXT)); /* which was no list of languages */
        assert_null(strstr(made, "said"));
        assert_non_null(strstr(made, "</x:xmpmeta><!-- & so on -->"));
        free(made);
    }
#undef DESCRIPTION
}

static void forms_of_a_text_that_cannot_hold_a_caption_give_way_to_one_that_can(void **state) {
    (void)state;
    needs_expat();
#define LIST(items)                                                                                \
    BEGIN "<dc:description><rdf:Alt>" items "</rdf:Alt></dc:description>" ALT_TEXT END
#define ITEM "<rdf:li " RDF " xml:lang=\"x-default\">" ESCAPED "</rdf:li>"
#define OTHER(property) BEGIN property END
    const char *const pairs[][2] = {
        {LIST(FRENCH), ITEM FRENCH},
        {LIST("<rdf:li xml:lang=\"x-default\"/>"), "<rdf:Alt>" ITEM "</rdf:Alt>"},
        {LIST(""), "<rdf:Alt>" ITEM "</rdf:Alt>"},
        {OTHER("<dc:description><rdf:Alt/></dc:description>"), "'3'>\n" NEW_DESCRIPTION},
        {OTHER("<dc:description/>"), "'3'>\n" NEW_DESCRIPTION},
        {OTHER("<dc:description>plain</dc:description>"), "'3'>\n" NEW_DESCRIPTION},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *made = merged(pairs[i][0], true), *kept = merged(pairs[i][0], false);
        if (!strstr(made, pairs[i][1])) fail_msg("%s\nlacks\n%s", made, pairs[i][1]);
        assert_null(strstr(kept, NEW_DESCRIPTION));
        const struct xmp_packet packet = read_packet(made);
        assert_int_equal(packet.texts[XMP_DESCRIPTION].form, XMP_TEXT);
        free(kept);
        free(made);
    }
    const struct xmp_packet packet =
        read_packet("<rdf:RDF " RDF "><rdf:Description " DC " dc:description='said'>" ALT_TEXT
                    "</rdf:Description></rdf:RDF>");
    caption_error error = {0};
    assert_true(xmp_packet_is_full(&packet, true, false));
    assert_false(xmp_packet_can_merge(&packet, &content_of_caption, true, "dog.xmp", &error));
    assert_non_null(strstr(error.message, "dog.xmp: dc:description: "));
}

static void a_namespace_keeps_the_prefix_that_it_has(void **state) {
    (void)state;
    needs_expat();
#define D "xmlns:d=\"http://purl.org/dc/elements/1.1/\""
#define P "xmlns:p=\"http://ns.adobe.com/photoshop/1.0/\""
#define PACKET(attributes, properties)                                                             \
    "<rdf:RDF " RDF "><rdf:Description rdf:about=''" attributes ">" properties                     \
    "</rdf:Description></rdf:RDF>"
    static const char *const texts[] = {
        PACKET(" " D " " P, "<d:title>x</d:title><p:City>y</p:City>"),
        PACKET(" " D " " P " d:format='image/jpeg'\n p:City = 'y'", "<d:description/>")};
    for (size_t i = 0; i < 2; i++) {
        char *made = merged(texts[i], true);
        assert_non_null(strstr(made, "<d:description " D " " RDF ">" NEW_LIST "</d:description>"));
        assert_non_null(
            strstr(made, "<p:CaptionWriter " P ">caption " CAPTION_VERSION "</p:CaptionWriter>"));
        assert_non_null(strstr(made, NEW_ALT_TEXT));
        assert_null(strstr(made, "dc:"));
        const struct xmp_packet packet = read_packet(made);
        assert_true(xmp_packet_is_full(&packet, true, false));
        free(made);
    }
}

static void what_looks_like_a_text_elsewhere_is_none(void **state) {
    (void)state;
    needs_expat();
    static const char *const properties[] = {
        /* in another property, in another namespace, in a comment */
        "<xmp:History><rdf:Description><dc:description>x</dc:description></rdf:Description></"
        "xmp:History>",
        "<dc:description xmlns:dc=\"http://purl.org/dc/elements/1.1\">x</dc:description>",
        "<description>x</description>",
        "<!-- <dc:description>x</dc:description> -->",
        "<dc:title><dc:description><rdf:Alt><rdf:li xml:lang='x-default'>x</rdf:li></rdf:Alt>"
        "</dc:description></dc:title>",
    };
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        char text[2048], expected[4096];
        snprintf(text, sizeof text, "%s%s%s", BEGIN, properties[i], END);
        snprintf(expected, sizeof expected, "%s%s\r\n  %s\n%s\n%s\n%s", BEGIN, properties[i],
                 NEW_DESCRIPTION, NEW_ALT_TEXT, NEW_WRITER, DESCRIPTION_END);
        expect_merged(text, true, expected);
    }
}

static void hostile_and_foreign_files_are_refused_by_name(void **state) {
    (void)state;
    needs_expat();
    const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "line 1: "},
        {"a letter", "line 1: "},
        {BEGIN "\n", "line 7: "},
        {"<html/>", "expected XMP"},
        {"<rdf:RDF " RDF "/>", "expected XMP"},
        {"<!DOCTYPE b [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><b>&b;</b>", "no document type"},
        {"<!DOCTYPE b SYSTEM 'file:///etc/passwd'><b/>", "no document type"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><b/>", "expected UTF-8, found ISO-8859-1"},
        {"<b>\xE9</b>", "line 1: "},
        {"<b>&nbsp;</b>", "line 1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(cases[i].text, strlen(cases[i].text), cases[i].reason);
    static const char utf16[] = "\xFE\xFF\0<\0b\0/\0>";
    expect_refused(utf16, sizeof utf16 - 1, "UTF-16");
    char deep[4 * 1000 + 1];
    for (size_t i = 0; i < 1000; i++) memcpy(deep + 3 * i, "<a>", 4);
    expect_refused(deep, strlen(deep), "deeply nested");
}

/* Cut off anywhere, or with any byte changed, a packet is refused or merged: never read beyond. */
static void any_bytes_are_refused_or_merged(void **state) {
    (void)state;
    static const char whole[] = BEGIN "<dc:description><rdf:Alt>" FRENCH
                                      "<rdf:li xml:lang='x-default'>Anna</rdf:li></rdf:Alt>"
                                      "</dc:description>" ALT_TEXT END;
    size_t read = 0;
    for (size_t i = 0; i < sizeof whole; i++) {
        for (const char *byte = "<>/\"& x:\xC3"; *byte; byte++) {
            const size_t size = sizeof whole - 1;
            char *text = malloc(size + 1); /* of its exact size, for the sanitizer */
            assert_non_null(text);
            memcpy(text, whole, size + 1);
            if (i < size) text[i] = *byte;
            const size_t length = *byte == '<' ? i : size; /* by turns cut off and changed */
            text[length] = 0;
            struct xmp_packet packet;
            if (xmp_packet_read(text, length, "dog.xmp", &packet, NULL)) {
                read++;
                if (xmp_packet_can_merge(&packet, &content_of_caption, true, "dog.xmp", NULL))
                    free(merged(text, true));
                free(merged(text, false));
            }
            free(text);
        }
    }
    assert_true(read > 0 || !WITH_EXPAT);
}

static char dog[] = "dog", grass[] = "gr&ss", run[] = "run";
static const caption_tag three[] = {{dog, 1}, {grass, 0.9}, {run, 0.8}};
static const struct xmp_content content_of_tags = {.tags = three, .tag_count = 3};

static void expect_keywords(const char *text, const char *expected) {
    char *made = merged_with(&content_of_tags, text, true);
    assert_string_equal(made, expected);
    const struct xmp_packet packet = read_packet(made); /* XML still */
    assert_true(xmp_packet_is_full(&packet, false, true));
    char *again = merged_with(&content_of_tags, made, true);
    assert_string_equal(again, made); /* none twice */
    free(again);
    free(made);
}

#define NEW(word) "<rdf:li " RDF ">" word "</rdf:li>"

static void keywords_are_added_behind_those_of_other_programs_and_none_twice(void **state) {
    (void)state;
    needs_expat();
    expect_keywords(BEGIN "<dc:subject><rdf:Bag>\n<rdf:li>zoo</rdf:li><rdf:li>Dog</rdf:li>\n"
                          "</rdf:Bag></dc:subject>" END,
                    BEGIN "<dc:subject><rdf:Bag>\n<rdf:li>zoo</rdf:li><rdf:li>Dog</rdf:li>\n" NEW(
                        "gr&amp;ss") NEW("run") "</rdf:Bag></dc:subject>" END);
    expect_keywords(BEGIN "<dc:subject><rdf:Seq><rdf:li>dogs</rdf:li></rdf:Seq></dc:subject>" END,
                    BEGIN "<dc:subject><rdf:Seq><rdf:li>dogs</rdf:li>" NEW("dog") NEW("gr&amp;ss")
                        NEW("run") "</rdf:Seq></dc:subject>" END);
}

static void a_packet_without_keywords_gets_a_list_of_them(void **state) {
    (void)state;
    needs_expat();
#define ALL                                                                                        \
    "<rdf:li>dog</rdf:li><rdf:li>gr&amp;ss</rdf:li><rdf:li>run</rdf:li></rdf:Bag></dc:subject>"
    char *made = merged_with(&content_of_tags, BEGIN ALT_TEXT END, true);
    assert_non_null(strstr(made, ALT_TEXT));
    assert_non_null(
        strstr(made, "<dc:subject " DC " " RDF "><rdf:Bag>" ALL "\n</rdf:Description>"));
    free(made);
}

static void an_empty_list_of_keywords_is_filled(void **state) {
    (void)state;
    needs_expat();
    expect_keywords(BEGIN "<dc:subject><rdf:Bag/></dc:subject>" END,
                    BEGIN "<dc:subject><rdf:Bag " RDF ">" ALL END);
    expect_keywords(BEGIN "<dc:subject/>" END,
                    BEGIN "<dc:subject " DC " " RDF "><rdf:Bag>" ALL END);
}

static void keywords_that_are_no_list_are_left_alone(void **state) {
    (void)state;
    needs_expat();
    const struct xmp_packet packet = read_packet(BEGIN "<dc:subject>dog</dc:subject>" END);
    caption_error error = {0};
    assert_false(xmp_packet_can_merge(&packet, &content_of_tags, false, "dog.xmp", &error));
    assert_string_equal(error.message, "dog.xmp: dc:subject: expected a list, found a text");
    assert_true(xmp_packet_can_merge(&packet, &content_of_caption, true, "dog.xmp", &error));
}

#define OURS "xmlns:caption=\"urn:uuid:35d3137a-89ba-41f3-8bb2-6ac233f2b69e#\""
#define SURE(number) "<caption:Confidence " OURS ">" number "</caption:Confidence>"
static const struct xmp_content sure_content = {.texts = {caption, caption}, .confidence = 0.71239};

static void expect_sure(const struct xmp_content *content, const char *text, bool overwrite,
                        const char *expected) {
    char *made = merged_with(content, text, overwrite);
    assert_string_equal(made, expected);
    read_packet(made); /* XML still */
    free(made);
}

static void a_caption_is_put_in_with_its_confidence_and_takes_the_old_one_away(void **state) {
    (void)state;
    char *text = written(&(struct xmp_content){.texts = {"old", "old"}, .confidence = 0.5});
    assert_non_null(strstr(text, SURE("0.5000") "\n"));
    char *made = merged_with(&sure_content, text, true);
    assert_non_null(strstr(made, ESCAPED));
    assert_non_null(strstr(made, SURE("0.7124") "\n"));
    assert_null(strstr(made, "0.5000"));
    char *unsure = merged_with(&content_of_caption, made, true);
    assert_null(strstr(unsure, "Confidence"));
    expect_sure(&sure_content, text, false, text); /* both texts are there, and stay */
    free(unsure);
    free(made);
    free(text);
}

static void a_confidence_that_became_an_attribute_gives_way_too(void **state) {
    (void)state;
    needs_expat();
#define DESCRIPTION(attributes)                                                                    \
    "<r:RDF xmlns:r=\"" XMP_RDF "\"><r:Description xmlns:c='urn:uuid:35d3137a-89ba-41f3-8bb2-"     \
    "6ac233f2b69e#'" attributes " xmlns:o='urn:o' o:Confidence=\"x='1'\">"
    expect_sure(&sure_content,
                DESCRIPTION(" r:about=''\n c:Confidence = '0.5'") "</r:Description></r:RDF>", false,
                DESCRIPTION(" r:about=''") NEW_DESCRIPTION
                "\n" NEW_ALT_TEXT "\n" SURE("0.7124") "\n" NEW_WRITER "\n</r:Description></r:RDF>");
    expect_sure(&content_of_caption,
                DESCRIPTION(" r:about=''\tc:Confidence='0.5'") "</r:Description></r:RDF>", true,
                DESCRIPTION(" r:about=''") NEW_DESCRIPTION "\n" NEW_ALT_TEXT "\n" NEW_WRITER
                                                           "\n</r:Description></r:RDF>");
}

static void tags_alone_leave_the_confidence_as_it_is(void **state) {
    (void)state;
    needs_expat();
    char *made = merged_with(&content_of_tags, BEGIN SURE("0.5") END, true);
    assert_non_null(strstr(made, SURE("0.5")));
    free(made);
}

static void a_description_names_its_writer_and_one_that_stays_keeps_his(void **state) {
    (void)state;
    needs_expat();
#define DC_TEXT "<dc:description>At Anna's</dc:description>"
    const char *const texts[] = {
        BEGIN DC_TEXT "<p:CaptionWriter xmlns:p='http://ns.adobe.com/photoshop/1.0/'>Anna"
                      "</p:CaptionWriter>" END,
        "<r:RDF xmlns:r=\"" XMP_RDF "\"><r:Description " DC
        " xmlns:p='http://ns.adobe.com/photoshop/1.0/' p:CaptionWriter='Anna'>" DC_TEXT
        "</r:Description></r:RDF>"};
    for (size_t i = 0; i < 2; i++) {
        char *made = merged(texts[i], true), *kept = merged(texts[i], false);
        assert_non_null(strstr(made, NEW_WRITER));
        assert_null(strstr(made, "Anna"));
        assert_null(strstr(kept, NEW_WRITER));
        assert_non_null(strstr(kept, i == 0 ? ">Anna</p:CaptionWriter>" : "='Anna'"));
        assert_non_null(strstr(kept, NEW_ALT_TEXT));
        free(kept);
        free(made);
    }
#undef DC_TEXT
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)); text++) count++;
    return count;
}

/* Also without libexpat. */
static void its_own_packet_is_read_again_after_each_merge(void **state) {
    (void)state;
    char *text = written(&content_of_tags);
    char *captioned = merged_with(&sure_content, text, false);
    char *same = merged(captioned, false);
    assert_string_equal(same, captioned);
    char *replaced = merged(captioned, true); /* by one without a confidence */
    assert_int_equal(count_of(replaced, "<dc:description"), 1);
    assert_int_equal(count_of(replaced, "<caption:Confidence"), 0);
    char *last = merged_with(&sure_content, replaced, true);
    assert_int_equal(count_of(last, "<dc:description"), 1);
    assert_int_equal(count_of(last, "<caption:Confidence"), 1);
    free(last);
    free(replaced);
    free(same);
    free(captioned);
    free(text);
}

static void without_expat_what_only_resembles_its_own_is_refused(void **state) {
    (void)state;
    if (WITH_EXPAT) skip();
    static const char resembles[] =
        "<x:xm x:xmptk=\"caption\">met</rdf:Description>\n</rdf:RDF>meta";
    expect_refused(resembles, strlen(resembles), "not as this program writes it");
    char *text = written(&content_of_caption);
    char *list = strstr(text, "<rdf:Alt>");
    assert_non_null(list);
    memcpy(list, "<rdf:Bag>", strlen("<rdf:Bag>"));
    expect_refused(text, strlen(text), "not as this program writes it");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_names_its_writer_and_one_that_stays_keeps_his),
        cmocka_unit_test(a_new_packet_is_full_and_its_texts_are_replaced_in_place),
        cmocka_unit_test(texts_that_are_absent_are_added_where_properties_end),
        cmocka_unit_test(an_empty_description_is_opened),
        cmocka_unit_test(a_text_that_is_there_stays_or_gives_way_in_its_language_alone),
        cmocka_unit_test(forms_of_a_text_that_cannot_hold_a_caption_give_way_to_one_that_can),
        cmocka_unit_test(a_namespace_keeps_the_prefix_that_it_has),
        cmocka_unit_test(what_looks_like_a_text_elsewhere_is_none),
        cmocka_unit_test(hostile_and_foreign_files_are_refused_by_name),
        cmocka_unit_test(any_bytes_are_refused_or_merged),
        cmocka_unit_test(keywords_are_added_behind_those_of_other_programs_and_none_twice),
        cmocka_unit_test(a_packet_without_keywords_gets_a_list_of_them),
        cmocka_unit_test(an_empty_list_of_keywords_is_filled),
        cmocka_unit_test(keywords_that_are_no_list_are_left_alone),
        cmocka_unit_test(a_caption_is_put_in_with_its_confidence_and_takes_the_old_one_away),
        cmocka_unit_test(a_confidence_that_became_an_attribute_gives_way_too),
        cmocka_unit_test(tags_alone_leave_the_confidence_as_it_is),
        cmocka_unit_test(its_own_packet_is_read_again_after_each_merge),
        cmocka_unit_test(without_expat_what_only_resembles_its_own_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

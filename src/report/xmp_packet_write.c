#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"
#include "report/xmp_packet.h"

const struct xmp_property xmp_properties[XMP_PROPERTIES] = {
    [XMP_DESCRIPTION] = {"http://purl.org/dc/elements/1.1/", "dc", "description"},
    [XMP_ALT_TEXT] = {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore",
                      "AltTextAccessibility"},
    [XMP_KEYWORDS] = {"http://purl.org/dc/elements/1.1/", "dc", "subject"},
    [XMP_CONFIDENCE] = {"urn:uuid:35d3137a-89ba-41f3-8bb2-6ac233f2b69e#", "caption", "Confidence"},
    [XMP_WRITER] = {"http://ns.adobe.com/photoshop/1.0/", "photoshop", "CaptionWriter"},
};

static const char head[] =
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"caption\">\n"
    "<rdf:RDF xmlns:rdf=\"" XMP_RDF "\">\n"
    "<rdf:Description rdf:about=\"\"\n"
    "  xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
    "  xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\">\n";
static const char tail[] = "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n";

/* In a packet of another program a prefix may stand for any namespace. */
static const char declaration_of_rdf[] = " xmlns:rdf=\"" XMP_RDF "\"";

/* XML escapes the same characters as HTML. */
static void write_item(FILE *stream, const char *caption, bool declared) {
    fprintf(stream, "<rdf:li%s xml:lang=\"x-default\">", declared ? "" : declaration_of_rdf);
    html_text_write(stream, caption);
    fputs("</rdf:li>", stream);
}

/* Skips the character at the beginning of XML text; NULL if it is another one. Letters are compared
 * without case; the character may be escaped. */
static const char *behind_character(const char *text, char character) {
    static const struct {
        char character;
        const char *escaped;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"},    {'>', "&gt;"},  {'"', "&quot;"},
                    {'"', "&#34;"}, {'\'', "&apos;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        const size_t length = strlen(entities[i].escaped);
        if (entities[i].character == character && strncmp(text, entities[i].escaped, length) == 0)
            return text + length;
    }
    return tolower((unsigned char)*text) == tolower((unsigned char)character) ? text + 1 : NULL;
}

/* Whether the text of an element, which `text` begins, is the keyword. The packet ends with a 0,
 * which is in no keyword. */
static bool is_keyword(const char *text, const char *keyword) {
    for (; text && *keyword; keyword++) text = behind_character(text, *keyword);
    return text && *text == '<';
}

static bool has_keyword(const struct xmp_packet *packet, const char *keyword) {
    const struct xmp_place *list = &packet->texts[XMP_KEYWORDS];
    if (list->form != XMP_LIST) return false;
    for (size_t i = list->begin; i < list->end; i++) {
        if (packet->bytes[i] == '>' && is_keyword(packet->bytes + i + 1, keyword)) return true;
    }
    return false;
}

/* `old`: what has some of them (NULL: nothing has). */
static void write_keywords(FILE *stream, const struct xmp_content *content,
                           const struct xmp_packet *old, bool declared) {
    for (size_t i = 0; i < content->tag_count; i++) {
        if (old && has_keyword(old, content->tags[i].name)) continue;
        fprintf(stream, "<rdf:li%s>", declared ? "" : declaration_of_rdf);
        html_text_write(stream, content->tags[i].name);
        fputs("</rdf:li>", stream);
    }
}

/* A property of one plain text, with its prefix declared. */
static void write_plain(FILE *stream, size_t number, const struct xmp_content *content) {
    const struct xmp_property *property = &xmp_properties[number];
    if (number == XMP_CONFIDENCE && isnan(content->confidence)) return;
    fprintf(stream, "<%s:%s xmlns:%s=\"%s\">", property->prefix, property->name, property->prefix,
            property->space);
    if (number == XMP_CONFIDENCE)
        fprintf(stream, "%.4f", content->confidence);
    else
        html_text_write(stream, XMP_WRITER_NAME);
    fprintf(stream, "</%s:%s>", property->prefix, property->name);
}

/* `declared`: the prefixes that are used are. */
static void write_property(FILE *stream, size_t number, const struct xmp_content *content,
                           bool declared) {
    if (number >= XMP_CONFIDENCE) {
        write_plain(stream, number, content);
        return;
    }
    const struct xmp_property *property = &xmp_properties[number];
    const char *list = number == XMP_KEYWORDS ? "Bag" : "Alt";
    fprintf(stream, "<%s:%s", property->prefix, property->name);
    if (!declared)
        fprintf(stream, " xmlns:%s=\"%s\"%s", property->prefix, property->space,
                declaration_of_rdf);
    fprintf(stream, "><rdf:%s>", list);
    if (number == XMP_KEYWORDS)
        write_keywords(stream, content, NULL, true);
    else
        write_item(stream, content->texts[number], true);
    fprintf(stream, "</rdf:%s></%s:%s>", list, property->prefix, property->name);
}

static bool has_caption(const struct xmp_content *content) {
    return content->texts[XMP_DESCRIPTION] || content->texts[XMP_ALT_TEXT];
}

static bool is_wanted(const struct xmp_content *content, size_t number) {
    if (number < XMP_TEXTS) return content->texts[number] != NULL;
    if (number == XMP_KEYWORDS) return content->tag_count > 0;
    if (number == XMP_WRITER) return content->texts[XMP_DESCRIPTION] != NULL;
    return has_caption(content) && !isnan(content->confidence);
}

void xmp_packet_write(FILE *stream, const struct xmp_content *content) {
    fputs(head, stream);
    for (size_t i = 0; i < XMP_PROPERTIES; i++) {
        if (!is_wanted(content, i)) continue;
        write_property(stream, i, content, true);
        fputc('\n', stream);
    }
    fputs(tail, stream);
}

bool xmp_packet_is_full(const struct xmp_packet *packet, bool caption, bool tags) {
    for (size_t i = 0; caption && i < XMP_TEXTS; i++)
        if (packet->texts[i].form == XMP_ABSENT) return false;
    return !tags || packet->texts[XMP_KEYWORDS].form != XMP_ABSENT;
}

bool xmp_packet_can_merge(const struct xmp_packet *packet, const struct xmp_content *content,
                          bool overwrite, const char *name, caption_error *error) {
    for (size_t i = 0; i < XMP_PROPERTIES; i++) {
        const bool is_edited = is_wanted(content, i) && (overwrite || i == XMP_KEYWORDS);
        if (i >= XMP_CONFIDENCE || !is_edited || packet->texts[i].form != XMP_ATTRIBUTE) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s:%s: expected a list%s, found %s",
                         name, xmp_properties[i].prefix, xmp_properties[i].name,
                         i == XMP_KEYWORDS ? "" : " of languages",
                         i == XMP_KEYWORDS ? "a text" : "an attribute");
    }
    return true;
}

/* What is put in: without `overwrite`, no text that the packet has. */
static struct xmp_content content_for(const struct xmp_packet *packet,
                                      const struct xmp_content *content, bool overwrite) {
    struct xmp_content put = *content;
    for (size_t i = 0; i < XMP_TEXTS; i++)
        if (!overwrite && packet->texts[i].form != XMP_ABSENT) put.texts[i] = NULL;
    if (!has_caption(&put)) put.confidence = (double)NAN;
    return put;
}

/* Whether a property is to be added; a plain text that is an attribute counts as absent. */
static bool is_added(const struct xmp_packet *packet, const struct xmp_content *content,
                     size_t number) {
    const enum xmp_form form = packet->texts[number].form;
    return is_wanted(content, number) &&
           (form == XMP_ABSENT || (number >= XMP_CONFIDENCE && form == XMP_ATTRIBUTE));
}

/* Whether a property that is there is replaced, or removed. */
static bool is_replaced(const struct xmp_content *content, size_t number) {
    return number == XMP_CONFIDENCE ? has_caption(content) : is_wanted(content, number);
}

/* A property that replaces another, or (XMP_ABSENT) all that are absent. */
struct edit {
    struct xmp_place place;
    size_t number;
};

static int by_place(const void *a, const void *b) {
    const struct edit *x = a, *y = b;
    return (x->place.begin > y->place.begin) - (x->place.begin < y->place.begin);
}

static size_t plan_edits(const struct xmp_packet *packet, const struct xmp_content *content,
                         struct edit *edits) {
    size_t count = 0;
    bool is_absent = false;
    for (size_t i = 0; i < XMP_PROPERTIES; i++) {
        struct xmp_place place = packet->texts[i];
        is_absent |= is_added(packet, content, i);
        if (place.form == XMP_ABSENT || !is_replaced(content, i)) continue;
        if (place.form == XMP_LIST) place.begin = place.end; /* after its content */
        edits[count++] = (struct edit){place, i};
    }
    if (is_absent) edits[count++] = (struct edit){packet->more, XMP_PROPERTIES};
    qsort(edits, count, sizeof *edits, by_place);
    return count;
}

static void write_more(FILE *stream, const struct xmp_packet *packet,
                       const struct xmp_content *content) {
    const bool is_empty = packet->more.end > packet->more.begin;
    if (is_empty) fputs(">\n", stream);
    for (size_t i = 0; i < XMP_PROPERTIES; i++) {
        if (!is_added(packet, content, i)) continue;
        write_property(stream, i, content, false);
        fputc('\n', stream);
    }
    if (is_empty) fprintf(stream, "</%.*s>", (int)packet->name_length, packet->name);
}

static void write_edit(FILE *stream, const struct xmp_packet *packet, const struct edit *edit,
                       const struct xmp_content *content) {
    switch (edit->place.form) {
    case XMP_ABSENT:
        write_more(stream, packet, content);
        break;
    case XMP_TEXT:
        html_text_write(stream, content->texts[edit->number]);
        break;
    case XMP_ITEM:
        write_item(stream, content->texts[edit->number], false);
        break;
    case XMP_PROPERTY:
        write_property(stream, edit->number, content, false);
        break;
    case XMP_LIST:
        write_keywords(stream, content, packet, false);
        break;
    case XMP_BAG:
        fprintf(stream, "<rdf:Bag%s>", declaration_of_rdf);
        write_keywords(stream, content, NULL, true);
        fputs("</rdf:Bag>", stream);
        break;
    case XMP_ATTRIBUTE: /* of a plain text: it is removed; of others see xmp_packet_can_merge */
        break;
    }
}

void xmp_packet_write_merged(FILE *stream, const struct xmp_packet *packet,
                             const struct xmp_content *content, bool overwrite) {
    struct edit edits[XMP_PROPERTIES + 1];
    const struct xmp_content written = content_for(packet, content, overwrite);
    const size_t count = plan_edits(packet, &written, edits);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        fwrite(packet->bytes + at, 1, edits[i].place.begin - at, stream);
        write_edit(stream, packet, &edits[i], &written);
        at = edits[i].place.end;
    }
    fwrite(packet->bytes + at, 1, packet->size - at, stream);
}

#include "report/xmp_packet.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef CAPTION_WITH_EXPAT
#include <expat.h>
#include <strings.h>
#endif

#include "report/html.h"

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

#ifdef CAPTION_WITH_EXPAT

/* A packet is a few levels deep; expat takes memory for each. */
enum { DEEPEST = 256 };

#define SPACE " \t\r\n"

/* Between a namespace and a name in it, as expat hands them over. */
#define IN "|"

/* rdf:RDF > rdf:Description > one of the texts > rdf:Alt > rdf:li, or dc:subject > rdf:Bag, or a
 * plain text. How many of these, each the child of the one before, lead to where the parser
 * is. */
enum level { OUTSIDE, IN_RDF, IN_DESCRIPTION, IN_PROPERTY, IN_LIST, IN_ITEM };

struct xmp_reader {
    XML_Parser parser;
    struct xmp_packet *packet;
    size_t depth;       /* of the element that the parser is in */
    size_t outer_depth; /* of the rdf:RDF */
    enum level level;
    struct xmp_place *text; /* that of IN_PROPERTY */
    size_t property, list, property_list,
        item;          /* where elements begin; where the list's items do */
    char problem[128]; /* why parsing stopped, "": no error */
};

static void refuse(struct xmp_reader *reader, const char *expected, const char *found) {
    snprintf(reader->problem, sizeof reader->problem, "expected %s, found %.60s", expected, found);
    XML_StopParser(reader->parser, XML_FALSE);
}

/* Of the tag that is being read. */
static size_t tag_begin(const struct xmp_reader *reader) {
    return (size_t)XML_GetCurrentByteIndex(reader->parser);
}

static size_t tag_end(const struct xmp_reader *reader) {
    return tag_begin(reader) + (size_t)XML_GetCurrentByteCount(reader->parser);
}

/* Expat reports the end of "<a/>" after it, as a tag of 0 bytes. */
static bool ends_empty(const struct xmp_reader *reader) {
    return tag_end(reader) == tag_begin(reader);
}

static bool is_in_space(const char *name, const struct xmp_property *property) {
    const size_t length = strlen(property->space);
    return strncmp(name, property->space, length) == 0 && name[length] == IN[0];
}

static bool is_property(const char *name, const struct xmp_property *property) {
    return is_in_space(name, property) &&
           strcmp(name + strlen(property->space) + 1, property->name) == 0;
}

/* Attribute `number` of the tag that is being read, with the space before it. Expat has found the
 * tag to be well formed, and counts attributes in their order, declarations of namespaces left out.
 */
static struct xmp_place attribute_place(const struct xmp_reader *reader, size_t number) {
    const char *bytes = reader->packet->bytes, *at = bytes + tag_begin(reader);
    at += strcspn(at, SPACE);
    for (;;) {
        const char *begin = at;
        at += strspn(at, SPACE);
        const bool counts = strncmp(at, "xmlns", 5) != 0 || !strchr(":=" SPACE, at[5]);
        at += strcspn(at, "\"'");
        at = strchr(at + 1, *at) + 1;
        if (counts && number-- == 0)
            return (struct xmp_place){XMP_ATTRIBUTE, (size_t)(begin - bytes), (size_t)(at - bytes)};
    }
}

/* Whether a name shows a prefix that is still to be found. A property's own name does not: it may
 * be replaced. */
static bool shows_prefix(const struct xmp_packet *packet, const char *name, size_t number) {
    return is_in_space(name, &xmp_properties[number]) &&
           !is_property(name, &xmp_properties[number]) && packet->prefixes[number].length == 0;
}

/* `tag`: the name as it stands in the packet. */
static void note_prefix(struct xmp_packet *packet, const char *name, const char *tag) {
    const size_t length = strcspn(tag, ":=/>" SPACE);
    for (size_t i = 0; tag[length] == ':' && i < XMP_PROPERTIES; i++)
        if (shows_prefix(packet, name, i)) packet->prefixes[i] = (struct xmp_name){tag, length};
}

static bool enter_description(struct xmp_reader *reader, const char **attributes) {
    struct xmp_packet *packet = reader->packet;
    for (size_t a = 0; attributes[2 * a]; a++) {
        const char *name = attributes[2 * a];
        for (size_t i = 0; i < XMP_PROPERTIES; i++) {
            if (is_property(name, &xmp_properties[i]))
                packet->texts[i] = attribute_place(reader, a);
            if (!shows_prefix(packet, name, i)) continue;
            const char *tag = packet->bytes + attribute_place(reader, a).begin;
            note_prefix(packet, name, tag + strspn(tag, SPACE));
        }
    }
    if (packet->name) return true;
    packet->name = packet->bytes + tag_begin(reader) + 1;
    packet->name_length = strcspn(packet->name, SPACE "/>");
    return true;
}

/* The first of several counts. */
static bool enter_property(struct xmp_reader *reader, const char *name) {
    note_prefix(reader->packet, name, reader->packet->bytes + tag_begin(reader) + 1);
    for (size_t i = 0; i < XMP_PROPERTIES; i++) {
        struct xmp_place *text = &reader->packet->texts[i];
        if (!is_property(name, &xmp_properties[i]) || text->form != XMP_ABSENT) continue;
        reader->text = text;
        reader->property = tag_begin(reader);
        return true;
    }
    return false;
}

static bool is_of_keywords(const struct xmp_reader *reader) {
    return reader->text == &reader->packet->texts[XMP_KEYWORDS];
}

static bool enter_list(struct xmp_reader *reader, const char *name) {
    if (reader->text >= &reader->packet->texts[XMP_CONFIDENCE]) return false;
    const bool is_alternative = strcmp(name, XMP_RDF IN "Alt") == 0;
    const bool is_list = is_alternative || strcmp(name, XMP_RDF IN "Bag") == 0 ||
                         strcmp(name, XMP_RDF IN "Seq") == 0;
    if (is_of_keywords(reader) ? !is_list : !is_alternative) return false;
    reader->list = tag_begin(reader);
    reader->property_list = tag_end(reader);
    return true;
}

static bool enter_item(struct xmp_reader *reader, const char **attributes) {
    if (is_of_keywords(reader) || reader->text->form != XMP_ABSENT) return false;
    for (; *attributes; attributes += 2) {
        if (strcmp(attributes[0], "http://www.w3.org/XML/1998/namespace" IN "lang") != 0 ||
            strcasecmp(attributes[1], "x-default") != 0)
            continue;
        reader->item = tag_begin(reader);
        *reader->text = (struct xmp_place){XMP_TEXT, tag_end(reader), 0};
        return true;
    }
    return false;
}

/* Whether the element continues the path. */
static bool enter(struct xmp_reader *reader, const char *name, const char **attributes) {
    static const char *const names[] = {[OUTSIDE] = XMP_RDF IN "RDF",
                                        [IN_RDF] = XMP_RDF IN "Description",
                                        [IN_LIST] = XMP_RDF IN "li"};
    if (reader->level == IN_ITEM) return false;
    if (reader->level == IN_DESCRIPTION) return enter_property(reader, name);
    if (reader->level == IN_PROPERTY) return enter_list(reader, name);
    if (strcmp(name, names[reader->level]) != 0) return false;
    if (reader->level == OUTSIDE) reader->outer_depth = reader->depth;
    if (reader->level == IN_RDF) return enter_description(reader, attributes);
    return reader->level == OUTSIDE || enter_item(reader, attributes);
}

static void leave_description(struct xmp_reader *reader) {
    struct xmp_place *more = &reader->packet->more;
    if (more->begin > 0) return;
    const size_t end = tag_begin(reader), slash = strlen("/>");
    *more = (struct xmp_place){XMP_ABSENT, ends_empty(reader) ? end - slash : end, end};
}

static void leave_property(struct xmp_reader *reader) {
    if (reader->text->form != XMP_ABSENT) return;
    const bool is_kept = is_of_keywords(reader) && !ends_empty(reader);
    *reader->text = (struct xmp_place){is_kept ? XMP_ATTRIBUTE : XMP_PROPERTY, reader->property,
                                       tag_end(reader)};
}

/* An empty element has no content to replace: all of it is replaced. */
static void leave_keywords(struct xmp_reader *reader) {
    *reader->text = ends_empty(reader)
                        ? (struct xmp_place){XMP_BAG, reader->list, tag_end(reader)}
                        : (struct xmp_place){XMP_LIST, reader->property_list, tag_begin(reader)};
}

static void leave_list(struct xmp_reader *reader) {
    if (is_of_keywords(reader))
        leave_keywords(reader);
    else if (reader->text->form == XMP_ABSENT && !ends_empty(reader))
        *reader->text = (struct xmp_place){XMP_ITEM, reader->property_list, reader->property_list};
}

static void leave_item(struct xmp_reader *reader) {
    reader->text->end = tag_begin(reader);
    if (ends_empty(reader))
        *reader->text = (struct xmp_place){XMP_ITEM, reader->item, tag_end(reader)};
}

static void leave(struct xmp_reader *reader) {
    if (reader->level == IN_DESCRIPTION) leave_description(reader);
    if (reader->level == IN_PROPERTY) leave_property(reader);
    if (reader->level == IN_LIST) leave_list(reader);
    if (reader->level == IN_ITEM) leave_item(reader);
}

static void start_element(void *context, const char *name, const char **attributes) {
    struct xmp_reader *reader = context;
    if (++reader->depth > DEEPEST) {
        refuse(reader, "elements that are less deeply nested", name);
        return;
    }
    const bool is_child = reader->depth == reader->outer_depth + reader->level;
    if ((reader->level == OUTSIDE || is_child) && enter(reader, name, attributes)) reader->level++;
}

static void end_element(void *context, const char *name) {
    (void)name;
    struct xmp_reader *reader = context;
    if (reader->level > OUTSIDE && reader->depth == reader->outer_depth + reader->level - 1) {
        leave(reader);
        reader->level--;
    }
    reader->depth--;
}

/* Entities that expand to gigabytes, or to other files, are declared there. */
static void start_document_type(void *context, const char *name, const char *system,
                                const char *public, int has_subset) {
    (void)system, (void)public, (void)has_subset;
    refuse(context, "no document type", name);
}

static void declaration(void *context, const char *version, const char *encoding, int standalone) {
    (void)version, (void)standalone;
    if (encoding && strcasecmp(encoding, "UTF-8") != 0) refuse(context, "UTF-8", encoding);
}

static bool parse(struct xmp_reader *reader, const char *name, caption_error *error) {
    struct xmp_packet *packet = reader->packet;
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, start_element, end_element);
    XML_SetStartDoctypeDeclHandler(reader->parser, start_document_type);
    XML_SetXmlDeclHandler(reader->parser, declaration);
    if (XML_Parse(reader->parser, packet->bytes, (int)packet->size, XML_TRUE) == XML_STATUS_OK)
        return true;
    const unsigned long line = XML_GetCurrentLineNumber(reader->parser);
    const char *problem =
        reader->problem[0] ? reader->problem : XML_ErrorString(XML_GetErrorCode(reader->parser));
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: line %lu: %s", name, line, problem);
}

static bool read_packet(struct xmp_packet *packet, const char *name, caption_error *error) {
    struct xmp_reader reader = {.packet = packet, .parser = XML_ParserCreateNS(NULL, IN[0])};
    if (!reader.parser) return error_memory(error, "an XML parser");
    bool ok = parse(&reader, name, error);
    XML_ParserFree(reader.parser);
    if (ok && !packet->name)
        ok = error_set(error, CAPTION_ERROR_FORMAT,
                       "%s: expected XMP with an rdf:Description, found other XML", name);
    return ok;
}

#else

/* Goes on behind `text`, if that is what comes next. */
static bool skip(const char **at, const char *text) {
    const size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) return false;
    *at += length;
    return true;
}

/* The tag that begins a property, as write_property writes it: with and without declarations. */
static bool skip_begin(const char **at, size_t number) {
    const struct xmp_property *property = &xmp_properties[number];
    const bool plain = number >= XMP_CONFIDENCE;
    char name[64], space[128];
    snprintf(name, sizeof name, "<%s:%s", property->prefix, property->name);
    snprintf(space, sizeof space, " xmlns:%s=\"%s\"", property->prefix, property->space);
    const char *here = *at;
    if (!skip(&here, name)) return false;
    const bool declared = skip(&here, space);
    if (declared && !plain && !skip(&here, declaration_of_rdf)) return false;
    if ((plain && !declared) || !skip(&here, ">")) return false;
    *at = here;
    return true;
}

static bool skip_end(const char **at, size_t number) {
    char tag[64];
    snprintf(tag, sizeof tag, "</%s:%s>", xmp_properties[number].prefix,
             xmp_properties[number].name);
    return skip(at, tag);
}

/* An item of a list; returns its text. NULL: there is none. */
static const char *skip_item(const char **at, const char *attributes) {
    const char *here = *at;
    if (!skip(&here, "<rdf:li")) return NULL;
    skip(&here, declaration_of_rdf);
    if (!skip(&here, attributes) || !skip(&here, ">")) return NULL;
    const char *text = here;
    here += strcspn(here, "<");
    if (!skip(&here, "</rdf:li>")) return NULL;
    *at = here;
    return text;
}

static bool read_list(const char **at, struct xmp_packet *packet, size_t number) {
    if (!skip(at, "<rdf:Bag>")) return false;
    const char *begin = *at;
    while (skip_item(at, "")) continue;
    packet->texts[number] = (struct xmp_place){XMP_LIST, (size_t)(begin - packet->bytes),
                                               (size_t)(*at - packet->bytes)};
    return skip(at, "</rdf:Bag>");
}

static bool read_text(const char **at, struct xmp_packet *packet, size_t number) {
    if (!skip(at, "<rdf:Alt>")) return false;
    const char *text = skip_item(at, " xml:lang=\"x-default\"");
    if (!text) return false;
    const size_t begin = (size_t)(text - packet->bytes);
    packet->texts[number] = (struct xmp_place){XMP_TEXT, begin, begin + strcspn(text, "<")};
    return skip(at, "</rdf:Alt>");
}

/* A property that begins there and is the first of its name; it ends a line. */
static bool read_property(const char **at, struct xmp_packet *packet) {
    const size_t begin = (size_t)(*at - packet->bytes);
    size_t number = 0;
    while (number < XMP_PROPERTIES && !skip_begin(at, number)) number++;
    if (number == XMP_PROPERTIES || packet->texts[number].form != XMP_ABSENT) return false;
    bool ok = true;
    if (number < XMP_TEXTS)
        ok = read_text(at, packet, number);
    else if (number == XMP_KEYWORDS)
        ok = read_list(at, packet, number);
    else
        *at += strcspn(*at, "<");
    if (!ok || !skip_end(at, number)) return false;
    if (number >= XMP_CONFIDENCE)
        packet->texts[number] =
            (struct xmp_place){XMP_PROPERTY, begin, (size_t)(*at - packet->bytes)};
    return skip(at, "\n");
}

static bool read_packet(struct xmp_packet *packet, const char *name, caption_error *error) {
    const char *at = packet->bytes;
    bool ok = skip(&at, head);
    while (ok && strncmp(at, tail, strlen("</rdf")) != 0)
        ok = skip(&at, "\n") /* of a confidence that was removed */ || read_property(&at, packet);
    packet->more.begin = packet->more.end = (size_t)(at - packet->bytes);
    if (ok && strcmp(at, tail) == 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: not as this program writes it, and built without libexpat it reads "
                     "no other",
                     name);
}

#endif

bool xmp_packet_read(const char *bytes, size_t size, const char *name, struct xmp_packet *packet,
                     caption_error *error) {
    *packet = (struct xmp_packet){.bytes = bytes, .size = size};
    if (memchr(bytes, 0, size)) /* XML has no such character */
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: expected UTF-8, found bytes of 0 (UTF-16?)", name);
    return read_packet(packet, name, error);
}

const struct xmp_property xmp_properties[XMP_PROPERTIES] = {
    [XMP_DESCRIPTION] = {"http://purl.org/dc/elements/1.1/", "dc", "description"},
    [XMP_ALT_TEXT] = {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore",
                      "AltTextAccessibility"},
    [XMP_KEYWORDS] = {"http://purl.org/dc/elements/1.1/", "dc", "subject"},
    [XMP_CONFIDENCE] = {"urn:uuid:35d3137a-89ba-41f3-8bb2-6ac233f2b69e#", "caption", "Confidence"},
    [XMP_WRITER] = {"http://ns.adobe.com/photoshop/1.0/", "photoshop", "CaptionWriter"},
};

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

/* The prefix that a namespace has in a packet, else the usual one. Adobe's toolkit reads nothing of
 * a packet in which a namespace has two. */
static struct xmp_name prefix_of(const struct xmp_packet *packet, size_t number) {
    const struct xmp_property *property = &xmp_properties[number];
    for (size_t i = 0; packet && i < XMP_PROPERTIES; i++)
        if (packet->prefixes[i].length > 0 && strcmp(xmp_properties[i].space, property->space) == 0)
            return packet->prefixes[i];
    return (struct xmp_name){property->prefix, strlen(property->prefix)};
}

/* What a property of one plain text holds. */
static void write_plain(FILE *stream, size_t number, const struct xmp_content *content) {
    if (number == XMP_CONFIDENCE)
        fprintf(stream, "%.4f", content->confidence);
    else
        html_text_write(stream, XMP_WRITER_NAME);
}

static void write_list(FILE *stream, size_t number, const struct xmp_content *content) {
    const char *list = number == XMP_KEYWORDS ? "Bag" : "Alt";
    fprintf(stream, "<rdf:%s>", list);
    if (number == XMP_KEYWORDS)
        write_keywords(stream, content, NULL, true);
    else
        write_item(stream, content->texts[number], true);
    fprintf(stream, "</rdf:%s>", list);
}

/* `old`: the packet of another program that it is put into; NULL: our own, which declares the
 * prefixes of lists. */
static void write_property(FILE *stream, size_t number, const struct xmp_content *content,
                           const struct xmp_packet *old) {
    if (number == XMP_CONFIDENCE && isnan(content->confidence)) return;
    const struct xmp_property *property = &xmp_properties[number];
    const struct xmp_name prefix = prefix_of(old, number);
    const int length = (int)prefix.length;
    const bool is_plain = number >= XMP_CONFIDENCE;
    fprintf(stream, "<%.*s:%s", length, prefix.text, property->name);
    if (old || is_plain)
        fprintf(stream, " xmlns:%.*s=\"%s\"%s", length, prefix.text, property->space,
                is_plain ? "" : declaration_of_rdf);
    fputc('>', stream);
    (is_plain ? write_plain : write_list)(stream, number, content);
    fprintf(stream, "</%.*s:%s>", length, prefix.text, property->name);
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
        write_property(stream, i, content, NULL);
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
        write_property(stream, i, content, packet);
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
        write_property(stream, edit->number, content, packet);
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

#include <stdlib.h>

#include "report/html_text.h"
#include "report/xmp_packet.h"

const struct xmp_property xmp_properties[XMP_TEXTS] = {
    [XMP_DESCRIPTION] = {"http://purl.org/dc/elements/1.1/", "dc", "description"},
    [XMP_ALT_TEXT] = {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore",
                      "AltTextAccessibility"},
};

static const char head[] =
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"caption\">\n"
    "<rdf:RDF xmlns:rdf=\"" XMP_RDF "\">\n"
    "<rdf:Description rdf:about=\"\"\n"
    "  xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
    "  xmlns:Iptc4xmpCore=\"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/\">\n";
static const char tail[] = "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n";

/* What a prefix stands for in a packet of another program is that program's choice. */
static const char declaration_of_rdf[] = " xmlns:rdf=\"" XMP_RDF "\"";

/* What HTML escapes, XML does. */
static void write_item(FILE *stream, const char *caption, bool declared) {
    fprintf(stream, "<rdf:li%s xml:lang=\"x-default\">", declared ? "" : declaration_of_rdf);
    html_text_write(stream, caption);
    fputs("</rdf:li>", stream);
}

/* `declared`: the prefixes that are used are. */
static void write_property(FILE *stream, const struct xmp_property *property, const char *caption,
                           bool declared) {
    fprintf(stream, "<%s:%s", property->prefix, property->name);
    if (!declared)
        fprintf(stream, " xmlns:%s=\"%s\"%s", property->prefix, property->space,
                declaration_of_rdf);
    fputs("><rdf:Alt>", stream);
    write_item(stream, caption, true);
    fprintf(stream, "</rdf:Alt></%s:%s>", property->prefix, property->name);
}

void xmp_packet_write(FILE *stream, const char *caption) {
    fputs(head, stream);
    for (size_t i = 0; i < XMP_TEXTS; i++) {
        write_property(stream, &xmp_properties[i], caption, true);
        fputc('\n', stream);
    }
    fputs(tail, stream);
}

bool xmp_packet_is_full(const struct xmp_packet *packet) {
    for (size_t i = 0; i < XMP_TEXTS; i++)
        if (packet->texts[i].form == XMP_ABSENT) return false;
    return true;
}

bool xmp_packet_can_merge(const struct xmp_packet *packet, bool overwrite, const char *name,
                          caption_error *error) {
    for (size_t i = 0; overwrite && i < XMP_TEXTS; i++)
        if (packet->texts[i].form == XMP_ATTRIBUTE)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: %s:%s: expected a list of languages, found an attribute", name,
                             xmp_properties[i].prefix, xmp_properties[i].name);
    return true;
}

/* A text in the place of another, or (XMP_ABSENT) all that are absent. */
struct edit {
    struct xmp_place place;
    const struct xmp_property *property;
};

static int by_place(const void *a, const void *b) {
    const struct edit *x = a, *y = b;
    return (x->place.begin > y->place.begin) - (x->place.begin < y->place.begin);
}

static size_t plan_edits(const struct xmp_packet *packet, bool overwrite, struct edit *edits) {
    size_t count = 0;
    for (size_t i = 0; overwrite && i < XMP_TEXTS; i++)
        if (packet->texts[i].form != XMP_ABSENT)
            edits[count++] = (struct edit){packet->texts[i], &xmp_properties[i]};
    if (!xmp_packet_is_full(packet)) edits[count++] = (struct edit){packet->more, NULL};
    qsort(edits, count, sizeof *edits, by_place);
    return count;
}

static void write_more(FILE *stream, const struct xmp_packet *packet, const char *caption) {
    const bool is_empty = packet->more.end > packet->more.begin;
    if (is_empty) fputs(">\n", stream);
    for (size_t i = 0; i < XMP_TEXTS; i++) {
        if (packet->texts[i].form != XMP_ABSENT) continue;
        write_property(stream, &xmp_properties[i], caption, false);
        fputc('\n', stream);
    }
    if (is_empty) fprintf(stream, "</%.*s>", (int)packet->name_length, packet->name);
}

static void write_edit(FILE *stream, const struct xmp_packet *packet, const struct edit *edit,
                       const char *caption) {
    switch (edit->place.form) {
    case XMP_ABSENT:
        write_more(stream, packet, caption);
        break;
    case XMP_TEXT:
        html_text_write(stream, caption);
        break;
    case XMP_ITEM:
        write_item(stream, caption, false);
        break;
    case XMP_PROPERTY:
        write_property(stream, edit->property, caption, false);
        break;
    case XMP_ATTRIBUTE: /* see xmp_packet_can_merge */
        break;
    }
}

void xmp_packet_write_merged(FILE *stream, const struct xmp_packet *packet, const char *caption,
                             bool overwrite) {
    struct edit edits[XMP_TEXTS + 1];
    const size_t count = plan_edits(packet, overwrite, edits);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        fwrite(packet->bytes + at, 1, edits[i].place.begin - at, stream);
        write_edit(stream, packet, &edits[i], caption);
        at = edits[i].place.end;
    }
    fwrite(packet->bytes + at, 1, packet->size - at, stream);
}

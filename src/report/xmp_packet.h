/* XMP packets, which describe a photo in a sidecar file: written from scratch, or read and merged:
 * a caption is inserted into a packet of any program, and every other byte stays unchanged.
 *
 * A caption goes to two texts: the description (dc:description) and the alt text
 * (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata Standard 2021.1). Each is a list of
 * languages, of which "x-default" is the default. Missing tags are added to the list of keywords
 * (dc:subject); none is removed. The confidence of the caption goes to a property of our own,
 * caption:Confidence, a number from 0 to 1: it belongs to the caption that was inserted last, and
 * is removed if that one has none.
 *
 * A description names this program as its writer (photoshop:CaptionWriter, IPTC's "Description
 * Writer"). IPTC's Digital Source Type is left alone: it says of the picture, not of its
 * description, that a program made it, and would mark a photo as a synthetic one.
 *
 * Adobe, Extensible Metadata Platform (ISO 16684-1), parts 1 and 3. */
#ifndef CAPTION_REPORT_XMP_PACKET_H
#define CAPTION_REPORT_XMP_PACKET_H

#include <stdio.h>

#include "base/error.h"

#define XMP_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

enum {
    XMP_DESCRIPTION,
    XMP_ALT_TEXT,
    XMP_TEXTS,
    XMP_KEYWORDS = XMP_TEXTS,
    XMP_CONFIDENCE, /* from here on properties of one plain text */
    XMP_WRITER,
    XMP_PROPERTIES
};

struct xmp_property {
    const char *space, *prefix, *name; /* namespace, its usual prefix, name in it */
};

extern const struct xmp_property xmp_properties[XMP_PROPERTIES];

/* The writer of descriptions: "caption 0.2.0". */
#define XMP_WRITER_NAME "caption " CAPTION_VERSION

/* The content to insert into a packet. */
struct xmp_content {
    const char *texts[XMP_TEXTS]; /* the caption, as description and as alt text; NULL: none */
    double confidence;            /* of the caption; NAN: none */
    const caption_tag *tags;      /* [tag_count] */
    size_t tag_count;
};

/* The form of a text, of keywords or of a confidence in a packet, and thus what a new one replaces.
 */
enum xmp_form {
    XMP_ABSENT,
    XMP_TEXT,      /* the text of the default language */
    XMP_ITEM,      /* the item of the list that is to hold it, or nothing, before the other items */
    XMP_PROPERTY,  /* all of it: not a list of languages */
    XMP_ATTRIBUTE, /* all of it, an attribute, which cannot be replaced but can be removed
                      (confidence, writer); or keywords that are not a list */
    XMP_LIST,      /* keywords: what the list holds */
    XMP_BAG,       /* keywords: an empty list, all of it */
};

/* Bytes `begin` to `end` of a packet. */
struct xmp_place {
    enum xmp_form form;
    size_t begin, end;
};

/* A part of a packet's bytes; no length: none. */
struct xmp_name {
    const char *text;
    size_t length;
};

struct xmp_packet {
    const char *bytes; /* [size] and a 0, the caller's */
    size_t size;
    struct xmp_place texts[XMP_PROPERTIES];
    struct xmp_name prefixes[XMP_PROPERTIES]; /* of another property of the same namespace */
    struct xmp_place
        more;         /* of further properties: nothing, at the end of the rdf:Description; or the
                         "/>" of an empty one */
    const char *name; /* [name_length], that element's with the prefix that it has here */
    size_t name_length;
};

/* Reads a packet that a 0 follows; messages begin with `name`. It must be UTF-8 (not UTF-16, which
 * XMP allows, too) and hold an rdf:Description; a document type or very deep nesting is an error.
 * Without libexpat, only packets in the form of xmp_packet_write are read. */
bool xmp_packet_read(const char *bytes, size_t size, const char *name, struct xmp_packet *packet,
                     caption_error *error);

/* Whether both texts (if a caption is written) and keywords (if tags are) exist, whatever their
 * content.
 */
bool xmp_packet_is_full(const struct xmp_packet *packet, bool caption, bool tags);

/* A packet with the content and nothing else. The stream's own errors are left to its owner. */
void xmp_packet_write(FILE *stream, const struct xmp_content *content);

/* Whether xmp_packet_write_merged can write the content; else `error` is set. */
bool xmp_packet_can_merge(const struct xmp_packet *packet, const struct xmp_content *content,
                          bool overwrite, const char *name, caption_error *error);

/* Writes the packet with the content inserted: the caption as the missing texts and, with
 * `overwrite`, in place of existing ones; the tags after the keywords, without those already among
 * them. */
void xmp_packet_write_merged(FILE *stream, const struct xmp_packet *packet,
                             const struct xmp_content *content, bool overwrite);

#endif

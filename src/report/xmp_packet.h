/* XMP packets, which describe a photo in a file beside it: written anew, or read so that a caption
 * can be put into one of any program, the rest of which stays as it is, byte for byte.
 *
 * A caption goes to two texts: the description (dc:description) and the alt text
 * (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata Standard 2021.1). Each is a list of
 * languages, of which "x-default" stands for all. Tags go to the keywords (dc:subject), a list to
 * which those are added that it lacks; none is removed. How sure the model is of the caption goes
 * to a property of our own, caption:Confidence, a number from 0 to 1: it is that of the caption
 * which was put in last, and is removed where that one has none.
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
    XMP_CONFIDENCE,
    XMP_PROPERTIES
};

struct xmp_property {
    const char *space, *prefix, *name; /* namespace, its usual prefix, name in it */
};

extern const struct xmp_property xmp_properties[XMP_PROPERTIES];

/* What is put into a packet. */
struct xmp_content {
    const char *caption;     /* NULL: none */
    double confidence;       /* of the caption; NAN: not told */
    const caption_tag *tags; /* [tag_count] */
    size_t tag_count;
};

/* What a packet has of a text, and so what a new one takes the place of; or what it has of
 * keywords or of a confidence.
 */
enum xmp_form {
    XMP_ABSENT,
    XMP_TEXT,      /* the text that stands for all languages */
    XMP_ITEM,      /* the item of the list that is to hold it, or nothing, before the other items */
    XMP_PROPERTY,  /* all of it: it is no list of languages */
    XMP_ATTRIBUTE, /* all of it, an attribute, which nothing can take the place of, but which can be
                      removed (confidence); or keywords that are no list */
    XMP_LIST,      /* keywords: what the list holds */
    XMP_BAG,       /* keywords: an empty list, all of it */
};

/* Bytes `begin` to `end` of a packet. */
struct xmp_place {
    enum xmp_form form;
    size_t begin, end;
};

struct xmp_packet {
    const char *bytes; /* [size] and a 0, the caller's */
    size_t size;
    struct xmp_place texts[XMP_PROPERTIES];
    struct xmp_place
        more;         /* of further properties: nothing, at the end of the rdf:Description; or the
                         "/>" of an empty one */
    const char *name; /* [name_length], that element's with the prefix that it has here */
    size_t name_length;
};

/* Reads a packet, behind which there is a 0; `name` begins the messages. It must be UTF-8 (not
 * UTF-16, which XMP allows, too) and hold an rdf:Description; one with a document type or very
 * deeply nested is refused. Where the program was built without libexpat, so is one that is not as
 * xmp_packet_write writes it. */
bool xmp_packet_read(const char *bytes, size_t size, const char *name, struct xmp_packet *packet,
                     caption_error *error);

/* Whether both texts (if a caption is told) and keywords (if tags are) are there, whatever they
 * say.
 */
bool xmp_packet_is_full(const struct xmp_packet *packet, bool caption, bool tags);

/* A packet with the content and nothing else. The stream's own errors are left to its owner. */
void xmp_packet_write(FILE *stream, const struct xmp_content *content);

/* Whether xmp_packet_write_merged can write what is asked for; else `error` is set. */
bool xmp_packet_can_merge(const struct xmp_packet *packet, const struct xmp_content *content,
                          bool overwrite, const char *name, caption_error *error);

/* The packet with the content in it: the caption in texts that it lacks and, where `overwrite` says
 * so, in place of those that it has; the tags behind the keywords, each that is not among them. */
void xmp_packet_write_merged(FILE *stream, const struct xmp_packet *packet,
                             const struct xmp_content *content, bool overwrite);

#endif

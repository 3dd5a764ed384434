/* The pictures of a document (HTML, XHTML or Markdown), and alt texts put into it: texts are
 * inserted, and every other byte stays.
 *
 *     struct alt_pictures pictures;
 *     bool ok = alt_pictures_read(ALT_MARKDOWN, text, file.size, &pictures, error) &&
 *               alt_pictures_fill(ALT_MARKDOWN, &file, &pictures, texts, &changed, error);
 *     alt_pictures_free(&pictures);
 *
 * HTML is parsed by gumbo (W3C HTML5), XHTML by expat, Markdown by cmark (CommonMark) and the HTML
 * in it by gumbo; without the library, the error names the package that is missing. */
#ifndef CAPTION_ALT_PICTURES_H
#define CAPTION_ALT_PICTURES_H

#include "base/file.h"

/* A larger document is refused. */
#define ALT_LARGEST ((size_t)1 << 24)

enum alt_kind { ALT_HTML, ALT_XHTML, ALT_MARKDOWN };

/* "![](URL)" or an <img>. */
struct alt_picture {
    char *url;      /* owned; as the document means it, entities decoded, % not */
    size_t line;    /* from 1 */
    size_t place;   /* where an alt text is to be inserted; 0: unknown */
    bool is_tag;    /* an <img> */
    bool lacks_alt; /* an alt text is missing. One that is empty (alt="") says that the picture is
                       decoration, and so do role="presentation" and aria-hidden="true" */
};

struct alt_pictures {
    struct alt_picture *items; /* [count], owned, in the order of the document */
    size_t count, capacity;
    char *base; /* owned: what URLs are relative to (<base href>); NULL: the document */
};

/* Finds the pictures of bytes[size], which a 0 follows. Errors carry no file name. Freed with
 * alt_pictures_free, whatever is returned. */
bool alt_pictures_read(enum alt_kind kind, const char *bytes, size_t size,
                       struct alt_pictures *pictures, caption_error *error);

/* The document with texts[i] (NULL: none) as the alt text of picture i, newly allocated. It is read
 * again and must have the same pictures; an error where that fails. */
bool alt_pictures_fill(enum alt_kind kind, const struct file_bytes *document,
                       const struct alt_pictures *pictures, const char *const *texts,
                       struct file_bytes *out, caption_error *error);

void alt_pictures_free(struct alt_pictures *pictures);

#endif

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

#include <stdio.h>

#include "base/error.h"
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

/* From the URL of a picture in a document to a file: relative to the document, inside one folder.
 */

enum alt_place {
    ALT_LOCAL,   /* *path is a file, which need not exist */
    ALT_OUTSIDE, /* a file outside the folder */
    ALT_REMOTE, /* on the web, in the URL itself (data:), only known to a program ("{{ x }}"), or no
                   file ("#") */
};

/* Where documents lie, and pictures may lie. */
struct alt_folders {
    const char *document; /* the folder of the document; "" in an archive: its top */
    const char *root;     /* pictures lie in it, and a URL that begins with "/" begins there; in an
                             archive "" */
    bool in_archive;      /* names are those of an archive's parts: nothing is looked up on disk */
};

/* `base`: what the URL is relative to, by the document's <base href>; NULL: the document. *path is
 * newly allocated, for ALT_LOCAL alone; else NULL. False when memory is short. */
bool alt_picture_path(const char *url, const char *base, const struct alt_folders *folders,
                      enum alt_place *place, char **path, caption_error *error);

/* What the readers of documents share. Internal to src/alt. */

/* Each adds the pictures of its kind; `place` of each counts in bytes[size]. */
bool pictures_read_html(const char *bytes, size_t size, struct alt_pictures *pictures,
                        caption_error *error);
bool pictures_read_xhtml(const char *bytes, size_t size, struct alt_pictures *pictures,
                         caption_error *error);
bool pictures_read_markdown(const char *bytes, size_t size, struct alt_pictures *pictures,
                            caption_error *error);

/* The attributes of an <img> that count; NULL: absent. */
struct img_attributes {
    const char *src, *alt, *role, *aria_hidden;
};

/* Adds an <img>; one without src is no picture. */
bool pictures_add_tag(struct alt_pictures *pictures, const struct img_attributes *attributes,
                      size_t place, caption_error *error);

/* The same for "![](url)". */
bool pictures_add(struct alt_pictures *pictures, struct alt_picture picture, const char *url,
                  caption_error *error);

/* What is declared behind "encoding=" or "charset=", the `name`, in text[size], which a 0 follows:
 * behind the quote; there may be spaces. NULL: nothing. */
const char *pictures_find_value(const char *text, size_t size, const char *name);

/* The place behind the name of the tag that begins at bytes[at]: "<img". */
size_t pictures_behind_name(const char *bytes, size_t size, size_t at);

/* Says which library the program was built without, and its package. Returns false. */
bool pictures_need(const char *library, const char *package, caption_error *error);

/* What filling changes, as `diff -u` writes it. */

/* Writes the difference between two documents that have the same number of lines; `patch -p0`
 * understands it. False when memory is short; the stream's own errors are left to its owner. */
bool alt_diff_write(FILE *stream, const char *name, const struct file_bytes *old,
                    const struct file_bytes *new, caption_error *error);

#endif

/* The documents of an EPUB, a ZIP archive of XHTML. What is not replaced is copied as it is
 * compressed; the order, the names and the times of all parts stay.
 *
 * Built with libzip; without it alt_epub_open fails, and names the package. Messages carry no file
 * name. */
#ifndef CAPTION_ALT_EPUB_H
#define CAPTION_ALT_EPUB_H

#include "base/file.h"

struct alt_epub;

/* Opens an archive, of whose bytes it takes a copy. A signed one is refused. NULL with `error` set
 * on failure. */
struct alt_epub *alt_epub_open(const void *bytes, size_t size, caption_error *error);

/* The name of document `number`, counted from 0: a page in XHTML. NULL: there are no more. */
const char *alt_epub_document(const struct alt_epub *epub, size_t number);

/* Reads a part of at most `limit` bytes, unless it is a bomb (base/file.h); a 0 follows. */
bool alt_epub_read(struct alt_epub *epub, const char *name, size_t limit, struct file_bytes *out,
                   caption_error *error);

/* Replaces a part. What is replaced is kept until the end: of a small archive only so much. */
bool alt_epub_replace(struct alt_epub *epub, const char *name, const struct file_bytes *bytes,
                      caption_error *error);

/* The archive with all that was replaced, newly allocated. Nothing can be read from it or replaced
 * afterwards. */
bool alt_epub_close(struct alt_epub *epub, struct file_bytes *out, caption_error *error);

/* NULL is allowed. */
void alt_epub_free(struct alt_epub *epub);

#endif

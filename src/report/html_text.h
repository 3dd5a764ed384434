/* Text of unknown origin (file names, captions) and bytes as parts of an HTML page. The stream's
 * own errors are left to its owner. */
#ifndef CAPTION_REPORT_HTML_TEXT_H
#define CAPTION_REPORT_HTML_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "text/tokenizer.h"

/* Any bytes as text of an element or as value of an attribute in quotes: markup is escaped; invalid
 * UTF-8 and control characters other than white space become U+FFFD. */
void html_text_write(FILE *stream, const char *bytes);

/* The same for the first `size` bytes. */
void html_text_write_part(FILE *stream, const char *bytes, size_t size);

/* The words with spaces between them, likewise. */
void html_text_write_words(FILE *stream, const struct tokens *words);

/* Bytes as a URI that holds them ("data:image/jpeg;base64,..."; RFC 2397 and 4648). `type` is taken
 * as it is. */
void html_text_write_data(FILE *stream, const char *type, const uint8_t *bytes, size_t size);

#endif

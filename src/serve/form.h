/* multipart/form-data (RFC 7578): the photo and the fields of a form whose body is all there, of
 * browsers, curl and the libraries of all languages: parameters may be tokens or quoted strings,
 * in any case and order, and what stands before the first boundary is passed over (RFC 2046). */
#ifndef CAPTION_SERVE_FORM_H
#define CAPTION_SERVE_FORM_H

#include <stdbool.h>

#include "base/error.h"
#include "serve/protocol.h"

/* RFC 2046 allows 70 characters; some clients make longer ones. */
enum { FORM_LONGEST_BOUNDARY = 200 };

/* Whether a Content-Type is that of a form. */
bool form_is_type(const char *type);

/* The boundary that such a Content-Type names. False where it names none, or one that is empty or
 * too long. */
bool form_boundary(const char *type, char boundary[FORM_LONGEST_BOUNDARY + 1]);

/* Reads the form in the body: the bytes of its one file take their place, its fields are added to
 * the arguments, and the file's name is set. Without a file, no bytes are left. A file without name
 * and bytes is an input that was left empty. False with `error` set where the body is no form, has
 * no end, several files, too many or too long fields, or memory is short. */
bool form_take(struct protocol_body *body, const char *boundary, caption_error *error);

#endif

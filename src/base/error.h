/* The one way to report an error. A function that can fail takes `caption_error *error` last (NULL
 * allowed), and returns false or NULL after filling it in. */
#ifndef CAPTION_BASE_ERROR_H
#define CAPTION_BASE_ERROR_H

#include "caption.h"

#if defined(__GNUC__)
#define ERROR_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define ERROR_PRINTF(text, first)
#endif

/* Fills in `error` (which may be NULL) and returns false, so that callers can `return
 * error_set(error, CAPTION_ERROR_FORMAT, "%s: ...", path);` Control characters in the message
 * become '?'. */
bool error_set(caption_error *error, caption_status status, const char *format, ...)
    ERROR_PRINTF(3, 4);

/* The same for a failed allocation of `what`. */
bool error_memory(caption_error *error, const char *what);

/* For work that was divided: the first of errors[count] that is one becomes `error`, and the result
 * is false. */
bool error_first(const caption_error *errors, size_t count, caption_error *error);

/* Puts "context: " before the message, for callers that know the file's name when the callee does
 * not know it. Returns false. */
bool error_prefix(caption_error *error, const char *context);

#endif

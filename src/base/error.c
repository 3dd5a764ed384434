#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/terminal.h"
#include "base/text.h"

bool error_set(caption_error *error, caption_status status, const char *format, ...) {
    if (!error) return false;
    error->status = status;
    char message[sizeof error->message + 3]; /* the rest of a character that is cut */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    message[utf8_cut(message, sizeof error->message - 1)] = '\0';
    memcpy(error->message, message, sizeof error->message);
    plain_text_clean(error->message);
    return false;
}

bool error_memory(caption_error *error, const char *what) {
    return error_set(error, CAPTION_ERROR_MEMORY, "not enough memory for %s", what);
}

bool error_prefix(caption_error *error, const char *context) {
    if (!error) return false;
    enum { MOST_CONTEXT = 255, MOST_MESSAGE = 250 };
    char message[sizeof error->message];
    memcpy(message, error->message, sizeof message);
    snprintf(error->message, sizeof error->message, "%.*s: %.*s",
             (int)utf8_cut(context, MOST_CONTEXT), context, (int)utf8_cut(message, MOST_MESSAGE),
             message);
    plain_text_clean(error->message);
    return false;
}

bool error_first(const caption_error *errors, size_t count, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (errors[i].status != CAPTION_OK)
            return error_set(error, errors[i].status, "%s", errors[i].message);
    }
    return true;
}

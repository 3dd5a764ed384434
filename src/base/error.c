#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/terminal.h"

bool error_set(caption_error *error, caption_status status, const char *format, ...) {
    if (!error) return false;
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    plain_text_clean(error->message);
    return false;
}

bool error_memory(caption_error *error, const char *what) {
    return error_set(error, CAPTION_ERROR_MEMORY, "not enough memory for %s", what);
}

bool error_prefix(caption_error *error, const char *context) {
    if (!error) return false;
    char message[sizeof error->message];
    memcpy(message, error->message, sizeof message);
    snprintf(error->message, sizeof error->message, "%.255s: %.250s", context, message);
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

#include "cli/literal_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

static bool is_one_line(const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        uint32_t code;
        const size_t length = utf8_decode(text, size, &code);
        if (length == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
        text += length;
        size -= length;
    }
    return true;
}

static bool check(const char *flag, const char *text, caption_error *error) {
    if (!text || is_one_line(text)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s: expected a text in UTF-8 of one line, without control characters",
                     flag);
}

bool literal_text_check(const struct literal_text *text, caption_error *error) {
    return check("before", text->before, error) && check("after", text->after, error);
}

static char *around(const struct literal_text *text, const char *caption, caption_error *error) {
    const char *before = *caption && text->before ? text->before : "";
    const char *after = *caption && text->after ? text->after : "";
    const size_t size = strlen(before) + strlen(caption) + strlen(after) + 1;
    char *whole = memory_uninitialised(size, 1, "a caption", error);
    if (whole) stpcpy(stpcpy(stpcpy(whole, before), caption), after);
    return whole;
}

bool literal_text_add(const struct literal_text *text, const caption_result *in,
                      caption_result *out, caption_error *error) {
    *out = *in;
    if (in->count == 0 || (!text->before && !text->after)) return true;
    out->captions = memory_zeroed(in->count, sizeof *out->captions, "captions", error);
    if (!out->captions) return false;
    for (size_t i = 0; i < in->count; i++) {
        out->captions[i] = in->captions[i];
        out->captions[i].text = around(text, in->captions[i].text, error);
        if (out->captions[i].text) continue;
        out->count = i;
        literal_text_free(in, out);
        return false;
    }
    return true;
}

void literal_text_free(const caption_result *in, caption_result *out) {
    if (out->captions == in->captions) return;
    for (size_t i = 0; i < out->count; i++) free(out->captions[i].text);
    free(out->captions);
}

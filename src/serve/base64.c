#include "serve/base64.h"

enum { NOT_A_DIGIT = 64 };

static unsigned digit(char character) {
    if (character >= 'A' && character <= 'Z') return (unsigned)(character - 'A');
    if (character >= 'a' && character <= 'z') return (unsigned)(character - 'a') + 26;
    if (character >= '0' && character <= '9') return (unsigned)(character - '0') + 52;
    if (character == '+') return 62;
    return character == '/' ? 63 : NOT_A_DIGIT;
}

static size_t padding_of(const char *text, size_t length) {
    if (length == 0 || text[length - 1] != '=') return 0;
    return text[length - 2] == '=' ? 2 : 1;
}

bool base64_decode(const char *text, size_t length, uint8_t *out, size_t *size, const char *place,
                   caption_error *error) {
    if (length % 4 != 0)
        return error_set(
            error, CAPTION_ERROR_FORMAT,
            "%s: %zu characters are no base64: expected a multiple of 4, padded with =", place,
            length);
    const size_t digits = length - padding_of(text, length);
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    for (size_t i = 0; i < digits; i++) {
        const unsigned value = digit(text[i]);
        if (value == NOT_A_DIGIT)
            return error_set(error, CAPTION_ERROR_FORMAT,
                             "%s: character %zu of %zu is none of base64", place, i + 1, length);
        bits = bits << 6 | value;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out[written++] = (uint8_t)(bits >> held);
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: base64 is cut off: bits are left behind the last byte", place);
    *size = written;
    return true;
}

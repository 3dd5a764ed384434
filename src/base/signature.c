#include "base/signature.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct signature {
    const char *begin, *name;
    size_t length;
} signatures[] = {
#define SIGNATURE(begin, name)                                                                     \
    { begin, name, sizeof(begin) - 1 }
    SIGNATURE("version https://git-lfs.github.com/",
              "a Git LFS pointer, not the file itself ('git lfs pull' fetches it)"),
    SIGNATURE("%PDF-", "a PDF document"),
    SIGNATURE("PK\3\4", "a ZIP archive"),
    SIGNATURE("\x1f\x8b", "a gzip archive"),
    SIGNATURE("PAR1", "a Parquet table"),
    SIGNATURE("\x89HDF\r\n", "an HDF5 file"),
    SIGNATURE("\x93NUMPY", "a NumPy array"),
#undef SIGNATURE
};

/* A byte order mark and white space may stand before it. */
static bool is_web_page(const uint8_t *bytes, size_t size) {
    static const char *const begins[] = {"<!doctype html", "<html"};
    size_t start = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (start < size && isspace(bytes[start])) start++;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        const size_t length = strlen(begins[i]);
        if (size - start >= length &&
            strncasecmp((const char *)bytes + start, begins[i], length) == 0)
            return true;
    }
    return false;
}

const char *signature_name(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *s = &signatures[i];
        if (size >= s->length && memcmp(bytes, s->begin, s->length) == 0) return s->name;
    }
    return is_web_page(bytes, size) ? "a web page (HTML)" : NULL;
}

bool signature_is_text(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == 0x7f || (bytes[i] < 0x20 && !isspace(bytes[i]))) return false;
    return true;
}

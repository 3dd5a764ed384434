/* EPUB: its documents are read and replaced, and the archive that comes out has the same ones. */
#include "alt/epub.h"
#include "fuzz.h"

enum { MOST_BYTES = 1 << 20, MOST_DOCUMENTS = 8 };

static const char page[] = "<html>another page</html>";

/* How many were replaced, the first of them. */
static size_t replace(struct alt_epub *epub) {
    size_t replaced = 0;
    const char *name;
    for (size_t i = 0; i < MOST_DOCUMENTS && (name = alt_epub_document(epub, i)) != NULL; i++) {
        struct file_bytes bytes, other = {(uint8_t *)strdup(page), strlen(page)};
        caption_error error = {0};
        if (alt_epub_read(epub, name, MOST_BYTES, &bytes, &error)) {
            FUZZ_MUST(bytes.size <= MOST_BYTES && bytes.data[bytes.size] == 0);
            file_bytes_free(&bytes);
            if (replaced == i && alt_epub_replace(epub, name, &other, &error)) replaced++;
        } else {
            fuzz_check_error(&error);
        }
        file_bytes_free(&other);
    }
    return replaced;
}

static void read_again(const struct file_bytes *made, size_t replaced) {
    caption_error error = {0};
    struct alt_epub *epub = alt_epub_open(made->data, made->size, &error);
    FUZZ_MUST(epub != NULL);
    for (size_t i = 0; i < replaced; i++) {
        struct file_bytes bytes;
        const char *name = alt_epub_document(epub, i);
        FUZZ_MUST(name && alt_epub_read(epub, name, MOST_BYTES, &bytes, &error));
        FUZZ_MUST(strcmp((char *)bytes.data, page) == 0);
        file_bytes_free(&bytes);
    }
    alt_epub_free(epub);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    caption_error error = {0};
    struct alt_epub *epub = alt_epub_open(bytes, size, &error);
    if (!epub) {
        fuzz_check_error(&error);
        return 0;
    }
    struct file_bytes made;
    const size_t replaced = replace(epub);
    if (alt_epub_close(epub, &made, &error)) {
        read_again(&made, replaced);
        file_bytes_free(&made);
    } else {
        fuzz_check_error(&error);
    }
    alt_epub_free(epub);
    return 0;
}

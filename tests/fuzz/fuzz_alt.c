/* Documents: HTML, XHTML and Markdown by the first byte. Alt texts are inserted; without them the
 * document is what it was, and with them no picture that got one lacks it. What differs is written,
 * and the URL of each picture becomes a path that leads out of no archive. */
#include "alt/pictures.h"
#include "fuzz.h"

static const char caption[] = "a dog", attribute[] = " alt=\"a dog\"";

/* The bytes of `made` without the texts that were inserted. */
static void check_rest(const char *text, size_t size, const struct alt_pictures *pictures,
                       const char *const *texts, const struct file_bytes *made) {
    char *marks = calloc(size + 1, 1); /* by place: what was inserted there */
    size_t inserted = 0, from = 0;
    FUZZ_MUST(marks != NULL);
    for (size_t i = 0; i < pictures->count; i++)
        if (texts[i]) marks[pictures->items[i].place] = pictures->items[i].is_tag ? 2 : 1;
    for (size_t i = 0; i < size; i++) {
        const char *what = marks[i] == 2 ? attribute : marks[i] == 1 ? caption : "";
        FUZZ_MUST(from + strlen(what) < made->size);
        FUZZ_MUST(memcmp(made->data + from, what, strlen(what)) == 0);
        from += strlen(what);
        inserted += strlen(what);
        FUZZ_MUST(made->data[from++] == (uint8_t)text[i]);
    }
    FUZZ_MUST(made->size == size + inserted);
    free(marks);
}

/* No part of the path leads upwards or begins at the top of the disk. */
static void check_inside(const char *path) {
    FUZZ_MUST(*path != '/');
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        FUZZ_MUST(strncmp(part, "..", 2) != 0 || (part[2] != '/' && part[2] != '\0'));
    }
}

static void find(const struct alt_pictures *pictures, size_t number,
                 const struct alt_folders *folders) {
    const char *url = pictures->items[number].url;
    enum alt_place place;
    char *path;
    caption_error error = {0};
    FUZZ_MUST(alt_picture_path(url, pictures->base, folders, &place, &path, &error));
    FUZZ_MUST((place == ALT_LOCAL) == (path != NULL));
    if (path && folders->in_archive) check_inside(path);
    free(path);
}

static void find_all(const struct alt_pictures *pictures) {
    static const struct alt_folders archive = {"text", "", true}, disk = {"/tmp", "/tmp", false};
    for (size_t i = 0; i < pictures->count; i++) {
        find(pictures, i, &archive);
        find(pictures, i, &disk);
    }
}

static void write_difference(const struct file_bytes *old, const struct file_bytes *made) {
    static FILE *nowhere;
    caption_error error = {0};
    if (!nowhere) nowhere = fopen("/dev/null", "w");
    FUZZ_MUST(nowhere && alt_diff_write(nowhere, "document", old, made, &error));
}

static void fill(enum alt_kind kind, const char *text, size_t size,
                 const struct alt_pictures *pictures) {
    struct file_bytes made;
    caption_error error = {0};
    const char **texts = calloc(pictures->count + 1, sizeof *texts);
    FUZZ_MUST(texts != NULL);
    for (size_t i = 0; i < pictures->count; i++) {
        const struct alt_picture *picture = &pictures->items[i];
        FUZZ_MUST(picture->place < size);
        if (picture->lacks_alt && picture->place > 0) texts[i] = caption;
    }
    const struct file_bytes document = {(uint8_t *)(uintptr_t)text, size};
    if (alt_pictures_fill(kind, &document, pictures, texts, &made, &error)) {
        check_rest(text, size, pictures, texts, &made);
        write_difference(&document, &made);
        file_bytes_free(&made);
    } else {
        fuzz_check_error(&error);
    }
    free(texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) return 0;
    const enum alt_kind kind = bytes[0] == 'x'   ? ALT_XHTML
                               : bytes[0] == '<' ? ALT_HTML
                                                 : ALT_MARKDOWN;
    char *text = fuzz_text(bytes + 1, size - 1);
    struct alt_pictures pictures;
    caption_error error = {0};
    if (alt_pictures_read(kind, text, size - 1, &pictures, &error)) {
        fill(kind, text, size - 1, &pictures);
        find_all(&pictures);
    } else {
        fuzz_check_error(&error);
    }
    alt_pictures_free(&pictures);
    free(text);
    return 0;
}

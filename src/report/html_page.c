#include "report/html_page.h"

#include <string.h>

#include "base/file.h"
#include "report/assets.h"
#include "report/html_text.h"

/* It follows the title. */
enum { HEAD_BYTES = 4096 };

void html_page_begin(FILE *stream, const char *title, const char *const *styles) {
    fputs(asset_page_html, stream);
    fputs("<title>", stream);
    html_text_write(stream, title);
    fputs("</title>\n<style>\n", stream);
    fputs(asset_page_css, stream);
    for (; *styles; styles++) fputs(*styles, stream);
    fputs("</style>\n</head>\n<body>\n", stream);
}

bool html_page_recognise(const char *path, const char *title) {
    static const char begin[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n";
    static const char title_begin[] = "<title>", title_end[] = "</title>\n<style>\n";
    struct file_bytes beginning;
    if (!file_read_beginning(path, HEAD_BYTES, &beginning)) return false;
    const char *text = (const char *)beginning.data;
    const char *found = strstr(text, title_begin);
    const size_t length = strlen(title);
    const bool ours =
        strncmp(text, begin, sizeof begin - 1) == 0 && found &&
        strncmp(found + sizeof title_begin - 1, title, length) == 0 &&
        strncmp(found + sizeof title_begin - 1 + length, title_end, sizeof title_end - 1) == 0;
    file_bytes_free(&beginning);
    return ours;
}

void html_page_end(FILE *stream, const char *script) {
    if (script) fprintf(stream, "<script>\n%s</script>\n", script);
    fputs("</body>\n</html>\n", stream);
}

#include "report/html_page.h"

#include <string.h>

#include "base/file.h"
#include "report/html_text.h"

/* The title stands before it. */
enum { HEAD_BYTES = 4096 };

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

/* Ink on paper has a contrast of at least 4.5 (WCAG 2.2, AA), lesser text and curves too. */
static const char style[] =
    ":root{color-scheme:light dark;--paper:#fcfcfa;--card:#fff;--ink:#1c1e21;--muted:#5d6166;"
    "--rule:#e3e3de;--band:#f3f3ef;--first:#1b5fa6;--second:#a8480f}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1b1e22;--ink:#e8e8e4;"
    "--muted:#a0a5aa;--rule:#30343a;--band:#1c1f23;--first:#7db3f0;--second:#f0a26a}}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
    "body{margin:0 auto;max-width:72rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);"
    "color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\","
    "\"Liberation Sans\",Arial,sans-serif;overflow-wrap:break-word}\n"
    "h1{margin:0;font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}\n"
    "h2{margin:3rem 0 1rem;padding-top:1rem;border-top:1px solid var(--rule);font-size:1.15rem;"
    "line-height:1.3;font-weight:650}\n"
    "p{margin:.5rem 0;max-width:46rem}\n"
    "small,.muted{color:var(--muted)}\n"
    "code{overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,\"DejaVu Sans Mono\",\"Liberation "
    "Mono\",monospace}\n"
    "figure{margin:0}\n"
    ":focus-visible{outline:2px solid var(--first);outline-offset:2px}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "th,td{padding:.3rem .7rem;border-bottom:1px solid var(--rule);text-align:right;"
    "font-weight:inherit}\n"
    "thead th{color:var(--muted);font-size:.85rem;vertical-align:bottom}\n"
    "th.text,td.text{text-align:left}\n"
    ".scroll{overflow-x:auto}\n"
    "@media (max-width:600px){body{padding:1.5rem 1rem 3rem}}\n"
    "@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--muted:#444;--rule:#ccc;"
    "--band:#f2f2f2;--first:#1b5fa6;--second:#a8480f}body{max-width:none;padding:0;"
    "font-size:10pt}h2{break-after:avoid}figure,article,tr{break-inside:avoid}"
    ".scroll{overflow:visible}}\n";

void html_page_begin(FILE *stream, const char *title, const char *const *styles) {
    fputs(head, stream);
    fputs("<title>", stream);
    html_text_write(stream, title);
    fputs("</title>\n<style>\n", stream);
    fputs(style, stream);
    for (; *styles; styles++) fputs(*styles, stream);
    fputs("</style>\n</head>\n<body>\n", stream);
}

bool html_page_recognise(const char *path, const char *title) {
    static const char begin[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n";
    static const char title_begin[] = "<title>", title_end[] = "</title>\n<style>\n:root{";
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

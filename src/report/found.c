#include "report/found.h"

#include <math.h>

#include "base/file.h"
#include "base/terminal.h"
#include "image/photo.h"
#include "report/assets.h"
#include "report/caption_page.h"
#include "report/html.h"
#include "report/json_text.h"

static cJSON *new_row(const char *path, caption_error *error) {
    cJSON *row = cJSON_CreateObject();
    if (!row) error_memory(error, "a row of photos");
    if (row && json_put(row, "path", json_text(path, error), error)) return row;
    cJSON_Delete(row);
    return NULL;
}

static bool write_row(cJSON *row, const char *key, cJSON *value, FILE *stream,
                      caption_error *error) {
    const bool done = json_put(row, key, value, error) && json_write_line(row, stream, error);
    cJSON_Delete(row);
    return done;
}

bool found_write(const struct found_photo *photo, bool json_lines, FILE *stream,
                 caption_error *error) {
    if (!json_lines) {
        plain_text_to_reader(stream, photo->path);
        fprintf(stream, "\t%.4f\n", photo->score);
        return true;
    }
    cJSON *row = new_row(photo->path, error);
    return row && write_row(row, "score", cJSON_CreateNumber(round(photo->score * 1e4) / 1e4),
                            stream, error);
}

bool found_write_problem(const char *path, const caption_error *problem, FILE *stream,
                         caption_error *error) {
    cJSON *row = new_row(path, error);
    return row && write_row(row, "error", json_text(problem->message, error), stream, error);
}

static const char title[] = "Photos that were found";

/* There is no filter between the header and the photos. */
static const char header_style[] = "header {\n  margin-bottom: 1.5rem;\n}\n";

static void write_thumbnail(FILE *stream, const char *path) {
    const struct photo_file file = {.path = path};
    caption_thumbnail thumbnail = {0}; /* a missing one is reported in its place */
    thumbnail_load(&file, CAPTION_PAGE_THUMBNAIL, &thumbnail, NULL);
    if (caption_page_photo_begin(stream, &thumbnail)) {
        html_text_write(stream, path + file_name_start(path));
        caption_page_photo_end(stream, &thumbnail);
    }
    thumbnail_free(&thumbnail);
}

/* The score as a bar and a number. */
static void write_score(FILE *stream, double score) {
    caption_page_bar(stream, fmax(score, 0));
    html_number_fixed(stream, score, 3);
    fputs("</p>\n", stream);
}

static void write_photo(FILE *stream, const struct found_photo *photo) {
    fputs("<li>", stream);
    write_thumbnail(stream, photo->path);
    fputs("<div class=\"text\">\n", stream);
    write_score(stream, photo->score);
    caption_page_name(stream, photo->path);
    fputs("</div></li>\n", stream);
}

static void write_header(FILE *stream, const struct found_page *page) {
    fprintf(stream, "<header>\n<h1>%s <bdi>", page->is_photo ? "Photos like" : "Photos of");
    html_text_write(stream, page->query);
    fputs("</bdi></h1>\n<p>The best ", stream);
    html_number_count(stream, page->count);
    fputs(" of ", stream);
    html_number_count(stream, page->searched);
    fputs(page->searched == 1 ? " photo, best first." : " photos, best first.", stream);
    if (page->failed > 0) {
        fputs(" ", stream);
        html_number_count(stream, page->failed);
        fputs(" could not be read.", stream);
    }
    fputs("</p>\n</header>\n", stream);
}

bool found_page_write(const struct found_page *page, const char *path, caption_error *error) {
    struct file_writer writer;
    const char *const styles[] = {asset_captions_css, header_style, NULL};
    if (!file_writer_open(&writer, path, error)) return false;
    html_page_begin(writer.stream, title, styles);
    write_header(writer.stream, page);
    fputs("<main>\n<ol class=\"photos\" role=\"list\" aria-label=\"Photos\">\n", writer.stream);
    bool whole = true;
    for (size_t i = 0; whole && i < page->count; i++) {
        write_photo(writer.stream, &page->photos[i]);
        whole = file_writer_is_whole(&writer, error);
    }
    fputs("</ol>\n</main>\n", writer.stream);
    html_page_end(writer.stream, NULL);
    if (whole && file_writer_is_whole(&writer, error)) return file_writer_commit(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

bool found_page_recognise(const char *path) {
    return html_page_recognise(path, title);
}

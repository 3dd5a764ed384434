#include "report/caption_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "image/photo.h"
#include "report/html.h"

#define BETWEEN "\xC2\xA0" /* U+00A0: a number and its unit stay together */

/* Whether the caption was left out because the model is not sure enough of it. */
static bool is_left_out(const caption_text *caption) {
    return caption->text[0] == '\0' && !isnan(caption->confidence);
}

/* An empty caption must not look like an error of the page. */
static void put_caption(FILE *stream, const caption_text *caption) {
    if (is_left_out(caption))
        fputs("(not sure enough)", stream);
    else
        html_text_write(stream, caption->text[0] ? caption->text : "(no word)");
}

static void put_tags(FILE *stream, const caption_result *result) {
    for (size_t i = 0; i < result->tag_count; i++) {
        if (i > 0) fputs(", ", stream);
        html_text_write(stream, result->tags[i].name);
    }
}

/* Writes the tags if only tags are wanted; else, or for a row of an earlier run, the caption. */
static void put_text(FILE *stream, const caption_result *result, enum tags_shown tags) {
    if (tags == TAGS_ALONE && result->tag_count > 0)
        put_tags(stream, result);
    else if (tags == TAGS_ALONE && !isnan(result->captions[0].logprob))
        fputs("(no tag)", stream);
    else
        put_caption(stream, &result->captions[0]);
}

/* A bar of a length from 0 to 1; the caller writes what it stands for, and "</p>". */
static void write_bar(FILE *stream, double share) {
    fputs("<p class=\"sure\"><span class=\"bar\" aria-hidden=\"true\"><span style=\"width:",
          stream);
    html_number_fixed(stream, 100 * share, 0);
    fputs("%\"></span></span>", stream);
}

/* A bar, and its length in words: "72 % sure". */
static void write_confidence(FILE *stream, double confidence) {
    write_bar(stream, confidence);
    html_number_fixed(stream, 100 * confidence, 0);
    fputs(BETWEEN "%" BETWEEN "sure</p>\n", stream);
}

/* A photo's thumbnail: between the two calls the caller writes the alternative text. False where
 * there is none (zeros), which the page says; there is no second call then. */
static bool photo_begin(FILE *stream, const caption_thumbnail *thumbnail) {
    if (!thumbnail->jpeg) {
        fputs("<div class=\"missing\">no thumbnail</div>\n", stream);
        return false;
    }
    fprintf(stream, "<img width=\"%zu\" height=\"%zu\" decoding=\"async\" alt=\"", thumbnail->width,
            thumbnail->height);
    return true;
}

static void photo_end(FILE *stream, const caption_thumbnail *thumbnail) {
    fputs("\" src=\"", stream);
    html_text_write_data(stream, "image/jpeg", thumbnail->jpeg, thumbnail->size);
    fputs("\">\n", stream);
}

static void write_photo(FILE *stream, const caption_thumbnail *thumbnail,
                        const caption_result *result, enum tags_shown tags) {
    if (!photo_begin(stream, thumbnail)) return;
    put_text(stream, result, tags);
    photo_end(stream, thumbnail);
}

/* Folder and file separately: where the line is too long, the folder is truncated first. */
static void write_name(FILE *stream, const char *path) {
    const char *file = path + file_name_start(path);
    fputs("<p class=\"name\" title=\"", stream);
    html_text_write(stream, path);
    fputs("\">", stream);
    if (file > path) {
        fputs("<span class=\"folder\">", stream);
        html_text_write_part(stream, path, (size_t)(file - path));
        fputs("</span>", stream);
    }
    fputs("<span class=\"file\">", stream);
    html_text_write(stream, file);
    fputs("</span></p>\n", stream);
}

/* Two significant digits, down to a ten-thousandth. */
static void write_probability(FILE *stream, double logprob) {
    double percent = 100 * exp(logprob);
    unsigned decimals = percent >= 10 ? 0 : percent >= 1 ? 1 : percent >= 0.1 ? 2 : 3;
    if (percent < 0.001) {
        fputs("below" BETWEEN "0.001", stream);
    } else {
        html_number_fixed(stream, percent, decimals);
    }
    fputs(BETWEEN "%, log" BETWEEN "p" BETWEEN, stream);
    html_number_fixed(stream, logprob, 2);
}

static void write_n_best(FILE *stream, const caption_result *result) {
    fputs("<details><summary>", stream);
    if (result->count == 1) {
        fputs("Probability", stream);
    } else {
        fprintf(stream, "The %zu best captions", result->count);
    }
    fputs("</summary>\n<ol role=\"list\">\n", stream);
    for (size_t i = 0; i < result->count; i++) {
        fputs("<li><bdi>", stream);
        if (result->count > 1) put_caption(stream, &result->captions[i]);
        fputs("</bdi> <small>", stream);
        write_probability(stream, result->captions[i].logprob);
        fputs("</small></li>\n", stream);
    }
    fputs("</ol></details>\n", stream);
}

static void write_caption(FILE *stream, const caption_result *result, enum tags_shown tags) {
    const caption_text *best = &result->captions[0];
    const bool left_out = tags != TAGS_ALONE && is_left_out(best);
    fprintf(stream, "<div class=\"text\">\n<p class=\"said%s\" dir=\"auto\">",
            left_out ? " unsure" : "");
    put_text(stream, result, tags);
    fputs("</p>\n", stream);
    if (tags != TAGS_ALONE && !isnan(best->confidence)) write_confidence(stream, best->confidence);
}

/* A photo's place in the gallery. The stream's own errors are left to
 * its owner. */
static void caption_card_write(FILE *stream, const char *path, const caption_result *result,
                               const caption_thumbnail *thumbnail, enum tags_shown tags) {
    fputs("<li>", stream);
    write_photo(stream, thumbnail, result, tags);
    write_caption(stream, result, tags);
    if (tags == TAGS_SHOWN && result->tag_count > 0) {
        fputs("<p class=\"tags\">", stream);
        put_tags(stream, result);
        fputs("</p>\n", stream);
    }
    write_name(stream, path);
    if (tags != TAGS_ALONE && !isnan(result->captions[0].logprob)) write_n_best(stream, result);
    fputs("</div></li>\n", stream);
}

/* Bytes reserved in the header for the summary, which is known only at the end. */
enum { SUMMARY_SIZE = 256 };

/* With scripts, the page has a class of its own until it is loaded: see captions.css. */
static const char begin_loading[] =
    "<script>document.documentElement.className = \"loading\"</script>\n";
static const char end_loading[] = "<script>document.documentElement.className = \"\"</script>\n";

struct caption_page {
    struct caption_output output;
    struct file_writer writer;
    char *path;
    long summary; /* where the summary goes */
    struct text_stream
        failed; /* list items of the photos without a caption, for the end of the page */
    size_t count, failed_count;
    enum tags_shown tags;
};

static const char title[] = "Photos and their captions";

static bool is_whole(const struct caption_page *page, caption_error *error) {
    return file_writer_is_whole(&page->writer, error) &&
           (!ferror(page->failed.stream) || error_memory(error, "a page"));
}

static void begin(struct caption_page *page) {
    FILE *stream = page->writer.stream;
    const char *const styles[] = {asset_captions_css, NULL};
    html_page_begin(stream, title, styles);
    fputs(begin_loading, stream);
    fputs("<header>\n<h1>Photos and their captions</h1>\n<p>", stream);
    page->summary = ftell(stream);
    fprintf(stream,
            "%*s</p>\n</header>\n<main>\n%s<ol class=\"photos\" role=\"list\" "
            "aria-label=\"Photos\">\n",
            SUMMARY_SIZE, "", asset_filter_html);
}

static void add_failed(struct caption_page *page, const char *path, const char *message) {
    page->failed_count++;
    /* Most messages begin with the path, which is not repeated. */
    size_t length = strlen(path);
    if (strncmp(message, path, length) == 0 && message[length] == ':') {
        message += length + 1;
        while (*message == ' ') message++;
    }
    fputs("<li><bdi>", page->failed.stream);
    html_text_write(page->failed.stream, path);
    fputs("</bdi> <span>", page->failed.stream);
    html_text_write(page->failed.stream, message);
    fputs("</span></li>\n", page->failed.stream);
}

static bool add_row(struct caption_output *output, const struct caption_row *row,
                    caption_error *error) {
    struct caption_page *page = (struct caption_page *)output;
    if (row->result->count == 0) {
        add_failed(page, row->path, row->result->error.message);
        return is_whole(page, error);
    }
    page->count++;
    caption_thumbnail loaded = {0}; /* a missing one is reported in its place */
    const struct photo_file file = {.path = row->path};
    if (!row->thumbnail) thumbnail_load(&file, CAPTION_PAGE_THUMBNAIL, &loaded, NULL);
    caption_card_write(page->writer.stream, row->path, row->result,
                       row->thumbnail ? row->thumbnail : &loaded, page->tags);
    thumbnail_free(&loaded);
    return is_whole(page, error);
}

static void write_summary(const struct caption_page *page) {
    FILE *stream = page->writer.stream;
    html_number_count(stream, page->count);
    fputs(page->count == 1 ? " photo." : " photos.", stream);
    if (page->failed_count == 0) return;
    fputs(" <a href=\"#failed\">", stream);
    html_number_count(stream, page->failed_count);
    fputs(" more</a> could not be captioned.", stream);
}

static bool write_failed(struct caption_page *page, caption_error *error) {
    FILE *stream = page->writer.stream;
    char *items = text_stream_close(&page->failed, error);
    if (!items) return false;
    fputs("<section aria-labelledby=\"failed\">\n<h2 id=\"failed\" tabindex=\"-1\">"
          "Not captioned</h2>\n<ul class=\"failed\" role=\"list\">\n",
          stream);
    fputs(items, stream);
    fputs("</ul>\n</section>\n", stream);
    free(items);
    return true;
}

static bool end_page(struct caption_output *output, caption_error *error) {
    struct caption_page *page = (struct caption_page *)output;
    FILE *stream = page->writer.stream;
    fputs("</ol>\n", stream);
    fputs(end_loading, stream);
    if (page->failed_count > 0 && !write_failed(page, error)) return false;
    fputs("</main>\n", stream);
    html_page_end(stream, asset_filter_js);
    if (!file_writer_is_whole(&page->writer, error)) return false;
    if (page->summary < 0 || fseek(stream, page->summary, SEEK_SET) != 0)
        return file_writer_is_whole(&page->writer, error) &&
               error_set(error, CAPTION_ERROR_IO, "%s: cannot write: it is no file", page->path);
    write_summary(page);
    return file_writer_commit(&page->writer, error);
}

static void free_page(struct caption_output *output) {
    struct caption_page *page = (struct caption_page *)output;
    file_writer_abandon(&page->writer);
    text_stream_abandon(&page->failed);
    free(page->path);
    free(page);
}

struct caption_output *caption_page_new(const char *path, enum tags_shown tags,
                                        caption_error *error) {
    struct caption_page *page = memory_zeroed(1, sizeof *page, "a page", error);
    if (!page) return NULL;
    page->output = (struct caption_output){
        .row = add_row, .end = end_page, .free = free_page, .with_skipped = true};
    page->tags = tags;
    page->path = memory_string(path, error);
    if (page->path && file_writer_open(&page->writer, path, error)) {
        if (text_stream_open(&page->failed, "a page", error)) {
            begin(page);
            return &page->output;
        }
    }
    free_page(&page->output);
    return NULL;
}

bool caption_page_recognise(const char *path) {
    return html_page_recognise(path, title);
}

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

static const char found_title[] = "Photos that were found";

/* There is no filter between the header and the photos. */
static const char header_style[] = "header {\n  margin-bottom: 1.5rem;\n}\n";

static void write_thumbnail(FILE *stream, const char *path) {
    const struct photo_file file = {.path = path};
    caption_thumbnail thumbnail = {0}; /* a missing one is reported in its place */
    thumbnail_load(&file, CAPTION_PAGE_THUMBNAIL, &thumbnail, NULL);
    if (photo_begin(stream, &thumbnail)) {
        html_text_write(stream, path + file_name_start(path));
        photo_end(stream, &thumbnail);
    }
    thumbnail_free(&thumbnail);
}

/* The score as a bar and a number. */
static void write_score(FILE *stream, double score) {
    write_bar(stream, fmax(score, 0));
    html_number_fixed(stream, score, 3);
    fputs("</p>\n", stream);
}

static void write_found_photo(FILE *stream, const struct found_photo *photo) {
    fputs("<li>", stream);
    write_thumbnail(stream, photo->path);
    fputs("<div class=\"text\">\n", stream);
    write_score(stream, photo->score);
    write_name(stream, photo->path);
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
    html_page_begin(writer.stream, found_title, styles);
    write_header(writer.stream, page);
    fputs("<main>\n<ol class=\"photos\" role=\"list\" aria-label=\"Photos\">\n", writer.stream);
    bool whole = true;
    for (size_t i = 0; whole && i < page->count; i++) {
        write_found_photo(writer.stream, &page->photos[i]);
        whole = file_writer_is_whole(&writer, error);
    }
    fputs("</ol>\n</main>\n", writer.stream);
    html_page_end(writer.stream, NULL);
    if (whole && file_writer_is_whole(&writer, error)) return file_writer_commit(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

bool found_page_recognise(const char *path) {
    return html_page_recognise(path, found_title);
}

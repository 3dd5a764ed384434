#include <math.h>
#include <string.h>

#include "report/caption_page_parts.h"
#include "report/html_number.h"
#include "report/html_text.h"

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
static void put_text(FILE *stream, const caption_result *result, enum tags_told tags) {
    if (tags == TAGS_ALONE && result->tag_count > 0)
        put_tags(stream, result);
    else if (tags == TAGS_ALONE && !isnan(result->captions[0].logprob))
        fputs("(no tag)", stream);
    else
        put_caption(stream, &result->captions[0]);
}

/* A bar, and its length in words: "72 % sure". */
static void write_confidence(FILE *stream, double confidence) {
    fputs("<p class=\"sure\"><span class=\"bar\" aria-hidden=\"true\"><span style=\"width:",
          stream);
    html_number_fixed(stream, 100 * confidence, 0);
    fputs("%\"></span></span>", stream);
    html_number_fixed(stream, 100 * confidence, 0);
    fputs(BETWEEN "%" BETWEEN "sure</p>\n", stream);
}

static void write_photo(FILE *stream, const caption_thumbnail *thumbnail,
                        const caption_result *result, enum tags_told tags) {
    if (!thumbnail->jpeg) {
        fputs("<div class=\"missing\">no thumbnail</div>\n", stream);
        return;
    }
    fprintf(stream, "<img width=\"%zu\" height=\"%zu\" decoding=\"async\" alt=\"", thumbnail->width,
            thumbnail->height);
    put_text(stream, result, tags);
    fputs("\" src=\"", stream);
    html_text_write_data(stream, "image/jpeg", thumbnail->jpeg, thumbnail->size);
    fputs("\">\n", stream);
}

/* Folder and file separately: where the line is too long, the folder is truncated first. */
static void write_name(FILE *stream, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    fputs("<p class=\"name\" title=\"", stream);
    html_text_write(stream, path);
    fputs("\">", stream);
    if (slash) {
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

static void write_caption(FILE *stream, const caption_result *result, enum tags_told tags) {
    const caption_text *best = &result->captions[0];
    const bool left_out = tags != TAGS_ALONE && is_left_out(best);
    fprintf(stream, "<div class=\"text\">\n<p class=\"said%s\" dir=\"auto\">",
            left_out ? " unsure" : "");
    put_text(stream, result, tags);
    fputs("</p>\n", stream);
    if (tags != TAGS_ALONE && !isnan(best->confidence)) write_confidence(stream, best->confidence);
}

void caption_card_write(FILE *stream, const char *path, const caption_result *result,
                        const caption_thumbnail *thumbnail, enum tags_told tags) {
    fputs("<li>", stream);
    write_photo(stream, thumbnail, result, tags);
    write_caption(stream, result, tags);
    if (tags == TAGS_TOLD && result->tag_count > 0) {
        fputs("<p class=\"tags\">", stream);
        put_tags(stream, result);
        fputs("</p>\n", stream);
    }
    write_name(stream, path);
    if (tags != TAGS_ALONE && !isnan(result->captions[0].logprob)) write_n_best(stream, result);
    fputs("</div></li>\n", stream);
}

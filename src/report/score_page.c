#include "report/score_page.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/confidence.h"
#include "report/assets.h"
#include "report/chart.h"
#include "report/html.h"

struct score_page {
    struct file_writer writer;
};

static const char title[] = "Scores of captions";

struct score_page *score_page_new(const char *path, caption_error *error) {
    struct score_page *page = memory_zeroed(1, sizeof *page, "a page", error);
    if (!page) return NULL;
    if (!file_writer_open(&page->writer, path, error)) {
        free(page);
        return NULL;
    }
    FILE *stream = page->writer.stream;
    const char *const styles[] = {asset_chart_css, asset_training_css, asset_scores_css, NULL};
    html_page_begin(stream, title, styles);
    fputs("<header>\n<h1>Scores of captions</h1>\n</header>\n<main>\n", stream);
    return page;
}

static void write_fact(FILE *stream, const char *name, double value, unsigned decimals) {
    fputs("<div><dt>", stream);
    html_text_write(stream, name);
    fputs("</dt><dd>", stream);
    html_number_fixed(stream, value, decimals);
    fputs("</dd></div>\n", stream);
}

static void write_confidence_facts(FILE *stream, const struct confidence_scores *confidence) {
    if (confidence->count == 0) return;
    write_fact(stream, "calibration error", confidence->calibration_error, 3);
    write_fact(stream, "CIDEr gained by the surer three quarters", 100 * confidence->gain, 1);
}

static void write_facts(FILE *stream, const struct score_table *table) {
    static const char *const orders[] = {"BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"};
    fputs("<dl class=\"facts\">\n", stream);
    write_fact(stream, "CIDEr", 100 * table->scores.cider, 1);
    for (size_t n = 0; n < 4; n++) write_fact(stream, orders[n], 100 * table->scores.bleu[n], 1);
    write_fact(stream, "ROUGE-L", 100 * table->scores.rouge_l, 1);
    if (table->perplexity > 0) write_fact(stream, "perplexity", table->perplexity, 1);
    if (table->tags.tags > 0)
        write_fact(stream, "mean average precision of tags",
                   100 * table->tags.mean_average_precision, 1);
    write_confidence_facts(stream, &table->confidence);
    write_fact(stream, "photos", (double)table->photos, 0);
    write_fact(stream, "different captions", (double)table->distinct, 0);
    fputs("</dl>\n", stream);
}

static void write_risks(FILE *stream, const struct confidence_scores *confidence) {
    if (confidence->count == 0) return;
    struct chart_point points[CONFIDENCE_RISKS];
    for (size_t i = 0; i < CONFIDENCE_RISKS; i++)
        points[i] = (struct chart_point){100 * (double)(i + 1) / CONFIDENCE_RISKS,
                                         100 * confidence->risks[i]};
    const struct chart_series series = {
        .points = points, .count = CONFIDENCE_RISKS, .marked = CHART_NO_POINT};
    const struct chart chart = {
        .title = "Share of wrong captions against the share of captions that are shown, the surest "
                 "first",
        .x_label = "% shown",
        .y_label = "% of them wrong",
        .x_low = 0,
        .x_high = 100,
        .from_zero = true,
        .series = &series,
        .series_count = 1,
    };
    fprintf(stream,
            "<div class=\"curves\"><figure>\n<figcaption>Risk against coverage <small>captions are "
            "shown, the surest "
            "first; wrong: a CIDEr below %.0f</small></figcaption>\n",
            100 * CONFIDENCE_APT);
    chart_write(&chart, stream);
    fputs("</figure></div>\n", stream);
}

bool score_page_add(struct score_page *page, const struct score_table *table,
                    caption_error *error) {
    FILE *stream = page->writer.stream;
    fputs("<section>\n<h2>", stream);
    html_text_write(stream, table->name ? table->name : "All photos");
    fputs("</h2>\n", stream);
    write_facts(stream, table);
    write_risks(stream, &table->confidence);
    fputs("</section>\n", stream);
    return file_writer_is_whole(&page->writer, error);
}

bool score_page_write(struct score_page *page, caption_error *error) {
    fputs("</main>\n", page->writer.stream);
    html_page_end(page->writer.stream, NULL);
    return file_writer_commit(&page->writer, error);
}

void score_page_free(struct score_page *page) {
    if (!page) return;
    file_writer_abandon(&page->writer);
    free(page);
}

bool score_page_recognise(const char *path) {
    return html_page_recognise(path, title);
}

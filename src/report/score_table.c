#include "report/score_table.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "eval/scores.h"
#include "model/confidence.h"
#include "report/chart.h"
#include "report/html.h"

static void write_confidence(const struct confidence_scores *scores, FILE *stream) {
    if (scores->count == 0) return;
    fprintf(stream, "sure error  %8.2f   of the captions' confidences; by chance alone %.2f\n",
            100 * scores->calibration_error, 100 * scores->chance_error);
    fprintf(stream, "sure gain   %8.2f   in CIDEr of the surer three quarters\n",
            100 * scores->gain);
    for (size_t i = 0; i < CONFIDENCE_ROWS; i++) {
        const struct confidence_row *row = &scores->rows[i];
        fprintf(stream, "surest %3.0f %% %7.2f   CIDEr, %.1f %% apt, with %.2f or more\n",
                100 * row->coverage, 100 * row->cider, 100 * row->apt, row->least);
    }
}

static bool put_number(cJSON *object, const char *key, double value, caption_error *error) {
    return json_put(object, key, cJSON_CreateNumber(value), error);
}

static bool put_row(const struct confidence_row *row, cJSON *rows, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(rows, object)) {
        cJSON_Delete(object);
        return error_memory(error, "the scores");
    }
    return put_number(object, "coverage", row->coverage, error) &&
           put_number(object, "confidence", row->least, error) &&
           put_number(object, "CIDEr", row->cider, error) &&
           put_number(object, "apt", row->apt, error);
}

static bool put_confidence(const struct confidence_scores *scores, cJSON *object,
                           caption_error *error) {
    if (scores->count == 0) return true;
    if (!put_number(object, "confidence_calibration_error", scores->calibration_error, error) ||
        !put_number(object, "confidence_chance_error", scores->chance_error, error) ||
        !put_number(object, "confidence_gain", scores->gain, error))
        return false;
    cJSON *rows = cJSON_AddArrayToObject(object, "confidence_rows");
    if (!rows) return error_memory(error, "the scores");
    for (size_t i = 0; i < CONFIDENCE_ROWS; i++)
        if (!put_row(&scores->rows[i], rows, error)) return false;
    return true;
}

/* A calibration error of 0 counts as absent. */
static bool has_tags(const struct score_table *table) {
    return table->tags.tags > 0 || table->tags.calibration_error > 0;
}

static void write_tags(const struct tag_scores *tags, FILE *stream) {
    fprintf(stream, "tags mAP    %8.2f   over %zu tags of %d photos or more\n",
            100 * tags->mean_average_precision, tags->tags, TAG_SCORES_LEAST_PHOTOS);
    fprintf(stream, "tags sure   %8.2f   right of %zu given with %.1f or more\n",
            100 * tags->sure_right, tags->sure, TAG_SCORES_SURE);
    fprintf(stream, "tags error  %8.2f   of their confidences\n", 100 * tags->calibration_error);
}

static void write_swaps(const struct swaps *swaps, FILE *stream) {
    if (swaps->count == 0) return;
    fprintf(stream,
            "swaps       %8zu   less likely then: generated captions %.1f %%, references %.1f %%\n",
            swaps->count, 100 * swaps->generated, 100 * swaps->references);
}

static void write_next_word(const struct next_word *words, FILE *stream) {
    if (words->places == 0) return;
    fprintf(stream,
            "next word   %8.2f   among %d suggestions, the first %.2f, in %zu places; ends of "
            "sentences left out %.2f\n"
            "  no photo  %8.2f   the first %.2f; ends left out %.2f\n",
            100 * words->with.among, NEXT_WORD_SUGGESTIONS, 100 * words->with.first, words->places,
            100 * words->with.words, 100 * words->without.among, 100 * words->without.first,
            100 * words->without.words);
}

static void write_recall(const char *label, const char *where, size_t count,
                         const struct retrieval_scores *scores, FILE *stream) {
    const double *r = scores->recall;
    fprintf(stream, "%-12s%8.2f   R@10 %s among %zu; R@5 %.2f, R@1 %.2f, median rank %g\n", label,
            100 * r[2], where, count, 100 * r[1], 100 * r[0], scores->median);
}

static void write_retrieval(const struct retrieval *found, FILE *stream) {
    if (found->photos == 0) return;
    write_recall("search", "of the photo of a sentence", found->photos, &found->photo, stream);
    write_recall("  reverse", "of a sentence of a photo", found->sentences, &found->sentence,
                 stream);
}

/* A mean of very improbable words is more than a number can be. */
static void write_perplexity(double perplexity, FILE *stream) {
    if (isfinite(perplexity))
        fprintf(stream, "perplexity  %8.2f\n", perplexity);
    else
        fputs("perplexity   > 1e308\n", stream);
}

static void write_text(const struct score_table *table, FILE *stream) {
    const struct scores *scores = &table->scores;
    if (table->name) {
        plain_text_to_reader(stream, table->name);
        fputc('\n', stream);
    }
    for (size_t n = 0; n < 4; n++)
        fprintf(stream, "BLEU-%zu      %8.2f\n", n + 1, 100 * scores->bleu[n]);
    fprintf(stream, "ROUGE-L     %8.2f\n", 100 * scores->rouge_l);
    fprintf(stream, "CIDEr       %8.2f\n", 100 * scores->cider);
    if (table->perplexity > 0) write_perplexity(table->perplexity, stream);
    fprintf(stream, "distinct    %8zu\n", table->distinct);
    fprintf(stream, "photos      %8zu\n", table->photos);
    fprintf(stream, "references  %8zu\n", table->references);
    if (table->precision) fprintf(stream, "precision   %8s\n", table->precision);
    if (has_tags(table)) write_tags(&table->tags, stream);
    write_confidence(&table->confidence, stream);
    write_swaps(&table->swaps, stream);
    write_next_word(&table->next_word, stream);
    write_retrieval(&table->retrieval, stream);
}

static bool put_swaps(const struct swaps *swaps, cJSON *object, caption_error *error) {
    return swaps->count == 0 || (put_number(object, "swaps", (double)swaps->count, error) &&
                                 put_number(object, "swaps_generated", swaps->generated, error) &&
                                 put_number(object, "swaps_references", swaps->references, error));
}

static bool put_shares(const struct next_word_shares *shares, const char *key, cJSON *object,
                       caption_error *error) {
    cJSON *inner = cJSON_AddObjectToObject(object, key);
    if (!inner) return error_memory(error, "the scores");
    return put_number(inner, "first", shares->first, error) &&
           put_number(inner, "among_5", shares->among, error) &&
           put_number(inner, "words_among_5", shares->words, error);
}

static bool put_next_word(const struct next_word *words, cJSON *object, caption_error *error) {
    return words->places == 0 ||
           (put_number(object, "next_word_places", (double)words->places, error) &&
            put_shares(&words->with, "next_word", object, error) &&
            put_shares(&words->without, "next_word_without_photo", object, error));
}

static bool put_recall(const struct retrieval_scores *scores, const char *key, cJSON *object,
                       caption_error *error) {
    cJSON *inner = cJSON_AddObjectToObject(object, key);
    if (!inner) return error_memory(error, "the scores");
    return put_number(inner, "recall_1", scores->recall[0], error) &&
           put_number(inner, "recall_5", scores->recall[1], error) &&
           put_number(inner, "recall_10", scores->recall[2], error) &&
           put_number(inner, "median_rank", scores->median, error);
}

static bool put_retrieval(const struct retrieval *found, cJSON *object, caption_error *error) {
    return found->photos == 0 || (put_recall(&found->photo, "search_photo", object, error) &&
                                  put_recall(&found->sentence, "search_sentence", object, error));
}

static bool put_tags(const struct score_table *table, cJSON *object, caption_error *error) {
    const struct tag_scores *tags = &table->tags;
    return !has_tags(table) ||
           (put_number(object, "tags", (double)tags->tags, error) &&
            put_number(object, "tags_map", tags->mean_average_precision, error) &&
            put_number(object, "tags_sure", (double)tags->sure, error) &&
            put_number(object, "tags_sure_right", tags->sure_right, error) &&
            put_number(object, "tags_calibration_error", tags->calibration_error, error));
}

static bool put_rest(const struct score_table *table, cJSON *object, caption_error *error) {
    if (table->perplexity > 0 && !put_number(object, "perplexity", table->perplexity, error))
        return false;
    return put_number(object, "distinct", (double)table->distinct, error) &&
           put_number(object, "photos", (double)table->photos, error) &&
           put_number(object, "references", (double)table->references, error) &&
           put_swaps(&table->swaps, object, error) &&
           put_next_word(&table->next_word, object, error) &&
           put_retrieval(&table->retrieval, object, error) && put_tags(table, object, error) &&
           put_confidence(&table->confidence, object, error);
}

static bool put_text(cJSON *object, const char *key, const char *text, caption_error *error) {
    return !text || json_put(object, key, json_text(text, error), error);
}

static bool write_json(const struct score_table *table, FILE *stream, caption_error *error) {
    cJSON *object = scores_json(&table->scores, error);
    if (!object) return false;
    bool done = put_text(object, "name", table->name, error) && put_rest(table, object, error) &&
                put_text(object, "precision", table->precision, error) &&
                json_write_line(object, stream, error);
    cJSON_Delete(object);
    return done;
}

bool score_table_write(const struct score_table *table, bool json, FILE *stream,
                       caption_error *error) {
    if (json) return write_json(table, stream, error);
    write_text(table, stream);
    return true;
}

static bool write_confidence_json(const char *name, const struct confidence_scores *scores,
                                  FILE *stream, caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (!object) return error_memory(error, "the scores");
    const bool done = json_put(object, "name", json_text(name, error), error) &&
                      put_number(object, "photos", (double)scores->count, error) &&
                      put_confidence(scores, object, error) &&
                      json_write_line(object, stream, error);
    cJSON_Delete(object);
    return done;
}

bool confidence_table_write(const char *name, const struct confidence_scores *scores, bool json,
                            FILE *stream, caption_error *error) {
    if (json) return write_confidence_json(name, scores, stream, error);
    plain_text_to_reader(stream, name);
    fputc('\n', stream);
    write_confidence(scores, stream);
    fprintf(stream, "photos      %8zu\n", scores->count);
    return true;
}

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

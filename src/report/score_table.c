#include "report/score_table.h"

#include "base/terminal.h"
#include "eval/scores.h"
#include "report/json_text.h"

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
    if (table->perplexity > 0) fprintf(stream, "perplexity  %8.2f\n", table->perplexity);
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
    fprintf(stream, "%s\n", name);
    write_confidence(scores, stream);
    fprintf(stream, "photos      %8zu\n", scores->count);
    return true;
}

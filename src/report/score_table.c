#include "report/score_table.h"

#include "base/plain_text.h"
#include "eval/scores_json.h"
#include "report/confidence_table.h"
#include "report/json_text.h"

/* A calibration error of 0 counts as absent. */
static bool has_tags(const struct score_table *table) {
    return table->tags.tags > 0 || table->tags.calibration_error > 0;
}

static void write_tags(const struct tag_scores *tags, FILE *stream) {
    fprintf(stream, "tags mAP    %8.2f   over %zu tags of %d photos or more\n",
            100 * tags->mean_average_precision, tags->tags, TAG_SCORES_LEAST_PHOTOS);
    fprintf(stream, "tags sure   %8.2f   right of %zu told with %.1f or more\n",
            100 * tags->sure_right, tags->sure, TAG_SCORES_SURE);
    fprintf(stream, "tags error  %8.2f   of their confidences\n", 100 * tags->calibration_error);
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
    confidence_table_text(&table->confidence, stream);
    if (table->swaps.count == 0) return;
    fprintf(stream,
            "swaps       %8zu   less likely then: generated captions %.1f %%, references %.1f %%\n",
            table->swaps.count, 100 * table->swaps.generated, 100 * table->swaps.references);
}

static bool put_number(cJSON *object, const char *key, double value, caption_error *error) {
    return json_put(object, key, cJSON_CreateNumber(value), error);
}

static bool put_swaps(const struct swaps *swaps, cJSON *object, caption_error *error) {
    return swaps->count == 0 || (put_number(object, "swaps", (double)swaps->count, error) &&
                                 put_number(object, "swaps_generated", swaps->generated, error) &&
                                 put_number(object, "swaps_references", swaps->references, error));
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
           put_swaps(&table->swaps, object, error) && put_tags(table, object, error) &&
           confidence_table_put(&table->confidence, object, error);
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

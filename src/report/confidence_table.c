#include "report/confidence_table.h"

#include "report/json_text.h"

void confidence_table_text(const struct confidence_scores *scores, FILE *stream) {
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

bool confidence_table_put(const struct confidence_scores *scores, cJSON *object,
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

static bool write_json(const char *name, const struct confidence_scores *scores, FILE *stream,
                       caption_error *error) {
    cJSON *object = cJSON_CreateObject();
    if (!object) return error_memory(error, "the scores");
    const bool done = json_put(object, "name", json_text(name, error), error) &&
                      put_number(object, "photos", (double)scores->count, error) &&
                      confidence_table_put(scores, object, error) &&
                      json_write_line(object, stream, error);
    cJSON_Delete(object);
    return done;
}

bool confidence_table_write(const char *name, const struct confidence_scores *scores, bool json,
                            FILE *stream, caption_error *error) {
    if (json) return write_json(name, scores, stream, error);
    fprintf(stream, "%s\n", name);
    confidence_table_text(scores, stream);
    fprintf(stream, "photos      %8zu\n", scores->count);
    return true;
}

#include "cli/calibrate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/score_table.h"

bool calibrate_open(struct model *model, const char *path, caption_error *error) {
    if (!model_read(model, path, error)) return false;
    confidence_free(&model->confidence);
    model->tag_calibration = (struct tag_calibration){0};
    model->rerank = (struct rerank){0};
    return true;
}

static bool print(const struct calibration_photos *photos, const struct calibration_part *part,
                  const double *confidences, const char *note, bool json, caption_error *error) {
    struct confidence_scores scores;
    const size_t size = strlen(part->name) + strlen(note) + 1;
    char *title = memory_uninitialised(size, 1, "a title", error);
    if (!title) return false;
    snprintf(title, size, "%s%s", part->name, note);
    const bool done =
        confidence_scores_compute(confidences + part->first, photos->ciders + part->first,
                                  part->count, &scores, error) &&
        confidence_table_write(title, &scores, json, stdout, error);
    free(title);
    return done;
}

bool calibrate_print(const struct calibration_photos *photos, const double *confidences,
                     const char *note, bool parts, bool json, caption_error *error) {
    for (size_t i = 0; parts && i < photos->part_count; i++) {
        if (!print(photos, &photos->parts[i], confidences, note, json, error)) return false;
    }
    const struct calibration_part all = {.name = "all", .count = photos->count};
    return photos->part_count == 1 || print(photos, &all, confidences, note, json, error);
}

/* How the model's own confidences fare is printed from fits that did not see the photos. */
static bool fit(struct model *model, const struct calibration_photos *photos, bool json,
                caption_error *error) {
    double *probabilities =
        memory_zeroed(photos->count, sizeof *probabilities, "confidences", error);
    if (!probabilities) return false;
    const bool done =
        calibration_fit(photos, &model->confidence, probabilities, error) &&
        (model->tags.count == 0 || photo_tags_fit(&photos->tags, &model->tag_calibration, error)) &&
        calibrate_print(photos, probabilities, ", cross-validated", true, json, error);
    free(probabilities);
    return done;
}

bool calibrate_write(struct model *model, const char *path, const struct calibration_photos *photos,
                     const char *output, bool json, caption_error *error) {
    enum safetensors_type type;
    return fit(model, photos, json, error) && model_file_type(model, path, &type, error) &&
           model_write(model, NULL, type, output, error);
}

/* Captions made elsewhere, for the photos of a small data set: read and scored. */
#include <math.h>

#include "eval/scores.h"
#include "fuzz.h"

enum { PHOTOS = 3 };

static const char rows[] = "[{\"file_name\":\"a.jpg\",\"id\":1,\"text\":\"a dog\"},"
                           "{\"file_name\":\"b/c.jpg\",\"id\":2,\"text\":\"a cat\"},"
                           "{\"file_name\":\"d/c.jpg\",\"id\":\"3\",\"text\":\"a cow\"},"
                           "{\"file_name\":\"e.jpg\",\"id\":44,\"text\":\"a pig\"}]";

static void score(const struct dataset_selection *photos, const struct tokens *captions) {
    struct scores scores;
    size_t distinct;
    double ciders[PHOTOS];
    caption_error error = {0};
    FUZZ_MUST(photo_scores_check(photos, &error));
    FUZZ_MUST(photo_scores_compute(photos, captions, &scores, &distinct, ciders, &error));
    FUZZ_MUST(distinct > 0 && distinct <= photos->count);
    for (size_t i = 0; i < 4; i++) FUZZ_MUST(scores.bleu[i] >= 0 && scores.bleu[i] <= 1);
    FUZZ_MUST(scores.rouge_l >= 0 && scores.rouge_l <= 1 && isfinite(scores.cider));
    for (size_t i = 0; i < photos->count; i++) FUZZ_MUST(ciders[i] >= 0 && ciders[i] <= 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct dataset dataset;
    size_t photos[PHOTOS] = {0, 1, 3}, count = PHOTOS;
    const char *data = dataset.photos ? NULL : fuzz_file(1, (const uint8_t *)rows, sizeof rows - 1);
    FUZZ_MUST(!data || dataset_read(&dataset, data, NULL, NULL));
    struct tokens captions[PHOTOS];
    caption_error error = {0};
    if (!results_read(fuzz_file(0, bytes, size), &dataset, photos, &count, captions, &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    if (count > 0) score(&(struct dataset_selection){&dataset, photos, count}, captions);
    for (size_t i = 0; i < count; i++) tokens_free(&captions[i]);
    return 0;
}

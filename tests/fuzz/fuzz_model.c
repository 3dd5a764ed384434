/* Whole models. The input is a file's header. */
#include <math.h>

#include "header.h"
#include "infer/inference_search.h"
#include "model/model.h"
#include "search/index_file.h"

/* Larger models are right, and slow. */
enum { MOST_NUMBERS = 300000, MOST_SIDE = 64, MOST_LAYERS = 30 };

enum { PRECISIONS = CAPTION_PRECISION_INT16 + 1 };

static const uint8_t photo[] = "P6\n4 4\n255\n0123456789012345678901234567890123456789abcdefgh";

static void describe(const struct model *model, const char *path) {
    caption_error error = {0};
    char *text = model_info(model, path, &error);
    FUZZ_MUST(text != NULL);
    free(text);
    cJSON *json = model_info_json(model, path, &error);
    FUZZ_MUST(json != NULL);
    cJSON_Delete(json);
}

/* A sentence and a photo by the search part. */
static void search(const struct model *model) {
    if (model->search.size == 0) return;
    caption_error error = {0};
    uint64_t number;
    FUZZ_MUST(index_file_model(model, &number, &error));
    struct search_sentences *sentences = search_sentences_new(model, &error);
    struct search_photos *photos = search_photos_new(model, &error);
    FUZZ_MUST(sentences && photos);
    float *vector = calloc(model->search.size, sizeof *vector);
    float *features = calloc(model->decoder.features, sizeof *features);
    float *scratch = calloc(search_photos_scratch(photos), sizeof *scratch);
    FUZZ_MUST(vector && features && scratch);
    if (search_sentence_vector(sentences, "a red tower", vector, &error))
        FUZZ_MUST(vector[0] <= 1 && vector[0] >= -1);
    else
        fuzz_check_error(&error);
    if (search_photo_vectors(photos, features, 1, vector, scratch, &error))
        FUZZ_MUST(vector[0] <= 1 && vector[0] >= -1);
    else
        fuzz_check_error(&error);
    free(vector);
    free(features);
    free(scratch);
    search_sentences_free(sentences);
    search_photos_free(photos);
}

/* What was read is written, and read again the same. */
static void write_again(const struct model *model) {
    const char *path = fuzz_output();
    struct model again;
    caption_error error = {0};
    if (!model_write(model, NULL, SAFETENSORS_F16, path, &error)) {
        fuzz_check_error(&error); /* numbers too large for 16 bits */
        unlink(path);
        return;
    }
    FUZZ_MUST(model_recognise(path) && model_read(&again, path, &error));
    FUZZ_MUST(again.parameters.count == model->parameters.count);
    FUZZ_MUST(again.vocabulary.count == model->vocabulary.count);
    FUZZ_MUST(strcmp(again.encoder.architecture, model->encoder.architecture) == 0);
    FUZZ_MUST(again.decoder.tags == model->decoder.tags);
    FUZZ_MUST(again.search.size == model->search.size);
    model_free(&again);
    unlink(path);
}

static bool is_slow(const struct model *model) {
    return model->encoder.size > MOST_SIDE || model->encoder.layer_count > MOST_LAYERS ||
           model->parameters.count > MOST_NUMBERS;
}

static bool is_share(double number) {
    return number >= 0 && number <= 1;
}

static void check_result(const caption_result *result) {
    for (size_t i = 0; i < result->count; i++) {
        const caption_text *caption = &result->captions[i];
        FUZZ_MUST(isfinite(caption->logprob));
        FUZZ_MUST(isnan(caption->confidence) || is_share(caption->confidence));
    }
    for (size_t i = 0; i < result->tag_count; i++) FUZZ_MUST(is_share(result->tags[i].confidence));
}

static void caption(const char *path, size_t kind) {
    caption_error error = {0};
    caption_model *model = caption_model_open(path, &error);
    FUZZ_MUST(model != NULL);
    caption_options options = caption_options_default();
    options.threads = 1;
    options.max_length = 6;
    static const char *const styles[] = {NULL, NULL, "set", "other"};
    options.style = styles[kind / PRECISIONS % 4];
    options.precision = (caption_precision)(kind % PRECISIONS);
    caption_captioner *captioner = caption_captioner_new(model, &options, &error);
    caption_session *session = captioner ? caption_session_new(captioner, &error) : NULL;
    caption_result result;
    if (session && caption_session_bytes(session, photo, sizeof photo - 1, &result, &error)) {
        check_result(&result);
        caption_results_free(&result, 1);
    } else {
        fuzz_check_error(&error);
    }
    caption_session_free(session);
    caption_captioner_free(captioner);
    caption_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *path = header_file(bytes, size);
    struct model model;
    caption_error error = {0};
    if (!model_read(&model, path, &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    describe(&model, path);
    const bool slow = is_slow(&model);
    if (!slow) {
        search(&model);
        write_again(&model);
    }
    model_free(&model);
    if (!slow) caption(path, size);
    return 0;
}

#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "nn/vector.h"

static bool same(const char *path, const char *field, const char *expected, const char *found,
                 caption_error *error) {
    if (strcmp(expected, found) == 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%.255s: cannot be averaged with the others: its %s is %.160s, theirs %.160s",
                     path, field, found, expected);
}

static bool same_size(const char *path, const char *field, size_t expected, size_t found,
                      caption_error *error) {
    char texts[2][24];
    snprintf(texts[0], sizeof *texts, "%zu", expected);
    snprintf(texts[1], sizeof *texts, "%zu", found);
    return same(path, field, texts[0], texts[1], error);
}

static bool same_colours(const char *path, const struct preprocessing *expected,
                         const struct preprocessing *found, caption_error *error) {
    if (memcmp(expected->mean, found->mean, sizeof found->mean) == 0 &&
        memcmp(expected->std, found->std, sizeof found->std) == 0) {
        return true;
    }
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%.255s: cannot be averaged with the others: its photos are scaled by another "
                     "mean or std",
                     path);
}

static bool same_words(const char *path, const struct vocabulary *expected,
                       const struct vocabulary *found, caption_error *error) {
    if (!same_size(path, "number of words", expected->count, found->count, error)) return false;
    for (size_t i = 0; i < expected->count; i++) {
        char field[40];
        snprintf(field, sizeof field, "word %zu", i);
        if (!same(path, field, expected->words[i], found->words[i], error)) return false;
    }
    return true;
}

static bool same_tags(const char *path, const struct tag_words *expected,
                      const struct tag_words *found, caption_error *error) {
    if (!same_size(path, "number of tags", expected->count, found->count, error)) return false;
    if (expected->count == 0 ||
        memcmp(expected->tags, found->tags, expected->word_count * sizeof *expected->tags) == 0) {
        return true;
    }
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%.255s: cannot be averaged with the others: its tags have other words", path);
}

static bool same_styles(const char *path, const struct styles *expected, const struct styles *found,
                        caption_error *error) {
    if (!same_size(path, "number of styles", expected->count, found->count, error)) return false;
    for (size_t i = 0; i < expected->count; i++) {
        if (!same(path, "style", expected->names[i], found->names[i], error)) return false;
    }
    return true;
}

static bool same_design(const struct model *model, const struct model *other, const char *path,
                        caption_error *error) {
    const struct decoder *decoder = &model->decoder, *others = &other->decoder;
    return same(path, "encoder", model->encoder.architecture, other->encoder.architecture, error) &&
           same_size(path, "image size", model->preprocessing.size, other->preprocessing.size,
                     error) &&
           same_colours(path, &model->preprocessing, &other->preprocessing, error) &&
           same(path, "cell", decoder->cell->name, others->cell->name, error) &&
           same(path, "image input", decoder_image_input(decoder), decoder_image_input(others),
                error) &&
           same_size(path, "hidden size", decoder->hidden, others->hidden, error) &&
           same_size(path, "embedding size", decoder->embedding, others->embedding, error) &&
           same_words(path, &model->vocabulary, &other->vocabulary, error) &&
           same_tags(path, &model->tags, &other->tags, error) &&
           same_styles(path, &model->styles, &other->styles, error);
}

bool model_average(struct model *model, size_t count, const struct model *other, const char *path,
                   caption_error *error) {
    if (!same_design(model, other, path, error)) return false;
    const real kept = (real)count / (real)(count + 1);
    vector_blend(model->parameters.count, kept, other->parameters.values, model->parameters.values);
    return true;
}

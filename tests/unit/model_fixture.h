/* A small model of random numbers, and as a file. */
#ifndef CAPTION_TESTS_MODEL_FIXTURE_H
#define CAPTION_TESTS_MODEL_FIXTURE_H

#include "temporary_file.h"

#include "base/random.h"
#include "model/model.h"

static const char small_encoder[] = "stem_c8 ds_r1_k3_s1_e1_c8 ir_r1_k5_s2_e2_c12 head_c16";

static inline struct vocabulary new_vocabulary(void) {
    static const char *const words[] = {"a", "dog", "läuft", "grass"};
    struct vocabulary vocabulary;
    assert_true(vocabulary_init(&vocabulary, NULL));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_true(vocabulary_count(&vocabulary, words[i], 100 - i, NULL));
    }
    return vocabulary;
}

static inline bool make_model(struct model *model, const struct model_design *design,
                              caption_error *error) {
    struct vocabulary vocabulary = new_vocabulary();
    const bool ok = model_new(model, design, &vocabulary, error);
    assert_null(vocabulary.words); /* taken over in any case */
    return ok;
}

static inline struct model_design small_design(void) {
    return (struct model_design){
        .encoder = small_encoder, .size = 32, .cell = "gru", .embedding = 6, .hidden = 10};
}

static inline struct model random_model(const struct model_design *design) {
    struct model model;
    caption_error error = {0};
    if (!make_model(&model, design, &error)) fail_msg("%s", error.message);
    struct random random = random_seeded(7, 0);
    encoder_randomise(&model.encoder, &model.parameters, &random);
    decoder_randomise(&model.decoder, &model.parameters, &random);
    model.preprocessing.mean[1] = 123.675F;
    model.preprocessing.std[2] = 57.375F;
    assert_true(model_note(&model, "data", "seven dogs", &error));
    assert_true(model_note(&model, "scores", "CIDEr 0", &error));
    return model;
}

static inline struct model small_model(void) {
    const struct model_design design = small_design();
    return random_model(&design);
}

static inline char *written(const struct model *model, enum safetensors_type type) {
    char *path = temporary_file_new();
    caption_error error = {0};
    if (!model_write(model, NULL, type, path, &error)) fail_msg("%s", error.message);
    return path;
}

#endif

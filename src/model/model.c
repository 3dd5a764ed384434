#include "model/model.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "format/float16.h"
#include "nn/vector.h"

/* Far beyond useful sizes, and small enough that no product of two of them overflows. */
enum { MAX_WIDTH = 16384, MAX_WORDS = 1000000 };

/* Of the search part's vectors. */
enum { MAX_SEARCH = 4096 };

static bool check_range(const char *what, size_t least, size_t most, size_t found,
                        caption_error *error) {
    if (found >= least && found <= most) return true;
    return error_set(error, CAPTION_ERROR_LIMIT, "%s: expected %zu to %zu, found %zu", what, least,
                     most, found);
}

static const struct cell *find_cell(const char *name, caption_error *error) {
    const struct cell *cell = cell_find(name);
    if (!cell) {
        error_set(error, CAPTION_ERROR_ARGUMENT, "cell: expected rnn, gru or lstm, found \"%.32s\"",
                  name);
    }
    return cell;
}

static bool set_image_input(struct decoder *decoder, const char *name, caption_error *error) {
    if (!name || decoder_set_image_input(decoder, name)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "image_input: expected first or every, found \"%.32s\"", name);
}

static bool read_tags(struct model *model, const char *text, caption_error *error) {
    return !text ||
           tag_words_parse(&model->tags, &model->vocabulary, text, strlen(text), "tags", error);
}

static bool read_styles(struct model *model, const char *text, caption_error *error) {
    return !text || styles_parse(&model->styles, text, "styles", error);
}

static bool plan_search(struct model *model, const struct model_design *design,
                        caption_error *error) {
    const size_t size = design->search_size, hidden = design->search_hidden;
    if (size == 0 && hidden == 0) return true;
    return check_range("search_size", 1, MAX_SEARCH, size, error) &&
           check_range("search_hidden", 1, MAX_WIDTH, hidden, error) &&
           search_register(&model->search, &model->decoder, size, hidden, &model->parameters,
                           error);
}

static bool plan(struct model *model, const struct model_design *design, caption_error *error) {
    const size_t words = model->vocabulary.count;
    const struct cell *cell = find_cell(design->cell, error);
    if (!cell || !check_range("embedding", 1, MAX_WIDTH, design->embedding, error) ||
        !check_range("hidden", 1, MAX_WIDTH, design->hidden, error) ||
        !check_range("vocabulary: words, the special ones included", VOCABULARY_SPECIALS + 1,
                     MAX_WORDS, words, error) ||
        !read_tags(model, design->tags, error) || !read_styles(model, design->styles, error)) {
        return false;
    }
    if (!encoder_init(&model->encoder, encoder_architecture(design->encoder), design->size,
                      design->batch_norm, &model->parameters, error) ||
        !decoder_init(&model->decoder, cell,
                      &(struct decoder_sizes){.words = words,
                                              .embedding = design->embedding,
                                              .hidden = design->hidden,
                                              .features = model->encoder.features,
                                              .tags = model->tags.count,
                                              .styles = model->styles.count},
                      &model->parameters, error) ||
        !set_image_input(&model->decoder, design->image_input, error) ||
        !plan_search(model, design, error)) {
        return false;
    }
    if (design->batch_norm) decoder_follow_shift(&model->decoder, &model->parameters);
    model->preprocessing = (struct preprocessing){
        .size = design->size, .mean = {127, 127, 127}, .std = {128, 128, 128}};
    model->provenance = cJSON_CreateObject();
    return model->provenance || error_memory(error, "the provenance");
}

bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error) {
    *model = (struct model){.vocabulary = *vocabulary};
    *vocabulary = (struct vocabulary){0};
    if (plan(model, design, error)) return true;
    model_free(model);
    return false;
}

bool model_new(struct model *model, const struct model_design *design,
               struct vocabulary *vocabulary, caption_error *error) {
    if (!model_plan(model, design, vocabulary, error)) return false;
    if (parameters_allocate(&model->parameters, error)) return true;
    model_free(model);
    return false;
}

void model_free(struct model *model) {
    parameters_free(&model->parameters);
    encoder_free(&model->encoder);
    vocabulary_free(&model->vocabulary);
    tag_words_free(&model->tags);
    styles_free(&model->styles);
    confidence_free(&model->confidence);
    cJSON_Delete(model->provenance);
    safetensors_close(&model->file);
    file_parts_close(&model->packed);
    *model = (struct model){0};
}

bool model_texts_of(const struct model *model, struct model_texts *texts, caption_error *error) {
    *texts = (struct model_texts){0};
    return (model->tags.count == 0 ||
            (texts->tags = tag_words_format(&model->tags, &model->vocabulary, error))) &&
           (model->styles.count == 0 || (texts->styles = styles_format(&model->styles, error)));
}

void model_texts_free(struct model_texts *texts) {
    free(texts->tags);
    free(texts->styles);
    *texts = (struct model_texts){0};
}

struct model_design model_design_like(const struct model *model, size_t size,
                                      const struct model_texts *texts) {
    return (struct model_design){.encoder = model->encoder.architecture,
                                 .size = size,
                                 .cell = model->decoder.cell->name,
                                 .embedding = model->decoder.embedding,
                                 .hidden = model->decoder.hidden,
                                 .image_input = decoder_image_input(&model->decoder),
                                 .tags = texts->tags,
                                 .styles = texts->styles,
                                 .search_size = model->search.size,
                                 .search_hidden = model->search.reader.hidden};
}

struct weights model_weights(const struct model *model) {
    return (struct weights){
        .parameters = &model->parameters, .values = model->parameters.values, .file = &model->file};
}

bool model_import_encoder(struct model *model, const struct encoder_import *import,
                          caption_error *error) {
    if (!encoder_import_read(import, &model->encoder, &model->parameters, error)) return false;
    memcpy(model->preprocessing.mean, import->preprocessing.mean, sizeof model->preprocessing.mean);
    memcpy(model->preprocessing.std, import->preprocessing.std, sizeof model->preprocessing.std);
    return true;
}

/* A copy in which every byte that is not UTF-8 became U+FFFD: a file's name may hold any byte, the
 * header of a model file may not. */
static char *valid_utf8(const char *text, caption_error *error) {
    static const uint32_t replacement = 0xfffd;
    const size_t size = strlen(text);
    char *copy = memory_zeroed(size + 1, 3, "a note", error); /* U+FFFD takes 3 bytes */
    if (!copy) return NULL;
    char *end = copy;
    for (size_t i = 0; i < size;) {
        uint32_t code;
        const size_t taken = utf8_decode(text + i, size - i, &code);
        end += utf8_encode(taken ? code : replacement, end);
        i += taken ? taken : 1;
    }
    return copy;
}

bool model_note(struct model *model, const char *key, const char *value, caption_error *error) {
    char *text = valid_utf8(value, error);
    if (!text) return false;
    cJSON *note = cJSON_CreateString(text);
    free(text);
    if (!note) return error_memory(error, "a note");
    const bool known = cJSON_GetObjectItemCaseSensitive(model->provenance, key) != NULL;
    if (known ? cJSON_ReplaceItemInObjectCaseSensitive(model->provenance, key, note)
              : cJSON_AddItemToObject(model->provenance, key, note)) {
        return true;
    }
    cJSON_Delete(note);
    return error_memory(error, "a note");
}

/* All tensors except batch norm's have the same names and shapes in both. */
static void copy_tensors(const struct parameters *learning, const real *values,
                         struct parameters *out) {
    for (size_t i = 0; i < out->tensor_count; i++) {
        size_t from;
        if (!parameters_find(learning, out->tensors[i].name, &from)) continue;
        memcpy(parameters_at(out, out->values, i), parameters_at_const(learning, values, from),
               out->tensors[i].count * sizeof *values);
    }
}

/* A model like another with a search part of these sizes, its numbers as yet zero. */
static bool new_like(const struct model *model, size_t search_size, size_t search_hidden,
                     struct model *out, caption_error *error) {
    struct vocabulary vocabulary;
    struct model_texts texts;
    if (!vocabulary_copy(&model->vocabulary, &vocabulary, error)) return false;
    bool made = model_texts_of(model, &texts, error);
    if (made) {
        struct model_design design = model_design_like(model, model->encoder.size, &texts);
        design.search_size = search_size;
        design.search_hidden = search_hidden;
        made = model_new(out, &design, &vocabulary, error);
    }
    model_texts_free(&texts);
    vocabulary_free(&vocabulary);
    return made;
}

bool model_folded(const struct model *learning, const real *values, struct model *out,
                  caption_error *error) {
    *out = (struct model){0};
    const struct search *search = &learning->search;
    if (!new_like(learning, search->size, search->reader.hidden, out, error)) return false;
    copy_tensors(&learning->parameters, values, &out->parameters);
    if (learning->encoder.batch_norm) {
        encoder_fold(&learning->encoder, &learning->parameters, values, &out->encoder,
                     &out->parameters);
    }
    out->preprocessing = learning->preprocessing;
    cJSON_Delete(out->provenance);
    out->provenance = cJSON_Duplicate(learning->provenance, true);
    if (out->provenance) return true;
    model_free(out);
    return error_memory(error, "the provenance");
}

bool model_add_search(struct model *model, size_t size, size_t hidden, caption_error *error) {
    struct model copy;
    if (!new_like(model, size, hidden, &copy, error)) return false;
    copy_tensors(&model->parameters, model->parameters.values, &copy.parameters);
    const struct parameters old = model->parameters;
    model->parameters = copy.parameters;
    model->search = copy.search;
    copy.parameters = old;
    model_free(&copy);
    return true;
}

bool model_check_search(const struct model *model, const char *path, caption_error *error) {
    if (model->search.size > 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: this model cannot search: it has no search part (caption train --search "
                     "--init MODEL trains one)",
                     path);
}

bool model_round(struct model *model, caption_error *error) {
    struct parameters *parameters = &model->parameters;
    uint8_t *halves = memory_uninitialised(parameters->count, 2, "a model", error);
    if (!halves) return false;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *tensor = &parameters->tensors[i];
        float *values = parameters_at(parameters, parameters->values, i);
        size_t bad;
        if (tensor->group != PARAMETERS_CONSTANT &&
            float16_from_floats(values, tensor->count, halves, &bad)) {
            float16_to_floats(halves, tensor->count, values);
        }
    }
    free(halves);
    return true;
}

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

static bool same_values(const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (a[i] < b[i] || a[i] > b[i]) return false;
    return true;
}

static bool same_colours(const char *path, const struct preprocessing *expected,
                         const struct preprocessing *found, caption_error *error) {
    const size_t channels = sizeof found->mean / sizeof *found->mean;
    if (same_values(expected->mean, found->mean, channels) &&
        same_values(expected->std, found->std, channels)) {
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

/* The numbers of encoder and decoder, which come before those of a search part. */
static size_t captioner_numbers(const struct model *model) {
    const struct parameters *parameters = &model->parameters;
    return model->search.size > 0 ? parameters->tensors[model->search.first].offset
                                  : parameters->count;
}

bool model_average(struct model *model, size_t count, const struct model *other, const char *path,
                   caption_error *error) {
    if (!same_design(model, other, path, error)) return false;
    const real kept = (real)count / (real)(count + 1);
    vector_blend(captioner_numbers(model), kept, other->parameters.values,
                 model->parameters.values);
    return true;
}

/* The model of the prefix in which the running program lies; false where that is unknown. */
static bool beside_program(struct model_place *place) {
    return file_beside_program(CAPTION_MODEL_FROM_PROGRAM, place->text, sizeof place->text);
}

/* The same of the shared library, for programs that lie elsewhere. */
static bool beside_library(struct model_place *place) {
    static const char here = 0;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname) return false;
    if (strlen(info.dli_fname) >= sizeof place->text) return false;
    strcpy(place->text, info.dli_fname);
    return file_beside(CAPTION_MODEL_FROM_LIBRARY, place->text, sizeof place->text);
}

static bool is_there(const char *path) {
    return access(path, R_OK) == 0;
}

const char *model_path(const char *named, struct model_place *place, caption_error *error) {
    if (named) return named;
    const char *chosen = getenv("CAPTION_MODEL");
    if (chosen && *chosen) {
        if (access(chosen, F_OK) == 0) return chosen;
        error_set(error, CAPTION_ERROR_IO,
                  "$CAPTION_MODEL: %s: %s (-m names another model; of train, --init)", chosen,
                  strerror(errno));
        return NULL;
    }
    if (beside_program(place) && is_there(place->text)) return place->text;
    if (beside_library(place) && is_there(place->text)) return place->text;
    if (is_there(CAPTION_INSTALLED_MODEL)) return CAPTION_INSTALLED_MODEL;
    if (is_there(CAPTION_SOURCE_MODEL)) return CAPTION_SOURCE_MODEL;
    const bool has_place = beside_program(place);
    error_set(error, CAPTION_ERROR_IO,
              "no model: -m (of train, --init) or $CAPTION_MODEL names one; there is none at %s, "
              "%s or %s",
              has_place ? place->text : CAPTION_MODEL_FROM_PROGRAM, CAPTION_INSTALLED_MODEL,
              CAPTION_SOURCE_MODEL);
    return NULL;
}

enum safetensors_type weights_type(const struct weights *weights, size_t index) {
    if (weights->values) return SAFETENSORS_F32;
    return safetensors_find(weights->file, weights->parameters->tensors[index].name)->type;
}

bool weights_view(const struct weights *weights, size_t index, struct arena *arena,
                  struct weights_view *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    if (weights->values) {
        *out =
            (struct weights_view){SAFETENSORS_F32, weights->values + tensor->offset, tensor->count};
        return true;
    }
    const struct safetensors_tensor *found = safetensors_find(weights->file, tensor->name);
    uint8_t *copy = arena_take(arena, found->bytes, 1, "a tensor", error);
    if (!copy) return false;
    if (!arena->is_filled && !safetensors_as_is(weights->file, found, copy, error)) return false;
    *out = (struct weights_view){found->type, copy, found->count};
    return true;
}

/* Converts from the file's order to memory's, through a copy. */
static bool read_reordered(const struct weights *weights, const struct parameter *tensor,
                           const struct safetensors_tensor *found, float *out,
                           caption_error *error) {
    float *scratch = memory_uninitialised(tensor->count, sizeof *scratch, "a tensor", error);
    if (!scratch) return false;
    const bool ok = safetensors_floats(weights->file, found, scratch, error);
    if (ok) parameters_import(tensor, scratch, out);
    free(scratch);
    return ok;
}

bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    if (weights->values) {
        memcpy(out, weights->values + tensor->offset, tensor->count * sizeof *out);
        return true;
    }
    const struct safetensors_tensor *found = safetensors_find(weights->file, tensor->name);
    if (tensor->layout != PARAMETERS_AS_IS) {
        return read_reordered(weights, tensor, found, out, error);
    }
    return safetensors_floats(weights->file, found, out, error);
}

float *weights_take(const struct weights *weights, size_t index, struct arena *arena,
                    const char *what, caption_error *error) {
    const size_t count = weights->parameters->tensors[index].count;
    float *numbers = arena_take(arena, count, sizeof *numbers, what, error);
    if (!numbers || arena->is_filled) return numbers;
    return weights_read(weights, index, numbers, error) ? numbers : NULL;
}

bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error) {
    const struct parameter *tensor = &weights->parameters->tensors[index];
    const size_t row = tensor->count / tensor->shape[0];
    if (weights->values) {
        memcpy(out, weights->values + tensor->offset + first * row, count * row * sizeof *out);
        return true;
    }
    return safetensors_some_floats(weights->file, safetensors_find(weights->file, tensor->name),
                                   first * row, count * row, out, error);
}

/* A model in a safetensors file. Keys of __metadata__, all of them strings:
 *
 *     format       "caption"
 *     version      "1"
 *     encoder      the architecture in the notation of encoder.h
 *     image_size   side of the encoder's square in pixels
 *     mean, std    "[127,127,127]": (p - mean) / std with p in 0..255, by channel R, G, B
 *     cell         "rnn", "gru" or "lstm"
 *     embedding    width of the word vectors
 *     hidden       width of the recurrent state
 *     image_input  "first" or "every": how often the image is seen (absent: "first")
 *     vocabulary   one `word<TAB>count` a line, as in vocabulary.h
 *     tags         what the word head names, one tag a line, as in content.h (absent: no head)
 *     styles       the caption styles, one name a line, the default first, as in
 *                  styles.h (absent: none)
 *     search_size, search_hidden  width of the vectors and of the state of the search part, as in
 *                  search.h (absent: no search part)
 *     provenance   a JSON object of strings
 *     tag_calibration  of the word head, as in confidence.h (absent: there is none)
 *     confidence   of captions, as in confidence.h (absent: there is none)
 *     rerank       of captions, as in confidence.h (absent: there is none)
 *
 * Tensors have the names of the parameters; the encoder's are timm's, prefixed by "encoder.".
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "format/packed_file.h"
#include "model/model.h"

static const char format_name[] = "caption", format_version[] = "1";
static const char batch_norm_key[] = MODEL_TRAINING "batch_norm";

/* Bounds of the preprocessing: values beyond them would only saturate the encoder. */
static const double largest_mean = 1e4, smallest_std = 1e-3, largest_std = 1e4;

enum { COLOURS = 3, SHOWN = 80 /* bytes of an unknown string that a message shows */ };

static const char *metadata_string(const struct safetensors *file, const char *key,
                                   caption_error *error) {
    const char *value = safetensors_metadata(file, key);
    if (!value) {
        error_set(error, CAPTION_ERROR_FORMAT, "%s: __metadata__: %s: missing", file->path, key);
    }
    return value;
}

static bool metadata_error(const struct safetensors *file, const char *key, const char *expected,
                           const char *found, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: __metadata__: %s: expected %s, found \"%.*s\"", file->path, key, expected,
                     SHOWN, found);
}

/* At most 9 digits; callers set tighter bounds. */
static bool metadata_size(const struct safetensors *file, const char *key, size_t *out,
                          caption_error *error) {
    const char *value = metadata_string(file, key, error);
    if (!value) return false;
    const size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 9 || value[digits] != '\0') {
        return metadata_error(file, key, "a whole number of at most 9 digits", value, error);
    }
    *out = (size_t)strtoul(value, NULL, 10);
    return true;
}

static bool metadata_colours(const struct safetensors *file, const char *key, double least,
                             double most, float *out, caption_error *error) {
    const char *value = metadata_string(file, key, error);
    if (!value) return false;
    cJSON *array = json_parse(value, strlen(value), key, NULL);
    bool ok = cJSON_IsArray(array) && cJSON_GetArraySize(array) == COLOURS;
    const cJSON *item = ok ? array->child : NULL;
    for (size_t i = 0; ok && i < COLOURS; i++, item = item->next) {
        ok = cJSON_IsNumber(item) && item->valuedouble >= least && item->valuedouble <= most;
        if (ok) out[i] = (float)item->valuedouble;
    }
    cJSON_Delete(array);
    if (ok) return true;
    char expected[64];
    snprintf(expected, sizeof expected, "3 numbers from %g to %g as in [1,2,3]", least, most);
    return metadata_error(file, key, expected, value, error);
}

static bool check_format(const struct safetensors *file, caption_error *error) {
    const char *format = safetensors_metadata(file, "format");
    if (!format || strcmp(format, format_name) != 0) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: no model of caption: __metadata__: format: expected \"%s\", found "
                         "%s%.*s%s",
                         file->path, format_name, format ? "\"" : "", SHOWN,
                         format ? format : "nothing", format ? "\"" : "");
    }
    const char *version = metadata_string(file, "version", error);
    if (!version) return false;
    if (strcmp(version, format_version) == 0) return true;
    return metadata_error(file, "version", "\"1\"", version, error);
}

static bool is_trained(const struct safetensors *file) {
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strncmp(file->tensors[i].name, MODEL_TRAINING, strlen(MODEL_TRAINING)) == 0)
            return true;
    return false;
}

bool model_recognise(const char *path) {
    struct safetensors file;
    if (!safetensors_open(&file, path, NULL)) return false;
    const bool ours = check_format(&file, NULL) && !is_trained(&file);
    safetensors_close(&file);
    return ours;
}

/* 0 where the key is absent. */
static bool optional_size(const struct safetensors *file, const char *key, size_t *out,
                          caption_error *error) {
    *out = 0;
    return !safetensors_metadata(file, key) || metadata_size(file, key, out, error);
}

static bool read_design(const struct safetensors *file, struct model_design *design,
                        caption_error *error) {
    design->encoder = metadata_string(file, "encoder", error);
    if (!design->encoder) return false;
    design->batch_norm = safetensors_metadata(file, batch_norm_key) != NULL;
    design->cell = metadata_string(file, "cell", error);
    design->image_input = safetensors_metadata(file, "image_input");
    design->tags = safetensors_metadata(file, "tags");
    design->styles = safetensors_metadata(file, "styles");
    return design->cell && metadata_size(file, "image_size", &design->size, error) &&
           metadata_size(file, "embedding", &design->embedding, error) &&
           metadata_size(file, "hidden", &design->hidden, error) &&
           optional_size(file, "search_size", &design->search_size, error) &&
           optional_size(file, "search_hidden", &design->search_hidden, error);
}

static bool read_vocabulary(const struct safetensors *file, struct vocabulary *vocabulary,
                            caption_error *error) {
    const char *text = metadata_string(file, "vocabulary", error);
    if (!text) return false;
    return vocabulary_parse(vocabulary, text, strlen(text), "vocabulary", error) ||
           error_prefix(error, file->path);
}

/* The model's shape, without its numbers. */
static bool read_plan(struct model *model, const struct safetensors *file, caption_error *error) {
    struct model_design design = {0};
    struct vocabulary vocabulary = {0};
    if (!check_format(file, error) || !read_design(file, &design, error) ||
        !read_vocabulary(file, &vocabulary, error)) {
        return false;
    }
    return model_plan(model, &design, &vocabulary, error) || error_prefix(error, file->path);
}

bool model_file_preprocessing(const struct safetensors *file, struct preprocessing *preprocessing,
                              caption_error *error) {
    const struct {
        const char *key;
        double least, most;
        float *out;
    } colours[] = {{"mean", -largest_mean, largest_mean, preprocessing->mean},
                   {"std", smallest_std, largest_std, preprocessing->std}};
    for (size_t i = 0; i < 2; i++) {
        if (!safetensors_metadata(file, colours[i].key)) continue;
        if (!metadata_colours(file, colours[i].key, colours[i].least, colours[i].most,
                              colours[i].out, error)) {
            return false;
        }
    }
    if (!safetensors_metadata(file, "image_size")) return true;
    return metadata_size(file, "image_size", &preprocessing->size, error);
}

static bool read_preprocessing(struct model *model, const struct safetensors *file,
                               caption_error *error) {
    return metadata_string(file, "mean", error) && metadata_string(file, "std", error) &&
           model_file_preprocessing(file, &model->preprocessing, error);
}

static bool read_provenance(struct model *model, const struct safetensors *file,
                            caption_error *error) {
    const char *text = metadata_string(file, "provenance", error);
    if (!text) return false;
    cJSON *provenance = json_parse(text, strlen(text), "provenance", error);
    if (!provenance) return error_prefix(error, file->path);
    cJSON_Delete(model->provenance);
    model->provenance = provenance;
    if (!cJSON_IsObject(provenance)) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: __metadata__: provenance: expected an object, found %s", file->path,
                         json_type(provenance));
    }
    for (const cJSON *note = provenance->child; note; note = note->next) {
        if (cJSON_IsString(note)) continue;
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: __metadata__: provenance: %.*s: expected a string, found %s",
                         file->path, SHOWN, note->string, json_type(note));
    }
    return true;
}

static bool read_tag_calibration(struct model *model, const struct safetensors *file,
                                 caption_error *error) {
    const char *text = safetensors_metadata(file, "tag_calibration");
    if (!text) return true;
    return tag_calibration_parse(&model->tag_calibration, text, "__metadata__: tag_calibration",
                                 error) ||
           error_prefix(error, file->path);
}

static bool read_confidence(struct model *model, const struct safetensors *file,
                            caption_error *error) {
    const char *text = safetensors_metadata(file, "confidence");
    if (!text) return true;
    return confidence_parse(&model->confidence, text, "__metadata__: confidence", error) ||
           error_prefix(error, file->path);
}

static bool read_rerank(struct model *model, const struct safetensors *file, caption_error *error) {
    const char *text = safetensors_metadata(file, "rerank");
    if (!text) return true;
    return rerank_parse(&model->rerank, text, "__metadata__: rerank", error) ||
           error_prefix(error, file->path);
}

/* Whether a tensor belongs to a checkpoint's training state. */
static bool is_of_training(const char *name) {
    return strncmp(name, MODEL_TRAINING, strlen(MODEL_TRAINING)) == 0;
}

/* The file's tensors are the model's, neither more nor less. */
static bool check_tensors(const struct parameters *parameters, const struct safetensors *file,
                          caption_error *error) {
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *parameter = &parameters->tensors[i];
        if (!safetensors_expect(file, parameter->name, parameter->shape, parameter->dimensions,
                                error)) {
            return false;
        }
    }
    for (size_t i = 0; i < file->tensor_count; i++) {
        size_t index;
        const char *name = file->tensors[i].name;
        if (is_of_training(name) || parameters_find(parameters, name, &index)) continue;
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": the model's architecture has no such tensor",
                         file->path, SHOWN, name);
    }
    return true;
}

/* Numbers of the largest tensor whose order in memory differs from that in the file. */
static size_t largest_reordered(const struct parameters *parameters) {
    size_t largest = 0;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *parameter = &parameters->tensors[i];
        if (parameter->layout == PARAMETERS_AS_IS) continue;
        if (parameter->count > largest) largest = parameter->count;
    }
    return largest;
}

/* scratch [largest_reordered]. */
static bool import(struct parameters *parameters, size_t index, const struct safetensors *file,
                   const struct safetensors_tensor *tensor, float *scratch, caption_error *error) {
    const struct parameter *parameter = &parameters->tensors[index];
    float *memory = parameters_at(parameters, parameters->values, index);
    if (parameter->layout == PARAMETERS_AS_IS) {
        return safetensors_floats(file, tensor, memory, error);
    }
    if (!safetensors_floats(file, tensor, scratch, error)) return false;
    parameters_import(parameter, scratch, memory);
    return true;
}

static bool read_numbers(struct parameters *parameters, const struct safetensors *file,
                         caption_error *error) {
    if (!parameters_allocate(parameters, error)) return false;
    float *scratch =
        memory_uninitialised(largest_reordered(parameters), sizeof *scratch, "a tensor", error);
    bool ok = scratch != NULL;
    for (size_t i = 0; ok && i < parameters->tensor_count; i++) {
        const struct safetensors_tensor *tensor =
            safetensors_find(file, parameters->tensors[i].name);
        ok = import(parameters, i, file, tensor, scratch, error);
    }
    free(scratch);
    return ok;
}

/* Everything but the numbers. */
static bool take_shape(struct model *model, const struct safetensors *file, caption_error *error) {
    return read_plan(model, file, error) && read_preprocessing(model, file, error) &&
           read_provenance(model, file, error) && read_tag_calibration(model, file, error) &&
           read_confidence(model, file, error) && read_rerank(model, file, error) &&
           check_tensors(&model->parameters, file, error);
}

bool model_take(struct model *model, const struct safetensors *file, caption_error *error) {
    *model = (struct model){0};
    if (take_shape(model, file, error) && read_numbers(&model->parameters, file, error)) {
        return true;
    }
    model_free(model);
    return false;
}

static bool check_captioner(const struct model *model, const char *path, caption_error *error) {
    if (!model->encoder.batch_norm) return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: the checkpoint of an encoder in training from scratch: not a captioner yet", path);
}

bool model_read(struct model *model, const char *path, caption_error *error) {
    *model = (struct model){0};
    struct safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    const bool taken = model_take(model, &file, error);
    safetensors_close(&file);
    if (!taken) return false;
    if (check_captioner(model, path, error)) return true;
    model_free(model);
    return false;
}

/* Packed weights need not be there; whether they fit is found when they are used. */
static bool open_packed(struct model *model, const char *path, caption_error *error) {
    char *packed = packed_file_path(path, error);
    if (!packed) return false;
    caption_error reason;
    (void)file_parts_open(&model->packed, packed, &reason);
    free(packed);
    return true;
}

bool model_open(struct model *model, const char *path, caption_error *error) {
    *model = (struct model){0};
    struct safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    const bool ok = take_shape(model, &file, error) && check_captioner(model, path, error) &&
                    open_packed(model, path, error);
    model->file = file;
    if (!ok) model_free(model);
    return ok;
}

bool model_file_type(const struct model *model, const char *path, enum safetensors_type *type,
                     caption_error *error) {
    struct safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    const struct safetensors_tensor *widest = NULL;
    for (size_t i = 0; i < model->parameters.tensor_count; i++) {
        const struct parameter *parameter = &model->parameters.tensors[i];
        const struct safetensors_tensor *tensor = safetensors_find(&file, parameter->name);
        if (parameter->group == PARAMETERS_CONSTANT || !tensor) continue;
        if (!widest || safetensors_width(tensor->type) > safetensors_width(widest->type))
            widest = tensor;
    }
    *type = widest ? widest->type : SAFETENSORS_F32;
    safetensors_close(&file);
    return true;
}

static bool write_size(struct safetensors_writer *writer, const char *key, size_t size,
                       caption_error *error) {
    char text[24];
    snprintf(text, sizeof text, "%zu", size);
    return safetensors_writer_metadata(writer, key, text, error);
}

static bool write_json(struct safetensors_writer *writer, const char *key, const cJSON *value,
                       caption_error *error) {
    char *text = value ? cJSON_PrintUnformatted(value) : NULL;
    if (!text) return error_memory(error, key);
    const bool ok = safetensors_writer_metadata(writer, key, text, error);
    cJSON_free(text);
    return ok;
}

static bool write_colours(struct safetensors_writer *writer, const char *key, const float *colours,
                          caption_error *error) {
    cJSON *array = cJSON_CreateFloatArray(colours, COLOURS);
    const bool ok = write_json(writer, key, array, error);
    cJSON_Delete(array);
    return ok;
}

static bool write_vocabulary(struct safetensors_writer *writer, const struct vocabulary *vocabulary,
                             caption_error *error) {
    char *text = vocabulary_format(vocabulary, error);
    const bool ok = text && safetensors_writer_metadata(writer, "vocabulary", text, error);
    free(text);
    return ok;
}

static bool write_tag_calibration(struct safetensors_writer *writer, const struct model *model,
                                  caption_error *error) {
    if (!tag_calibration_is_there(&model->tag_calibration)) return true;
    cJSON *json = tag_calibration_json(&model->tag_calibration, error);
    const bool ok = json && write_json(writer, "tag_calibration", json, error);
    cJSON_Delete(json);
    return ok;
}

/* Writes nothing without a text. */
static bool write_text(struct safetensors_writer *writer, const char *key, const char *text,
                       caption_error *error) {
    return !text || safetensors_writer_metadata(writer, key, text, error);
}

static bool write_texts(struct safetensors_writer *writer, const struct model *model,
                        caption_error *error) {
    struct model_texts texts;
    const bool ok = model_texts_of(model, &texts, error) &&
                    write_text(writer, "tags", texts.tags, error) &&
                    write_text(writer, "styles", texts.styles, error);
    model_texts_free(&texts);
    return ok;
}

static bool write_confidence(struct safetensors_writer *writer, const struct model *model,
                             caption_error *error) {
    if (!model->confidence.is_there) return true;
    cJSON *confidence = confidence_json(&model->confidence, error);
    const bool ok = confidence && write_json(writer, "confidence", confidence, error);
    cJSON_Delete(confidence);
    return ok;
}

static bool write_rerank(struct safetensors_writer *writer, const struct model *model,
                         caption_error *error) {
    if (!rerank_is_there(&model->rerank)) return true;
    cJSON *json = rerank_json(&model->rerank, error);
    const bool ok = json && write_json(writer, "rerank", json, error);
    cJSON_Delete(json);
    return ok;
}

static bool write_search(struct safetensors_writer *writer, const struct search *search,
                         caption_error *error) {
    return search->size == 0 || (write_size(writer, "search_size", search->size, error) &&
                                 write_size(writer, "search_hidden", search->reader.hidden, error));
}

static bool write_metadata(struct safetensors_writer *writer, const struct model *model,
                           caption_error *error) {
    if (model->encoder.batch_norm &&
        !safetensors_writer_metadata(writer, batch_norm_key, "yes", error)) {
        return false;
    }
    return safetensors_writer_metadata(writer, "format", format_name, error) &&
           safetensors_writer_metadata(writer, "version", format_version, error) &&
           safetensors_writer_metadata(writer, "encoder", model->encoder.architecture, error) &&
           write_size(writer, "image_size", model->encoder.size, error) &&
           write_colours(writer, "mean", model->preprocessing.mean, error) &&
           write_colours(writer, "std", model->preprocessing.std, error) &&
           safetensors_writer_metadata(writer, "cell", model->decoder.cell->name, error) &&
           write_size(writer, "embedding", model->decoder.embedding, error) &&
           write_size(writer, "hidden", model->decoder.hidden, error) &&
           safetensors_writer_metadata(writer, "image_input", decoder_image_input(&model->decoder),
                                       error) &&
           write_vocabulary(writer, &model->vocabulary, error) &&
           write_texts(writer, model, error) && write_search(writer, &model->search, error) &&
           write_json(writer, "provenance", model->provenance, error) &&
           write_tag_calibration(writer, model, error) && write_confidence(writer, model, error) &&
           write_rerank(writer, model, error);
}

/* Constants stay F32: they are few, and they are measured, so they may exceed the range of 16
 * bits. */
static enum safetensors_type written_type(const struct parameter *parameter,
                                          enum safetensors_type type) {
    return parameter->group == PARAMETERS_CONSTANT ? SAFETENSORS_F32 : type;
}

static bool write_tensors(struct safetensors_writer *writer, const struct parameters *parameters,
                          const real *values, enum safetensors_type type, caption_error *error) {
    float *scratch =
        memory_uninitialised(largest_reordered(parameters), sizeof *scratch, "a tensor", error);
    bool ok = scratch != NULL;
    for (size_t i = 0; ok && i < parameters->tensor_count; i++) {
        const struct parameter *parameter = &parameters->tensors[i];
        const float *numbers = parameters_at_const(parameters, values, i);
        if (parameter->layout != PARAMETERS_AS_IS) {
            parameters_export(parameter, numbers, scratch);
            numbers = scratch;
        }
        __typeof__(safetensors_writer_tensor) *add =
            numbers == scratch ? safetensors_writer_tensor : safetensors_writer_tensor_stays;
        ok = add(writer,
                 &(struct new_tensor){parameter->name, written_type(parameter, type),
                                      parameter->shape, parameter->dimensions, numbers},
                 error);
    }
    free(scratch);
    return ok;
}

bool model_put(const struct model *model, const real *values, enum safetensors_type type,
               struct safetensors_writer *writer, caption_error *error) {
    if (!values) values = model->parameters.values;
    return write_metadata(writer, model, error) &&
           write_tensors(writer, &model->parameters, values, type, error);
}

bool model_write(const struct model *model, const real *values, enum safetensors_type type,
                 const char *path, caption_error *error) {
    if (model->encoder.batch_norm) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: a model is written without batch norm: fold it first", path);
    }
    struct safetensors_writer *writer = safetensors_writer_new(path, error);
    if (!writer) return false;
    if (model_put(model, values, type, writer, error)) {
        return safetensors_writer_finish(writer, error);
    }
    safetensors_writer_free(writer);
    return false;
}

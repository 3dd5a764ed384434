#include "model/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"

static const char own_prefix[] = "encoder.";

enum {
    NAME_SIZE = PARAMETERS_NAME + 32, /* of a tensor in the file */
    SHOWN = 80                        /* bytes of an unknown name that a message shows */
};

/* The settings that depend on the padding. */
static const struct family {
    double epsilon; /* of batch norm */
    float mean[3], std[3];
} tensorflow = {1e-3, {127, 127, 127}, {128, 128, 128}},
  pytorch = {1e-5, {123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F}};

static const struct family *family_of(const struct encoder *encoder) {
    return encoder->symmetric ? &pytorch : &tensorflow;
}

/* The position of a layer: the stem is block 0, the head the last; part `part` of `parts`. */
struct import_place {
    size_t block, part, parts;
};

static struct import_place place_of(const struct encoder *encoder, size_t layer) {
    const size_t last = encoder->layer_count - 1;
    size_t block = 0;
    for (size_t first = 0;; block++) {
        /* A separable block begins with its depthwise layer, an inverted one with a 1x1. */
        const bool separable = encoder->layers[first].kind == ENCODER_DEPTHWISE;
        const size_t parts = first == 0 || first == last ? 1 : separable ? 2 : 3;
        if (layer < first + parts) return (struct import_place){block, layer - first, parts};
        first += parts;
    }
}

/* The names of a convolution and of its batch norm, without ".weight" or another suffix; "" means
 * no norm. */
struct layer_names {
    char convolution[NAME_SIZE], norm[NAME_SIZE];
};

/* "blocks.1.0.conv_pw" of our "encoder.blocks.1.0.conv_pw.weight". */
static void name_own(const struct parameter *weight, struct layer_names *names) {
    const char *name = weight->name + strlen(own_prefix);
    const size_t length = strlen(name) - strlen(".weight");
    memcpy(names->convolution, name, length);
    names->convolution[length] = '\0';
    names->norm[0] = '\0';
}

/* timm counts the norms of a block from 1. */
static void name_timm(struct import_place place, struct layer_names *names) {
    if (place.parts == 1) {
        snprintf(names->norm, NAME_SIZE, place.block == 0 ? "bn1" : "bn2");
        return;
    }
    const int folder = (int)(strrchr(names->convolution, '.') - names->convolution);
    snprintf(names->norm, NAME_SIZE, "%.*s.bn%zu", folder, names->convolution, place.part + 1);
}

/* torchvision numbers the items of a block: a convolution with its norm and ReLU6 is one item, the
 * linear convolution at a block's end and its norm are two. */
static void name_torchvision(struct import_place place, struct layer_names *names) {
    char item[NAME_SIZE / 2];
    if (place.parts == 1) {
        snprintf(item, sizeof item, "features.%zu", place.block);
    } else {
        snprintf(item, sizeof item, "features.%zu.conv", place.block);
    }
    if (place.parts > 1 && place.part + 1 < place.parts) {
        snprintf(names->convolution, NAME_SIZE, "%s.%zu.0", item, place.part);
        snprintf(names->norm, NAME_SIZE, "%s.%zu.1", item, place.part);
        return;
    }
    snprintf(names->convolution, NAME_SIZE, "%s.%zu", item, place.part);
    snprintf(names->norm, NAME_SIZE, "%s.%zu", item, place.part + 1);
}

/* The source tensors of a layer; all but weight and bias are NULL without a norm. */
struct import_source {
    const struct safetensors_tensor *weight, *bias, *scale, *mean, *variance;
};

/* The file matched with an architecture. */
struct import_fit {
    const struct encoder_import *import;
    const struct encoder *encoder;
    const struct parameters *parameters;
    struct import_source *sources; /* [layer_count] */
    bool *used;                    /* [tensors of the file] */
    size_t fitted;                 /* tensors found so far */
};

struct tensor_name {
    const char *layer, *part;
};

struct tensor_shape {
    const size_t *sizes; /* [dimensions] */
    size_t dimensions;
};

static bool take(struct import_fit *fit, struct tensor_name name, struct tensor_shape shape,
                 const struct safetensors_tensor **tensor, caption_error *error) {
    const struct safetensors *file = &fit->import->file;
    char full[NAME_SIZE + 32];
    snprintf(full, sizeof full, "%s%s.%s", fit->import->prefix, name.layer, name.part);
    *tensor = safetensors_expect(file, full, shape.sizes, shape.dimensions, error);
    if (!*tensor) return false;
    fit->used[*tensor - file->tensors] = true;
    fit->fitted++;
    return true;
}

static bool fit_layer(struct import_fit *fit, size_t index, caption_error *error) {
    const struct encoder_layer *layer = &fit->encoder->layers[index];
    const struct parameter *weight = &fit->parameters->tensors[layer->weight];
    const struct import_place place = place_of(fit->encoder, index);
    struct import_source *source = &fit->sources[index];
    struct layer_names names;
    name_own(weight, &names);
    if (fit->import->names == ENCODER_NAMES_TIMM) name_timm(place, &names);
    if (fit->import->names == ENCODER_NAMES_TORCHVISION) name_torchvision(place, &names);

    const char *convolution = names.convolution, *norm = names.norm;
    const struct tensor_shape matrix = {weight->shape, weight->dimensions};
    const struct tensor_shape vector = {&layer->shape.out_channels, 1};
    if (!take(fit, (struct tensor_name){convolution, "weight"}, matrix, &source->weight, error)) {
        return false;
    }
    if (!norm[0]) {
        return take(fit, (struct tensor_name){convolution, "bias"}, vector, &source->bias, error);
    }
    return take(fit, (struct tensor_name){norm, "weight"}, vector, &source->scale, error) &&
           take(fit, (struct tensor_name){norm, "bias"}, vector, &source->bias, error) &&
           take(fit, (struct tensor_name){norm, "running_mean"}, vector, &source->mean, error) &&
           take(fit, (struct tensor_name){norm, "running_var"}, vector, &source->variance, error);
}

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Whether a tensor may be in the file beside the encoder. */
static bool is_beside(const char *name) {
    return starts_with(name, "classifier.") || starts_with(name, "decoder.") ||
           starts_with(name, "search.") || ends_with(name, ".num_batches_tracked");
}

/* Silently ignoring a tensor would make it another network. */
static bool check_rest(const struct import_fit *fit, caption_error *error) {
    const struct safetensors *file = &fit->import->file;
    for (size_t i = 0; i < file->tensor_count; i++) {
        const char *name = file->tensors[i].name;
        if (fit->used[i] || is_beside(name)) continue;
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%.*s\": the encoder's architecture has no such tensor",
                         file->path, SHOWN, name);
    }
    return true;
}

static bool fit_layers(struct import_fit *fit, caption_error *error) {
    for (size_t i = 0; i < fit->encoder->layer_count; i++) {
        if (!fit_layer(fit, i, error)) return false;
    }
    return check_rest(fit, error);
}

static void fit_free(struct import_fit *fit) {
    free(fit->sources);
    free(fit->used);
}

/* Finds every tensor before any number is read. *fitted counts those found, also on failure; freed
 * with fit_free on success. */
static bool fit_file(struct import_fit *fit, const struct encoder_import *import,
                     const struct encoder *encoder, const struct parameters *parameters,
                     size_t *fitted, caption_error *error) {
    static const char what[] = "a tensor table";
    *fit = (struct import_fit){.import = import, .encoder = encoder, .parameters = parameters};
    fit->sources = memory_zeroed(encoder->layer_count, sizeof *fit->sources, what, error);
    fit->used = memory_zeroed(import->file.tensor_count, sizeof *fit->used, what, error);
    const bool ok = fit->sources && fit->used && fit_layers(fit, error);
    *fitted = fit->fitted;
    if (!ok) fit_free(fit);
    return ok;
}

/* Whether the file fits the architecture; then its family's preprocessing is the import's. */
static bool try_architecture(struct encoder_import *import, const char *architecture,
                             size_t *fitted, caption_error *error) {
    const size_t size = encoder_default_size(architecture);
    struct parameters parameters = {0};
    struct encoder encoder;
    struct import_fit fit;
    *fitted = 0;
    bool ok = encoder_init(&encoder, encoder_architecture(architecture), size, false, &parameters,
                           error) ||
              error_prefix(error, import->file.path);
    if (ok && (ok = fit_file(&fit, import, &encoder, &parameters, fitted, error))) {
        const struct family *family = family_of(&encoder);
        fit_free(&fit);
        import->architecture = encoder_architecture(architecture);
        import->preprocessing.size = size;
        memcpy(import->preprocessing.mean, family->mean, sizeof family->mean);
        memcpy(import->preprocessing.std, family->std, sizeof family->std);
    }
    encoder_free(&encoder);
    parameters_free(&parameters);
    return ok;
}

/* torchvision never uses TensorFlow's padding. */
static bool is_candidate(const struct encoder_import *import, const struct encoder_preset *preset) {
    return import->names != ENCODER_NAMES_TORCHVISION ||
           starts_with(preset->architecture, "pad_symmetric ");
}

/* The first preset that fits. */
static bool try_presets(struct encoder_import *import, caption_error *error) {
    const char *nearest = NULL;
    size_t most = 0;
    caption_error reason = {0};
    const struct encoder_preset *preset;
    for (size_t i = 0; (preset = encoder_preset(i)) != NULL; i++) {
        if (!is_candidate(import, preset)) continue;
        size_t fitted;
        caption_error misfit = {0};
        if (try_architecture(import, preset->architecture, &fitted, &misfit)) return true;
        if (nearest && fitted <= most) continue;
        most = fitted;
        nearest = preset->name;
        reason = misfit;
    }
    return error_set(error, reason.status, "%s (compared with %s, the nearest encoder known)",
                     reason.message, nearest);
}

/* The naming scheme, detected from the first convolution's name. */
static bool recognise(struct encoder_import *import, caption_error *error) {
    const struct safetensors *file = &import->file;
    import->prefix = safetensors_find(file, "encoder.conv_stem.weight") ? own_prefix : "";
    if (*import->prefix || safetensors_find(file, "conv_stem.weight")) {
        import->names = ENCODER_NAMES_CAPTION;
        for (size_t i = 0; i < file->tensor_count; i++) {
            if (ends_with(file->tensors[i].name, ".running_var")) {
                import->names = ENCODER_NAMES_TIMM;
            }
        }
        return true;
    }
    import->names = ENCODER_NAMES_TORCHVISION;
    if (safetensors_find(file, "features.0.0.weight")) return true;
    if (file->tensor_count == 0) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: it holds no tensors", file->path);
    }
    const struct safetensors_tensor *first = &file->tensors[0];
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: tensor \"conv_stem.weight\" (as timm names it) or "
                     "\"features.0.0.weight\" (torchvision): missing; the file's first is \"%.*s\" "
                     "of shape %s",
                     file->path, SHOWN, first->name,
                     safetensors_shape_text(first->shape, first->dimensions).text);
}

static bool choose_architecture(struct encoder_import *import, const char *architecture,
                                caption_error *error) {
    size_t fitted;
    if (!architecture) architecture = safetensors_metadata(&import->file, "encoder");
    if (!architecture) return try_presets(import, error);
    return try_architecture(import, architecture, &fitted, error);
}

bool encoder_import_open(struct encoder_import *import, const char *path, const char *architecture,
                         caption_error *error) {
    *import = (struct encoder_import){0};
    if (!safetensors_open(&import->file, path, error)) return false;
    if (recognise(import, error) && choose_architecture(import, architecture, error) &&
        model_file_preprocessing(&import->file, &import->preprocessing, error)) {
        return true;
    }
    encoder_import_close(import);
    return false;
}

void encoder_import_close(struct encoder_import *import) {
    safetensors_close(&import->file);
    *import = (struct encoder_import){0};
}

/* Numbers of one layer: as in the file, then as in the model. */
struct numbers {
    float *weight;                         /* [largest] */
    float *bias, *scale, *mean, *variance; /* [channels] each */
};

static bool number_error(const struct encoder_import *import,
                         const struct safetensors_tensor *tensor, size_t place, double number,
                         const char *what, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%.*s\": number %zu is %g: %s",
                     import->file.path, SHOWN, tensor->name, place, number, what);
}

/* gamma (w x - mean) / sqrt(variance + epsilon) + beta as one convolution (Ioffe and Szegedy,
 * 2015), in double: a small variance makes a large factor. */
static bool fold(const struct encoder_import *import, const struct import_source *source,
                 double epsilon, const struct numbers *n, caption_error *error) {
    const size_t channels = source->bias->count, inputs = source->weight->count / channels;
    for (size_t c = 0; c < channels; c++) {
        const double variance = (double)n->variance[c];
        if (variance < 0) {
            return number_error(import, source->variance, c, variance,
                                "a variance is not below zero", error);
        }
        const double factor = (double)n->scale[c] / sqrt(variance + epsilon);
        n->bias[c] = (float)((double)n->bias[c] - (double)n->mean[c] * factor);
        bool finite = isfinite(n->bias[c]);
        for (float *w = n->weight + c * inputs; w < n->weight + (c + 1) * inputs; w++) {
            *w = (float)((double)*w * factor);
            finite &= isfinite(*w);
        }
        if (!finite) {
            return number_error(import, source->scale, c, (double)n->scale[c],
                                "folding it makes a number too large", error);
        }
    }
    return true;
}

static bool read_layer(const struct import_fit *fit, struct parameters *parameters, size_t index,
                       const struct numbers *n, caption_error *error) {
    const struct encoder_layer *layer = &fit->encoder->layers[index];
    const struct import_source *source = &fit->sources[index];
    const struct safetensors *file = &fit->import->file;
    if (!safetensors_floats(file, source->weight, n->weight, error) ||
        !safetensors_floats(file, source->bias, n->bias, error)) {
        return false;
    }
    if (source->variance) {
        if (!safetensors_floats(file, source->scale, n->scale, error) ||
            !safetensors_floats(file, source->mean, n->mean, error) ||
            !safetensors_floats(file, source->variance, n->variance, error) ||
            !fold(fit->import, source, family_of(fit->encoder)->epsilon, n, error)) {
            return false;
        }
    }
    const struct encoder_tensors w =
        encoder_tensors_in(fit->encoder, index, parameters, parameters->values);
    parameters_import(&parameters->tensors[layer->weight], n->weight, w.weight);
    parameters_import(&parameters->tensors[layer->bias], n->bias, w.bias);
    return true;
}

static bool read_layers(const struct import_fit *fit, struct parameters *parameters,
                        caption_error *error) {
    size_t weights = 0, channels = 0;
    for (size_t i = 0; i < fit->encoder->layer_count; i++) {
        const struct import_source *source = &fit->sources[i];
        if (source->weight->count > weights) weights = source->weight->count;
        if (source->bias->count > channels) channels = source->bias->count;
    }
    /* Both lie in the file, so neither sum can overflow. */
    float *block = memory_uninitialised(weights + 4 * channels, sizeof *block, "a layer", error);
    if (!block) return false;
    float *vectors = block + weights;
    const struct numbers numbers = {block, vectors, vectors + channels, vectors + 2 * channels,
                                    vectors + 3 * channels};
    bool ok = true;
    for (size_t i = 0; ok && i < fit->encoder->layer_count; i++) {
        ok = read_layer(fit, parameters, i, &numbers, error);
    }
    free(block);
    return ok;
}

bool encoder_import_read(const struct encoder_import *import, const struct encoder *encoder,
                         struct parameters *parameters, caption_error *error) {
    struct import_fit fit;
    size_t fitted;
    if (!fit_file(&fit, import, encoder, parameters, &fitted, error)) return false;
    const bool ok = read_layers(&fit, parameters, error);
    fit_free(&fit);
    return ok;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/encoder.h"
#include "nn/convolution.h"

enum {
    MIN_SIZE = 16,
    MAX_SIZE = 1024,
    DEFAULT_SIZE = 224,
    MAX_CHANNELS = 8192,
    MAX_REPEATS = 64,
    MAX_EXPANSION = 64,
    MAX_LAYERS = 1024,
    MAX_DIGITS = 5,
    SHOWN = 40 /* characters of a bad word that a message shows */
};

static const struct encoder_preset presets[] = {
    /* EfficientNet-Lite (Google, 2020): EfficientNet (Tan and Le, 2019) without
     * squeeze-and-excitation and with ReLU6, trained with TensorFlow at these sizes. */
    {"efficientnet_lite0",
     "stem_c32 ds_r1_k3_s1_e1_c16 ir_r2_k3_s2_e6_c24 ir_r2_k5_s2_e6_c40 ir_r3_k3_s2_e6_c80 "
     "ir_r3_k5_s1_e6_c112 ir_r4_k5_s2_e6_c192 ir_r1_k3_s1_e6_c320 head_c1280",
     224},
    {"efficientnet_lite1",
     "stem_c32 ds_r1_k3_s1_e1_c16 ir_r3_k3_s2_e6_c24 ir_r3_k5_s2_e6_c40 ir_r4_k3_s2_e6_c80 "
     "ir_r4_k5_s1_e6_c112 ir_r5_k5_s2_e6_c192 ir_r1_k3_s1_e6_c320 head_c1280",
     240},
    {"efficientnet_lite2",
     "stem_c32 ds_r1_k3_s1_e1_c16 ir_r3_k3_s2_e6_c24 ir_r3_k5_s2_e6_c48 ir_r4_k3_s2_e6_c88 "
     "ir_r4_k5_s1_e6_c120 ir_r5_k5_s2_e6_c208 ir_r1_k3_s1_e6_c352 head_c1280",
     260},
    {"efficientnet_lite3",
     "stem_c32 ds_r1_k3_s1_e1_c24 ir_r3_k3_s2_e6_c32 ir_r3_k5_s2_e6_c48 ir_r5_k3_s2_e6_c96 "
     "ir_r5_k5_s1_e6_c136 ir_r6_k5_s2_e6_c232 ir_r1_k3_s1_e6_c384 head_c1280",
     280},
    {"efficientnet_lite4",
     "stem_c32 ds_r1_k3_s1_e1_c24 ir_r4_k3_s2_e6_c32 ir_r4_k5_s2_e6_c56 ir_r6_k3_s2_e6_c112 "
     "ir_r6_k5_s1_e6_c160 ir_r8_k5_s2_e6_c272 ir_r1_k3_s1_e6_c448 head_c1280",
     300},
    /* Sandler et al., 2018, as in torchvision and timm. */
    {"mobilenetv2",
     "pad_symmetric stem_c32 ds_r1_k3_s1_e1_c16 ir_r2_k3_s2_e6_c24 ir_r3_k3_s2_e6_c32 "
     "ir_r4_k3_s2_e6_c64 ir_r3_k3_s1_e6_c96 ir_r3_k3_s2_e6_c160 ir_r1_k3_s1_e6_c320 head_c1280",
     224},
    /* Lite0 retrained with PyTorch: timm's efficientnet_lite0. The first above is its
     * tf_efficientnet_lite0. */
    {"efficientnet_lite0_symmetric",
     "pad_symmetric stem_c32 ds_r1_k3_s1_e1_c16 ir_r2_k3_s2_e6_c24 ir_r2_k5_s2_e6_c40 "
     "ir_r3_k3_s2_e6_c80 ir_r3_k5_s1_e6_c112 ir_r4_k5_s2_e6_c192 ir_r1_k3_s1_e6_c320 head_c1280",
     224},
    /* For 64-pixel photos; trains from scratch in minutes. */
    {"tiny",
     "stem_c16 ds_r1_k3_s1_e1_c24 ir_r1_k5_s2_e2_c32 ir_r2_k5_s2_e3_c48 ir_r2_k5_s2_e3_c96 "
     "head_c256",
     64},
};

const struct encoder_preset *encoder_preset(size_t index) {
    return index < sizeof presets / sizeof *presets ? &presets[index] : NULL;
}

static const struct encoder_preset *find_preset(const char *name_or_text) {
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (strcmp(presets[i].name, name_or_text) == 0 ||
            strcmp(presets[i].architecture, name_or_text) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}

const char *encoder_architecture(const char *name_or_text) {
    const struct encoder_preset *preset = find_preset(name_or_text);
    return preset ? preset->architecture : name_or_text;
}

size_t encoder_default_size(const char *name_or_text) {
    const struct encoder_preset *preset = find_preset(name_or_text);
    return preset ? preset->size : DEFAULT_SIZE;
}

/* A word of the architecture, not terminated. */
struct word {
    const char *text;
    size_t length;
};

static bool next_word(const char **cursor, struct word *word) {
    *cursor += strspn(*cursor, " ");
    word->text = *cursor;
    word->length = strcspn(*cursor, " ");
    *cursor += word->length;
    return word->length > 0;
}

static bool word_starts_with(struct word word, const char *kind) {
    const size_t length = strlen(kind);
    return word.length >= length && memcmp(word.text, kind, length) == 0;
}

static bool word_error(struct word word, const char *what, caption_error *error) {
    const size_t shown = word.length < SHOWN ? word.length : SHOWN;
    return error_set(error, CAPTION_ERROR_FORMAT, "encoder architecture: word \"%.*s%s\": %s",
                     (int)shown, word.text, shown < word.length ? "..." : "", what);
}

static bool word_error_range(struct word word, const char *item, size_t least, size_t most,
                             size_t found, caption_error *error) {
    char what[128];
    snprintf(what, sizeof what, "%s: expected %zu to %zu, found %zu", item, least, most, found);
    return word_error(word, what, error);
}

/* The numbers of a block string, by the letters of MnasNet's notation. */
struct block_text {
    size_t repeats, kernel, stride, expansion, channels;
};

static size_t *block_item(struct block_text *block, char letter) {
    switch (letter) {
    case 'r':
        return &block->repeats;
    case 'k':
        return &block->kernel;
    case 's':
        return &block->stride;
    case 'e':
        return &block->expansion;
    case 'c':
        return &block->channels;
    default:
        return NULL;
    }
}

/* Reads "<letter><digits>" at *text up to `end`. */
static bool parse_item(struct word word, const char *letters, const char **text, const char *end,
                       struct block_text *block, caption_error *error) {
    const char letter = **text;
    if (letter == 0 || !strchr(letters, letter)) {
        return word_error(word, "an item that this kind of block does not have", error);
    }
    size_t *item = block_item(block, letter);
    if (*item) return word_error(word, "an item stands twice or is 0", error);
    const char *digits = ++*text;
    while (*text < end && **text >= '0' && **text <= '9') {
        if (*text - digits == MAX_DIGITS) return word_error(word, "a number is too long", error);
        *item = *item * 10 + (size_t)(*(*text)++ - '0');
    }
    if (*text == digits) return word_error(word, "an item has no number", error);
    if (*text < end && **text != '_') {
        return word_error(word, "expected _ or the end after a number", error);
    }
    return true;
}

/* Reads "kind_x1_y2": each of `letters` once, in any order, with a number other than 0. */
static bool parse_block(struct word word, const char *kind, const char *letters,
                        struct block_text *block, caption_error *error) {
    *block = (struct block_text){0};
    const char *end = word.text + word.length;
    const char *text = word.text + strlen(kind);
    while (text < end) {
        text++; /* the _ */
        if (text == end) return word_error(word, "it ends in _", error);
        if (!parse_item(word, letters, &text, end, block, error)) return false;
    }
    for (; *letters; letters++) {
        if (*block_item(block, *letters) == 0) {
            char what[64];
            snprintf(what, sizeof what, "item %c is missing or 0", *letters);
            return word_error(word, what, error);
        }
    }
    if (block->channels > MAX_CHANNELS) {
        return word_error_range(word, "channels", 1, MAX_CHANNELS, block->channels, error);
    }
    return true;
}

static bool check_block(struct word word, const struct block_text *block, caption_error *error) {
    if (block->repeats > MAX_REPEATS) {
        return word_error_range(word, "repeats", 1, MAX_REPEATS, block->repeats, error);
    }
    if (block->kernel != 3 && block->kernel != 5) {
        return word_error(word, "kernel: expected 3 or 5", error);
    }
    if (block->stride > 2) {
        return word_error_range(word, "stride", 1, 2, block->stride, error);
    }
    if (block->expansion > MAX_EXPANSION) {
        return word_error_range(word, "expansion", 1, MAX_EXPANSION, block->expansion, error);
    }
    return true;
}

/* The chain under construction: the output map of its last layer. */
struct layer_builder {
    struct encoder *encoder;
    struct parameters *parameters;
    size_t capacity;
    size_t size, channels;
};

/* A layer to be added, in words. */
struct layer_plan {
    enum encoder_layer_kind kind;
    const char *name, *norm; /* of the convolution and of its batch norm, as in timm */
    size_t kernel, stride, channels;
    bool relu6;
};

/* A vector of the last layer's channels. */
static bool register_vector(struct layer_builder *builder, const char *layer, const char *part,
                            enum parameters_group group, size_t *index, caption_error *error) {
    char tensor[PARAMETERS_NAME];
    snprintf(tensor, sizeof tensor, "encoder.%s.%s", layer, part);
    const struct new_parameter vector = {
        .name = tensor, .shape = {builder->channels}, .dimensions = 1, .group = group};
    return parameters_add(builder->parameters, &vector, index, error);
}

static bool register_norm(struct layer_builder *builder, struct encoder_layer *layer,
                          const char *name, caption_error *error) {
    return register_vector(builder, name, "weight", PARAMETERS_ENCODER, &layer->norm.scale,
                           error) &&
           register_vector(builder, name, "bias", PARAMETERS_ENCODER, &layer->norm.shift, error) &&
           register_vector(builder, name, "running_mean", PARAMETERS_STATISTIC, &layer->norm.mean,
                           error) &&
           register_vector(builder, name, "running_var", PARAMETERS_STATISTIC,
                           &layer->norm.variance, error);
}

static bool register_tensors(struct layer_builder *builder, struct encoder_layer *layer,
                             const struct layer_plan *plan, caption_error *error) {
    const struct convolution *shape = &layer->shape;
    const bool direct = layer->kind != ENCODER_POINTWISE;
    const size_t in = layer->kind == ENCODER_DEPTHWISE ? 1 : shape->in_channels;
    char tensor[PARAMETERS_NAME];
    snprintf(tensor, sizeof tensor, "encoder.%s.weight", plan->name);
    const struct new_parameter weight = {
        .name = tensor,
        .shape = {shape->out_channels, in, shape->kernel, shape->kernel},
        .dimensions = 4,
        .group = PARAMETERS_ENCODER,
        .layout = direct ? PARAMETERS_TAPS_FIRST : PARAMETERS_AS_IS};
    if (!parameters_add(builder->parameters, &weight, &layer->weight, error)) return false;
    if (builder->encoder->batch_norm) return register_norm(builder, layer, plan->norm, error);
    return register_vector(builder, plan->name, "bias", PARAMETERS_ENCODER, &layer->bias, error);
}

static bool add_layer(struct layer_builder *builder, const struct layer_plan *plan,
                      caption_error *error) {
    struct encoder *encoder = builder->encoder;
    if (encoder->layer_count == MAX_LAYERS) {
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "encoder architecture: expected at most %d layers", MAX_LAYERS);
    }
    if (!memory_grow(&encoder->layers, &builder->capacity, encoder->layer_count + 1,
                     sizeof *encoder->layers, "encoder layers", error)) {
        return false;
    }
    struct encoder_layer layer = {
        .kind = plan->kind,
        .shape = {.kernel = plan->kernel,
                  .stride = plan->stride,
                  .in_size = builder->size,
                  .out_size = convolution_out_size(builder->size, plan->stride),
                  .in_channels = builder->channels,
                  .out_channels = plan->channels,
                  .symmetric = encoder->symmetric,
                  .relu6 = plan->relu6},
    };
    builder->size = layer.shape.out_size;
    builder->channels = plan->channels;
    if (!register_tensors(builder, &layer, plan, error)) return false;
    encoder->layers[encoder->layer_count++] = layer;
    return true;
}

/* One repeat of a block. */
struct block_repeat {
    struct word word;               /* that it stands in */
    const struct block_text *block; /* what the word says */
    size_t stage, repeat;           /* counted from 0 */
    size_t stride;
};

/* A layer of the block, whose names are given within the block. */
static bool add_block_layer(struct layer_builder *builder, const struct block_repeat *at,
                            struct layer_plan plan, caption_error *error) {
    char name[48], norm[48];
    snprintf(name, sizeof name, "blocks.%zu.%zu.%s", at->stage, at->repeat, plan.name);
    snprintf(norm, sizeof norm, "blocks.%zu.%zu.%s", at->stage, at->repeat, plan.norm);
    plan.name = name;
    plan.norm = norm;
    return add_layer(builder, &plan, error);
}

static struct layer_plan pointwise_plan(const char *name, const char *norm, size_t channels,
                                        bool relu6) {
    return (struct layer_plan){ENCODER_POINTWISE, name, norm, 1, 1, channels, relu6};
}

static struct layer_plan depthwise_plan(const struct block_repeat *at, const char *norm,
                                        size_t channels) {
    return (struct layer_plan){ENCODER_DEPTHWISE, "conv_dw", norm, at->block->kernel,
                               at->stride,        channels,  true};
}

static bool add_separable(struct layer_builder *builder, const struct block_repeat *at,
                          caption_error *error) {
    if (at->block->expansion != 1) {
        return word_error(at->word, "a ds block has expansion 1", error);
    }
    return add_block_layer(builder, at, depthwise_plan(at, "bn1", builder->channels), error) &&
           add_block_layer(builder, at,
                           pointwise_plan("conv_pw", "bn2", at->block->channels, false), error);
}

static bool add_inverted(struct layer_builder *builder, const struct block_repeat *at,
                         caption_error *error) {
    const size_t expanded = builder->channels * at->block->expansion;
    if (expanded > MAX_CHANNELS) {
        return word_error_range(at->word, "expanded channels", 1, MAX_CHANNELS, expanded, error);
    }
    return add_block_layer(builder, at, pointwise_plan("conv_pw", "bn1", expanded, true), error) &&
           add_block_layer(builder, at, depthwise_plan(at, "bn2", expanded), error) &&
           add_block_layer(builder, at,
                           pointwise_plan("conv_pwl", "bn3", at->block->channels, false), error);
}

static bool add_stage(struct layer_builder *builder, struct word word, size_t stage,
                      caption_error *error) {
    const bool inverted = word_starts_with(word, "ir_");
    if (!inverted && !word_starts_with(word, "ds_")) {
        return word_error(word, "expected a ds_, ir_ or head_ block", error);
    }
    struct block_text block;
    if (!parse_block(word, inverted ? "ir" : "ds", "rksec", &block, error)) return false;
    if (!check_block(word, &block, error)) return false;
    for (size_t repeat = 0; repeat < block.repeats; repeat++) {
        const struct block_repeat at = {word, &block, stage, repeat, repeat ? 1 : block.stride};
        const size_t first = builder->encoder->layer_count, channels = builder->channels;
        if (!(inverted ? add_inverted : add_separable)(builder, &at, error)) return false;
        if (at.stride == 1 && channels == block.channels) {
            builder->encoder->layers[first].opens_residual = true;
            builder->encoder->layers[builder->encoder->layer_count - 1].closes_residual = true;
        }
    }
    return true;
}

static bool add_stem(struct layer_builder *builder, struct word word, caption_error *error) {
    struct block_text block;
    if (!word_starts_with(word, "stem_")) {
        return word_error(word, "expected the stem_ block first", error);
    }
    if (!parse_block(word, "stem", "c", &block, error)) return false;
    const struct layer_plan plan = {ENCODER_STEM, "conv_stem",    "bn1", STEM_KERNEL,
                                    STEM_STRIDE,  block.channels, true};
    return add_layer(builder, &plan, error);
}

static bool add_head(struct layer_builder *builder, struct word word, caption_error *error) {
    struct block_text block;
    if (!parse_block(word, "head", "c", &block, error)) return false;
    const struct layer_plan plan = pointwise_plan("conv_head", "bn2", block.channels, true);
    return add_layer(builder, &plan, error);
}

static bool word_is(struct word word, const char *text) {
    return word.length == strlen(text) && word_starts_with(word, text);
}

static bool build(struct layer_builder *builder, const char *architecture, caption_error *error) {
    struct word word;
    if (!next_word(&architecture, &word)) {
        return error_set(error, CAPTION_ERROR_FORMAT, "encoder architecture: it is empty");
    }
    builder->encoder->symmetric = word_is(word, "pad_symmetric");
    if (builder->encoder->symmetric) next_word(&architecture, &word);
    if (!add_stem(builder, word, error)) return false;
    for (size_t stage = 0; next_word(&architecture, &word); stage++) {
        if (!word_starts_with(word, "head_")) {
            if (!add_stage(builder, word, stage, error)) return false;
            continue;
        }
        if (!add_head(builder, word, error)) return false;
        if (!next_word(&architecture, &word)) return true;
        return word_error(word, "nothing may follow the head_ block", error);
    }
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "encoder architecture: expected a head_ block at the end");
}

bool encoder_init(struct encoder *encoder, const char *architecture, size_t size, bool batch_norm,
                  struct parameters *parameters, caption_error *error) {
    *encoder = (struct encoder){.size = size, .batch_norm = batch_norm};
    if (size < MIN_SIZE || size > MAX_SIZE) {
        return error_set(error, CAPTION_ERROR_LIMIT,
                         "encoder: side of the photo: expected %d to %d pixels, found %zu",
                         MIN_SIZE, MAX_SIZE, size);
    }
    struct layer_builder builder = {
        .encoder = encoder, .parameters = parameters, .size = size, .channels = STEM_COLOURS};
    encoder->architecture = memory_string(architecture, error);
    if (!encoder->architecture || !build(&builder, architecture, error)) {
        encoder_free(encoder);
        return false;
    }
    encoder->features = builder.channels;
    return true;
}

void encoder_free(struct encoder *encoder) {
    free(encoder->architecture);
    free(encoder->layers);
    *encoder = (struct encoder){0};
}

struct encoder_tensors encoder_tensors_in(const struct encoder *encoder, size_t layer,
                                          const struct parameters *parameters, real *block) {
    const struct encoder_layer *l = &encoder->layers[layer];
    struct encoder_tensors t = {.weight = parameters_at(parameters, block, l->weight)};
    if (!encoder->batch_norm) {
        t.bias = parameters_at(parameters, block, l->bias);
        return t;
    }
    t.scale = parameters_at(parameters, block, l->norm.scale);
    t.shift = parameters_at(parameters, block, l->norm.shift);
    t.mean = parameters_at(parameters, block, l->norm.mean);
    t.variance = parameters_at(parameters, block, l->norm.variance);
    return t;
}

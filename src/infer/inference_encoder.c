#include "infer/inference_encoder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "infer/inference_block.h"
#include "infer/low_precision.h"
#include "nn/convolution.h"

/* Panels of the head averaged together while they are in the cache. */
enum { HEAD_PANELS = 4 };

struct inference_encoder {
    const struct inference_kernels *kernels;
    struct arena arena; /* the packed weights */
    size_t photo;       /* numbers of a photo */
    size_t features;
    void *stem; /* if no block begins with it: */
    struct convolution stem_shape;
    struct inference_block *blocks; /* [block_count] */
    size_t block_count;
    void *head;
    size_t head_size, head_inputs; /* side of its map, channels */
    size_t map;                    /* numbers of the largest map */
    struct inference_needs needs;
};

struct inference_workspace {
    struct arena arena;         /* all but the threads: */
    float *maps[2];             /* alternate as input and output */
    struct inference_team team; /* the threads that share a photo */
};

const struct inference_kernels *inference_kernels(enum precision precision) {
    static const struct inference_kernels *const kernels[] = {
        [PRECISION_F32] = &inference_kernels_f32,
        [PRECISION_BF16] = &inference_kernels_bf16,
        [PRECISION_INT16] = &inference_kernels_int16,
        [PRECISION_INT8] = &inference_kernels_int8};
    return kernels[precision];
}

static void count_map(struct inference_encoder *encoder, size_t pixels, size_t channels) {
    const size_t numbers = pixels * inference_padded(channels);
    if (numbers > encoder->map) encoder->map = numbers;
}

/* The stem as a separate layer, if the first block has an expansion or a residual connection. */
static bool make_stem(struct inference_encoder *encoder, const struct encoder_layer *stem,
                      const struct weights *weights, caption_error *error) {
    encoder->stem_shape = stem->shape;
    inference_patches_needs(&stem->shape, encoder->kernels, &encoder->needs);
    count_map(encoder, stem->shape.out_size * stem->shape.out_size, stem->shape.out_channels);
    encoder->stem = encoder->kernels->matrix_new(INFERENCE_STEM_MAP, stem, NULL, weights,
                                                 &encoder->arena, error);
    return encoder->stem != NULL;
}

static bool make_blocks(struct inference_encoder *out, const struct encoder *encoder, size_t first,
                        const struct weights *weights, caption_error *error) {
    const size_t end = encoder->layer_count - 1;
    for (size_t i = first; i < end;) {
        struct inference_block *block = &out->blocks[out->block_count];
        const bool in_float = out->block_count < out->kernels->float_blocks;
        const struct inference_kernels *kernels = in_float ? &inference_kernels_f32 : out->kernels;
        if (!inference_block_init(block, kernels, &encoder->layers[i], weights, &out->arena,
                                  error)) {
            return false;
        }
        out->block_count++;
        inference_block_needs(block, &out->needs);
        i += block->layers;
        const struct convolution *last = &encoder->layers[i - 1].shape;
        count_map(out, last->out_size * last->out_size, last->out_channels);
    }
    return true;
}

static bool make(struct inference_encoder *out, const struct encoder *encoder,
                 const struct weights *weights, caption_error *error) {
    const struct encoder_layer *layers = encoder->layers;
    const struct encoder_layer *head = &layers[encoder->layer_count - 1];
    const bool taken_in = layers[1].kind == ENCODER_DEPTHWISE && !layers[1].opens_residual;
    out->blocks = arena_take(&out->arena, encoder->layer_count, sizeof *out->blocks,
                             "encoder for inference", error);
    if (!out->blocks) return false;
    if (!taken_in && !make_stem(out, layers, weights, error)) return false;
    if (!make_blocks(out, encoder, taken_in ? 0 : 1, weights, error)) return false;
    out->head_size = head->shape.out_size;
    out->head_inputs = inference_padded(head->shape.in_channels);
    inference_prepared_needs(out->kernels, out->head_size * out->head_size, out->head_inputs,
                             &out->needs);
    out->head = out->kernels->matrix_new(INFERENCE_HEAD, head, NULL, weights, &out->arena, error);
    return out->head != NULL;
}

struct inference_encoder *inference_encoder_new(const struct encoder *encoder,
                                                const struct weights *weights,
                                                enum precision precision, caption_error *error) {
    return inference_encoder_with(encoder, weights, inference_kernels(precision), error);
}

/* The inference encoder of an encoder with batch norm, which is folded into weights and biases
 * first. */
static struct inference_encoder *folded(const struct encoder *encoder,
                                        const struct weights *weights,
                                        const struct inference_kernels *kernels,
                                        caption_error *error) {
    struct encoder plain = {0};
    struct parameters parameters = {0};
    struct inference_encoder *out = NULL;
    if (encoder_init(&plain, encoder->architecture, encoder->size, false, &parameters, error) &&
        parameters_allocate(&parameters, error)) {
        encoder_fold(encoder, weights->parameters, weights->values, &plain, &parameters);
        const struct weights made = {.parameters = &parameters, .values = parameters.values};
        out = inference_encoder_with(&plain, &made, kernels, error);
    }
    encoder_free(&plain);
    parameters_free(&parameters);
    return out;
}

struct inference_encoder *inference_encoder_with(const struct encoder *encoder,
                                                 const struct weights *weights,
                                                 const struct inference_kernels *kernels,
                                                 caption_error *error) {
    if (encoder->batch_norm) return folded(encoder, weights, kernels, error);
    struct inference_encoder *out = memory_zeroed(1, sizeof *out, "encoder for inference", error);
    if (!out) return NULL;
    out->kernels = kernels;
    out->photo = encoder->size * encoder->size * STEM_COLOURS;
    out->features = encoder->features;
    const struct packed_file *packed = weights->packed;
    if ((!packed || packed_file_map(packed, PACKED_ENCODER, &out->arena, error)) &&
        make(out, encoder, weights, error))
        return out;
    inference_encoder_free(out);
    return NULL;
}

void inference_encoder_free(struct inference_encoder *encoder) {
    if (!encoder) return;
    arena_free(&encoder->arena);
    free(encoder);
}

const struct arena *inference_encoder_weights(const struct inference_encoder *encoder) {
    return &encoder->arena;
}

static bool add_scratch(struct inference_workspace *workspace,
                        const struct inference_encoder *encoder, const char *what,
                        caption_error *error) {
    const struct inference_needs *needs = &encoder->needs;
    struct arena *arena = &workspace->arena;
    struct inference_scratch *scratch = &workspace->team.scratch[workspace->team.count++];
    const size_t head = encoder->head_size * encoder->head_size * HEAD_PANELS * INFERENCE_PANEL;
    return (scratch->head = arena_take(arena, head, sizeof(float), what, error)) != NULL &&
           (scratch->ring = arena_take(arena, needs->ring, 1, what, error)) != NULL &&
           (scratch->strip = arena_take(arena, needs->strip, 1, what, error)) != NULL &&
           (scratch->patches = arena_take(arena, needs->patches, 1, what, error)) != NULL &&
           (scratch->prepared = arena_take(arena, needs->prepared, 1, what, error)) != NULL &&
           (scratch->places = arena_take(arena, needs->places, 1, what, error)) != NULL;
}

struct inference_workspace *inference_workspace_new(const struct inference_encoder *encoder,
                                                    struct threads *threads, caption_error *error) {
    static const char what[] = "encoder activations";
    struct inference_workspace *workspace = memory_zeroed(1, sizeof *workspace, what, error);
    if (!workspace) return NULL;
    struct arena *arena = &workspace->arena;
    const size_t count = threads_count(threads);
    workspace->team.threads = threads;
    /* Zeroed once, so that padding is never read before it is written. */
    bool made =
        (workspace->maps[0] = arena_take(arena, encoder->map, sizeof(float), what, error)) !=
            NULL &&
        (workspace->maps[1] = arena_take(arena, encoder->map, sizeof(float), what, error)) !=
            NULL &&
        (workspace->team.scratch =
             arena_take(arena, count, sizeof *workspace->team.scratch, what, error)) != NULL;
    while (made && workspace->team.count < count) {
        made = add_scratch(workspace, encoder, what, error);
    }
    if (made) return workspace;
    inference_workspace_free(workspace);
    return NULL;
}

void inference_workspace_free(struct inference_workspace *workspace) {
    if (!workspace) return;
    arena_free(&workspace->arena);
    free(workspace);
}

/* A layer, of which each thread computes a share: rows, or panels of the head. */
struct layer;
typedef void layer_run(const struct layer *layer, size_t first, size_t end,
                       const struct inference_scratch *scratch);
struct layer {
    const struct inference_encoder *encoder;
    const struct inference_workspace *workspace;
    const struct inference_block *block; /* if it is a block */
    layer_run *run;                      /* computes rows or panels first .. end - 1 */
    size_t size;                         /* of all its rows or panels */
    const float *input;
    float *output;
};

/* The stem of a whole photo, row by row. */
static void run_stem(const struct layer *layer, size_t first, size_t end,
                     const struct inference_scratch *scratch) {
    const struct inference_encoder *encoder = layer->encoder;
    const struct inference_kernels *kernels = encoder->kernels;
    const struct convolution *shape = &encoder->stem_shape;
    const size_t inputs = inference_padded(INFERENCE_PATCH), size = shape->out_size;
    const size_t channels = inference_padded(shape->out_channels);
    for (size_t y = first; y < end; y++) {
        inference_patches(shape, layer->input, y, scratch->patches);
        const struct inference_product product = {
            .rows = size,
            .input = inference_prepare_lines(kernels, scratch->patches, 1, size, inputs,
                                             scratch->prepared),
            .input_stride = kernels->prepared_bytes(inputs),
            .prepared = size,
            .output = layer->output + y * size * channels,
            .output_stride = channels};
        kernels->multiply(INFERENCE_STEM_MAP, encoder->stem, 0, channels / INFERENCE_PANEL,
                          &product);
    }
}

static void run_block(const struct layer *layer, size_t first, size_t end,
                      const struct inference_scratch *scratch) {
    inference_block_run(layer->block, layer->input, first, end - first, scratch, layer->output);
}

/* The head and the mean over its map, a few panels at a time. */
static void run_head(const struct layer *layer, size_t first, size_t end,
                     const struct inference_scratch *scratch) {
    const struct inference_encoder *encoder = layer->encoder;
    const struct inference_kernels *kernels = encoder->kernels;
    const size_t size = encoder->head_size, inputs = encoder->head_inputs;
    const void *rows =
        inference_prepare_lines(kernels, layer->input, size, size, inputs, scratch->prepared);
    for (size_t panel = first; panel < end; panel += HEAD_PANELS) {
        const size_t some = size_smaller(end - panel, HEAD_PANELS);
        const size_t feature = panel * INFERENCE_PANEL, left = encoder->features - feature;
        const size_t channels = some * INFERENCE_PANEL;
        const struct inference_product product = {.rows = size * size,
                                                  .input = rows,
                                                  .input_stride = kernels->prepared_bytes(inputs),
                                                  .prepared = size,
                                                  .output = scratch->head,
                                                  .output_stride = channels};
        kernels->multiply(INFERENCE_HEAD, encoder->head, panel, some, &product);
        float means[HEAD_PANELS * INFERENCE_PANEL];
        pooling_forward(1, size * size, channels, scratch->head, means);
        memcpy(layer->output + feature, means, size_smaller(left, channels) * sizeof(float));
    }
}

static void run_share(void *context, size_t share, size_t worker) {
    const struct layer *layer = context;
    const struct inference_workspace *workspace = layer->workspace;
    const size_t shares = workspace->team.count;
    layer->run(layer, layer->size * share / shares, layer->size * (share + 1) / shares,
               &workspace->team.scratch[worker]);
}

static void run_layer(struct layer *layer, layer_run *run, size_t size, float *output) {
    layer->run = run;
    layer->size = size;
    layer->output = output;
    threads_for(layer->workspace->team.threads, layer->workspace->team.count, run_share, layer);
    layer->input = output;
}

static void run_photo(const struct inference_encoder *encoder, const float *photo,
                      const struct inference_workspace *workspace, float *features) {
    struct layer layer = {.encoder = encoder, .workspace = workspace, .input = photo};
    size_t turn = 0;
    if (encoder->stem) {
        run_layer(&layer, run_stem, encoder->stem_shape.out_size, workspace->maps[turn]);
        turn = 1;
    }
    for (size_t i = 0; i < encoder->block_count; i++, turn = 1 - turn) {
        layer.block = &encoder->blocks[i];
        if (inference_block_shares_channels(layer.block, workspace->team.count)) {
            inference_block_run_shared(layer.block, layer.input, &workspace->team,
                                       workspace->maps[turn]);
            layer.input = workspace->maps[turn];
        } else {
            run_layer(&layer, run_block, layer.block->shape.out_size, workspace->maps[turn]);
        }
    }
    run_layer(&layer, run_head, inference_padded(encoder->features) / INFERENCE_PANEL, features);
}

void inference_encoder_run(const struct inference_encoder *encoder, const float *images,
                           size_t count, struct inference_workspace *workspace, float *features) {
    for (size_t i = 0; i < count; i++) {
        run_photo(encoder, images + i * encoder->photo, workspace,
                  features + i * encoder->features);
    }
}

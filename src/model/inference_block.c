#include "model/inference_block.h"

#include <string.h>

/* Bytes of the second-level cache that a strip's activations may take: as many rows as that allows,
 * so that the weights are read as seldom as can be. */
enum { STRIP_BYTES = 512 * 1024, MAP_BYTES = 768 * 1024 };

/* Panels that go through the ring together: the width of a tile of the product. */
enum { TOGETHER = 4 };

/* The next of the shares that `count` panels are divided into, as equal as can be. */
static size_t share(size_t count) {
    const size_t shares = (count + TOGETHER - 1) / TOGETHER;
    return (count + shares - 1) / shares;
}

static size_t panels(const struct inference_block *block) {
    return block->expanded / INFERENCE_PANEL;
}

/* Lines of the input that `rows` rows of the output look at. */
static size_t lines_under(const struct inference_block *block, size_t rows) {
    return (rows - 1) * block->shape.stride + block->shape.kernel;
}

/* Numbers of the ring and its line of zeros; of a part of its panels only, where they take turns.
 */
static size_t ring_numbers(const struct inference_block *block) {
    const size_t channels =
        block->one_strip ? share(panels(block)) * INFERENCE_PANEL : block->expanded;
    return (block->lines + 1) * convolution_padded_size(&block->shape) * channels;
}

static size_t strip_numbers(const struct inference_block *block) {
    return block->rows * block->shape.out_size * block->expanded;
}

static bool fits(const struct inference_block *block, size_t bytes) {
    return (ring_numbers(block) + strip_numbers(block)) * block->kernels->expanded_bytes <= bytes;
}

static void set_rows(struct inference_block *block, size_t rows) {
    block->rows = rows;
    block->lines = lines_under(block, rows);
    block->one_strip = rows == block->shape.out_size;
}

/* The whole map, or the highest strips that fit, all of about the same height. */
static void plan(struct inference_block *block) {
    const size_t size = block->shape.out_size;
    set_rows(block, size);
    if (fits(block, MAP_BYTES)) return;
    size_t rows = size;
    while (rows > 1 && !fits(block, STRIP_BYTES)) set_rows(block, --rows);
    const size_t strips = (size + rows - 1) / rows;
    set_rows(block, (size + strips - 1) / strips);
}

static bool make_weights(struct inference_block *block, const struct encoder_layer *source,
                         const struct encoder_layer *depthwise, const struct encoder_layer *project,
                         const struct weights *weights, struct arena *arena, caption_error *error) {
    const struct inference_kernels *kernels = block->kernels;
    if (block->source != INFERENCE_AS_IS) {
        const bool photo = block->source == INFERENCE_FROM_PHOTO;
        block->expand = kernels->matrix_new(photo ? INFERENCE_STEM : INFERENCE_EXPAND, source,
                                            weights, arena, error);
        if (!block->expand) return false;
    }
    block->depthwise = kernels->depthwise_new(depthwise, weights, arena, error);
    if (!block->depthwise) return false;
    block->project = kernels->matrix_new(INFERENCE_PROJECT, project, weights, arena, error);
    return block->project != NULL;
}

bool inference_block_init(struct inference_block *block, const struct inference_kernels *kernels,
                          const struct encoder_layer *layers, size_t *used,
                          const struct weights *weights, struct arena *arena,
                          caption_error *error) {
    static const enum inference_source sources[] = {[ENCODER_STEM] = INFERENCE_FROM_PHOTO,
                                                    [ENCODER_POINTWISE] = INFERENCE_FROM_MAP,
                                                    [ENCODER_DEPTHWISE] = INFERENCE_AS_IS};
    const struct encoder_layer *source = layers, *depthwise = layers;
    if (source->kind != ENCODER_DEPTHWISE) depthwise++;
    const struct encoder_layer *project = depthwise + 1;
    *block = (struct inference_block){.kernels = kernels,
                                      .source = sources[source->kind],
                                      .shape = depthwise->shape,
                                      .residual = project->closes_residual};
    if (source->kind == ENCODER_STEM) block->stem = source->shape;
    block->in_channels = inference_padded(source->shape.in_channels);
    block->expanded = inference_padded(depthwise->shape.in_channels);
    block->out_channels = inference_padded(project->shape.out_channels);
    if (block->source == INFERENCE_AS_IS && !kernels->widen) {
        error_set(error, CAPTION_ERROR_ARGUMENT,
                  "encoder: a block without expansion cannot be computed in int8");
        *block = (struct inference_block){0};
        return false;
    }
    plan(block);
    *used = (size_t)(project + 1 - layers);
    return make_weights(block, source, depthwise, project, weights, arena, error);
}

static size_t input_numbers(const struct inference_block *block) {
    return block->shape.in_size * block->shape.in_size * block->in_channels;
}

static void raise(size_t *most, size_t needed) {
    if (needed > *most) *most = needed;
}

void inference_block_needs(const struct inference_block *block, struct inference_needs *needs) {
    const size_t bytes = block->kernels->expanded_bytes;
    raise(&needs->ring, ring_numbers(block) * bytes);
    raise(&needs->strip, strip_numbers(block) * bytes);
    raise(&needs->places, block->lines * sizeof(size_t));
    raise(&needs->narrowed, input_numbers(block) * block->kernels->narrow_bytes);
    if (block->source != INFERENCE_FROM_PHOTO) return;
    raise(&needs->patches, inference_patches_numbers(&block->stem) * sizeof(float));
}

size_t inference_patches_numbers(const struct convolution *stem) {
    return stem->out_size * inference_padded(INFERENCE_PATCH);
}

/* One row of a patch: three pixels from column `x` of the padded photo on. */
static void patch_row(const float *row, size_t size, size_t padding, size_t x, float *out) {
    for (size_t kx = 0; kx < STEM_KERNEL; kx++, out += STEM_COLOURS) {
        if (x + kx < padding || x + kx - padding >= size) continue;
        memcpy(out, row + (x + kx - padding) * STEM_COLOURS, STEM_COLOURS * sizeof(float));
    }
}

void inference_patches(const struct convolution *stem, const float *photo, size_t y,
                       float *patches) {
    enum { ROW = STEM_KERNEL * STEM_COLOURS };
    const size_t size = stem->in_size, padding = convolution_padding(stem);
    const size_t stride = inference_padded(INFERENCE_PATCH);
    memset(patches, 0, stem->out_size * stride * sizeof(float));
    for (size_t ky = 0; ky < STEM_KERNEL; ky++) {
        const size_t line = y * STEM_STRIDE + ky;
        if (line < padding || line - padding >= size) continue;
        const float *row = photo + (line - padding) * size * STEM_COLOURS;
        float *out = patches + ky * ROW;
        for (size_t x = 0; x < stem->out_size; x++, out += stride) {
            const size_t column = x * STEM_STRIDE;
            if (column < padding || column - padding + STEM_KERNEL > size) {
                patch_row(row, size, padding, column, out);
            } else {
                memcpy(out, row + (column - padding) * STEM_COLOURS, ROW * sizeof(float));
            }
        }
    }
}

/* The panels that go through the ring together, and where. */
struct group {
    size_t panel, panels, channels;
    char *ring;
    size_t columns; /* of a line, with its borders */
};

static size_t line_bytes(const struct inference_block *block, const struct group *group) {
    return group->columns * group->channels * block->kernels->expanded_bytes;
}

/* Zeros beside the lines, and the line of zeros behind them. */
static void clear_borders(const struct inference_block *block, const struct group *group) {
    const size_t pixel = group->channels * block->kernels->expanded_bytes;
    const size_t left = convolution_padding(&block->shape);
    const size_t right = group->columns - left - block->shape.in_size;
    char *line = group->ring;
    for (size_t i = 0; i < block->lines; i++, line += line_bytes(block, group)) {
        memset(line, 0, left * pixel);
        memset(line + (group->columns - right) * pixel, 0, right * pixel);
    }
    memset(line, 0, group->columns * pixel);
}

/* Channels of the input as they are. */
static void copy_lines(const struct inference_block *block, const struct group *group,
                       const char *input, size_t pixels, char *output) {
    const struct inference_kernels *kernels = block->kernels;
    input += group->panel * INFERENCE_PANEL * kernels->map_bytes;
    for (size_t i = 0; i < pixels; i++) {
        kernels->widen(input, group->channels, output);
        input += block->in_channels * kernels->map_bytes;
        output += group->channels * kernels->expanded_bytes;
    }
}

/* `count` lines of the input from `line` on, which lie one behind the other in the ring, too. */
static void expand_lines(const struct inference_block *block, const struct group *group,
                         const void *input, size_t line, size_t count,
                         const struct inference_scratch *scratch) {
    const struct inference_kernels *kernels = block->kernels;
    const size_t size = block->shape.in_size, left = convolution_padding(&block->shape);
    char *output = group->ring + line % block->lines * line_bytes(block, group) +
                   left * group->channels * kernels->expanded_bytes;
    if (block->source == INFERENCE_FROM_PHOTO) {
        inference_patches(&block->stem, input, line, scratch->patches);
        const struct inference_product product = {.rows = size,
                                                  .input = scratch->patches,
                                                  .input_stride = inference_padded(INFERENCE_PATCH),
                                                  .output = output,
                                                  .output_stride = group->channels};
        kernels->multiply(INFERENCE_STEM, block->expand, group->panel, group->panels, &product);
        return;
    }
    const char *map = (const char *)input + line * size * block->in_channels * kernels->map_bytes;
    if (block->source == INFERENCE_AS_IS) {
        copy_lines(block, group, map, size, output);
        return;
    }
    if (kernels->narrow) {
        map = (const char *)scratch->narrowed +
              line * size * block->in_channels * kernels->narrow_bytes;
    }
    const struct inference_product product = {.rows = count * size,
                                              .input = map,
                                              .input_stride = block->in_channels,
                                              .output = output,
                                              .output_stride = group->channels,
                                              .line = size,
                                              .line_stride = group->columns * group->channels};
    kernels->multiply(INFERENCE_EXPAND, block->expand, group->panel, group->panels, &product);
}

/* Lines first .. end - 1 of the input, expanded. */
static void fill_ring(const struct inference_block *block, const struct group *group,
                      const void *input, size_t first, size_t end,
                      const struct inference_scratch *scratch) {
    size_t count;
    for (size_t line = first; line < end; line += count) {
        const size_t to_wrap = block->lines - line % block->lines;
        count = end - line < to_wrap ? end - line : to_wrap;
        if (block->source != INFERENCE_FROM_MAP) count = 1;
        expand_lines(block, group, input, line, count, scratch);
    }
}

/* Where in the ring the lines under output rows y .. y + rows - 1 lie. */
static void find_lines(const struct inference_block *block, size_t y, size_t rows, size_t *places) {
    const size_t padding = convolution_padding(&block->shape);
    for (size_t i = 0; i < lines_under(block, rows); i++) {
        const size_t line = y * block->shape.stride + i;
        const bool outside = line < padding || line - padding >= block->shape.in_size;
        places[i] = outside ? block->lines : (line - padding) % block->lines;
    }
}

static struct group group_at(const struct inference_block *block, size_t panel, void *ring) {
    struct group group = {.panel = panel,
                          .panels = share(panels(block) - panel),
                          .columns = convolution_padded_size(&block->shape),
                          .ring = ring};
    group.channels = group.panels * INFERENCE_PANEL;
    if (!block->one_strip) {
        group.ring += (block->lines + 1) * group.columns * panel * INFERENCE_PANEL *
                      block->kernels->expanded_bytes;
    }
    return group;
}

/* Output rows y .. y + rows - 1, of whose input the lines up to `first` are in the ring already and
 * those up to `end` are needed. */
static void run_strip(const struct inference_block *block, const void *input, size_t y, size_t rows,
                      size_t first, size_t end, const struct inference_scratch *scratch,
                      void *output) {
    const struct inference_kernels *kernels = block->kernels;
    const size_t size = block->shape.out_size;
    find_lines(block, y, rows, scratch->places);
    for (size_t panel = 0; panel < panels(block);) {
        const struct group group = group_at(block, panel, scratch->ring);
        if (y == 0) clear_borders(block, &group);
        fill_ring(block, &group, input, first, end, scratch);
        const struct inference_strip strip = {
            .rows = rows,
            .input = group.ring,
            .lines = scratch->places,
            .line_stride = group.columns * group.channels,
            .input_stride = group.channels,
            .output = (char *)scratch->strip + panel * INFERENCE_PANEL * kernels->expanded_bytes,
            .output_stride = block->expanded};
        kernels->depthwise(block->depthwise, panel, group.panels, &strip);
        panel += group.panels;
    }
    const size_t done = y * size * block->out_channels * kernels->map_bytes;
    const struct inference_product product = {
        .rows = rows * size,
        .input = scratch->strip,
        .input_stride = block->expanded,
        .residual = block->residual ? (const char *)input + done : NULL,
        .output = (char *)output + done,
        .output_stride = block->out_channels};
    kernels->multiply(INFERENCE_PROJECT, block->project, 0, block->out_channels / INFERENCE_PANEL,
                      &product);
}

void inference_block_run(const struct inference_block *block, const void *input,
                         const struct inference_scratch *scratch, void *output) {
    const size_t padding = convolution_padding(&block->shape);
    if (block->kernels->narrow && block->source == INFERENCE_FROM_MAP) {
        block->kernels->narrow(input, input_numbers(block), scratch->narrowed);
    }
    size_t end = 0;
    for (size_t y = 0, rows; y < block->shape.out_size; y += rows) {
        const size_t rest = block->shape.out_size - y;
        rows = rest < block->rows ? rest : block->rows;
        const size_t first = end;
        end = y * block->shape.stride + lines_under(block, rows) - padding;
        if (end > block->shape.in_size) end = block->shape.in_size;
        run_strip(block, input, y, rows, first, end, scratch, output);
    }
}

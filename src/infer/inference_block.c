#include "infer/inference_block.h"

#include <string.h>

#include "base/memory.h"

/* Bytes of the second-level cache for a strip's activations. Strips are as high as that allows, so
 * that the weights are read as rarely as possible. */
enum { STRIP_BYTES = 512 * 1024, MAP_BYTES = 768 * 1024 };

/* Panels processed together in the ring: the width of a tile of the product. */
enum { TOGETHER = 4 };

/* The first of the groups of at most `most` that `count` panels are divided into, as equal as can
 * be. */
static size_t group_size(size_t count, size_t most) {
    const size_t groups = (count + most - 1) / most;
    return (count + groups - 1) / groups;
}

static size_t panels(const struct inference_block *block) {
    return block->expanded / INFERENCE_PANEL;
}

static size_t largest_group(const struct inference_block *block) {
    return group_size(panels(block), TOGETHER);
}

/* Lines of the input that `rows` rows of the output need. */
static size_t lines_under(const struct inference_block *block, size_t rows) {
    return (rows - 1) * block->shape.stride + block->shape.kernel;
}

/* Bytes of the ring and its line of zeros; only a part of the panels if they share the ring. */
static size_t ring_bytes(const struct inference_block *block) {
    const size_t channels =
        block->one_strip ? largest_group(block) * INFERENCE_PANEL : block->expanded;
    return (block->lines + 1) * convolution_padded_size(&block->shape) * channels *
           block->kernels->expanded_bytes;
}

static size_t strip_bytes(const struct inference_block *block) {
    return block->rows * block->shape.out_size * block->expanded * block->kernels->convolved_bytes;
}

static bool fits(const struct inference_block *block, size_t bytes) {
    return ring_bytes(block) + strip_bytes(block) <= bytes;
}

static void set_rows(struct inference_block *block, size_t rows) {
    block->rows = rows;
    block->lines = lines_under(block, rows);
    block->one_strip = rows == block->shape.out_size;
}

/* The whole map, or the highest strips that fit, of nearly equal height. */
static void plan(struct inference_block *block) {
    const size_t size = block->shape.out_size;
    set_rows(block, size);
    if (fits(block, MAP_BYTES)) return;
    size_t rows = size;
    while (rows > 1 && !fits(block, STRIP_BYTES)) set_rows(block, --rows);
    const size_t strips = (size + rows - 1) / rows;
    set_rows(block, (size + strips - 1) / strips);
}

static bool make_weights(struct inference_block *block, const struct encoder_layer *layers,
                         const struct weights *weights, struct arena *arena, caption_error *error) {
    const struct inference_kernels *kernels = block->kernels;
    const struct encoder_layer *project = layers + block->layers - 1, *depthwise = project - 1;
    if (block->source != INFERENCE_AS_IS) {
        const bool photo = block->source == INFERENCE_FROM_PHOTO;
        block->expand = kernels->matrix_new(photo ? INFERENCE_STEM : INFERENCE_EXPAND, layers, NULL,
                                            weights, arena, error);
        if (!block->expand) return false;
    }
    block->depthwise = kernels->depthwise_new(depthwise, weights, arena, error);
    if (!block->depthwise) return false;
    block->project =
        kernels->matrix_new(INFERENCE_PROJECT, project, block->depthwise, weights, arena, error);
    return block->project != NULL;
}

bool inference_block_init(struct inference_block *block, const struct inference_kernels *kernels,
                          const struct encoder_layer *layers, const struct weights *weights,
                          struct arena *arena, caption_error *error) {
    static const enum inference_source sources[] = {[ENCODER_STEM] = INFERENCE_FROM_PHOTO,
                                                    [ENCODER_POINTWISE] = INFERENCE_FROM_MAP,
                                                    [ENCODER_DEPTHWISE] = INFERENCE_AS_IS};
    const struct encoder_layer *source = layers, *depthwise = layers;
    if (source->kind != ENCODER_DEPTHWISE) depthwise++;
    const struct encoder_layer *project = depthwise + 1;
    *block = (struct inference_block){.kernels = kernels,
                                      .layers = (size_t)(project + 1 - layers),
                                      .source = sources[source->kind],
                                      .shape = depthwise->shape,
                                      .residual = project->closes_residual};
    /* Only numbers after ReLU6 are low-precision activations; a map may have any values. */
    if (block->source == INFERENCE_AS_IS) block->kernels = &inference_kernels_f32;
    if (source->kind == ENCODER_STEM) block->stem = source->shape;
    block->in_channels = inference_padded(source->shape.in_channels);
    block->expanded = inference_padded(depthwise->shape.in_channels);
    block->out_channels = inference_padded(project->shape.out_channels);
    plan(block);
    return make_weights(block, layers, weights, arena, error);
}

static void raise(size_t *most, size_t needed) {
    if (needed > *most) *most = needed;
}

void inference_block_needs(const struct inference_block *block, struct inference_needs *needs) {
    raise(&needs->ring, ring_bytes(block));
    raise(&needs->strip, strip_bytes(block));
    raise(&needs->places, block->lines * sizeof(size_t));
    if (block->source == INFERENCE_FROM_PHOTO) {
        inference_patches_needs(&block->stem, block->kernels, needs);
    } else {
        inference_prepared_needs(block->kernels, block->lines * block->shape.in_size,
                                 block->in_channels, needs);
    }
}

void inference_prepared_needs(const struct inference_kernels *kernels, size_t pixels,
                              size_t channels, struct inference_needs *needs) {
    if (kernels->prepare) raise(&needs->prepared, pixels * kernels->prepared_bytes(channels));
}

void inference_patches_needs(const struct convolution *stem,
                             const struct inference_kernels *kernels,
                             struct inference_needs *needs) {
    const size_t channels = inference_padded(INFERENCE_PATCH);
    raise(&needs->patches, stem->out_size * channels * sizeof(float));
    inference_prepared_needs(kernels, stem->out_size, channels, needs);
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

const void *inference_prepare_lines(const struct inference_kernels *kernels, const float *lines,
                                    size_t count, size_t pixels, size_t channels, void *prepared) {
    if (!kernels->prepare) return lines;
    char *line = prepared;
    for (size_t i = 0; i < count; i++) {
        kernels->prepare(lines + i * pixels * channels, pixels, channels, line);
        line += pixels * kernels->prepared_bytes(channels);
    }
    return prepared;
}

/* The panels processed together in the ring, and their place. */
struct group {
    size_t panel, panels, channels;
    char *ring;
    size_t columns; /* of a line, with its borders */
};

static size_t line_bytes(const struct inference_block *block, const struct group *group) {
    return group->columns * group->channels * block->kernels->expanded_bytes;
}

/* Writes zeros beside the lines, and the line of zeros after them. */
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

/* Lines first .. end - 1 of a strip's input: prepared lines of a map, or unchanged lines of a
 * photo. */
struct inflow {
    size_t first, end;
    const void *lines;
    const struct inference_scratch *scratch;
};

static char *ring_line(const struct inference_block *block, const struct group *group,
                       size_t line) {
    return group->ring + line % block->lines * line_bytes(block, group) +
           convolution_padding(&block->shape) * group->channels * block->kernels->expanded_bytes;
}

/* The stem's output line `line`. */
static void expand_photo(const struct inference_block *block, const struct group *group,
                         const struct inflow *inflow, size_t line) {
    const struct inference_scratch *scratch = inflow->scratch;
    const size_t channels = inference_padded(INFERENCE_PATCH), size = block->shape.in_size;
    inference_patches(&block->stem, inflow->lines, line, scratch->patches);
    const struct inference_product product = {
        .rows = size,
        .input = inference_prepare_lines(block->kernels, scratch->patches, 1, size, channels,
                                         scratch->prepared),
        .input_stride = block->kernels->prepared_bytes(channels),
        .prepared = size,
        .output = ring_line(block, group, line),
        .output_stride = group->channels};
    block->kernels->multiply(INFERENCE_STEM, block->expand, group->panel, group->panels, &product);
}

/* Copies channels of a line of the map unchanged, as floats. */
static void copy_line(const struct inference_block *block, const struct group *group,
                      const struct inflow *inflow, size_t line) {
    const size_t size = block->shape.in_size, channels = block->in_channels;
    const float *from = (const float *)inflow->lines + (line - inflow->first) * size * channels;
    float *to = (float *)ring_line(block, group, line);
    from += group->panel * INFERENCE_PANEL;
    for (size_t i = 0; i < size; i++, from += channels, to += group->channels) {
        memcpy(to, from, group->channels * sizeof(float));
    }
}

/* Lines `line` .. end - 1, which are contiguous in the ring, too. */
static void expand_lines(const struct inference_block *block, const struct group *group,
                         const struct inflow *inflow, size_t line, size_t end) {
    const size_t size = block->shape.in_size;
    const size_t bytes = block->kernels->prepared_bytes(block->in_channels);
    const struct inference_product product = {.rows = (end - line) * size,
                                              .input = (const char *)inflow->lines +
                                                       (line - inflow->first) * size * bytes,
                                              .input_stride = bytes,
                                              .prepared = size,
                                              .output = ring_line(block, group, line),
                                              .output_stride = group->channels,
                                              .line = size,
                                              .line_stride = group->columns * group->channels};
    block->kernels->multiply(INFERENCE_EXPAND, block->expand, group->panel, group->panels,
                             &product);
}

/* Processes all input lines: each product takes as many lines as fit before the ring's end. */
static void fill_ring(const struct inference_block *block, const struct group *group,
                      const struct inflow *inflow) {
    for (size_t line = inflow->first, end; line < inflow->end; line = end) {
        end = line + 1;
        if (block->source == INFERENCE_FROM_PHOTO) {
            expand_photo(block, group, inflow, line);
        } else if (block->source == INFERENCE_AS_IS) {
            copy_line(block, group, inflow, line);
        } else {
            end = line + block->lines - line % block->lines;
            if (end > inflow->end) end = inflow->end;
            expand_lines(block, group, inflow, line, end);
        }
    }
}

static struct inflow inflow_new(const struct inference_block *block, const float *input,
                                size_t first, size_t end, const struct inference_scratch *scratch) {
    const size_t size = block->shape.in_size, channels = block->in_channels;
    struct inflow inflow = {.first = first, .end = end, .lines = input, .scratch = scratch};
    if (block->source == INFERENCE_FROM_PHOTO) return inflow;
    inflow.lines = inference_prepare_lines(block->kernels, input + first * size * channels,
                                           end - first, size, channels, scratch->prepared);
    return inflow;
}

/* Places in the ring of the lines under output rows y .. y + rows - 1. */
static void find_lines(const struct inference_block *block, size_t y, size_t rows, size_t *places) {
    const size_t padding = convolution_padding(&block->shape);
    for (size_t i = 0; i < lines_under(block, rows); i++) {
        const size_t line = y * block->shape.stride + i;
        const bool outside = line < padding || line - padding >= block->shape.in_size;
        places[i] = outside ? block->lines : (line - padding) % block->lines;
    }
}

/* The first group of panels first .. end - 1. */
static struct group group_at(const struct inference_block *block, size_t panel, size_t end,
                             void *ring) {
    struct group group = {.panel = panel,
                          .panels = group_size(end - panel, largest_group(block)),
                          .columns = convolution_padded_size(&block->shape),
                          .ring = ring};
    group.channels = group.panels * INFERENCE_PANEL;
    if (!block->one_strip) {
        group.ring += (block->lines + 1) * group.columns * panel * INFERENCE_PANEL *
                      block->kernels->expanded_bytes;
    }
    return group;
}

/* Goes down the output map strip by strip: now at rows y .. y + rows - 1. Of their input lines,
 * those before `first` are already in the ring, those before `end` are needed. */
struct descent {
    const struct inference_block *block;
    const float *input;
    void *strip;
    float *output;
    size_t y, rows, first, end;
    bool opening; /* the ring is empty */
};

/* Maps a line of the padded input to a line of the input, clamped to its ends. */
static size_t line_at(const struct inference_block *block, size_t padded_line) {
    const size_t padding = convolution_padding(&block->shape);
    return padded_line < padding ? 0 : size_smaller(padded_line - padding, block->shape.in_size);
}

/* From output row y on; at no strip yet. */
static struct descent descent_from(const struct inference_block *block, size_t y,
                                   const float *input, void *strip, float *output) {
    return (struct descent){.block = block,
                            .input = input,
                            .strip = strip,
                            .output = output,
                            .y = y,
                            .end = line_at(block, y * block->shape.stride)};
}

/* Goes on to the next strip; false if there is none before row `last`. */
static bool descend(struct descent *at, size_t last) {
    const struct inference_block *block = at->block;
    at->opening = at->rows == 0;
    at->y += at->rows;
    if (at->y == last) return false;
    at->rows = size_smaller(last - at->y, block->rows);
    at->first = at->end;
    at->end = line_at(block, at->y * block->shape.stride + lines_under(block, at->rows));
    return true;
}

/* Expands and convolves panels first .. end - 1 of a strip. */
static void fill_strip(const struct descent *at, size_t first, size_t end,
                       const struct inference_scratch *scratch) {
    const struct inference_block *block = at->block;
    const struct inference_kernels *kernels = block->kernels;
    const struct inflow inflow = inflow_new(block, at->input, at->first, at->end, scratch);
    find_lines(block, at->y, at->rows, scratch->places);
    for (size_t panel = first; panel < end;) {
        const struct group group = group_at(block, panel, end, scratch->ring);
        if (at->opening) clear_borders(block, &group);
        fill_ring(block, &group, &inflow);
        const struct inference_strip strip = {
            .rows = at->rows,
            .input = group.ring,
            .lines = scratch->places,
            .line_stride = group.columns * group.channels,
            .input_stride = group.channels,
            .output = (char *)at->strip + panel * INFERENCE_PANEL * kernels->convolved_bytes,
            .output_stride = block->expanded};
        kernels->depthwise(block->depthwise, panel, group.panels, &strip);
        panel += group.panels;
    }
}

/* What is projected of a strip: pixels first .. end - 1, to some panels of the output. */
struct projected {
    size_t first, end;
    size_t panel, panels;
};

static struct projected whole_strip(const struct descent *at) {
    return (struct projected){.end = at->rows * at->block->shape.out_size,
                              .panels = at->block->out_channels / INFERENCE_PANEL};
}

static void project_strip(const struct descent *at, const struct projected *part) {
    const struct inference_block *block = at->block;
    const struct inference_kernels *kernels = block->kernels;
    const size_t pixel = block->expanded * kernels->convolved_bytes;
    const size_t done = (at->y * block->shape.out_size + part->first) * block->out_channels +
                        part->panel * INFERENCE_PANEL;
    const struct inference_product product = {.rows = part->end - part->first,
                                              .input =
                                                  (const char *)at->strip + part->first * pixel,
                                              .input_stride = pixel,
                                              .residual = block->residual ? at->input + done : NULL,
                                              .output = at->output + done,
                                              .output_stride = block->out_channels};
    kernels->multiply(INFERENCE_PROJECT, block->project, part->panel, part->panels, &product);
}

void inference_block_run(const struct inference_block *block, const float *input, size_t y,
                         size_t count, const struct inference_scratch *scratch, float *output) {
    struct descent at = descent_from(block, y, input, scratch->strip, output);
    while (descend(&at, y + count)) {
        const struct projected all = whole_strip(&at);
        fill_strip(&at, 0, panels(block), scratch);
        project_strip(&at, &all);
    }
}

/* Rows of a map for each thread below which the lines that two threads both expand cost more than
 * waiting for each other, and panels for each that even out. */
enum { FEW_ROWS = 12, MANY_PANELS = 4 };

bool inference_block_shares_channels(const struct inference_block *block, size_t threads) {
    return threads > 1 && block->source == INFERENCE_FROM_MAP &&
           block->shape.out_size < FEW_ROWS * threads && panels(block) >= MANY_PANELS * threads;
}

/* A strip that threads share. */
struct shared_strip {
    const struct inference_team *team;
    struct descent at;
};

static void fill_share(void *context, size_t share, size_t worker) {
    (void)worker;
    const struct shared_strip *shared = context;
    const struct inference_team *team = shared->team;
    const size_t all = panels(shared->at.block);
    fill_strip(&shared->at, all * share / team->count, all * (share + 1) / team->count,
               &team->scratch[share]);
}

/* Of the strip and the weights, each thread reads a share of the larger. */
static void project_share(void *context, size_t share, size_t worker) {
    (void)worker;
    const struct shared_strip *shared = context;
    const size_t count = shared->team->count;
    struct projected part = whole_strip(&shared->at);
    const size_t pixels = part.end, panels = part.panels;
    if (shared->at.block->out_channels > pixels && panels >= count) {
        part.panel = panels * share / count;
        part.panels = panels * (share + 1) / count - part.panel;
    } else {
        part.first = pixels * share / count;
        part.end = pixels * (share + 1) / count;
    }
    project_strip(&shared->at, &part);
}

void inference_block_run_shared(const struct inference_block *block, const float *input,
                                const struct inference_team *team, float *output) {
    struct shared_strip shared = {
        .team = team, .at = descent_from(block, 0, input, team->scratch[0].strip, output)};
    while (descend(&shared.at, block->shape.out_size)) {
        threads_for(team->threads, team->count, fill_share, &shared);
        threads_for(team->threads, team->count, project_share, &shared);
    }
}

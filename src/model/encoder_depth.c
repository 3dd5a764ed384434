#include <string.h>

#include "model/encoder_parts.h"
#include "nn/vector.h"

void encoder_draw_depth(const struct encoder *encoder, float rate, size_t count,
                        struct random *random, struct encoder_workspace *workspace) {
    struct encoder_depth *depth = &workspace->depth;
    depth->drops = rate > 0;
    if (!depth->drops) return;
    for (size_t i = 0; i < encoder->layer_count; i++) {
        if (!encoder->layers[i].closes_residual) continue;
        const float left_out = rate * (float)(i + 1) / (float)encoder->layer_count;
        for (size_t n = 0; n < count; n++) {
            const bool stays = random_uniform(random) >= left_out;
            depth->scales[i * workspace->photos + n] = stays ? 1 / (1 - (real)left_out) : 0;
        }
    }
}

/* The scales of a layer's photos. */
static const real *scales_of(const struct encoder_workspace *workspace, size_t layer) {
    return workspace->depth.scales + layer * workspace->photos;
}

void encoder_close_residual(const struct encoder_workspace *workspace, size_t layer, size_t numbers,
                            const real *input, real *output) {
    const real *scales = scales_of(workspace, layer);
    for (size_t n = 0; n < workspace->count; n++) {
        vector_scale(numbers, scales[n], output + n * numbers);
        vector_add(numbers, input + n * numbers, output + n * numbers);
    }
}

real *encoder_branch_gradient(const struct encoder_workspace *workspace, size_t layer,
                              size_t numbers) {
    const real *scales = scales_of(workspace, layer);
    real *d_branch = workspace->depth.d_branch;
    memcpy(d_branch, workspace->gradients[layer], workspace->count * numbers * sizeof *d_branch);
    for (size_t n = 0; n < workspace->count; n++) {
        vector_scale(numbers, scales[n], d_branch + n * numbers);
    }
    return d_branch;
}

/* The processor's own instructions for packed_low.c. Internal to it. */
#ifndef CAPTION_NN_PACKED_LOW_TILE_H
#define CAPTION_NN_PACKED_LOW_TILE_H

#include "nn/packed_low.h"

enum { PACKED_LOW_TILE_ROWS = 6, PACKED_LOW_TILE_PANELS = 4 };

/* A few rows of the product by a few panels. */
struct packed_low_tile {
    size_t groups;
    const void *rows[PACKED_LOW_TILE_ROWS];
    const uint8_t *panels;
    size_t panel_bytes;
    const float *bias, *scale;
    const float *residual; /* or NULL; of the tile's first number */
    size_t residual_stride;
    bool relu6;
    void *outputs[PACKED_LOW_TILE_ROWS];
};

typedef void packed_low_tile_function(const struct packed_low_tile *tile);
typedef packed_low_tile_function *const packed_low_tile_table[PACKED_LOW_TILE_ROWS];

/* By panels - 1 and rows - 1; NULL where this processor has no instructions for it. */
packed_low_tile_table *packed_low_tiles(enum packed_low_type input, enum packed_low_type output);

#endif

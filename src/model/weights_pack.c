#include "model/weights_pack.h"

#include <stdlib.h>

#include "base/memory.h"

/* A panel at a time, so that there is no second copy of the weights. */
static bool read_panels(const struct weights *weights, size_t weight, struct packed *matrix,
                        caption_error *error) {
    float *rows =
        memory_uninitialised(PACKED_PANEL, matrix->inputs * sizeof(float), "weights", error);
    if (!rows) return false;
    bool read = true;
    for (size_t first = 0; read && first < matrix->outputs; first += PACKED_PANEL) {
        const size_t rest = matrix->outputs - first;
        const size_t count = rest < PACKED_PANEL ? rest : PACKED_PANEL;
        read = weights_read_rows(weights, weight, first, count, rows, error);
        if (read) packed_rows(matrix, first, count, rows);
    }
    free(rows);
    return read;
}

bool weights_pack(const struct weights *weights, size_t weight, size_t bias, struct arena *arena,
                  struct packed *matrix, caption_error *error) {
    const size_t *shape = weights->parameters->tensors[weight].shape;
    return packed_init(matrix, shape[0], shape[1], arena, error) &&
           read_panels(weights, weight, matrix, error) &&
           weights_read(weights, bias, matrix->bias, error);
}

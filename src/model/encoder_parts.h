/* What encoder.c and encoder_fold.c share. Internal to this room. */
#ifndef CAPTION_MODEL_ENCODER_PARTS_H
#define CAPTION_MODEL_ENCODER_PARTS_H

#include "model/encoder.h"
#include "nn/batch_norm.h"

/* The batch norm behind a layer, with the running statistics. */
struct batch_norm encoder_running_norm(const struct encoder_layer *layer,
                                       const struct parameters *parameters, const real *values);

#endif

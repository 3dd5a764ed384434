/* Encoder weights from a file of this program or another. Three naming schemes are supported:
 *
 *     caption      conv_stem.weight, conv_stem.bias, blocks.1.0.conv_pw.weight, ..., with or
 *                  without "encoder." before them; batch norm is already folded
 *     timm         the same convolutions without bias, and batch norms: bn1.weight, bn1.bias,
 *                  bn1.running_mean, bn1.running_var, blocks.1.0.bn1.weight, ...
 *     torchvision  those of its mobilenet_v2: features.0.0.weight, features.0.1.running_var, ...
 *
 * Batch norm is folded into weight and bias. The file may also have a classifier,
 * num_batches_tracked and, in our own files, a decoder. Any other extra tensor, a missing one or
 * one of another shape is an error that names the first.
 *
 * Settings that the tensors do not determine depend on the padding of the architecture (see
 * encoder.h). pad_symmetric is PyTorch's: epsilon 1e-5, pixels by ImageNet's mean and deviation.
 * SAME is TensorFlow's: epsilon 1e-3, (p - 127) / 128. The two kinds of EfficientNet-Lite in timm,
 * tf_efficientnet_lite0 and efficientnet_lite0, have the same tensors: the first, which has five
 * sizes, is assumed unless the architecture efficientnet_lite0_symmetric is requested.
 */
#ifndef CAPTION_MODEL_ENCODER_IMPORT_H
#define CAPTION_MODEL_ENCODER_IMPORT_H

#include "format/safetensors.h"
#include "image/photo.h"
#include "model/encoder.h"

enum encoder_names { ENCODER_NAMES_CAPTION, ENCODER_NAMES_TIMM, ENCODER_NAMES_TORCHVISION };

struct encoder_import {
    struct safetensors file;
    enum encoder_names names;
    const char *prefix;                 /* "" or "encoder." */
    const char *architecture;           /* as in encoder_init; the file's or the caller's */
    struct preprocessing preprocessing; /* that the weights were trained with */
};

/* Opens a file and checks it against an architecture: the given preset or text, else the one in the
 * file's metadata (key "encoder", as in model_file.c; "mean", "std" and "image_size" are read too
 * if present), else the first preset that fits. The architecture is not inferred from shapes, which
 * do not show the strides: a file that fits no preset is rejected with the first tensor that the
 * nearest preset lacks. */
bool encoder_import_open(struct encoder_import *import, const char *path, const char *architecture,
                         caption_error *error);
void encoder_import_close(struct encoder_import *import);

/* Copies the weights, folded, into the parameters of an encoder of that architecture. A negative
 * variance, or a number that folding makes too large, is an error that names its tensor. */
bool encoder_import_read(const struct encoder_import *import, const struct encoder *encoder,
                         struct parameters *parameters, caption_error *error);

#endif

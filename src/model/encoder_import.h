/* Encoder weights from a file, our own or others'. Three ways to name the tensors are read:
 *
 *     caption      conv_stem.weight, conv_stem.bias, blocks.1.0.conv_pw.weight, ..., with or
 * without "encoder." before them: batch norm is folded already timm         the same convolutions
 * without bias, and batch norms: bn1.weight, bn1.bias, bn1.running_mean, bn1.running_var,
 * blocks.1.0.bn1.weight, ... torchvision  those of its mobilenet_v2: features.0.0.weight,
 * features.0.1.running_var, ...
 *
 * Batch norm is folded into weight and bias. A classifier and num_batches_tracked may stand in the
 * file, and a decoder in our own; any other tensor more, or one that is missing or of another
 * shape, is an error that names the first.
 *
 * What no tensor tells goes by the padding of the architecture (see encoder.h). pad_symmetric is
 * PyTorch's: epsilon 1e-5, pixels by ImageNet's mean and deviation. SAME is TensorFlow's: epsilon
 * 1e-3, (p - 127) / 128. The two kinds of EfficientNet-Lite in timm, tf_efficientnet_lite0 and
 * efficientnet_lite0, have the same tensors: they are taken for the first, of which there are five
 * sizes, unless the architecture efficientnet_lite0_symmetric is asked for.
 */
#ifndef CAPTION_MODEL_ENCODER_IMPORT_H
#define CAPTION_MODEL_ENCODER_IMPORT_H

#include "image/photo.h"
#include "model/encoder.h"
#include "model/safetensors.h"

enum encoder_names { ENCODER_NAMES_CAPTION, ENCODER_NAMES_TIMM, ENCODER_NAMES_TORCHVISION };

struct encoder_import {
    struct safetensors file;
    enum encoder_names names;
    const char *prefix;                 /* "" or "encoder." */
    const char *architecture;           /* as encoder_init takes it; the file's or the caller's */
    struct preprocessing preprocessing; /* what the weights were learned with */
};

/* Opens a file and holds it against an architecture: the preset or text given, else the one that
 * the file's metadata names (key "encoder", as in model_file.c; "mean", "std" and "image_size" are
 * read too where they are there), else the first preset that fits. Nothing is guessed: strides show
 * in no shape, so a file that fits no preset is refused with the first tensor that the nearest one
 * lacks, whatever else could be read from it. */
bool encoder_import_open(struct encoder_import *import, const char *path, const char *architecture,
                         caption_error *error);
void encoder_import_close(struct encoder_import *import);

/* Copies the weights, folded, into the parameters of an encoder of that architecture. A variance
 * below zero, or a number that folding makes too large, is an error that names its tensor. */
bool encoder_import_read(const struct encoder_import *import, const struct encoder *encoder,
                         struct parameters *parameters, caption_error *error);

#endif

/* The convolutional encoder: photos (N, S, S, 3) to features (N, F), forward and backward.
 *
 * An architecture is a line of block strings: "stem_c32 ds_r1_k3_s1_e1_c16 ir_r2_k3_s2_e6_c24 ...
 * head_c1280". They are in the notation of MnasNet (Tan et al., 2019) and timm: ds is a depthwise
 * separable block, ir an inverted residual (Sandler et al., 2018); r repeats, k kernel, s stride of
 * the first repeat, e expansion, c output channels. stem is a 3x3 convolution of stride 2, head a
 * 1x1 convolution; then the mean over the map. ReLU6 after every convolution but the last of a
 * block. Padding is TensorFlow's SAME, or PyTorch's if the line begins with pad_symmetric (see
 * convolution.h). The sizes are the same, but weights trained with one padding are worse with the
 * other. Activations are channels last.
 *
 * An encoder trained from scratch has batch normalisation after every convolution, in place of the
 * bias; after training, encoder_fold folds it into weight and bias.
 */
#ifndef CAPTION_MODEL_ENCODER_H
#define CAPTION_MODEL_ENCODER_H

#include "base/random.h"
#include "format/safetensors.h"
#include "image/photo.h"
#include "nn/convolution.h"
#include "nn/parameters.h"

/* A named architecture. */
struct encoder_preset {
    const char *name, *architecture;
    size_t size; /* side of the photos that it is designed for */
};

/* Preset `index`, counted from 0: "efficientnet_lite0" to "efficientnet_lite4", "mobilenetv2",
 * "tiny", ...; NULL after the last. */
const struct encoder_preset *encoder_preset(size_t index);

/* The architecture of that preset; the text itself if it is not a preset's name. */
const char *encoder_architecture(const char *name_or_text);

/* The photo size of a preset, given by name or text; 224 for any other architecture. */
size_t encoder_default_size(const char *name_or_text);

enum encoder_layer_kind { ENCODER_STEM, ENCODER_POINTWISE, ENCODER_DEPTHWISE };

/* One convolution of the chain. */
struct encoder_layer {
    enum encoder_layer_kind kind;
    struct convolution shape;
    bool opens_residual;  /* its input is added to a later layer's output */
    bool closes_residual; /* the input of the block is added to its output (after the bias, linear)
                           */
    size_t weight, bias;  /* indices into parameters; with batch norm, in place of the bias: */
    struct {
        size_t scale, shift, mean, variance; /* learned, and running */
    } norm;
};

struct encoder {
    char *architecture; /* owned */
    size_t size;        /* S, side of the input */
    bool batch_norm;    /* after every convolution */
    struct encoder_layer *layers;
    size_t layer_count;
    size_t features; /* F */
    bool symmetric;  /* the padding */
};

/* A layer's tensors in a block of the parameters: the values, or a gradient. k is the kernel, I the
 * input channels (1 of a depthwise layer), C the output channels. */
struct encoder_tensors {
    real *weight;          /* (C, I) of a pointwise layer, else (k, k, I, C) */
    real *bias;            /* (C,); NULL with batch norm, without it these are NULL: */
    real *scale, *shift;   /* (C,) learned */
    real *mean, *variance; /* (C,) running; in a gradient, sums over the photos */
};
struct encoder_tensors encoder_tensors_in(const struct encoder *encoder, size_t layer,
                                          const struct parameters *parameters, real *block);

/* Parses the architecture and registers its tensors ("encoder." + timm's names: conv_stem.weight,
 * blocks.1.0.conv_pw.weight, ..., blocks.1.0.bn1.running_mean, ...). Errors name the invalid word.
 * Sizes are bounded: size 16..1024, channels (expanded ones too) <= 8192, repeats and expansion <=
 * 64, kernel 3 or 5, stride 1 or 2, 1024 layers. Does not allocate the weights. */
bool encoder_init(struct encoder *encoder, const char *architecture, size_t size, bool batch_norm,
                  struct parameters *parameters, caption_error *error);
void encoder_free(struct encoder *encoder);

/* Random weights that preserve the variance of the activations (He et al., 2015: 2 / inputs after a
 * rectifier, 1 / inputs after a linear layer); biases zero; batch norm is the identity. */
void encoder_randomise(const struct encoder *encoder, struct parameters *parameters,
                       struct random *random);

/* Writes to `folded`, an encoder of the same architecture without batch norm, the weights and
 * biases with which it computes the same features as `encoder`, which has batch norm, in
 * inference. */
void encoder_fold(const struct encoder *encoder, const struct parameters *parameters,
                  const real *values, const struct encoder *folded,
                  struct parameters *folded_parameters);

enum encoder_use {
    ENCODER_TRAINING,     /* all activations are saved for backward */
    ENCODER_RECOMPUTATION /* all but the expanded ones of inverted residuals, which backward
                             recomputes (Chen et al., Training deep nets with sublinear memory cost,
                             2016): the same gradients in less memory and more time */
};

/* Scratch for up to `photos` photos, planned once. */
struct encoder_workspace;
struct encoder_workspace *encoder_workspace_new(const struct encoder *encoder, size_t photos,
                                                enum encoder_use use, caption_error *error);

/* Bytes that it holds. */
size_t encoder_workspace_bytes(const struct encoder_workspace *workspace);
void encoder_workspace_free(struct encoder_workspace *workspace);

/* Stochastic depth (Huang et al., Deep networks with stochastic depth, 2016): draws which residual
 * blocks are skipped for each of the next `count` photos, in every forward and backward until the
 * next draw. The probability grows linearly along the layers, up to `rate` (in [0, 1)); the
 * remaining branches are scaled up, so that inference is unchanged. A new workspace skips nothing.
 * A rate of 0 skips nothing and draws no random number. */
void encoder_draw_depth(const struct encoder *encoder, float rate, size_t count,
                        struct random *random, struct encoder_workspace *workspace);

/* images (count, S, S, 3) already scaled, features (count, F); count <= photos of the workspace.
 * The workspace saves what backward needs; `images` must stay
 * valid until then. Batch norm uses the statistics of these photos. (For inference see
 * inference_encoder.h.) */
void encoder_forward(const struct encoder *encoder, const struct parameters *parameters,
                     const real *images, size_t count, struct encoder_workspace *workspace,
                     real *features);

/* Adds to `gradients` (a block like the parameters' values) the gradient of a loss whose derivative
 * by the features of the last encoder_forward is d_features (count, F); and, in the entries of the
 * running statistics, `count` times those of these photos. Call it once for each encoder_forward.
 */
void encoder_backward(const struct encoder *encoder, const struct parameters *parameters,
                      const real *d_features, struct encoder_workspace *workspace, real *gradients);

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

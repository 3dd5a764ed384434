/* A captioner: encoder, decoder, vocabulary, preprocessing and where it came from. In one file: see
 * model_file.c for the metadata's keys. */
#ifndef CAPTION_MODEL_MODEL_H
#define CAPTION_MODEL_MODEL_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/memory.h"
#include "format/packed_file.h"
#include "format/safetensors.h"
#include "image/photo.h"
#include "model/confidence.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "model/search.h"
#include "model/styles.h"
#include "nn/parameters.h"
#include "text/content.h"
#include "text/vocabulary.h"

struct model {
    struct parameters parameters; /* of all its parts; in one block, or without values: */
    struct safetensors file;      /* the open file that holds them (model_open), else zero */
    struct file_parts packed;     /* the open file beside it with packed weights, else zero */
    struct encoder encoder;
    struct decoder decoder;
    struct search search; /* a size of 0: the model has no search part */
    struct vocabulary vocabulary;
    struct tag_words tags; /* [decoder.tags] */
    struct styles styles;  /* [decoder.styles] */
    struct preprocessing preprocessing;
    struct tag_calibration tag_calibration; /* a slope of 0: absent */
    struct confidence confidence;           /* of captions; empty if the file has none */
    struct rerank rerank;                   /* of captions; zero if the file has none */
    cJSON *provenance; /* object of strings: "data", "command", "scores", "licence", ...; owned */
};

/* The design of a new model. */
struct model_design {
    const char *encoder; /* preset or architecture text */
    size_t size;         /* side of the input in pixels */
    bool batch_norm;     /* of an encoder trained from scratch; only in checkpoints */
    const char *cell;    /* "rnn", "gru", "lstm" */
    size_t embedding, hidden;
    const char *image_input; /* how often the image is seen: "first" (NULL) or "every" */
    const char *tags;   /* text of the words of the word head, as in content.h; NULL: no head */
    const char *styles; /* text of the caption styles, as in styles.h; NULL: none */
    size_t search_size, search_hidden; /* D and H of the search part; both 0: none */
};

/* Makes an untrained model with zero parameters. It takes ownership of the vocabulary (the caller's
 * is emptied, also on failure). Preprocessing is (p - 127) / 128. */
bool model_new(struct model *model, const struct model_design *design,
               struct vocabulary *vocabulary, caption_error *error);
void model_free(struct model *model);

/* Reads a model file, every field checked. Errors name the path. */
bool model_read(struct model *model, const char *path, caption_error *error);

/* The same for inference only: all checks except those of the numbers, which stay in the open file
 * until they are read. The model has no block of values, so it can neither be trained nor written.
 * Numbers that are not finite or cannot be read are detected when they are read (weights_read). The
 * file may be replaced meanwhile. */
bool model_open(struct model *model, const char *path, caption_error *error);

/* The numbers of a model for inference: tensor by tensor, from memory or a file, in their stored
 * type. Inference packs its weights from here. */

struct weights {
    const struct parameters *parameters; /* names and shapes of the tensors */
    const float *values;                 /* a block of their layout, all finite, or NULL: */
    const struct safetensors *file;      /* an open file that holds them all */
    const struct packed_file *packed;    /* what inference made of them, or NULL */
};

/* The stored type of tensor `index`: SAFETENSORS_F32 for one of a block. */
enum safetensors_type weights_type(const struct weights *weights, size_t index);

/* A tensor as stored: `data` holds numbers of that type (F32, F16 or BF16), little-endian, aligned
 * to 64 bytes. Those of a block are used in place and are in memory's order; those of a file are
 * copied to `arena` and are in the file's order (see parameters_layout). False when a number is not
 * finite (the error names path and tensor), the file cannot be read or memory is short. */
struct weights_view {
    enum safetensors_type type;
    const void *data;
    size_t count;
};
bool weights_view(const struct weights *weights, size_t index, struct arena *arena,
                  struct weights_view *out, caption_error *error);

/* Copies tensor `index` to out[count] in memory's order. False as above. */
bool weights_read(const struct weights *weights, size_t index, float *out, caption_error *error);

/* The same into new memory of the arena, which errors call `what`; NULL on failure. */
float *weights_take(const struct weights *weights, size_t index, struct arena *arena,
                    const char *what, caption_error *error);

/* As weights_read, of rows first .. first + count - 1 along the first dimension of a tensor with
 * the same order in memory and file (PARAMETERS_AS_IS). */
bool weights_read_rows(const struct weights *weights, size_t index, size_t first, size_t count,
                       float *out, caption_error *error);

/* The numbers of a model, read or opened. Valid while the model exists and is not moved. */
struct weights model_weights(const struct model *model);

/* Writes a model file atomically. `values` is a block of the parameters' layout (NULL: the model's
 * own); `type` that of the tensors. A model with batch norm is rejected: see model_folded. */
bool model_write(const struct model *model, const real *values, enum safetensors_type type,
                 const char *path, caption_error *error);

/* The widest type of the trained numbers in the file at `path`, which the model was read from. */
bool model_file_type(const struct model *model, const char *path, enum safetensors_type *type,
                     caption_error *error);

/* Makes the model that inference runs and a file holds: that of `learning` with the numbers
 * `values` (a block of its parameters' layout) and its batch norm folded into weights and biases;
 * without batch norm it is a copy. */
bool model_folded(const struct model *learning, const real *values, struct model *out,
                  caption_error *error);

/* The same as part of a file that holds more, such as a checkpoint: metadata with other keys, and
 * tensors whose names begin with MODEL_TRAINING, which readers of models ignore. The model may have
 * batch norm. model_put's numbers must stay until the file is written. */
#define MODEL_TRAINING "training."
bool model_take(struct model *model, const struct safetensors *file, caption_error *error);
bool model_put(const struct model *model, const real *values, enum safetensors_type type,
               struct safetensors_writer *writer, caption_error *error);

/* Rounds the numbers to what model_write writes of them as SAFETENSORS_F16, so that the model
 * behaves like the file. A number out of the range of F16 is left unchanged; model_write reports
 * it. */
bool model_round(struct model *model, caption_error *error);

/* Imports an encoder of the model's architecture, with the mean and std that it was trained
 * with. */
bool model_import_encoder(struct model *model, const struct encoder_import *import,
                          caption_error *error);

/* Makes a captioner like `old` with another vocabulary, which it takes ownership of like model_new,
 * and for squares of `size` pixels. It has no search part: that belongs to the weights of `old`.
 * The rows of words in both vocabularies are copied bit for bit; new words start with low
 * probability (see model_words.c). `old` is unchanged; the provenance is left empty. */
bool model_with_words(struct model *model, const struct model *old, size_t size,
                      struct vocabulary *vocabulary, struct random *random, caption_error *error);

/* The same with the same words and a new word head for tags chosen from them, which changes no
 * caption before training. */
bool model_with_tags(struct model *model, const struct model *old, size_t tags,
                     struct random *random, caption_error *error);

/* The same with the new caption styles of `styles` after those of `old`. Captions of the old
 * styles, and without a style, do not change. */
bool model_with_styles(struct model *model, const struct model *old, const struct styles *styles,
                       struct random *random, caption_error *error);

/* Gives a model a search part of these sizes (D, H), in place of any that it has; see search.h. Its
 * numbers are as yet zero. Everything else stays as it is. The numbers move. */
bool model_add_search(struct model *model, size_t size, size_t hidden, caption_error *error);

/* Whether a model has a search part; if not, the error names `path`, which it was read from, and
 * how to train one. */
bool model_check_search(const struct model *model, const char *path, caption_error *error);

/* Makes the weights of `model`, which are the mean of those of `count` models, the mean of those
 * and of `other`'s (Wortsman et al., Model soups, 2022): the mean of models trained from one start
 * is often better than each of them. A difference in more than the numbers is an error that names
 * `path`, which `other` was read from. Search parts have no mean: the model's stays. */
bool model_average(struct model *model, size_t count, const struct model *other, const char *path,
                   caption_error *error);

/* Sets a string of the provenance. */
bool model_note(struct model *model, const char *key, const char *value, caption_error *error);

/* Whether a file is a model and not a checkpoint, detected from its header. */
bool model_recognise(const char *path);

/* Where the model is that is used when none is named. */

/* Storage of a path that model_path works out. */
struct model_place {
    char text[4096];
};

/* The model's file: `named` unless NULL, else $CAPTION_MODEL, else the first that is there of
 * share/caption of the prefix in which the program lies, wherever that was moved, of that in which
 * the shared library lies, of the prefix for which both were built, and of the source tree. NULL
 * with `error` set where there is none of the three, or nothing at $CAPTION_MODEL. Not allocated:
 * it may lie in *place. */
const char *model_path(const char *named, struct model_place *place, caption_error *error);

/* What a model is, was trained on and scores: for `caption info`. */

/* A text of several lines, each ending in a newline. `path` is the file that the model was read
 * from (its size and types of numbers are included), or NULL. Freed with free(). */
char *model_info(const struct model *model, const char *path, caption_error *error);

/* The same as an object: "path", "bytes", "types", "encoder", "image_size", "mean", "std", "cell",
 * "embedding", "hidden", "image_input", "features", "words", "parameters" {"encoder", "decoder",
 * "search"}, "search" (the width of its vectors; 0: none), "provenance". Freed with cJSON_Delete.
 */
cJSON *model_info_json(const struct model *model, const char *path, caption_error *error);

/* --- for the files of the model themselves --- */

/* model_new without the numbers: every size is checked and every tensor registered, but nothing of
 * the size of the weights is allocated, so that a file can be checked against the plan first. */
bool model_plan(struct model *model, const struct model_design *design,
                struct vocabulary *vocabulary, caption_error *error);

/* A model's tags (content.h) and caption styles (styles.h) as text of the metadata; NULL if it
 * has none. */
struct model_texts {
    char *tags, *styles; /* owned */
};
/* Freed with model_texts_free, also after a failure. */
bool model_texts_of(const struct model *model, struct model_texts *texts, caption_error *error);
void model_texts_free(struct model_texts *texts);

/* The design of a model like `model`, without batch norm, for squares of `size` pixels, with the
 * tags and styles of `texts`; valid while both are. */
struct model_design model_design_like(const struct model *model, size_t size,
                                      const struct model_texts *texts);

/* Sets mean, std and size from the metadata; absent keys leave them unchanged. */
bool model_file_preprocessing(const struct safetensors *file, struct preprocessing *preprocessing,
                              caption_error *error);

#endif

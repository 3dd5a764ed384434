#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/simd_level.h"
#include "base/threads.h"
#include "decode/decode.h"
#include "format/packed_file.h"

struct job {
    struct prepared *prepared;
    const struct model *model;
    const caption_options *options;
    const struct packed_file *packed; /* or NULL */
    caption_error errors[PACKED_PARTS];
};

static void prepare_half(void *context, size_t half, size_t worker) {
    (void)worker;
    struct job *job = context;
    const struct model *model = job->model;
    if (half == PACKED_DECODER) {
        job->prepared->plan =
            decode_plan_packed(model, job->options, job->packed, &job->errors[PACKED_DECODER]);
        return;
    }
    struct weights weights = model_weights(model);
    weights.packed = job->packed;
    job->prepared->encoder = inference_encoder_new(
        &model->encoder, &weights, decode_precision(job->options), &job->errors[PACKED_ENCODER]);
}

void prepared_parts(const struct prepared *prepared, const struct arena *parts[PACKED_PARTS]) {
    parts[PACKED_DECODER] = inference_decoder_weights(prepared->plan->decoder);
    parts[PACKED_ENCODER] = inference_encoder_weights(prepared->encoder);
}

/* Packed weights must be taken to the last byte: else they are not those of this program. */
static bool is_used_up(const struct prepared *prepared) {
    const struct arena *parts[PACKED_PARTS];
    prepared_parts(prepared, parts);
    return parts[PACKED_DECODER]->left == 0 && parts[PACKED_ENCODER]->left == 0;
}

static bool prepare(struct prepared *prepared, struct job *job, size_t threads,
                    caption_error *error) {
    *prepared = (struct prepared){0};
    job->prepared = prepared;
    struct threads *pool = threads_new(size_smaller(threads, PACKED_PARTS), error);
    if (!pool) return false;
    threads_for(pool, PACKED_PARTS, prepare_half, job);
    threads_free(pool);
    if (prepared->plan && prepared->encoder && (!job->packed || is_used_up(prepared))) return true;
    const caption_error first = job->errors[prepared->plan ? PACKED_ENCODER : PACKED_DECODER];
    prepared_free(prepared);
    return error_set(error, first.status, "%s", first.message);
}

/* Bytes of the model that its key depends on: some from so many places. All numbers of a model
 * change when it learns. */
enum { SAMPLES = 16, SAMPLE = 4096 };

static bool hash_samples(const struct safetensors *file, uint64_t *hash, caption_error *error) {
    const size_t size = file->parts.size;
    uint8_t bytes[SAMPLE];
    *hash = HASH_START;
    for (size_t i = 0; i <= SAMPLES; i++) {
        const size_t some = size_smaller(size, SAMPLE), at = (size - some) / SAMPLES * i;
        if (!file_parts_read(&file->parts, file->path, at, some, bytes, error)) return false;
        *hash = hash_bytes(*hash, bytes, some);
    }
    return true;
}

#ifndef CAPTION_PACKED_LAYOUT
#define CAPTION_PACKED_LAYOUT "" /* a build that does not know its source keeps nothing */
#endif

bool prepared_key(const struct model *model, const caption_options *options, char key[PACKED_KEY],
                  caption_error *error) {
    static const char *const precisions[] = {[PRECISION_F32] = "f32",
                                             [PRECISION_BF16] = "bf16",
                                             [PRECISION_INT16] = "int16",
                                             [PRECISION_INT8] = "int8"};
    size_t style;
    uint64_t hash;
    struct stat status;
    if (!model->file.parts.is_open || *CAPTION_PACKED_LAYOUT == '\0')
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "this model or program keeps no packed weights");
    if (!styles_choose(&model->styles, options->style, &style, error) ||
        !hash_samples(&model->file, &hash, error))
        return false;
    if (fstat(model->file.parts.descriptor, &status) != 0)
        return file_error(error, model->file.path, "look at");
    char text[HASH_TEXT];
    hash_text(hash, text);
    snprintf(key, PACKED_KEY,
             "caption packed weights, program " CAPTION_VERSION " " CAPTION_PACKED_LAYOUT
             ", %s%s%s%s%s, %s%s, model %s of %zu bytes, %lld",
             simd_level_name(simd_level()), simd_has_bf16() ? "+bf16" : "",
             simd_has_vnni() ? "+vnni" : "", simd_has_avx_vnni() ? "+avxvnni" : "",
             simd_has_dot() ? "+dot" : "", precisions[decode_precision(options)],
             style == STYLE_NONE ? "" : ", style", text, model->file.parts.size,
             (long long)status.st_mtime);
    return true;
}

/* Where others may write in the model's folder, the file may be theirs. */
static bool is_of_ours(const struct model *model, const char *path, caption_error *error) {
    struct stat own, packed;
    if (fstat(model->file.parts.descriptor, &own) != 0 ||
        fstat(model->packed.descriptor, &packed) != 0)
        return file_error(error, path, "look at");
    if ((packed.st_uid == own.st_uid || packed.st_uid == geteuid() || packed.st_uid == 0) &&
        (packed.st_mode & S_IWOTH) == 0)
        return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: not used, for it is neither the model's owner's nor yours, or anybody "
                     "may write it",
                     path);
}

static bool take_packed(struct packed_file *packed, const struct model *model,
                        const caption_options *options, caption_error *error) {
    char key[PACKED_KEY];
    if (!prepared_key(model, options, key, error)) return false;
    char *path = packed_file_path(model->file.path, error);
    const bool taken = path && is_of_ours(model, path, error) &&
                       packed_file_take(packed, &model->packed, path, key, error);
    free(path);
    return taken;
}

bool prepared_is_packed(const struct model *model, const caption_options *options,
                        caption_error *error) {
    struct packed_file packed;
    return take_packed(&packed, model, options, error);
}

bool prepared_init(struct prepared *prepared, const struct model *model,
                   const caption_options *options, size_t threads, caption_error *error) {
    struct job job = {.model = model, .options = options};
    struct packed_file packed;
    caption_error reason;
    if (model->packed.is_open && take_packed(&packed, model, options, &reason)) {
        job.packed = &packed;
        if (prepare(prepared, &job, threads, &reason)) return true;
        job.packed = NULL;
    }
    return prepare(prepared, &job, threads, error);
}

bool prepared_with(struct prepared *prepared, const struct prepared *base,
                   const caption_options *options, caption_error *error) {
    *prepared = (struct prepared){.plan = decode_plan_with(base->plan, options, error),
                                  .encoder = base->encoder,
                                  .shares = true};
    return prepared->plan != NULL;
}

void prepared_free(struct prepared *prepared) {
    decode_plan_free(prepared->plan);
    if (!prepared->shares) inference_encoder_free(prepared->encoder);
    *prepared = (struct prepared){0};
}

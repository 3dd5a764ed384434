#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"

enum { COLOURS = 3, FIRST_WORDS = 10, LABEL_WIDTH = 14 };

/* Numbers of each part, without the gaps between tensors. */
struct part_counts {
    size_t encoder, decoder, search;
};

static struct part_counts count_parts(const struct model *model) {
    struct part_counts parts = {0};
    const struct parameters *parameters = &model->parameters;
    for (size_t i = 0; i < parameters->tensor_count; i++) {
        const struct parameter *tensor = &parameters->tensors[i];
        const bool searches = model->search.size > 0 && i >= model->search.first;
        if (searches)
            parts.search += tensor->count;
        else if (tensor->group == PARAMETERS_ENCODER)
            parts.encoder += tensor->count;
        else
            parts.decoder += tensor->count;
    }
    return parts;
}

/* Facts of the file only. */
struct file_facts {
    size_t bytes;
    size_t numbers[SAFETENSORS_OTHER + 1]; /* by type */
};

static const char *const type_names[] = {"F32", "F16", "BF16", "other"};

static bool read_facts(const char *path, struct file_facts *facts, caption_error *error) {
    *facts = (struct file_facts){0};
    struct safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    facts->bytes = file.parts.size;
    for (size_t i = 0; i < file.tensor_count; i++) {
        facts->numbers[file.tensors[i].type] += file.tensors[i].count;
    }
    safetensors_close(&file);
    return true;
}

/* Writes an untrusted string on one line. */
static void print_line(FILE *out, const char *label, const char *text) {
    const size_t length = strlen(label);
    plain_text_write_line(out, label);
    fprintf(out, "%*s", length < LABEL_WIDTH ? (int)(LABEL_WIDTH + 1 - length) : 1, "");
    plain_text_write_line(out, text);
    fputc('\n', out);
}

static void print_file(FILE *out, const char *path, const struct file_facts *facts) {
    print_line(out, "file", path);
    fprintf(out, "%-*s %.1f MB,", LABEL_WIDTH, "size", (double)facts->bytes / 1e6);
    const char *before = "";
    for (size_t type = 0; type <= SAFETENSORS_OTHER; type++) {
        if (facts->numbers[type] == 0) continue;
        fprintf(out, "%s %zu numbers %s", before, facts->numbers[type], type_names[type]);
        before = ",";
    }
    fputc('\n', out);
}

static void print_parts(FILE *out, const struct model *model) {
    const struct part_counts parts = count_parts(model);
    const struct decoder *decoder = &model->decoder;
    print_line(out, "encoder", model->encoder.architecture);
    fprintf(out, "%-*s %zu parameters, %zu features\n", LABEL_WIDTH, "", parts.encoder,
            model->encoder.features);
    fprintf(out, "%-*s %s, embedding %zu, hidden %zu, image input %s\n", LABEL_WIDTH, "decoder",
            decoder->cell->name, decoder->embedding, decoder->hidden, decoder_image_input(decoder));
    fprintf(out, "%-*s %zu parameters\n", LABEL_WIDTH, "", parts.decoder);
}

static void print_search(FILE *out, const struct model *model) {
    const struct search *search = &model->search;
    if (search->size == 0) {
        print_line(out, "search", "none (caption train --search)");
        return;
    }
    fprintf(out, "%-*s vectors of %zu numbers, %s, hidden %zu\n", LABEL_WIDTH, "search",
            search->size, search->reader.cell->name, search->reader.hidden);
    fprintf(out, "%-*s %zu parameters\n", LABEL_WIDTH, "", count_parts(model).search);
}

static void print_preprocessing(FILE *out, const struct preprocessing *preprocessing) {
    const float *mean = preprocessing->mean, *std = preprocessing->std;
    fprintf(out, "%-*s %zu x %zu pixels, (p - mean) / std, mean %g %g %g, std %g %g %g\n",
            LABEL_WIDTH, "photo", preprocessing->size, preprocessing->size, (double)mean[0],
            (double)mean[1], (double)mean[2], (double)std[0], (double)std[1], (double)std[2]);
}

static void print_tags(FILE *out, const struct model *model) {
    if (model->tags.count == 0) return;
    fprintf(out, "%-*s %zu words of content:", LABEL_WIDTH, "tags", model->tags.count);
    for (size_t i = 0; i < model->tags.count && i < FIRST_WORDS; i++) {
        fputc(' ', out);
        plain_text_write_line(out, model->vocabulary.words[model->tags.names[i]]);
    }
    fputs(model->tags.count > FIRST_WORDS ? " ...\n" : "\n", out);
}

static void print_styles(FILE *out, const struct styles *styles) {
    if (styles->count == 0) return;
    fprintf(out, "%-*s", LABEL_WIDTH, "styles");
    for (size_t i = 0; i < styles->count; i++) {
        fputc(' ', out);
        plain_text_write_line(out, styles->names[i]);
        if (i == 0) fputs(" (default)", out);
    }
    fputc('\n', out);
}

static void print_vocabulary(FILE *out, const struct vocabulary *vocabulary) {
    const size_t words = vocabulary->count - VOCABULARY_SPECIALS;
    fprintf(out, "%-*s %zu words:", LABEL_WIDTH, "vocabulary", words);
    for (size_t i = 0; i < words && i < FIRST_WORDS; i++) {
        fprintf(out, " %s", vocabulary->words[VOCABULARY_SPECIALS + i]);
    }
    fputs(words > FIRST_WORDS ? " ...\n" : "\n", out);
}

/* What was fitted to photos that the model did not learn from. */
static void print_fits(FILE *out, const struct model *model) {
    const struct rerank *rerank = &model->rerank;
    if (rerank_is_there(rerank))
        fprintf(out, "%-*s by tags: agreement %g, coverage %g\n", LABEL_WIDTH, "re-ranking",
                rerank->agreement, rerank->coverage);
    fprintf(out, "%-*s %s\n", LABEL_WIDTH, "confidence",
            model->confidence.is_there ? "fitted" : "none (caption eval --calibrate)");
}

char *model_info(const struct model *model, const char *path, caption_error *error) {
    struct file_facts facts;
    if (path && !read_facts(path, &facts, error)) return NULL;
    struct text_stream text;
    if (!text_stream_open(&text, "a description", error)) return NULL;
    FILE *out = text.stream;
    if (path) print_file(out, path, &facts);
    print_parts(out, model);
    print_preprocessing(out, &model->preprocessing);
    print_vocabulary(out, &model->vocabulary);
    print_tags(out, model);
    print_styles(out, &model->styles);
    print_search(out, model);
    print_fits(out, model);
    const cJSON *note;
    cJSON_ArrayForEach(note, model->provenance) {
        print_line(out, note->string, note->valuestring);
    }
    return text_stream_close(&text, error);
}

static bool add_size(cJSON *object, const char *key, size_t size) {
    return cJSON_AddNumberToObject(object, key, (double)size) != NULL;
}

/* Takes ownership of the value. */
static bool add_value(cJSON *object, const char *key, cJSON *value) {
    if (value && cJSON_AddItemToObject(object, key, value)) return true;
    cJSON_Delete(value);
    return false;
}

static bool add_file(cJSON *info, const char *path, const struct file_facts *facts) {
    cJSON *types = cJSON_CreateObject();
    bool ok =
        add_value(info, "path", json_text(path, NULL)) && add_size(info, "bytes", facts->bytes);
    for (size_t type = 0; ok && type <= SAFETENSORS_OTHER; type++) {
        if (facts->numbers[type] == 0) continue;
        ok = add_size(types, type_names[type], facts->numbers[type]);
    }
    return add_value(info, "types", types) && ok;
}

static bool add_styles(cJSON *info, const struct styles *styles) {
    const char *const *names = (const char *const *)styles->names;
    return add_value(info, "styles",
                     styles->count > 0 ? cJSON_CreateStringArray(names, (int)styles->count)
                                       : cJSON_CreateArray());
}

/* The notes, whose bytes may be any, as UTF-8. */
static bool add_provenance(cJSON *info, const cJSON *provenance) {
    cJSON *notes = cJSON_AddObjectToObject(info, "provenance");
    for (const cJSON *note = provenance->child; notes && note; note = note->next) {
        cJSON *key = json_text(note->string, NULL);
        const bool ok =
            key && add_value(notes, key->valuestring, json_text(note->valuestring, NULL));
        cJSON_Delete(key);
        if (!ok) return false;
    }
    return notes != NULL;
}

static bool add_fits(cJSON *info, const struct model *model) {
    cJSON *rerank =
        rerank_is_there(&model->rerank) ? rerank_json(&model->rerank, NULL) : cJSON_CreateNull();
    return add_value(info, "rerank", rerank) &&
           cJSON_AddBoolToObject(info, "confidence", model->confidence.is_there) != NULL;
}

static bool add_model(cJSON *info, const struct model *model) {
    const struct part_counts parts = count_parts(model);
    const struct preprocessing *preprocessing = &model->preprocessing;
    cJSON *parameters = cJSON_AddObjectToObject(info, "parameters");
    return parameters && add_size(parameters, "encoder", parts.encoder) &&
           add_size(parameters, "decoder", parts.decoder) &&
           add_size(parameters, "search", parts.search) &&
           cJSON_AddStringToObject(info, "encoder", model->encoder.architecture) &&
           add_size(info, "image_size", preprocessing->size) &&
           add_value(info, "mean", cJSON_CreateFloatArray(preprocessing->mean, COLOURS)) &&
           add_value(info, "std", cJSON_CreateFloatArray(preprocessing->std, COLOURS)) &&
           cJSON_AddStringToObject(info, "cell", model->decoder.cell->name) &&
           add_size(info, "embedding", model->decoder.embedding) &&
           add_size(info, "hidden", model->decoder.hidden) &&
           cJSON_AddStringToObject(info, "image_input", decoder_image_input(&model->decoder)) &&
           add_size(info, "features", model->decoder.features) &&
           add_size(info, "words", model->vocabulary.count - VOCABULARY_SPECIALS) &&
           add_size(info, "search", model->search.size) &&
           add_size(info, "tags", model->tags.count) && add_styles(info, &model->styles) &&
           add_fits(info, model) && add_provenance(info, model->provenance);
}

cJSON *model_info_json(const struct model *model, const char *path, caption_error *error) {
    struct file_facts facts;
    if (path && !read_facts(path, &facts, error)) return NULL;
    cJSON *info = cJSON_CreateObject();
    if (info && (!path || add_file(info, path, &facts)) && add_model(info, model)) return info;
    cJSON_Delete(info);
    error_memory(error, "a description");
    return NULL;
}

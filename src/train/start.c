#include "train/start.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/model.h"
#include "nn/vector.h"

static bool count_words(struct vocabulary *vocabulary, const struct dataset_selection *photos,
                        caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        for (size_t j = photo->first; j < photo->first + photo->count; j++) {
            const struct tokens *caption = &dataset->captions[j];
            for (size_t k = 0; k < caption->count; k++) {
                if (!vocabulary_count(vocabulary, caption->words[k], 1, error)) return false;
            }
        }
    }
    return true;
}

/* Drops the words that are too rare to be learned. A vocabulary that is made of the rest alone
 * needs one. */
static bool drop_rare(struct vocabulary *words, const struct train_options *options,
                      caption_error *error) {
    const bool alone =
        !start_is_captioner(options) || (options->vocab && strcmp(options->vocab, "rebuild") == 0);
    const size_t all = words->count - VOCABULARY_SPECIALS;
    uint64_t most = 0;
    for (size_t i = 0; i < words->count; i++)
        if (words->counts[i] > most) most = words->counts[i];
    if (alone && most < options->min_count)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--min-count %zu: expected a word that the captions have so often, found "
                         "none among their %zu (the most frequent: %" PRIu64
                         " times): a lower --min-count keeps more",
                         options->min_count, all, most);
    return vocabulary_prune(words, options->min_count, error);
}

/* Names, separated by spaces; freed with free(). */
static char *join(const char *const *names, size_t count, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a note", error)) return NULL;
    for (size_t i = 0; i < count; i++) fprintf(text.stream, "%s%s", i ? " " : "", names[i]);
    return text_stream_close(&text, error);
}

static bool note_list(struct model *model, const char *key, const char *const *names, size_t count,
                      caption_error *error) {
    char *list = join(names, count, error);
    const bool ok = list && model_note(model, key, list, error);
    free(list);
    return ok;
}

/* What a model notes of its start, under these keys. */
static const char key_init[] = "init", key_mean[] = "mean with", key_vocab[] = "vocab",
                  key_encoder[] = "encoder start", from_scratch[] = "from scratch";

static bool note_data(struct model *model, const struct train_options *options,
                      caption_error *error) {
    const char **paths = memory_zeroed(options->set_count, sizeof *paths, "a note", error);
    if (!paths) return false;
    for (size_t i = 0; i < options->set_count; i++) paths[i] = options->sets[i].path;
    const bool ok = note_list(model, "data", paths, options->set_count, error);
    free((void *)paths);
    return ok;
}

static bool note_run(struct model *model, const struct train_options *options,
                     caption_error *error) {
    return note_data(model, options, error) &&
           (!options->note || model_note(model, "command", options->note, error));
}

/* The design of a new decoder's model, from the options and, unless `import` is NULL, from an
 * encoder's file. */
static struct model_design new_design(const struct train_options *options,
                                      const struct encoder_import *import, const char *tags,
                                      const char *styles) {
    const char *encoder = import ? import->architecture : options->encoder_arch;
    const size_t size = import ? import->preprocessing.size : encoder_default_size(encoder);
    return (struct model_design){.encoder = encoder,
                                 .size = options->image_size ? options->image_size : size,
                                 .batch_norm = !import,
                                 .cell = options->cell ? options->cell : TRAIN_NEW_CELL,
                                 .embedding = options->embed ? options->embed : TRAIN_NEW_WIDTH,
                                 .hidden = options->hidden ? options->hidden : TRAIN_NEW_WIDTH,
                                 .image_input = options->image_input,
                                 .tags = tags,
                                 .styles = styles};
}

/* The text of the tags that a new word head names: NULL without an error when there is none. */
static bool choose_tags(const struct train_options *options, const struct vocabulary *words,
                        char **text, caption_error *error) {
    *text = NULL;
    if (options->tags == 0) return true;
    struct tag_words tags;
    if (!tag_words_choose(&tags, words, options->tags, error)) return false;
    *text = tag_words_format(&tags, words, error);
    tag_words_free(&tags);
    return *text != NULL;
}

/* The requested caption styles. */
static bool list_styles(const struct train_options *options, struct styles *styles,
                        caption_error *error) {
    *styles = (struct styles){0};
    for (size_t i = 0; i < options->style_count; i++) {
        if (styles_add(styles, options->styles[i], error)) continue;
        styles_free(styles);
        return false;
    }
    return true;
}

/* The same as text: NULL without an error when there are none. */
static bool choose_styles(const struct train_options *options, char **text, caption_error *error) {
    *text = NULL;
    struct styles styles;
    if (options->style_count == 0) return true;
    if (!list_styles(options, &styles, error)) return false;
    *text = styles_format(&styles, error);
    styles_free(&styles);
    return *text != NULL;
}

/* A new model of that design, on an encoder's file unless `import` is NULL. */
static bool new_model(struct model *model, const struct train_options *options,
                      const struct encoder_import *import, struct vocabulary *words,
                      caption_error *error) {
    char *tags = NULL, *styles = NULL;
    bool ok = choose_tags(options, words, &tags, error) && choose_styles(options, &styles, error);
    if (ok) {
        const struct model_design design = new_design(options, import, tags, styles);
        ok = model_new(model, &design, words, error);
    }
    free(tags);
    free(styles);
    return ok;
}

/* A random decoder on the encoder of a file. */
static bool start_on_encoder(struct model *model, const struct train_options *options,
                             struct vocabulary *words, struct random *random,
                             caption_error *error) {
    struct encoder_import import;
    if (!encoder_import_open(&import, options->encoder, options->encoder_arch, error)) return false;
    bool ok = new_model(model, options, &import, words, error);
    if (ok) {
        decoder_randomise(&model->decoder, &model->parameters, random);
        ok = model_import_encoder(model, &import, error) &&
             model_note(model, key_encoder, options->encoder, error);
    }
    encoder_import_close(&import);
    return ok;
}

/* A random encoder and decoder. */
static bool start_from_scratch(struct model *model, const struct train_options *options,
                               struct vocabulary *words, struct random *random,
                               caption_error *error) {
    if (!new_model(model, options, NULL, words, error)) return false;
    decoder_randomise(&model->decoder, &model->parameters, random);
    encoder_randomise(&model->encoder, &model->parameters, random);
    return model_note(model, key_encoder, from_scratch, error);
}

/* A model and the options that must agree with it. */
struct agreement {
    const struct train_options *options;
    const struct model *model;
    const char *path; /* of the model */
};

static bool contradiction(const struct agreement *with, const char *flag, const char *value,
                          const char *what, const char *found, caption_error *error) {
    const char *init = with->options->init;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s %.64s: contradicts %s %.255s, whose %s is %.64s", flag, value,
                     init && strcmp(init, with->path) == 0 ? "--init"
                                                           : "the model that training starts from,",
                     with->path, what, found);
}

static bool check_size(const struct agreement *with, const char *flag, size_t asked,
                       const char *what, size_t size, caption_error *error) {
    if (asked == 0 || asked == size) return true;
    char value[24], found[24];
    snprintf(value, sizeof value, "%zu", asked);
    snprintf(found, sizeof found, "%zu", size);
    return contradiction(with, flag, value, what, found, error);
}

static bool check_name(const struct agreement *with, const char *flag, const char *asked,
                       const char *what, const char *name, caption_error *error) {
    if (!asked || strcmp(asked, name) == 0) return true;
    return contradiction(with, flag, asked, what, name, error);
}

static bool check_shape(const struct agreement *with, caption_error *error) {
    const struct train_options *options = with->options;
    const struct decoder *decoder = &with->model->decoder;
    return check_name(with, "cell", options->cell, "cell", decoder->cell->name, error) &&
           check_name(with, "image-input", options->image_input, "image input",
                      decoder_image_input(decoder), error) &&
           check_size(with, "hidden", options->hidden, "hidden size", decoder->hidden, error) &&
           check_size(with, "embed", options->embed, "embedding size", decoder->embedding, error);
}

bool start_check_choices(const struct train_options *options, const struct model *old,
                         const char *path, caption_error *error) {
    const struct agreement with = {options, old, path};
    return check_shape(&with, error) && check_size(&with, "image-size", options->image_size,
                                                   "image size", old->preprocessing.size, error);
}

/* The note of a model under that key; NULL: there is none. */
static const char *find_note(const struct model *model, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model->provenance, key));
}

/* `flag` names `asked` (NULL: nothing) as the start of a run whose model notes another under that
 * key. */
static bool check_note(const struct agreement *with, const char *flag, const char *asked,
                       const char *key, caption_error *error) {
    if (!asked) return true;
    cJSON *now = json_text(asked, error); /* as notes are: file names may hold any byte */
    if (!now) return false;
    const char *then = find_note(with->model, key);
    const bool same = then && strcmp(then, now->valuestring) == 0;
    cJSON_Delete(now);
    return same || error_set(error, CAPTION_ERROR_ARGUMENT,
                             "%s: --%s was %.160s when that run began and is %.160s now: a run is "
                             "resumed as it was begun",
                             with->path, flag, then ? then : "not there", asked);
}

static bool check_mean(const struct agreement *with, caption_error *error) {
    const struct train_options *options = with->options;
    if (options->mean_count == 0) return true;
    char *list = join(options->mean_with, options->mean_count, error);
    const bool ok = list && check_note(with, "mean-with", list, key_mean, error);
    free(list);
    return ok;
}

bool start_check_begun(const struct train_options *options, const struct model *model,
                       const char *path, caption_error *error) {
    const struct agreement with = {options, model, path};
    const bool scratch = options->encoder_arch && !options->encoder;
    const bool noted = find_note(model, key_vocab) != NULL; /* not by older programs */
    return check_note(&with, "init", options->init, key_init, error) && check_mean(&with, error) &&
           check_note(&with, "vocab", noted ? options->vocab : NULL, key_vocab, error) &&
           check_note(&with, "encoder", scratch ? from_scratch : options->encoder, key_encoder,
                      error);
}

/* Adds the words of the old captioner's tags, which its word head goes on seeing. */
static bool keep_tags(const struct model *old, struct vocabulary *words, caption_error *error) {
    for (size_t i = 0; i < old->tags.word_count; i++) {
        const char *word = old->vocabulary.words[i];
        if (old->tags.tags[i] != TAG_NONE && vocabulary_find(words, word) == VOCABULARY_UNK &&
            !vocabulary_count(words, word, 1, error))
            return false;
    }
    return vocabulary_prune(words, 0, error);
}

/* Turns the words of the data into the captioner's new vocabulary. All but "keep" order it by
 * falling count, so word numbers change; nothing outside a model uses them. */
static bool choose_words(const char *choice, const struct model *old, struct vocabulary *words,
                         caption_error *error) {
    if (choice && strcmp(choice, "rebuild") == 0) return keep_tags(old, words, error);
    if (!choice || strcmp(choice, "extend") == 0) {
        return vocabulary_merge(words, &old->vocabulary, error) &&
               vocabulary_prune(words, 0, error);
    }
    vocabulary_free(words);
    return vocabulary_copy(&old->vocabulary, words, error);
}

/* The old model's provenance, its licence above all, still holds for the new one. */
static bool note_ancestry(struct model *model, const struct model *old, const char *path,
                          caption_error *error) {
    const cJSON *note;
    cJSON_ArrayForEach(note, old->provenance) {
        const size_t size = strlen(note->string) + sizeof "init ";
        char *key = memory_uninitialised(size, 1, "a note", error);
        if (!key) return false;
        snprintf(key, size, "init %s", note->string);
        const bool ok = model_note(model, key, note->valuestring, error);
        free(key);
        if (!ok) return false;
    }
    return model_note(model, key_init, path, error);
}

/* The other models of a mean. */
static bool note_mean(struct model *model, const struct train_options *options,
                      caption_error *error) {
    return options->mean_count == 0 ||
           note_list(model, key_mean, options->mean_with, options->mean_count, error);
}

/* Adds a further model to the mean of `count` models. */
static bool average_with(struct model *mean, size_t count, const char *path, caption_error *error) {
    struct model other;
    if (!model_read(&other, path, error)) return false;
    const bool ok = model_average(mean, count, &other, path, error);
    model_free(&other);
    return ok;
}

/* Reads a captioner, or the mean of several. */
static bool read_captioner(struct model *model, const struct train_options *options,
                           const char *path, caption_error *error) {
    if (!model_read(model, path, error)) return false;
    for (size_t i = 0; i < options->mean_count; i++) {
        if (average_with(model, i + 1, options->mean_with[i], error)) continue;
        model_free(model);
        return false;
    }
    return true;
}

/* Gives a captioner without a word head the requested one. */
static bool add_tags(struct model *model, const struct train_options *options,
                     struct random *random, caption_error *error) {
    if (options->tags == 0 || model->tags.count > 0) return true;
    struct model tagged;
    if (!model_with_tags(&tagged, model, options->tags, random, error)) return false;
    model_free(model);
    *model = tagged;
    return true;
}

/* Gives a captioner the requested caption styles that it lacks. */
static bool add_styles(struct model *model, const struct train_options *options,
                       struct random *random, caption_error *error) {
    if (options->style_count == 0) return true;
    struct styles styles;
    if (!list_styles(options, &styles, error)) return false;
    struct model styled;
    const bool ok = model_with_styles(&styled, model, &styles, random, error);
    styles_free(&styles);
    if (!ok) return false;
    model_free(model);
    *model = styled;
    return true;
}

/* The number of tags is that of the start model, unless it has none. */
static bool check_tags(const struct agreement *with, caption_error *error) {
    const size_t tags = with->model->tags.count;
    return tags == 0 ||
           check_size(with, "tags", with->options->tags, "number of tags", tags, error);
}

/* A captioner with a new vocabulary and, on request, another image size: convolutions take any. */
static bool start_captioner(struct model *model, const struct train_options *options,
                            struct vocabulary *words, struct random *random, caption_error *error) {
    struct model_place place;
    const char *path = model_path(options->init, &place, error);
    struct model old;
    if (!path || !read_captioner(&old, options, path, error)) return false;
    const size_t size = options->image_size ? options->image_size : old.preprocessing.size;
    const struct agreement with = {options, &old, path};
    const bool ok =
        check_shape(&with, error) && check_tags(&with, error) &&
        choose_words(options->vocab, &old, words, error) &&
        model_with_words(model, &old, size, words, random, error) &&
        add_tags(model, options, random, error) && add_styles(model, options, random, error) &&
        note_ancestry(model, &old, path, error) &&
        model_note(model, key_vocab, options->vocab ? options->vocab : "extend", error) &&
        note_mean(model, options, error);
    model_free(&old);
    return ok;
}

/* Where the search part comes from; what else the model is stays as noted. */
static bool note_search(struct model *model, const struct train_options *options,
                        caption_error *error) {
    return !options->note || model_note(model, "search command", options->note, error);
}

bool start_search_model(struct model *model, const struct train_options *options,
                        enum safetensors_type *type, caption_error *error) {
    struct model_place place;
    const char *path = model_path(options->init, &place, error);
    if (!path || !model_read(model, path, error)) return false;
    const struct agreement with = {options, model, path};
    return start_check_choices(options, model, path, error) && check_tags(&with, error) &&
           model_file_type(model, path, type, error) && note_search(model, options, error);
}

bool start_is_captioner(const struct train_options *options) {
    return !options->encoder && !options->encoder_arch;
}

bool start_model(struct model *model, const struct train_options *options,
                 const struct dataset_selection *photos, struct random *random,
                 caption_error *error) {
    struct vocabulary words;
    if (!vocabulary_init(&words, error)) return false;
    bool ok = count_words(&words, photos, error) && drop_rare(&words, options, error);
    if (ok && start_is_captioner(options)) {
        ok = start_captioner(model, options, &words, random, error);
    } else if (ok && options->encoder) {
        ok = start_on_encoder(model, options, &words, random, error);
    } else if (ok) {
        ok = start_from_scratch(model, options, &words, random, error);
    }
    ok = ok && note_run(model, options, error);
    vocabulary_free(&words);
    return ok;
}

void start_image_scale(struct model *model, const float *features, size_t count) {
    size_t width = model->encoder.features;
    const struct decoder_tensors tensors =
        decoder_tensors_in(&model->decoder, &model->parameters, model->parameters.values);
    real *shift = tensors.image_shift, *scale = tensors.image_scale;
    /* The mean of the unit vectors; and their mean square, which is 1 / width for each. */
    for (size_t j = 0; j < width; j++) shift[j] = 0;
    double units = 0;
    for (size_t i = 0; i < count; i++) {
        const float *row = features + i * width;
        double length = sqrt(vector_square_sum(width, row));
        if (length == 0) continue;
        units++;
        for (size_t j = 0; j < width; j++) {
            shift[j] += (real)((double)row[j] / length / (double)count);
        }
    }
    double variance = units / (double)count;
    for (size_t j = 0; j < width; j++) variance -= (double)shift[j] * (double)shift[j];
    variance /= (double)width;
    /* Identical photos have no variance to scale by. */
    real factor = (real)(variance > 1e-12 ? 1 / sqrt(variance) : 1);
    for (size_t j = 0; j < width; j++) scale[j] = factor;
}

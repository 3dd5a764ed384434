/* A captioner with another vocabulary. Each word has a row of the embedding, of the output weights
 * and of the output bias; all other tensors do not depend on words and are copied.
 *
 * A new word's embedding is drawn with the mean and deviation that the known words' rows have in
 * each column: to the cell it looks like a known word. Its output row and bias are the mean of the
 * known words' (Hewitt, Initializing New Word Embeddings for Pretrained Language Models, 2021): its
 * logit is then the mean of theirs, so that, by Jensen's inequality, it takes less than 1/n of the
 * probability of n known words, for any photo. A random output row would make a new word likely for
 * some photos, and training would first disturb the known words. New words may start equal: each
 * gets its own gradients.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"

/* Column by column over the rows of all words but the special ones. */
struct moments {
    double *mean, *deviation; /* [width]; one block, freed through mean */
};

static bool moments_of(const struct model *model, size_t tensor, size_t width,
                       struct moments *moments, caption_error *error) {
    const size_t words = model->vocabulary.count - VOCABULARY_SPECIALS;
    const real *rows = parameters_at_const(&model->parameters, model->parameters.values, tensor) +
                       VOCABULARY_SPECIALS * width;
    moments->mean = memory_zeroed(width, 2 * sizeof(double), "the mean of words", error);
    if (!moments->mean) return false;
    moments->deviation = moments->mean + width;
    for (size_t i = 0; i < words * width; i++) moments->mean[i % width] += (double)rows[i];
    for (size_t j = 0; j < width; j++) moments->mean[j] /= (double)words;
    for (size_t i = 0; i < words * width; i++) {
        const double distance = (double)rows[i] - moments->mean[i % width];
        moments->deviation[i % width] += distance * distance;
    }
    for (size_t j = 0; j < width; j++) {
        moments->deviation[j] = sqrt(moments->deviation[j] / (double)words);
    }
    return true;
}

/* Fills the rows of one tensor: old's, or, for a new word, the mean plus `spread` deviations. */
static bool fill_rows(struct model *model, const struct model *old, size_t tensor, double spread,
                      struct random *random, caption_error *error) {
    const size_t width = model->parameters.tensors[tensor].count / model->vocabulary.count;
    const real *known = parameters_at_const(&old->parameters, old->parameters.values, tensor);
    real *rows = parameters_at(&model->parameters, model->parameters.values, tensor);
    struct moments moments;
    if (!moments_of(old, tensor, width, &moments, error)) return false;
    for (size_t i = 0; i < model->vocabulary.count; i++, rows += width) {
        const bool special = i < VOCABULARY_SPECIALS;
        const size_t before =
            special ? i : vocabulary_find(&old->vocabulary, model->vocabulary.words[i]);
        if (special || before != VOCABULARY_UNK) {
            memcpy(rows, known + before * width, width * sizeof *rows);
            continue;
        }
        for (size_t j = 0; j < width; j++) {
            double value = moments.mean[j];
            if (spread > 0) {
                value += spread * moments.deviation[j] * (double)random_normal(random);
            }
            rows[j] = (real)value;
        }
    }
    free(moments.mean);
    return true;
}

static bool belongs_to_words(const struct decoder *decoder, size_t tensor) {
    return tensor == decoder->embed || tensor == decoder->output_weight ||
           tensor == decoder->output_bias;
}

/* Copies the numbers of old's tensor `from`, which come first: new styles follow the old ones. */
static void copy_tensor(struct model *model, const struct model *old, size_t from) {
    const struct parameter *tensor = &old->parameters.tensors[from];
    size_t to;
    if (!parameters_find(&model->parameters, tensor->name, &to)) return;
    memcpy(parameters_at(&model->parameters, model->parameters.values, to),
           parameters_at_const(&old->parameters, old->parameters.values, from),
           tensor->count * sizeof(real));
}

static void copy_tensors(struct model *model, const struct model *old, bool of_words) {
    for (size_t i = 0; i < old->parameters.tensor_count; i++) {
        if (belongs_to_words(&old->decoder, i) == of_words) copy_tensor(model, old, i);
    }
}

/* Makes a model like `old`, except for the rows of words, with the tags and styles of `texts`. */
static bool begin_copy(struct model *model, const struct model *old, size_t size,
                       const struct model_texts *texts, struct vocabulary *vocabulary,
                       caption_error *error) {
    struct model_design design = model_design_like(old, size, texts);
    design.search_size = design.search_hidden = 0;
    if (!model_new(model, &design, vocabulary, error)) return false;
    model->preprocessing = old->preprocessing;
    model->preprocessing.size = size;
    copy_tensors(model, old, false);
    return true;
}

/* A copy with the same words but other tags and styles. */
static bool copy_with(struct model *model, const struct model *old, const struct model_texts *texts,
                      caption_error *error) {
    struct vocabulary words;
    if (!vocabulary_copy(&old->vocabulary, &words, error)) return false;
    if (!begin_copy(model, old, old->preprocessing.size, texts, &words, error)) return false;
    copy_tensors(model, old, true);
    return true;
}

static char *choose_tags(const struct vocabulary *words, size_t tags, caption_error *error) {
    struct tag_words chosen;
    if (!tag_words_choose(&chosen, words, tags, error)) return NULL;
    char *text = tag_words_format(&chosen, words, error);
    tag_words_free(&chosen);
    return text;
}

bool model_with_tags(struct model *model, const struct model *old, size_t tags,
                     struct random *random, caption_error *error) {
    struct model_texts texts;
    bool ok = model_texts_of(old, &texts, error);
    free(texts.tags);
    texts.tags = ok ? choose_tags(&old->vocabulary, tags, error) : NULL;
    ok = texts.tags && copy_with(model, old, &texts, error);
    model_texts_free(&texts);
    if (ok) decoder_randomise_tags(&model->decoder, &model->parameters, random);
    return ok;
}

static bool add_styles(struct styles *styles, const struct styles *more, caption_error *error) {
    for (size_t i = 0; i < more->count; i++) {
        if (!styles_add(styles, more->names[i], error)) return false;
    }
    return true;
}

bool model_with_styles(struct model *model, const struct model *old, const struct styles *styles,
                       struct random *random, caption_error *error) {
    struct styles all = {0};
    struct model_texts texts;
    bool ok = model_texts_of(old, &texts, error) && add_styles(&all, &old->styles, error) &&
              add_styles(&all, styles, error);
    if (ok && all.count > 0) {
        free(texts.styles);
        texts.styles = styles_format(&all, error);
        ok = texts.styles != NULL;
    }
    ok = ok && copy_with(model, old, &texts, error);
    model_texts_free(&texts);
    styles_free(&all);
    if (ok)
        decoder_randomise_styles(&model->decoder, old->styles.count, &model->parameters, random);
    return ok;
}

bool model_with_words(struct model *model, const struct model *old, size_t size,
                      struct vocabulary *vocabulary, struct random *random, caption_error *error) {
    struct model_texts texts;
    const bool begun = model_texts_of(old, &texts, error) &&
                       begin_copy(model, old, size, &texts, vocabulary, error);
    model_texts_free(&texts);
    if (!begun) return false;
    const struct decoder *decoder = &model->decoder;
    if (fill_rows(model, old, decoder->embed, 1, random, error) &&
        fill_rows(model, old, decoder->output_weight, 0, random, error) &&
        fill_rows(model, old, decoder->output_bias, 0, random, error)) {
        return true;
    }
    model_free(model);
    return false;
}

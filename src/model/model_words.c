/* A captioner that learns other words. A row of the embedding, of the output weights and of the
 * output bias belongs to each word; all else knows no words and is copied.
 *
 * A new word's embedding is drawn with the mean and deviation that the known words' rows have in
 * each column: to the cell it looks like a word. Its output row and bias are the mean of the known
 * words' (Hewitt, Initializing New Word Embeddings for Pretrained Language Models, 2021): its logit
 * is then the mean of theirs, so that, by Jensen's inequality, of n known words' probability it
 * takes less than 1/n, whatever the photo. A random output row would be likely somewhere, and a
 * captioner that begins by babbling new words unlearns what it knew. No two new words need to
 * differ at the start: each gets gradients of its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model_parts.h"

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

/* The old tensors come first and in the same order. */
static void copy_wordless(struct model *model, const struct model *old) {
    for (size_t i = 0; i < old->parameters.tensor_count; i++) {
        if (belongs_to_words(&model->decoder, i)) continue;
        memcpy(parameters_at(&model->parameters, model->parameters.values, i),
               parameters_at_const(&old->parameters, old->parameters.values, i),
               model->parameters.tensors[i].count * sizeof(real));
    }
}

/* Makes a model like `old`, but for the rows of words. `tags` is the text of its tags, or NULL. */
static bool begin_copy(struct model *model, const struct model *old, size_t size, const char *tags,
                       struct vocabulary *vocabulary, caption_error *error) {
    const struct model_design design = {.encoder = old->encoder.architecture,
                                        .size = size,
                                        .cell = old->decoder.cell->name,
                                        .embedding = old->decoder.embedding,
                                        .hidden = old->decoder.hidden,
                                        .image_input = decoder_image_input(&old->decoder),
                                        .tags = tags};
    if (!model_new(model, &design, vocabulary, error)) return false;
    model->preprocessing = old->preprocessing;
    model->preprocessing.size = size;
    copy_wordless(model, old);
    return true;
}

bool model_with_tags(struct model *model, const struct model *old, size_t tags,
                     struct random *random, caption_error *error) {
    struct vocabulary words = {0};
    struct tag_words chosen = {0};
    char *text = NULL;
    bool ok = vocabulary_copy(&old->vocabulary, &words, error) &&
              tag_words_choose(&chosen, &words, tags, error) &&
              (text = tag_words_format(&chosen, &words, error));
    ok = ok && begin_copy(model, old, old->preprocessing.size, text, &words, error);
    free(text);
    tag_words_free(&chosen);
    vocabulary_free(&words);
    if (!ok) return false;
    for (size_t i = 0; i < old->parameters.tensor_count; i++) {
        if (!belongs_to_words(&old->decoder, i)) continue;
        memcpy(parameters_at(&model->parameters, model->parameters.values, i),
               parameters_at_const(&old->parameters, old->parameters.values, i),
               old->parameters.tensors[i].count * sizeof(real));
    }
    decoder_randomise_tags(&model->decoder, &model->parameters, random);
    return true;
}

bool model_with_words(struct model *model, const struct model *old, size_t size,
                      struct vocabulary *vocabulary, struct random *random, caption_error *error) {
    char *tags;
    if (!model_tags_text(old, &tags, error)) return false;
    const bool begun = begin_copy(model, old, size, tags, vocabulary, error);
    free(tags);
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

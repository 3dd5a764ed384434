/* Text from which the decoder learns the language before it sees a photo: many to many over one
 * endless stream of words, a sentence after the other. The stream is cut into as many equal parts
 * as there are rows, which are read side by side, their states carried on.
 *
 * Between sentences stand <end>, which is predicted, and <start>, which is fed, so that a sentence
 * begins and ends as a caption does. A word that the vocabulary lacks is fed as <unk> and never
 * asked for. */
#ifndef CAPTION_TRAIN_TEXT_H
#define CAPTION_TRAIN_TEXT_H

#include "base/random.h"
#include "text/vocabulary.h"
#include "train/captions.h"

struct text {
    int32_t *words; /* of all sentences, one after the other */
    size_t *begin;  /* [count + 1] sentence i is words[begin[i] .. begin[i + 1]) */
    size_t count;
    size_t known;  /* words that the vocabulary holds */
    size_t *order; /* [count] in which the sentences are read */
    size_t *start; /* [count + 1] step of the stream at which sentence order[i] starts */
};

/* Reads files of one sentence a line (UTF-8, any bytes will do), tokenized as captions are; a
 * hyphenated word that the vocabulary lacks is taken as its parts. Files without any word that the
 * vocabulary holds are an error that names them. */
bool text_read(struct text *text, const char *const *paths, size_t count,
               const struct vocabulary *vocabulary, caption_error *error);
void text_free(struct text *text);

/* The same sentences as captions, of which every `each` in a row are said of one photo. They are
 * the text's: nothing to free. */
struct captions text_captions(const struct text *text, size_t each);

/* Puts the sentences into a random order. */
void text_shuffle(struct text *text, struct random random);

/* Steps of the stream that each of `rows` parts takes. */
size_t text_steps(const struct text *text, size_t rows);

/* Writes steps [first, first + steps) of part `row` of `rows`: inputs and targets, as in
 * decoder_step and unroll_window. */
void text_window(const struct text *text, size_t row, size_t rows, size_t first, size_t steps,
                 int32_t *inputs, int32_t *targets);

#endif

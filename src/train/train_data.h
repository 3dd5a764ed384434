/* What a run learns from: photos, their captions as word numbers, and text.
 *
 * Text is for language model pre-training of the decoder: many to many over one endless stream of
 * words, a sentence after the other. The stream is divided into as many equal parts as there are
 * rows, which are read side by side; their states are carried on.
 *
 * Between sentences are <end>, which is predicted, and <start>, which is fed, so a sentence begins
 * and ends as a caption does. An out-of-vocabulary word is fed as <unk> and is never a target. */
#ifndef CAPTION_TRAIN_DATA_H
#define CAPTION_TRAIN_DATA_H

#include "base/file.h"
#include "base/random.h"
#include "data/dataset.h"
#include "model/unroll.h"
#include "text/vocabulary.h"

/* The captions of a data set as word numbers, and as the steps of the unroll. */

struct captions {
    int32_t *words; /* of all captions, one after the other */
    size_t *begin;  /* [count + 1] caption i is words[begin[i] .. begin[i + 1]) */
    size_t count;
    size_t longest; /* words in the longest */
    size_t most;    /* captions of the photo that has most */
};

/* The captions of one photo. */
struct captions_part {
    const struct captions *captions;
    size_t first, count; /* captions [first, first + count) of those */
};

/* Unknown words become <unk>. */
bool captions_init(struct captions *captions, const struct dataset *dataset,
                   const struct vocabulary *vocabulary, caption_error *error);
void captions_free(struct captions *captions);

/* The words to predict in some captions, each <end> included. */
size_t captions_targets(const struct captions_part *part);

/* Steps that a caption of `words` words takes: the image, <start>, and each word; the targets of
 * the last `words + 1` are the words and <end>. */
size_t captions_steps(size_t words);

/* Writes caption `index` as a sequence whose image is vectors[vector]; inputs and targets hold
 * captions_steps(words) numbers. */
struct tbptt_sequence captions_sequence(const struct captions *captions, size_t index,
                                        size_t vector, int32_t *inputs, int32_t *targets);

struct text {
    int32_t *words; /* of all sentences, one after the other */
    size_t *begin;  /* [count + 1] sentence i is words[begin[i] .. begin[i + 1]) */
    size_t count;
    size_t known;  /* words in the vocabulary */
    size_t *order; /* [count] in which the sentences are read */
    size_t *start; /* [count + 1] step of the stream at which sentence order[i] starts */
    struct text_faults faults; /* of the files */
};

/* Reads files of one sentence a line (UTF-8; other lines are counted, UTF-16 is an error),
 * tokenized as captions are; an out-of-vocabulary hyphenated word is split into its parts. A file
 * without any word of the vocabulary is an error that names it. `stop` (NULL: nothing) may end the
 * wait for a pipe. */
bool text_read(struct text *text, const char *const *paths, size_t count,
               const struct vocabulary *vocabulary, const struct file_stop *stop,
               caption_error *error);
void text_free(struct text *text);

/* The same sentences as pseudo-captions, every `each` in a row of one photo. They borrow from the
 * text: nothing to free. */
struct captions text_captions(const struct text *text, size_t each);

/* Puts the sentences into a random order. */
void text_shuffle(struct text *text, struct random random);

/* Steps of the stream that each of `rows` parts takes. */
size_t text_steps(const struct text *text, size_t rows);

/* A window of the text's rows: the same steps of each. */
struct text_window {
    const struct text *text;
    size_t rows;         /* the parts that the text is divided into */
    size_t first, steps; /* [first, first + steps) of each part */
};

/* Writes the window of part `row`: inputs[steps] and targets[steps], as in unroll_window. */
void text_window_row(const struct text_window *window, size_t row, int32_t *inputs,
                     int32_t *targets);

/* The training and validation photos of a run. */

struct trainer;

/* Reads the data sets, creates the threads, selects and checks the photos, and reports what is left
 * out. */
bool train_data_read(struct trainer *trainer, caption_error *error);

/* Fills in the trainer's styles, once its model is known. A style without a training photo is an
 * error. */
bool train_data_find_styles(struct trainer *trainer, caption_error *error);

/* A hash of the training and validation data: names, captions, text. */
uint64_t train_data_hash(const struct trainer *trainer);

/* Fills in the parts of history.summary that depend on the data and the vocabulary, and reports
 * them. */
void train_data_summarise(struct trainer *trainer);

/* Photos of the pseudo-captions. */
size_t train_data_pseudo_photos(const struct trainer *trainer);

/* Number of training photos and photos of pseudo-captions; indices are below it. */
size_t train_data_photos(const struct trainer *trainer);

/* The captions of photo train[index] or, for larger indices, pseudo-captions. */
struct captions_part train_data_captions(const struct trainer *trainer, size_t index);

#endif

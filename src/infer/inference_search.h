/* Vectors of sentences and of photos, by the search part of a model (model/search.h): unit vectors
 * of D numbers, so that the product of a sentence's and a photo's is their cosine, from -1 to 1,
 * and larger the better the sentence fits. Two photos are compared in the same way.
 *
 *     if (!model_open(&model, path, error) || !model_check_search(&model, path, error)) ...
 *     struct search_sentences *sentences = search_sentences_new(&model, error);
 *     struct search_photos *photos = search_photos_new(&model, error);
 *     float s[model.search.size], p[model.search.size];
 *     search_sentence_vector(sentences, "a dog in the snow", s, error);
 *     search_photo_vectors(photos, features, 1, p);
 *
 * Each half reads its own numbers, at most 3 MB of the file: a search needs no encoder, an index no
 * sentences. Results do not depend on what was asked before. */
#ifndef CAPTION_INFER_INFERENCE_SEARCH_H
#define CAPTION_INFER_INFERENCE_SEARCH_H

#include "model/model.h"

/* The half that reads sentences, and its working memory: for one thread. `model`, read or opened,
 * has a search part (model_check_search) and remains valid. NULL with `error` set when a number is
 * not finite or memory is short. */
struct search_sentences;
struct search_sentences *search_sentences_new(const struct model *model, caption_error *error);
void search_sentences_free(struct search_sentences *sentences);

/* Writes vector (D,) of a sentence, any bytes, which is split into words as captions are
 * (text/tokenizer.h). Words that the model does not know are <unk>, as in training; words after the
 * first SEARCH_LONGEST are left out. A sentence without a word, or with unknown words only, is an
 * error that quotes it. */
bool search_sentence_vector(struct search_sentences *sentences, const char *sentence, float *vector,
                            caption_error *error);

/* The same of word numbers, each below the size of the vocabulary. */
bool search_words_vector(struct search_sentences *sentences, const uint32_t *words, size_t count,
                         float *vector, caption_error *error);

/* The half that projects photos. Read-only: may be shared by threads. As search_sentences_new. */
struct search_photos;
struct search_photos *search_photos_new(const struct model *model, caption_error *error);
void search_photos_free(struct search_photos *photos);

/* Writes vectors (count, D) of features (count, F), the encoder's pooled features
 * (inference_encoder.h). scratch [search_photos_scratch(photos)]: of the caller. A photo's vector
 * does not depend on the others. As of sentences, it is an error when the model's numbers are so
 * large, or so many of them 0, that there is no vector of length 1. */
bool search_photo_vectors(const struct search_photos *photos, const float *features, size_t count,
                          float *vectors, float *scratch, caption_error *error);
size_t search_photos_scratch(const struct search_photos *photos);

#endif

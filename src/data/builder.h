/* What every reader of a data set format needs: photos and captions added one by one. */
#ifndef CAPTION_DATA_BUILDER_H
#define CAPTION_DATA_BUILDER_H

#include "data/dataset.h"

struct builder {
    struct dataset *dataset;
    char *images; /* the folder of the photos */
    size_t photo_capacity, caption_capacity;
    char *words; /* of the caption being built, each with its terminating 0 */
    size_t words_size, words_capacity, word_count;
};

/* Starts an empty data set read from `path`, its photos in `images` (NULL: beside the file). */
bool builder_init(struct builder *builder, struct dataset *dataset, const char *path,
                  const char *images, caption_error *error);

/* Frees what the builder holds, not the data set. */
void builder_free(struct builder *builder);

/* Adds a photo: `name` is what the data set calls it, `folder` (NULL or "") lies between the folder
 * of the photos and the name. The captions added next are its own. */
bool builder_photo(struct builder *builder, const char *name, const char *folder, const char *id,
                   enum dataset_split split, caption_error *error);

/* Adds one word to the caption being built. It must be one (vocabulary_is_word). */
bool builder_word(struct builder *builder, const char *word, caption_error *error);

/* Ends the caption being built: it is the last photo's. Without words it is left out. */
bool builder_caption(struct builder *builder, caption_error *error);

/* Adds a whole caption to the last photo, tokenized; without words it is left out. */
bool builder_sentence(struct builder *builder, const char *sentence, caption_error *error);

/* Checks the whole: at least one photo, none twice, no id twice. */
bool builder_check(const struct builder *builder, caption_error *error);

#endif

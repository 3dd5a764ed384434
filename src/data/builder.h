/* Builds a data set, photo by photo and caption by caption. Used by the readers of all formats. */
#ifndef CAPTION_DATA_BUILDER_H
#define CAPTION_DATA_BUILDER_H

#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "data/dataset.h"

/* Finds photos by a name or an id, and words, while a data set is read: an open-addressing hash
 * table. */

/* Result of name_index_find for an unknown name. */
#define NAME_INDEX_NONE SIZE_MAX

struct name_index {
    struct name_index_slot {
        const char *name; /* NULL: free */
        size_t photo;
    } * slots; /* [slot_count], a power of two */
    size_t slot_count, count;
    struct siphash_key key; /* of this table */
};

/* Starts as {0}. */
void name_index_free(struct name_index *index);

size_t name_index_find(const struct name_index *index, const char *name);

/* Adds a name that is not in it yet. The name itself is not copied: it must live as long as the
 * index. */
bool name_index_add(struct name_index *index, const char *name, size_t photo, caption_error *error);

/* A hash of a name and a seed, the same on every machine. */

/* FNV-1a over the bytes, then the finaliser of MurmurHash3: FNV alone leaves names that differ in
 * their last letter close to each other. */
static inline uint64_t name_hash(const char *name, uint64_t seed) {
    uint64_t hash = 0xcbf29ce484222325u ^ seed * 0x9e3779b97f4a7c15u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

/* A data set that grows. */
struct builder {
    struct dataset *dataset;
    const struct dataset_reading *how;
    char *images;             /* the folder of the photos */
    const char *inside;       /* a folder in it: names and ids begin with it; NULL: none */
    enum dataset_split split; /* of all photos inside that folder */
    size_t photo_capacity, caption_capacity, owner_capacity;
    size_t current;           /* the photo that captions are added to */
    size_t *owners;           /* [caption_count], the photo of each caption */
    struct name_index photos; /* by name, as builder_photo_once needs it */
    struct name_index words;  /* of the captions, all that are different */
    struct dataset_words kept;
    size_t distinct_capacity, word_count, word_capacity;
    size_t begun; /* words before those of the caption being built */
};

/* Starts an empty data set read from `path`, its photos in how->images or else in `beside`. */
bool builder_init(struct builder *builder, struct dataset *dataset, const char *path,
                  const char *beside, const struct dataset_reading *how, caption_error *error);

/* Frees what the builder holds, not the data set. */
void builder_free(struct builder *builder);

/* The photos added next are those of a split, and lie inside a folder of the folder of photos. The
 * name must live as long as they are added. */
void builder_enter(struct builder *builder, const char *folder, enum dataset_split split);

/* Adds a photo: `name` is its name in the data set, `folder` (NULL or "") a subfolder of the folder
 * of photos. The captions added next belong to it. */
bool builder_photo(struct builder *builder, const char *name, const char *folder, const char *id,
                   enum dataset_split split, caption_error *error);

/* The same, but an existing photo of that name is selected unchanged. All photos of a data set are
 * added in one of the two ways. */
bool builder_photo_once(struct builder *builder, const char *name, const char *id,
                        enum dataset_split split, caption_error *error);

/* Adds a photo of an archive, called as it is there. It is copied. */
bool builder_member(struct builder *builder, const struct photo_file *file, caption_error *error);

/* Sets the source of the photo that was added last. */
bool builder_source(struct builder *builder, const char *source, caption_error *error);

/* Selects a photo by its number: the captions added next belong to it. */
void builder_turn_to(struct builder *builder, size_t photo);

/* Adds one word to the caption being built. It must be one (vocabulary_is_word). */
bool builder_word(struct builder *builder, const char *word, caption_error *error);

/* Ends the caption being built and adds it to the current photo. Without words it is left out and
 * counted. */
bool builder_caption(struct builder *builder, caption_error *error);

/* Adds a whole caption to the current photo, tokenized; without words it is left out and counted.
 */
bool builder_sentence(struct builder *builder, const char *sentence, caption_error *error);

/* Puts the captions in the order of their photos and checks the whole: at least one photo, none
 * twice, no id twice, and a split for every photo or for none. */
bool builder_finish(struct builder *builder, caption_error *error);

#endif

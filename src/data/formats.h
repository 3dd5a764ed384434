/* The formats of data sets, and the builder that their readers add photos and captions to.
 * X_recognises looks at a source, X_read reads it. Folders and shards have files of their own
 * (folder.c, shards.c), and so has the builder (builder.c). */
#ifndef CAPTION_DATA_FORMATS_H
#define CAPTION_DATA_FORMATS_H

#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/table.h"

/* Builds a data set, photo by photo and caption by caption. Used by the readers of all formats. */

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

/* COCO captions:
 *
 *     {"images": [{"id", "file_name", "split" (optional)}],
 *      "annotations": [{"image_id", "caption"}]}
 *
 * (Chen et al., Microsoft COCO Captions, 2015.) Ids are whole numbers or strings. Annotations come
 * in any order; those of photos that are not in "images" are left out and counted. Annotations of
 * objects (instances_*.json) have no captions: an error that says so. */

/* True for an object that has "images" and "annotations". */
bool coco_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool coco_read(const struct source *source, struct builder *builder, caption_error *error);

/* Karpathy's format of Flickr8k, Flickr30k and COCO:
 *
 *     {"images": [{"filename", "split", "imgid" or "cocoid", "filepath" (optional),
 *                  "source" (optional), "sentences": [{"tokens": [...], "raw"}]}]}
 *
 * (Karpathy and Fei-Fei, Deep Visual-Semantic Alignments, 2015.) "filepath" is a subfolder of the
 * folder of photos. Sentences with "tokens" are used unchanged, others are tokenized from "raw".
 * "split" may be absent from all photos. "source" is where a photo comes from: a string; any other
 * type is ignored. */

/* True for an object that has "images" and not COCO's "annotations". */
bool karpathy_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool karpathy_read(const struct source *source, struct builder *builder, caption_error *error);

/* Metadata of kohya's sd-scripts, which merge_captions_to_metadata.py writes:
 *
 *     {"photos/dog.jpg": {"caption": "A dog runs.", "tags": "dog, grass"}, "cat": {...}}
 *
 * A key is a photo's path, or its name without the extension, which is then the first that a file
 * in the folder of photos has. Where there is no caption, the tags are one. The format has no
 * splits. */

/* True for an object whose first member is an object with captions or tags. */
bool kohya_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the photo. */
bool kohya_read(const struct source *source, struct builder *builder, caption_error *error);

/* Flickr8k's token.txt and Flickr30k's results_*.token, a caption a line:
 *
 *     1000268201_693b08cb0e.jpg#0<TAB>A child in a pink dress .
 *
 * (Hodosh, Young and Hockenmaier, Framing Image Description, 2013.) The lines of a photo may be
 * anywhere; the format has no splits. */

/* True for a text whose first line has that form. */
bool token_text_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the line. */
bool token_text_read(const struct source *source, struct builder *builder, caption_error *error);

/* A folder of photos with their captions beside them (sidecar_read), folders in it too: photo.jpg
 * and photo.txt. Photos are detected from their content and sorted by name; those without captions
 * are counted and left out. a.jpg and a.png share a.txt. Hidden files are skipped, and links to
 * folders are not followed. Where every photo lies in a folder train, validation or test (or
 * another word of fields_split_word), that is its split; else the format has none. */

/* True for a folder. */
bool folder_recognises(const struct source *source);

/* Adds all photos and captions; the photos are in the builder's folder of photos, the captions in
 * the source. Errors name the file. */
bool folder_read(const struct source *source, struct builder *builder, caption_error *error);

/* A folder of folders, each a split with a metadata.jsonl or metadata.csv of its own, as Hugging
 * Face's imagefolder has them: train/metadata.jsonl, validation/metadata.csv, test/... The names of
 * photos begin with that folder's; fields_split_word says what the folders are called. */

/* True for a folder with at least one such folder in it. */
bool split_folders_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the file and the line. */
bool split_folders_read(const struct source *source, struct builder *builder, caption_error *error);

/* WebDataset: tar archives of photos and captions, 000001.jpg and 000001.txt, .caption or .json
 * (sidecar_read), as img2dataset writes them. One archive, or a folder of them (*.tar, read in the
 * order of their names) without a photo of its own. Photos are read where they lie in the archive;
 * their names begin with the archive's where there may be several. Members may come in any order.
 * The format has no splits. */

/* True for a tar archive, and for a folder with one but no photo in it. */
bool shards_recognises(const struct source *source);

/* Adds all photos that have captions, and counts the others. Errors name the archive. */
bool shards_read(const struct source *source, struct builder *builder, caption_error *error);

/* --- JSON fields that several formats share. `name` and `place` are for messages, as in
 * base/json.h. --- */

/* Bytes for the digits of an id that is a number. */
enum { FIELDS_DIGITS = 32 };

/* A required file name: a string that is not empty. */
const char *fields_file_name(const cJSON *object, const char *key, const char *name,
                             const char *place, caption_error *error);

/* A required id as text: a string that is not empty, or a whole number, whose digits are written to
 * `digits`. */
const char *fields_id(const cJSON *object, const char *key, const char *name, const char *place,
                      char digits[FIELDS_DIGITS], caption_error *error);

/* The split that a word names: train (also "training", "restval"), val ("validation", "valid",
 * "dev") or test ("testing"), in any case; any other word is DATASET_OTHER. */
enum dataset_split fields_split_word(const char *word);

/* "split": such a word; DATASET_NONE means that the field is missing. */
bool fields_split(const cJSON *object, const char *name, const char *place,
                  enum dataset_split *split, caption_error *error);

/* Rows of a photo and what is said of it, as an array, one a line (JSON Lines), or as a table:
 *
 *     [{"file_name": "a.jpg", "captions": ["A dog.", "A brown dog."], "split": "val"}, ...]
 *     {"file_name": "a.jpg", "text": "A dog."}
 *     file_name,text
 *
 * The photo's name is the first existing field of "file_name" (Hugging Face's metadata.jsonl),
 * "file_path" (neuraltalk2), "image" (BLIP, LLaVA), "image_path", "image_name" (Flickr30k's
 * results.csv), "filename", "path" (`caption --jsonl`), or the one that how->photo_key names; its
 * captions are the first of "captions", "caption", "text", "comment" (Flickr30k), or
 * how->caption_key, each a string, an array of strings, or null for none (of `caption --jsonl -n
 * 3`, objects with a "caption"; rows with an "error" in place of one are left out and counted); its
 * id, which is optional and may be null, is "id" or "image_id". Rows of one name are one photo: it
 * has the captions of all, the id of the first, and one "split". In LLaVA's "conversations" the
 * caption is the model's first turn ({"from": "gpt", "value"}); the id, which is that of the
 * conversation, is not read; conversations without a photo are left out and counted. */

/* Adds the captions of an object to the photo of the builder. *found is false where it has none of
 * the fields. Errors name the data set, `place` and the field. */
bool rows_read_captions(const cJSON *object, const char *place, struct builder *builder,
                        bool *found, caption_error *error);

/* The key of a row's photo, and of its captions; NULL: it has none. Without how's keys. */
const char *rows_photo_key(const cJSON *row);
const char *rows_caption_key(const cJSON *row);

/* Whether a table has a column of photos' names, and one of captions. */
bool rows_table_has_photos(const struct table *table);
bool rows_table_has_captions(const struct table *table);

/* True for an array that is empty or whose first element has a photo name. */
bool rows_recognises_array(const struct source *source);
/* Errors name the data set, the row and the field. */
bool rows_read_array(const struct source *source, struct builder *builder, caption_error *error);

/* True for one or more objects, the first of which has a photo name. */
bool rows_recognises_lines(const struct source *source);
/* Blank lines are skipped. Errors name the data set, the line and the field. */
bool rows_read_lines(const struct source *source, struct builder *builder, caption_error *error);

/* True for a table (data/table.h) with a column of photos' names. */
bool rows_recognises_table(const struct source *source);
/* A caption that is empty is none. Errors name the data set, the line and the field. */
bool rows_read_table(const struct source *source, struct builder *builder, caption_error *error);

/* The captions of one photo in a file of their own beside it: dog.txt or dog.caption, each line
 * that is not blank a caption (kohya's sd-scripts), or dog.json, an object with the captions in a
 * field (img2dataset, WebDataset; rows_read_captions says which). The first of these that is there
 * counts, or the one of how->sidecar alone. */

/* A larger file does not hold the captions of one photo. */
#define SIDECAR_MAX_BYTES ((size_t)1 << 20)

/* The number of extensions that are tried, and each of them, with its dot or without. */
size_t sidecar_count(const struct dataset_reading *how);
const char *sidecar_extension(const struct dataset_reading *how, size_t index);

/* dog.txt for dog.jpg, newly allocated; a name that is only an extension is unchanged. */
char *sidecar_name(const char *photo, const char *extension, caption_error *error);

/* Adds the captions of the file `name`, whose content is text[size], to the photo that was added
 * last. An object without captions adds none. Errors name the file. */
bool sidecar_read(const char *name, const char *text, size_t size, struct builder *builder,
                  caption_error *error);

#endif

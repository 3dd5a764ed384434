#include "eval/scores.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/formats.h"
#include "data/table.h"
#include "eval/metrics.h"

/* The sentences of a corpus as word numbers, for the metrics: words are numbered as they come, by
 * an open-addressing hash table whose size is known before. */
struct numbered {
    struct arena arena; /* of all that follows */
    uint32_t *slots;    /* number + 1 */
    size_t mask, count;
    struct siphash_key key;
    const char **words; /* [count] not owned */
    int32_t *numbers;   /* of all sentences, one after the other */
    size_t used;
    struct ngrams_text *references;
    struct ngrams_photo *photos;
};

static const char what[] = "captions to score";

static int32_t number_of(struct numbered *numbered, const char *word) {
    size_t slot = (size_t)siphash_string(numbered->key, word) & numbered->mask;
    while (numbered->slots[slot] && strcmp(numbered->words[numbered->slots[slot] - 1], word) != 0) {
        slot = (slot + 1) & numbered->mask;
    }
    if (!numbered->slots[slot]) {
        numbered->words[numbered->count] = word;
        numbered->slots[slot] = (uint32_t)++numbered->count;
    }
    return (int32_t)(numbered->slots[slot] - 1);
}

static struct ngrams_text number_words(struct numbered *numbered, const struct tokens *tokens) {
    int32_t *numbers = numbered->numbers + numbered->used;
    numbered->used += tokens->count;
    for (size_t i = 0; i < tokens->count; i++) numbers[i] = number_of(numbered, tokens->words[i]);
    return (struct ngrams_text){numbers, tokens->count, NGRAMS_NO_WORD};
}

static bool number_photos(struct numbered *numbered, const struct scores_item *items, size_t count,
                          caption_error *error) {
    *numbered = (struct numbered){.key = siphash_key_new()};
    size_t words = 0, references = 0, slots = 16;
    for (size_t i = 0; i < count; i++) {
        words += items[i].candidate->count;
        references += items[i].reference_count;
        for (size_t j = 0; j < items[i].reference_count; j++) words += items[i].references[j].count;
    }
    if (words >= INT32_MAX)
        return error_set(error, CAPTION_ERROR_LIMIT, "captions of too many words to be scored");
    while (slots / 2 < words) slots *= 2;
    numbered->mask = slots - 1;
    struct arena *arena = &numbered->arena;
    if (!(numbered->slots = arena_take(arena, slots, sizeof *numbered->slots, what, error)) ||
        !(numbered->words =
              (const char **)arena_take(arena, words, sizeof *numbered->words, what, error)) ||
        !(numbered->numbers = arena_take(arena, words, sizeof *numbered->numbers, what, error)) ||
        !(numbered->references =
              arena_take(arena, references, sizeof *numbered->references, what, error)) ||
        !(numbered->photos = arena_take(arena, count, sizeof *numbered->photos, what, error))) {
        return false;
    }
    struct ngrams_text *reference = numbered->references;
    for (size_t i = 0; i < count; i++) {
        numbered->photos[i] = (struct ngrams_photo){number_words(numbered, items[i].candidate),
                                                    reference, items[i].reference_count};
        for (size_t j = 0; j < items[i].reference_count; j++)
            *reference++ = number_words(numbered, &items[i].references[j]);
    }
    return true;
}

bool scores_compute(const struct scores_item *items, size_t count, struct scores *corpus,
                    struct scores *per_photo, caption_error *error) {
    if (count == 0) {
        return error_set(error, CAPTION_ERROR_ARGUMENT, "expected captions to score, found none");
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].reference_count > 0) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "expected a caption to score photo %zu against, found none", i);
    }
    struct numbered numbered;
    struct ngrams ngrams = {0};
    bool ok = number_photos(&numbered, items, count, error) &&
              ngrams_init(&ngrams, numbered.photos, count, NGRAMS_NO_WORD, error);
    if (ok) bleu_compute(&ngrams, corpus, per_photo);
    ok = ok && rouge_compute(numbered.photos, count, corpus, per_photo, error) &&
         cider_compute(&ngrams, corpus, per_photo, error);
    ngrams_free(&ngrams);
    arena_free(&numbered.arena);
    return ok;
}

cJSON *scores_json(const struct scores *scores, caption_error *error) {
    static const char *const bleu_names[4] = {"BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"};
    cJSON *object = cJSON_CreateObject();
    bool ok = object;
    for (size_t i = 0; i < 4; i++) {
        ok = ok && cJSON_AddNumberToObject(object, bleu_names[i], scores->bleu[i]);
    }
    ok = ok && cJSON_AddNumberToObject(object, "ROUGE-L", scores->rouge_l) &&
         cJSON_AddNumberToObject(object, "CIDEr", scores->cider);
    if (ok) return object;
    cJSON_Delete(object);
    error_memory(error, "the scores");
    return NULL;
}

bool photo_scores_check(const struct dataset_selection *photos, caption_error *error) {
    for (size_t i = 0; i < photos->count; i++) {
        const struct dataset_photo *photo = &photos->dataset->photos[photos->photos[i]];
        if (photo->count > 0) continue;
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: photo %s has no captions to score by",
                         photos->dataset->name, photo->name);
    }
    return true;
}

/* ROUGE-L compares every word with every other: two sentences as long as books are an error, and
 * not hours. */
static bool check_length(const struct dataset *dataset, const struct dataset_photo *photo,
                         const struct tokens *candidate, caption_error *error) {
    static const double most_pairs = 1e8;
    size_t longest = 0;
    for (size_t i = 0; i < photo->count; i++)
        longest = size_larger(longest, dataset->captions[photo->first + i].count);
    if ((double)candidate->count * (double)longest <= most_pairs) return true;
    return error_set(error, CAPTION_ERROR_LIMIT,
                     "%s: photo %s: a caption of %zu words, to be scored against one of %zu: "
                     "expected sentences",
                     dataset->name, photo->name, candidate->count, longest);
}

bool photo_scores_compute(const struct dataset_selection *photos, const struct tokens *candidates,
                          struct scores *scores, size_t *distinct, double *ciders,
                          caption_error *error) {
    const struct dataset *dataset = photos->dataset;
    const size_t count = photos->count;
    if (!photo_scores_check(photos, error)) return false;
    struct scores_item *items = memory_zeroed(count, sizeof *items, what, error);
    struct scores *each = ciders && items ? memory_zeroed(count, sizeof *each, what, error) : NULL;
    if (!items || (ciders && !each)) {
        free(items);
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos->photos[i]];
        done = check_length(dataset, photo, &candidates[i], error);
        items[i] =
            (struct scores_item){&candidates[i], &dataset->captions[photo->first], photo->count};
    }
    done = done && scores_compute(items, count, scores, each, error) &&
           distinct_count(candidates, count, distinct, error);
    for (size_t i = 0; done && each && i < count; i++) ciders[i] = each[i].cider;
    free(items);
    free(each);
    return done;
}

static int compare(const void *left, const void *right) {
    const struct tokens *a = *(const struct tokens *const *)left;
    const struct tokens *b = *(const struct tokens *const *)right;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = strcmp(a->words[i], b->words[i]);
        if (order != 0) return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error) {
    const struct tokens **sorted =
        memory_uninitialised(count, sizeof *sorted, "the captions in order", error);
    if (!sorted) return false;
    for (size_t i = 0; i < count; i++) sorted[i] = &captions[i];
    qsort(sorted, count, sizeof *sorted, compare);
    *distinct = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare(&sorted[i - 1], &sorted[i]) != 0) ++*distinct;
    free(sorted);
    return true;
}

/* Finds the photos of a data set by id, name or file name. */
enum photo_index_key { PHOTO_INDEX_ID, PHOTO_INDEX_NAME, PHOTO_INDEX_FILE, PHOTO_INDEX_KEYS };

struct photo_index_entry {
    const char *text;
    size_t photo;
};

struct photo_index {
    struct photo_index_entry *entries[PHOTO_INDEX_KEYS]; /* [count], sorted by text */
    size_t count;
};

static const char *key_of(const struct dataset_photo *photo, enum photo_index_key key) {
    if (key == PHOTO_INDEX_ID) return photo->id;
    return key == PHOTO_INDEX_NAME ? photo->name : photo->name + file_name_start(photo->name);
}

static int compare_entries(const void *a, const void *b) {
    const struct photo_index_entry *first = a, *second = b;
    return strcmp(first->text, second->text);
}

/* The index points into the data set. Freed with photo_index_free, after a failure too. */
static bool photo_index_init(struct photo_index *index, const struct dataset *dataset,
                             caption_error *error) {
    *index = (struct photo_index){.count = dataset->photo_count};
    for (enum photo_index_key key = 0; key < PHOTO_INDEX_KEYS; key++) {
        struct photo_index_entry *entries =
            memory_uninitialised(index->count, sizeof *entries, "an index of photos", error);
        index->entries[key] = entries;
        if (!entries) return false;
        for (size_t i = 0; i < index->count; i++) {
            entries[i] = (struct photo_index_entry){key_of(&dataset->photos[i], key), i};
        }
        qsort(entries, index->count, sizeof *entries, compare_entries);
    }
    return true;
}

static void photo_index_free(struct photo_index *index) {
    for (size_t key = 0; key < PHOTO_INDEX_KEYS; key++) free(index->entries[key]);
    *index = (struct photo_index){0};
}

/* How many photos have that key; *photo is one of them. A file name is what follows the last '/'.
 */
static size_t photo_index_find(const struct photo_index *index, enum photo_index_key key,
                               const char *text, size_t *photo) {
    const struct photo_index_entry *entries = index->entries[key];
    const char *wanted = key == PHOTO_INDEX_FILE ? text + file_name_start(text) : text;
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(entries[middle].text, wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t found = 0;
    while (low + found < index->count && strcmp(entries[low + found].text, wanted) == 0) found++;
    if (found) *photo = entries[low].photo;
    return found;
}

static const size_t largest_file = (size_t)1 << 30;

/* A row's place is a word and a number. */
enum { PLACE_SIZE = 48 };

struct results_reader {
    const char *path;
    const struct dataset *dataset;
    struct photo_index index;
    size_t *positions; /* of each photo of the data set among the candidates; SIZE_MAX: none */
    struct tokens *candidates;
    bool *failed; /* [photos] a row with an error */
};

static const char id_key[] = "image_id";

/* The member that names the photo; NULL with an error where there is none. */
static const cJSON *photo_key(const struct results_reader *reader, const cJSON *row,
                              const char *place, caption_error *error) {
    const char *const keys[] = {rows_photo_key(row), id_key};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const cJSON *key = keys[i] ? cJSON_GetObjectItemCaseSensitive(row, keys[i]) : NULL;
        if (cJSON_IsString(key) || cJSON_IsNumber(key)) return key;
    }
    error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: %s: expected an object with \"image_id\", \"file_name\" or \"path\" (a string or "
        "a number), found %s",
        reader->path, place, cJSON_IsObject(row) ? "none of them in it" : json_type(row));
    return NULL;
}

/* How many photos have a name that the path ends in, from a '/' on: 0 or 1. */
static size_t find_path_end(const struct photo_index *index, const char *path, size_t *photo) {
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
        if (photo_index_find(index, PHOTO_INDEX_NAME, slash + 1, photo) == 1) return 1;
    return 0;
}

/* The photo of that text: the first way to find it that knows one counts. */
static bool find_photo(const struct results_reader *reader, const char *text, const char *place,
                       size_t *photo, caption_error *error) {
    const struct photo_index *index = &reader->index;
    size_t found = photo_index_find(index, PHOTO_INDEX_ID, text, photo);
    if (found == 0) found = photo_index_find(index, PHOTO_INDEX_NAME, text, photo);
    if (found == 0) found = find_path_end(index, text, photo);
    if (found == 0) found = photo_index_find(index, PHOTO_INDEX_FILE, text, photo);
    if (found == 1) return true;
    if (found == 0)
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: \"%s\" is no photo of %s",
                         reader->path, place, text, reader->dataset->name);
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: \"%s\" may be any of %zu photos of %s",
                     reader->path, place, text, found, reader->dataset->name);
}

static bool find_row_photo(const struct results_reader *reader, const cJSON *row, const char *place,
                           size_t *photo, caption_error *error) {
    const cJSON *key = photo_key(reader, row, place, error);
    if (!key) return false;
    if (cJSON_IsString(key)) return find_photo(reader, key->valuestring, place, photo, error);
    size_t number;
    if (!json_size(row, key->string, reader->path, place, &number, error)) return false;
    char digits[32];
    snprintf(digits, sizeof digits, "%zu", number);
    return find_photo(reader, digits, place, photo, error);
}

/* The key of the row's caption; NULL: it has none. Of several captions the first is one, too. */
static const char *caption_key(const cJSON *row) {
    static const char best[] = "caption";
    return cJSON_GetObjectItemCaseSensitive(row, best) ? best : rows_caption_key(row);
}

static bool is_failure(const cJSON *row) {
    return !caption_key(row) && cJSON_GetObjectItemCaseSensitive(row, "error");
}

/* Of a photo that is not in the data set, a failure is nothing. */
static bool remember_failure(struct results_reader *reader, const cJSON *row, const char *place,
                             caption_error *error) {
    size_t photo;
    caption_error problem;
    if (find_row_photo(reader, row, place, &photo, &problem)) {
        const size_t position = reader->positions[photo];
        if (position != SIZE_MAX) reader->failed[position] = true;
        return true;
    }
    return problem.status == CAPTION_ERROR_FORMAT ||
           error_set(error, problem.status, "%s", problem.message);
}

static bool read_row(struct results_reader *reader, const cJSON *row, const char *place,
                     caption_error *error) {
    size_t photo;
    if (is_failure(row)) return remember_failure(reader, row, place, error);
    if (!find_row_photo(reader, row, place, &photo, error)) return false;
    const char *key = caption_key(row);
    const char *caption = json_string(row, key ? key : "caption", reader->path, place, error);
    if (!caption) return false;
    if (reader->positions[photo] == SIZE_MAX) return true;
    struct tokens *candidate = &reader->candidates[reader->positions[photo]];
    if (candidate->words) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: a second caption for %s",
                         reader->path, place, reader->dataset->photos[photo].name);
    }
    return tokenize(caption, candidate, error);
}

static bool read_array(struct results_reader *reader, const char *text, size_t size,
                       caption_error *error) {
    cJSON *rows = json_parse(text, size, reader->path, error);
    if (!rows) return false;
    bool ok = true;
    size_t index = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) {
        char place[PLACE_SIZE];
        snprintf(place, sizeof place, "[%zu]", index++);
        ok = read_row(reader, row, place, error);
        if (!ok) break;
    }
    cJSON_Delete(rows);
    return ok;
}

static bool read_line(void *context, const struct line *line, caption_error *error) {
    struct results_reader *reader = context;
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", line->number);
    cJSON *row = json_parse(line->text, line->length, place, error);
    if (!row) return error_prefix(error, reader->path);
    bool ok = read_row(reader, row, place, error);
    cJSON_Delete(row);
    return ok;
}

/* In a table, a caption that is empty is one without words. */
static bool read_table_row(struct results_reader *reader, cJSON *row, size_t line,
                           caption_error *error) {
    char place[PLACE_SIZE];
    snprintf(place, sizeof place, "line %zu", line);
    if (!caption_key(row) && !is_failure(row) && !cJSON_AddStringToObject(row, "caption", ""))
        return error_memory(error, "a row of a table");
    return read_row(reader, row, place, error);
}

static bool check_columns(const struct results_reader *reader, const struct table *table,
                          caption_error *error) {
    if (rows_table_has_captions(table) &&
        (rows_table_has_photos(table) || table_has(table, id_key)))
        return true;
    return error_set(
        error, CAPTION_ERROR_FORMAT,
        "%s: line 1: expected JSON, or a table whose first line names a column "
        "\"image_id\", \"file_name\" or \"path\" and a column \"caption\", found neither",
        reader->path);
}

static bool read_table(struct results_reader *reader, const char *text, size_t size,
                       caption_error *error) {
    struct table table;
    if (!table_open(&table, text, size, error)) return false;
    bool ok = check_columns(reader, &table, error);
    cJSON *row = NULL;
    while (ok && (ok = table_next(&table, reader->path, &row, error)) && row) {
        ok = read_table_row(reader, row, table.line, error);
        cJSON_Delete(row);
    }
    table_close(&table);
    return ok;
}

/* An array starts with '[', JSON Lines with '{'. */
static bool read_text(struct results_reader *reader, const char *text, size_t size,
                      caption_error *error) {
    size_t start = 0;
    while (start < size && isspace((unsigned char)text[start])) start++;
    if (start == size) return true;
    if (text[start] == '[') return read_array(reader, text, size, error);
    if (text[start] == '{') return lines_each(text, size, read_line, reader, error);
    return read_table(reader, text, size, error);
}

static bool read_rows(struct results_reader *reader, caption_error *error) {
    struct file_bytes file;
    if (!file_read(reader->path, largest_file, &file, error)) return false;
    const char *text = (const char *)file.data;
    const size_t mark = utf8_mark(text, file.size);
    bool ok = text_faults_check(text, file.size, reader->path, error) &&
              read_text(reader, text + mark, file.size - mark, error);
    file_bytes_free(&file);
    return ok;
}

/* Removes the photos without a caption whose rows say why. */
static void leave_out_failed(struct results_reader *reader, size_t *photos, size_t *count) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (!reader->candidates[i].words && reader->failed[i]) continue;
        photos[kept] = photos[i];
        reader->candidates[kept++] = reader->candidates[i];
    }
    for (size_t i = kept; i < *count; i++) reader->candidates[i] = (struct tokens){0};
    *count = kept;
}

static bool check_missing(const struct results_reader *reader, const size_t *photos,
                          size_t photo_count, caption_error *error) {
    size_t missing = 0, first = 0;
    for (size_t i = photo_count; i-- > 0;) {
        if (reader->candidates[i].words) continue;
        missing++;
        first = i;
    }
    if (photo_count == 0) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: expected captions, found an error for every photo", reader->path);
    }
    if (missing == 0) return true;
    const char *name = reader->dataset->photos[photos[first]].name;
    if (missing == 1) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: no caption for %s", reader->path, name);
    }
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: no caption for %s and %zu other photo%s",
                     reader->path, name, missing - 1, missing == 2 ? "" : "s");
}

static bool reader_init(struct results_reader *reader, const size_t *photos, size_t photo_count,
                        caption_error *error) {
    const size_t count = reader->dataset->photo_count;
    reader->positions = memory_uninitialised(count, sizeof *reader->positions, "results", error);
    reader->failed = memory_zeroed(photo_count, sizeof *reader->failed, "results", error);
    if (!reader->positions || !reader->failed) return false;
    for (size_t i = 0; i < count; i++) reader->positions[i] = SIZE_MAX;
    for (size_t i = 0; i < photo_count; i++) reader->positions[photos[i]] = i;
    return photo_index_init(&reader->index, reader->dataset, error);
}

bool results_read(const char *path, const struct dataset *dataset, size_t *photos,
                  size_t *photo_count, struct tokens *candidates, caption_error *error) {
    const size_t all = *photo_count;
    for (size_t i = 0; i < all; i++) candidates[i] = (struct tokens){0};
    struct results_reader reader = {.path = path, .dataset = dataset, .candidates = candidates};
    bool ok = reader_init(&reader, photos, all, error) && read_rows(&reader, error);
    if (ok) {
        leave_out_failed(&reader, photos, photo_count);
        ok = check_missing(&reader, photos, *photo_count, error);
    }
    photo_index_free(&reader.index);
    free(reader.positions);
    free(reader.failed);
    if (ok) return true;
    for (size_t i = 0; i < all; i++) tokens_free(&candidates[i]);
    return false;
}

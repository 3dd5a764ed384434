/* Indexes of photos, as they are and with the hash that they ask for: what is read is found,
 * searched and written again the same. */
#include "base/hash.h"
#include "fuzz.h"
#include "search/nearest.h"

enum { HEADER = 48, HASH_AT = 40, MOST_NUMBERS = 100000, MOST_FOUND = 3 };

static void search(const struct index_file *index) {
    const struct nearest_vectors vectors = {
        .count = index->count, .width = index->width, .index = index};
    struct nearest_found found;
    caption_error error = {0};
    float *query = calloc(index->width, sizeof *query);
    FUZZ_MUST(query != NULL);
    query[0] = 1;
    if (nearest_find(&vectors, query, MOST_FOUND, NULL, &found, &error)) {
        FUZZ_MUST(found.count == (index->count < MOST_FOUND ? index->count : MOST_FOUND));
        for (size_t i = 0; i < found.count; i++) {
            FUZZ_MUST(found.matches[i].photo < index->count);
            FUZZ_MUST(found.matches[i].score >= -1 && found.matches[i].score <= 1);
        }
        free(found.matches);
    } else {
        fuzz_check_error(&error);
    }
    free(query);
}

static void look_at(const struct index_file *index) {
    for (size_t i = 0; i < index->count; i++) {
        const char *name = index->photos[i].name;
        FUZZ_MUST(index_file_find(index, name) == &index->photos[i]);
        char *place = index_file_place("/library/photos.index", name, NULL);
        FUZZ_MUST(place && place[0] == '/' && !strstr(place, "/../"));
        free(place);
    }
    caption_error error = {0};
    if (!index_file_check_model(index, 7, 8, &error)) fuzz_check_error(&error);
    if (index->count * index->width <= MOST_NUMBERS) search(index);
}

/* The bytes of the index that is made of the one that was read. */
static void write_again(const struct index_file *index, const uint8_t *bytes, size_t size) {
    const char *path = fuzz_output();
    struct index_row *rows = calloc(index->count + 1, sizeof *rows);
    FUZZ_MUST(rows != NULL);
    for (size_t i = 0; i < index->count; i++)
        rows[i] = (struct index_row){.photo = index->photos[i], .old = i};
    const struct index_content content = {.model = index->model,
                                          .width = index->width,
                                          .count = index->count,
                                          .rows = rows,
                                          .old = index};
    struct file_bytes written;
    FUZZ_MUST(index_file_write(path, &content, NULL));
    FUZZ_MUST(index_file_recognise(path));
    FUZZ_MUST(file_read(path, size, &written, NULL));
    FUZZ_MUST(written.size == size && memcmp(written.data, bytes, size) == 0);
    file_bytes_free(&written);
    unlink(path);
    free(rows);
}

static void read_index(const uint8_t *bytes, size_t size) {
    struct index_file index;
    caption_error error = {0};
    if (!index_file_open(&index, fuzz_file(0, bytes, size), &error)) {
        fuzz_check_error(&error);
        return;
    }
    look_at(&index);
    write_again(&index, bytes, size);
    index_file_close(&index);
}

/* Where the vectors begin, if the header is to be believed. */
static size_t vectors_at(const uint8_t *bytes, size_t size) {
    uint64_t count, names;
    memcpy(&count, bytes + 24, sizeof count);
    memcpy(&names, bytes + 32, sizeof names);
    if (count > size || names > size) return size + 1;
    return HEADER + (size_t)count * 24 + (size_t)names;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    read_index(bytes, size);
    if (size < HEADER || vectors_at(bytes, size) > size) return 0;
    uint8_t *mended = (uint8_t *)fuzz_text(bytes, size);
    const uint64_t hash = hash_bytes(HASH_START, bytes + HEADER, vectors_at(bytes, size) - HEADER);
    memcpy(mended + HASH_AT, &hash, sizeof hash);
    read_index(mended, size);
    free(mended);
    return 0;
}

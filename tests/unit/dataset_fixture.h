/* Data sets out of texts, for the tests of their formats. */
#ifndef CAPTION_TESTS_DATASET_FIXTURE_H
#define CAPTION_TESTS_DATASET_FIXTURE_H

#include "temporary_file.h"

#include "data/dataset.h"
#include "text/vocabulary.h"

/* Karpathy's format. */
#define TWO_PHOTOS                                                                                 \
    "{\"dataset\": \"tiny\", \"images\": ["                                                        \
    "{\"filename\": \"a.jpg\", \"imgid\": 7, \"split\": \"train\", \"sentences\": ["               \
    "  {\"tokens\": [\"A\", \"dog\"], \"raw\": \"never read\"},"                                   \
    "  {\"raw\": \"It's a t-shirt.\"}]},"                                                          \
    "{\"filename\": \"../b.jpg\", \"filepath\": \"val2014\", \"imgid\": 8, \"cocoid\": 391895,"    \
    " \"split\": \"restval\", \"sentences\": [{\"tokens\": []}, {\"raw\": \"...\"},"               \
    "  {\"tokens\": [\"left\"]}]}]}"

static inline struct dataset read_text_as(const char *text, const struct dataset_reading *how) {
    char *path = temporary_file_with(text);
    struct dataset dataset;
    caption_error error;
    if (!dataset_read(&dataset, path, how, &error)) fail_msg("%s", error.message);
    temporary_file_free(path);
    return dataset;
}

static inline struct dataset read_text(const char *text, const char *images) {
    return read_text_as(text, &(struct dataset_reading){.images = images});
}

/* The message must name the file, too. */
static inline void assert_refused_as(const char *text, const struct dataset_reading *how,
                                     const char *message) {
    char *path = temporary_file_with(text);
    struct dataset dataset;
    caption_error error = {0};
    assert_false(dataset_read(&dataset, path, how, &error));
    assert_message_has(&error, path);
    assert_message_has(&error, message);
    temporary_file_free(path);
}

static inline void assert_refused(const char *text, const char *message) {
    assert_refused_as(text, NULL, message);
}

static inline void assert_sound(const struct dataset *dataset) {
    size_t next = 0;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        const struct dataset_photo *photo = &dataset->photos[i];
        assert_true(photo->name && photo->path && photo->id);
        assert_int_equal(photo->first, next);
        next += photo->count;
    }
    assert_int_equal(next, dataset->caption_count);
    for (size_t i = 0; i < dataset->caption_count; i++) {
        assert_true(dataset->captions[i].count > 0);
        for (size_t j = 0; j < dataset->captions[i].count; j++) {
            const char *word = dataset->captions[i].words[j];
            assert_true(vocabulary_is_word(word, strlen(word)));
        }
    }
}

static inline void assert_photo(const struct dataset *dataset, size_t index, const char *name,
                                const char *id, size_t captions) {
    assert_true(index < dataset->photo_count);
    assert_string_equal(dataset->photos[index].name, name);
    assert_string_equal(dataset->photos[index].id, id);
    assert_int_equal(dataset->photos[index].count, captions);
}

/* The photo's caption of that number, counted from 0, as words joined by spaces. */
static inline void assert_caption(const struct dataset *dataset, size_t photo, size_t number,
                                  const char *words) {
    assert_true(number < dataset->photos[photo].count);
    const struct tokens *caption = &dataset->captions[dataset->photos[photo].first + number];
    char text[256] = "";
    for (size_t i = 0; i < caption->count; i++) {
        if (i > 0) strncat(text, " ", sizeof text - strlen(text) - 1);
        strncat(text, caption->words[i], sizeof text - strlen(text) - 1);
    }
    assert_string_equal(text, words);
}

#endif

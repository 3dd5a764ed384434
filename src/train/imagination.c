#include "train/imagination.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/vector.h"
#include "train/ridge.h"

static const char what[] = "imagined photos";

/* Words of fewer photos than this say nothing: there is too little to learn them from. */
enum { LEAST_PHOTOS = 5 };

/* Each photo's rest is what a map says that was learned without this part of the photos. */
enum { FOLDS = 5 };

/* On Flickr8k's photos that a map has not seen it explains 17 % of what features vary; with a
 * penalty of 10 it would be 16 %, with 100 15 %. */
static const float RIDGE = 25;

enum { NO_COLUMN = -1 };

struct imagination {
    size_t width;     /* F */
    size_t words;     /* V */
    size_t columns;   /* words that count (K) */
    int32_t *column;  /* [V] of each word, or NO_COLUMN */
    float *map;       /* (K, F) */
    float *intercept; /* (F,) the features of no word at all */
    float *rests;     /* (photos, F) */
    size_t photos;
};

void imagination_free(struct imagination *imagination) {
    if (!imagination) return;
    free(imagination->column);
    free(imagination->map);
    free(imagination->intercept);
    free(imagination->rests);
    free(imagination);
}

/* Calls visit(context, column, weight) for each word that counts, once; its weight is the root of
 * the share of the captions that say it, which tells one of five from none more than five from
 * four. */
static void visit_words(const struct imagination *imagination, const struct captions_part *said,
                        void (*visit)(void *context, size_t column, float weight), void *context) {
    const size_t *begin = said->captions->begin + said->first;
    const int32_t *words = said->captions->words;
    for (size_t i = begin[0]; i < begin[said->count]; i++) {
        const int32_t column = imagination->column[words[i]];
        if (column == NO_COLUMN) continue;
        bool first = true; /* of this word */
        for (size_t j = begin[0]; first && j < i; j++) first = words[j] != words[i];
        if (!first) continue;
        size_t captions = 0;
        for (size_t c = 0; c < said->count; c++) {
            size_t j = begin[c];
            while (j < begin[c + 1] && words[j] != words[i]) j++;
            captions += j < begin[c + 1];
        }
        visit(context, (size_t)column, sqrtf((float)captions / (float)said->count));
    }
}

static void count_photo(void *context, size_t column, float weight) {
    (void)weight;
    size_t *photos = context;
    photos[column]++;
}

/* Finds the words that count. */
static bool choose_columns(struct imagination *imagination, const struct captions_part *photos,
                           caption_error *error) {
    const size_t words = imagination->words;
    size_t *seen = memory_zeroed(words, sizeof *seen, what, error);
    imagination->column = memory_uninitialised(words, sizeof *imagination->column, what, error);
    if (!seen || !imagination->column) {
        free(seen);
        return false;
    }
    for (size_t w = 0; w < words; w++) imagination->column[w] = (int32_t)w;
    for (size_t i = 0; i < imagination->photos; i++)
        visit_words(imagination, &photos[i], count_photo, seen);
    for (size_t w = 0; w < words; w++) {
        const bool counts = w >= VOCABULARY_SPECIALS && seen[w] >= LEAST_PHOTOS;
        imagination->column[w] = counts ? (int32_t)imagination->columns++ : NO_COLUMN;
    }
    free(seen);
    return true;
}

/* A row of the regression as its words are visited. */
struct row_filling {
    struct ridge *ridge;
    caption_error *error;
    bool ok;
};

static void add_to_row(void *context, size_t column, float weight) {
    struct row_filling *filling = context;
    filling->ok = filling->ok && ridge_row_add(filling->ridge, column, weight, filling->error);
}

/* The photos as rows of a regression: words in, unit features out. */
static bool fill_ridge(struct ridge *ridge, const struct imagination *imagination,
                       const struct captions_part *photos, const float *features,
                       caption_error *error) {
    struct row_filling filling = {ridge, error, true};
    for (size_t i = 0; filling.ok && i < imagination->photos; i++) {
        const float *row = features + i * imagination->width;
        const double length = sqrt(vector_square_sum(imagination->width, row));
        ridge_row_begin(ridge, row, length > 0 ? (float)(1 / length) : 0);
        visit_words(imagination, &photos[i], add_to_row, &filling);
    }
    return filling.ok;
}

static bool learn(struct imagination *imagination, const struct captions_part *photos,
                  const float *features, struct threads *threads, caption_error *error) {
    const size_t width = imagination->width;
    if (!choose_columns(imagination, photos, error)) return false;
    struct ridge *ridge = ridge_new(imagination->photos, imagination->columns, width, RIDGE, error);
    bool ok = ridge && fill_ridge(ridge, imagination, photos, features, error) &&
              (imagination->map = memory_uninitialised(imagination->columns, width * sizeof(float),
                                                       what, error)) &&
              (imagination->intercept = memory_zeroed(width, sizeof(float), what, error)) &&
              (imagination->rests =
                   memory_uninitialised(imagination->photos, width * sizeof(float), what, error)) &&
              ridge_residuals(ridge, FOLDS, threads, imagination->rests, error) &&
              ridge_solve(ridge, threads, imagination->map, imagination->intercept, error);
    ridge_free(ridge);
    return ok;
}

struct imagination *imagination_new(const struct captions_part *photos, size_t count, size_t words,
                                    const float *features, size_t width, struct threads *threads,
                                    caption_error *error) {
    struct imagination *imagination = memory_zeroed(1, sizeof *imagination, what, error);
    if (!imagination) return NULL;
    *imagination = (struct imagination){.width = width, .words = words, .photos = count};
    if (learn(imagination, photos, features, threads, error)) return imagination;
    imagination_free(imagination);
    return NULL;
}

/* Where the words of a photo add what they mean. */
struct drawing {
    const struct imagination *imagination;
    float *features;
};

static void add_word(void *context, size_t column, float weight) {
    const struct drawing *drawing = context;
    const size_t width = drawing->imagination->width;
    vector_add_rows(1, width, weight, drawing->imagination->map + column * width,
                    drawing->features);
}

void imagination_draw(const struct imagination *imagination, const struct captions_part *said,
                      struct random *random, float *features) {
    const size_t width = imagination->width;
    struct drawing drawing = {imagination, features};
    memcpy(features, imagination->intercept, width * sizeof *features);
    visit_words(imagination, said, add_word, &drawing);
    const size_t other = random_below(random, imagination->photos);
    vector_add(width, imagination->rests + other * width, features);
}

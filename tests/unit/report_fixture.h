/* A training run that never was: a history of any number of epochs and photos with plausible
 * numbers, the same every time. */
#ifndef CAPTION_TESTS_REPORT_FIXTURE_H
#define CAPTION_TESTS_REPORT_FIXTURE_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"
#include "train/history.h"

enum { FIXTURE_REFERENCES = 5, FIXTURE_POINTS = 40 }; /* of a photo, of an epoch */

static inline void *fixture_zeroed(size_t count, size_t size) {
    void *memory = memory_zeroed(count, size, "a made-up history", NULL);
    if (!memory) abort();
    return memory;
}

/* [FIXTURE_REFERENCES] */
static inline const struct tokens *fixture_references(void) {
    static char *words[FIXTURE_REFERENCES][8] = {
        {"a", "square", "on", "a", "light", "grey", "wall"},
        {"a", "coloured", "square", "in", "the", "middle", "of", "nothing"},
        {"somebody", "painted", "a", "square"},
        {"the", "square", "is", "small", "and", "the", "wall", "is"},
        {"a", "close-up", "of", "a", "painted", "wall"}};
    static const struct tokens references[FIXTURE_REFERENCES] = {
        {7, words[0]}, {8, words[1]}, {4, words[2]}, {8, words[3]}, {6, words[4]}};
    return references;
}

static inline char *fixture_caption(size_t epoch, size_t sample) {
    static const char *const captions[] = {"a a a",
                                           "a dog is on a a",
                                           "a wall of a wall",
                                           "a square on a wall",
                                           "a coloured square on a wall",
                                           "a coloured square on a light grey wall"};
    size_t last = sizeof captions / sizeof *captions - 1, at = (epoch + sample % 3) / 2;
    char *caption = memory_string(captions[at < last ? at : last], NULL);
    if (!caption) abort();
    return caption;
}

/* `text` of the epochs are text epochs, a third of the others are frozen. */
static inline enum train_phase fixture_phase(size_t epoch, size_t epochs, size_t text) {
    if (epoch < text) return TRAIN_TEXT;
    return epoch < text + (epochs - text) / 3 ? TRAIN_FROZEN : TRAIN_JOINT;
}

static inline struct train_epoch fixture_epoch(size_t e, size_t ended, size_t epochs, size_t text,
                                               double *best) {
    enum train_phase phase = fixture_phase(e, epochs, text);
    double learned = 1 - exp(-(double)(e + 1 - text) / 5);
    struct train_epoch epoch = {.epoch = e + 1,
                                .epochs = epochs > ended ? epochs : ended,
                                .phase = phase,
                                .loss = 2.4 + 2.2 * exp(-(double)e / 3),
                                .seconds = phase == TRAIN_JOINT ? 900 : 72,
                                .words_per_second = phase == TRAIN_JOINT ? 400 : 4500};
    if (phase == TRAIN_TEXT) return epoch;
    double cider = 0.51 * learned + 0.012 * sin(2.1 * (double)e);
    epoch.perplexity = 14 + 30 * (1 - learned);
    epoch.scores = (struct scores){
        {0.6 * learned, 0.43 * learned, 0.3 * learned, 0.2 * learned}, 0.45 * learned, cider};
    epoch.distinct = (size_t)(600 * learned);
    epoch.best = cider > *best;
    if (epoch.best) *best = cider;
    return epoch;
}

static inline void fixture_fill_points(struct train_history *history, size_t epochs) {
    struct random random = random_seeded(1, 0);
    for (size_t i = 0; i < history->point_count; i++) {
        double epoch = (double)(i + 1) / FIXTURE_POINTS;
        enum train_phase phase = history->epochs[i / FIXTURE_POINTS].phase;
        double left = 0.5 + 0.5 * cos(3.14159 * epoch / (double)epochs);
        history->points[i] = (struct train_point){
            .epoch = epoch,
            .loss = 2.4 + 3 * exp(-epoch / 2.5) + 0.1 * (double)random_normal(&random),
            .rate = (phase == TRAIN_JOINT ? 5e-4 : 1e-3) * left,
            .encoder_rate = phase == TRAIN_JOINT ? 1e-4 * left : 0};
    }
}

/* `ended` of `epochs` epochs, the first `text` of them on text. The samples are the photos of
 * `paths`, which are kept. Freed with fixture_history_free. */
static inline struct train_history fixture_history(size_t ended, size_t epochs, size_t text,
                                                   const char *const *paths, size_t photos) {
    struct train_history history = {.summary = {.train_photos = 6000,
                                                .validation_photos = 1000,
                                                .captions = 30000,
                                                .words = 3486,
                                                .coverage = 0.9871,
                                                .longest = 38,
                                                .missing = 2,
                                                .wordless = 1},
                                    .seconds_left = 74,
                                    .epoch_count = ended,
                                    .point_count = ended * FIXTURE_POINTS,
                                    .sample_count = photos};
    history.epochs = fixture_zeroed(ended, sizeof *history.epochs);
    history.points = fixture_zeroed(history.point_count, sizeof *history.points);
    history.samples = fixture_zeroed(photos, sizeof *history.samples);
    history.captions = fixture_zeroed(ended * photos, sizeof *history.captions);
    double best = 0;
    for (size_t e = 0; e < ended; e++)
        history.epochs[e] = fixture_epoch(e, ended, epochs, text, &best);
    fixture_fill_points(&history, epochs);
    for (size_t s = 0; s < photos; s++)
        history.samples[s] = (struct train_sample){
            paths[s], {.path = paths[s]}, fixture_references(), FIXTURE_REFERENCES};
    for (size_t e = text; e < ended; e++)
        for (size_t s = 0; s < photos; s++)
            history.captions[e * photos + s] = fixture_caption(e, s);
    return history;
}

static inline void fixture_history_free(struct train_history *history) {
    for (size_t i = 0; i < history->epoch_count * history->sample_count; i++)
        free(history->captions[i]);
    free(history->captions);
    free(history->samples);
    free(history->points);
    free(history->epochs);
}

#endif

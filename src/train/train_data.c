#include "train/train_data.h"

#include <stdlib.h>

#include "base/hash.h"
#include "data/photo_check.h"

static void say_of(const struct trainer *t, const struct dataset *dataset) {
    char *summary = dataset_summary(dataset, NULL);
    if (summary) trainer_say(t, "%s", summary);
    free(summary);
}

/* With a data set of its own to validate on, photos that belong to no split are learned from. */
static void learn_from_unsplit(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        struct dataset_photo *photo = &dataset->photos[i];
        if (photo->split == DATASET_NONE) photo->split = DATASET_TRAIN;
    }
}

static bool read_sets(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    t->validation = &t->dataset;
    if (!dataset_read(&t->dataset, o->dataset, o->images, error)) return false;
    if (!o->validation) {
        if (!dataset_split_seeded(&t->dataset, o->split_seed, error)) return false;
        say_of(t, &t->dataset);
        return true;
    }
    learn_from_unsplit(&t->dataset);
    t->validation = &t->other;
    if (!dataset_read(&t->other, o->validation, o->images, error)) return false;
    say_of(t, &t->dataset);
    say_of(t, &t->other);
    return true;
}

static bool select_captioned(const struct dataset *dataset, enum dataset_split split, bool every,
                             size_t **photos, size_t *count, caption_error *error) {
    if (!dataset_select(dataset, split, every, photos, count, error)) return false;
    *count = dataset_keep_captioned(dataset, *photos, *count);
    if (*count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: no photo with a caption to %s",
                     dataset->name, split == DATASET_TRAIN ? "learn from" : "validate on");
}

/* Takes out what cannot be read, and says so once. */
static bool check(struct trainer *t, const struct dataset *dataset, size_t *photos, size_t *count,
                  caption_error *error) {
    struct photo_check found;
    const enum photo_missing policy =
        t->options->fail_missing ? PHOTO_MISSING_FAIL : PHOTO_MISSING_SKIP;
    if (!photo_check(dataset, photos, count, policy, t->threads, t->listener.progress, &found,
                     error)) {
        return false;
    }
    t->history.summary.missing += found.missing;
    t->history.summary.broken += found.broken;
    char line[sizeof error->message + 128];
    if (photo_check_message(&found, line, sizeof line)) {
        trainer_say(t, "%s: %s", dataset->name, line);
    }
    return true;
}

bool train_data_read(struct trainer *t, caption_error *error) {
    if (!read_sets(t, error)) return false;
    const bool every = t->options->validation != NULL;
    if (!select_captioned(&t->dataset, DATASET_TRAIN, false, &t->train, &t->train_count, error) ||
        !select_captioned(t->validation, DATASET_VAL, every, &t->held, &t->held_count, error) ||
        !check(t, &t->dataset, t->train, &t->train_count, error) ||
        !check(t, t->validation, t->held, &t->held_count, error)) {
        return false;
    }
    t->history.summary.wordless = t->dataset.wordless + t->other.wordless;
    return true;
}

static uint64_t hash_photos(uint64_t hash, const struct dataset *dataset, const size_t *photos,
                            size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct dataset_photo *photo = &dataset->photos[photos[i]];
        hash = hash_string(hash, photo->name);
        for (size_t j = photo->first; j < photo->first + photo->count; j++) {
            const struct tokens *caption = &dataset->captions[j];
            for (size_t k = 0; k < caption->count; k++) {
                hash = hash_string(hash, caption->words[k]);
            }
            hash = hash_string(hash, "");
        }
    }
    return hash;
}

uint64_t train_data_hash(const struct trainer *t) {
    uint64_t hash = hash_photos(HASH_START, &t->dataset, t->train, t->train_count);
    hash = hash_photos(hash, t->validation, t->held, t->held_count);
    if (t->text.count == 0) return hash;
    return hash_bytes(hash, t->text.words, t->text.begin[t->text.count] * sizeof *t->text.words);
}

/* The share of the captions' words that the vocabulary holds. */
static double coverage(const struct trainer *t) {
    size_t words = 0, known = 0;
    for (size_t i = 0; i < t->train_count; i++) {
        const struct dataset_photo *photo = &t->dataset.photos[t->train[i]];
        const size_t begin = t->captions.begin[photo->first];
        const size_t end = t->captions.begin[photo->first + photo->count];
        for (size_t j = begin; j < end; j++) known += t->captions.words[j] != VOCABULARY_UNK;
        words += end - begin;
    }
    return words ? (double)known / (double)words : 0;
}

void train_data_summarise(struct trainer *t) {
    struct train_summary *s = &t->history.summary;
    s->train_photos = t->train_count;
    s->held_photos = t->held_count;
    s->captions = 0;
    for (size_t i = 0; i < t->train_count; i++) {
        s->captions += t->dataset.photos[t->train[i]].count;
    }
    s->words = t->model.vocabulary.count - VOCABULARY_SPECIALS;
    s->longest = t->captions.longest;
    s->coverage = coverage(t);
    trainer_say(t, "%zu photos to learn from with %zu captions, %zu photos to validate on",
                s->train_photos, s->captions, s->held_photos);
    trainer_say(t,
                "a vocabulary of %zu words holds %.1f %% of those in the captions, the longest "
                "of which has %zu",
                s->words, 100 * s->coverage, s->longest);
    if (t->text.count > 0) {
        trainer_say(t, "%zu sentences of text, %.1f %% of their words in the vocabulary",
                    t->text.count,
                    100 * (double)t->text.known / (double)t->text.begin[t->text.count]);
    }
}

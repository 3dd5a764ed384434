#include "train/train_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/loader.h"
#include "data/table.h"
#include "model/decoder.h"
#include "nn/blas.h"
#include "text/tokenizer.h"
#include "train/trainer.h"

bool captions_init(struct captions *captions, const struct dataset *dataset,
                   const struct vocabulary *vocabulary, caption_error *error) {
    *captions = (struct captions){.count = dataset->caption_count};
    size_t total = 0;
    for (size_t i = 0; i < captions->count; i++) total += dataset->captions[i].count;
    captions->words = memory_zeroed(total, sizeof *captions->words, "captions", error);
    captions->begin =
        memory_zeroed(captions->count + 1, sizeof *captions->begin, "captions", error);
    if (!captions->words || !captions->begin) {
        captions_free(captions);
        return false;
    }
    size_t next = 0;
    for (size_t i = 0; i < captions->count; i++) {
        const struct tokens *tokens = &dataset->captions[i];
        captions->begin[i] = next;
        for (size_t j = 0; j < tokens->count; j++) {
            captions->words[next++] = (int32_t)vocabulary_find(vocabulary, tokens->words[j]);
        }
        if (tokens->count > captions->longest) captions->longest = tokens->count;
    }
    captions->begin[captions->count] = next;
    for (size_t i = 0; i < dataset->photo_count; i++) {
        size_t count = dataset->photos[i].count;
        if (count > captions->most) captions->most = count;
    }
    return true;
}

void captions_free(struct captions *captions) {
    free(captions->words);
    free(captions->begin);
    *captions = (struct captions){0};
}

size_t captions_targets(const struct captions_part *part) {
    const size_t *begin = part->captions->begin + part->first;
    return begin[part->count] - begin[0] + part->count;
}

size_t captions_steps(size_t words) {
    return words + 2;
}

struct tbptt_sequence captions_sequence(const struct captions *captions, size_t index,
                                        size_t vector, int32_t *inputs, int32_t *targets) {
    const int32_t *words = captions->words + captions->begin[index];
    size_t count = captions->begin[index + 1] - captions->begin[index];
    inputs[0] = DECODER_VECTOR - (int32_t)vector;
    targets[0] = DECODER_NOTHING;
    inputs[1] = VOCABULARY_START;
    memcpy(inputs + 2, words, count * sizeof *inputs);
    memcpy(targets + 1, words, count * sizeof *targets);
    targets[count + 1] = VOCABULARY_END;
    return (struct tbptt_sequence){
        .inputs = inputs, .targets = targets, .steps = captions_steps(count)};
}

static const size_t largest_file = (size_t)2 << 30;

/* The text as it grows. */
struct text_reader {
    struct text *text;
    const struct vocabulary *vocabulary;
    const struct file_stop *stop;
    size_t words, word_capacity, begin_capacity;
};

static bool add_word(struct text_reader *reader, const char *word, caption_error *error) {
    struct text *text = reader->text;
    if (!memory_grow(&text->words, &reader->word_capacity, reader->words + 1, sizeof *text->words,
                     "text", error)) {
        return false;
    }
    const size_t number = vocabulary_find(reader->vocabulary, word);
    text->words[reader->words++] = (int32_t)number;
    text->known += number != VOCABULARY_UNK;
    return true;
}

/* "t-shirt" as "t", "shirt": data sets differ in whether they split at hyphens. The word is cut up
 * in place. */
static bool add_word_parts(struct text_reader *reader, char *word, caption_error *error) {
    char *rest = NULL;
    for (char *part = strtok_r(word, "-", &rest); part; part = strtok_r(NULL, "-", &rest)) {
        if (!add_word(reader, part, error)) return false;
    }
    return true;
}

static bool add_sentence(void *context, const struct line *line, caption_error *error) {
    struct text_reader *reader = context;
    struct text *text = reader->text;
    struct tokens tokens;
    if (!tokenize(line->text, &tokens, error)) return false;
    const size_t first = reader->words;
    bool ok = true;
    for (size_t i = 0; ok && i < tokens.count; i++) {
        char *word = tokens.words[i];
        const bool whole =
            !strchr(word, '-') || vocabulary_find(reader->vocabulary, word) != VOCABULARY_UNK;
        ok = whole ? add_word(reader, word, error) : add_word_parts(reader, word, error);
    }
    tokens_free(&tokens);
    if (!ok || reader->words == first) return ok;
    if (!memory_grow(&text->begin, &reader->begin_capacity, text->count + 2, sizeof *text->begin,
                     "text", error)) {
        return false;
    }
    text->begin[text->count++] = first;
    text->begin[text->count] = reader->words;
    return true;
}

static bool read_file(struct text_reader *reader, const char *path, caption_error *error) {
    struct file_bytes file;
    if (!file_read_unless(path, largest_file, reader->stop, &file, error)) return false;
    const size_t known = reader->text->known;
    const char *text = (const char *)file.data;
    text_faults_count(&reader->text->faults, text, file.size);
    const bool ok = text_faults_check(text, file.size, path, error) &&
                    lines_each(text, file.size, add_sentence, reader, error);
    file_bytes_free(&file);
    if (!ok || reader->text->known > known) return ok;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected text, a sentence a line, but no word of it is in the vocabulary",
                     path);
}

bool text_read(struct text *text, const char *const *paths, size_t count,
               const struct vocabulary *vocabulary, const struct file_stop *stop,
               caption_error *error) {
    *text = (struct text){0};
    struct text_reader reader = {.text = text, .vocabulary = vocabulary, .stop = stop};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = read_file(&reader, paths[i], error);
    ok = ok && (text->order = memory_zeroed(text->count, sizeof *text->order, "text", error)) &&
         (text->start = memory_zeroed(text->count + 1, sizeof *text->start, "text", error));
    if (!ok) text_free(text);
    return ok;
}

void text_free(struct text *text) {
    free(text->words);
    free(text->begin);
    free(text->order);
    free(text->start);
    *text = (struct text){0};
}

struct captions text_captions(const struct text *text, size_t each) {
    struct captions captions = {
        .words = text->words, .begin = text->begin, .count = text->count, .most = each};
    for (size_t i = 0; i < text->count; i++) {
        const size_t words = text->begin[i + 1] - text->begin[i];
        if (words > captions.longest) captions.longest = words;
    }
    return captions;
}

/* <start> and each word are fed. */
static size_t sentence_steps(const struct text *text, size_t sentence) {
    return text->begin[sentence + 1] - text->begin[sentence] + 1;
}

void text_shuffle(struct text *text, struct random random) {
    for (size_t i = 0; i < text->count; i++) text->order[i] = i;
    random_shuffle(&random, text->order, text->count);
    text->start[0] = 0;
    for (size_t i = 0; i < text->count; i++) {
        text->start[i + 1] = text->start[i] + sentence_steps(text, text->order[i]);
    }
}

size_t text_steps(const struct text *text, size_t rows) {
    return (text->begin[text->count] + text->count) / rows; /* words, and a <start> each */
}

/* The place in the order of the sentence that holds this step of the stream. */
static size_t find_sentence(const struct text *text, size_t step) {
    size_t low = 0, high = text->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        *(text->start[middle] <= step ? &low : &high) = middle;
    }
    return low;
}

static int32_t as_target(int32_t word) {
    return word == VOCABULARY_UNK ? DECODER_NOTHING : word;
}

void text_window_row(const struct text_window *window, size_t row, int32_t *inputs,
                     int32_t *targets) {
    const struct text *text = window->text;
    size_t step = row * text_steps(text, window->rows) + window->first;
    size_t place = find_sentence(text, step);
    for (size_t t = 0; t < window->steps; t++, step++) {
        if (step == text->start[place + 1]) place++;
        const size_t sentence = text->order[place], at = step - text->start[place];
        const int32_t *words = text->words + text->begin[sentence];
        const bool last = at + 1 == sentence_steps(text, sentence);
        inputs[t] = at == 0 ? (int32_t)VOCABULARY_START : words[at - 1];
        targets[t] = last ? (int32_t)VOCABULARY_END : as_target(words[at]);
    }
}

static void say_of(const struct trainer *t, const struct dataset *dataset) {
    char *summary = dataset_summary(dataset, NULL);
    if (summary) trainer_say(t, "%s", summary);
    free(summary);
}

/* A data set of the run while it is read. */
struct reading {
    const struct train_set *set;
    char *name;                                  /* of its parts; not owned */
    struct dataset dataset, other;               /* `other` only with a separate validation set */
    size_t *train, train_count;                  /* indices into `dataset` */
    size_t *validation_photos, validation_count; /* indices into `other`, or `dataset` */
};

static struct dataset *validation_of(struct reading *reading) {
    return reading->set->validation ? &reading->other : &reading->dataset;
}

/* With a separate validation set, photos without a split are for training. */
static void learn_from_unsplit(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        struct dataset_photo *photo = &dataset->photos[i];
        if (photo->split == DATASET_NONE) photo->split = DATASET_TRAIN;
    }
}

static bool read_set(struct trainer *t, struct reading *r, caption_error *error) {
    const struct train_set *set = r->set;
    const struct file_stop stop = trainer_stop(t);
    struct dataset_reading how = set->how;
    how.stop = &stop;
    if (!dataset_read(&r->dataset, set->path, &how, error)) return false;
    if (!set->validation) {
        if (!dataset_split_seeded(&r->dataset, t->options->split_seed, error)) return false;
        say_of(t, &r->dataset);
        if (r->dataset.split_seeded)
            trainer_say(t,
                        "%s: no photos for validation named: they are drawn, by --split-seed %llu",
                        r->dataset.name, (unsigned long long)t->options->split_seed);
        return true;
    }
    learn_from_unsplit(&r->dataset);
    if (!dataset_read(&r->other, set->validation, &how, error)) return false;
    say_of(t, &r->dataset);
    say_of(t, &r->other);
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

/* Removes unreadable photos and reports them once. */
static bool check(struct trainer *t, const struct dataset *dataset, size_t *photos, size_t *count,
                  caption_error *error) {
    struct photo_check found;
    const struct photo_check_options options = {
        .missing = t->options->fail_missing ? PHOTO_MISSING_FAIL : PHOTO_MISSING_SKIP,
        .threads = t->threads,
        .progress = t->listener.progress};
    if (!photo_check(dataset, photos, count, &options, &found, error)) return false;
    t->history.summary.missing += found.missing;
    t->history.summary.broken += found.broken;
    char line[sizeof error->message + 128];
    if (photo_check_message(&found, line, sizeof line)) {
        trainer_say(t, "%s: %s", dataset->name, line);
    }
    return true;
}

/* Selects the photos of a data set that are used. */
static bool select_photos(struct trainer *t, struct reading *r, caption_error *error) {
    const bool every = r->set->validation != NULL;
    struct dataset *validation = validation_of(r);
    if (r->set->repeat > 0 &&
        !select_captioned(&r->dataset, DATASET_TRAIN, false, &r->train, &r->train_count, error)) {
        return false;
    }
    return select_captioned(validation, DATASET_VAL, every, &r->validation_photos,
                            &r->validation_count, error) &&
           check(t, &r->dataset, r->train, &r->train_count, error) &&
           check(t, validation, r->validation_photos, &r->validation_count, error);
}

/* Adds more[more_count] to a list, indices into a data set that follows `behind` photos. */
static bool add_photos(size_t **photos, size_t *count, const size_t *more, size_t more_count,
                       size_t behind, caption_error *error) {
    size_t capacity = *count;
    if (!memory_grow(photos, &capacity, *count + more_count, sizeof **photos, "a list of photos",
                     error)) {
        return false;
    }
    for (size_t i = 0; i < more_count; i++) (*photos)[(*count)++] = behind + more[i];
    return true;
}

/* Adds the parts whose validation photos are scored separately. */
static bool add_parts(struct trainer *t, struct reading *r, caption_error *error) {
    struct dataset_parts *parts = &t->history.parts;
    if (!t->options->by_source)
        return dataset_parts_add(parts, r->validation_count, r->name, error);
    return dataset_parts_add_sources(parts, validation_of(r), r->validation_photos,
                                     r->validation_count, r->name, error);
}

/* Adds a data set to the run: its photos follow those of the others. */
static bool take_in(struct trainer *t, struct reading *r, struct epoch_share *share,
                    caption_error *error) {
    *share = (struct epoch_share){t->train_count, r->train_count, r->set->repeat};
    if (!add_parts(t, r, error) ||
        !add_photos(&t->train, &t->train_count, r->train, r->train_count, t->dataset.photo_count,
                    error) ||
        !add_photos(&t->validation_photos, &t->validation_count, r->validation_photos,
                    r->validation_count, t->validation->photo_count, error)) {
        return false;
    }
    t->history.summary.wordless += r->dataset.wordless + r->other.wordless;
    return dataset_append(&t->dataset, &r->dataset, error) &&
           (!r->set->validation || dataset_append(&t->other, &r->other, error));
}

/* From here on photos are decoded, by threads. */
static bool begin_work(struct trainer *t, const struct reading *readings, caption_error *error) {
    const struct train_listener *listener = &t->listener;
    const size_t count = 2 * t->options->set_count;
    const struct dataset **sets = memory_zeroed(count, sizeof *sets, "data sets", error);
    if (!sets) return false;
    for (size_t i = 0; i < count; i++)
        sets[i] = i % 2 ? &readings[i / 2].other : &readings[i / 2].dataset;
    const bool confined =
        !listener->confine ||
        listener->confine(listener->context, sets, count, ranks_count(t->ranks) == 1, error);
    free((void *)sets);
    t->threads = confined ? threads_new(t->options->threads, error) : NULL;
    return t->threads && blas_reserve(threads_count(t->threads), error);
}

static bool read_all(struct trainer *t, struct reading *readings, caption_error *error) {
    const size_t count = t->options->set_count;
    for (size_t i = 0; i < count; i++) {
        if (!read_set(t, &readings[i], error)) return false;
    }
    if (!begin_work(t, readings, error)) return false;
    for (size_t i = 0; i < count; i++) {
        if (!select_photos(t, &readings[i], error)) return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!take_in(t, &readings[i], &t->shares[i], error)) return false;
    }
    return true;
}

static struct reading *new_readings(const struct train_options *o, char **names,
                                    caption_error *error) {
    struct reading *readings = memory_zeroed(o->set_count, sizeof *readings, "data sets", error);
    for (size_t i = 0; readings && i < o->set_count; i++) {
        readings[i].set = &o->sets[i];
        readings[i].name = names[i];
    }
    return readings;
}

static void free_readings(struct reading *readings, size_t count) {
    for (size_t i = 0; readings && i < count; i++) {
        dataset_free(&readings[i].dataset);
        dataset_free(&readings[i].other);
        free(readings[i].train);
        free(readings[i].validation_photos);
    }
    free(readings);
}

static char **name_sets(const struct train_options *o, caption_error *error) {
    const char **paths = memory_zeroed(o->set_count, sizeof *paths, "names", error);
    char **names = NULL;
    for (size_t i = 0; paths && i < o->set_count; i++) paths[i] = o->sets[i].path;
    if (paths) names = dataset_names(paths, o->set_count, error);
    free((void *)paths);
    return names;
}

bool train_data_read(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    t->validation = o->sets[0].validation ? &t->other : &t->dataset;
    t->shares = memory_zeroed(o->set_count, sizeof *t->shares, "data sets", error);
    t->set_names = t->shares ? name_sets(o, error) : NULL;
    struct reading *readings = t->set_names ? new_readings(o, t->set_names, error) : NULL;
    const bool ok = readings && read_all(t, readings, error);
    free_readings(readings, o->set_count);
    return ok;
}

static bool check_style(const struct trainer *t, const char *name, caption_error *error) {
    const size_t style = styles_find(&t->model.styles, name);
    for (size_t i = 0; i < t->train_count; i++) {
        if (t->styles[i] == style) return true;
    }
    return error_set(
        error, CAPTION_ERROR_ARGUMENT,
        "styles: expected the name of a data set or of a \"source\" of photos to learn "
        "from, found \"%.80s\"",
        name);
}

bool train_data_find_styles(struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    if (t->model.styles.count == 0) return true;
    t->styles = memory_zeroed(t->train_count, sizeof *t->styles, "the styles of photos", error);
    if (!t->styles) return false;
    for (size_t set = 0; set < o->set_count; set++) {
        const struct epoch_share *share = &t->shares[set];
        for (size_t i = share->first; i < share->first + share->count; i++) {
            t->styles[i] = styles_of(&t->model.styles, t->dataset.photos[t->train[i]].source,
                                     t->set_names[set]);
        }
    }
    for (size_t i = 0; i < o->style_count; i++) {
        if (!check_style(t, o->styles[i], error)) return false;
    }
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

/* How the photos are divided, if they are. */
static uint64_t hash_parts(uint64_t hash, const struct trainer *t) {
    const struct dataset_parts *parts = &t->history.parts;
    for (size_t i = 0; t->options->set_count > 1 && i < t->options->set_count; i++) {
        hash = hash_bytes(hash, &t->shares[i].count, sizeof t->shares[i].count);
    }
    for (size_t i = 0; parts->count > 1 && i < parts->count; i++) {
        hash = hash_string(hash, parts->items[i].name);
        hash = hash_bytes(hash, &parts->items[i].count, sizeof parts->items[i].count);
    }
    return hash;
}

uint64_t train_data_hash(const struct trainer *t) {
    uint64_t hash = hash_photos(HASH_START, &t->dataset, t->train, t->train_count);
    hash = hash_photos(hash, t->validation, t->validation_photos, t->validation_count);
    hash = hash_parts(hash, t);
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

static void say_shares(const struct trainer *t) {
    const size_t count = t->options->set_count;
    for (size_t i = 0; count > 1 && i < count; i++) {
        const struct epoch_share *share = &t->shares[i];
        trainer_say(t, "%s: %zu photos to learn from, shown %zu times an epoch in all",
                    t->options->sets[i].path, share->count, epoch_plan_showings(share));
    }
}

static void say_parts(const struct trainer *t) {
    const struct dataset_parts *parts = &t->history.parts;
    for (size_t i = 0; parts->count > 1 && i < parts->count; i++) {
        trainer_say(t, "%s: scored by itself, %zu photos to validate on", parts->items[i].name,
                    parts->items[i].count);
    }
}

static void say_text(const struct trainer *t) {
    const struct text *text = &t->text;
    struct text_stream line;
    if (text->count == 0 || !text_stream_open(&line, "a summary", NULL)) return;
    fprintf(line.stream, "%zu sentences of text, %.1f %% of their words in the vocabulary",
            text->count, 100 * (double)text->known / (double)text->begin[text->count]);
    text_faults_write(&text->faults, line.stream);
    char *summary = text_stream_close(&line, NULL);
    if (summary) trainer_say(t, "%s", summary);
    free(summary);
}

void train_data_summarise(struct trainer *t) {
    struct train_summary *s = &t->history.summary;
    s->train_photos = t->train_count;
    s->validation_photos = t->validation_count;
    s->captions = 0;
    for (size_t i = 0; i < t->train_count; i++) {
        s->captions += t->dataset.photos[t->train[i]].count;
    }
    s->words = t->model.vocabulary.count - VOCABULARY_SPECIALS;
    s->longest = t->captions.longest;
    s->coverage = coverage(t);
    trainer_say(t, "%zu photos to learn from with %zu captions, %zu photos to validate on",
                s->train_photos, s->captions, s->validation_photos);
    say_shares(t);
    say_parts(t);
    trainer_say(t,
                "a vocabulary of %zu words holds %.1f %% of those in the captions, the longest "
                "of which has %zu",
                s->words, 100 * s->coverage, s->longest);
    say_text(t);
}

size_t train_data_pseudo_photos(const struct trainer *trainer) {
    const size_t each = trainer->options->text_captions;
    return each > 0 ? (trainer->pseudo.count + each - 1) / each : 0;
}

size_t train_data_photos(const struct trainer *trainer) {
    return trainer->train_count + train_data_pseudo_photos(trainer);
}

static struct captions_part pseudo_captions(const struct trainer *trainer, size_t index) {
    const size_t each = trainer->options->text_captions, first = index * each;
    return (struct captions_part){&trainer->pseudo, first,
                                  size_smaller(trainer->pseudo.count - first, each)};
}

struct captions_part train_data_captions(const struct trainer *trainer, size_t index) {
    if (index >= trainer->train_count)
        return pseudo_captions(trainer, index - trainer->train_count);
    const struct dataset_photo *photo = &trainer->dataset.photos[trainer->train[index]];
    return (struct captions_part){&trainer->captions, photo->first, photo->count};
}

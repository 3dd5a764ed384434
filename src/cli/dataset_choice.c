#include "cli/dataset_choice.h"

#include <stdlib.h>

#include "base/terminal.h"

void dataset_choice_recount(struct dataset_choice *choice) {
    choice->references = 0;
    for (size_t i = 0; i < choice->count; i++) {
        choice->references += choice->dataset.photos[choice->photos[i]].count;
    }
}

/* What the trainer validates on is there to be asked for; the train photos that a data set names
 * itself stay all of them. */
static bool make_split(struct dataset *dataset, enum dataset_split split, uint64_t seed,
                       caption_error *error) {
    const bool made = split == DATASET_VAL || (split == DATASET_TRAIN && !dataset->split_given);
    return !made || dataset_split_seeded(dataset, seed, error);
}

static bool select_photos(struct dataset_choice *choice,
                          const struct dataset_choice_options *options, caption_error *error) {
    enum dataset_split split;
    bool every;
    if (!dataset_split_parse(options->split, &split, &every)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--split: '%s' is not one of train, val, test, all", options->split);
    }
    if (!make_split(&choice->dataset, split, options->seed, error) ||
        !dataset_select(&choice->dataset, split, every, &choice->photos, &choice->count, error)) {
        return false;
    }
    const size_t all = choice->count;
    choice->count = dataset_keep_captioned(&choice->dataset, choice->photos, all);
    choice->uncaptioned = all - choice->count;
    dataset_choice_recount(choice);
    if (choice->count > 0) return true;
    return error_set(error, CAPTION_ERROR_FORMAT,
                     "%s: expected photos with captions to score by, found none among %zu",
                     choice->dataset.name, all);
}

bool dataset_choice_open(struct dataset_choice *choice,
                         const struct dataset_choice_options *options, caption_error *error) {
    *choice = (struct dataset_choice){0};
    if (!dataset_read(&choice->dataset, options->path, &options->how, error)) return false;
    bool ok = select_photos(choice, options, error);
    if (!ok) dataset_choice_free(choice);
    return ok;
}

void dataset_choice_free(struct dataset_choice *choice) {
    free(choice->photos);
    dataset_free(&choice->dataset);
    *choice = (struct dataset_choice){0};
}

bool dataset_choice_check(struct dataset_choice *choice, const struct photo_check_options *options,
                          struct photo_check *check, caption_error *error) {
    bool ok = photo_check(&choice->dataset, choice->photos, &choice->count, options, check, error);
    dataset_choice_recount(choice);
    return ok;
}

static void tell_count(const char *command, const char *path, size_t count, const char *what,
                       const char *lack, FILE *stream) {
    if (count == 0) return;
    fprintf(stream, "%s: ", command);
    plain_text_write(stream, path);
    fprintf(stream, ": %zu %s%s without %s left out\n", count, what, count == 1 ? "" : "s", lack);
}

void dataset_choice_tell(const struct dataset_choice *choice,
                         const struct dataset_choice_options *options, const char *command,
                         FILE *stream) {
    const struct dataset *dataset = &choice->dataset;
    if (dataset->split_seeded) {
        fprintf(stream,
                "%s: %s: no photos for validation named: --split %s is %zu of %zu photos, by "
                "--split-seed %llu\n",
                command, dataset->name, options->split, choice->count + choice->uncaptioned,
                dataset->photo_count, (unsigned long long)options->seed);
    }
    tell_count(command, dataset->name, dataset->without_text, "photo", "captions beside it",
               stream);
    tell_count(command, dataset->name, dataset->without_photo, "row", "a photo", stream);
    tell_count(command, dataset->name, dataset->orphans, "annotation", "its photo", stream);
    tell_count(command, dataset->name, choice->uncaptioned, "photo", "captions", stream);
    if (dataset->failed > 0)
        fprintf(stream, "%s: %s: %zu row%s with an error left out\n", command, dataset->name,
                dataset->failed, dataset->failed == 1 ? "" : "s");
    tell_count(command, dataset->name, dataset->wordless, "caption", "words", stream);
}

bool set_lists_check(const struct options_list *list, const char *flag, size_t sets,
                     bool one_for_all, caption_error *error) {
    if (list->count == 0 || list->count == sets || (one_for_all && list->count == 1)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s: expected %s%zu value%s, one for each data set, found %zu", flag,
                     one_for_all && sets > 1 ? "1 or " : "", sets, sets == 1 ? "" : "s",
                     list->count);
}

const char *set_lists_value(const struct options_list *list, size_t set) {
    if (list->count == 0) return NULL;
    return list->items[list->count == 1 ? 0 : set];
}

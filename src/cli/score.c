/* caption score RESULTS DATASET: scores captions made elsewhere. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/dataset_choice.h"
#include "eval/results.h"
#include "eval/scores.h"
#include "report/score_table.h"

static const char name[] = "caption score";

struct score_options {
    struct dataset_choice_options data;
    const char *results;
    bool json;
};

static void tell_failed(const struct score_options *options, size_t count) {
    if (count == 0) return;
    fprintf(stderr, "%s: ", name);
    plain_text_write(stderr, options->results);
    fprintf(stderr, ": %zu photo%s with an error in place of a caption left out\n", count,
            count == 1 ? "" : "s");
}

static bool score(const struct score_options *options, struct dataset_choice *choice,
                  caption_error *error) {
    const size_t all = choice->count;
    struct tokens *candidates =
        memory_zeroed(choice->count, sizeof *candidates, "the captions", error);
    if (!candidates) return false;
    bool done = results_read(options->results, &choice->dataset, choice->photos, &choice->count,
                             candidates, error);
    if (done) {
        tell_failed(options, all - choice->count);
        dataset_choice_recount(choice);
        struct score_table table = {.photos = choice->count, .references = choice->references};
        const struct dataset_selection photos = {&choice->dataset, choice->photos, choice->count};
        done = photo_scores_compute(&photos, candidates, &table.scores, &table.distinct, NULL,
                                    error) &&
               score_table_write(&table, options->json, stdout, error);
        for (size_t i = 0; i < choice->count; i++) tokens_free(&candidates[i]);
    }
    free(candidates);
    return done;
}

static bool run(const struct score_options *options, caption_error *error) {
    struct dataset_choice choice;
    if (!dataset_choice_open(&choice, &options->data, error)) return false;
    dataset_choice_tell(&choice, &options->data, name, stderr);
    bool done = score(options, &choice, error);
    dataset_choice_free(&choice);
    return done;
}

int command_score(int argc, char **argv) {
    struct score_options options = {.data = {.split = "all", .seed = 1}};
    const struct options_row rows[] = {
        DATASET_CHOICE_FLAGS(options.data.how),
        {0, "split", OPTIONS_CHOICE, &options.data.split, "train|val|test|all", 0, 0,
         "which photos are scored; each needs a caption", NULL},
        {0, "split-seed", OPTIONS_SEED, &options.data.seed, "N", 0, 0,
         "chooses a tenth of the photos as val where the data set names none", NULL},
        {0, "json", OPTIONS_ON, &options.json, NULL, 0, 0,
         "one JSON object, scores as fractions, instead of the table (x 100)", NULL},
    };
    const struct options_group groups[] = {{"Options", rows, sizeof rows / sizeof *rows}};
    const struct options_command command = {
        name,
        "[OPTIONS] RESULTS DATASET",
        "Scores captions made elsewhere against the captions of a data set. RESULTS is a JSON\n"
        "array or JSON Lines of {\"image_id\" | \"file_name\" | \"path\", \"caption\"}, a CSV\n"
        "with such columns, or what `caption` prints of photos.\n" DATASET_CHOICE_FORMATS,
        groups,
        1,
        NULL};
    int status;
    const int first = command_begin(&command, argc, argv, 2, 2, &status);
    if (!first) return status;
    options.results = argv[first];
    options.data.path = argv[first + 1];
    caption_error error;
    status = run(&options, &error) ? COMMAND_DONE : command_error(&command, &error);
    return command_finish(&command, status);
}

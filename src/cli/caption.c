/* caption PATH...: photos in, sentences out. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "caption.h"
#include "cli/command.h"
#include "cli/decoding_options.h"
#include "cli/interrupt.h"
#include "cli/photo_list.h"
#include "report/caption_rows.h"

/* Photos captioned at a time: enough to fill the batch, few enough to see the first ones soon. */
enum { BLOCK = 64 };

struct caption_task {
    const struct options_command *command;
    const caption_model *model;
    const caption_options *options;
    struct caption_rows rows;
    bool failed; /* a photo or an argument could not be read */
};

static void tell(struct caption_task *task, const caption_error *error) {
    command_error(task->command, error);
    task->failed = true;
}

static bool write_block(struct caption_task *task, const char *const *paths, size_t count,
                        const caption_result *results, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (results[i].count == 0) tell(task, &results[i].error);
        if (!caption_rows_write(&task->rows, paths[i], &results[i], error)) return false;
    }
    return command_flush(error);
}

/* Captions `count` photos of the list from number `first` on. */
static bool caption_block(struct caption_task *task, const struct photo_list *list, size_t first,
                          size_t count, caption_error *error) {
    const char *const *paths = (const char *const *)list->paths + first;
    caption_result results[BLOCK];
    caption_options options = *task->options;
    options.first_photo = first;
    if (!caption_photos(task->model, paths, count, &options, results, error)) return false;
    bool written = write_block(task, paths, count, results, error);
    caption_results_free(results, count);
    return written;
}

static bool caption_list(struct caption_task *task, const struct photo_list *list,
                         caption_error *error) {
    for (size_t first = 0; first < list->count; first += BLOCK) {
        if (interrupt_came()) return error_set(error, CAPTION_ERROR_INTERRUPTED, "interrupted");
        size_t rest = list->count - first;
        if (!caption_block(task, list, first, rest < BLOCK ? rest : BLOCK, error)) return false;
    }
    return true;
}

/* Arguments that stand for no photos are told like photos that cannot be read. */
static bool list_photos(struct caption_task *task, char **arguments, int count,
                        struct photo_list *list, caption_error *error) {
    for (int i = 0; i < count; i++) {
        caption_error problem;
        if (photo_list_add(list, arguments[i], &problem)) continue;
        if (problem.status == CAPTION_ERROR_MEMORY) {
            *error = problem;
            return false;
        }
        tell(task, &problem);
        caption_result none = {.error = problem};
        if (!caption_rows_write(&task->rows, arguments[i], &none, error)) return false;
    }
    return true;
}

static int run(struct caption_task *task, const char *model_file, char **arguments, int count) {
    caption_error error;
    caption_model *model = caption_model_open(model_file, &error);
    if (!model) return command_error(task->command, &error);
    task->model = model;
    struct photo_list list = {0};
    bool done = list_photos(task, arguments, count, &list, &error);
    task->rows.with_path = count > 1 || list.folders;
    done = done && caption_list(task, &list, &error);
    photo_list_free(&list);
    caption_model_close(model);
    if (!done) return command_error(task->command, &error);
    return task->failed ? COMMAND_FAILED : COMMAND_DONE;
}

int command_caption(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    bool json_lines = false, logprob = false;
    const struct options_row output[] = {
        {0, "jsonl", OPTIONS_ON, &json_lines, NULL, 0, 0,
         "a line of JSON for each photo: path, caption and logprob, or path and error", NULL},
        {0, "logprob", OPTIONS_ON, &logprob, NULL, 0, 0,
         "put the caption's log-probability before it", NULL},
    };
    const struct options_group groups[] = {
        {"Output", output, sizeof output / sizeof *output},
        decoding_options_group(&decoding),
    };
    const struct options_command command = {
        "caption", "[OPTIONS] PATH...",
        "Says in a sentence what a photo shows. PATH is a photo or a folder of photos.\n"
        "One photo: its caption. Several: PATH<TAB>CAPTION, in the order given, folders by name.\n"
        "\n"
        "Other commands, each with its own --help:\n"
        "  caption train DATASET           learn from photos and captions\n"
        "  caption eval DATASET            caption a data set's photos and score the captions\n"
        "  caption score RESULTS DATASET   score captions made elsewhere\n"
        "  caption info [MODEL]            what a model is and was made from\n",
        groups, sizeof groups / sizeof *groups};
    int first, status;
    if (!command_begin(&command, argc, argv, 1, INT_MAX, &first, &status)) return status;
    decoding_options_settle(&decoding);
    bool n_best = decoding.caption.top > 1;
    struct caption_task task = {
        .command = &command,
        .options = &decoding.caption,
        .rows = {.stream = stdout,
                 .json_lines = json_lines,
                 .with_logprob = logprob || n_best,
                 .n_best = n_best},
    };
    interrupt_listen();
    return command_finish(&command, run(&task, decoding.model, argv + first, argc - first));
}

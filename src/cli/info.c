/* caption info [MODEL]: what a model is, was trained on and scores. */
#include <stdlib.h>

#include "cli/command.h"
#include "model/model.h"
#include "model/model_info.h"
#include "report/json_text.h"

static bool print_json(const struct model *model, const char *path, caption_error *error) {
    cJSON *info = model_info_json(model, path, error);
    if (!info) return false;
    bool done = json_write_line(info, stdout, error);
    cJSON_Delete(info);
    return done;
}

static bool print_text(const struct model *model, const char *path, caption_error *error) {
    char *info = model_info(model, path, error);
    if (!info) return false;
    fputs(info, stdout);
    free(info);
    return true;
}

static bool print_vocabulary(const struct model *model, caption_error *error) {
    char *words = vocabulary_format(&model->vocabulary, error);
    if (!words) return false;
    fputs(words, stdout);
    free(words);
    return true;
}

static bool run(const char *path, bool json, bool vocabulary, caption_error *error) {
    struct model model;
    if (!model_open(&model, path, error)) return false;
    bool done = vocabulary ? print_vocabulary(&model, error)
                : json     ? print_json(&model, path, error)
                           : print_text(&model, path, error);
    model_free(&model);
    return done;
}

int command_info(int argc, char **argv) {
    bool json = false, vocabulary = false;
    const struct options_row rows[] = {
        {0, "json", OPTIONS_ON, &json, NULL, 0, 0, "as one JSON object", NULL},
        {0, "vocabulary", OPTIONS_ON, &vocabulary, NULL, 0, 0,
         "its words instead, WORD<TAB>COUNT a line, most frequent first", NULL},
    };
    const struct options_group groups[] = {{"Options", rows, sizeof rows / sizeof *rows}};
    const struct options_command command = {
        "caption info",
        "[OPTIONS] [MODEL]",
        "Shows what a model is, was trained on and scores; without MODEL, the one that is used\n"
        "when none is named.\n",
        groups,
        1,
        NULL};
    int status;
    const int first = command_begin(&command, argc, argv, 0, 1, &status);
    if (!first) return status;
    caption_error error;
    struct model_place place;
    const char *path = model_path(first < argc ? argv[first] : NULL, &place, &error);
    status = path && run(path, json, vocabulary, &error) ? COMMAND_DONE
                                                         : command_error(&command, &error);
    return command_finish(&command, status);
}

#include "cli/arguments.h"

#include <string.h>
#include <unistd.h>

#include "base/spelling.h"

static const char *const commands[] = {"train",   "eval",  "score",  "info",    "alt",
                                       "suggest", "index", "search", "similar", "serve"};

enum { COMMANDS = sizeof commands / sizeof *commands, FAR = 3 };

static const char *nearest_command(const char *typed) {
    const size_t length = strlen(typed);
    const char *nearest = NULL;
    size_t best = FAR;
    for (size_t i = 0; i < COMMANDS; i++) {
        const size_t distance = spelling_distance(typed, length, commands[i]);
        if (distance >= best || distance >= length) continue;
        best = distance;
        nearest = commands[i];
    }
    return nearest;
}

static bool check_flag(const char *argument, const char *name, caption_error *error) {
    if (strcmp(argument, name) != 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: no such photo or folder, did you mean --%s?", argument, name);
}

static bool check_argument(const char *argument, bool first, caption_error *error) {
    if (access(argument, F_OK) == 0) return true;
    if (!check_flag(argument, "help", error) || !check_flag(argument, "version", error))
        return false;
    const char *command = nearest_command(argument);
    if (!command) return true;
    if (strcmp(argument, command) == 0)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: no such photo or folder, and a command comes first: caption %s ...",
                         argument, command);
    return !first || error_set(error, CAPTION_ERROR_ARGUMENT,
                               "%s: no such photo or folder, did you mean %s? (caption %s --help)",
                               argument, command, command);
}

bool arguments_check(char *const *arguments, int count, caption_error *error) {
    for (int i = 0; i < count; i++)
        if (!check_argument(arguments[i], i == 0, error)) return false;
    return true;
}

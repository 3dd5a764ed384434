#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/completion.h"
#include "cli/manual.h"

static int usage_error(const struct options_command *command, int count, int least, int most) {
    fprintf(stderr, "%s: %d argument%s given, ", command->name, count, count == 1 ? "" : "s");
    if (most == INT_MAX)
        fprintf(stderr, "at least %d expected", least);
    else if (least == most)
        fprintf(stderr, "%d expected", least);
    else
        fprintf(stderr, "%d to %d expected", least, most);
    fprintf(stderr, ": %s %s\nTry '%s --help'.\n", command->name, command->usage, command->name);
    return COMMAND_USAGE;
}

static void show_help(const struct options_command *command, enum options_outcome wanted) {
    switch (wanted) {
    case OPTIONS_MANUAL_WANTED:
        manual_write(command, stdout);
        return;
    case OPTIONS_BASH_WANTED:
    case OPTIONS_ZSH_WANTED:
    case OPTIONS_FISH_WANTED:
        completion_write(command, wanted, stdout);
        return;
    default:
        options_help(command, wanted == OPTIONS_ALL_HELP_WANTED, stdout);
    }
}

int command_begin(const struct options_command *command, int argc, char **argv, int least, int most,
                  int *status) {
    int first;
    const enum options_outcome outcome = options_parse(command, argc, argv, &first, stderr);
    if (outcome == OPTIONS_INVALID) {
        *status = COMMAND_USAGE;
        return 0;
    }
    if (outcome != OPTIONS_PARSED) {
        show_help(command, outcome);
        *status = command_finish(command, COMMAND_DONE);
        return 0;
    }
    const int count = argc - first;
    if (count >= least && count <= most) return first;
    *status = usage_error(command, count, least, most);
    return 0;
}

/* Whether something could not be written to a pipe for its reader has gone. */
static bool output_is_closed(void) {
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return ferror(stdout) && poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int command_error(const struct options_command *command, const caption_error *error) {
    if (output_is_closed()) return COMMAND_CLOSED;
    fprintf(stderr, "%s: %s\n", command->name, error->message);
    if (error->status == CAPTION_ERROR_ARGUMENT) return COMMAND_USAGE;
    if (error->status == CAPTION_ERROR_INTERRUPTED) return COMMAND_INTERRUPTED;
    return COMMAND_FAILED;
}

bool command_flush(caption_error *error) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return error_set(error, CAPTION_ERROR_IO, "standard output: cannot write: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}

int command_finish(const struct options_command *command, int status) {
    if (status != COMMAND_DONE) return status;
    caption_error error;
    return command_flush(&error) ? COMMAND_DONE : command_error(command, &error);
}

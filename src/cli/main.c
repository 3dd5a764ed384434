/* The program, and what its commands share. The first argument may name a command; anything else is
 * a photo to caption ("./train" is a photo or folder named train). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "caption.h"
#include "cli/command.h"

struct named_command {
    const char *name;
    int (*run)(int argc, char **argv);
};

static const struct named_command COMMANDS[] = {
    {"train", command_train}, {"eval", command_eval},     {"score", command_score},
    {"info", command_info},   {"alt", command_alt},       {"suggest", command_suggest},
    {"index", command_index}, {"search", command_search}, {"similar", command_similar},
    {"serve", command_serve},
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS, FAR = 3 };

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

/* Whether something could not be written to a pipe for its reader has gone: a row, or a file that
 * is standard output. */
static bool output_is_closed(const caption_error *error) {
    static const char file[] = "/dev/stdout: ";
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    const bool failed = ferror(stdout) || strncmp(error->message, file, sizeof file - 1) == 0;
    return failed && poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int command_error(const struct options_command *command, const caption_error *error) {
    if (output_is_closed(error)) return COMMAND_CLOSED;
    fprintf(stderr, "%s: %s\n", command->name, error->message);
    if (error->status == CAPTION_ERROR_ARGUMENT) return COMMAND_USAGE;
    if (error->status == CAPTION_ERROR_INTERRUPTED) return COMMAND_INTERRUPTED;
    return COMMAND_FAILED;
}

void command_unknown_word(const char *command, const char *word) {
    fprintf(stderr, "%s: the model does not know the word \"", command);
    plain_text_write_line(stderr, word);
    fputs("\"\n", stderr);
}

int command_photos(bool interrupted, size_t failed) {
    if (interrupted) return COMMAND_INTERRUPTED;
    return failed > 0 ? COMMAND_FAILED : COMMAND_DONE;
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

static const char *nearest_command(const char *typed) {
    const size_t length = strlen(typed);
    const char *nearest = NULL;
    size_t best = FAR;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const size_t distance = options_distance(typed, length, COMMANDS[i].name);
        if (distance >= best || distance >= length) continue;
        best = distance;
        nearest = COMMANDS[i].name;
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

/* A signal handler can speak to the program in no other way. */
static volatile sig_atomic_t came;

static void remember(int number) {
    if (came) { /* a signal of another kind came before */
        signal(number, SIG_DFL);
        raise(number);
    }
    came = 1;
}

void interrupt_listen(void) {
    struct sigaction action = {.sa_handler = remember};
    /* A write that is under way goes on: half a row would be lost otherwise. */
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* not under nohup */
        sigaction(SIGHUP, &action, NULL);
}

bool interrupt_came(void) {
    return came != 0;
}

bool interrupt_stops(void *context) {
    (void)context;
    return interrupt_came();
}

/* A shell's completion: each command writes its own part, captioning the last. */
static int print_completion(enum options_outcome shell, char *flag) {
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = COMMANDS[i].name;
    completion_begin(shell, names, COMMAND_COUNT, stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char *arguments[] = {(char *)(uintptr_t)names[i], flag, NULL};
        const int status = COMMANDS[i].run(2, arguments);
        if (status != COMMAND_DONE) return status;
    }
    char *arguments[] = {"caption", flag, NULL};
    const int status = command_caption(2, arguments);
    if (status != COMMAND_DONE) return status;
    completion_end(shell, names, COMMAND_COUNT, stdout);
    static const struct options_command command = {.name = "caption"};
    return command_finish(&command, COMMAND_DONE);
}

static int print_version(void) {
    static const struct options_command command = {.name = "caption"};
    printf("caption %s\n", CAPTION_VERSION);
    return command_finish(&command, COMMAND_DONE);
}

/* Standard input, output or errors that are closed would be the next files that are opened: a model
 * would be read as a photo, messages written into a page. They become /dev/null, or a folder where
 * that is not there, opened so that reading or writing fails as before. Where another program, such
 * as Node, has made them non-blocking, what a slow reader does not take at once would be lost. */
static bool prepare_streams(void) {
    static const int flags[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        const int state = fcntl(stream, F_GETFL);
        if (state < 0 && errno == EBADF && open("/dev/null", flags[stream]) != stream &&
            open("/", O_RDONLY) != stream)
            return false;
        if (state >= 0 && (state & O_NONBLOCK) != 0) fcntl(stream, F_SETFL, state & ~O_NONBLOCK);
    }
    return true;
}

int main(int argc, char **argv) {
    if (!prepare_streams()) return COMMAND_FAILED; /* there is nowhere to say so */
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error: see command_error */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
        return print_version();
    enum options_outcome shell;
    if (argc == 2 && completion_of_flag(argv[1], &shell)) return print_completion(shell, argv[1]);
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0) return COMMANDS[i].run(argc - 1, argv + 1);
    return command_caption(argc, argv);
}

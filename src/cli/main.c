/* The program. The first argument may name a command; anything else is a photo to caption
 * ("./train" is a photo or folder named train). */
#include <signal.h>
#include <stdint.h>
#include <string.h>

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

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

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

int main(int argc, char **argv) {
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

/* Command lines, an argument a line: numbers stay in their range whatever they are written like. */
#include "cli/options.h"
#include "fuzz.h"

enum { MOST_ARGUMENTS = 32 };

struct values {
    size_t whole;
    uint64_t seed;
    float number;
    const char *choice, *optional, *output, *file;
    struct options_list list, repeated;
    bool on;
};

static void parse(int argc, char **argv) {
    struct values v = {.whole = 1, .number = 0.5F, .choice = "one"};
    const struct options_row rows[] = {
        {'w', "whole", OPTIONS_SIZE, &v.whole, "N", 1, 100, "a whole number", NULL},
        {0, "seed", OPTIONS_SEED, &v.seed, "N", 0, 0, "a seed", NULL},
        {'x', "a-number", OPTIONS_FLOAT, &v.number, "X", 0, 1, "a number", NULL},
        {0, "choice", OPTIONS_CHOICE, &v.choice, "one|two", 0, 0, "one of two", NULL},
        {0, "optional", OPTIONS_OPTIONAL, &v.optional, "N", 0, 0, "perhaps", NULL},
        {0, "output", OPTIONS_OUTPUT, &v.output, "FILE", 0, 0, "a page", NULL},
        {'o', "file", OPTIONS_FILE, &v.file, "FILE", 0, 0, "a model", NULL},
        {0, "numbers", OPTIONS_NUMBERS, &v.list, "X", 0, 1, "several", NULL},
        {0, "repeated", OPTIONS_REPEATED, &v.repeated, "X", 0, 0, "several times", NULL},
        {0, "on", OPTIONS_ON, &v.on, NULL, 0, 0, "a switch", NULL},
    };
    const struct options_group group = {"Flags", rows, sizeof rows / sizeof *rows};
    const struct options_command command = {"fuzz", "[OPTIONS]", "Nothing.\n", &group, 1, NULL};
    static FILE *messages;
    if (!messages) messages = fopen("/dev/null", "w");
    FUZZ_MUST(messages != NULL);
    int first;
    options_parse(&command, argc, argv, &first, messages);
    options_help(&command, true, messages);
    FUZZ_MUST(v.whole >= 1 && v.whole <= 100);
    FUZZ_MUST(v.number >= 0 && v.number <= 1);
    FUZZ_MUST(!v.output || strcmp(v.output, "-") != 0);
    FUZZ_MUST(!v.file || strcmp(v.file, "-") != 0);
    options_list_free(&v.list);
    options_list_free(&v.repeated);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *text = fuzz_text(bytes, size), name[] = "fuzz";
    char *argv[MOST_ARGUMENTS + 1] = {name};
    int argc = 1;
    struct shard shard;
    caption_error error = {0};
    if (shard_parse(text, &shard, &error))
        FUZZ_MUST(shard.index >= 1 && shard.index <= shard.count);
    else
        fuzz_check_error(&error);
    for (char *line = text; line && argc < MOST_ARGUMENTS;) {
        char *end = strchr(line, '\n');
        if (end) *end++ = '\0';
        argv[argc++] = line;
        line = end;
    }
    parse(argc, argv);
    free(text);
    return 0;
}

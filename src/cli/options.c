#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/terminal.h"

/* getopt_long's answer for row i is FIRST_ROW + i: above every character. */
enum {
    FIRST_ROW = 256,
    HELP = FIRST_ROW - 6, /* and those after it in HELP_FLAGS */
    HELP_COLUMN = 30,
    HELP_WIDTH = 98
};

/* In the order of enum options_outcome. */
static const char *const HELP_FLAGS[] = {"help",      "help-all", "help-man",
                                         "help-bash", "help-zsh", "help-fish"};
enum { HELP_COUNT = sizeof HELP_FLAGS / sizeof *HELP_FLAGS };

/* What getopt_long is given. */
struct grammar {
    struct option *flags;
    char *letters; /* ":hb:m:" */
    char *names;   /* storage of the spellings with _ */
};

bool options_takes_value(const struct options_row *row) {
    return row->type != OPTIONS_ON && row->type != OPTIONS_OFF;
}

static int argument_of(const struct options_row *row) {
    if (row->type == OPTIONS_OPTIONAL) return optional_argument;
    return options_takes_value(row) ? required_argument : no_argument;
}

static const struct options_row *row_at(const struct options_command *command, size_t index) {
    for (size_t g = 0; g < command->group_count; g++) {
        if (index < command->groups[g].count) return &command->groups[g].rows[index];
        index -= command->groups[g].count;
    }
    return NULL;
}

static const struct options_row *row_of_letter(const struct options_command *command, int letter) {
    const struct options_row *row;
    for (size_t i = 0; (row = row_at(command, i)) != NULL; i++)
        if (row->letter && row->letter == letter) return row;
    return NULL;
}

static void grammar_free(struct grammar *grammar) {
    free(grammar->flags);
    free(grammar->letters);
    free(grammar->names);
}

static bool grammar_new(const struct options_command *command, struct grammar *grammar) {
    size_t rows = 0, bytes = 1;
    for (const struct options_row *row; (row = row_at(command, rows)) != NULL; rows++)
        bytes += strlen(row->name) + 1;
    grammar->flags = calloc(2 * rows + HELP_COUNT + 1, sizeof *grammar->flags);
    grammar->letters = calloc(2 * rows + 3, 1);
    grammar->names = calloc(bytes, 1);
    if (!grammar->flags || !grammar->letters || !grammar->names) {
        grammar_free(grammar);
        return false;
    }
    char *letter = grammar->letters, *name = grammar->names;
    *letter++ = ':';
    *letter++ = 'h';
    struct option *flag = grammar->flags;
    for (int i = 0; i < HELP_COUNT; i++)
        *flag++ = (struct option){HELP_FLAGS[i], no_argument, NULL, HELP + i};
    for (size_t i = 0; i < rows; i++) {
        const struct options_row *row = row_at(command, i);
        int argument = argument_of(row);
        *flag++ = (struct option){row->name, argument, NULL, FIRST_ROW + (int)i};
        if (strchr(row->name, '-')) {
            *flag++ = (struct option){name, argument, NULL, FIRST_ROW + (int)i};
            for (const char *c = row->name; *c; c++) *name++ = *c == '-' ? '_' : *c;
            name++;
        }
        if (!row->letter) continue;
        *letter++ = row->letter;
        if (argument == required_argument) *letter++ = ':';
    }
    return true;
}

/* Whether `word` is one of the words of `list`, which `separator` parts. */
static bool is_word_of(const char *list, char separator, const char *word) {
    const size_t length = strlen(word);
    if (length == 0 || strchr(word, separator)) return false;
    for (const char *c = list; c != NULL; c = strchr(c, separator)) {
        if (*c == separator) c++;
        if (strncmp(c, word, length) == 0 && (c[length] == separator || c[length] == 0))
            return true;
    }
    return false;
}

/* Decimal digits only: no sign, no space, nothing after. */
static bool parse_whole(const char *text, uint64_t *out) {
    if (!isdigit((unsigned char)*text)) return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != 0) return false;
    *out = value;
    return true;
}

static bool parse_float(const char *text, double *out) {
    if (isspace((unsigned char)*text)) return false;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !isfinite(value)) return false;
    *out = value;
    return true;
}

static bool set_size(const struct options_row *row, const char *text) {
    uint64_t value;
    if (!parse_whole(text, &value) || value > SIZE_MAX) return false;
    if ((double)value < row->minimum || (double)value > row->maximum) return false;
    *(size_t *)row->target = (size_t)value;
    return true;
}

static bool parse_number(const struct options_row *row, const char *text, double *out) {
    return parse_float(text, out) && *out >= row->minimum && *out <= row->maximum;
}

static bool set_float(const struct options_row *row, const char *text) {
    double value;
    if (!parse_number(row, text, &value)) return false;
    *(float *)row->target = (float)value;
    return true;
}

static bool set_string(const struct options_row *row, const char *text) {
    if (row->type == OPTIONS_CHOICE && !is_word_of(row->value, '|', text)) return false;
    const bool is_stream = strcmp(text, "-") == 0;
    if (row->type == OPTIONS_FILE && is_stream) return false;
    *(const char **)row->target = row->type == OPTIONS_OUTPUT && is_stream ? "/dev/stdout" : text;
    return true;
}

static bool add_to_list(struct options_list *list, const char *text) {
    if (!memory_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items, "flags",
                     NULL)) {
        return false;
    }
    list->items[list->count++] = text;
    return true;
}

static bool add_number(const struct options_row *row, const char *text) {
    double value;
    return parse_number(row, text, &value) && add_to_list(row->target, text);
}

void options_list_free(struct options_list *list) {
    free((void *)list->items);
    *list = (struct options_list){0};
}

static bool set_value(const struct options_row *row, const char *text) {
    switch (row->type) {
    case OPTIONS_ON:
    case OPTIONS_OFF:
        *(bool *)row->target = row->type == OPTIONS_ON;
        return true;
    case OPTIONS_STRING:
    case OPTIONS_OUTPUT:
    case OPTIONS_FILE:
    case OPTIONS_CHOICE:
    case OPTIONS_OPTIONAL:
        return set_string(row, text ? text : "");
    case OPTIONS_SIZE:
        return set_size(row, text);
    case OPTIONS_SEED:
        return parse_whole(text, row->target);
    case OPTIONS_FLOAT:
        return set_float(row, text);
    case OPTIONS_REPEATED:
    case OPTIONS_LIST:
        return add_to_list(row->target, text);
    case OPTIONS_NUMBERS:
        return add_number(row, text);
    }
    return false;
}

static void tell_expected(const struct options_row *row, FILE *messages) {
    switch (row->type) {
    case OPTIONS_FILE:
        fprintf(messages, "the name of a file; ./- would be one");
        break;
    case OPTIONS_CHOICE:
        fprintf(messages, "one of %s", row->value);
        break;
    case OPTIONS_SIZE:
        fprintf(messages, "a whole number from %.0f to %.0f", row->minimum, row->maximum);
        break;
    case OPTIONS_SEED:
        fprintf(messages, "a whole number below 2^64");
        break;
    default:
        fprintf(messages, "a number from %g to %g", row->minimum, row->maximum);
        break;
    }
}

static enum options_outcome invalid(const struct options_command *command, FILE *messages) {
    fprintf(messages, "Try '%s --help'.\n", command->name);
    return OPTIONS_INVALID;
}

static enum options_outcome set_row(const struct options_command *command,
                                    const struct options_row *row, const char *text,
                                    FILE *messages) {
    if (set_value(row, text)) {
        if (row->given) *row->given = true;
        return OPTIONS_PARSED;
    }
    fprintf(messages, "%s: --%s: '", command->name, row->name);
    plain_text_write_line(messages, text);
    fprintf(messages, "' is not ");
    tell_expected(row, messages);
    fprintf(messages, "\n");
    return invalid(command, messages);
}

static const char *nearest_name(const struct options_command *command, const char *typed) {
    const char *nearest = NULL;
    size_t length = strcspn(typed, "="), best = 3;
    const struct options_row *row;
    for (size_t i = 0; (row = row_at(command, i)) != NULL; i++) {
        size_t d = options_distance(typed, length, row->name);
        if (d >= best || d >= length) continue;
        best = d;
        nearest = row->name;
    }
    return nearest;
}

/* Whether a flag begins with what was typed, - and _ alike. */
static bool begins(const char *name, const char *typed, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (name[i] != (typed[i] == '_' ? '-' : typed[i])) return false;
    return length > 0;
}

/* The flags that begin with what was typed, where there are several; else the nearest one. */
static void write_meant(const struct options_command *command, const char *typed, FILE *messages) {
    const size_t length = strcspn(typed, "=");
    const struct options_row *row;
    const char *before = "";
    size_t count = 0;
    for (size_t i = 0; (row = row_at(command, i)) != NULL; i++)
        count += begins(row->name, typed, length);
    for (size_t i = 0; count > 1 && (row = row_at(command, i)) != NULL; i++) {
        if (!begins(row->name, typed, length)) continue;
        fprintf(messages, "%s--%s", *before ? before : " (it begins ", row->name);
        before = ", ";
    }
    const char *nearest = count > 1 ? NULL : nearest_name(command, typed);
    if (nearest) fprintf(messages, " (did you mean --%s?", nearest);
    if (nearest || count > 1) fputc(')', messages);
}

static enum options_outcome unknown_flag(const struct options_command *command, char **argv,
                                         FILE *messages) {
    const struct options_row *row =
        optopt >= FIRST_ROW ? row_at(command, (size_t)(optopt - FIRST_ROW)) : NULL;
    const bool helps = optopt >= HELP && optopt < HELP + HELP_COUNT;
    if (row || helps) {
        fprintf(messages, "%s: --%s takes no value\n", command->name,
                row ? row->name : HELP_FLAGS[optopt - HELP]);
        return invalid(command, messages);
    }
    if (optopt != 0) {
        fprintf(messages, "%s: unknown flag -%c\n", command->name,
                optopt > ' ' && optopt < 0x7f ? optopt : '?');
        return invalid(command, messages);
    }
    const char *typed = argv[optind - 1];
    fprintf(messages, "%s: unknown flag ", command->name);
    plain_text_write_line(messages, typed);
    write_meant(command, typed + 2, messages);
    fprintf(messages, "\n");
    return invalid(command, messages);
}

static enum options_outcome missing_value(const struct options_command *command, FILE *messages) {
    const struct options_row *row = optopt >= FIRST_ROW
                                        ? row_at(command, (size_t)(optopt - FIRST_ROW))
                                        : row_of_letter(command, optopt);
    fprintf(messages, "%s: --%s wants a value: %s\n", command->name, row ? row->name : "",
            row ? row->value : "");
    return invalid(command, messages);
}

static bool is_list(const struct options_row *row) {
    return row->type == OPTIONS_LIST || row->type == OPTIONS_NUMBERS;
}

/* The first value of a list was set: sets the others, up to the next flag. */
static enum options_outcome set_rest(const struct options_command *command,
                                     const struct options_row *row, int argc, char **argv,
                                     FILE *messages) {
    enum options_outcome outcome = OPTIONS_PARSED;
    while (outcome == OPTIONS_PARSED && optind < argc && argv[optind][0] != '-') {
        outcome = set_row(command, row, argv[optind++], messages);
    }
    return outcome;
}

/* The last list of the command line, where it has several values. */
struct last_list {
    const struct options_row *row; /* NULL: it has one, or there is none */
    int value;                     /* its last value is argv[value] */
};

/* Where no argument is left, the last value of that list is one: it moves to the end. */
static void give_back(const struct last_list *last, int argc, char **argv) {
    if (!last->row || optind < argc) return;
    struct options_list *list = last->row->target;
    list->count--;
    char *value = argv[last->value];
    memmove(argv + last->value, argv + last->value + 1,
            (size_t)(argc - 1 - last->value) * sizeof *argv);
    argv[argc - 1] = value;
    optind--;
}

static enum options_outcome parse_all(const struct options_command *command,
                                      const struct grammar *grammar, int argc, char **argv,
                                      FILE *messages) {
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    struct last_list last = {NULL, 0};
    for (int found;
         (found = getopt_long(argc, argv, grammar->letters, grammar->flags, NULL)) != -1;) {
        if (found == 'h') return OPTIONS_HELP_WANTED;
        if (found >= HELP && found < HELP + HELP_COUNT)
            return (enum options_outcome)(OPTIONS_HELP_WANTED + (found - HELP));
        if (found == '?') return unknown_flag(command, argv, messages);
        if (found == ':') return missing_value(command, messages);
        const struct options_row *row = found >= FIRST_ROW
                                            ? row_at(command, (size_t)(found - FIRST_ROW))
                                            : row_of_letter(command, found);
        enum options_outcome outcome = set_row(command, row, optarg, messages);
        if (outcome == OPTIONS_PARSED && is_list(row)) {
            const int second = optind;
            outcome = set_rest(command, row, argc, argv, messages);
            last = (struct last_list){optind > second ? row : NULL, optind - 1};
        }
        if (outcome != OPTIONS_PARSED) return outcome;
    }
    give_back(&last, argc, argv);
    return OPTIONS_PARSED;
}

/* The variable of a flag: "CAPTION_BEAM_SIZE". */
static const char *variable_of(const struct options_row *row, char *name, size_t size) {
    size_t length = (size_t)snprintf(name, size, "CAPTION_%s", row->name);
    for (size_t i = 0; i < length && i + 1 < size; i++)
        name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
    return getenv(name);
}

static enum options_outcome set_from_variable(const struct options_command *command,
                                              const struct options_row *row, const char *name,
                                              const char *text, FILE *messages) {
    const bool optional = row->type == OPTIONS_OPTIONAL;
    const bool counts = optional && strcmp(row->value, "N") == 0; /* 1 is one then */
    const bool on = is_word_of(counts ? "true|yes|on" : "1|true|yes|on", '|', text);
    const bool off = !*text || is_word_of("0|false|no|off", '|', text);
    if (optional ? !off : options_takes_value(row) || on) {
        const char *value = optional && on ? "" : text;
        const enum options_outcome outcome = set_row(command, row, value, messages);
        if (outcome == OPTIONS_INVALID) fprintf(messages, "The value is that of $%s.\n", name);
        return outcome;
    }
    if (off) return OPTIONS_PARSED;
    fprintf(messages, "%s: $%s: '", command->name, name);
    plain_text_write_line(messages, text);
    fprintf(messages, "' is neither 1 nor 0\n");
    return invalid(command, messages);
}

static enum options_outcome parse_environment(const struct options_command *command,
                                              FILE *messages) {
    const struct options_row *row;
    for (size_t i = 0; (row = row_at(command, i)) != NULL; i++) {
        char name[64];
        const char *text = variable_of(row, name, sizeof name);
        const bool is_link = row->type == OPTIONS_SIZE && text && strstr(text, "://");
        if (!text || is_link || is_word_of("model|token", '|', row->name)) continue;
        const enum options_outcome outcome = set_from_variable(command, row, name, text, messages);
        if (outcome != OPTIONS_PARSED) return outcome;
    }
    return OPTIONS_PARSED;
}

enum options_outcome options_parse(const struct options_command *command, int argc, char **argv,
                                   int *first, FILE *messages) {
    struct grammar grammar;
    if (!grammar_new(command, &grammar)) {
        fprintf(messages, "%s: out of memory\n", command->name);
        return OPTIONS_INVALID;
    }
    optind = 1;
    enum options_outcome outcome = parse_environment(command, messages);
    if (outcome == OPTIONS_PARSED) outcome = parse_all(command, &grammar, argc, argv, messages);
    grammar_free(&grammar);
    *first = optind;
    return outcome;
}

/* " (default: X)", the present value of the target, or "" where there is none to show. */
static void write_default(const struct options_row *row, char *out, size_t size) {
    out[0] = 0;
    switch (row->type) {
    case OPTIONS_ON:
    case OPTIONS_OFF:
    case OPTIONS_OPTIONAL:
    case OPTIONS_REPEATED:
    case OPTIONS_LIST:
    case OPTIONS_NUMBERS:
        break;
    case OPTIONS_STRING:
    case OPTIONS_OUTPUT:
    case OPTIONS_FILE:
    case OPTIONS_CHOICE: {
        const char *value = *(const char *const *)row->target;
        if (value) snprintf(out, size, " (default: %s)", value);
        break;
    }
    case OPTIONS_SIZE:
        snprintf(out, size, " (default: %zu)", *(const size_t *)row->target);
        break;
    case OPTIONS_SEED:
        snprintf(out, size, " (default: %llu)", (unsigned long long)*(const uint64_t *)row->target);
        break;
    case OPTIONS_FLOAT:
        snprintf(out, size, " (default: %g)", (double)*(const float *)row->target);
        break;
    }
}

/* Writes words from column `column` on, going on at HELP_COLUMN in a new line where one is full. */
static void write_wrapped(const char *text, size_t column, FILE *stream) {
    while (*text) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " ");
        if (length == 0) break;
        if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
            fprintf(stream, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column +=
            (size_t)fprintf(stream, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)length, text);
        text += length;
    }
    fprintf(stream, "\n");
}

size_t options_first_clause(const char *help) {
    const char *semicolon = strstr(help, "; "), *stop = strstr(help, ". ");
    const size_t length = strlen(help);
    const size_t a = semicolon ? (size_t)(semicolon - help) : length;
    const size_t b = stop ? (size_t)(stop - help) : length;
    return a < b ? a : b;
}

/* Length of a help text without the default that it ends with. */
static size_t length_without_default(const char *help) {
    const char *said = strstr(help, " (default: ");
    const char *end = said ? strchr(said, ')') : NULL;
    return end && end[1] == '\0' ? (size_t)(said - help) : strlen(help);
}

void options_text(const struct options_row *row, bool in_full, char *out, size_t size) {
    char value[256];
    write_default(row, value, sizeof value);
    const size_t all = value[0] ? length_without_default(row->help) : strlen(row->help);
    const size_t clause = options_first_clause(row->help);
    const size_t length = in_full || clause > all ? all : clause;
    snprintf(out, size, "%.*s%s", (int)length, row->help, value);
}

static void write_row(const struct options_row *row, bool in_full, FILE *stream) {
    int column = row->letter ? fprintf(stream, "  -%c, --%s", row->letter, row->name)
                             : fprintf(stream, "      --%s", row->name);
    if (row->value) {
        const bool optional = row->type == OPTIONS_OPTIONAL;
        column += fprintf(stream, optional ? "[=%s]" : " %s", row->value);
    }
    if (column > HELP_COLUMN - 2) {
        fprintf(stream, "\n");
        column = 0;
    }
    fprintf(stream, "%*s", HELP_COLUMN - column, "");
    char text[1024];
    options_text(row, in_full, text, sizeof text);
    write_wrapped(text, HELP_COLUMN, stream);
}

static void write_group(const struct options_command *command, const struct options_group *group,
                        bool all, FILE *stream) {
    bool headed = false;
    for (size_t i = 0; i < group->count; i++) {
        const struct options_row *row = &group->rows[i];
        if (!all && !is_word_of(command->basic, ' ', row->name)) continue;
        if (!headed) fprintf(stream, "\n%s:\n", group->heading);
        headed = true;
        write_row(row, all, stream);
    }
}

void options_help(const struct options_command *command, bool all, FILE *stream) {
    const bool some = !all && command->basic;
    fprintf(stream, "Usage: %s %s\n\n%s", command->name, command->usage, command->about);
    for (size_t i = 0; i < command->group_count; i++)
        write_group(command, &command->groups[i], !some, stream);
    fprintf(stream,
            some ? "\n  -h, --help                  this text; --help-all: every flag\n"
                 : "\n  -h, --help                  this text; --help-man: as a manual page\n"
                   "Each may be set in the environment: CAPTION_MAX_PIXELS=N, CAPTION_QUIET=1.\n");
}

size_t options_distance(const char *typed, size_t length, const char *name) {
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1], name_length = strlen(name);
    if (length > LONGEST || name_length > LONGEST) return LONGEST;
    for (size_t j = 0; j <= name_length; j++) row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        char c = typed[i - 1] == '_' ? '-' : typed[i - 1];
        for (size_t j = 1; j <= name_length; j++) {
            size_t change = diagonal + (c != name[j - 1]);
            size_t shift = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[name_length];
}

static bool read_number(const char *text, char **end, size_t *number) {
    if (!text || !isdigit((unsigned char)*text)) return false;
    errno = 0;
    *number = strtoul(text, end, 10);
    return errno == 0;
}

static bool number_of(const char *variable, size_t *number) {
    char *end;
    return read_number(getenv(variable), &end, number) && *end == 0;
}

static bool from_slurm(struct shard *shard) {
    size_t task, least = 0;
    if (!number_of("SLURM_ARRAY_TASK_ID", &task) ||
        !number_of("SLURM_ARRAY_TASK_COUNT", &shard->count))
        return false;
    number_of("SLURM_ARRAY_TASK_MIN", &least);
    shard->index = task - least + 1;
    shard->source = "Slurm";
    return true;
}

static bool from_open_mpi(struct shard *shard) {
    size_t rank;
    if (!number_of("OMPI_COMM_WORLD_RANK", &rank) ||
        !number_of("OMPI_COMM_WORLD_SIZE", &shard->count))
        return false;
    shard->index = rank + 1;
    shard->source = "Open MPI";
    return true;
}

static bool from_text(const char *text, struct shard *shard) {
    char *end;
    shard->source = "--shard";
    return read_number(text, &end, &shard->index) && *end == '/' &&
           read_number(end + 1, &end, &shard->count) && *end == 0 && shard->count > 0;
}

bool shard_parse(const char *text, struct shard *shard, caption_error *error) {
    *shard = (struct shard){.index = 1, .count = 1, .source = "default"};
    if (!text) return true;
    if (strcmp(text, "auto") == 0) {
        if (!from_slurm(shard) && !from_open_mpi(shard))
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "--shard: auto, but neither SLURM_ARRAY_TASK_ID and _COUNT nor "
                             "OMPI_COMM_WORLD_RANK and _SIZE are set");
    } else if (!from_text(text, shard)) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--shard: '%s' is not I/N, as 2/8, nor auto", text);
    }
    if (shard->index >= 1 && shard->index <= shard->count) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--shard: %zu of %zu (%s); the first is 1 of %zu, the last %zu of %zu",
                     shard->index, shard->count, shard->source, shard->count, shard->count,
                     shard->count);
}

bool shard_holds(const struct shard *shard, const char *path_below) {
    const uint64_t hash = hash_string(HASH_START, path_below);
    return (hash ^ hash >> 32) % shard->count == shard->index - 1;
}

#include <ctype.h>
#include <string.h>

#include "caption.h"
#include "cli/command.h"

/* Text as roff takes it: "-" is the character of flags, a line's first "." or "'" is no request. */
static void write_text(const char *text, size_t length, FILE *stream) {
    for (size_t i = 0; i < length; i++) {
        const bool begins = i == 0 || text[i - 1] == '\n';
        if (begins && (text[i] == '.' || text[i] == '\'')) fputs("\\&", stream);
        if (text[i] == '\\')
            fputs("\\e", stream);
        else if (text[i] == '-')
            fputs("\\-", stream);
        else
            fputc(text[i], stream);
    }
}

/* "caption eval" as the page is called: caption-eval. */
static void write_name(const struct options_command *command, FILE *stream) {
    for (const char *c = command->name; *c; c++) {
        if (*c == ' ')
            fputs("\\-", stream);
        else
            fputc(*c, stream);
    }
}

/* What the command does, in a clause without capital and stop. */
static void write_summary(const struct options_command *command, FILE *stream) {
    const char *about = command->about;
    fputc(tolower((unsigned char)about[0]), stream);
    for (size_t i = 1; about[i] && !strchr(":;.", about[i]); i++)
        fputc(about[i] == '\n' ? ' ' : about[i], stream);
    fputc('\n', stream);
}

/* Paragraphs are filled; lines that begin with a space stay as they are. */
static void write_about(const char *about, FILE *stream) {
    bool as_it_is = false;
    while (*about) {
        const size_t length = strcspn(about, "\n");
        const bool indented = *about == ' ';
        if (indented != as_it_is) fputs(indented ? ".PP\n.nf\n" : ".fi\n.PP\n", stream);
        as_it_is = indented;
        if (length == 0) {
            fputs(".PP\n", stream);
        } else {
            write_text(about, length, stream);
            fputc('\n', stream);
        }
        about += length + (about[length] == '\n');
    }
    if (as_it_is) fputs(".fi\n", stream);
}

static void write_row(const struct options_row *row, FILE *stream) {
    fputs(".TP\n", stream);
    if (row->letter) fprintf(stream, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", stream);
    write_text(row->name, strlen(row->name), stream);
    fputs("\\fR", stream);
    if (row->value) {
        const bool optional = row->type == OPTIONS_OPTIONAL;
        fputs(optional ? "[=\\fI" : " \\fI", stream);
        write_text(row->value, strlen(row->value), stream);
        fputs(optional ? "\\fR]" : "\\fR", stream);
    }
    fputc('\n', stream);
    char text[1024];
    options_text(row, true, text, sizeof text);
    write_text(text, strlen(text), stream);
    fputc('\n', stream);
}

static void write_flags(const struct options_command *command, FILE *stream) {
    fputs(".SH OPTIONS\n", stream);
    for (size_t g = 0; g < command->group_count; g++) {
        const struct options_group *group = &command->groups[g];
        fprintf(stream, ".SS %s\n", group->heading);
        for (size_t i = 0; i < group->count; i++) write_row(&group->rows[i], stream);
    }
    fputs(".SS Help\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR, \\fB\\-\\-help\\-all\\fR\n"
          "the usual flags, or all of them\n",
          stream);
}

void manual_write(const struct options_command *command, FILE *stream) {
    fputs(".\\\" Made from the program's table of flags: ", stream);
    fprintf(stream, "%s --help-man.\n.TH ", command->name);
    for (const char *c = command->name; *c; c++)
        fputc(*c == ' ' ? '-' : toupper((unsigned char)*c), stream);
    fprintf(stream, " 1 \"\" \"caption %s\" \"User Commands\"\n.SH NAME\n", CAPTION_VERSION);
    write_name(command, stream);
    fputs(" \\- ", stream);
    write_summary(command, stream);
    fprintf(stream, ".SH SYNOPSIS\n.B %s\n", command->name);
    write_text(command->usage, strlen(command->usage), stream);
    fputs("\n.SH DESCRIPTION\n", stream);
    write_about(command->about, stream);
    write_flags(command, stream);
    fputs(
        ".SH EXIT STATUS\n"
        "0 if all went well, 1 if something failed, were it one photo of many, 2 for a mistake on\n"
        "the command line, 130 if interrupted, 141 if nobody reads standard output any more.\n"
        ".SH ENVIRONMENT\n.TP\n.B CAPTION_MODEL\n"
        "the model to use where no flag names one\n"
        ".SH SEE ALSO\n.BR caption (1),\n.BR caption (3),\n.BR caption\\-data (5)\n",
        stream);
}

/* What a flag's value is, as far as a shell can help with it. */
enum value_kind {
    VALUE_NONE,   /* the flag has none, or only after "=" */
    VALUE_CHOICE, /* one of some words */
    VALUE_FILE,
    VALUE_OTHER /* numbers and texts */
};

static enum value_kind kind_of(const struct options_row *row) {
    if (!options_takes_value(row) || row->type == OPTIONS_OPTIONAL) return VALUE_NONE;
    if (row->type == OPTIONS_CHOICE) return VALUE_CHOICE;
    static const char *const files[] = {"FILE", "DIR", "DATASET", "MODEL", "OUT"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strstr(row->value, files[i])) return VALUE_FILE;
    return VALUE_OTHER;
}

/* "train" of "caption train"; NULL: captioning. */
static const char *name_of(const struct options_command *command) {
    const char *space = strchr(command->name, ' ');
    return space ? space + 1 : NULL;
}

/* The words of a choice, separated by spaces. */
static void write_choice(const struct options_row *row, FILE *stream) {
    for (const char *c = row->value; *c; c++) fputc(*c == '|' ? ' ' : *c, stream);
}

static void write_names(const char *const *names, size_t count, FILE *stream) {
    for (size_t i = 0; i < count; i++) fprintf(stream, "%s%s", i > 0 ? " " : "", names[i]);
}

/* The first clause of the help text, with a backslash before each of the characters in `escaped`,
 * within single quotes of which `quote` takes one in. */
static void write_clause(const struct options_row *row, const char *escaped, const char *quote,
                         FILE *stream) {
    const size_t length = options_first_clause(row->help);
    for (size_t i = 0; i < length; i++) {
        const char c = row->help[i];
        if (c == '\'') {
            fputs(quote, stream);
            continue;
        }
        if (strchr(escaped, c)) fputc('\\', stream);
        fputc(c, stream);
    }
}

/* The rows of a command, one after the other. */
typedef void row_writer(const struct options_row *row, FILE *stream);

static void write_rows(const struct options_command *command, row_writer *write, FILE *stream) {
    for (size_t g = 0; g < command->group_count; g++)
        for (size_t i = 0; i < command->groups[g].count; i++)
            write(&command->groups[g].rows[i], stream);
}

static void bash_begin(const char *const *names, size_t count, FILE *stream) {
    (void)names;
    (void)count;
    fputs("# Completion of caption for bash; made by caption --help-bash.\n"
          "_caption() {\n"
          "    local flags='' kind='' values='' word=$2 before=$3\n"
          "    [[ $before == '=' ]] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    COMPREPLY=()\n"
          "    case ${COMP_WORDS[1]} in\n",
          stream);
}

static void bash_flag(const struct options_row *row, FILE *stream) {
    if (row->letter) fprintf(stream, " -%c", row->letter);
    fprintf(stream, " --%s", row->name);
}

static void bash_value(const struct options_row *row, FILE *stream) {
    const enum value_kind kind = kind_of(row);
    if (kind == VALUE_NONE) return;
    fputs("        ", stream);
    if (row->letter) fprintf(stream, "-%c | ", row->letter);
    fprintf(stream, "--%s) kind=", row->name);
    if (kind == VALUE_CHOICE) {
        fputs("choice values='", stream);
        write_choice(row, stream);
        fputs("' ;;\n", stream);
        return;
    }
    fputs(kind == VALUE_FILE ? "file ;;\n" : "other ;;\n", stream);
}

static void bash_part(const struct options_command *command, FILE *stream) {
    const char *name = name_of(command);
    fprintf(stream, "    %s)\n        flags='--help --help-all", name ? name : "*");
    write_rows(command, bash_flag, stream);
    fputs("'\n        case $before in\n", stream);
    write_rows(command, bash_value, stream);
    fputs("        esac\n        ;;\n", stream);
}

static void bash_end(const char *const *names, size_t count, FILE *stream) {
    fputs("    esac\n"
          "    if [[ $kind == choice ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$word\")\n"
          "    elif [[ $kind == other ]]; then\n"
          "        compopt +o default\n"
          "    elif [[ $kind != file && $word == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$word\")\n"
          "    elif [[ $COMP_CWORD -eq 1 ]]; then\n"
          "        compopt -o filenames\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          stream);
    write_names(names, count, stream);
    fputs("' -- \"$word\"; compgen -f -- \"$word\")\n"
          "    fi\n"
          "}\n"
          "complete -o default -F _caption caption\n",
          stream);
}

static void zsh_begin(const char *const *names, size_t count, FILE *stream) {
    fputs("#compdef caption\n"
          "# Completion of caption for zsh; made by caption --help-zsh.\n"
          "_caption() {\n"
          "    local -a flags\n"
          "    local command=$words[2]\n"
          "    if (( CURRENT == 2 )); then\n"
          "        compadd -- ",
          stream);
    write_names(names, count, stream);
    fputs("\n"
          "        command=\n"
          "    fi\n"
          "    case $command in\n",
          stream);
}

/* A specification of _arguments. */
static void zsh_row(const struct options_row *row, FILE *stream) {
    const enum value_kind kind = kind_of(row);
    const bool several =
        row->type == OPTIONS_REPEATED || row->type == OPTIONS_LIST || row->type == OPTIONS_NUMBERS;
    const bool optional = row->type == OPTIONS_OPTIONAL;
    const char *equals = optional ? "=-" : kind == VALUE_NONE ? "" : "=";
    fprintf(stream, "            ");
    if (row->letter)
        fprintf(stream, "%s{-%c%s,--%s%s}'[", several ? "'*'" : "", row->letter,
                kind == VALUE_NONE ? "" : "+", row->name, equals);
    else
        fprintf(stream, "'%s--%s%s[", several ? "*" : "", row->name, equals);
    write_clause(row, "[]:\\", "'\\''", stream);
    fputc(']', stream);
    if (row->value) fprintf(stream, "%s%s:", optional ? "::" : ":", row->value);
    if (kind == VALUE_CHOICE) {
        fputc('(', stream);
        write_choice(row, stream);
        fputc(')', stream);
    } else if (row->value) {
        fputs(kind == VALUE_FILE ? "_files" : " ", stream);
    }
    fputs("'\n", stream);
}

static void zsh_part(const struct options_command *command, FILE *stream) {
    const char *name = name_of(command);
    fprintf(stream, "    %s)\n", name ? name : "*");
    if (name) fputs("        shift words\n        (( CURRENT-- ))\n", stream);
    fputs("        flags=(\n"
          "            {-h,--help}'[the usual flags]'\n"
          "            '--help-all[every flag]'\n",
          stream);
    write_rows(command, zsh_row, stream);
    fputs("        ) ;;\n", stream);
}

static void zsh_end(const char *const *names, size_t count, FILE *stream) {
    (void)names;
    (void)count;
    fputs("    esac\n"
          "    _arguments -s $flags '*:file:_files'\n"
          "}\n"
          "if [[ $funcstack[1] == _caption ]]; then _caption \"$@\"; else compdef _caption "
          "caption; fi\n",
          stream);
}

static void fish_begin(const char *const *names, size_t count, FILE *stream) {
    fputs("# Completion of caption for fish; made by caption --help-fish.\n"
          "function __caption_is\n"
          "    set -l words (commandline -opc) ''\n"
          "    test \"$words[2]\" = \"$argv[1]\"\n"
          "end\n"
          "function __caption_is_none\n"
          "    set -l words (commandline -opc) ''\n"
          "    not contains -- \"$words[2]\" ",
          stream);
    write_names(names, count, stream);
    fputs("\nend\ncomplete -c caption -n __fish_use_subcommand -a '", stream);
    write_names(names, count, stream);
    fputs("'\n", stream);
}

static void fish_row(const char *name, const struct options_row *row, FILE *stream) {
    fputs("complete -c caption -n ", stream);
    if (name)
        fprintf(stream, "'__caption_is %s'", name);
    else
        fputs("__caption_is_none", stream);
    if (row->letter) fprintf(stream, " -s %c", row->letter);
    fprintf(stream, " -l %s", row->name);
    switch (kind_of(row)) {
    case VALUE_NONE:
        break;
    case VALUE_CHOICE:
        fputs(" -x -a '", stream);
        write_choice(row, stream);
        fputc('\'', stream);
        break;
    case VALUE_FILE:
        fputs(" -r -F", stream);
        break;
    case VALUE_OTHER:
        fputs(" -x", stream);
        break;
    }
    fputs(" -d '", stream);
    write_clause(row, "\\", "\\'", stream);
    fputs("'\n", stream);
}

static void fish_part(const struct options_command *command, FILE *stream) {
    for (size_t g = 0; g < command->group_count; g++)
        for (size_t i = 0; i < command->groups[g].count; i++)
            fish_row(name_of(command), &command->groups[g].rows[i], stream);
}

static void fish_end(const char *const *names, size_t count, FILE *stream) {
    (void)names;
    (void)count;
    fputs("complete -c caption -s h -l help -d 'the usual flags'\n"
          "complete -c caption -l help-all -d 'every flag'\n",
          stream);
}

struct shell {
    const char *flag;
    void (*begin)(const char *const *names, size_t count, FILE *stream);
    void (*part)(const struct options_command *command, FILE *stream);
    void (*end)(const char *const *names, size_t count, FILE *stream);
};

/* From OPTIONS_BASH_WANTED on. */
static const struct shell SHELLS[] = {
    {"--help-bash", bash_begin, bash_part, bash_end},
    {"--help-zsh", zsh_begin, zsh_part, zsh_end},
    {"--help-fish", fish_begin, fish_part, fish_end},
};

static const struct shell *shell_of(enum options_outcome shell) {
    return &SHELLS[shell - OPTIONS_BASH_WANTED];
}

bool completion_of_flag(const char *argument, enum options_outcome *shell) {
    for (size_t i = 0; i < sizeof SHELLS / sizeof *SHELLS; i++) {
        if (strcmp(argument, SHELLS[i].flag) != 0) continue;
        *shell = (enum options_outcome)(OPTIONS_BASH_WANTED + i);
        return true;
    }
    return false;
}

void completion_begin(enum options_outcome shell, const char *const *names, size_t count,
                      FILE *stream) {
    shell_of(shell)->begin(names, count, stream);
}

void completion_write(const struct options_command *command, enum options_outcome shell,
                      FILE *stream) {
    shell_of(shell)->part(command, stream);
}

void completion_end(enum options_outcome shell, const char *const *names, size_t count,
                    FILE *stream) {
    shell_of(shell)->end(names, count, stream);
}

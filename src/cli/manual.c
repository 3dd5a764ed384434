#include "cli/command.h"

#include <ctype.h>
#include <string.h>

#include "caption.h"

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

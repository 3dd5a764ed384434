/* Flags of the command line, from tables: one row a flag, shared by every command. Names are taken
 * with - or _ between the words; the defaults that --help shows are read from the very variables
 * that the flags set. */
#ifndef CAPTION_CLI_OPTIONS_H
#define CAPTION_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

enum options_type {
    OPTIONS_ON,       /* no value; target: bool, becomes true */
    OPTIONS_OFF,      /* no value; target: bool, becomes false */
    OPTIONS_STRING,   /* target: const char *, points into argv */
    OPTIONS_OUTPUT,   /* the same; a file that is written, "-" is standard output */
    OPTIONS_FILE,     /* the same; a file that is written, and cannot be "-" */
    OPTIONS_CHOICE,   /* a string; one of the words of `value`, which are parted by | */
    OPTIONS_SIZE,     /* target: size_t */
    OPTIONS_SEED,     /* target: uint64_t, any value */
    OPTIONS_FLOAT,    /* target: float */
    OPTIONS_OPTIONAL, /* --name or --name=VALUE; target: const char *, "" without a value */
    OPTIONS_REPEATED, /* a value, the flag may stand several times; target: struct options_list */
    OPTIONS_LIST, /* one value or several, up to the next flag; target: struct options_list. Where
                     the command line has no other argument, the last of several values of its
                     last list is that argument */
    OPTIONS_NUMBERS, /* a list of numbers between minimum and maximum; they stay text */
};

/* All values of a flag, which may stand several times. */
struct options_list {
    const char **items; /* [count], pointing into argv; freed by options_list_free */
    size_t count, capacity;
};
void options_list_free(struct options_list *list);

struct options_row {
    char letter;      /* of the short form, or 0 */
    const char *name; /* of the long form, without --, words parted by - */
    enum options_type type;
    void *target;
    const char *value;       /* what --help calls the value; NULL for ON and OFF */
    double minimum, maximum; /* of numbers, both allowed */
    const char *help;        /* its first clause, up to "; " or ". ", says enough */
    bool *given;             /* unless NULL, becomes true when the flag is there */
};

/* Rows under a heading of their own in --help. */
struct options_group {
    const char *heading;
    const struct options_row *rows;
    size_t count;
};

struct options_command {
    const char *name;  /* "caption", "caption eval": how messages begin */
    const char *usage; /* the arguments, after the name */
    const char *about; /* what it does, lines ended by \n */
    const struct options_group *groups;
    size_t group_count;
    const char *basic; /* flags that most people need, separated by spaces; NULL: all */
};

enum options_outcome {
    OPTIONS_PARSED,
    OPTIONS_HELP_WANTED,
    OPTIONS_ALL_HELP_WANTED,
    OPTIONS_MANUAL_WANTED, /* see command.h */
    OPTIONS_BASH_WANTED,   /* see command.h */
    OPTIONS_ZSH_WANTED,
    OPTIONS_FISH_WANTED,
    OPTIONS_INVALID
};

/* Sets the targets from the environment, then from argv[1..]: CAPTION_BEAM_SIZE=3 is --beam-size 3
 * before all others, CAPTION_JSON=1 (0: not) a flag without a value, CAPTION_SIDECAR=1 one whose
 * value may be left out. A model and a token have variables of their own, and what Kubernetes sets
 * for a service named caption (CAPTION_PORT, with an address) is no number and is passed over.
 * Flags may stand after other arguments; those are moved to the end and begin at argv[*first]. A
 * mistake is written to `messages`, with the flag, its value and what is allowed. -h, --help,
 * --help-all, --help-man, --help-bash, --help-zsh and --help-fish are understood without a row. */
enum options_outcome options_parse(const struct options_command *command, int argc, char **argv,
                                   int *first, FILE *messages);

/* Writes the help text with the present values of the targets as defaults: of the basic flags the
 * first clause, or `all` flags in full. */
void options_help(const struct options_command *command, bool all, FILE *stream);

/* Whether a value belongs to the flag, if only with "=". */
bool options_takes_value(const struct options_row *row);

/* The help text of a row, of which the first clause or all, and the present value of the target as
 * its default, where there is one to show: in place of the one that the text ends with. */
void options_text(const struct options_row *row, bool in_full, char *out, size_t size);

/* Bytes of a help text's first clause. */
size_t options_first_clause(const char *help);

/* Levenshtein distance of the first `length` characters of `typed`, - and _ alike, to `name`: how
 * many characters are to be changed, added or left out. Names are short: longer ones are never
 * near. */
size_t options_distance(const char *typed, size_t length, const char *name);

/* --shard I/N: one of N parts of the input. Which part a photo belongs to depends on nothing but
 * its path below the folder that was named, so that all machines divide alike, wherever they have
 * mounted it and whatever else has appeared in it since. */

struct shard {
    size_t index, count; /* 1..count */
    const char *source;  /* who said so, for messages */
};

/* Reads "I/N", 1/N to N/N, or "auto": the variables that Slurm gives the tasks of a job array
 * (SLURM_ARRAY_TASK_ID, _COUNT, _MIN), else those that Open MPI gives its processes
 * (OMPI_COMM_WORLD_RANK, _SIZE). NULL is 1/1. */
bool shard_parse(const char *text, struct shard *shard, caption_error *error);

bool shard_holds(const struct shard *shard, const char *path_below);

#endif

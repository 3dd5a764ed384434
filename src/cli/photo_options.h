/* The flags that say which photos a command reads, and how: the same for every command that takes
 * PATH... . */
#ifndef CAPTION_CLI_PHOTO_OPTIONS_H
#define CAPTION_CLI_PHOTO_OPTIONS_H

#include "cli/options.h"
#include "cli/photo_list.h"

enum { PHOTO_OPTIONS_ROWS = 8 };

struct photo_options {
    bool recursive, zeros;
    const char *files_from; /* NULL: there is none */
    struct options_list globs;
    const char *sandbox; /* see run_sandbox */
};

/* Sets the defaults and the rows, which point into `options` and `caption`: both must stay where
 * they are. Freed with options_list_free(&options->globs). */
void photo_options_init(struct photo_options *options, caption_options *caption,
                        struct options_row rows[PHOTO_OPTIONS_ROWS]);

/* Adds what the arguments and --files-from name to the list, whose stays_inside the caller has set.
 * False with `error` set where an argument is rather a command, or memory is short. */
bool photo_options_list(const struct photo_options *options, char *const *arguments, int count,
                        struct photo_list *list, caption_error *error);

/* The file of --files-from, for run_files_read; NULL where it is none or standard input. */
const char *photo_options_file(const struct photo_options *options);

#endif

/* The manual page of a command, made from the table of its flags. */
#ifndef CAPTION_CLI_MANUAL_H
#define CAPTION_CLI_MANUAL_H

#include "cli/options.h"

/* Writes the page in roff, with the macros of man(7): every flag in full, with the present values
 * of the targets as defaults. `caption --help-man`. */
void manual_write(const struct options_command *command, FILE *stream);

#endif

/* What completes the flags of the program in bash, zsh and fish, made from the tables of flags: a
 * beginning, the part of every command, that of captioning last, and an end. `caption --help-bash`
 * and the like. */
#ifndef CAPTION_CLI_COMPLETION_H
#define CAPTION_CLI_COMPLETION_H

#include "cli/options.h"

/* Whether an argument asks for a completion; *shell is then OPTIONS_BASH_WANTED, OPTIONS_ZSH_WANTED
 * or OPTIONS_FISH_WANTED, as below. */
bool completion_of_flag(const char *argument, enum options_outcome *shell);

/* `names` are those of the commands, without that of captioning, which has none. */
void completion_begin(enum options_outcome shell, const char *const *names, size_t count,
                      FILE *stream);
void completion_write(const struct options_command *command, enum options_outcome shell,
                      FILE *stream);
void completion_end(enum options_outcome shell, const char *const *names, size_t count,
                    FILE *stream);

#endif

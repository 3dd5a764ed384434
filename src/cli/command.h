/* The commands of the program and what they share. Each takes main's arguments, its own name in
 * argv[0], and returns the exit status. */
#ifndef CAPTION_CLI_COMMAND_H
#define CAPTION_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/options.h"

enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, /* the work failed, or some photos did */
    COMMAND_USAGE = 2,
    COMMAND_INTERRUPTED = 130,
    COMMAND_CLOSED = 141 /* nobody reads standard output any more: as if SIGPIPE had ended it */
};

int command_caption(int argc, char **argv);
int command_alt(int argc, char **argv);
int command_train(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_score(int argc, char **argv);
int command_info(int argc, char **argv);
int command_suggest(int argc, char **argv);
int command_index(int argc, char **argv);
int command_search(int argc, char **argv);
int command_similar(int argc, char **argv);
int command_serve(int argc, char **argv);

/* Parses flags. Returns the index of the first other argument, of which there are `least` to
 * `most`; 0: return *status (help or a mistake was printed). */
int command_begin(const struct options_command *command, int argc, char **argv, int least, int most,
                  int *status);

/* Writes an error to stderr, "NAME: message"; returns the exit status that belongs to it. Where
 * nobody reads standard output any more (`caption -r photos | head`), that is no news: nothing is
 * written. */
int command_error(const struct options_command *command, const caption_error *error);

/* Notes on stderr that the model does not know a word of what the user asks. */
void command_unknown_word(const char *command, const char *word);

/* The exit status of a run over photos that went to its end, or was interrupted. */
int command_photos(bool interrupted, size_t failed);

/* Flushes stdout; false with `error` set when anything that was written to it did not arrive. */
bool command_flush(caption_error *error);

/* The exit status at the end of a command: where all went well, stdout is flushed, and a failure of
 * that is reported. */
int command_finish(const struct options_command *command, int status);

/* Arguments that stand for no photo because something else was meant. */

/* False with `error` set where one of the arguments of `caption PATH...`, of which there is no
 * file, is the name of a command, or the first is nearly one ("trian"). */
bool arguments_check(char *const *arguments, int count, caption_error *error);

/* Ctrl-C: the first one asks the command to stop at the next good place, a second one ends the
 * program at once. */

/* Starts to listen for SIGINT, SIGTERM and, unless it is ignored, SIGHUP. */
void interrupt_listen(void);

/* True once one of them has come. */
bool interrupt_came(void);

/* The same as a callback that says whether to stop. */
bool interrupt_stops(void *context);

/* The manual page of a command, made from the table of its flags. */

/* Writes the page in roff, with the macros of man(7): every flag in full, with the present values
 * of the targets as defaults. `caption --help-man`. */
void manual_write(const struct options_command *command, FILE *stream);

/* What completes the flags of the program in bash, zsh and fish, made from the tables of flags: a
 * beginning, the part of every command, that of captioning last, and an end. `caption --help-bash`
 * and the like. */

/* Whether an argument asks for a completion; *shell is then OPTIONS_BASH_WANTED, OPTIONS_ZSH_WANTED
 * or OPTIONS_FISH_WANTED (options.h). */
bool completion_of_flag(const char *argument, enum options_outcome *shell);

/* `names` are those of the commands, without that of captioning, which has none. */
void completion_begin(enum options_outcome shell, const char *const *names, size_t count,
                      FILE *stream);
void completion_write(const struct options_command *command, enum options_outcome shell,
                      FILE *stream);
void completion_end(enum options_outcome shell, const char *const *names, size_t count,
                    FILE *stream);

/* caption --formats: what this build reads, and by which libraries. */

/* Writes a line for each: FORMAT<TAB>yes|no<TAB>LIBRARY, the library that reads it or that is
 * missing, with the reason where one is there and cannot be loaded. */
void formats_write(FILE *stream);

#endif

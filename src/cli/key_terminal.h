/* A terminal that hands over keys as they are typed and echoes none. Every way out of the program
 * but SIGKILL leaves it as it was: the end, Ctrl-C, other signals, a crash; Ctrl-Z too, until the
 * program goes on. */
#ifndef CAPTION_CLI_KEY_TERMINAL_H
#define CAPTION_CLI_KEY_TERMINAL_H

#include "base/error.h"

/* Takes the terminal of standard input over. False with `error` set where standard input or
 * standard error is none. */
bool key_terminal_open(caption_error *error);

/* Gives it back. */
void key_terminal_close(void);

/* What key_terminal_read may return besides a byte. */
enum { KEY_TERMINAL_END = -1, KEY_TERMINAL_CHANGED = -2 };

/* Waits for a byte of a key. KEY_TERMINAL_END: no more come; KEY_TERMINAL_CHANGED: the screen must
 * be drawn again, for the window has another size or the program was stopped meanwhile. */
int key_terminal_read(void);

/* Takes what follows an escape byte: an arrow, or another key that is no text. */
void key_terminal_skip_sequence(void);

/* Columns of the window. */
size_t key_terminal_width(void);

#endif

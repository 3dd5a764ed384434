/* A sentence typed in a terminal, with the words that are likely to come next below it, as on a
 * phone. */
#ifndef CAPTION_CLI_TYPING_H
#define CAPTION_CLI_TYPING_H

#include "base/error.h"
#include "caption.h"

enum { TYPING_LONGEST = 1024 };

/* A text of up to TYPING_LONGEST bytes. */
struct typing {
    caption_session *session;
    size_t suggestions; /* words shown at most */
    char text[TYPING_LONGEST + 1];
    bool over; /* the sentence was ended, with Enter, Ctrl-D or the end of input */
};

/* Lets a sentence be typed that begins with typing->text: Tab takes the first suggestion, Enter
 * ends the sentence, Ctrl-W takes back a word, Ctrl-U all. What is typed and suggested is shown on
 * standard error. False with `error` set where there is no terminal or memory is short. */
bool typing_run(struct typing *typing, caption_error *error);

/* What a key (a byte) does to the text, given what is suggested. */
void typing_key(struct typing *typing, int key, const caption_words *words);

/* A terminal that hands over keys as they are typed and echoes none. Every way out of the program
 * but SIGKILL leaves it as it was: the end, Ctrl-C, other signals, a crash; Ctrl-Z too, until the
 * program goes on. */

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

/* A sentence typed in a terminal, with the words that are likely to come next below it, as on a
 * phone. */
#ifndef CAPTION_CLI_TYPING_H
#define CAPTION_CLI_TYPING_H

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

#endif

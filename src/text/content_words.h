/* Word tables of content.h, without any grammar. Each list ends with NULL. */
#ifndef CAPTION_TEXT_CONTENT_WORDS_H
#define CAPTION_TEXT_CONTENT_WORDS_H

/* Words without visible meaning. Their forms are left out with them. */
extern const char *const content_functions[];

/* Words that only look like a form of another: "shorts" is not a form of "short". */
extern const char *const content_own_words[];

/* Colours, numbers and sizes. */
extern const char *const content_repeatable[];

/* An irregular form, and the root of the word, which is not looked up further. */
struct content_form {
    const char *form, *other;
};

/* The last one's form is NULL. */
extern const struct content_form content_irregular_forms[];

#endif

/* The words that content.h goes by: tables, and nothing of grammar. Each list ends with NULL. */
#ifndef CAPTION_TEXT_CONTENT_WORDS_H
#define CAPTION_TEXT_CONTENT_WORDS_H

/* What says nothing of what is to be seen. Forms of these are left out with them. */
extern const char *const content_functions[];

/* Words of their own that look like a form of another: shorts are nothing short. */
extern const char *const content_own_words[];

/* Colours, numbers and sizes. */
extern const char *const content_repeatable[];

/* A form that no ending tells, and the form at the root of the word: nothing is looked up for that
 * one. */
struct content_form {
    const char *form, *other;
};

/* The last one's form is NULL. */
extern const struct content_form content_irregular_forms[];

#endif

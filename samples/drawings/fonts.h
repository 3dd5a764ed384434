/* The fonts that fontconfig knows, by the scripts that they can write, and words to write in them.
 * Each fifth family belongs to the test half of the styles. */
#ifndef DRAWINGS_FONTS_H
#define DRAWINGS_FONTS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/random.h"

enum script {
    LATIN,
    CYRILLIC,
    GREEK,
    ARABIC,
    HEBREW,
    DEVANAGARI,
    THAI,
    CHINESE,
    JAPANESE,
    KOREAN,
    SCRIPTS
};

/* Hands are the fonts that look handwritten, symbols have pictures. */
enum font_class { FONT_PRINT, FONT_FIXED, FONT_HAND, FONT_CLASSES };

struct font {
    char *family;
    enum font_class class;
    bool scripts[SCRIPTS], test;
};

struct fonts {
    struct font *list;
    size_t count;
};

/* NULL, with a message on stderr, when no font can write Latin. Free with fonts_free. */
struct fonts *fonts_find(void);
void fonts_free(struct fonts *fonts);

/* A family of the half that can write the script: of the class if there is one, of any half if the
 * script has too few. */
const char *fonts_pick(const struct fonts *fonts, struct random *random, enum script script,
                       enum font_class class, bool test);
bool fonts_have(const struct fonts *fonts, enum script script);
bool fonts_have_family(const struct fonts *fonts, const char *family);

/* Appends that many words that mean nothing, or little. */
void words_append(GString *text, struct random *random, enum script script, size_t count);
/* One word, a heading of some, a sentence; in a fresh string that the caller frees. */
char *words_new(struct random *random, enum script script, size_t count);
char *words_title(struct random *random, enum script script, size_t count);
/* Sentences until that many words are there. */
char *words_text(struct random *random, enum script script, size_t count);
/* A number as it stands in tables: "1,204.50", "37 %", "$ 12". */
char *words_number(struct random *random);
/* A line of something like source code, without indent. */
char *words_code(struct random *random);

#endif

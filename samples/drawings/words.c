/* Words that mean nothing: no caption ever quotes them. */
#include <string.h>

#include "fonts.h"

static const char *const common[] = {
    "the",    "of",     "and",      "to",    "in",      "a",      "is",     "that",   "for",
    "it",     "was",    "on",       "with",  "as",      "by",     "time",   "year",   "house",
    "people", "first",  "water",    "after", "place",   "where",  "der",    "die",    "und",
    "nicht",  "werden", "zwischen", "le",    "les",     "dans",   "pour",   "avec",   "toujours",
    "que",    "como",   "para",     "entre", "siempre", "una",    "della",  "sono",   "anche",
    "nie",    "jest",   "bardzo",   "och",   "mellan",  "market", "system", "report", "number",
    "value",  "great",  "little",   "found", "small",   "between"};
static const char *const onsets[] = {"b", "c", "d", "f", "g", "h", "l",  "m",  "n",  "p",
                                     "r", "s", "t", "v", "w", "k", "st", "tr", "ch", ""};
static const char *const vowels[] = {"a", "e", "i", "o", "u", "ea", "ou", "ie"};
static const char *const codas[] = {"", "", "", "n", "r", "s", "t", "l", "nd", "ng", "ck"};
#define PICK(list) (list)[random_below(random, sizeof(list) / sizeof *(list))]

/* Letters of a script as ranges of Unicode, and how long its words are. */
static const struct {
    gunichar first, last;
    size_t shortest, longest;
} alphabets[SCRIPTS] = {[LATIN] = {'a', 'z', 2, 9},           [CYRILLIC] = {0x430, 0x44f, 1, 10},
                        [GREEK] = {0x3b1, 0x3c9, 2, 9},       [ARABIC] = {0x627, 0x64a, 2, 7},
                        [HEBREW] = {0x5d0, 0x5ea, 2, 6},      [DEVANAGARI] = {0x915, 0x939, 2, 5},
                        [THAI] = {0xe01, 0xe2e, 4, 12},       [CHINESE] = {0x4e00, 0x8fff, 3, 12},
                        [JAPANESE] = {0x3041, 0x3093, 2, 10}, [KOREAN] = {0xac00, 0xd7a3, 2, 4}};

static void append_latin(GString *text, struct random *random) {
    if (random_below(random, 3) == 0) {
        g_string_append(text, PICK(common));
        return;
    }
    for (size_t left = 1 + random_below(random, 3); left > 0; left--) {
        g_string_append(text, PICK(onsets));
        g_string_append(text, PICK(vowels));
        g_string_append(text, PICK(codas));
    }
}

static gunichar pick_letter(struct random *random, enum script script) {
    const gunichar first = alphabets[script].first, last = alphabets[script].last;
    for (;;) {
        const gunichar letter = first + (gunichar)random_below(random, (size_t)(last - first) + 1);
        /* Unassigned ones of the Arabic block, and its stretching mark. */
        if (script != ARABIC || letter < 0x63b || letter > 0x640) return letter;
    }
}

static void append_word(GString *text, struct random *random, enum script script) {
    if (script == LATIN) {
        append_latin(text, random);
        return;
    }
    const size_t shortest = alphabets[script].shortest;
    size_t left = shortest + random_below(random, alphabets[script].longest - shortest + 1);
    for (; left > 0; left--) {
        g_string_append_unichar(text, pick_letter(random, script));
        if (script == DEVANAGARI && random_below(random, 2) == 0) {
            g_string_append_unichar(text, 0x93e + (gunichar)random_below(random, 11));
        }
        if (script == JAPANESE && random_below(random, 3) == 0) {
            g_string_append_unichar(text, pick_letter(random, CHINESE));
        }
    }
}

void words_append(GString *text, struct random *random, enum script script, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && script != CHINESE && script != JAPANESE) g_string_append_c(text, ' ');
        append_word(text, random, script);
    }
}

char *words_new(struct random *random, enum script script, size_t count) {
    GString *text = g_string_new(NULL);
    words_append(text, random, script, count);
    return g_string_free(text, FALSE);
}

/* Makes the letter at a place large where the script has large ones. */
static void capitalise(GString *text, size_t place) {
    const gunichar letter = g_utf8_get_char(text->str + place);
    char large[7] = {0};
    g_unichar_to_utf8(g_unichar_toupper(letter), large);
    const char *next = g_utf8_next_char(text->str + place);
    g_string_erase(text, (gssize)place, next - (text->str + place));
    g_string_insert(text, (gssize)place, large);
}

char *words_title(struct random *random, enum script script, size_t count) {
    GString *text = g_string_new(NULL);
    words_append(text, random, script, count);
    if (script == LATIN || script == CYRILLIC) capitalise(text, 0);
    return g_string_free(text, FALSE);
}

char *words_text(struct random *random, enum script script, size_t count) {
    GString *text = g_string_new(NULL);
    const char *stop = script == CHINESE || script == JAPANESE ? "。"
                       : script == DEVANAGARI                  ? "। "
                                                               : ". ";
    for (size_t done = 0; done < count;) {
        const size_t length = 4 + random_below(random, 16), start = text->len;
        words_append(text, random, script, length / 2);
        g_string_append(text, script == CHINESE || script == JAPANESE ? "、" : ", ");
        words_append(text, random, script, length / 2);
        if (script == LATIN || script == CYRILLIC) capitalise(text, start);
        g_string_append(text, stop);
        done += length;
    }
    return g_string_free(text, FALSE);
}

char *words_number(struct random *random) {
    const unsigned n = (unsigned)random_below(random, 10000), part = n % 100;
    switch (random_below(random, 6)) {
    case 0:
        return g_strdup_printf("%u", n);
    case 1:
        return g_strdup_printf("%u.%02u", n / 10, part);
    case 2:
        return g_strdup_printf("%u %%", part);
    case 3:
        return g_strdup_printf("$%u.%02u", n / 100, part);
    case 4:
        return g_strdup_printf("%u,%03u", 1 + n / 500, n % 1000);
    default:
        return g_strdup_printf("%u", part);
    }
}

char *words_code(struct random *random) {
    char *a = words_new(random, LATIN, 1), *b = words_new(random, LATIN, 1);
    char *line;
    switch (random_below(random, 9)) {
    case 0:
        line = g_strdup_printf("if (%s > %zu) {", a, random_below(random, 100));
        break;
    case 1:
        line = g_strdup_printf("%s = %s(%s, %zu);", a, b, a, random_below(random, 50));
        break;
    case 2:
        line = g_strdup_printf("for %s in range(%s):", a, b);
        break;
    case 3:
        line = g_strdup_printf("return %s->%s;", a, b);
        break;
    case 4:
        line = g_strdup_printf("// %s %s %s", a, b, a);
        break;
    case 5:
        line = g_strdup_printf("static int %s(const char *%s) {", a, b);
        break;
    case 6:
        line = g_strdup_printf("import %s.%s", a, b);
        break;
    case 7:
        line = g_strdup_printf("printf(\"%s %%d\\n\", %s);", a, b);
        break;
    default:
        line = g_strdup("}");
    }
    g_free(a);
    g_free(b);
    return line;
}

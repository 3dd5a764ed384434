#include "text/neutral_forms.h"

#include <string.h>

static bool is(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

bool neutral_ends_in(const char *word, const char *ending) {
    const size_t length = strlen(word), size = strlen(ending);
    return length > size && is(word + length - size, ending);
}

const char *neutral_article(const char *word) {
    static const char *const like_y[] = {"uni", "use", "usu", "eu", "one"};
    for (size_t i = 0; i < sizeof like_y / sizeof *like_y; i++)
        if (strncmp(word, like_y[i], strlen(like_y[i])) == 0) return "a";
    return strchr("aeiou", word[0]) ? "an" : "a";
}

const char *neutral_plural_verb(char *verb) {
    static const char *const irregular[][2] = {
        {"is", "are"}, {"'s", "'re"}, {"was", "were"}, {"has", "have"}, {"does", "do"}};
    static const char *const es[] = {"ches", "shes", "sses", "xes", "zzes", "oes"};
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular; i++)
        if (is(verb, irregular[i][0])) return irregular[i][1];
    size_t length = strlen(verb);
    if (!neutral_ends_in(verb, "s") || neutral_ends_in(verb, "ss")) return verb;
    verb[--length] = '\0';
    if (length > 3 && neutral_ends_in(verb, "ie")) {
        memcpy(verb + length - 2, "y", 2);
        return verb;
    }
    for (size_t i = 0; i < sizeof es / sizeof *es; i++) {
        const size_t size = strlen(es[i]) - 1;
        if (length > size && memcmp(verb + length - size, es[i], size) == 0)
            verb[length - 1] = '\0';
    }
    return verb;
}

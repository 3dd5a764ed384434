#include "text/tokenizer.h"

#include <string.h>

/* The token is `length` bytes; `context` further bytes must follow and count for the length of the
 * match, but belong to the next token. Length 0: no match. */
struct match {
    size_t length, context;
};

static const struct match no_match = {0, 0};

/* Longest first part of a number or an address that is tried, so that time stays linear. */
enum { LONGEST_LOOK = 64 };

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* Beyond ASCII the normalizer leaves letters, and symbols between spaces. */
static bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (unsigned char)byte >= 0x80;
}

static bool is_alphanumeric(char byte) {
    return is_letter(byte) || is_digit(byte);
}

static bool is_one_of(char byte, const char *set) {
    return byte && strchr(set, byte);
}

static bool is_end(char byte) {
    return byte == ' ' || byte == '\0';
}

static size_t letters(const char *text) {
    size_t length = 0;
    while (is_letter(text[length])) length++;
    return length;
}

static size_t digits(const char *text) {
    size_t length = 0;
    while (is_digit(text[length])) length++;
    return length;
}

static size_t alphanumerics(const char *text) {
    size_t length = 0;
    while (is_alphanumeric(text[length])) length++;
    return length;
}

/* Length of the prefix if the text starts with it, else 0. */
static size_t starts(const char *text, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? length : 0;
}

static size_t starts_with_any(const char *text, const char *const *prefixes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t length = starts(text, prefixes[i]);
        if (length) return length;
    }
    return 0;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* 's, 'm, 'd, 're, 've, 'll */
static size_t reduced_form(const char *text) {
    static const char *const forms[] = {"'re", "'ve", "'ll", "'s", "'m", "'d"};
    return starts_with_any(text, forms, COUNT_OF(forms));
}

/* "cannot" is "can" "not". */
static struct match match_cannot(const char *text) {
    return starts(text, "cannot") ? (struct match){3, 3} : no_match;
}

/* "man's": the word before the reduced form. */
static struct match match_word_before_reduced(const char *text) {
    size_t word = letters(text);
    size_t reduced = word ? reduced_form(text + word) : 0;
    return reduced ? (struct match){word, reduced} : no_match;
}

/* "doesn't": the verb before n't, which does not itself end in n. */
static struct match match_verb_before_not(const char *text) {
    size_t word = letters(text);
    if (word < 2 || text[word - 1] != 'n' || !starts(text + word, "'t")) return no_match;
    return text[word - 2] == 'n' ? no_match : (struct match){word - 1, 3};
}

static struct match match_word(const char *text) {
    return (struct match){letters(text), 0};
}

/* "o'clock", "d'artagnan": one letter, an apostrophe and two letters or more. */
static struct match match_letter_apostrophe(const char *text) {
    if (letters(text) != 1 || is_one_of(text[0], "iy") || text[1] != '\'') return no_match;
    size_t rest = letters(text + 2);
    return rest >= 2 ? (struct match){2 + rest, 0} : no_match;
}

/* "ma'am", "hawai'i": a word that ends in a vowel, an apostrophe and letters. */
static struct match match_vowel_apostrophe(const char *text) {
    size_t word = letters(text);
    if (word < 2 || !is_one_of(text[word - 1], "aeiouy") || text[word] != '\'') return no_match;
    size_t rest = letters(text + word + 1);
    return rest ? (struct match){word + 1 + rest, 0} : no_match;
}

/* "rock 'n' roll", "'em", "c'mon" */
static struct match match_apostrophe_word(const char *text) {
    static const char *const words[] = {
        "'n'",    "'n",   "'em",   "'till", "'til",       "'cause",    "'twas", "c'mon",
        "cont'd", "e'er", "ev'ry", "li'l",  "nor'easter", "somethin'", "nat'l", "ol'"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t length = starts(text, words[i]);
        if (!length) continue;
        if (text[length - 1] == '\'' || !is_alphanumeric(text[length])) {
            return (struct match){length, 0};
        }
    }
    return no_match;
}

/* "'90s", "'67" */
static struct match match_apostrophe_year(const char *text) {
    if (text[0] != '\'' || digits(text + 1) != 2) return no_match;
    if (text[2] == '0' && text[3] == 's') return (struct match){4, 0};
    return is_end(text[3]) ? (struct match){3, 0} : no_match;
}

/* "y'all" is "y'" "all". */
static struct match match_y_apostrophe(const char *text) {
    return starts(text, "y'") && is_letter(text[2]) ? (struct match){2, 1} : no_match;
}

/* The same separated from the word, as in tokenized text. */
static struct match match_reduced(const char *text) {
    size_t reduced = reduced_form(text);
    return reduced && !is_letter(text[reduced]) ? (struct match){reduced, 0} : no_match;
}

static struct match match_not(const char *text) {
    return (struct match){starts(text, "n't"), 0};
}

/* "10", "-5", "1,000", "3.5", "10:30", ".5" */
static struct match match_number(const char *text) {
    size_t sign = is_one_of(text[0], "+-") ? 1 : 0;
    size_t length = sign + digits(text + sign);
    while (is_one_of(text[length], ".,:") && is_digit(text[length + 1])) {
        length += 1 + digits(text + length + 1);
    }
    return length > sign ? (struct match){length, 0} : no_match;
}

/* "t-shirt", "black-and-white", "2-year-old", "snake_case", "3d" */
static struct match match_hyphenated(const char *text) {
    size_t length = alphanumerics(text);
    if (!length) return no_match;
    while (is_one_of(text[length], "-_") && is_alphanumeric(text[length + 1])) {
        length += 1 + alphanumerics(text + length + 1);
    }
    return (struct match){length, 0};
}

/* "1,000-foot", "u.s.-made": hyphenated, with points and commas in the first part. */
static struct match match_hyphenated_number(const char *text) {
    if (!is_alphanumeric(text[0])) return no_match;
    size_t length = 1;
    while (length < LONGEST_LOOK &&
           (is_alphanumeric(text[length]) || is_one_of(text[length], ".,"))) {
        length++;
    }
    size_t first = length;
    while (text[length] == '-' && is_alphanumeric(text[length + 1])) {
        length += 1 + alphanumerics(text + length + 1);
    }
    return length > first ? (struct match){length, 0} : no_match;
}

/* "shower/tub", "1/2", "black-and-white/colour": two or three parts of at most two hyphens. */
static size_t slash_part(const char *text) {
    size_t length = alphanumerics(text);
    if (!length) return 0;
    for (size_t i = 0; i < 2 && text[length] == '-' && is_letter(text[length + 1]); i++) {
        length += 1 + letters(text + length + 1);
    }
    return length;
}

static struct match match_slashed(const char *text) {
    size_t length = slash_part(text), parts = length ? 1 : 0;
    while (parts > 0 && parts < 3 && text[length] == '/' && is_alphanumeric(text[length + 1])) {
        length += 1 + slash_part(text + length + 1);
        parts++;
    }
    return parts > 1 ? (struct match){length, 0} : no_match;
}

/* "b&w", "at&t" */
static struct match match_ampersand(const char *text) {
    size_t first = letters(text), length = first;
    while (length && is_one_of(text[length], "&+") && is_letter(text[length + 1])) {
        length += 1 + letters(text + length + 1);
    }
    return length > first ? (struct match){length, 0} : no_match;
}

/* "u.s.", "a.m.", "t.v": with the last point, or followed by a space. */
static struct match match_acronym(const char *text) {
    if (letters(text) != 1) return no_match;
    size_t length = 1;
    while (text[length] == '.' && letters(text + length + 1) == 1) length += 2;
    if (length == 1) return no_match;
    if (text[length] == '.') return (struct match){length + 1, 0};
    if (is_end(text[length])) return (struct match){length, 0};
    return length >= 5 ? (struct match){length - 1, 0} : no_match;
}

/* "mr.", "st.", "vs.", "j." */
static struct match match_abbreviation(const char *text) {
    static const char *const words[] = {
        "adm", "al",  "apr",   "assn", "aug",  "ave",  "blvd", "bros", "calif", "capt",
        "co",  "col", "corp",  "dec",  "dept", "dr",   "drs",  "esq",  "est",   "etc",
        "feb", "fla", "fri",   "ft",   "gen",  "gov",  "hon",  "inc",  "jan",   "jr",
        "jul", "jun", "lt",    "ltd",  "maj",  "mar",  "mon",  "mr",   "mrs",   "ms",
        "mt",  "no",  "nos",   "nov",  "oct",  "penn", "pres", "prof", "pvt",   "rd",
        "rep", "rev", "sen",   "sep",  "sept", "sgt",  "sq",   "sr",   "st",    "ste",
        "tel", "thu", "thurs", "tue",  "tues", "univ", "vs",   "wed"};
    size_t length = letters(text);
    if (!length || text[length] != '.') return no_match;
    if (length == 1) return (struct match){2, 0};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strlen(words[i]) == length && starts(text, words[i])) {
            return (struct match){length + 1, 0};
        }
    }
    return no_match;
}

/* A point before a comma belongs to an abbreviation: "etc.,". */
static struct match match_word_point_comma(const char *text) {
    size_t length = letters(text);
    if (!length || text[length] != '.' || !is_one_of(text[length + 1], ",;:")) return no_match;
    return (struct match){length + 1, 1};
}

/* "http://...", "www. ..." up to a space, a bracket or a quote, without the marks after it. */
static struct match match_url(const char *text) {
    static const char *const schemes[] = {"http://", "https://", "www."};
    size_t scheme = starts_with_any(text, schemes, COUNT_OF(schemes));
    if (!scheme) return no_match;
    size_t length = scheme;
    while (!is_end(text[length]) && !is_one_of(text[length], "'<>()[]{}|")) length++;
    while (length > scheme && is_one_of(text[length - 1], ".,:;!?-")) length--;
    return length > scheme ? (struct match){length, 0} : no_match;
}

/* "example.com" */
static struct match match_domain(const char *text) {
    static const char *const domains[] = {".com", ".net", ".org", ".edu"};
    struct match best = no_match;
    for (size_t i = 0; i < LONGEST_LOOK; i++) {
        if (text[i] == '.' && i > 0) {
            size_t domain = starts_with_any(text + i, domains, COUNT_OF(domains));
            if (domain && !is_alphanumeric(text[i + domain])) best.length = i + domain;
        } else if (!is_alphanumeric(text[i]) && text[i] != '-') {
            break;
        }
    }
    return best;
}

/* "name@example.com" */
static struct match match_email(const char *text) {
    if (!is_alphanumeric(text[0])) return no_match;
    size_t length = 1;
    while (length < LONGEST_LOOK &&
           (is_alphanumeric(text[length]) || is_one_of(text[length], "._%+-"))) {
        length++;
    }
    if (text[length] != '@' || !is_alphanumeric(text[length + 1])) return no_match;
    length += 1 + alphanumerics(text + length + 1);
    while (is_one_of(text[length], ".-") && is_alphanumeric(text[length + 1])) {
        length += 1 + alphanumerics(text + length + 1);
    }
    return (struct match){length, 0};
}

/* "@name", "#topic" */
static struct match match_mention(const char *text) {
    if (!is_one_of(text[0], "@#") || !is_letter(text[1])) return no_match;
    size_t length = 2;
    while (is_letter(text[length]) ||
           (text[0] == '@' && (is_digit(text[length]) || text[length] == '_'))) {
        length++;
    }
    return (struct match){length, 0};
}

/* Anything else is its own token; runs such as "***" are one token. */
static struct match match_symbol(const char *text) {
    size_t length = 1;
    while (is_one_of(text[0], "*@#_") && text[length] == text[0]) length++;
    return (struct match){length, 0};
}

/* Brackets as in tokenized text. */
static size_t bracket_name(const char *text) {
    static const char *const names[] = {"-lrb-", "-rrb-", "-lcb-", "-rcb-", "-lsb-", "-rsb-"};
    return starts_with_any(text, names, COUNT_OF(names));
}

/* Of two matches of the same length the earlier rule wins. */
static struct match longest_match(const char *text) {
    typedef struct match rule(const char *text);
    static rule *const rules[] = {
        match_cannot,
        match_word_before_reduced,
        match_verb_before_not,
        match_word,
        match_letter_apostrophe,
        match_vowel_apostrophe,
        match_apostrophe_word,
        match_apostrophe_year,
        match_y_apostrophe,
        match_url,
        match_domain,
        match_email,
        match_mention,
        match_reduced,
        match_not,
        match_number,
        match_slashed,
        match_acronym,
        match_abbreviation,
        match_word_point_comma,
        match_hyphenated_number,
        match_hyphenated,
        match_ampersand,
    };
    /* Nearly all words of a caption are between spaces, where only two rules can match. */
    size_t word = letters(text);
    if (word && is_end(text[word]) && !starts(text, "cannot")) return match_word(text);
    struct match best = no_match;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        struct match match = rules[i](text);
        if (match.length + match.context > best.length + best.context) best = match;
    }
    return best;
}

bool treebank_next(const char **cursor, struct treebank_token *token) {
    const char *text = *cursor;
    while (*text == ' ') text++;
    *cursor = text;
    if (!*text) return false;
    *token = (struct treebank_token){.text = text, .length = bracket_name(text)};
    token->punctuation = token->length > 0;
    if (!token->length) token->length = longest_match(text).length;
    if (!token->length) {
        token->punctuation = is_one_of(*text, "'\"`()[]{}<>.,:;!?-");
        token->length = match_symbol(text).length;
    }
    *cursor = text + token->length;
    return true;
}

#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Splits plain text into tokens as the Penn Treebank does: a lexer in which the longest match of a
 * table of rules wins, after the PTBTokenizer of Stanford CoreNLP. */

struct treebank_token {
    const char *text; /* within the text given; not terminated */
    size_t length;
    bool punctuation; /* one of the tokens that coco-caption drops, or a part of one */
};

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

/* The next token of the text at *cursor, which is moved past it. False at the end. Time is linear
 * in the length of the text. */
static bool next_token(const char **cursor, struct treebank_token *token) {
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

enum treatment { LETTER, SYMBOL, SPACE, HYPHEN, APOSTROPHE, NOTHING };

struct character_range {
    uint32_t first, last;
    enum treatment treatment;
};

/* Classes of characters beyond ASCII that are not letters; the first range that contains a
 * character counts. */
static const struct character_range ranges[] = {
    {0xAA, 0xAA, LETTER},         /* feminine ordinal */
    {0xAB, 0xAB, SPACE},          /* quotes */
    {0xAD, 0xAD, NOTHING},        /* soft hyphen */
    {0xB4, 0xB4, APOSTROPHE},     /* acute accent, often typed for one */
    {0xB5, 0xB5, LETTER},         /* micro */
    {0xBA, 0xBA, LETTER},         /* masculine ordinal */
    {0xBB, 0xBB, SPACE},          /* quotes */
    {0xA1, 0xBF, SYMBOL},         /* Latin-1 signs */
    {0xD7, 0xD7, SYMBOL},         /* times */
    {0xF7, 0xF7, SYMBOL},         /* divided by */
    {0x200B, 0x200B, SPACE},      /* zero-width space */
    {0x200C, 0x200F, NOTHING},    /* joiners and direction marks */
    {0x2010, 0x2012, HYPHEN},     /* hyphens */
    {0x2013, 0x2015, SPACE},      /* dashes */
    {0x2018, 0x2019, APOSTROPHE}, /* single quotes */
    {0x201A, 0x201A, SPACE},      /* low quote */
    {0x201B, 0x201B, APOSTROPHE}, /* single quote */
    {0x201C, 0x201F, SPACE},      /* double quotes */
    {0x2026, 0x2026, SPACE},      /* ellipsis */
    {0x202A, 0x202E, NOTHING},    /* direction marks */
    {0x2039, 0x203A, SPACE},      /* quotes */
    {0x2060, 0x206F, NOTHING},    /* joiners and direction marks */
    {0x2016, 0x2BFF, SYMBOL},     /* punctuation, currencies, arrows, mathematics, dingbats */
    {0x3001, 0x303F, SYMBOL},     /* CJK punctuation */
    {0xE000, 0xF8FF, SPACE},      /* private use */
    {0xFE00, 0xFE0F, NOTHING},    /* variation selectors */
    {0xFEFF, 0xFEFF, NOTHING},    /* byte order mark */
    {0xFF01, 0xFF0F, SYMBOL},     /* full-width punctuation */
    {0xFF1A, 0xFF20, SYMBOL},     {0xFF3B, 0xFF40, SYMBOL},
    {0xFF5B, 0xFF65, SYMBOL},     {0xFFF0, 0xFFFF, SPACE}, /* specials */
    {0x1F000, 0x1FBFF, SPACE},                             /* emoji and pictures */
    {0xE0000, 0x10FFFF, SPACE},                            /* tags and private use */
};

static enum treatment treatment_of(uint32_t code) {
    if (utf8_is_space(code) || code == '"' || code == '`') return SPACE;
    if (code < 0x80) return LETTER; /* ASCII is left to the tokenizer */
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) return ranges[i].treatment;
    }
    return LETTER;
}

/* The character that an HTML entity at `text` stands for; 0 where there is none. */
static char entity(const char *text, size_t *length) {
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"&amp;", '&'}, {"&quot;", ' '}, {"&apos;", '\''}, {"&#39;", '\''},
                    {"&lt;", '<'},  {"&gt;", '>'},   {"&nbsp;", ' '}};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        *length = strlen(entities[i].name);
        if (strncmp(text, entities[i].name, *length) == 0) return entities[i].character;
    }
    return 0;
}

/* Writes the plain form of a character, at most twice as long as itself; returns its length. */
static size_t write_plain(uint32_t code, char *out) {
    size_t length;
    switch (treatment_of(code)) {
    case NOTHING:
        return 0;
    case SPACE:
        *out = ' ';
        return 1;
    case HYPHEN:
        *out = '-';
        return 1;
    case APOSTROPHE:
        *out = '\'';
        return 1;
    case SYMBOL:
        out[0] = ' ';
        length = 1 + utf8_encode(code, out + 1);
        out[length] = ' ';
        return length + 1;
    case LETTER:
        break;
    }
    return utf8_encode(utf8_lower(code), out);
}

/* A newly allocated normalised copy. Separators of words (white space, control characters, dashes,
 * double quotes, emoji, invalid UTF-8) become spaces; every other character that is neither ASCII
 * nor part of a word gets a space on both sides. Freed with free(). */
static char *normalizer_plain(const char *sentence, caption_error *error) {
    const size_t size = strlen(sentence);
    size_t room;
    if (!size_multiply(size, 2, &room) || !size_add(room, 1, &room)) {
        error_memory(error, "a sentence");
        return NULL;
    }
    char *plain = memory_uninitialised(room, 1, "a sentence", error);
    if (!plain) return NULL;
    size_t written = 0;
    for (size_t read = 0; read < size;) {
        size_t length = 0;
        char character = sentence[read] == '&' ? entity(sentence + read, &length) : 0;
        if (character) {
            plain[written++] = character;
        } else {
            uint32_t code = 0; /* a control character: bytes that are not UTF-8 are space */
            length = utf8_decode(sentence + read, size - read, &code);
            written += write_plain(code, plain + written);
        }
        read += length ? length : 1;
    }
    plain[written] = '\0';
    return plain;
}

/* The token's length, cut where it is too long: before a byte that starts a character. */
static size_t cut(const struct treebank_token *token) {
    size_t length = token->length;
    if (length <= TOKENIZER_LONGEST_WORD) return length;
    length = TOKENIZER_LONGEST_WORD;
    while (((unsigned char)token->text[length] & 0xC0) == 0x80) length--;
    return length;
}

bool tokenize_each(const char *sentence,
                   bool (*take)(void *context, const char *word, caption_error *error),
                   void *context, caption_error *error) {
    char *plain = normalizer_plain(sentence, error);
    if (!plain) return false;
    bool ok = true;
    struct treebank_token token;
    for (const char *rest = plain; ok && next_token(&rest, &token);) {
        if (token.punctuation) continue;
        char word[TOKENIZER_LONGEST_WORD + 1];
        const size_t length = cut(&token);
        memcpy(word, token.text, length);
        word[length] = '\0';
        ok = take(context, word, error);
    }
    free(plain);
    return ok;
}

/* Words one after the other, each with a terminating 0. */
struct word_list {
    char *text;
    size_t size, capacity, count;
};

static bool list_word(void *context, const char *word, caption_error *error) {
    struct word_list *list = context;
    const size_t size = strlen(word) + 1;
    if (!memory_grow(&list->text, &list->capacity, list->size + size, 1, "the words of a sentence",
                     error)) {
        return false;
    }
    memcpy(list->text + list->size, word, size);
    list->size += size;
    list->count++;
    return true;
}

bool tokenize(const char *sentence, struct tokens *out, caption_error *error) {
    *out = (struct tokens){0};
    struct word_list list = {0};
    const bool ok = tokenize_each(sentence, list_word, &list, error) &&
                    tokens_pack(list.text, list.size, list.count, out, error);
    free(list.text);
    return ok;
}

bool tokens_pack(const char *text, size_t size, size_t count, struct tokens *out,
                 caption_error *error) {
    *out = (struct tokens){0};
    size_t pointers, bytes;
    if (!size_multiply(count, sizeof(char *), &pointers) || !size_add(pointers, size, &bytes)) {
        return error_memory(error, "the words of a sentence");
    }
    char *block = memory_uninitialised(bytes, 1, "the words of a sentence", error);
    if (!block) return false;
    char *words = block + pointers;
    if (size) memcpy(words, text, size);
    out->words = (char **)(void *)block;
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        out->words[i] = words;
        words += strlen(words) + 1;
    }
    return true;
}

bool tokens_split(const char *sentence, struct tokens *out, caption_error *error) {
    *out = (struct tokens){0};
    char *text = memory_string(sentence, error);
    if (!text) return false;
    const size_t length = strlen(text);
    size_t count = length > 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ' ') continue;
        text[i] = '\0';
        count++;
    }
    const bool packed = tokens_pack(text, length + 1, count, out, error);
    free(text);
    return packed;
}

void tokens_free(struct tokens *tokens) {
    free(tokens->words);
    *tokens = (struct tokens){0};
}

/* Whether "'s" or "'" stands here as a word of its own. */
static bool is_possessive(const char *word) {
    if (word[0] != '\'') return false;
    const char *end = word + 1 + (word[1] == 's');
    return *end == ' ' || *end == '\0';
}

void sentence_attach_possessives(char *sentence) {
    char *to = sentence;
    for (const char *from = sentence; *from; from++) {
        const bool attached = from > sentence && *from == ' ' && is_possessive(from + 1);
        if (!attached) *to++ = *from;
    }
    *to = '\0';
}

#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/utf8.h"

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

/* Writes the words one after the other, each with a terminating 0; returns how many there are. */
static size_t write_words(const char *plain, char *words, size_t *size) {
    struct treebank_token token;
    size_t count = 0;
    *size = 0;
    while (treebank_next(&plain, &token)) {
        if (token.punctuation) continue;
        size_t length = cut(&token);
        memcpy(words + *size, token.text, length);
        words[*size + length] = '\0';
        *size += length + 1;
        count++;
    }
    return count;
}

bool tokenize(const char *sentence, struct tokens *out, caption_error *error) {
    *out = (struct tokens){0};
    char *plain = normalizer_plain(sentence, error);
    if (!plain) return false;
    /* A terminating 0 a word, and a word has a byte at least. */
    char *words = memory_uninitialised(strlen(plain) + 1, 2, "the words of a sentence", error);
    size_t size = 0;
    size_t count = words ? write_words(plain, words, &size) : 0;
    bool ok = words && tokens_pack(words, size, count, out, error);
    free(words);
    free(plain);
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

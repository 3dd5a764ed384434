#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/normalizer.h"
#include "text/treebank.h"

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

/* Sentences of data sets: every word that comes out is one of a vocabulary, or a special name. */
#include "base/text.h"
#include "fuzz.h"
#include "text/tokenizer.h"

static void check_word(const char *word) {
    const size_t length = strlen(word);
    FUZZ_MUST(length > 0 && length <= TOKENIZER_LONGEST_WORD);
    for (size_t at = 0; at < length;) {
        uint32_t character;
        const size_t bytes = utf8_decode(word + at, length - at, &character);
        FUZZ_MUST(bytes > 0 && !utf8_is_space(character));
        at += bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *sentence = fuzz_text(bytes, size);
    struct tokens words, parts;
    caption_error error = {0};
    FUZZ_MUST(tokenize(sentence, &words, &error));
    for (size_t i = 0; i < words.count; i++) check_word(words.words[i]);
    FUZZ_MUST(tokens_split(sentence, &parts, &error));
    tokens_free(&words);
    tokens_free(&parts);
    const size_t length = strlen(sentence);
    sentence_attach_possessives(sentence);
    FUZZ_MUST(strlen(sentence) <= length);
    free(sentence);
    return 0;
}

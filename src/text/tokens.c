#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "text/tokenizer.h"

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

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

void tokens_free(struct tokens *tokens) {
    free(tokens->words);
    *tokens = (struct tokens){0};
}

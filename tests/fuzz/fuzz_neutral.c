/* Sentences that are rewritten, again and again. */
#include "fuzz.h"
#include "text/neutral.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *sentence = fuzz_text(bytes, size);
    caption_error error = {0};
    for (int times = 0; times < 3; times++) {
        char *neutral = neutral_sentence(sentence, &error);
        FUZZ_MUST(neutral != NULL);
        free(sentence);
        sentence = neutral;
    }
    free(sentence);
    return 0;
}

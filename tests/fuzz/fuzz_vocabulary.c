/* Vocabulary files: what is read is written and read again the same. */
#include "fuzz.h"
#include "text/vocabulary.h"

static void check_same(const struct vocabulary *a, const struct vocabulary *b) {
    FUZZ_MUST(a->count == b->count);
    for (size_t i = VOCABULARY_SPECIALS; i < a->count; i++) {
        FUZZ_MUST(strcmp(a->words[i], b->words[i]) == 0 && a->counts[i] == b->counts[i]);
        FUZZ_MUST(vocabulary_find(a, a->words[i]) == i);
    }
}

static void write_again(const struct vocabulary *vocabulary) {
    struct vocabulary again;
    const char *path = fuzz_output();
    FUZZ_MUST(vocabulary_write(vocabulary, path, NULL) && vocabulary_read(&again, path, NULL));
    check_same(vocabulary, &again);
    vocabulary_free(&again);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct vocabulary vocabulary, again;
    caption_error error = {0};
    if (!vocabulary_parse(&vocabulary, (const char *)bytes, size, "words", &error)) {
        fuzz_check_error(&error);
        return 0;
    }
    char *text = vocabulary_format(&vocabulary, &error);
    FUZZ_MUST(text && vocabulary_parse(&again, text, strlen(text), "again", &error));
    check_same(&vocabulary, &again);
    if (!vocabulary_merge(&again, &vocabulary, &error)) fuzz_check_error(&error);
    FUZZ_MUST(vocabulary_prune(&again, 3, &error));
    const uint32_t words[] = {0, 1, 3, 4, 5, 2};
    const size_t known = vocabulary.count > 5 ? 6 : 3;
    char *sentence = vocabulary_sentence(&vocabulary, words, known, &error);
    FUZZ_MUST(sentence != NULL);
    free(sentence);
    free(text);
    write_again(&vocabulary);
    vocabulary_free(&again);
    vocabulary_free(&vocabulary);
    return 0;
}

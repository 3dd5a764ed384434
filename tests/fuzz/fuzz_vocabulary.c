/* The text of vocabularies: what is read is written and read again the same. */
#include "fuzz.h"
#include "text/content.h"
#include "text/vocabulary.h"

static void check_same(const struct vocabulary *a, const struct vocabulary *b) {
    FUZZ_MUST(a->count == b->count);
    for (size_t i = VOCABULARY_SPECIALS; i < a->count; i++) {
        FUZZ_MUST(strcmp(a->words[i], b->words[i]) == 0 && a->counts[i] == b->counts[i]);
        FUZZ_MUST(vocabulary_find(a, a->words[i]) == i);
    }
}

/* Its content words as tags: what is chosen is written and read again the same. */
static void choose_tags(const struct vocabulary *vocabulary) {
    struct tag_words tags, again;
    caption_error error = {0};
    FUZZ_MUST(tag_words_choose(&tags, vocabulary, 20, &error));
    char *text = tag_words_format(&tags, vocabulary, &error);
    FUZZ_MUST(text && tags.count <= 20);
    FUZZ_MUST(tag_words_parse(&again, vocabulary, text, strlen(text), "tags", &error));
    FUZZ_MUST(again.count == tags.count);
    FUZZ_MUST(memcmp(again.tags, tags.tags, tags.word_count * sizeof *tags.tags) == 0);
    tag_words_free(&again);
    tag_words_free(&tags);
    free(text);
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
    choose_tags(&vocabulary);
    vocabulary_free(&again);
    vocabulary_free(&vocabulary);
    return 0;
}

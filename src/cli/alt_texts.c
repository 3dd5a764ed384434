#include "cli/alt_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A picture that was captioned, known by its size and two hashes with random keys. */
struct alt_text {
    size_t size;
    uint64_t hashes[2];
    char *caption; /* owned */
};

bool alt_texts_open(struct alt_texts *texts, caption_error *error) {
    for (size_t i = 0; i < 2; i++) texts->keys[i] = siphash_key_new();
    texts->model = caption_model_open(texts->decoding->model, error);
    texts->captioner =
        texts->model ? caption_captioner_new(texts->model, &texts->decoding->caption, error) : NULL;
    texts->session = texts->captioner ? caption_session_new(texts->captioner, error) : NULL;
    return texts->session != NULL;
}

static struct alt_text key_of(const struct alt_texts *texts, const struct file_bytes *picture) {
    struct alt_text key = {.size = picture->size};
    for (size_t i = 0; i < 2; i++)
        key.hashes[i] = siphash(texts->keys[i], picture->data, picture->size);
    return key;
}

static const char *add(struct alt_texts *texts, struct alt_text key, const char *caption,
                       caption_error *error) {
    if (!memory_grow(&texts->texts, &texts->capacity, texts->count + 1, sizeof *texts->texts,
                     "captions", error))
        return NULL;
    key.caption = memory_string(caption, error);
    if (key.caption) texts->texts[texts->count++] = key;
    return key.caption;
}

const char *alt_texts_find(struct alt_texts *texts, const struct file_bytes *picture,
                           const char *name, caption_error *error) {
    const struct alt_text key = key_of(texts, picture);
    for (size_t i = 0; i < texts->count; i++) {
        const struct alt_text *text = &texts->texts[i];
        if (text->size == key.size && memcmp(text->hashes, key.hashes, sizeof key.hashes) == 0)
            return text->caption;
    }
    caption_result result = {0};
    const char *caption = NULL;
    if (!caption_session_bytes(texts->session, picture->data, picture->size, &result, error))
        return NULL;
    if (result.count > 0)
        caption = add(texts, key, result.captions[0].text, error);
    else
        error_set(error, result.error.status, "%s: %s", name, result.error.message);
    caption_results_free(&result, 1);
    return caption;
}

void alt_texts_free(struct alt_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) free(texts->texts[i].caption);
    free(texts->texts);
    caption_session_free(texts->session);
    caption_captioner_free(texts->captioner);
    caption_model_close(texts->model);
    *texts = (struct alt_texts){0};
}

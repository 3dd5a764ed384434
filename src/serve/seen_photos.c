#include "serve/seen_photos.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

struct seen_photo {
    char id[PHOTO_REQUEST_ID + 1]; /* "": an empty entry */
    float *features;               /* (F,), in the block of all */
    unsigned long used;            /* when, in calls */
};

struct seen_photos {
    struct seen_photo *items; /* [most] */
    float *features;          /* (most, F) */
    size_t most, width;
    unsigned long calls;
    struct siphash_key keys[2];
    pthread_mutex_t mutex;
};

struct seen_photos *seen_photos_new(size_t most, size_t width, caption_error *error) {
    static const char what[] = "the features of photos";
    struct seen_photos *seen = memory_zeroed(1, sizeof *seen, what, error);
    if (!seen) return NULL;
    *seen = (struct seen_photos){.most = most, .width = width};
    pthread_mutex_init(&seen->mutex, NULL);
    for (size_t i = 0; i < 2; i++) seen->keys[i] = siphash_key_new();
    seen->items = memory_zeroed(most, sizeof *seen->items, what, error);
    seen->features = memory_zeroed(most, width * sizeof *seen->features, what, error);
    if (!seen->items || !seen->features) {
        seen_photos_free(seen);
        return NULL;
    }
    for (size_t i = 0; i < most; i++) seen->items[i].features = seen->features + i * width;
    return seen;
}

void seen_photos_free(struct seen_photos *seen) {
    if (!seen) return;
    pthread_mutex_destroy(&seen->mutex);
    free(seen->items);
    free(seen->features);
    free(seen);
}

static void name_photo(const struct seen_photos *seen, const struct request_photo *photo,
                       char id[PHOTO_REQUEST_ID + 1]) {
    for (size_t i = 0; i < 2; i++)
        hash_text(siphash(seen->keys[i], photo->bytes, photo->size), id + i * (HASH_TEXT - 1));
}

/* The entry of that name, or of "" one to use anew: an empty one, else the one that has not been
 * used for longest. Called with the mutex held. */
static struct seen_photo *find(struct seen_photos *seen, const char *id) {
    struct seen_photo *oldest = &seen->items[0];
    for (size_t i = 0; i < seen->most; i++) {
        struct seen_photo *item = &seen->items[i];
        if (*id && strcmp(item->id, id) == 0) return item;
        if (item->used < oldest->used) oldest = item;
    }
    return *id ? NULL : oldest;
}

/* *known: the photo of that name is kept, and the suggester was shown it. */
static bool recall(struct seen_photos *seen, struct suggester *suggester, const char *id,
                   bool *known, caption_error *error) {
    pthread_mutex_lock(&seen->mutex);
    struct seen_photo *item = find(seen, id);
    *known = item != NULL;
    const bool shown = !item || suggester_recall(suggester, item->features, error);
    if (item) item->used = ++seen->calls;
    pthread_mutex_unlock(&seen->mutex);
    return shown;
}

/* Two threads may have encoded the same photo meanwhile: then it is there already. */
static void keep(struct seen_photos *seen, const struct suggester *suggester, const char *id) {
    pthread_mutex_lock(&seen->mutex);
    struct seen_photo *item = find(seen, id);
    if (!item) item = find(seen, "");
    snprintf(item->id, sizeof item->id, "%s", id);
    memcpy(item->features, suggester_features(suggester), seen->width * sizeof *item->features);
    item->used = ++seen->calls;
    pthread_mutex_unlock(&seen->mutex);
}

bool seen_photos_show(struct seen_photos *seen, struct suggester *suggester,
                      struct photo_request *request, caption_error *error) {
    const struct request_photo *photo = request->photo_count > 0 ? &request->photos[0] : NULL;
    if (photo) name_photo(seen, photo, request->photo_id);
    if (!*request->photo_id) return suggester_look(suggester, NULL, NULL, error);
    bool known;
    if (!recall(seen, suggester, request->photo_id, &known, error)) return false;
    if (known) return true;
    if (!photo)
        return error_set(error, CAPTION_ERROR_IO,
                         "photo: '%s' is not kept any more: send its bytes again",
                         request->photo_id);
    const struct file_bytes bytes = {.data = photo->bytes, .size = photo->size};
    if (!suggester_look(suggester, &bytes, request->name, error)) return false;
    keep(seen, suggester, request->photo_id);
    return true;
}

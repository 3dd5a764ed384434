#include "serve/caches.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "decode/decode.h"

enum { PRECISIONS = CAPTION_PRECISION_INT16 + 1, MOST_VARIANTS = 4 };

struct captioners {
    const caption_model *model;
    caption_options usual;
    caption_captioner *of[PRECISIONS]; /* NULL: not needed yet */
    pthread_mutex_t mutex;
};

/* AUTO by its real name. */
static caption_precision precision_of(const caption_options *options) {
    switch (decode_precision(options)) {
    case PRECISION_BF16:
        return CAPTION_PRECISION_BF16;
    case PRECISION_INT16:
        return CAPTION_PRECISION_INT16;
    case PRECISION_INT8:
        return CAPTION_PRECISION_INT8;
    default:
        return CAPTION_PRECISION_F32;
    }
}

/* A thread's part of the memory for photos, in megabytes, at least one. */
static size_t memory_of_thread(const caption_options *usual, size_t threads) {
    const size_t megabytes = plan_memory(usual) / (1000 * 1000);
    return size_larger(size_smaller(megabytes, PLAN_MAX_MEMORY) / threads, 1);
}

/* The captioner with weights of that precision. */
static const caption_captioner *base_of(struct captioners *captioners, caption_precision precision,
                                        caption_error *error) {
    pthread_mutex_lock(&captioners->mutex);
    caption_captioner **base = &captioners->of[precision];
    if (!*base) {
        caption_options options = captioners->usual;
        options.precision = precision;
        *base = caption_captioner_new(captioners->model, &options, error);
    }
    const caption_captioner *found = *base;
    pthread_mutex_unlock(&captioners->mutex);
    return found;
}

struct captioners *captioners_new(const caption_model *model, const caption_options *usual,
                                  size_t threads, caption_error *error) {
    struct captioners *captioners = memory_zeroed(1, sizeof *captioners, "captioners", error);
    if (!captioners) return NULL;
    captioners->model = model;
    captioners->usual = *usual;
    captioners->usual.threads = 1;
    captioners->usual.memory = memory_of_thread(usual, threads);
    pthread_mutex_init(&captioners->mutex, NULL);
    if (base_of(captioners, precision_of(usual), error)) return captioners;
    captioners_free(captioners);
    return NULL;
}

void captioners_free(struct captioners *captioners) {
    if (!captioners) return;
    for (size_t i = 0; i < PRECISIONS; i++) caption_captioner_free(captioners->of[i]);
    pthread_mutex_destroy(&captioners->mutex);
    free(captioners);
}

const caption_captioner *captioners_usual(const struct captioners *captioners) {
    return captioners->of[precision_of(&captioners->usual)];
}

struct variants {
    struct captioners *captioners;
    size_t threads;
    struct variant entries[MOST_VARIANTS]; /* the first is the usual one and stays */
    unsigned long calls;
};

static void variant_free(struct variant *variant) {
    caption_session_free(variant->session);
    caption_captioner_free(variant->captioner);
    free(variant->prefix);
    *variant = (struct variant){0};
}

static bool variant_init(struct variant *variant, const struct variants *variants,
                         const caption_options *options, caption_error *error) {
    struct captioners *captioners = variants->captioners;
    const caption_captioner *base = base_of(captioners, precision_of(options), error);
    *variant = (struct variant){.options = *options};
    if (!base) return false;
    bool ok = !options->prefix || (variant->prefix = memory_string(options->prefix, error));
    variant->options.prefix = variant->prefix;
    caption_options wanted = variant->options;
    wanted.memory = captioners->usual.memory;
    wanted.threads = variants->threads;
    ok = ok && (variant->captioner = caption_captioner_with(base, &wanted, error)) &&
         (variant->session = caption_session_new(variant->captioner, error));
    if (!ok) variant_free(variant);
    return ok;
}

struct variants *variants_new(struct captioners *captioners, const caption_options *usual,
                              size_t threads, caption_error *error) {
    struct variants *variants = memory_zeroed(1, sizeof *variants, "sessions", error);
    if (!variants) return NULL;
    variants->captioners = captioners;
    variants->threads = threads;
    if (variant_init(&variants->entries[0], variants, usual, error)) return variants;
    free(variants);
    return NULL;
}

void variants_free(struct variants *variants) {
    if (!variants) return;
    for (size_t i = 0; i < MOST_VARIANTS; i++) variant_free(&variants->entries[i]);
    free(variants);
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_number(float a, float b) {
    return !(a < b) && !(a > b);
}

/* What only sampling reads. */
static bool samples_alike(const caption_options *a, const caption_options *b) {
    return same_number(a->temperature, b->temperature) && a->top_k == b->top_k &&
           same_number(a->top_p, b->top_p) && a->seed == b->seed;
}

bool variants_equal(const caption_options *a, const caption_options *b) {
    return a->beam_size == b->beam_size && a->top == b->top && a->max_length == b->max_length &&
           a->min_length == b->min_length && a->sample == b->sample &&
           (!a->sample || samples_alike(a, b)) && a->neutral == b->neutral &&
           a->precision == b->precision && a->tags == b->tags && same_text(a->prefix, b->prefix);
}

/* The one that has not been used for longest, an empty one first; never the usual one. */
static struct variant *oldest(struct variants *variants) {
    struct variant *found = &variants->entries[1];
    for (size_t i = 2; i < MOST_VARIANTS; i++)
        if (variants->entries[i].used < found->used) found = &variants->entries[i];
    return found;
}

const struct variant *variants_find(struct variants *variants, const caption_options *options,
                                    caption_error *error) {
    struct variant *found = NULL;
    for (size_t i = 0; !found && i < MOST_VARIANTS; i++)
        if (variants->entries[i].session && variants_equal(&variants->entries[i].options, options))
            found = &variants->entries[i];
    if (!found) {
        found = oldest(variants);
        variant_free(found);
        if (!variant_init(found, variants, options, error)) return NULL;
    }
    found->used = ++variants->calls;
    return found;
}

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

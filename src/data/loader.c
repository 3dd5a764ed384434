#include "data/loader.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "image/photo.h"

/* Photos between two updates of the progress bar. */
enum { BLOCK = 64 };

enum photo_missing photo_missing_parse(const char *word) {
    return strcmp(word, "fail") == 0 ? PHOTO_MISSING_FAIL : PHOTO_MISSING_SKIP;
}

struct photo_block {
    const struct dataset *dataset;
    const size_t *photos;
    caption_error errors[BLOCK]; /* CAPTION_OK: a good photo */
};

static void check_one(void *context, size_t item, size_t worker) {
    (void)worker;
    struct photo_block *block = context;
    block->errors[item].status = CAPTION_OK;
    const struct photo_file file = dataset_photo_file(&block->dataset->photos[block->photos[item]]);
    photo_decodes(&file, &block->errors[item]);
}

/* Counts a bad photo; false where the failure is not the photo's. */
static bool count_bad(struct photo_check *check, const caption_error *bad, caption_error *error) {
    if (bad->status == CAPTION_ERROR_MEMORY || bad->status == CAPTION_ERROR_SYSTEM) {
        return error_set(error, bad->status, "%s", bad->message);
    }
    if (check->missing + check->broken == 0) check->first = *bad;
    if (bad->status == CAPTION_ERROR_IO) {
        if (check->missing++ == 0) check->first_missing = *bad;
    } else {
        if (check->broken++ == 0) check->first_broken = *bad;
    }
    return true;
}

/* Moves the good photos of a block to photos[*good ..]. */
static bool take_good(const struct photo_block *block, size_t count, size_t *photos, size_t *good,
                      struct photo_check *check, caption_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (block->errors[i].status == CAPTION_OK) {
            photos[(*good)++] = block->photos[i];
        } else if (!count_bad(check, &block->errors[i], error)) {
            return false;
        }
    }
    return true;
}

/* Photos that are not there may be elsewhere. */
static const char *way_out(const struct photo_check *check) {
    return check->missing > 0 ? "; --images DIR names the folder that photos are in" : "";
}

static bool bad_error(const struct photo_check *check, size_t count, caption_error *error) {
    const size_t bad = check->missing + check->broken;
    if (bad == 1)
        return error_set(error, check->first.status, "%s%s", check->first.message, way_out(check));
    return error_set(error, check->first.status,
                     "%s (the first of %zu bad photos out of %zu: %zu missing, %zu broken%s)",
                     check->first.message, bad, count, check->missing, check->broken,
                     way_out(check));
}

bool photo_check(const struct dataset *dataset, size_t *photos, size_t *count,
                 const struct photo_check_options *options, struct photo_check *out,
                 caption_error *error) {
    *out = (struct photo_check){0};
    const size_t all = *count;
    struct progress bar = progress_start(options->progress, all);
    size_t good = 0;
    bool ok = true;
    for (size_t first = 0; ok && first < all; first += BLOCK) {
        const size_t size = size_smaller(all - first, BLOCK);
        struct photo_block block = {.dataset = dataset, .photos = photos + first};
        threads_for(options->threads, size, check_one, &block);
        ok = take_good(&block, size, photos, &good, out, error);
        if (ok) progress_update(&bar, first + size, "photos looked at");
    }
    progress_finish(&bar);
    if (!ok) return false;
    *count = good;
    const bool refused = options->missing == PHOTO_MISSING_FAIL ? good < all : good == 0 && all > 0;
    return !refused || bad_error(out, all, error);
}

bool photo_check_message(const struct photo_check *check, char *text, size_t size) {
    const size_t bad = check->missing + check->broken;
    if (bad == 0) return false;
    snprintf(text, size, "%zu photo%s left out (%zu missing, %zu broken), the first: %s%s", bad,
             bad == 1 ? "" : "s", check->missing, check->broken, check->first.message,
             way_out(check));
    return true;
}

/* A place of the ring: photo `number` is on its way, or there. */
struct loader_place {
    enum { FREE, LOADING, LOADED, FAILED } state;
    size_t number;
    caption_error error;
};

struct loader {
    struct preprocessing preprocessing;
    size_t image;                /* numbers in a photo */
    float *images;               /* (capacity, S, S, 3) */
    struct loader_place *places; /* [capacity] */
    size_t capacity;

    pthread_mutex_t mutex;
    pthread_cond_t freed, loaded;
    loader_plan *plan;
    void *context;
    size_t next, end; /* the photo to load next, and the end of the numbers */
    size_t busy;      /* threads that are loading a photo */
    bool quit;

    pthread_t *threads;
    size_t thread_count;
};

/* The next wanted photo and its place; called and left with the mutex held. */
static struct loader_place *take_up(struct loader *loader, struct photo_file *file,
                                    struct augment *augment) {
    while (!loader->quit) {
        if (loader->next == loader->end) {
            pthread_cond_wait(&loader->freed, &loader->mutex);
            continue;
        }
        if (!loader->plan(loader->context, loader->next, file, augment)) {
            loader->next++;
            continue;
        }
        struct loader_place *place = &loader->places[loader->next % loader->capacity];
        if (place->state != FREE) {
            pthread_cond_wait(&loader->freed, &loader->mutex);
            continue;
        }
        place->state = LOADING;
        place->number = loader->next++;
        return place;
    }
    return NULL;
}

static void *load_photos(void *context) {
    struct loader *loader = context;
    struct photo_file file;
    struct augment augment;
    pthread_mutex_lock(&loader->mutex);
    for (struct loader_place *place; (place = take_up(loader, &file, &augment)) != NULL;) {
        float *image = loader->images + (size_t)(place - loader->places) * loader->image;
        loader->busy++;
        pthread_mutex_unlock(&loader->mutex);
        bool ok = photo_load(&file, &loader->preprocessing, &augment, image, &place->error);
        pthread_mutex_lock(&loader->mutex);
        loader->busy--;
        place->state = ok ? LOADED : FAILED;
        pthread_cond_broadcast(&loader->loaded);
    }
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

static bool start_threads(struct loader *loader, size_t threads, caption_error *error) {
    loader->threads = memory_zeroed(threads, sizeof *loader->threads, "a photo loader", error);
    if (!loader->threads) return false;
    for (; loader->thread_count < threads; loader->thread_count++) {
        int failure =
            pthread_create(&loader->threads[loader->thread_count], NULL, load_photos, loader);
        if (failure == 0) continue;
        return error_set(error, CAPTION_ERROR_MEMORY, "cannot start a photo loader: %s",
                         strerror(failure));
    }
    return true;
}

struct loader *loader_new(const struct preprocessing *preprocessing, size_t capacity,
                          size_t threads, caption_error *error) {
    struct loader *loader = memory_zeroed(1, sizeof *loader, "a photo loader", error);
    if (!loader) return NULL;
    pthread_mutex_init(&loader->mutex, NULL);
    pthread_cond_init(&loader->freed, NULL);
    pthread_cond_init(&loader->loaded, NULL);
    loader->preprocessing = *preprocessing;
    loader->capacity = capacity;
    loader->image = preprocessing->size * preprocessing->size * 3;
    loader->places = memory_zeroed(capacity, sizeof *loader->places, "a photo loader", error);
    size_t bytes;
    if (!size_multiply(loader->image, sizeof(float), &bytes)) {
        error_memory(error, "a photo loader");
    } else if (loader->places) {
        loader->images = memory_uninitialised(capacity, bytes, "a photo loader", error);
    }
    if (loader->images && start_threads(loader, threads, error)) return loader;
    loader_free(loader);
    return NULL;
}

void loader_free(struct loader *loader) {
    if (!loader) return;
    pthread_mutex_lock(&loader->mutex);
    loader->quit = true;
    pthread_cond_broadcast(&loader->freed);
    pthread_mutex_unlock(&loader->mutex);
    for (size_t i = 0; i < loader->thread_count; i++) pthread_join(loader->threads[i], NULL);
    pthread_mutex_destroy(&loader->mutex);
    pthread_cond_destroy(&loader->freed);
    pthread_cond_destroy(&loader->loaded);
    free(loader->threads);
    free(loader->places);
    free(loader->images);
    free(loader);
}

void loader_start(struct loader *loader, size_t first, size_t end, loader_plan *plan,
                  void *context) {
    pthread_mutex_lock(&loader->mutex);
    loader->next = loader->end = 0; /* start nothing new while the threads finish */
    while (loader->busy > 0) pthread_cond_wait(&loader->loaded, &loader->mutex);
    for (size_t i = 0; i < loader->capacity; i++) loader->places[i].state = FREE;
    loader->plan = plan;
    loader->context = context;
    loader->next = first < end ? first : end;
    loader->end = end;
    pthread_cond_broadcast(&loader->freed);
    pthread_mutex_unlock(&loader->mutex);
}

/* Whether the photo is loaded or has failed. */
static bool has_come(const struct loader_place *place, size_t number) {
    return place->number == number && (place->state == LOADED || place->state == FAILED);
}

const float *loader_wait(struct loader *loader, size_t first, size_t count, caption_error *error) {
    bool ok = true;
    pthread_mutex_lock(&loader->mutex);
    for (size_t i = 0; i < count; i++) {
        const struct loader_place *place = &loader->places[(first + i) % loader->capacity];
        while (!has_come(place, first + i)) {
            pthread_cond_wait(&loader->loaded, &loader->mutex);
        }
        if (place->state == LOADED || !ok) continue;
        ok = false;
        if (error) *error = place->error;
    }
    pthread_mutex_unlock(&loader->mutex);
    return ok ? loader->images + first % loader->capacity * loader->image : NULL;
}

void loader_release(struct loader *loader, size_t first, size_t count) {
    pthread_mutex_lock(&loader->mutex);
    for (size_t i = 0; i < count; i++) {
        loader->places[(first + i) % loader->capacity].state = FREE;
    }
    pthread_cond_broadcast(&loader->freed);
    pthread_mutex_unlock(&loader->mutex);
}

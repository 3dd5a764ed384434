#include "data/photo_check.h"

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

#include "cli/captioning_tar.h"

#include <stdio.h>

#include "base/plain_text.h"
#include "cli/command.h"
#include "cli/tar_photos.h"

/* Rows of errors that may wait behind a photo. */
enum { MOST_WAITING = 1024 };

/* Photos between the archive and their rows, in the order of the archive. */
struct tar_run {
    struct captioning *run;
    struct tar_photos photos;
    struct tar_photo *first, *last; /* given to the pipeline, or an error behind such a photo */
    size_t waiting, held;           /* photos in that list, bytes that they take */
    struct tar_photo *ahead;        /* read, and too large for now */
    bool at_end;
    caption_error error; /* what ends the run; CAPTION_OK: nothing does */
};

static void append(struct tar_run *t, struct tar_photo *photo) {
    *(t->first ? &t->last->next : &t->first) = photo;
    t->last = photo;
    t->waiting++;
    t->held += photo->member.size;
}

static struct tar_photo *take_first(struct tar_run *t) {
    struct tar_photo *photo = t->first;
    t->first = photo->next;
    t->waiting--;
    t->held -= photo->member.size;
    return photo;
}

/* Writes the row of the first photo, and lets go of it. */
static bool write_first(struct tar_run *t, const caption_result *result,
                        const caption_thumbnail *thumbnail, caption_error *error) {
    struct tar_photo *photo = take_first(t);
    const caption_result none = {.error = photo->problem};
    const struct caption_row row = {.number = photo->number,
                                    .path = photo->key,
                                    .relative = file_name_start(photo->key),
                                    .result = result ? result : &none,
                                    .thumbnail = thumbnail,
                                    .member = result ? &photo->member : NULL};
    const bool ok = captioning_write(t->run, &row, error);
    captioning_show(t->run);
    tar_photo_free(photo);
    return ok;
}

/* Writes the rows before the photo with these bytes (NULL: all rows): they are errors. */
static bool write_problems(struct tar_run *t, const void *bytes, caption_error *error) {
    while (t->first && (!bytes || t->first->member.bytes != bytes)) {
        if (!write_first(t, NULL, NULL, error)) return false;
    }
    return true;
}

/* Reads the next photo unless it is there. False at the end, and where the run is to end. */
static bool read_ahead(struct tar_run *t) {
    if (interrupt_came()) t->run->interrupted = true;
    if (t->run->interrupted) return false;
    if (!t->ahead && !tar_photos_next(&t->photos, &t->ahead, &t->error)) {
        t->run->interrupted = t->error.status == CAPTION_ERROR_INTERRUPTED;
        if (t->run->interrupted) t->error = (caption_error){0};
        return false;
    }
    t->at_end = !t->ahead;
    return !t->at_end;
}

static bool fits(const struct tar_run *t, const struct tar_photo *photo) {
    if (t->waiting == 0) return true;
    return t->waiting < MOST_WAITING && t->held <= CAPTIONING_TAR_BYTES &&
           photo->member.size <= CAPTIONING_TAR_BYTES - t->held;
}

/* False also where rows have to be written before there is memory for the next photo. */
static bool next_photo(void *context, caption_photo *out) {
    struct tar_run *t = context;
    while (read_ahead(t)) {
        struct tar_photo *photo = t->ahead;
        if (!fits(t, photo)) return false;
        t->ahead = NULL;
        t->run->photos++;
        append(t, photo);
        if (photo->problem.status != CAPTION_OK) continue;
        *out = (caption_photo){.path = photo->label,
                               .bytes = photo->member.bytes,
                               .size = photo->member.size,
                               .number = photo->number};
        return true;
    }
    return false;
}

static bool write_result(void *context, const caption_photo *photo, const caption_result *result,
                         caption_error *error) {
    struct tar_run *t = context;
    return write_problems(t, photo->bytes, error) &&
           write_first(t, result, &photo->thumbnail, error);
}

static void add_times(caption_times *sum, const caption_times *more) {
    sum->decode += more->decode;
    sum->encode += more->encode;
    sum->words += more->words;
    sum->output += more->output;
    sum->waited += more->waited;
}

static const struct file_stop stop_on_interrupt = {.asked = interrupt_stops};

static struct tar_run tar_run_of(struct captioning *run) {
    return (struct tar_run){.run = run,
                            .photos = {.archives = run->list,
                                       .shard = run->shard,
                                       .stop = &stop_on_interrupt,
                                       .stay_inside = run->repacks}};
}

static void tar_run_free(struct tar_run *t) {
    while (t->first) tar_photo_free(take_first(t));
    tar_photo_free(t->ahead);
    t->run->others = t->photos.others;
    tar_photos_free(&t->photos);
}

/* Each turn captions as much as fits in memory. */
static bool caption_archives(struct tar_run *t, caption_session *session, caption_error *error) {
    const caption_stream stream = {
        .next = next_photo, .result = write_result, .context = t, .thumbnail = t->run->thumbnail};
    while (!t->at_end && !t->run->interrupted) {
        caption_times times;
        if (!caption_session_stream(session, &stream, &times, error) ||
            !write_problems(t, NULL, error))
            return false;
        add_times(&t->run->times, &times);
        if (t->error.status != CAPTION_OK)
            return error_set(error, t->error.status, "%s", t->error.message);
    }
    return true;
}

bool captioning_tar_run(struct captioning *run, caption_session *session, caption_error *error) {
    struct tar_run t = tar_run_of(run);
    const bool ok = caption_archives(&t, session, error);
    tar_run_free(&t);
    return ok;
}

static void list_photo(struct captioning *run, const struct tar_photo *photo) {
    if (photo->problem.status != CAPTION_OK) {
        run->failed++;
        fprintf(stderr, "%s: %s\n", run->name, photo->problem.message);
        return;
    }
    run->done++;
    plain_text_to_reader(stdout, photo->key);
    putchar('\n');
}

bool captioning_tar_list(struct captioning *run, caption_error *error) {
    struct tar_run t = tar_run_of(run);
    struct tar_photo *photo = NULL;
    bool ok;
    while ((ok = tar_photos_next(&t.photos, &photo, error)) && photo) {
        run->photos++;
        list_photo(run, photo);
        tar_photo_free(photo);
    }
    tar_run_free(&t);
    return ok;
}

#include "cli/captioning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/photo_list.h"
#include "data/tar.h"
#include "image/photo.h"
#include "report/caption_output.h"

/* The photos of tar archives, one after the other, straight out of the stream: nothing is unpacked
 * to disk, and what is in an archive decides over names, never over paths.
 *
 * A photo is called by its key: the member's name up to the first dot behind its folder, as
 * WebDataset takes it ("a/0001" of "a/0001.jpg"). A second photo of the same key is called by its
 * whole name. Shards (cli/options.h) go by the key, so a sample stays together. */

/* A photo, or what went wrong: with the member, or with the archive from here on. */
struct tar_photo {
    struct tar_photo *next; /* for the caller's lists */
    char *label;            /* the archive and, behind ": ", the member's name; for messages */
    char *key;              /* of an archive that is broken, its path */
    struct caption_member member; /* its name is the end of `label`; the bytes are owned */
    size_t number;                /* its place among the photos of all shards */
    caption_error problem;        /* CAPTION_OK: none */
};

/* Names in the archive that is written, by their hashes: a table whose empty slots are 0. */
struct written_names {
    struct siphash_key key;
    uint64_t *slots; /* [slot_count], a power of two */
    size_t slot_count, count;
};

struct tar_photos {
    /* Set by the caller. */
    const struct photo_list *archives;
    const struct shard *shard;
    const struct file_stop *stop; /* what may end a wait */
    bool is_written; /* to an archive: a name that leads out of where that is unpacked, or is there
                        already, is a problem */

    struct written_names names;

    size_t others; /* members that were passed over: links, devices and the like */

    size_t archive; /* entry that is read, or is next */
    struct tar_stream *stream;
    const char *path; /* of the stream, in words */
    char *sample;     /* key of the last photo */
    size_t numbers;   /* photos so far */
};

/* Read of what does not begin as a photo: enough to say what it is instead. */
enum { NO_PHOTO_BYTES = 1 << 12 };

static void tar_photo_free(struct tar_photo *photo) {
    if (!photo) return;
    free(photo->label);
    free(photo->key);
    free((void *)(uintptr_t)photo->member.bytes);
    free(photo);
}

static void close_archive(struct tar_photos *photos) {
    if (photos->stream) photos->others += tar_stream_others(photos->stream);
    tar_stream_free(photos->stream);
    photos->stream = NULL;
    free(photos->sample);
    photos->sample = NULL;
}

/* Closes what is open. */
static void tar_photos_free(struct tar_photos *photos) {
    close_archive(photos);
    free(photos->names.slots);
}

/* The slot of the hash, or the empty one where it belongs. */
static uint64_t *slot_of(const struct written_names *names, uint64_t hash) {
    size_t slot = (size_t)hash & (names->slot_count - 1);
    while (names->slots[slot] != 0 && names->slots[slot] != hash)
        slot = (slot + 1) & (names->slot_count - 1);
    return &names->slots[slot];
}

static bool make_space(struct written_names *names, caption_error *error) {
    enum { FIRST_SLOTS = 1024 };
    if (names->slot_count > 2 * names->count) return true;
    struct written_names larger = *names;
    if (!names->slots) larger.key = siphash_key_new();
    larger.slot_count = names->slots ? 4 * names->slot_count : FIRST_SLOTS;
    larger.slots = memory_zeroed(larger.slot_count, sizeof *larger.slots, "names", error);
    if (!larger.slots) return false;
    for (size_t i = 0; i < names->slot_count; i++)
        if (names->slots[i] != 0) *slot_of(&larger, names->slots[i]) = names->slots[i];
    free(names->slots);
    *names = larger;
    return true;
}

/* Adds the name `base``end`; *is_new: whether it was not there. */
static bool add_name(struct written_names *names, const char *base, const char *end, bool *is_new,
                     caption_error *error) {
    char *name = memory_join(base, end, "", error);
    if (!name || !make_space(names, error)) {
        free(name);
        return false;
    }
    const uint64_t hash = siphash_string(names->key, name) | UINT64_C(1) << 63; /* never 0 */
    uint64_t *slot = slot_of(names, hash);
    *is_new = *slot == 0;
    *slot = hash;
    names->count += *is_new;
    free(name);
    return true;
}

/* Sets the photo's problem where its name, or those of its caption, are taken. */
static bool add_names(struct tar_photos *photos, struct tar_photo *photo, caption_error *error) {
    const char *const names[][2] = {
        {photo->member.name, ""}, {photo->key, ".txt"}, {photo->key, ".json"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool is_new;
        if (!add_name(&photos->names, names[i][0], names[i][1], &is_new, error)) return false;
        if (is_new) continue;
        error_set(&photo->problem, CAPTION_ERROR_FORMAT,
                  "%s: --tar-output has a %s%s already; expected names that differ (an output for "
                  "each archive)",
                  photo->label, names[i][0], names[i][1]);
        return true;
    }
    return true;
}

/* Whether a name stays in the folder that it is unpacked in, whatever unpacks it. */
static bool stays_inside(const char *name) {
    if (name[0] == '/' || strpbrk(name, "\\:")) return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
    }
    return true;
}

/* The photo `name`, called by `length` bytes of it. */
static struct tar_photo *new_photo(const struct tar_photos *photos, const char *name, size_t length,
                                   caption_error *error) {
    struct tar_photo *photo = memory_zeroed(1, sizeof *photo, "a photo", error);
    if (!photo) return NULL;
    photo->number = photos->numbers;
    photo->label = memory_join(photos->path, ": ", name, error);
    photo->key = memory_substring(name, length, error);
    if (photo->label && photo->key) {
        photo->member.name = photo->label + strlen(photos->path) + 2;
        return photo;
    }
    tar_photo_free(photo);
    return NULL;
}

/* What is wrong with the archive, which is left. */
static bool give_broken(struct tar_photos *photos, const caption_error *problem,
                        struct tar_photo **photo, caption_error *error) {
    if (problem->status == CAPTION_ERROR_INTERRUPTED)
        return error_set(error, problem->status, "%s", problem->message);
    *photo = new_photo(photos, photos->path, strlen(photos->path), error);
    if (*photo) (*photo)->problem = *problem;
    close_archive(photos);
    return *photo != NULL;
}

static bool open_archive(struct tar_photos *photos, struct tar_photo **photo,
                         caption_error *error) {
    const struct photo_entry *entry = &photos->archives->entries[photos->archive++];
    photos->path = strcmp(entry->path, "-") == 0 ? "standard input" : entry->path;
    if (entry->problem) return give_broken(photos, entry->problem, photo, error);
    caption_error problem;
    photos->stream = tar_stream_open(entry->path, photos->stop, &problem);
    return photos->stream || give_broken(photos, &problem, photo, error);
}

/* Bytes of the key that the member's row is called by. */
static bool find_key(struct tar_photos *photos, const char *name, size_t *length,
                     caption_error *error) {
    const size_t start = file_name_start(name), key = start + strcspn(name + start, ".");
    const bool second =
        photos->sample && strlen(photos->sample) == key && memcmp(photos->sample, name, key) == 0;
    *length = second ? strlen(name) : key;
    if (second) return true;
    free(photos->sample);
    photos->sample = memory_substring(name, key, error);
    return photos->sample != NULL;
}

/* A member that is looked at. */
struct member_reading {
    const char *name;
    size_t size, begun;
    uint8_t beginning[IMAGE_SIGNATURE]; /* [begun] */
};

/* Reads the bytes of a photo up to `most`, until it is seen to be a bomb: nothing is kept of one.
 */
static bool read_parts(struct tar_photos *photos, uint8_t *bytes, size_t most,
                       struct tar_photo *photo) {
    const size_t part = (size_t)1 << 24, before = tar_stream_packed(photos->stream);
    size_t *end = &photo->member.size, more = 1;
    while (*end < most && more > 0) {
        if (!tar_stream_read(photos->stream, bytes + *end, size_smaller(part, most - *end), &more,
                             &photo->problem))
            return false;
        *end += more;
        const size_t packed = tar_stream_packed(photos->stream) - before;
        if (!file_is_bomb(*end, packed)) continue;
        error_set(&photo->problem, CAPTION_ERROR_LIMIT,
                  "%s: %zu bytes of the archive unpack to more than %zu, more than a photo does",
                  photo->label, packed, *end);
        free(bytes);
        photo->member.bytes = NULL;
        photo->member.size = 0;
        return true;
    }
    return true;
}

/* Reads the rest of the member. False where the archive ends first or is damaged; other problems
 * are the photo's alone. */
static bool read_bytes(struct tar_photos *photos, const struct member_reading *member,
                       struct tar_photo *photo) {
    caption_error *problem = &photo->problem;
    const size_t size = member->size, begun = member->begun;
    if (size > PHOTO_MAX_BYTES) {
        error_set(problem, CAPTION_ERROR_LIMIT, "%s: larger than %zu bytes, the most accepted here",
                  photo->label, PHOTO_MAX_BYTES);
        return true;
    }
    const size_t most =
        image_is_photo(member->beginning, begun) ? size : size_smaller(size, NO_PHOTO_BYTES);
    uint8_t *bytes = memory_uninitialised(size_larger(most, 1), 1, "a photo", problem);
    if (!bytes) {
        error_prefix(problem, photo->label);
        return true;
    }
    memcpy(bytes, member->beginning, begun);
    photo->member.bytes = bytes;
    photo->member.size = begun;
    return read_parts(photos, bytes, most, photo);
}

/* Reads a photo of this shard. */
static bool read_photo(struct tar_photos *photos, const struct member_reading *member,
                       struct tar_photo **photo, caption_error *error) {
    size_t length;
    if (!find_key(photos, member->name, &length, error)) return false;
    if (!shard_holds(photos->shard, photos->sample)) {
        photos->numbers++;
        return true;
    }
    struct tar_photo *read = new_photo(photos, member->name, length, error);
    if (!read) return false;
    photos->numbers++;
    if (photos->is_written && !stays_inside(member->name))
        error_set(&read->problem, CAPTION_ERROR_FORMAT,
                  "%s: its name leads out of the folder that it is unpacked in", read->label);
    else if (photos->is_written && !add_names(photos, read, error)) {
        tar_photo_free(read);
        return false;
    }
    if (read->problem.status == CAPTION_OK && !read_bytes(photos, member, read))
        close_archive(photos);
    *photo = read;
    if (read->problem.status != CAPTION_ERROR_INTERRUPTED) return true;
    *photo = NULL;
    tar_photo_free(read);
    return error_set(error, CAPTION_ERROR_INTERRUPTED, "interrupted");
}

/* Looks at the next member of the open archive. */
static bool next_member(struct tar_photos *photos, struct tar_photo **photo, caption_error *error) {
    struct member_reading member = {0};
    caption_error problem;
    if (!tar_stream_next(photos->stream, &member.name, &member.size, &problem))
        return give_broken(photos, &problem, photo, error);
    if (!member.name) {
        close_archive(photos);
        return true;
    }
    const size_t first = size_smaller(member.size, sizeof member.beginning);
    if (!tar_stream_read(photos->stream, member.beginning, first, &member.begun, &problem))
        return give_broken(photos, &problem, photo, error);
    if (!photo_named(member.name) && !image_is_photo(member.beginning, member.begun)) return true;
    return read_photo(photos, &member, photo, error);
}

/* Gives the next photo, NULL at the end of the last archive. After an archive that is broken comes
 * the next one. False when memory is short, or with CAPTION_ERROR_INTERRUPTED where the wait was
 * ended. */
static bool tar_photos_next(struct tar_photos *photos, struct tar_photo **photo,
                            caption_error *error) {
    for (*photo = NULL; !*photo;) {
        if (photos->stream) {
            if (!next_member(photos, photo, error)) return false;
        } else if (photos->archive == photos->archives->count) {
            return true;
        } else if (!open_archive(photos, photo, error)) {
            return false;
        }
    }
    return true;
}

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
                                       .is_written = run->repacks}};
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

#include "cli/captioning.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/command.h"

/* Seconds between two lines of -v. */
static const double verbose_pause = 5;

static bool of_shard(const struct captioning *run, const struct photo_entry *entry) {
    return shard_holds(run->shard, entry->path + entry->relative);
}

static struct caption_row row_of(const struct captioning *run, size_t number,
                                 const caption_result *result) {
    const struct photo_entry *entry = &run->list->entries[number];
    return (struct caption_row){.number = number,
                                .path = entry->path,
                                .relative = entry->relative,
                                .name_taken = entry->name_taken,
                                .result = result};
}

static void count_photos(struct captioning *run) {
    for (size_t i = 0; i < run->list->count; i++) {
        const struct photo_entry *entry = &run->list->entries[i];
        if (!entry->problem && of_shard(run, entry)) run->photos++;
    }
}

/* The file of a photo; NULL when memory is short, or *skipped. */
static char *file_of(const struct captioning *run, size_t number, bool *skipped,
                     caption_error *error) {
    const struct caption_row row = row_of(run, number, NULL);
    char *path = caption_file_path(&row, run->files->folder, run->files->extension, error);
    *skipped = path && run->files->existing == CAPTION_FILE_SKIP && caption_file_is_there(path);
    if (!*skipped) return path;
    free(path);
    return NULL;
}

/* Whether everything that is written for a photo is there already. Where memory is too short
 * for the answer, captioning it will say so. */
static bool is_done(const struct captioning *run, size_t number) {
    const struct caption_row row = row_of(run, number, NULL);
    bool skipped = false;
    if (run->files) free(file_of(run, number, &skipped, NULL));
    if (run->files && !skipped) return false;
    if (run->xmp && !caption_xmp_is_done(run->xmp, &row)) return false;
    if (run->metadata && !caption_metadata_is_done(run->metadata, &row)) return false;
    return run->files || run->xmp || run->metadata;
}

void captioning_show(struct captioning *run) {
    const size_t looked_at = run->done + run->failed, all = looked_at + run->skipped;
    const double elapsed = progress_clock() - run->progress->started;
    const double rate = elapsed > 0 ? (double)looked_at / elapsed : 0;
    char note[96];
    snprintf(note, sizeof note, "%.1f photos/s, %zu failed", rate, run->failed);
    if (!run->quiet) progress_update(run->progress, all, note);
    if (!run->verbose || elapsed - run->last_message < verbose_pause) return;
    run->last_message = elapsed;
    const double left = rate > 0 ? (double)(run->photos - all) / rate : 0;
    progress_finish(run->progress);
    if (run->archives)
        fprintf(stderr, "%s: %zu photos, %s\n", run->name, all, note);
    else
        fprintf(stderr, "%s: %zu of %zu photos, %s, %.0f s left\n", run->name, all, run->photos,
                note, left);
}

static bool next_photo(void *context, caption_photo *photo) {
    struct captioning *run = context;
    for (; run->next < run->list->count; run->next++) {
        if (interrupt_came()) {
            run->interrupted = true;
            return false;
        }
        const struct photo_entry *entry = &run->list->entries[run->next];
        if (entry->problem || !of_shard(run, entry)) continue;
        if (is_done(run, run->next)) {
            run->skipped++;
            continue;
        }
        photo->path = strcmp(entry->path, "-") == 0 ? "/dev/stdin" : entry->path;
        photo->number = run->next++;
        return true;
    }
    return false;
}

static void count_row(struct captioning *run, const caption_result *result) {
    if (result->count > 0) {
        run->done++;
        return;
    }
    run->failed++;
    progress_finish(run->progress);
    fprintf(stderr, "%s: %s\n", run->name, result->error.message);
}

static bool write_text(struct captioning *run, const struct caption_row *text,
                       caption_error *error) {
    struct caption_row row = *text;
    caption_result failed = {0};
    for (size_t i = 0; i < run->output_count; i++) {
        struct caption_output *output = run->outputs[i];
        if (output->row(output, &row, error)) continue;
        if (!output->file_each) return false;
        failed.error = *error;
        row.result = &failed;
    }
    count_row(run, row.result);
    return true;
}

bool captioning_write(struct captioning *run, const struct caption_row *row, caption_error *error) {
    struct caption_row text = *row;
    caption_result whole;
    if (!literal_text_add(&run->text, row->result, &whole, error)) return false;
    text.result = &whole;
    const bool ok = write_text(run, &text, error);
    literal_text_free(row->result, &whole);
    return ok;
}

static bool write_row(struct captioning *run, size_t number, const caption_result *result,
                      const caption_thumbnail *thumbnail, caption_error *error) {
    struct caption_row row = row_of(run, number, result);
    row.thumbnail = thumbnail;
    return captioning_write(run, &row, error);
}

/* What an earlier run said of a photo. Freed by the caller; NULL where that is not known. */
static char *said_before(const struct captioning *run, const struct caption_row *row) {
    if (!run->files) return NULL;
    char *path = caption_file_path(row, run->files->folder, run->files->extension, NULL);
    char *text = path ? caption_file_first(path) : NULL;
    free(path);
    return text;
}

static bool write_skipped(const struct captioning *run, struct caption_output *output,
                          size_t number, caption_error *error) {
    static char unknown[] = "(captioned before)";
    struct caption_row row = row_of(run, number, NULL);
    char *text = said_before(run, &row);
    caption_text caption = {
        .text = text ? text : unknown, .logprob = (double)NAN, .confidence = (double)NAN};
    const caption_result result = {.count = 1, .captions = &caption};
    row.result = &result;
    const bool ok = output->row(output, &row, error);
    free(text);
    return ok;
}

/* The row of what was not captioned now: it cannot be read, or was passed over. */
static bool write_other(struct captioning *run, size_t number, caption_error *error) {
    const struct photo_entry *entry = &run->list->entries[number];
    if (entry->problem) {
        const caption_result none = {.error = *entry->problem};
        return write_row(run, number, &none, NULL, error);
    }
    for (size_t i = 0; i < run->output_count; i++) {
        struct caption_output *output = run->outputs[i];
        if (output->with_skipped && !write_skipped(run, output, number, error)) return false;
    }
    return true;
}

/* Writes the rows of what has no result, up to entry `end`. */
static bool write_others(struct captioning *run, size_t end, caption_error *error) {
    for (; run->written < end; run->written++)
        if (of_shard(run, &run->list->entries[run->written]) &&
            !write_other(run, run->written, error))
            return false;
    return true;
}

static bool write_result(void *context, const caption_photo *photo, const caption_result *result,
                         caption_error *error) {
    struct captioning *run = context;
    const size_t number = photo->number;
    if (result->error.status == CAPTION_ERROR_INTERRUPTED) {
        run->interrupted = true;
        return true;
    }
    if (!write_others(run, number, error) ||
        !write_row(run, number, result, &photo->thumbnail, error))
        return false;
    run->written = number + 1;
    captioning_show(run);
    return true;
}

static bool end_outputs(struct captioning *run, caption_error *error) {
    for (size_t i = 0; i < run->output_count; i++) {
        struct caption_output *output = run->outputs[i];
        if (output->end && !output->end(output, error)) return false;
    }
    return true;
}

static bool caption_list(struct captioning *run, caption_session *session, caption_error *error) {
    const caption_stream stream = {.next = next_photo,
                                   .result = write_result,
                                   .stop = interrupt_stops,
                                   .context = run,
                                   .thumbnail = run->thumbnail};
    if (!caption_session_stream(session, &stream, &run->times, error)) return false;
    return run->interrupted || write_others(run, run->list->count, error);
}

bool captioning_run(struct captioning *run, caption_session *session, caption_error *error) {
    interrupt_listen();
    run->others = run->list->others;
    run->doubles = run->list->doubles;
    if (!run->archives) count_photos(run);
    struct progress progress = progress_start(run->photos > 1 ? stderr : NULL, run->photos);
    run->progress = &progress;
    const bool done =
        run->archives ? captioning_tar_run(run, session, error) : caption_list(run, session, error);
    progress_finish(&progress);
    run->seconds = progress_clock() - progress.started;
    run->progress = NULL;
    return done && end_outputs(run, error);
}

/* A photo whose files are listed, a line each. */
struct listed_photo {
    const char *path;
    size_t lines;
};

/* NULL: the photo alone. */
static void list_file(void *context, const char *file) {
    struct listed_photo *listed = context;
    listed->lines++;
    plain_text_to_reader(stdout, listed->path);
    if (file) putchar('\t');
    if (file) plain_text_to_reader(stdout, file);
    putchar('\n');
}

/* What would be written for a photo, unless all of it is there. */
static bool list_photo(struct captioning *run, size_t number, caption_error *error) {
    const struct caption_row row = row_of(run, number, NULL);
    struct listed_photo listed = {.path = row.path};
    bool skipped = false;
    if (is_done(run, number)) {
        run->skipped++;
        return true;
    }
    char *file = run->files ? file_of(run, number, &skipped, error) : NULL;
    if (run->files && !file && !skipped) return false;
    if (file) list_file(&listed, file);
    free(file);
    if (run->xmp && !caption_xmp_list(run->xmp, &row, list_file, &listed, error)) {
        run->failed++;
        fprintf(stderr, "%s: %s\n", run->name, error->message);
        return true;
    }
    const bool changes = run->metadata && !caption_metadata_is_done(run->metadata, &row);
    if (changes || listed.lines == 0) list_file(&listed, NULL);
    run->done++;
    return true;
}

bool captioning_list(struct captioning *run, caption_error *error) {
    run->dry = true;
    if (run->archives) return captioning_tar_list(run, error);
    run->others = run->list->others;
    run->doubles = run->list->doubles;
    count_photos(run);
    for (size_t i = 0; i < run->list->count; i++) {
        const struct photo_entry *entry = &run->list->entries[i];
        if (!of_shard(run, entry)) continue;
        if (entry->problem) {
            run->failed++;
            fprintf(stderr, "%s: %s\n", run->name, entry->problem->message);
        } else if (!list_photo(run, i, error)) {
            return false;
        }
    }
    return true;
}

static void tell_times(const struct captioning *run) {
    const caption_times *t = &run->times;
    const double all = t->decode + t->encode + t->words + t->output + t->waited;
    if (!(all > 0)) return;
    fprintf(stderr,
            "%s: decode %.0f %%, encode %.0f %%, words %.0f %%, output %.0f %%, waited %.0f %%\n",
            run->name, 100 * t->decode / all, 100 * t->encode / all, 100 * t->words / all,
            100 * t->output / all, 100 * t->waited / all);
}

void captioning_summarise(const struct captioning *run) {
    if (run->quiet) return;
    const bool watched =
        run->verbose || run->files || run->xmp || run->metadata || isatty(STDERR_FILENO);
    const size_t others = run->others;
    if (watched && (run->photos > 1 || others > 0 || run->doubles > 0 || run->skipped > 0)) {
        fprintf(stderr, "%s: %zu %s, %zu failed", run->name, run->done,
                run->dry ? "to caption" : "captioned", run->failed);
        if (run->skipped > 0) fprintf(stderr, ", %zu skipped (done before)", run->skipped);
        if (others > 0)
            fprintf(stderr, ", %zu other %s%s passed over", others,
                    run->archives ? "member" : "file", others == 1 ? "" : "s");
        if (run->doubles > 0)
            fprintf(stderr, ", %zu more name%s of these photos passed over", run->doubles,
                    run->doubles == 1 ? "" : "s");
        if (run->seconds > 0)
            fprintf(stderr, " in %.1f s, %.1f photos/s", run->seconds,
                    (double)(run->done + run->failed) / run->seconds);
        fprintf(stderr, "\n");
    }
    if (run->verbose) tell_times(run);
    if (!run->interrupted) return;
    fprintf(stderr, "%s: interrupted after %zu", run->name, run->done + run->failed + run->skipped);
    if (!run->archives) fprintf(stderr, " of %zu", run->photos);
    fprintf(stderr, " photos");
    if (run->files || run->xmp || run->metadata)
        fprintf(stderr, "; the same command with --existing skip goes on");
    fprintf(stderr, "\n");
}

static bool is_one_line(const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        uint32_t code;
        const size_t length = utf8_decode(text, size, &code);
        if (length == 0 || code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
        text += length;
        size -= length;
    }
    return true;
}

static bool check(const char *flag, const char *text, caption_error *error) {
    if (!text || is_one_line(text)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s: expected a text in UTF-8 of one line, without control characters",
                     flag);
}

bool literal_text_check(const struct literal_text *text, caption_error *error) {
    return check("before", text->before, error) && check("after", text->after, error);
}

static char *around(const struct literal_text *text, const char *caption, caption_error *error) {
    const char *before = *caption && text->before ? text->before : "";
    const char *after = *caption && text->after ? text->after : "";
    return memory_join(before, caption, after, error);
}

bool literal_text_add(const struct literal_text *text, const caption_result *in,
                      caption_result *out, caption_error *error) {
    *out = *in;
    if (in->count == 0 || (!text->before && !text->after)) return true;
    out->captions = memory_zeroed(in->count, sizeof *out->captions, "captions", error);
    if (!out->captions) return false;
    for (size_t i = 0; i < in->count; i++) {
        out->captions[i] = in->captions[i];
        out->captions[i].text = around(text, in->captions[i].text, error);
        if (out->captions[i].text) continue;
        out->count = i;
        literal_text_free(in, out);
        return false;
    }
    return true;
}

void literal_text_free(const caption_result *in, caption_result *out) {
    if (out->captions == in->captions) return;
    for (size_t i = 0; i < out->count; i++) free(out->captions[i].text);
    free(out->captions);
}

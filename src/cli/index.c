/* caption index PATH... -o FILE: the vectors of a library of photos, for searches. */
#include "cli/index.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/photo_list.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "decode/pipeline.h"
#include "format/float16.h"
#include "infer/inference_search.h"
#include "search/library.h"

bool photo_vectors_open(struct model *model, const char *path, caption_error *error) {
    struct model_place place;
    path = model_path(path, &place, error);
    if (!path || !model_open(model, path, error)) return false;
    if (model_check_search(model, path, error)) return true;
    model_free(model);
    *model = (struct model){0};
    return false;
}

void photo_vectors_problem(const char *name, const caption_error *problem) {
    fprintf(stderr, "%s: %s\n", name, problem->message);
}

static bool next_photo(void *context, caption_photo *photo) {
    struct photo_vectors *run = context;
    if (run->next == run->count) return false;
    if (interrupt_came()) {
        run->interrupted = true;
        return false;
    }
    const char *path = run->paths[run->next];
    photo->path = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
    photo->number = run->next++;
    return true;
}

static bool pipeline_asks(void *context, const caption_photo *photo,
                          const struct file_bytes *file) {
    const struct photo_vectors *run = context;
    return run->asks(run->context, photo->number, file);
}

static void show_progress(struct photo_vectors *run) {
    const size_t all = run->done + run->failed;
    const double elapsed = progress_clock() - run->progress->started;
    char note[96];
    snprintf(note, sizeof note, "%.1f photos/s, %zu failed",
             elapsed > 0 ? (double)all / elapsed : 0, run->failed);
    progress_update(run->progress, all, note);
}

static bool take_problem(struct photo_vectors *run, const caption_photo *photo,
                         const caption_error *problem, caption_error *error) {
    run->failed++;
    progress_finish(run->progress);
    photo_vectors_problem(run->name, problem);
    return run->take(run->context, photo->number, NULL, problem, error);
}

/* The vector of the features as an index holds it. */
static bool make_vector(struct photo_vectors *run, const caption_photo *photo,
                        const float *features, caption_error *problem) {
    size_t bad;
    if (!search_photo_vectors(run->photos, features, 1, run->numbers, run->scratch, problem))
        return error_prefix(problem, photo->path);
    /* Numbers of a unit vector are never too large. */
    return float16_from_floats(run->numbers, run->model->search.size, run->vector, &bad);
}

static bool take_features(void *context, const caption_photo *photo, const float *features,
                          const caption_error *problem, caption_error *error) {
    struct photo_vectors *run = context;
    caption_error own = *problem;
    if (problem->status == CAPTION_ERROR_INTERRUPTED) {
        run->interrupted = true;
        return true;
    }
    if (features && !make_vector(run, photo, features, &own))
        return take_problem(run, photo, &own, error);
    if (problem->status != CAPTION_OK) return take_problem(run, photo, problem, error);
    run->done++;
    const bool ok =
        run->take(run->context, photo->number, features ? run->vector : NULL, problem, error);
    show_progress(run);
    return ok;
}

static bool run_pipeline(struct photo_vectors *run, const struct prepared *prepared, size_t threads,
                         caption_error *error) {
    struct pipeline *pipeline = pipeline_new(prepared, threads, error);
    if (!pipeline) return false;
    struct progress progress =
        progress_start(run->count > 1 && !run->quiet ? stderr : NULL, run->count);
    run->progress = &progress;
    const struct pipeline_ends ends = {.next = next_photo,
                                       .stop = interrupt_stops,
                                       .context = run,
                                       .features = take_features,
                                       .asks = run->asks ? pipeline_asks : NULL};
    const bool done = pipeline_run(pipeline, &ends, NULL, error);
    progress_finish(&progress);
    run->progress = NULL;
    pipeline_free(pipeline);
    return done;
}

static bool prepare(struct photo_vectors *run, caption_error *error) {
    const size_t width = run->model->search.size;
    run->photos = search_photos_new(run->model, error);
    if (!run->photos) return false;
    const size_t scratch = search_photos_scratch(run->photos);
    run->vector = memory_uninitialised(width, 2, "a vector", error);
    run->numbers = memory_uninitialised(width, sizeof *run->numbers, "a vector", error);
    run->scratch = memory_uninitialised(scratch, sizeof *run->scratch, "a vector", error);
    return run->vector && run->numbers && run->scratch;
}

static void free_scratch(struct photo_vectors *run) {
    free(run->vector);
    free(run->numbers);
    free(run->scratch);
    search_photos_free(run->photos);
}

/* No words are decoded: their workspace is as small as can be. */
bool photo_vectors_run(struct photo_vectors *run, caption_error *error) {
    caption_options options = *run->options;
    options.beam_size = options.top = 1;
    const size_t threads = options.threads ? options.threads : threads_processors();
    struct prepared prepared;
    interrupt_listen();
    if (!prepared_init(&prepared, run->model, &options, threads, error)) return false;
    const bool done = prepare(run, error) && run_pipeline(run, &prepared, threads, error);
    free_scratch(run);
    prepared_free(&prepared);
    return done;
}

static const char name[] = "caption index";

enum { OWN_ROWS = 3, ROWS = OWN_ROWS + DECODING_OPTIONS_ENCODING };

struct index_options {
    struct decoding_options *decoding;
    struct photo_options photos;
    const char *output;
    bool force, quiet;
    struct options_row inputs[PHOTO_OPTIONS_ROWS], rows[ROWS];
};

/* An index that is made or brought up to date. */
struct indexing {
    const struct index_options *options;
    struct photo_list list;
    struct model model;
    uint64_t model_number; /* index_file_model */
    struct index_file old; /* zero: there is none */
    struct library library;
    const char **paths; /* [count] of photos that must be read, and their numbers in the library */
    size_t *numbers, count;
    size_t failed;
    bool interrupted;
    double started;
};

static void indexing_free(struct indexing *run) {
    free(run->paths);
    free(run->numbers);
    library_free(&run->library);
    index_file_close(&run->old);
    model_free(&run->model);
    photo_list_free(&run->list);
}

static bool check_files(const struct indexing *run, caption_error *error) {
    const struct index_options *options = run->options;
    struct run_files files = {.force = options->force, .photos = &run->list};
    const bool ok =
        run_files_read(&files, "list of photos", photo_options_file(&options->photos), error) &&
        run_files_read(&files, "standard input", photo_list_input(&run->list), error) &&
        run_files_read_model(&files, options->decoding->model, error) &&
        run_files_write(&files, "output", options->output, &RUN_FILES_INDEX, error) &&
        run_files_check(&files, error);
    run_files_free(&files);
    return ok;
}

/* Opens the index that is there. With --force, one that is damaged or another model's is none. */
static bool open_old(struct indexing *run, caption_error *error) {
    struct stat status;
    const char *path = run->options->output;
    if (stat(path, &status) != 0 || status.st_size == 0) return true;
    if (index_file_open(&run->old, path, error) &&
        index_file_check_model(&run->old, run->model_number, run->model.search.size, error))
        return true;
    index_file_close(&run->old);
    return run->options->force && error->status == CAPTION_ERROR_FORMAT;
}

static void report_problem(struct indexing *run, const caption_error *problem) {
    run->failed++;
    photo_vectors_problem(name, problem);
}

/* Adds the photos of the list to the library; what cannot be one is reported. */
static bool add_photos(struct indexing *run, caption_error *error) {
    for (size_t i = 0; i < run->list.count; i++) {
        const struct photo_entry *entry = &run->list.entries[i];
        if (entry->problem)
            report_problem(run, entry->problem);
        else if (!library_add(&run->library, entry->path, error)) {
            if (error->status == CAPTION_ERROR_MEMORY) return false;
            report_problem(run, error);
        }
    }
    return true;
}

static bool choose_photos(struct indexing *run, caption_error *error) {
    const size_t count = run->library.count;
    run->paths = memory_zeroed(count, sizeof *run->paths, "an index", error);
    run->numbers = memory_zeroed(count, sizeof *run->numbers, "an index", error);
    if (!run->paths || !run->numbers) return false;
    for (size_t i = 0; i < count; i++) {
        const struct library_photo *photo = &run->library.photos[i];
        if (photo->state != LIBRARY_UNREAD) continue;
        run->numbers[run->count] = i;
        run->paths[run->count++] = photo->path;
    }
    return true;
}

static bool asks(void *context, size_t number, const struct file_bytes *file) {
    struct indexing *run = context;
    return !library_knows(&run->library, run->numbers[number], file);
}

static bool take(void *context, size_t number, const uint8_t *vector, const caption_error *problem,
                 caption_error *error) {
    struct indexing *run = context;
    if (!vector && problem->status == CAPTION_OK) return true; /* known */
    return library_take(&run->library, run->numbers[number], vector, run->model.search.size, error);
}

static bool enter_sandbox(const struct indexing *run, caption_error *error) {
    struct run_sandbox sandbox;
    if (!run_sandbox_open(&sandbox, run->options->photos.sandbox, error)) return false;
    run_sandbox_photos(&sandbox, &run->list, false);
    run_sandbox_write(&sandbox, run->options->output);
    return run_sandbox_enter(&sandbox, error);
}

static bool encode_photos(struct indexing *run, caption_error *error) {
    const struct index_options *options = run->options;
    struct photo_vectors vectors = {.name = name,
                                    .model = &run->model,
                                    .options = &options->decoding->caption,
                                    .paths = run->paths,
                                    .count = run->count,
                                    .quiet = options->quiet,
                                    .asks = asks,
                                    .take = take,
                                    .context = run};
    if (run->count == 0) return true;
    const bool done = enter_sandbox(run, error) && photo_vectors_run(&vectors, error);
    run->failed += vectors.failed;
    run->interrupted = vectors.interrupted;
    return done;
}

static void report_summary(const struct indexing *run) {
    const struct library *library = &run->library;
    const size_t count = library->kept + library->encoded + library->known;
    if (run->options->quiet) return;
    fprintf(stderr, "%s: %s: %zu photo%s: %zu encoded, %zu as before", name, run->options->output,
            count, count == 1 ? "" : "s", library->encoded, library->kept);
    if (library->known > 0) fprintf(stderr, ", %zu known by content", library->known);
    if (library->moved > 0) fprintf(stderr, " (%zu moved)", library->moved);
    fprintf(stderr, "; %zu gone, %zu failed in %.1f s\n", library->gone, run->failed,
            progress_clock() - run->started);
    if (run->interrupted) fprintf(stderr, "%s: interrupted; the same command goes on\n", name);
}

static bool make_index(struct indexing *run, caption_error *error) {
    const struct index_options *options = run->options;
    return check_files(run, error) &&
           photo_vectors_open(&run->model, options->decoding->model, error) &&
           index_file_model(&run->model, &run->model_number, error) && open_old(run, error) &&
           library_open(&run->library, options->output, &run->old, error) &&
           add_photos(run, error) && choose_photos(run, error) && encode_photos(run, error) &&
           library_write(&run->library, run->model_number, run->model.search.size, error);
}

static bool check_usage(const struct index_options *options, int count, caption_error *error) {
    if (count == 0 && !options->photos.files_from)
        return error_set(
            error, CAPTION_ERROR_ARGUMENT,
            "0 arguments given, at least 1 expected: caption index [OPTIONS] PATH... -o "
            "FILE");
    return options->output || error_set(error, CAPTION_ERROR_ARGUMENT,
                                        "--output: expected the name of the index to be written");
}

static int run_index(const struct index_options *options, const struct options_command *command,
                     char **arguments, int count) {
    caption_error error;
    struct indexing run = {.options = options, .started = progress_clock()};
    const bool done = check_usage(options, count, &error) &&
                      photo_options_list(&options->photos, arguments, count, &run.list, &error) &&
                      make_index(&run, &error);
    const int status =
        done ? command_photos(run.interrupted, run.failed) : command_error(command, &error);
    if (done) report_summary(&run);
    indexing_free(&run);
    return status;
}

static void set_rows(struct index_options *o) {
    const struct options_row rows[OWN_ROWS] = {
        {'o', "output", OPTIONS_FILE, &o->output, "FILE", 0, 0,
         "the index to be written or, where it is there, brought up to date", NULL},
        {0, "force", OPTIONS_ON, &o->force, NULL, 0, 0,
         "make an index anew that is damaged or another model's; also, " RUN_FILES_FORCE, NULL},
        {'q', "quiet", OPTIONS_ON, &o->quiet, NULL, 0, 0, "no progress, no summary", NULL},
    };
    memcpy(o->rows, rows, sizeof rows);
    decoding_options_encoding(o->decoding, o->rows + OWN_ROWS);
}

int command_index(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    struct index_options o = {.decoding = &decoding};
    photo_options_init(&o.photos, &decoding.caption, o.inputs);
    set_rows(&o);
    const struct options_group groups[] = {{"Input", o.inputs, PHOTO_OPTIONS_ROWS},
                                           {"Options", o.rows, ROWS}};
    const struct options_command command = {
        name,
        "[OPTIONS] PATH... -o FILE",
        "Makes photos known to `caption search` and `caption similar`: an index in one file. "
        "Where\n"
        "it is there, it is brought up to date: photos that are new or changed (by size and time)\n"
        "are encoded, those that moved are known by their content, those that are gone, from any\n"
        "folder, are dropped. Others that PATH does not name stay.\n",
        groups,
        sizeof groups / sizeof *groups,
        "output recursive quiet model precision threads"};
    int status = COMMAND_DONE;
    const int first = command_begin(&command, argc, argv, 0, INT_MAX, &status);
    if (first) {
        decoding_options_settle(&decoding);
        status = run_index(&o, &command, argv + first, argc - first);
    }
    options_list_free(&o.photos.globs);
    return first ? command_finish(&command, status) : status;
}

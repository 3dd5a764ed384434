#include "cli/photo_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "decode/pipeline.h"
#include "format/float16.h"
#include "infer/inference_search.h"

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

static bool asks(void *context, const caption_photo *photo, const struct file_bytes *file) {
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
    search_photo_vectors(run->photos, features, 1, run->numbers, run->scratch);
    return float16_from_floats(run->numbers, run->model->search.size, run->vector, &bad) ||
           error_set(problem, CAPTION_ERROR_FORMAT,
                     "%s: its vector has numbers that are not finite", photo->path);
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
                                       .asks = run->asks ? asks : NULL};
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

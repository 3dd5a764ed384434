/* caption search SENTENCE and caption similar PHOTO: the photos of an index, or of PATH..., that
 * fit best. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "cli/command.h"
#include "cli/index.h"
#include "cli/photo_list.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "format/float16.h"
#include "infer/inference_search.h"
#include "report/caption_page.h"
#include "search/nearest.h"
#include "text/tokenizer.h"

enum { OWN_ROWS = 6, ROWS = OWN_ROWS + DECODING_OPTIONS_ENCODING };

struct search_options {
    const char *name; /* of the command */
    bool by_photo;    /* caption similar */
    struct decoding_options *decoding;
    struct photo_options photos;
    const char *query; /* the sentence, or the photo's path */
    const char *index; /* NULL: PATH... is searched */
    size_t most;
    bool json_lines, force, quiet;
    const char *page; /* NULL: none */
    struct options_row inputs[PHOTO_OPTIONS_ROWS], rows[ROWS];
};

struct finding {
    const struct search_options *options;
    struct model model;
    struct index_file index; /* zero: PATH... is searched */
    struct photo_list list;  /* PATH... */
    const char **paths; /* [path_count] to be encoded; of caption similar, the first is PHOTO */
    size_t path_count;
    uint8_t *vectors;   /* (count, W) in F16, of the photos of PATH... that could be read */
    const char **names; /* [count], their paths */
    size_t count;
    float *query; /* (W,) */
    bool has_query;
    size_t failed;
    bool interrupted;
    struct found_photo *found; /* [found_count], best first */
    size_t found_count;
};

static void finding_free(struct finding *run) {
    for (size_t i = 0; i < run->found_count; i++) free(run->found[i].path);
    free(run->found);
    free(run->query);
    free(run->names);
    free(run->vectors);
    free(run->paths);
    photo_list_free(&run->list);
    index_file_close(&run->index);
    model_free(&run->model);
}

static bool check_files(const struct finding *run, caption_error *error) {
    const struct search_options *options = run->options;
    struct run_files files = {.force = options->force, .photos = &run->list};
    const bool ok =
        run_files_read(&files, "list of photos", photo_options_file(&options->photos), error) &&
        run_files_read(&files, "photo", options->by_photo ? options->query : NULL, error) &&
        run_files_read(&files, "index", options->index, error) &&
        run_files_read_model(&files, options->decoding->model, error) &&
        run_files_write(&files, "html", options->page, &RUN_FILES_FOUND, error) &&
        run_files_check(&files, error);
    run_files_free(&files);
    return ok;
}

static bool open_index(struct finding *run, caption_error *error) {
    uint64_t number;
    const char *path = run->options->index;
    return !path || (index_file_open(&run->index, path, error) &&
                     index_file_model(&run->model, &number, error) &&
                     index_file_check_model(&run->index, number, run->model.search.size, error));
}

/* A photo that cannot be read is a row of JSON, and a message. */
static bool report_problem(struct finding *run, const char *path, const caption_error *problem,
                           caption_error *error) {
    run->failed++;
    return !run->options->json_lines || found_write_problem(path, problem, stdout, error);
}

/* The photos that must be encoded. */
static bool choose_photos(struct finding *run, caption_error *error) {
    const size_t most = run->list.count + 1, width = run->model.search.size;
    run->paths = memory_zeroed(most, sizeof *run->paths, "a search", error);
    run->names = memory_zeroed(most, sizeof *run->names, "a search", error);
    run->vectors = memory_uninitialised(run->list.photos, 2 * width, "a search", error);
    run->query = memory_zeroed(width, sizeof *run->query, "a search", error);
    if (!run->paths || !run->names || !run->vectors || !run->query) return false;
    if (run->options->by_photo) run->paths[run->path_count++] = run->options->query;
    for (size_t i = 0; i < run->list.count; i++) {
        const struct photo_entry *entry = &run->list.entries[i];
        if (!entry->problem) {
            run->paths[run->path_count++] = entry->path;
            continue;
        }
        photo_vectors_problem(run->options->name, entry->problem);
        if (!report_problem(run, entry->path, entry->problem, error)) return false;
    }
    return true;
}

static bool take(void *context, size_t number, const uint8_t *vector, const caption_error *problem,
                 caption_error *error) {
    struct finding *run = context;
    const size_t width = run->model.search.size;
    const char *path = run->paths[number];
    const bool is_query = run->options->by_photo && number == 0;
    if (!vector) return report_problem(run, path, problem, error);
    if (is_query) {
        run->has_query = true;
        return float16_to_floats(vector, width, run->query);
    }
    memcpy(run->vectors + run->count * 2 * width, vector, 2 * width);
    run->names[run->count++] = path;
    return true;
}

/* The photos that are decoded: those to be encoded, and for thumbnails perhaps those of the
 * index. */
static bool enter_sandbox(const struct finding *run, caption_error *error) {
    const struct search_options *options = run->options;
    const size_t others = options->page ? run->index.count : 0;
    struct photo_list list = {.count = 0};
    list.entries = memory_zeroed(run->path_count + others, sizeof *list.entries, "a search", error);
    bool ok = list.entries != NULL;
    for (size_t i = 0; ok && i < run->path_count; i++)
        ok = (list.entries[list.count++].path = memory_string(run->paths[i], error)) != NULL;
    for (size_t i = 0; ok && i < others; i++)
        ok = (list.entries[list.count++].path =
                  index_file_place(options->index, run->index.photos[i].name, error)) != NULL;
    struct run_sandbox sandbox;
    if (ok && list.count > 0) ok = run_sandbox_open(&sandbox, options->photos.sandbox, error);
    if (ok && list.count > 0) {
        run_sandbox_photos(&sandbox, &list, false);
        run_sandbox_write(&sandbox, options->page);
        ok = run_sandbox_enter(&sandbox, error);
    }
    photo_list_free(&list);
    return ok;
}

static bool encode_photos(struct finding *run, caption_error *error) {
    const struct search_options *options = run->options;
    struct photo_vectors vectors = {.name = options->name,
                                    .model = &run->model,
                                    .options = &options->decoding->caption,
                                    .paths = run->paths,
                                    .count = run->path_count,
                                    .quiet = options->quiet,
                                    .take = take,
                                    .context = run};
    if (run->path_count == 0) return true;
    const bool done = photo_vectors_run(&vectors, error);
    run->interrupted = vectors.interrupted;
    return done;
}

/* Reports the words of the sentence that the model does not know: the others are searched for. */
static bool report_unknown(const struct finding *run, caption_error *error) {
    struct tokens tokens;
    if (!tokenize(run->options->query, &tokens, error)) return false;
    for (size_t i = 0; i < tokens.count && !run->options->quiet; i++)
        if (vocabulary_find(&run->model.vocabulary, tokens.words[i]) == VOCABULARY_UNK)
            command_unknown_word(run->options->name, tokens.words[i]);
    tokens_free(&tokens);
    return true;
}

/* Whether there is a query now; a photo that could not be read was reported. */
static bool make_query(struct finding *run, caption_error *error) {
    if (run->options->by_photo) return true;
    struct search_sentences *sentences = search_sentences_new(&run->model, error);
    run->has_query = sentences &&
                     search_sentence_vector(sentences, run->options->query, run->query, error) &&
                     report_unknown(run, error);
    search_sentences_free(sentences);
    return run->has_query;
}

static char *path_of(const struct finding *run, size_t photo, caption_error *error) {
    return run->options->index
               ? index_file_place(run->options->index, run->index.photos[photo].name, error)
               : memory_string(run->names[photo], error);
}

/* Whether a path is that of the photo whose like is looked for. */
static bool is_query(const struct finding *run, const char *path) {
    struct stat photo, other;
    return run->options->by_photo && stat(run->options->query, &photo) == 0 &&
           stat(path, &other) == 0 && photo.st_dev == other.st_dev && photo.st_ino == other.st_ino;
}

/* Takes the matches as photos that were found, but for the photo itself. */
static bool take_matches(struct finding *run, const struct nearest_found *found,
                         caption_error *error) {
    run->found = memory_zeroed(found->count, sizeof *run->found, "a search", error);
    if (!run->found) return false;
    for (size_t i = 0; i < found->count && run->found_count < run->options->most; i++) {
        char *path = path_of(run, found->matches[i].photo, error);
        if (!path) return false;
        if (is_query(run, path))
            free(path);
        else
            run->found[run->found_count++] =
                (struct found_photo){path, (double)found->matches[i].score};
    }
    return true;
}

static bool find(struct finding *run, caption_error *error) {
    const bool from_file = run->options->index != NULL;
    const struct nearest_vectors vectors = {.count = from_file ? run->index.count : run->count,
                                            .width = run->model.search.size,
                                            .bytes = from_file ? NULL : run->vectors,
                                            .index = from_file ? &run->index : NULL};
    struct threads *threads = threads_new(run->options->decoding->caption.threads, error);
    struct nearest_found found = {0};
    const bool done =
        threads &&
        nearest_find(&vectors, run->query, run->options->most + run->options->by_photo, threads,
                     &found, error) &&
        take_matches(run, &found, error);
    threads_free(threads);
    free(found.matches);
    return done;
}

/* Who has a page made wants no text besides. */
static bool write_found(const struct finding *run, caption_error *error) {
    const struct search_options *options = run->options;
    const struct found_page page = {.query = options->query,
                                    .is_photo = options->by_photo,
                                    .photos = run->found,
                                    .count = run->found_count,
                                    .searched = options->index ? run->index.count : run->count,
                                    .failed = run->failed};
    if (options->page && !found_page_write(&page, options->page, error)) return false;
    if (options->page && !options->json_lines) return true;
    for (size_t i = 0; i < run->found_count; i++)
        if (!found_write(&run->found[i], options->json_lines, stdout, error)) return false;
    return true;
}

static bool search(struct finding *run, caption_error *error) {
    if (!check_files(run, error) ||
        !photo_vectors_open(&run->model, run->options->decoding->model, error) ||
        !open_index(run, error) || !choose_photos(run, error) || !make_query(run, error) ||
        !enter_sandbox(run, error) || !encode_photos(run, error))
        return false;
    if (run->interrupted || !run->has_query) return true;
    return find(run, error) && write_found(run, error);
}

/* `count` arguments after the query are PATH... . */
static bool check_usage(const struct search_options *options, int count, caption_error *error) {
    const bool paths = count > 0 || options->photos.files_from;
    if (paths != (options->index != NULL)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     paths ? "PATH... and --index: expected one of them to be searched"
                           : "expected PATH... or --index to be searched, found neither");
}

static int run_search(struct search_options *options, const struct options_command *command,
                      char **arguments, int count) {
    caption_error error;
    struct finding run = {.options = options};
    options->query = arguments[0];
    const bool done =
        check_usage(options, count - 1, &error) &&
        photo_options_list(&options->photos, arguments + 1, count - 1, &run.list, &error) &&
        search(&run, &error);
    const int status =
        done ? command_photos(run.interrupted, run.failed) : command_error(command, &error);
    finding_free(&run);
    return status;
}

static void set_rows(struct search_options *o) {
    const struct options_row rows[OWN_ROWS] = {
        {'i', "index", OPTIONS_STRING, &o->index, "FILE", 0, 0,
         "search the photos of an index that `caption index` made; instead of PATH...", NULL},
        {'n', "top", OPTIONS_SIZE, &o->most, "N", 1, 1e9, "photos at most, best first", NULL},
        {0, "jsonl", OPTIONS_ON, &o->json_lines, NULL, 0, 0,
         "lines of JSON: path and score, or path and error", NULL},
        {0, "html", OPTIONS_OUTPUT, &o->page, "FILE", 0, 0,
         "a page with the photos; no text on stdout then", NULL},
        {0, "force", OPTIONS_ON, &o->force, NULL, 0, 0, RUN_FILES_FORCE, NULL},
        {'q', "quiet", OPTIONS_ON, &o->quiet, NULL, 0, 0, "no progress", NULL},
    };
    memcpy(o->rows, rows, sizeof rows);
    decoding_options_encoding(o->decoding, o->rows + OWN_ROWS);
}

/* Both commands differ in the query alone. */
static int run_command(struct search_options *o, const char *usage, const char *about, int argc,
                       char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    o->decoding = &decoding;
    o->most = 10;
    photo_options_init(&o->photos, &decoding.caption, o->inputs);
    set_rows(o);
    const struct options_group groups[] = {{"Options", o->rows, ROWS},
                                           {"Input", o->inputs, PHOTO_OPTIONS_ROWS}};
    const struct options_command command = {
        o->name,
        usage,
        about,
        groups,
        sizeof groups / sizeof *groups,
        "index top jsonl html recursive quiet model precision threads"};
    int status = COMMAND_DONE;
    const int first = command_begin(&command, argc, argv, 1, INT_MAX, &status);
    if (first) {
        decoding_options_settle(&decoding);
        status = run_search(o, &command, argv + first, argc - first);
    }
    options_list_free(&o->photos.globs);
    return first ? command_finish(&command, status) : status;
}

int command_search(int argc, char **argv) {
    struct search_options o = {.name = "caption search"};
    return run_command(
        &o, "[OPTIONS] SENTENCE PATH... | -i FILE SENTENCE",
        "Finds the photos that fit SENTENCE best, best first: PATH<TAB>SCORE, a line "
        "each. The\nscore is the cosine between the vectors of sentence and photo, "
        "from -1 to 1. Of many\nphotos make an index first (`caption index`).\n",
        argc, argv);
}

int command_similar(int argc, char **argv) {
    struct search_options o = {.name = "caption similar", .by_photo = true};
    return run_command(&o, "[OPTIONS] PHOTO PATH... | -i FILE PHOTO",
                       "Finds the photos that look like PHOTO, best first: PATH<TAB>SCORE, a line "
                       "each. Copies\nof PHOTO come first, with a score of 1; PHOTO itself is left "
                       "out.\n",
                       argc, argv);
}

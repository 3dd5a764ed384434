/* caption alt FILE...: alt texts for the pictures of HTML, Markdown and EPUB. */

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "alt/epub.h"
#include "alt/pictures.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "image/photo.h"
#include "model/model.h"

/* A picture that was captioned, known by its size and two hashes with random keys. */
struct alt_text {
    size_t size;
    uint64_t hashes[2];
    char *caption; /* owned */
};

/* Captions for the pictures of documents. A picture that is met again is captioned once. */
struct alt_texts {
    const struct decoding_options *decoding; /* set by the caller; the rest zeroed */
    caption_model *model;
    caption_captioner *captioner;
    caption_session *session;
    struct alt_text *texts; /* [count], owned */
    size_t count, capacity;
    struct siphash_key keys[2];
};

/* Opens the model. */
static bool alt_texts_open(struct alt_texts *texts, caption_error *error) {
    for (size_t i = 0; i < 2; i++) texts->keys[i] = siphash_key_new();
    texts->model = caption_model_open(texts->decoding->model, error);
    texts->captioner =
        texts->model ? caption_captioner_new(texts->model, &texts->decoding->caption, error) : NULL;
    texts->session = texts->captioner ? caption_session_new(texts->captioner, error) : NULL;
    return texts->session != NULL;
}

static struct alt_text key_of(const struct alt_texts *texts, const struct file_bytes *picture) {
    struct alt_text key = {.size = picture->size};
    for (size_t i = 0; i < 2; i++)
        key.hashes[i] = siphash(texts->keys[i], picture->data, picture->size);
    return key;
}

static const char *add_text(struct alt_texts *texts, struct alt_text key, const char *caption,
                            caption_error *error) {
    if (!memory_grow(&texts->texts, &texts->capacity, texts->count + 1, sizeof *texts->texts,
                     "captions", error))
        return NULL;
    key.caption = memory_string(caption, error);
    if (key.caption) texts->texts[texts->count++] = key;
    return key.caption;
}

/* The caption of a picture, owned by `texts`; "" where the model is too unsure (--min-confidence).
 * NULL with `error` set; messages begin with `name`. */
static const char *alt_texts_find(struct alt_texts *texts, const struct file_bytes *picture,
                                  const char *name, caption_error *error) {
    const struct alt_text key = key_of(texts, picture);
    for (size_t i = 0; i < texts->count; i++) {
        const struct alt_text *text = &texts->texts[i];
        if (text->size == key.size && memcmp(text->hashes, key.hashes, sizeof key.hashes) == 0)
            return text->caption;
    }
    caption_result result = {0};
    const char *caption = NULL;
    if (!caption_session_bytes(texts->session, picture->data, picture->size, &result, error))
        return NULL;
    if (result.count > 0)
        caption = add_text(texts, key, result.captions[0].text, error);
    else
        error_set(error, result.error.status, "%s: %s", name, result.error.message);
    caption_results_free(&result, 1);
    return caption;
}

static void alt_texts_free(struct alt_texts *texts) {
    for (size_t i = 0; i < texts->count; i++) free(texts->texts[i].caption);
    free(texts->texts);
    caption_session_free(texts->session);
    caption_captioner_free(texts->captioner);
    caption_model_close(texts->model);
    *texts = (struct alt_texts){0};
}

struct alt_run {
    const struct options_command *command;
    bool check, dry_run, quiet;
    const char *root; /* NULL: the folder of each document */
    const char *sandbox;
    struct alt_texts texts;
    size_t filled, lacking, failed, remote, documents;
    struct stat before; /* of the document, before it was read */
};

/* A document, or a page of an EPUB. */
struct alt_document {
    const char *name; /* for messages */
    struct alt_folders folders;
    struct alt_epub *epub; /* that it is a page of, or NULL */
    enum alt_kind kind;
    struct file_bytes bytes;
    struct alt_pictures pictures;
};

enum outcome { GOES_ON, ENDS };

static void report(const struct alt_run *run, const char *message) {
    fprintf(stderr, "%s: %s\n", run->command->name, message);
}

static void fail(struct alt_run *run, const caption_error *error) {
    run->failed++;
    report(run, error->message);
}

static void fail_picture(struct alt_run *run, const struct alt_document *document,
                         const struct alt_picture *picture, const char *reason) {
    caption_error error;
    error_set(&error, CAPTION_ERROR_IO, "%s:%zu: %s: %s", document->name, picture->line,
              picture->url, reason);
    fail(run, &error);
}

/* A row: "page.html:12<TAB>dog.jpg", and a caption. */
static void write_row(const struct alt_document *document, const struct alt_picture *picture,
                      const char *caption) {
    plain_text_to_reader(stdout, document->name);
    printf(":%zu\t", picture->line);
    plain_text_to_reader(stdout, picture->url);
    if (caption) {
        putchar('\t');
        plain_text_to_reader(stdout, caption);
    }
    putchar('\n');
}

/* The caption of a picture that lies at `path`; NULL: the reason was printed. */
static const char *caption_file(struct alt_run *run, const struct alt_document *document,
                                const struct alt_picture *picture, const char *path) {
    caption_error error;
    struct file_bytes bytes;
    const bool read = document->epub
                          ? alt_epub_read(document->epub, path, PHOTO_MAX_BYTES, &bytes, &error)
                          : file_read(path, PHOTO_MAX_BYTES, &bytes, &error);
    const char *caption = NULL;
    if (read) {
        caption = alt_texts_find(&run->texts, &bytes, path, &error);
        file_bytes_free(&bytes);
    }
    if (!caption) {
        fail_picture(run, document, picture, error.message);
    } else if (!*caption) {
        run->lacking++; /* too unsure */
        caption = NULL;
    }
    return caption;
}

/* The caption of a picture that lacks one; NULL: none, or only listed. */
static const char *find_caption(struct alt_run *run, const struct alt_document *document,
                                const struct alt_picture *picture) {
    caption_error error;
    enum alt_place place;
    char *path;
    const char *caption = NULL;
    if (!alt_picture_path(picture->url, document->pictures.base, &document->folders, &place, &path,
                          &error)) {
        fail(run, &error);
    } else if (place == ALT_REMOTE) {
        run->remote++;
    } else if (run->check) {
        run->lacking++;
        write_row(document, picture, NULL);
    } else if (place == ALT_OUTSIDE) {
        fail_picture(run, document, picture,
                     "lies outside the document's folder (--root DIR: a folder that holds both)");
    } else if (picture->place == 0) {
        fail_picture(run, document, picture, "its place in the document is unknown");
    } else {
        caption = caption_file(run, document, picture, path);
    }
    free(path);
    return caption;
}

/* Finds captions for all pictures of a document. *found: how many. */
static enum outcome find_captions(struct alt_run *run, const struct alt_document *document,
                                  const char **captions, size_t *found) {
    *found = 0;
    for (size_t i = 0; i < document->pictures.count; i++) {
        const struct alt_picture *picture = &document->pictures.items[i];
        captions[i] = NULL;
        if (interrupt_came()) return ENDS;
        if (!picture->lacks_alt) continue;
        captions[i] = find_caption(run, document, picture);
        *found += captions[i] != NULL;
    }
    return GOES_ON;
}

static void write_rows(const struct alt_run *run, const struct alt_document *document,
                       const char *const *captions) {
    if (run->quiet) return;
    for (size_t i = 0; i < document->pictures.count; i++)
        if (captions[i]) write_row(document, &document->pictures.items[i], captions[i]);
}

/* Whether a document is to be written: `made` is what it becomes then. */
static bool fill(struct alt_run *run, const struct alt_document *document,
                 const char *const *captions, size_t found, struct file_bytes *made) {
    caption_error error;
    if (!alt_pictures_fill(document->kind, &document->bytes, &document->pictures, captions, made,
                           &error)) {
        error_prefix(&error, document->name);
        fail(run, &error);
        return false;
    }
    run->filled += found;
    if (!run->dry_run) return true;
    if (!alt_diff_write(stdout, document->name, &document->bytes, made, &error)) fail(run, &error);
    file_bytes_free(made);
    return false;
}

/* The same for a document whose bytes were read; *changed: `made` is to be written. */
static enum outcome run_document(struct alt_run *run, struct alt_document *document,
                                 struct file_bytes *made, bool *changed) {
    caption_error error;
    const char **captions = NULL;
    size_t found = 0;
    enum outcome outcome = GOES_ON;
    *changed = false;
    if (!alt_pictures_read(document->kind, (const char *)document->bytes.data, document->bytes.size,
                           &document->pictures, &error)) {
        error_prefix(&error, document->name);
        fail(run, &error);
    } else if (!(captions = memory_zeroed(document->pictures.count, sizeof *captions, "captions",
                                          &error))) {
        fail(run, &error);
    } else {
        outcome = find_captions(run, document, captions, &found);
    }
    if (outcome == GOES_ON && found > 0) *changed = fill(run, document, captions, found, made);
    if (*changed) write_rows(run, document, captions);
    free(captions);
    alt_pictures_free(&document->pictures);
    return outcome;
}

/* Puts a changed document in the place of the old one; behind a link, in the place that it leads
 * to. Where that fails, its pictures are not filled: `filled` counts those before it.
 */
static void write_document(struct alt_run *run, const char *path, const struct file_bytes *made,
                           size_t filled) {
    const struct stat *before = &run->before;
    caption_error error;
    char target[PATH_MAX];
    bool done = false;
    if (!realpath(path, target) || access(target, W_OK) != 0 || (before->st_mode & 0222) == 0)
        error_set(&error, CAPTION_ERROR_IO, "%s: is read-only: it stays as it is", path);
    else if (before->st_nlink > 1)
        error_set(&error, CAPTION_ERROR_IO, "%s: has several names (hard links): it stays as it is",
                  path);
    else
        done = file_replace(target, before, true, made->data, made->size, &error);
    if (done) {
        (void)!utimensat(AT_FDCWD, target, NULL, 0); /* it has changed, builders shall see */
    } else {
        run->filled = filled;
        fail(run, &error);
    }
}

static bool is_well_formed(const struct file_bytes *bytes) {
    struct alt_pictures pictures;
    const bool is_xml = bytes->size >= 5 && memcmp(bytes->data, "<?xml", 5) == 0;
    const bool is_read = is_xml && alt_pictures_read(ALT_XHTML, (const char *)bytes->data,
                                                     bytes->size, &pictures, NULL);
    if (is_xml) alt_pictures_free(&pictures);
    return is_read;
}

/* What a document is, by its name. What is called HTML and declares itself XML is often none;
 * browsers read it as HTML. */
static bool kind_of(const char *path, const struct file_bytes *bytes, enum alt_kind *kind,
                    caption_error *error) {
    static const char *const html[] = {".html", ".htm", NULL},
                             *const xhtml[] = {".xhtml", ".xht", NULL},
                             *const markdown[] = {".md", ".markdown", ".mkd", ".mdown", NULL};
    if (file_has_extension(path, markdown))
        *kind = ALT_MARKDOWN;
    else if (file_has_extension(path, xhtml) ||
             (file_has_extension(path, html) && is_well_formed(bytes)))
        *kind = ALT_XHTML;
    else if (file_has_extension(path, html))
        *kind = ALT_HTML;
    else
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: expected .html, .xhtml, .md, .markdown or .epub", path);
    return true;
}

static enum outcome run_page(struct alt_run *run, struct alt_epub *epub, const char *path,
                             const char *page, bool *changed) {
    caption_error error;
    struct file_bytes bytes, made;
    char *name = file_join(path, page, NULL), *folder = file_directory(page, NULL);
    enum outcome outcome = GOES_ON;
    *changed = false;
    if (!name || !folder || !alt_epub_read(epub, page, ALT_LARGEST, &bytes, &error)) {
        if (!name || !folder) error_memory(&error, "an EPUB");
        error_prefix(&error, path);
        fail(run, &error);
    } else {
        struct alt_document document = {
            .name = name,
            .folders = {strcmp(folder, ".") == 0 ? "" : folder, "", true},
            .epub = epub,
            .kind = ALT_XHTML,
            .bytes = bytes};
        outcome = run_document(run, &document, &made, changed);
        file_bytes_free(&bytes);
    }
    if (*changed) {
        if (!alt_epub_replace(epub, page, &made, &error)) fail(run, &error), *changed = false;
        file_bytes_free(&made);
    }
    free(name);
    free(folder);
    return outcome;
}

static enum outcome run_epub(struct alt_run *run, const char *path,
                             const struct file_bytes *bytes) {
    caption_error error;
    struct alt_epub *epub = alt_epub_open(bytes->data, bytes->size, &error);
    if (!epub) {
        error_prefix(&error, path);
        fail(run, &error);
        return GOES_ON;
    }
    run->documents++;
    const size_t filled = run->filled;
    const char *page;
    bool any = false;
    enum outcome outcome = GOES_ON;
    for (size_t i = 0; outcome == GOES_ON && (page = alt_epub_document(epub, i)); i++) {
        bool changed;
        outcome = run_page(run, epub, path, page, &changed);
        any |= changed;
    }
    struct file_bytes made;
    if (outcome == GOES_ON && any) {
        if (alt_epub_close(epub, &made, &error)) {
            write_document(run, path, &made, filled);
            file_bytes_free(&made);
        } else {
            run->filled = filled;
            error_prefix(&error, path);
            fail(run, &error);
        }
    }
    alt_epub_free(epub);
    return outcome;
}

static enum outcome run_text(struct alt_run *run, const char *path, struct file_bytes bytes) {
    caption_error error;
    struct file_bytes made;
    const size_t filled = run->filled;
    bool changed = false;
    enum outcome outcome = GOES_ON;
    char *folder = file_directory(path, &error);
    struct alt_document document = {.name = path, .bytes = bytes};
    if (!folder || !kind_of(path, &bytes, &document.kind, &error)) {
        fail(run, &error);
    } else {
        run->documents++;
        document.folders =
            (struct alt_folders){.document = folder, .root = run->root ? run->root : folder};
        outcome = run_document(run, &document, &made, &changed);
    }
    if (changed) {
        write_document(run, path, &made, filled);
        file_bytes_free(&made);
    }
    free(folder);
    return outcome;
}

static enum outcome run_path(struct alt_run *run, const char *path) {
    static const char *const epub[] = {".epub", NULL};
    static const size_t largest_epub = (size_t)1 << 30;
    const bool is_epub = file_has_extension(path, epub);
    caption_error error;
    struct file_bytes bytes;
    if (stat(path, &run->before) != 0) run->before = (struct stat){0}; /* reading it says why */
    if (!run_files_check_reading(path, &error) ||
        !file_read(path, is_epub ? largest_epub : ALT_LARGEST, &bytes, &error)) {
        fail(run, &error);
        return GOES_ON;
    }
    const enum outcome outcome = is_epub ? run_epub(run, path, &bytes) : run_text(run, path, bytes);
    file_bytes_free(&bytes);
    return outcome;
}

static void summarise(const struct alt_run *run) {
    if (run->quiet) return;
    fprintf(stderr, "%s: %zu document%s, ", run->command->name, run->documents,
            run->documents == 1 ? "" : "s");
    if (run->check)
        fprintf(stderr, "%zu lacking", run->lacking);
    else
        fprintf(stderr, "%zu filled%s, %zu failed", run->filled,
                run->dry_run ? " (not written)" : "", run->failed);
    if (!run->check && run->lacking > 0) fprintf(stderr, ", %zu unsure", run->lacking);
    if (run->remote > 0) fprintf(stderr, ", %zu not local", run->remote);
    fputc('\n', stderr);
}

/* A document is replaced in its folder, behind a link in the folder that it leads to; pictures lie
 * there or in the root. */
static bool enter_sandbox(const struct alt_run *run, char **paths, int count,
                          caption_error *error) {
    const bool writes = !run->check && !run->dry_run;
    struct run_sandbox sandbox;
    struct model_place place;
    char target[PATH_MAX];
    if (!run_sandbox_open(&sandbox, run->sandbox, error)) return false;
    run_sandbox_read(&sandbox, run->root);
    run_sandbox_read(&sandbox, model_path(run->texts.decoding->model, &place, NULL));
    for (int i = 0; i < count; i++) {
        char *folder = file_directory(paths[i], NULL);
        run_sandbox_read(&sandbox, folder);
        run_sandbox_read(&sandbox, paths[i]);
        if (writes && realpath(paths[i], target)) run_sandbox_write(&sandbox, target);
        free(folder);
    }
    return run_sandbox_enter(&sandbox, error);
}

static int run_all(struct alt_run *run, char **paths, int count) {
    caption_error error;
    enum outcome outcome = GOES_ON;
    interrupt_listen();
    if (!arguments_check(paths, count, &error) || !enter_sandbox(run, paths, count, &error) ||
        (!run->check && !alt_texts_open(&run->texts, &error)))
        return command_error(run->command, &error);
    for (int i = 0; i < count && outcome == GOES_ON; i++) outcome = run_path(run, paths[i]);
    if (outcome == ENDS) return COMMAND_INTERRUPTED;
    summarise(run);
    return run->failed > 0 || (run->check && run->lacking > 0) ? COMMAND_FAILED : COMMAND_DONE;
}

int command_alt(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    decoding_options_remove(&decoding, "top"); /* a picture has one alt text */
    struct alt_run run = {.sandbox = "auto", .texts.decoding = &decoding};
    const struct options_row rows[] = {
        {0, "check", OPTIONS_ON, &run.check, NULL, 0, 0,
         "list the local pictures that lack an alt text, and end with 1 if there are any; nothing "
         "is changed",
         NULL},
        {0, "dry-run", OPTIONS_ON, &run.dry_run, NULL, 0, 0,
         "show what would change, as a diff; nothing is written", NULL},
        {0, "root", OPTIONS_STRING, &run.root, "DIR", 0, 0,
         "pictures lie in DIR, and a URL that begins with / begins there; otherwise they lie in "
         "the "
         "folder of their document",
         NULL},
        {'q', "quiet", OPTIONS_ON, &run.quiet, NULL, 0, 0, "no rows, no summary", NULL},
        RUN_SANDBOX_FLAG(run.sandbox),
    };
    const struct options_group groups[] = {{"Documents", rows, sizeof rows / sizeof *rows},
                                           decoding_options_group(&decoding)};
    const struct options_command command = {
        "caption alt",
        "[OPTIONS] FILE...",
        "Writes alt texts for the local pictures of HTML, XHTML, Markdown and EPUB that have "
        "none:\n"
        "<img> without alt, and ![](dog.jpg). Every other byte stays. An empty alt=\"\" says that "
        "a\n"
        "picture is decoration, and stays too. A picture that is met again is captioned once.\n"
        "Nothing is downloaded. Read the texts before you publish them: they may be wrong.\n",
        groups,
        sizeof groups / sizeof *groups,
        "check dry-run root quiet model style neutral min-confidence"};
    int status;
    const int first = command_begin(&command, argc, argv, 1, INT_MAX, &status);
    if (!first) return status;
    decoding_options_settle(&decoding);
    run.command = &command;
    status = run_all(&run, argv + first, argc - first);
    alt_texts_free(&run.texts);
    return command_finish(&command, status);
}

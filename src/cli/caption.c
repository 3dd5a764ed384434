/* caption PATH...: photos in, sentences out. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "caption.h"
#include "cli/captioning.h"
#include "cli/command.h"
#include "cli/photo_list.h"
#include "cli/run_files.h"
#include "cli/shared_options.h"
#include "data/tar.h"
#include "decode/decode.h"
#include "image/photo.h"
#include "model/model.h"
#include "report/caption_file.h"
#include "report/caption_page.h"
#include "report/caption_table.h"

/* Of --tags without a number. */
enum { USUAL_TAGS = 10 };

/* What the flags say, besides how captions are made. */
struct caption_flags {
    /* input */
    struct photo_options photos;
    bool tar;
    const char *shard;
    /* output */
    bool json, json_lines, csv, csv_safe, logprob;
    const char *tags; /* NULL: none, "": the usual number */
    bool tags_only, photils;
    const char *sidecar; /* NULL: none, "": .txt */
    const char *output_dir, *existing;
    const char *page, *vis, *tar_output; /* NULL: none */
    const char *write_xmp;               /* NULL: none, "": under the usual name */
    bool write_metadata;
    struct literal_text text;
    bool force, dry_run, quiet, verbose, formats;
};

/* What they come to. */
struct caption_plan {
    const struct options_command *command;
    struct caption_flags flags;
    struct decoding_options *decoding;
    struct photo_list list;
    struct shard shard;
    struct caption_file_options files;
    struct caption_xmp_options xmp;
    struct caption_metadata_options metadata;
    enum tags_shown tags;
    char *extension; /* owned, with its dot */
    bool writes_files;
    struct model_place model; /* of the model's path in files.reserved */
};

/* Digits of a number that is allowed. */
static bool tags_parse(const char *text, size_t *count) {
    char *end;
    if (text[0] < '0' || text[0] > '9') return false;
    const unsigned long number = strtoul(text, &end, 10);
    if (*end || number < 1 || number > PLAN_MAX_TAGS) return false;
    *count = number;
    return true;
}

/* Whether files of that extension may be texts. */
static bool extension_is_free(const char *extension, caption_error *error) {
    if (photo_named(extension))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--sidecar: '%s' is an extension of photos, expected one of texts",
                         extension);
    if (strcmp(extension, ".xmp") != 0) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--sidecar: '.xmp' is an extension of metadata, which --write-xmp writes");
}

/* "caption" and ".caption" mean the same. */
static char *extension_of(const char *text, caption_error *error) {
    if (!text || !*text) return memory_string(".txt", error);
    if (strchr(text, '/')) {
        error_set(error, CAPTION_ERROR_ARGUMENT, "--sidecar: '%s' is no extension", text);
        return NULL;
    }
    const size_t length = strlen(text) + 1, dot = text[0] != '.';
    char *extension = memory_zeroed(length + dot, 1, "an extension", error);
    if (!extension) return NULL;
    if (dot) extension[0] = '.';
    memcpy(extension + dot, text, length);
    if (extension_is_free(extension, error)) return extension;
    free(extension);
    return NULL;
}

static enum caption_file_existing existing_named(const char *name) {
    if (strcmp(name, "overwrite") == 0) return CAPTION_FILE_OVERWRITE;
    if (strcmp(name, "append") == 0) return CAPTION_FILE_APPEND;
    if (strcmp(name, "prepend") == 0) return CAPTION_FILE_PREPEND;
    return CAPTION_FILE_SKIP;
}

/* Standard input has no name that a file beside it could have. */
static bool check_named(const struct caption_plan *plan, caption_error *error) {
    const struct caption_flags *flags = &plan->flags;
    const char *flag = flags->sidecar          ? "sidecar"
                       : flags->write_xmp      ? "write-xmp"
                       : flags->write_metadata ? "write-metadata"
                       : flags->output_dir     ? "output-dir"
                                               : NULL;
    if (!flag) return true;
    for (size_t i = 0; i < plan->list.count; i++) {
        if (strcmp(plan->list.entries[i].path, "-") != 0) continue;
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--%s: a photo on standard input has no name to call a file by: expected "
                         "photos that are files",
                         flag);
    }
    return true;
}

static bool plan_xmp_names(struct caption_plan *plan, caption_error *error) {
    static const char *const names[] = {[CAPTION_XMP_USUAL] = "",
                                        [CAPTION_XMP_DARKTABLE] = "darktable",
                                        [CAPTION_XMP_ADOBE] = "adobe",
                                        [CAPTION_XMP_BOTH] = "both"};
    if (!plan->flags.write_xmp) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        plan->xmp.names = (enum caption_xmp_names)i;
        if (strcmp(plan->flags.write_xmp, names[i]) == 0) return true;
    }
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--write-xmp: expected darktable (dog.jpg.xmp), adobe (dog.xmp) or both, "
                     "found '%s'",
                     plan->flags.write_xmp);
}

static bool plan_files(struct caption_plan *plan, caption_error *error) {
    const struct caption_flags *flags = &plan->flags;
    const bool overwrite = existing_named(flags->existing) == CAPTION_FILE_OVERWRITE;
    if (!check_named(plan, error) || !plan_xmp_names(plan, error)) return false;
    plan->xmp.folder = flags->output_dir;
    plan->xmp.overwrite = overwrite;
    plan->xmp.tags = plan->tags;
    plan->metadata = (struct caption_metadata_options){.overwrite = overwrite, .tags = plan->tags};
    plan->writes_files = flags->sidecar || (flags->output_dir && !flags->write_xmp);
    if (!plan->writes_files)
        return !(flags->write_xmp || flags->write_metadata) ||
               photo_list_find_taken_names(&plan->list, flags->output_dir != NULL, error);
    plan->extension = extension_of(flags->sidecar, error);
    if (!plan->extension) return false;
    plan->files = (struct caption_file_options){
        .extension = plan->extension,
        .folder = flags->output_dir,
        .existing = existing_named(flags->existing),
        .force = flags->force,
        .n_best = plan->decoding->caption.top > 1,
        .tags = plan->tags,
        .reserved = {photo_options_file(&flags->photos),
                     model_path(plan->decoding->model, &plan->model, NULL), flags->page,
                     flags->vis}};
    return photo_list_find_taken_names(&plan->list, flags->output_dir != NULL, error);
}

/* A photo in an archive is no file: there is nothing beside it, and nothing to change. */
static bool check_tar(const struct caption_flags *flags, caption_error *error) {
    if (flags->tar_output && !flags->tar)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--tar-output: expected photos out of tar archives (--tar)");
    if (!flags->tar) return true;
    const char *flag = flags->sidecar                  ? "sidecar"
                       : flags->write_xmp              ? "write-xmp"
                       : flags->write_metadata         ? "write-metadata"
                       : flags->output_dir             ? "output-dir"
                       : flags->photos.files_from      ? "files-from"
                       : flags->photos.recursive       ? "recursive"
                       : flags->photos.globs.count > 0 ? "glob"
                                                       : NULL;
    if (!flag) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "--%s with --tar: expected files, but the photos of an archive are none; "
                     "--tar-output writes captions beside them",
                     flag);
}

static bool check_flags(const struct caption_flags *flags, int count, caption_error *error) {
    if (count == 0 && !flags->photos.files_from)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "0 arguments given, at least 1 expected: caption [OPTIONS] PATH... "
                         "(try 'caption --help')");
    if (flags->json + flags->json_lines + flags->csv > 1)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--json, --jsonl and --csv: expected one of them");
    if (flags->photils && (flags->json || flags->json_lines || flags->csv || flags->sidecar ||
                           flags->page || flags->vis || flags->write_xmp || flags->write_metadata ||
                           flags->output_dir || flags->tar_output))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--photils: expected no other output beside it");
    if ((flags->text.before || flags->text.after) && (flags->tags_only || flags->photils))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--before, --after: expected captions to put them around, found --%s",
                         flags->photils ? "photils" : "tags-only");
    if (!literal_text_check(&flags->text, error) || !check_tar(flags, error)) return false;
    const enum caption_file_existing existing = existing_named(flags->existing);
    if ((flags->write_xmp || flags->write_metadata) &&
        (existing == CAPTION_FILE_APPEND || existing == CAPTION_FILE_PREPEND))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--%s with --existing %s: expected skip or overwrite",
                         flags->write_xmp ? "write-xmp" : "write-metadata", flags->existing);
    if (flags->write_metadata && flags->output_dir)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--write-metadata changes the photos where they are: expected no "
                         "--output-dir");
    return true;
}

/* Archives are named one by one. */
static bool is_archive_argument(const char *argument, caption_error *error) {
    struct stat status;
    if (stat(argument, &status) != 0 || !S_ISDIR(status.st_mode)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: is a folder, and --tar expects tar archives, as %s/*.tar", argument,
                     argument);
}

static bool list_photos(struct caption_plan *plan, char **arguments, int count,
                        caption_error *error) {
    const struct caption_flags *flags = &plan->flags;
    for (int i = 0; flags->tar && i < count; i++) {
        if (!is_archive_argument(arguments[i], error)) return false;
    }
    plan->list.stays_inside =
        flags->write_metadata || ((flags->sidecar || flags->write_xmp) && !flags->output_dir);
    return photo_options_list(&flags->photos, arguments, count, &plan->list, error);
}

/* How many tags are shown, and beside what. Of tags alone nobody sees the captions: the shortest
 * does. */
static bool plan_tags(struct caption_plan *plan, caption_error *error) {
    const struct caption_flags *flags = &plan->flags;
    caption_options *caption = &plan->decoding->caption;
    const bool alone = flags->tags_only || flags->photils;
    if (!flags->tags && !alone) return true;
    plan->tags = alone ? TAGS_ALONE : TAGS_SHOWN;
    caption->tags = USUAL_TAGS;
    if (flags->tags && *flags->tags && !tags_parse(flags->tags, &caption->tags))
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--tags: '%s' is out of range, expected a whole number from 1 to %d",
                         flags->tags, PLAN_MAX_TAGS);
    if (!alone) return true;
    if (flags->vis)
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "--vis-json holds captions: expected --tags, found --tags-only");
    caption->beam_size = caption->top = caption->max_length = 1;
    caption->min_length = 0;
    caption->sample = false;
    caption->prefix = NULL;
    return true;
}

static bool check_files(const struct caption_plan *plan, caption_error *error) {
    const struct caption_flags *flags = &plan->flags;
    struct run_files files = {.force = flags->force, .photos = &plan->list};
    const bool ok =
        run_files_read(&files, "list of photos", photo_options_file(&flags->photos), error) &&
        run_files_read(&files, "standard input", photo_list_input(&plan->list), error) &&
        run_files_read_model(&files, plan->decoding->model, error) &&
        run_files_write(&files, "html", flags->page, &RUN_FILES_PAGE, error) &&
        run_files_write(&files, "vis-json", flags->vis, &RUN_FILES_ROWS, error) &&
        run_files_write(&files, "tar-output", flags->tar_output, &RUN_FILES_TAR, error) &&
        run_files_check(&files, error);
    run_files_free(&files);
    return ok;
}

static bool make_plan(struct caption_plan *plan, char **arguments, int count,
                      caption_error *error) {
    return check_flags(&plan->flags, count, error) && plan_tags(plan, error) &&
           shard_parse(plan->flags.shard, &plan->shard, error) &&
           list_photos(plan, arguments, count, error) && plan_files(plan, error) &&
           check_files(plan, error);
}

static void plan_free(struct caption_plan *plan) {
    photo_list_free(&plan->list);
    options_list_free(&plan->flags.photos.globs);
    free(plan->extension);
}

static enum caption_table_format format_of(const struct caption_flags *flags) {
    if (flags->json) return CAPTION_TABLE_JSON;
    if (flags->json_lines) return CAPTION_TABLE_JSON_LINES;
    return flags->csv ? CAPTION_TABLE_CSV : CAPTION_TABLE_TEXT;
}

static bool add_output(struct captioning *run, struct caption_output *output) {
    if (!output) return false;
    run->outputs[run->output_count++] = output;
    return true;
}

/* Files come before rows: a row that is there says that its file is. Who has files made, or a page,
 * wants no text besides. */
static bool add_outputs(const struct caption_plan *plan, struct captioning *run, bool several,
                        const caption_model *model, caption_error *error) {
    const bool n_best = plan->decoding->caption.top > 1;
    const enum caption_table_format format = format_of(&plan->flags);
    const struct caption_rows rows = {.stream = stdout,
                                      .with_path = several,
                                      .with_logprob = plan->flags.logprob || n_best,
                                      .n_best = n_best,
                                      .confidence = caption_model_has_confidence(model),
                                      .tags = plan->tags,
                                      .safe = plan->flags.csv_safe,
                                      .photils = plan->flags.photils};
    const struct caption_flags *flags = &plan->flags;
    if (plan->writes_files && !add_output(run, caption_file_output_new(&plan->files, error)))
        return false;
    if (flags->write_xmp && !add_output(run, caption_xmp_new(&plan->xmp, error))) return false;
    if (flags->write_metadata && !add_output(run, caption_metadata_new(&plan->metadata, error)))
        return false;
    if (flags->page && !add_output(run, caption_page_new(flags->page, plan->tags, error)))
        return false;
    if (flags->vis && !add_output(run, caption_vis_new(flags->vis, error))) return false;
    if (flags->tar_output && !add_output(run, caption_tar_new(flags->tar_output, &rows, error)))
        return false;
    return (run->output_count > 0 && format == CAPTION_TABLE_TEXT) ||
           add_output(run, caption_table_new(&rows, format, error));
}

/* The outputs are open; photos and what is beside them are not. */
static bool enter_sandbox(const struct caption_plan *plan, caption_error *error) {
    struct run_sandbox sandbox;
    if (!run_sandbox_open(&sandbox, plan->flags.photos.sandbox, error)) return false;
    run_sandbox_photos(&sandbox, &plan->list, plan->list.stays_inside);
    run_sandbox_write_in(&sandbox, plan->flags.output_dir);
    run_sandbox_write(&sandbox, plan->flags.page);
    run_sandbox_write(&sandbox, plan->flags.vis);
    run_sandbox_write(&sandbox, plan->flags.tar_output);
    return run_sandbox_enter(&sandbox, error);
}

static bool caption_all(const struct caption_plan *plan, struct captioning *run, bool several,
                        caption_error *error) {
    caption_model *model = caption_model_open(plan->decoding->model, error);
    if (!model) return false;
    caption_captioner *captioner = NULL;
    caption_session *session = NULL;
    const bool done = add_outputs(plan, run, several, model, error) &&
                      (!run->archives || tar_stream_prepare(error)) && enter_sandbox(plan, error) &&
                      (captioner = caption_captioner_new(model, &plan->decoding->caption, error)) &&
                      (session = caption_session_new(captioner, error)) &&
                      captioning_run(run, session, error);
    caption_session_free(session);
    caption_captioner_free(captioner);
    caption_model_close(model);
    return done;
}

static int run_plan(const struct caption_plan *plan, int arguments) {
    caption_error error;
    struct captioning run = {.name = plan->command->name,
                             .list = &plan->list,
                             .archives = plan->flags.tar,
                             .repacks = plan->flags.tar_output != NULL,
                             .shard = &plan->shard,
                             .files = plan->writes_files ? &plan->files : NULL,
                             .xmp = plan->flags.write_xmp ? &plan->xmp : NULL,
                             .metadata = plan->flags.write_metadata ? &plan->metadata : NULL,
                             .thumbnail = plan->flags.page ? CAPTION_PAGE_THUMBNAIL : 0,
                             .text = plan->flags.text,
                             .quiet = plan->flags.quiet,
                             .verbose = plan->flags.verbose};
    const bool several =
        arguments > 1 || plan->list.folders || plan->flags.photos.files_from || plan->flags.tar;
    bool done;
    if (plan->flags.dry_run)
        done = captioning_list(&run, &error);
    else
        done = caption_all(plan, &run, several, &error);
    for (size_t i = 0; i < run.output_count; i++) run.outputs[i]->free(run.outputs[i]);
    if (!done) return command_error(plan->command, &error);
    captioning_summarise(&run);
    return command_photos(run.interrupted, run.failed);
}

static int run(struct caption_plan *plan, char **arguments, int count) {
    caption_error error;
    if (!make_plan(plan, arguments, count, &error)) return command_error(plan->command, &error);
    if (plan->shard.count > 1 && !plan->flags.quiet)
        fprintf(stderr, "%s: shard %zu of %zu (%s)\n", plan->command->name, plan->shard.index,
                plan->shard.count, plan->shard.source);
    return run_plan(plan, count);
}

/* The command: its flags, and what they set. */
enum { INPUT_ROWS = PHOTO_OPTIONS_ROWS + 2, OUTPUT_ROWS = 14, FILES_ROWS = 10 };

struct caption_flag_rows {
    struct options_row input[INPUT_ROWS], output[OUTPUT_ROWS], files[FILES_ROWS];
};

static void set_input(struct caption_plan *plan, struct options_row *out) {
    photo_options_init(&plan->flags.photos, &plan->decoding->caption, out);
    const struct options_row rows[INPUT_ROWS - PHOTO_OPTIONS_ROWS] = {
        {0, "tar", OPTIONS_ON, &plan->flags.tar, NULL, 0, 0,
         "every PATH is a tar archive (.tar, .tar.gz, .tar.zst; -: a stream on standard input), "
         "whose photos are captioned as they come, without being unpacked; rows have their keys: "
         "a/0001 for a/0001.jpg",
         NULL},
        {0, "shard", OPTIONS_STRING, &plan->flags.shard, "I/N", 0, 0,
         "part I of N, 1/N to N/N, chosen by the photos' names (with --tar: their keys); auto: "
         "from Slurm's job array or Open MPI. All N together caption every photo once",
         NULL},
    };
    memcpy(out + PHOTO_OPTIONS_ROWS, rows, sizeof rows);
}

static void set_output(struct caption_plan *plan, struct options_row *out) {
    struct caption_flags *f = &plan->flags;
    const struct options_row rows[OUTPUT_ROWS] = {
        {0, "json", OPTIONS_ON, &f->json, NULL, 0, 0,
         "a JSON array: path, caption and logprob, or path and error", NULL},
        {0, "jsonl", OPTIONS_ON, &f->json_lines, NULL, 0, 0, "the same, a line of JSON each", NULL},
        {0, "csv", OPTIONS_ON, &f->csv, NULL, 0, 0,
         "a table: path,caption,logprob,error; with the model's confidence and tags before error "
         "where there are any",
         NULL},
        {0, "csv-safe", OPTIONS_ON, &f->csv_safe, NULL, 0, 0,
         "the same for spreadsheets: texts that begin as formulas do (= + - @) have a ' before "
         "them",
         NULL},
        {0, "logprob", OPTIONS_ON, &f->logprob, NULL, 0, 0,
         "put the caption's log-probability before it", NULL},
        {0, "before", OPTIONS_STRING, &f->text.before, "TEXT", 0, 0,
         "TEXT before every caption, in every output, as it is; the model does not see it, and an "
         "empty caption stays empty",
         NULL},
        {0, "after", OPTIONS_STRING, &f->text.after, "TEXT", 0, 0, "the same behind it", NULL},
        {0, "tags", OPTIONS_OPTIONAL, &f->tags, "N", 0, 0,
         "also what is to be seen, at most N words (10); dog, grass, run, surest first. "
         "JSON "
         "with the confidence of each; CSV, sidecars and the page, too; of XMP the keywords, to "
         "which they are added",
         NULL},
        {0, "tags-only", OPTIONS_ON, &f->tags_only, NULL, 0, 0, "tags in place of captions", NULL},
        {0, "tag-confidence", OPTIONS_FLOAT, &plan->decoding->caption.tag_confidence, "X", 0, 1,
         "no tags that are less sure than this", NULL},
        {0, "photils", OPTIONS_ON, &f->photils, NULL, 0, 0,
         "tags only, as the tagger photils writes them: a line dog:0.97 for each", NULL},
        {0, "formats", OPTIONS_ON, &f->formats, NULL, 0, 0,
         "list what this build reads, and by which libraries", NULL},
        {'q', "quiet", OPTIONS_ON, &f->quiet, NULL, 0, 0, "no progress, no summary", NULL},
        {'v', "verbose", OPTIONS_ON, &f->verbose, NULL, 0, 0,
         "progress in lines, a summary and where the time went", NULL},
    };
    memcpy(out, rows, sizeof rows);
}

static void set_files(struct caption_flags *f, struct options_row *out) {
    const struct options_row rows[FILES_ROWS] = {
        {0, "sidecar", OPTIONS_OPTIONAL, &f->sidecar, ".EXT", 0, 0,
         "a file beside each photo: dog.txt for dog.jpg; of photos that differ in their extension "
         "alone the first by name has it, the others have dog.png.txt. No text on stdout then",
         NULL},
        {0, "output-dir", OPTIONS_STRING, &f->output_dir, "DIR", 0, 0,
         "these files in DIR, in folders like the photos'", NULL},
        {0, "html", OPTIONS_OUTPUT, &f->page, "FILE", 0, 0,
         "a page to look at and to search; thumbnails, captions, how sure the model is of them, "
         "the best --top with their probabilities. No text on stdout then",
         NULL},
        {0, "vis-json", OPTIONS_OUTPUT, &f->vis, "FILE", 0, 0,
         "captions as neuraltalk2's vis.json has them: image_id, caption, file_name", NULL},
        {0, "write-xmp", OPTIONS_OPTIONAL, &f->write_xmp, "darktable|adobe|both", 0, 0,
         "the caption as description and alt text in an XMP sidecar; dog.jpg.xmp for dog.jpg "
         "(darktable) or dog.xmp (adobe), whichever is there, else the first. With the model's "
         "confidence as caption:Confidence; what another program wrote there stays",
         NULL},
        {0, "write-metadata", OPTIONS_ON, &f->write_metadata, NULL, 0, 0,
         "the same inside the photo; JPEG (XMP and IPTC), PNG and WebP, and in XMP sidecars that "
         "are there. The only flag that changes photos; pixels, modification time, mode, and what "
         "other programs wrote stay. Links, read-only photos and other formats are errors",
         NULL},
        {0, "tar-output", OPTIONS_OUTPUT, &f->tar_output, "FILE", 0, 0,
         "with --tar: an archive for WebDataset; each photo as it was, KEY.txt with its caption "
         "and "
         "KEY.json with what --jsonl says. Photos that cannot be read are left out. No text on "
         "stdout then",
         NULL},
        {0, "existing", OPTIONS_CHOICE, &f->existing, "skip|overwrite|append|prepend", 0, 0,
         "what becomes of a file that is there; of XMP: of a text in it; skip: its photo is passed "
         "over",
         NULL},
        {0, "force", OPTIONS_ON, &f->force, NULL, 0, 0, RUN_FILES_FORCE, NULL},
        {0, "dry-run", OPTIONS_ON, &f->dry_run, NULL, 0, 0,
         "only list the photos, and behind each what would be written for it, a line a file", NULL},
    };
    memcpy(out, rows, sizeof rows);
}

static const char about[] =
    "Says in a sentence what a photo shows. PATH is a photo, a folder, or - for a photo on\n"
    "standard input. One photo: its caption. Several: PATH<TAB>CAPTION, in the order given.\n"
    "\n"
    "Other commands, each with its own --help:\n"
    "  caption train DATASET           learn from photos and captions\n"
    "  caption eval DATASET            caption a data set's photos and score the captions\n"
    "  caption score RESULTS DATASET   score captions made elsewhere\n"
    "  caption info [MODEL]            what a model is and was made from\n"
    "  caption alt FILE...             alt texts into HTML, Markdown and EPUB\n"
    "  caption suggest [PHOTO] TEXT    the words that are likely to come next\n"
    "  caption index PATH... -o FILE   make photos known to searches\n"
    "  caption search SENTENCE PATH... photos that fit a sentence; -i FILE: of an index\n"
    "  caption similar PHOTO PATH...   photos that look like one; the same\n"
    "  caption serve                   captions over HTTP, and a page for browsers\n"
    "-V, --version: which one this is. --help-bash, --help-zsh, --help-fish: completions.\n";

static const char basic[] =
    "recursive json jsonl csv tags sidecar output-dir html write-xmp write-metadata existing quiet "
    "model top style neutral min-confidence precision threads";

int command_caption(int argc, char **argv) {
    struct decoding_options decoding;
    decoding_options_init(&decoding);
    struct caption_plan plan = {.decoding = &decoding, .flags.existing = "skip"};
    struct caption_flag_rows rows;
    set_input(&plan, rows.input);
    set_output(&plan, rows.output);
    set_files(&plan.flags, rows.files);
    const struct options_group groups[] = {
        {"Input", rows.input, INPUT_ROWS},
        {"Output", rows.output, OUTPUT_ROWS},
        {"Files", rows.files, FILES_ROWS},
        decoding_options_group(&decoding),
    };
    const struct options_command command = {
        "caption", "[OPTIONS] PATH...", about, groups, sizeof groups / sizeof *groups, basic};
    int status = COMMAND_DONE;
    const int first = command_begin(&command, argc, argv, 0, INT_MAX, &status);
    if (!first) {
        options_list_free(&plan.flags.photos.globs);
        return status;
    }
    decoding_options_settle(&decoding);
    plan.flags.csv |= plan.flags.csv_safe;
    plan.command = &command;
    if (plan.flags.formats)
        formats_write(stdout);
    else
        status = run(&plan, argv + first, argc - first);
    plan_free(&plan);
    return command_finish(&command, status);
}

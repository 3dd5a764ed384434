/* The files that a run reads and writes, and the one rule for what it may write over. Before any
 * work, every output of every command is looked at, and refused (CAPTION_ERROR_ARGUMENT, nothing
 * touched) where it is
 *
 *   - a file that the run reads, or another output of it: by device and inode, or by folder and
 * name;
 *   - a photo, of a kind that is read or not, by content or by name;
 *   - a file that holds something else than this output writes, which --force allows;
 *   - standard output, where it is a file that the run reads.
 *
 * --write-metadata, which writes into the photos of the list, is no such output: it keeps to the
 * rules of metadata/caption_metadata.h, and --force changes nothing about them.
 *
 *     struct run_files files = {.force = force, .photos = &list};
 *     bool ok = run_files_read(&files, "model", path, &error) &&
 *               run_files_write(&files, "html", page, &RUN_FILES_PAGE, &error) &&
 *               run_files_check(&files, &error);
 *     run_files_free(&files);
 */
#ifndef CAPTION_CLI_RUN_FILES_H
#define CAPTION_CLI_RUN_FILES_H

#include "base/error.h"
#include "base/sandbox.h"
#include "cli/options.h"
#include "cli/photo_list.h"
#include "data/dataset.h"
#include "model/model.h"

/* What an output writes. */
struct run_files_kind {
    const char *what;                    /* in words */
    bool (*recognise)(const char *path); /* whether a file holds such a thing */
    bool read_again;                     /* by this program: it cannot be a pipe */
};

extern const struct run_files_kind RUN_FILES_PAGE, RUN_FILES_REPORT, RUN_FILES_SCORES,
    RUN_FILES_ROWS, RUN_FILES_TAR, RUN_FILES_MODEL, RUN_FILES_CHECKPOINT, RUN_FILES_FEATURES,
    RUN_FILES_INDEX, RUN_FILES_FOUND;

/* A checkpoint that is read before it is written: reading it shows what it is. */
extern const struct run_files_kind RUN_FILES_RESUMED;

struct run_file {
    const char *name; /* of the flag, without dashes, or what is read in words; not owned */
    const char *path; /* not owned */
    const struct run_files_kind *kind; /* NULL: it is read */
};

struct run_files {
    bool force;
    const struct photo_list *photos; /* that are read; NULL: none */
    struct run_file *items;          /* [count], owned */
    size_t count, capacity;
    struct model_place model; /* of run_files_read_model */
};

/* For the help texts. */
#define RUN_FILES_FORCE                                                                            \
    "write over files that hold something else; a photo, and what the run reads, is never "        \
    "written "                                                                                     \
    "over"

/* Adds a file; a path of NULL is none. Of a data set that is a folder, texts in it are read, too.
 * False when memory is short. */
bool run_files_read(struct run_files *files, const char *name, const char *path,
                    caption_error *error);
bool run_files_write(struct run_files *files, const char *flag, const char *path,
                     const struct run_files_kind *kind, caption_error *error);

/* The same for the model that is used (model_path); one that is not there is reported when it is
 * opened. */
bool run_files_read_model(struct run_files *files, const char *named, caption_error *error);

/* Whether all outputs can be written, and may be; the error names file, flag, and what was found.
 */
bool run_files_check(const struct run_files *files, caption_error *error);

void run_files_free(struct run_files *files);

/* Whether standard output is the file at `path`, which is read; the error says so. */
bool run_files_check_reading(const char *path, caption_error *error);

/* The sandbox of a command (base/sandbox.h): photos, documents and requests may be hostile.
 * It may read what it was given and write where its outputs go, and nothing else.
 *
 *     struct run_sandbox run;
 *     if (!run_sandbox_open(&run, mode, &error)) return false;
 *     run_sandbox_read(&run, "photo.jpg");
 *     bool ok = run_sandbox_enter(&run, &error);
 *
 * Models that are opened later are files to read, too. To be entered before threads are created. */

/* The flag's row; `mode` is "auto" at first. */
#define RUN_SANDBOX_FLAG(mode)                                                                     \
    {                                                                                              \
        0, "sandbox", OPTIONS_CHOICE, &(mode), "auto|on|off", 0, 0,                                \
            "work where no file but the inputs and the outputs can be opened, no connection made " \
            "and no program started; auto: if the kernel can; on: else the run fails",             \
            NULL                                                                                   \
    }

struct run_sandbox {
    struct sandbox rules;
    bool wanted;  /* "on": it is an error where there is none */
    bool is_open; /* else there is none, and the functions below do nothing */
};

/* Begins the rules of a mode: "auto", where there is a sandbox; "on"; "off". False with `error` set
 * where there is none and the mode is "on". */
bool run_sandbox_open(struct run_sandbox *run, const char *mode, caption_error *error);

/* Allows a file, or all that is in a folder; "-" is standard input, NULL nothing. */
void run_sandbox_read(struct run_sandbox *run, const char *path);

/* Allows a file to be written, and its folder, in which it is replaced; NULL: nothing. */
void run_sandbox_write(struct run_sandbox *run, const char *path);

/* Allows files to be written in a folder, which is made during the run where it is not there. */
void run_sandbox_write_in(struct run_sandbox *run, const char *folder);

/* Allows the photos of a list; `beside`: files are written beside them. */
void run_sandbox_photos(struct run_sandbox *run, const struct photo_list *list, bool beside);

/* Allows the folders of a data set's photos, and those that links among them lead to. */
void run_sandbox_dataset(struct run_sandbox *run, const struct dataset *dataset);

/* Allows what a run reads and writes. */
void run_sandbox_files(struct run_sandbox *run, const struct run_files *files);

/* Applies the rules, and frees them in any case. */
bool run_sandbox_enter(struct run_sandbox *run, caption_error *error);

#endif

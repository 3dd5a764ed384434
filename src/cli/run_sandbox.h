/* The sandbox of a command (base/sandbox.h): photos, documents and requests may be hostile.
 * It may read what it was given and write where its outputs go, and nothing else.
 *
 *     struct run_sandbox run;
 *     if (!run_sandbox_open(&run, mode, &error)) return false;
 *     run_sandbox_read(&run, "photo.jpg");
 *     bool ok = run_sandbox_enter(&run, &error);
 *
 * Models that are opened later are files to read, too. To be entered before threads are created. */
#ifndef CAPTION_CLI_RUN_SANDBOX_H
#define CAPTION_CLI_RUN_SANDBOX_H

#include "base/sandbox.h"
#include "cli/options.h"
#include "cli/photo_list.h"
#include "cli/run_files.h"
#include "data/dataset.h"

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

/* The sandbox of `caption PATH...`: its photos are what strangers made. */
#ifndef CAPTION_CLI_RUN_SANDBOX_H
#define CAPTION_CLI_RUN_SANDBOX_H

#include "cli/photo_list.h"

struct run_sandbox {
    const char *mode; /* "auto": where there is one; "on", "off" */
    const struct photo_list *list;
    bool writes_beside;     /* files are written beside the photos */
    const char *folder;     /* files are written in it; NULL: none are */
    const char *outputs[3]; /* written at the end; NULL: none */
};

/* Confines the process to the photos and what is written (base/sandbox.h). Called when model and
 * outputs are open and no thread was created. False with `error` set where there is no sandbox and
 * the mode is "on". */
bool run_sandbox_enter(const struct run_sandbox *run, caption_error *error);

#endif

/* `caption --tar`: the photos of archives through the pipeline. A photo's bytes are
 * held until its row is written: at most CAPTIONING_TAR_BYTES of all photos, or one that is larger.
 */
#ifndef CAPTION_CLI_CAPTIONING_TAR_H
#define CAPTION_CLI_CAPTIONING_TAR_H

#include "cli/captioning.h"

enum { CAPTIONING_TAR_BYTES = 64 << 20 };

/* Captions the archives of the run's list: the middle of captioning_run. */
bool captioning_tar_run(struct captioning *run, caption_session *session, caption_error *error);

/* Writes the keys of what captioning_tar_run would caption to stdout. */
bool captioning_tar_list(struct captioning *run, caption_error *error);

#endif

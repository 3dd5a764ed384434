/* A run of `caption PATH...`: the photos of a list through the model into outputs, with progress
 * and a summary on stderr. */
#ifndef CAPTION_CLI_CAPTIONING_H
#define CAPTION_CLI_CAPTIONING_H

#include "caption.h"
#include "cli/options.h"
#include "cli/photo_list.h"
#include "metadata/caption_metadata.h"
#include "report/caption_file.h"

/* Literal text before and after captions, as --before "ohwx man, " asks for. The model never sees
 * it; it is put around every caption of a result before an output gets that. */
struct literal_text {
    const char *before, *after; /* NULL: none */
};

/* False with `error` set, which names the flag, where a text is not UTF-8 or has control
 * characters: a caption is one line. */
bool literal_text_check(const struct literal_text *text, caption_error *error);

/* `in` with the text around each caption that has words; everything else of `out` is borrowed from
 * `in`. False when memory is short. Freed with literal_text_free. */
bool literal_text_add(const struct literal_text *text, const caption_result *in,
                      caption_result *out, caption_error *error);
void literal_text_free(const caption_result *in, caption_result *out);

enum { CAPTIONING_MOST_OUTPUTS = 8 };

struct captioning {
    /* Set by the caller. */
    const char *name; /* how messages begin */
    const struct photo_list *list;
    bool archives; /* the list is of tar archives, whose photos are captioned: captioning_tar.c */
    bool repacks;  /* into an archive, whose names must be harmless */
    const struct shard *shard;
    struct caption_output *outputs[CAPTIONING_MOST_OUTPUTS]; /* freed by their maker */
    size_t output_count;
    const struct caption_file_options *files;        /* NULL: none are written */
    const struct caption_xmp_options *xmp;           /* the same */
    const struct caption_metadata_options *metadata; /* the same, of photos */
    size_t thumbnail;                                /* see caption_stream */
    struct literal_text text;                        /* around every caption */
    bool quiet, verbose;

    /* Set by the run. */
    size_t photos;  /* of the shard; of archives those so far */
    size_t others;  /* files or members that were passed over */
    size_t doubles; /* see photo_list.h */
    size_t skipped; /* for their files are there already */
    size_t done, failed;
    bool interrupted; /* before all photos were looked at */
    bool dry;         /* captioning_list */
    double seconds;
    caption_times times;

    size_t next;    /* entry to be looked at next */
    size_t written; /* entries whose rows were written, or that have none */
    struct progress *progress;
    double last_message; /* when -v last wrote something */
};

/* Captions everything, ends the outputs. A photo that cannot be read is a row and a message. False
 * with `error` set when the run could not go on. */
bool captioning_run(struct captioning *run, caption_session *session, caption_error *error);

/* Writes what a run would caption to stdout: PATH, and behind a tab a file that it would write, a
 * line for each. */
bool captioning_list(struct captioning *run, caption_error *error);

/* Writes the row of a photo or an error to the outputs, and counts it. False with `error` set where
 * the run cannot go on. */
bool captioning_write(struct captioning *run, const struct caption_row *row, caption_error *error);

/* Shows the progress. */
void captioning_show(struct captioning *run);

/* Writes what was done and, after Ctrl-C, how to go on. */
void captioning_summarise(const struct captioning *run);

/* `caption --tar`: the photos of archives through the pipeline. A photo's bytes are
 * held until its row is written: at most CAPTIONING_TAR_BYTES of all photos, or one that is larger.
 */

enum { CAPTIONING_TAR_BYTES = 64 << 20 };

/* Captions the archives of the run's list: the middle of captioning_run. */
bool captioning_tar_run(struct captioning *run, caption_session *session, caption_error *error);

/* Writes the keys of what captioning_tar_run would caption to stdout. */
bool captioning_tar_list(struct captioning *run, caption_error *error);

#endif

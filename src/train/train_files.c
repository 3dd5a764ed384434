#include "train/train_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "train/checkpoint.h"

/* output + suffix, unless a name was given. */
static char *beside_output(const struct train_options *o, const char *given, const char *suffix,
                           caption_error *error) {
    if (given) return memory_string(given, error);
    size_t size = strlen(o->output) + strlen(suffix) + 1;
    char *name = memory_zeroed(size, 1, "a file name", error);
    if (name) snprintf(name, size, "%s%s", o->output, suffix);
    return name;
}

static bool check_checkpoint(const struct trainer *t, bool *resume, caption_error *error) {
    const struct train_options *o = t->options;
    *resume = checkpoint_exists(t->checkpoint);
    if (*resume && !o->resume) {
        return error_set(error, CAPTION_ERROR_ARGUMENT,
                         "%s: the checkpoint of a run that did not end: --resume goes on from it; "
                         "remove it to start anew",
                         t->checkpoint);
    }
    if (!*resume && o->resume && access(o->output, F_OK) == 0) {
        trainer_say(t, "%s: no such checkpoint, so the run that wrote %s has ended: starting anew",
                    t->checkpoint, o->output);
    }
    return true;
}

char *train_files_features(const struct train_options *options, caption_error *error) {
    return beside_output(options, options->features, ".features", error);
}

char *train_files_checkpoint(const struct train_options *options, caption_error *error) {
    return beside_output(options, options->checkpoint, ".checkpoint", error);
}

bool train_files_settle(struct trainer *t, bool *resume, caption_error *error) {
    *resume = false;
    if (t->options->dry_run) return true;
    t->cache = train_files_features(t->options, error);
    t->checkpoint = train_files_checkpoint(t->options, error);
    return t->cache && t->checkpoint && check_checkpoint(t, resume, error);
}

void train_files_resumed(struct trainer *t) {
    if (t->place.best < 0 || access(t->options->output, F_OK) == 0) return;
    trainer_say(t, "%s is gone: the next epoch over photos writes it anew", t->options->output);
    t->place.best = -1;
}

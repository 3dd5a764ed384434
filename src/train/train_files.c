#include "train/train_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
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

/* A file of the run and what it is called. */
struct role {
    const char *name, *path;
};

static bool check_apart(struct role a, struct role b, caption_error *error) {
    if (!b.path || !file_same(a.path, b.path)) return true;
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: is to be both the %s and the %s of the run: they must be two files",
                     a.path, a.name, b.name);
}

/* What is written is no other file of the run. */
static bool check_roles(const struct trainer *t, caption_error *error) {
    const struct train_options *o = t->options;
    const struct role roles[] = {
        {"output", o->output}, {"checkpoint", t->checkpoint}, {"features", t->cache}};
    enum { WRITTEN = sizeof roles / sizeof *roles };
    for (size_t i = 0; i < WRITTEN; i++) {
        for (size_t j = i + 1; j < WRITTEN; j++) {
            if (!check_apart(roles[i], roles[j], error)) return false;
        }
        for (size_t j = 0; j < o->set_count; j++) {
            const struct role learned = {"data set", o->sets[j].path};
            const struct role validated = {"validation set", o->sets[j].validation};
            if (!check_apart(roles[i], learned, error) || !check_apart(roles[i], validated, error))
                return false;
        }
        for (size_t j = 0; j < o->text_count; j++) {
            if (!check_apart(roles[i], (struct role){"text", o->text[j]}, error)) return false;
        }
    }
    return true;
}

static bool check_output(const struct train_options *o, caption_error *error) {
    struct stat status;
    if (stat(o->output, &status) == 0 && S_ISDIR(status.st_mode)) {
        return error_set(error, CAPTION_ERROR_IO,
                         "%s: is a directory, expected the name of a file to write", o->output);
    }
    struct file_writer writer;
    if (!file_writer_open(&writer, o->output, error)) return false;
    file_writer_abandon(&writer);
    return true;
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

bool train_files_settle(struct trainer *t, bool *resume, caption_error *error) {
    const struct train_options *o = t->options;
    t->cache = beside_output(o, o->features, ".features", error);
    t->checkpoint = beside_output(o, o->checkpoint, ".checkpoint", error);
    return t->cache && t->checkpoint && check_roles(t, error) &&
           check_checkpoint(t, resume, error) &&
           (ranks_rank(t->ranks) > 0 || check_output(o, error));
}

void train_files_resumed(struct trainer *t) {
    if (t->place.best < 0 || access(t->options->output, F_OK) == 0) return;
    trainer_say(t, "%s is gone: the next epoch over photos writes it anew", t->options->output);
    t->place.best = -1;
}

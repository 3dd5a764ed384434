#include "train/checkpoint.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/trainer.h"

static const char key_settings[] = MODEL_TRAINING "settings";
static const char key_place[] = MODEL_TRAINING "place";
static const char key_history[] = MODEL_TRAINING "history";

/* Numbers in hexadecimal: exact to the last bit. */
static const char place_format[] =
    "epoch %zu step %zu updates %" PRIu64 " %" PRIu64 " loss %a targets %" PRIu64
    " since point %a %" PRIu64 " rewards %a %" PRIu64 " seconds %a best %a";
static const char place_pattern[] =
    "epoch %zu step %zu updates %" SCNu64 " %" SCNu64 " loss %la targets %" SCNu64
    " since point %la %" SCNu64 " rewards %la %" SCNu64 " seconds %la best %la";
enum { PLACE_NUMBERS = 12, PLACE_SIZE = 512 };

bool checkpoint_exists(const char *path) {
    return access(path, F_OK) == 0;
}

bool checkpoint_recognise(const char *path) {
    struct safetensors file;
    if (!safetensors_open(&file, path, NULL)) return false;
    const bool ours = safetensors_metadata(&file, key_settings) != NULL;
    safetensors_close(&file);
    return ours;
}

bool checkpoint_remove(const char *path, caption_error *error) {
    if (unlink(path) == 0 || errno == ENOENT) return true;
    return error_set(error, CAPTION_ERROR_IO, "%s: cannot remove: %s", path, strerror(errno));
}

/* Blocks of a checkpoint beside the model; data NULL: the run has none. */
enum { BLOCKS = 4 };
struct checkpoint_block {
    const char *name;
    real *data;
    size_t count;
};

static void list_blocks(const struct trainer *t, struct checkpoint_block blocks[BLOCKS]) {
    const size_t count = t->model.parameters.count;
    const size_t rows = epoch_text_rows(t->options);
    const struct checkpoint_block list[BLOCKS] = {
        {MODEL_TRAINING "first_moment", t->update.first, count},
        {MODEL_TRAINING "second_moment", t->update.second, count},
        {MODEL_TRAINING "average", t->update.average, count},
        {MODEL_TRAINING "text_states", t->text_states, rows * t->model.decoder.state},
    };
    memcpy(blocks, list, sizeof list);
}

static bool put_blocks(struct safetensors_writer *writer, const struct trainer *t,
                       caption_error *error) {
    struct checkpoint_block blocks[BLOCKS];
    list_blocks(t, blocks);
    for (size_t i = 0; i < BLOCKS; i++) {
        const struct checkpoint_block *block = &blocks[i];
        if (!block->data) continue;
        if (!safetensors_writer_tensor_stays(
                writer,
                &(struct new_tensor){block->name, SAFETENSORS_F32, &block->count, 1, block->data},
                error)) {
            return false;
        }
    }
    return true;
}

static bool put_place(struct safetensors_writer *writer, const struct trainer *t,
                      caption_error *error) {
    const struct train_place *p = &t->place;
    char text[PLACE_SIZE];
    snprintf(text, sizeof text, place_format, p->epoch, p->step, t->update.step,
             t->update.encoder_step, p->loss, p->targets, p->point_loss, p->point_targets,
             p->reward, p->drawn, p->seconds, p->best);
    return safetensors_writer_metadata(writer, key_place, text, error);
}

static bool put_history(struct safetensors_writer *writer, const struct trainer *t,
                        caption_error *error) {
    char *text = history_format(&t->history, error);
    const bool ok = text && safetensors_writer_metadata(writer, key_history, text, error);
    free(text);
    return ok;
}

bool checkpoint_write(const struct trainer *t, caption_error *error) {
    struct safetensors_writer *writer = safetensors_writer_new(t->checkpoint, error);
    if (!writer) return false;
    if (model_put(&t->model, NULL, SAFETENSORS_F32, writer, error) &&
        safetensors_writer_metadata(writer, key_settings, t->settings, error) &&
        put_place(writer, t, error) && put_history(writer, t, error) &&
        put_blocks(writer, t, error)) {
        return safetensors_writer_finish(writer, error);
    }
    safetensors_writer_free(writer);
    return false;
}

bool checkpoint_read_model(struct model *model, const char *path, caption_error *error) {
    struct safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    const bool ok = model_take(model, &file, error);
    safetensors_close(&file);
    return ok;
}

static bool content_error(const struct safetensors *file, const char *what, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: no checkpoint of a run: %s", file->path,
                     what);
}

static const char *metadata(const struct safetensors *file, const char *key, caption_error *error) {
    const char *value = safetensors_metadata(file, key);
    if (!value) {
        error_set(error, CAPTION_ERROR_FORMAT,
                  "%s: no checkpoint of a run: __metadata__: %s: missing", file->path, key);
    }
    return value;
}

/* A number as short as it reads back as the same float, which nearly all settings are. */
static void write_number(FILE *stream, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.0f", value);
    for (int digits = 1; strtod(text, NULL) != value && digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value) break;
    }
    fputs(text, stream);
}

static void write_setting(FILE *stream, const cJSON *setting) {
    if (!setting) {
        fputs("not there", stream);
    } else if (cJSON_IsNumber(setting)) {
        write_number(stream, setting->valuedouble);
    } else if (cJSON_IsArray(setting)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, setting) {
            fputc(item == setting->child ? '[' : ',', stream);
            write_setting(stream, item);
        }
        fputc(']', stream);
    } else {
        char *text = cJSON_PrintUnformatted(setting);
        fputs(text ? text : "", stream);
        cJSON_free(text);
    }
}

/* One setting as text, for a message; freed with free(). */
static char *setting_text(const cJSON *setting, caption_error *error) {
    struct text_stream text;
    if (!text_stream_open(&text, "a setting", error)) return NULL;
    write_setting(text.stream, setting);
    return text_stream_close(&text, error);
}

static bool setting_error(const struct safetensors *file, const cJSON *then, const cJSON *now,
                          caption_error *error) {
    char *before = setting_text(then, error), *after = before ? setting_text(now, error) : NULL;
    if (after)
        error_set(error, CAPTION_ERROR_ARGUMENT,
                  "%s: %s was %s when that run began and is %s now: a run is resumed as it was "
                  "begun",
                  file->path, now ? now->string : then->string, before, after);
    free(before);
    free(after);
    return false;
}

/* A hash says nothing to anybody: what it is of, and what there is now. */
static bool data_error(const struct trainer *t, const struct safetensors *file,
                       caption_error *error) {
    return error_set(error, CAPTION_ERROR_ARGUMENT,
                     "%s: the data was not the same when that run began: the names of photos, "
                     "their captions, which of them are to validate on, or the text; now there are "
                     "%zu photos to learn from and %zu to validate on: a run is resumed as it was "
                     "begun",
                     file->path, t->train_count, t->validation_count);
}

static bool compare_settings(const struct trainer *t, const struct safetensors *file,
                             const cJSON *then, const cJSON *now, caption_error *error) {
    const cJSON *item;
    cJSON_ArrayForEach(item, now) {
        const cJSON *before = cJSON_GetObjectItemCaseSensitive(then, item->string);
        if (before && cJSON_Compare(before, item, true)) continue;
        return before && strcmp(item->string, CHECKPOINT_DATA) == 0
                   ? data_error(t, file, error)
                   : setting_error(file, before, item, error);
    }
    cJSON_ArrayForEach(item, then) {
        if (!item->string || cJSON_GetObjectItemCaseSensitive(now, item->string)) continue;
        return setting_error(file, item, NULL, error);
    }
    return true;
}

static bool check_settings(const struct trainer *t, const struct safetensors *file,
                           caption_error *error) {
    const char *found = metadata(file, key_settings, error);
    if (!found) return false;
    if (strcmp(found, t->settings) == 0) return true;
    cJSON *then = json_parse(found, strlen(found), file->path, error);
    cJSON *now = then ? json_parse(t->settings, strlen(t->settings), "settings", error) : NULL;
    const bool ok = now && compare_settings(t, file, then, now, error) &&
                    content_error(file, "its settings are those of another program", error);
    cJSON_Delete(then);
    cJSON_Delete(now);
    return ok;
}

/* Whether so many updates fit into the steps so far. More would wrap, and with it the decay of
 * Adam's means. */
static bool are_updates(const struct trainer *t, const struct train_place *p) {
    uint64_t steps = p->step;
    for (size_t epoch = 0; epoch < p->epoch; epoch++)
        steps += step_count(t, epoch_phase(t->options, epoch));
    return t->update.step <= steps && t->update.encoder_step <= steps;
}

/* Whether the place lies within the run and its loss is finite. */
static bool is_place(const struct trainer *t, const struct train_place *p) {
    return p->epoch < epoch_total(t->options) &&
           p->step <= step_count(t, epoch_phase(t->options, p->epoch)) &&
           (p->step == 0 || p->targets > 0) && isfinite(p->loss) && isfinite(p->point_loss) &&
           isfinite(p->reward) && isfinite(p->best) && p->seconds >= 0 && are_updates(t, p);
}

static bool read_place(struct trainer *t, const struct safetensors *file, caption_error *error) {
    const char *text = metadata(file, key_place, error);
    if (!text) return false;
    struct train_place *p = &t->place;
    const int numbers = sscanf(text, place_pattern, &p->epoch, &p->step, &t->update.step,
                               &t->update.encoder_step, &p->loss, &p->targets, &p->point_loss,
                               &p->point_targets, &p->reward, &p->drawn, &p->seconds, &p->best);
    if (numbers == PLACE_NUMBERS && is_place(t, p)) return true;
    return content_error(file, "its place in the data cannot be read", error);
}

static bool read_block(const struct safetensors *file, const struct checkpoint_block *block,
                       caption_error *error) {
    const struct safetensors_tensor *tensor = safetensors_find(file, block->name);
    if (!tensor) {
        return error_set(error, CAPTION_ERROR_FORMAT, "%s: tensor \"%s\": missing", file->path,
                         block->name);
    }
    if (tensor->count != block->count) {
        return error_set(error, CAPTION_ERROR_FORMAT,
                         "%s: tensor \"%s\": expected %zu numbers, found %zu", file->path,
                         block->name, block->count, tensor->count);
    }
    return safetensors_floats(file, tensor, block->data, error);
}

static bool read_blocks(struct trainer *t, const struct safetensors *file, caption_error *error) {
    struct checkpoint_block blocks[BLOCKS];
    list_blocks(t, blocks);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].data && !read_block(file, &blocks[i], error)) return false;
    }
    return true;
}

bool checkpoint_read(struct trainer *t, caption_error *error) {
    struct safetensors file;
    if (!safetensors_open(&file, t->checkpoint, error)) return false;
    const char *history = metadata(&file, key_history, error);
    const bool ok = history && check_settings(t, &file, error) && read_place(t, &file, error) &&
                    history_parse(&t->history, history, file.path, error) &&
                    (t->history.epoch_count == t->place.epoch ||
                     content_error(&file, "its history does not end at its place", error)) &&
                    read_blocks(t, &file, error);
    safetensors_close(&file);
    return ok;
}

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

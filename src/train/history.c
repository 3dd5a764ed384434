#include "train/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

const char *train_phase_name(enum train_phase phase) {
    static const char *const names[TRAIN_PHASES] = {
        "text", "synthetic", "frozen", "learns", "self-critical, synthetic", "self-critical"};
    return names[phase];
}

const struct train_epoch *history_best(const struct train_history *history) {
    for (size_t e = history->epoch_count; e-- > 0;)
        if (history->epochs[e].best) return &history->epochs[e];
    return NULL;
}

size_t history_parts(const struct train_history *history) {
    return history->parts.count > 1 ? history->parts.count : 0;
}

const struct train_part_scores *history_part_scores(const struct train_history *history,
                                                    size_t epoch, size_t part) {
    return &history->part_scores[epoch * history_parts(history) + part];
}

static struct scores mean_scores(const struct train_part_scores *parts, size_t count) {
    struct scores mean = {0};
    for (size_t i = 0; i < count; i++) {
        const struct scores *scores = &parts[i].scores;
        for (size_t n = 0; n < 4; n++) mean.bleu[n] += scores->bleu[n] / (double)count;
        mean.rouge_l += scores->rouge_l / (double)count;
        mean.cider += scores->cider / (double)count;
    }
    return mean;
}

void history_sum_up(const struct train_part_scores *parts, size_t count,
                    struct train_epoch *epoch) {
    double logarithm = 0;
    epoch->distinct = 0;
    for (size_t i = 0; i < count; i++) {
        logarithm += log(parts[i].perplexity) / (double)count;
        epoch->distinct += parts[i].distinct;
    }
    epoch->perplexity = count == 1 ? parts[0].perplexity : exp(logarithm);
    epoch->scores = mean_scores(parts, count);
}

static const char what[] = "the history of the run";

static bool grow_captions(struct train_history *history, caption_error *error) {
    size_t capacity = history->epoch_count * history->sample_count;
    return memory_grow(&history->captions, &capacity, capacity + history->sample_count,
                       sizeof *history->captions, what, error);
}

/* The scores of the parts in the epoch that is added next. */
static bool add_part_scores(struct train_history *history, const struct train_part_scores *parts,
                            caption_error *error) {
    const size_t count = history_parts(history);
    if (count == 0) return true;
    size_t capacity = history->epoch_count * count;
    if (!memory_grow(&history->part_scores, &capacity, capacity + count,
                     sizeof *history->part_scores, what, error)) {
        return false;
    }
    struct train_part_scores *row = history->part_scores + history->epoch_count * count;
    for (size_t i = 0; i < count; i++) row[i] = parts ? parts[i] : (struct train_part_scores){0};
    return true;
}

bool history_add_epoch(struct train_history *history, const struct train_epoch *epoch,
                       char *const *captions, const struct train_part_scores *parts,
                       caption_error *error) {
    size_t capacity = history->epoch_count;
    if (!memory_grow(&history->epochs, &capacity, history->epoch_count + 1, sizeof *history->epochs,
                     what, error) ||
        !grow_captions(history, error) || !add_part_scores(history, parts, error)) {
        return false;
    }
    char **row = history->captions; /* NULL where there are no samples */
    if (row) row += history->epoch_count * history->sample_count;
    for (size_t i = 0; i < history->sample_count; i++) row[i] = NULL;
    history->epochs[history->epoch_count++] = *epoch;
    for (size_t i = 0; captions && i < history->sample_count; i++) {
        if (!captions[i]) continue;
        row[i] = memory_string(captions[i], error);
        if (!row[i]) return false;
    }
    return true;
}

bool history_add_point(struct train_history *history, const struct train_point *point,
                       caption_error *error) {
    size_t capacity = history->point_count;
    if (!memory_grow(&history->points, &capacity, history->point_count + 1, sizeof *history->points,
                     what, error)) {
        return false;
    }
    history->points[history->point_count++] = *point;
    return true;
}

void history_free(struct train_history *history) {
    for (size_t i = 0; i < history->epoch_count * history->sample_count; i++) {
        free(history->captions[i]);
    }
    free(history->captions);
    free(history->epochs);
    free(history->points);
    free(history->samples);
    free(history->part_scores);
    dataset_parts_free(&history->parts);
    *history = (struct train_history){0};
}

/* The numbers of an epoch, a point or a part's scores in the order of the file. */
enum { EPOCH_NUMBERS = 15, POINT_NUMBERS = 4, PART_NUMBERS = 8 };

static void epoch_numbers(const struct train_epoch *e, double numbers[EPOCH_NUMBERS]) {
    const double values[EPOCH_NUMBERS] = {
        (double)e->epoch,  (double)e->epochs, (double)e->phase,   e->loss,
        e->perplexity,     e->scores.bleu[0], e->scores.bleu[1],  e->scores.bleu[2],
        e->scores.bleu[3], e->scores.rouge_l, e->scores.cider,    (double)e->distinct,
        (double)e->best,   e->seconds,        e->words_per_second};
    memcpy(numbers, values, sizeof values);
}

static struct train_epoch epoch_of(const double *n) {
    return (struct train_epoch){
        .epoch = (size_t)n[0],
        .epochs = (size_t)n[1],
        .phase = (enum train_phase)n[2],
        .loss = n[3],
        .perplexity = n[4],
        .scores = {.bleu = {n[5], n[6], n[7], n[8]}, .rouge_l = n[9], .cider = n[10]},
        .distinct = (size_t)n[11],
        .best = n[12] != 0,
        .seconds = n[13],
        .words_per_second = n[14]};
}

static bool is_epoch(const double *n, double least) {
    return n[0] >= least && n[0] <= 1e9 && n[1] >= n[0] && n[1] <= 1e9 && n[2] >= 0 &&
           n[2] < TRAIN_PHASES && n[11] >= 0 && n[11] <= 1e15;
}

/* Takes `item` into the array or frees it. */
static bool append(cJSON *array, cJSON *item) {
    if (array && item && cJSON_AddItemToArray(array, item)) return true;
    cJSON_Delete(item);
    return false;
}

/* Enough digits to distinguish any two doubles; cJSON writes fewer. */
static cJSON *exact_number(double number) {
    char text[32];
    snprintf(text, sizeof text, isfinite(number) ? "%.17g" : "null", number);
    return cJSON_CreateRaw(text);
}

static cJSON *exact_array(const double *numbers, size_t count) {
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; array && i < count; i++) {
        if (append(array, exact_number(numbers[i]))) continue;
        cJSON_Delete(array);
        return NULL;
    }
    return array;
}

static bool put_epochs(cJSON *root, const struct train_history *history) {
    cJSON *epochs = cJSON_AddArrayToObject(root, "epochs");
    for (size_t i = 0; i < history->epoch_count; i++) {
        double numbers[EPOCH_NUMBERS];
        epoch_numbers(&history->epochs[i], numbers);
        if (!append(epochs, exact_array(numbers, EPOCH_NUMBERS))) return false;
    }
    return epochs != NULL;
}

/* A run that started from no captioner has none. */
static bool put_start(cJSON *root, const struct train_history *history) {
    double numbers[EPOCH_NUMBERS];
    if (history->start.epochs == 0) return true;
    epoch_numbers(&history->start, numbers);
    cJSON *start = exact_array(numbers, EPOCH_NUMBERS);
    if (start && cJSON_AddItemToObject(root, "start", start)) return true;
    cJSON_Delete(start);
    return false;
}

static bool put_points(cJSON *root, const struct train_history *history) {
    cJSON *points = cJSON_AddArrayToObject(root, "points");
    for (size_t i = 0; i < history->point_count; i++) {
        const struct train_point *p = &history->points[i];
        const double numbers[POINT_NUMBERS] = {p->epoch, p->loss, p->rate, p->encoder_rate};
        if (!append(points, exact_array(numbers, POINT_NUMBERS))) return false;
    }
    return points != NULL;
}

/* One row a part, epoch by epoch; a run with a single part has none. */
static bool put_part_scores(cJSON *root, const struct train_history *history) {
    const size_t count = history_parts(history);
    if (count == 0) return true;
    cJSON *rows = cJSON_AddArrayToObject(root, "parts");
    for (size_t i = 0; i < history->epoch_count * count; i++) {
        const struct train_part_scores *p = &history->part_scores[i];
        const double *bleu = p->scores.bleu;
        const double numbers[PART_NUMBERS] = {
            bleu[0],           bleu[1],         bleu[2],       bleu[3],
            p->scores.rouge_l, p->scores.cider, p->perplexity, (double)p->distinct};
        if (!append(rows, exact_array(numbers, PART_NUMBERS))) return false;
    }
    return rows != NULL;
}

static bool put_captions(cJSON *root, const struct train_history *history) {
    cJSON *captions = cJSON_AddArrayToObject(root, "captions");
    for (size_t i = 0; i < history->epoch_count * history->sample_count; i++) {
        const char *caption = history->captions[i];
        if (!append(captions, caption ? cJSON_CreateString(caption) : cJSON_CreateNull())) {
            return false;
        }
    }
    return captions != NULL;
}

char *history_format(const struct train_history *history, caption_error *error) {
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    if (root && put_start(root, history) && put_epochs(root, history) &&
        put_points(root, history) && put_captions(root, history) &&
        put_part_scores(root, history)) {
        text = cJSON_PrintUnformatted(root);
    }
    cJSON_Delete(root);
    if (!text) error_memory(error, what);
    return text;
}

static bool parse_error(const char *name, const char *key, caption_error *error) {
    return error_set(error, CAPTION_ERROR_FORMAT, "%s: %s: not as a run writes it", name, key);
}

/* Numbers of one row; what could not be written (infinities) reads as NaN. */
static bool read_numbers(const cJSON *row, double *numbers, size_t count) {
    if (!cJSON_IsArray(row) || (size_t)cJSON_GetArraySize(row) != count) return false;
    const cJSON *item = row->child;
    for (size_t i = 0; i < count; i++, item = item->next) {
        if (!cJSON_IsNumber(item) && !cJSON_IsNull(item)) return false;
        numbers[i] = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    }
    return true;
}

static bool read_points(struct train_history *history, const cJSON *root, const char *name,
                        caption_error *error) {
    const cJSON *points = json_array(root, "points", name, "", error), *row;
    if (!points) return false;
    cJSON_ArrayForEach(row, points) {
        double n[POINT_NUMBERS];
        if (!read_numbers(row, n, POINT_NUMBERS)) return parse_error(name, "points", error);
        const struct train_point point = {n[0], n[1], n[2], n[3]};
        if (!history_add_point(history, &point, error)) return false;
    }
    return true;
}

/* captions[sample_count] of the epoch that begins with `*item`, which moves on. */
static bool read_captions(const cJSON **item, size_t count, char **captions) {
    for (size_t i = 0; i < count; i++, *item = (*item)->next) {
        if (!*item || !(cJSON_IsString(*item) || cJSON_IsNull(*item))) return false;
        captions[i] = (*item)->valuestring; /* NULL where there is no caption */
    }
    return true;
}

/* parts[count] of the epoch that begins with `*row`, which moves on. */
static bool read_part_scores(const cJSON **row, size_t count, struct train_part_scores *parts) {
    for (size_t i = 0; i < count; i++, *row = (*row)->next) {
        double n[PART_NUMBERS];
        if (!*row || !read_numbers(*row, n, PART_NUMBERS) || !(n[7] >= 0 && n[7] <= 1e15)) {
            return false;
        }
        parts[i] = (struct train_part_scores){
            .scores = {.bleu = {n[0], n[1], n[2], n[3]}, .rouge_l = n[4], .cider = n[5]},
            .perplexity = n[6],
            .distinct = (size_t)n[7]};
    }
    return true;
}

/* Scratch for reading one epoch. */
struct epoch_scratch {
    char **captions;                 /* [sample_count] */
    struct train_part_scores *parts; /* [history_parts] */
};

static bool read_epochs(struct train_history *history, const cJSON *root,
                        const struct epoch_scratch *scratch, const char *name,
                        caption_error *error) {
    const size_t parts = history_parts(history);
    const cJSON *scored = parts ? json_array(root, "parts", name, "", error) : NULL;
    if (parts && !scored) return false;
    const cJSON *next_scored = scored ? scored->child : NULL;
    const cJSON *epochs = json_array(root, "epochs", name, "", error), *row;
    const cJSON *captions = epochs ? json_array(root, "captions", name, "", error) : NULL;
    if (!captions) return false;
    const cJSON *next = captions->child;
    cJSON_ArrayForEach(row, epochs) {
        double n[EPOCH_NUMBERS];
        if (!read_numbers(row, n, EPOCH_NUMBERS) || !is_epoch(n, 1)) {
            return parse_error(name, "epochs", error);
        }
        if (!read_captions(&next, history->sample_count, scratch->captions)) {
            return parse_error(name, "captions", error);
        }
        if (!read_part_scores(&next_scored, parts, scratch->parts)) {
            return parse_error(name, "parts", error);
        }
        const struct train_epoch epoch = epoch_of(n);
        if (!history_add_epoch(history, &epoch, scratch->captions, scratch->parts, error))
            return false;
    }
    if (next_scored) return parse_error(name, "parts", error);
    return !next || parse_error(name, "captions", error); /* every caption belongs to an epoch */
}

static bool read_start(struct train_history *history, const cJSON *root, const char *name,
                       caption_error *error) {
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(root, "start");
    double n[EPOCH_NUMBERS];
    if (!start) return true;
    if (!read_numbers(start, n, EPOCH_NUMBERS) || !is_epoch(n, 0))
        return parse_error(name, "start", error);
    history->start = epoch_of(n);
    return true;
}

bool history_parse(struct train_history *history, const char *text, const char *name,
                   caption_error *error) {
    cJSON *root = json_parse(text, strlen(text), name, error);
    if (!root) return false;
    const struct epoch_scratch scratch = {
        .captions = memory_zeroed(history->sample_count, sizeof *scratch.captions, what, error),
        .parts = memory_zeroed(history_parts(history), sizeof *scratch.parts, what, error)};
    const bool ok = scratch.captions && scratch.parts && read_start(history, root, name, error) &&
                    read_epochs(history, root, &scratch, name, error) &&
                    read_points(history, root, name, error);
    free(scratch.captions);
    free(scratch.parts);
    cJSON_Delete(root);
    return ok;
}

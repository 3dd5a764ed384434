#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/training_report.h"

/* The history and what its charts have in common. */
struct curves {
    const struct train_history *history;
    struct chart_band *bands; /* the phases */
    size_t band_count;
    struct chart_point *points[2]; /* scratch for the series of one chart, reused for the next */
    FILE *stream;
};

/* Neighbouring epochs of a phase are one band. */
static void find_bands(struct curves *curves) {
    for (size_t e = 0; e < curves->history->epoch_count; e++) {
        const struct train_epoch *epoch = &curves->history->epochs[e];
        if (e == 0 || epoch->phase != epoch[-1].phase)
            curves->bands[curves->band_count++] = (struct chart_band){
                .from = (double)epoch->epoch - 1, .name = train_phase_name(epoch->phase)};
        curves->bands[curves->band_count - 1].to = (double)epoch->epoch;
    }
}

static bool curves_init(struct curves *curves, const struct train_history *history, FILE *stream,
                        caption_error *error) {
    *curves = (struct curves){.history = history, .stream = stream};
    size_t most =
        history->point_count > history->epoch_count ? history->point_count : history->epoch_count;
    for (size_t i = 0; i < 2; i++) {
        curves->points[i] = memory_zeroed(most, sizeof *curves->points[i], "a curve", error);
        if (!curves->points[i]) return false;
    }
    curves->bands = memory_zeroed(history->epoch_count, sizeof *curves->bands, "a curve", error);
    if (!curves->bands) return false;
    find_bands(curves);
    return true;
}

static void curves_free(struct curves *curves) {
    for (size_t i = 0; i < 2; i++) free(curves->points[i]);
    free(curves->bands);
}

typedef double epoch_value(const struct train_epoch *epoch);
typedef double moment_value(const struct train_point *point);

/* A series of the epochs' values, each at the end of its epoch or, `shift` to the left, within. */
static struct chart_series epoch_series(const struct curves *curves, size_t index,
                                        epoch_value *value, double shift) {
    const struct train_history *history = curves->history;
    struct chart_point *points = curves->points[index];
    for (size_t e = 0; e < history->epoch_count; e++)
        points[e] = (struct chart_point){(double)history->epochs[e].epoch - shift,
                                         value(&history->epochs[e])};
    return (struct chart_series){
        .points = points, .count = history->epoch_count, .marked = CHART_NO_POINT};
}

static struct chart_series moment_series(const struct curves *curves, size_t index,
                                         moment_value *value) {
    const struct train_history *history = curves->history;
    struct chart_point *points = curves->points[index];
    for (size_t i = 0; i < history->point_count; i++)
        points[i] = (struct chart_point){history->points[i].epoch, value(&history->points[i])};
    return (struct chart_series){
        .points = points, .count = history->point_count, .marked = CHART_NO_POINT};
}

static double loss_of(const struct train_epoch *epoch) {
    return epoch->loss;
}

static double perplexity_of(const struct train_epoch *epoch) {
    return epoch->perplexity > 0 ? epoch->perplexity : (double)NAN;
}

static double cider_of(const struct train_epoch *epoch) {
    return training_report_is_scored(epoch) ? 100 * epoch->scores.cider : (double)NAN;
}

static double bleu_of(const struct train_epoch *epoch) {
    return training_report_is_scored(epoch) ? 100 * epoch->scores.bleu[3] : (double)NAN;
}

static double moment_loss_of(const struct train_point *point) {
    return point->loss;
}

/* Frozen parts have no learning rate. */
static double rate_of(const struct train_point *point) {
    return point->rate > 0 ? point->rate : (double)NAN;
}

static double encoder_rate_of(const struct train_point *point) {
    return point->encoder_rate > 0 ? point->encoder_rate : (double)NAN;
}

/* A chart with its heading; nothing where there is nothing to draw. The axis covers the whole run,
 * so that its progress is visible. */
static void write_figure(const struct curves *curves, struct chart chart, const char *heading,
                         const char *note) {
    const struct train_history *history = curves->history;
    chart.x_label = "epoch";
    chart.x_least = 1;
    chart.x_high = history->epoch_count > 0 ? (double)history->epochs[0].epochs : 1;
    chart.bands = curves->bands;
    chart.band_count = curves->band_count;
    if (!chart_has_points(&chart)) return;
    fprintf(curves->stream, "<figure>\n<figcaption>%s", heading);
    if (note) {
        fputs(" <small>", curves->stream);
        html_text_write(curves->stream, note);
        fputs("</small>", curves->stream);
    }
    fputs("</figcaption>\n", curves->stream);
    chart_write(&chart, curves->stream);
    fputs("</figure>\n", curves->stream);
}

static void write_loss(const struct curves *curves) {
    struct chart_series series[] = {moment_series(curves, 0, moment_loss_of),
                                    epoch_series(curves, 1, loss_of, 0.5)};
    series[0].line = CHART_FAINT;
    write_figure(curves,
                 (struct chart){.title = "Training loss over the epochs; the table of epochs has "
                                         "its numbers",
                                .y_label = "nats per word",
                                .series = series,
                                .series_count = 2},
                 "Training loss",
                 curves->history->point_count > 0 ? "thin: within the epochs; dots: their means"
                                                  : NULL);
}

static void write_scores(const struct curves *curves) {
    struct chart_series series[] = {epoch_series(curves, 0, cider_of, 0),
                                    epoch_series(curves, 1, bleu_of, 0)};
    const struct train_epoch *best = history_best(curves->history);
    series[0].name = "CIDEr";
    series[1].name = "BLEU-4";
    series[1].line = CHART_DASHED;
    if (best) series[0].marked = (size_t)(best - curves->history->epochs);
    series[0].mark = "best";
    write_figure(curves,
                 (struct chart){.title = "CIDEr and BLEU-4 of the validation photos over the "
                                         "epochs; the table of epochs has their numbers",
                                .y_label = "score, times 100",
                                .from_zero = true,
                                .series = series,
                                .series_count = 2},
                 "Validation scores", NULL);
}

/* CIDEr and BLEU-4 of a part. */
static void write_part_scores(const struct curves *curves, size_t part) {
    const struct train_history *history = curves->history;
    struct chart_series series[2];
    for (size_t s = 0; s < 2; s++) {
        struct chart_point *points = curves->points[s];
        for (size_t e = 0; e < history->epoch_count; e++) {
            const struct scores *scores = &history_part_scores(history, e, part)->scores;
            const double score = 100 * (s == 0 ? scores->cider : scores->bleu[3]);
            const bool scored = training_report_is_scored(&history->epochs[e]);
            points[e] = (struct chart_point){(double)history->epochs[e].epoch,
                                             scored ? score : (double)NAN};
        }
        series[s] = (struct chart_series){.name = s == 0 ? "CIDEr" : "BLEU-4",
                                          .points = points,
                                          .count = history->epoch_count,
                                          .line = s == 0 ? CHART_SOLID : CHART_DASHED,
                                          .marked = CHART_NO_POINT};
    }
    const struct chart chart = {.title =
                                    "CIDEr and BLEU-4 of one data set over the epochs; the table "
                                    "of epochs has their numbers",
                                .y_label = "score, times 100",
                                .from_zero = true,
                                .series = series,
                                .series_count = 2};
    write_figure(curves, chart, "Validation scores", history->parts.items[part].name);
}

static void write_perplexity(const struct curves *curves) {
    const struct chart_series series[] = {epoch_series(curves, 0, perplexity_of, 0)};
    write_figure(curves,
                 (struct chart){.title = "Perplexity of the validation captions over the epochs; "
                                         "the table of epochs has its numbers",
                                .y_label = "perplexity per word",
                                .series = series,
                                .series_count = 1},
                 "Validation perplexity", NULL);
}

static void write_rates(const struct curves *curves) {
    struct chart_series series[] = {moment_series(curves, 0, rate_of),
                                    moment_series(curves, 1, encoder_rate_of)};
    series[0].name = "decoder";
    series[1].name = "encoder";
    series[1].line = CHART_DASHED;
    write_figure(curves,
                 (struct chart){.title = "Learning rates of decoder and encoder over the epochs",
                                .y_label = "step size",
                                .from_zero = true,
                                .names_alone = true,
                                .series = series,
                                .series_count = 2},
                 "Learning rate", NULL);
}

/* What the names of the bands mean. */
static void write_phases(const struct curves *curves) {
    static const char *const meanings[TRAIN_PHASES] = {
        [TRAIN_TEXT] = "the decoder learns from text, no photo is seen",
        [TRAIN_SYNTHETIC] = "the decoder learns from text, with synthetic features as its photos",
        [TRAIN_FROZEN] = "the decoder learns, the encoder is frozen",
        [TRAIN_JOINT] = "decoder and encoder learn together",
        [TRAIN_SELF_CRITICAL_SYNTHETIC] =
            "the decoder is rewarded for captions of its own, on synthetic and real features",
        [TRAIN_SELF_CRITICAL] = "rewarded for captions of its own"};
    const struct train_history *history = curves->history;
    bool occurs[TRAIN_PHASES] = {false};
    for (size_t e = 0; e < history->epoch_count; e++) occurs[history->epochs[e].phase] = true;
    fputs("<dl class=\"phases\">\n", curves->stream);
    for (int phase = 0; phase < TRAIN_PHASES; phase++)
        if (occurs[phase])
            fprintf(curves->stream, "<div><dt>%s</dt><dd>%s</dd></div>\n",
                    train_phase_name((enum train_phase)phase), meanings[phase]);
    fputs("</dl>\n", curves->stream);
}

bool training_curves_write(const struct train_history *history, FILE *stream,
                           caption_error *error) {
    struct curves curves;
    bool ok = curves_init(&curves, history, stream, error);
    if (ok) {
        fputs("<section aria-labelledby=\"curves\">\n<h2 id=\"curves\">Curves</h2>\n", stream);
        fputs("<div class=\"curves\">\n", stream);
        write_scores(&curves);
        for (size_t i = 0; i < history_parts(history); i++) write_part_scores(&curves, i);
        write_loss(&curves);
        write_perplexity(&curves);
        write_rates(&curves);
        fputs("</div>\n", stream);
        write_phases(&curves);
        fputs("</section>\n", stream);
    }
    curves_free(&curves);
    return ok;
}

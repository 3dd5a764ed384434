#include "report/training_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/chart.h"
#include "report/html.h"

/* Pixels of a thumbnail's longest side: the width that the page gives it. */
enum { THUMBNAIL_SIDE = 160 };

struct training_report {
    char *path, *command;
    struct report_photo *photos; /* [photo_count], kept between pages */
    size_t photo_count;
};

static const char title[] = "Training report";

struct training_report *training_report_new(const char *path, const char *command,
                                            caption_error *error) {
    struct training_report *report = memory_zeroed(1, sizeof *report, "a report", error);
    if (!report) return NULL;
    report->path = memory_string(path, error);
    report->command = report->path ? memory_string(command, error) : NULL;
    if (report->command) return report;
    training_report_free(report);
    return NULL;
}

static void free_photos(struct training_report *report) {
    for (size_t i = 0; i < report->photo_count; i++) {
        free(report->photos[i].path);
        thumbnail_free(&report->photos[i].thumbnail);
    }
    free(report->photos);
    report->photos = NULL;
    report->photo_count = 0;
}

void training_report_free(struct training_report *report) {
    if (!report) return;
    free_photos(report);
    free(report->path);
    free(report->command);
    free(report);
}

bool training_report_is_scored(const struct train_epoch *epoch) {
    return epoch->phase != TRAIN_TEXT;
}

static bool is_photo_of(const struct report_photo *photo, const struct photo_file *file) {
    return strcmp(photo->path, file->path) == 0 && photo->offset == file->offset;
}

static bool has_photos_of(const struct training_report *report,
                          const struct train_history *history) {
    if (report->photo_count != history->sample_count) return false;
    for (size_t i = 0; i < report->photo_count; i++)
        if (!is_photo_of(&report->photos[i], &history->samples[i].file)) return false;
    return true;
}

/* Only short memory is an error: an unreadable photo is reported in its place. */
static bool read_photos(struct training_report *report, const struct train_history *history,
                        caption_error *error) {
    if (has_photos_of(report, history)) return true;
    free_photos(report);
    report->photos =
        memory_zeroed(history->sample_count, sizeof *report->photos, "sample photos", error);
    if (!report->photos) return false;
    for (; report->photo_count < history->sample_count; report->photo_count++) {
        struct report_photo *photo = &report->photos[report->photo_count];
        const struct photo_file *file = &history->samples[report->photo_count].file;
        photo->path = memory_string(file->path, error);
        photo->offset = file->offset;
        if (!photo->path) return false;
        thumbnail_load(file, THUMBNAIL_SIDE, &photo->thumbnail, &photo->problem);
    }
    return true;
}

static void write_left(const struct train_history *history, FILE *stream) {
    if (!(history->seconds_left > 0)) return;
    fputs(" About ", stream);
    html_number_duration(stream, history->seconds_left);
    fputs(" of training are left.", stream);
}

/* The measure that weights are compared by. */
static void write_measure(const struct train_history *history, const struct train_epoch *epoch,
                          FILE *stream) {
    if (history->by_perplexity)
        html_number_fixed(stream, epoch->perplexity, 1);
    else
        html_number_fixed(stream, 100 * epoch->scores.cider, 1);
}

/* The progress of the run, in a sentence or two. */
static void write_state(const struct train_history *history, FILE *stream) {
    if (history->epoch_count == 0) {
        fputs("<p>No epoch has ended yet.", stream);
        write_left(history, stream);
        fputs("</p>\n", stream);
        return;
    }
    const struct train_epoch *last = &history->epochs[history->epoch_count - 1];
    const struct train_epoch *best = history_best(history);
    bool done = last->epoch >= last->epochs;
    if (done) {
        fprintf(stream, "<p>All %zu epochs have ended.", last->epochs);
    } else {
        fprintf(stream, "<p>Epoch %zu of %zu has ended.", last->epoch, last->epochs);
    }
    if (best) {
        fprintf(stream, " The best %s%s is <strong>",
                history->by_perplexity ? "perplexity" : "CIDEr", done ? "" : " so far");
        write_measure(history, best, stream);
        fprintf(stream, "</strong>, of epoch %zu.", best->epoch);
    }
    if (history->start.epochs > 0) {
        fputs(" Before the first step it was ", stream);
        write_measure(history, &history->start, stream);
        fputs(best ? "." : ", which no epoch has reached.", stream);
    }
    if (!done) write_left(history, stream);
    fputs("</p>\n", stream);
}

static void write_header(const struct training_report *report, const struct train_history *history,
                         FILE *stream) {
    fputs("<header>\n<h1>Training report</h1>\n", stream);
    write_state(history, stream);
    fputs("<code>", stream);
    html_text_write(stream, report->command);
    fputs("</code>\n</header>\n", stream);
}

static bool write_page(const struct training_report *report, const struct train_history *history,
                       FILE *stream, caption_error *error) {
    const char *const styles[] = {asset_chart_css, asset_training_css, NULL};
    html_page_begin(stream, title, styles);
    write_header(report, history, stream);
    fputs("<main>\n", stream);
    training_summary_write(history, stream);
    if (history->epoch_count > 0) {
        if (!training_curves_write(history, stream, error)) return false;
        training_table_write(history, stream);
    }
    training_photos_write(history, report->photos, stream);
    fputs("</main>\n", stream);
    html_page_end(stream, asset_training_js);
    return true;
}

bool training_report_write(struct training_report *report, const struct train_history *history,
                           caption_error *error) {
    struct file_writer writer;
    if (!read_photos(report, history, error) || !file_writer_open(&writer, report->path, error))
        return false;
    if (write_page(report, history, writer.stream, error))
        return file_writer_commit(&writer, error);
    file_writer_abandon(&writer);
    return false;
}

bool training_report_recognise(const char *path) {
    return html_page_recognise(path, title);
}

/* The caption of a photo in an epoch; NULL: none. */
static const char *caption_of(const struct train_history *history, size_t epoch, size_t sample) {
    return history->captions ? history->captions[epoch * history->sample_count + sample] : NULL;
}

static bool has_captions(const struct train_history *history, size_t epoch) {
    for (size_t s = 0; s < history->sample_count; s++)
        if (caption_of(history, epoch, s)) return true;
    return false;
}

/* The last of the consecutive epochs from `epoch` on with the same caption of a photo. */
static size_t last_of_run(const struct train_history *history, size_t epoch, size_t sample) {
    const char *caption = caption_of(history, epoch, sample);
    for (size_t next = epoch + 1; next < history->epoch_count; next++) {
        const char *other = caption_of(history, next, sample);
        if (!other || strcmp(caption, other) != 0) return next - 1;
    }
    return history->epoch_count - 1;
}

/* An empty caption must not look like an error of the page. */
static void put_caption(FILE *stream, const char *caption) {
    html_text_write(stream, *caption ? caption : "(no word)");
}

static void write_thumbnail(const struct train_sample *sample, const struct report_photo *photo,
                            FILE *stream) {
    const caption_thumbnail *thumbnail = &photo->thumbnail;
    if (!thumbnail->jpeg) {
        fputs("<div class=\"missing\"><bdi>", stream);
        html_text_write(stream, photo->problem.message);
        fputs("</bdi></div>\n", stream);
        return;
    }
    fprintf(stream, "<div><img width=\"%zu\" height=\"%zu\" alt=\"", thumbnail->width,
            thumbnail->height);
    if (sample->reference_count > 0) {
        html_text_write_words(stream, &sample->references[0]);
    } else {
        html_text_write(stream, sample->name);
    }
    fputs("\" src=\"", stream);
    html_text_write_data(stream, "image/jpeg", thumbnail->jpeg, thumbnail->size);
    fputs("\"></div>\n", stream);
}

/* The caption of the best weights, or the last one, in large type. */
static void write_caption(const struct train_history *history, size_t sample, FILE *stream) {
    const struct train_epoch *best = history_best(history);
    const char *caption =
        best ? caption_of(history, (size_t)(best - history->epochs), sample) : NULL;
    for (size_t e = history->epoch_count; e-- > 0 && !caption;)
        caption = caption_of(history, e, sample);
    fputs("<p class=\"said\" dir=\"auto\">", stream);
    if (caption) put_caption(stream, caption);
    fputs("</p>\n", stream);
}

static void write_references(const struct train_sample *sample, FILE *stream) {
    if (sample->reference_count == 0) return;
    fputs("<h4>References</h4>\n<ul>\n", stream);
    for (size_t r = 0; r < sample->reference_count; r++) {
        fputs("<li dir=\"auto\">", stream);
        html_text_write_words(stream, &sample->references[r]);
        fputs("</li>\n", stream);
    }
    fputs("</ul>\n", stream);
}

/* One line for consecutive epochs with the same caption. */
static void write_run(const struct train_history *history, size_t first, size_t last, size_t sample,
                      FILE *stream) {
    size_t from = history->epochs[first].epoch, to = history->epochs[last].epoch;
    fprintf(stream, "<li data-from=\"%zu\" data-to=\"%zu\"><span>", from, to);
    if (from == to) {
        fprintf(stream, "epoch %zu", from);
    } else {
        fprintf(stream, "epochs %zu\xE2\x80\x93%zu", from, to);
    }
    fputs("</span> <bdi>", stream);
    put_caption(stream, caption_of(history, first, sample));
    fputs("</bdi></li>\n", stream);
}

static void write_history(const struct train_history *history, size_t sample, FILE *stream) {
    fputs("<details>\n<summary>Epoch by epoch</summary>\n<ol class=\"history\">\n", stream);
    for (size_t e = 0; e < history->epoch_count; e++) {
        if (!caption_of(history, e, sample)) continue;
        size_t last = last_of_run(history, e, sample);
        write_run(history, e, last, sample, stream);
        e = last;
    }
    fputs("</ol>\n</details>\n", stream);
}

static void write_card(const struct train_history *history, const struct report_photo *photo,
                       size_t sample, bool captioned, FILE *stream) {
    fprintf(stream, "<li><article aria-labelledby=\"photo-%zu\">\n", sample + 1);
    write_thumbnail(&history->samples[sample], photo, stream);
    fprintf(stream, "<div>\n<h3 id=\"photo-%zu\"><bdi>", sample + 1);
    html_text_write(stream, history->samples[sample].name);
    fputs("</bdi></h3>\n", stream);
    if (captioned) write_caption(history, sample, stream);
    write_references(&history->samples[sample], stream);
    if (captioned) write_history(history, sample, stream);
    fputs("</div>\n</article></li>\n", stream);
}

/* Hidden until the script shows it, since it needs the script. */
static void write_stepper(size_t first, size_t last, size_t shown, FILE *stream) {
    fprintf(stream,
            "<div id=\"stepper\" role=\"group\" aria-label=\"Epoch shown\" hidden>\n"
            "<button type=\"button\" aria-label=\"The epoch before\">\xE2\x86\x90</button>\n"
            "<input type=\"range\" aria-label=\"Epoch\" min=\"%zu\" max=\"%zu\" value=\"%zu\">\n"
            "<button type=\"button\" aria-label=\"The next epoch\">\xE2\x86\x92</button>\n"
            "<output aria-live=\"polite\"></output>\n</div>\n",
            first, last, shown);
}

void training_photos_write(const struct train_history *history, const struct report_photo *photos,
                           FILE *stream) {
    if (history->sample_count == 0) return;
    const struct train_epoch *first = NULL, *last = NULL;
    for (size_t e = 0; e < history->epoch_count; e++) {
        if (!has_captions(history, e)) continue;
        last = &history->epochs[e];
        if (!first) first = last;
    }
    fputs("<section aria-labelledby=\"photos\">\n"
          "<h2 id=\"photos\">Validation photos and what is said of them</h2>\n",
          stream);
    const struct train_epoch *best = history_best(history);
    if (last) write_stepper(first->epoch, last->epoch, best ? best->epoch : last->epoch, stream);
    fputs("<ol class=\"photos\" role=\"list\">\n", stream);
    for (size_t s = 0; s < history->sample_count; s++)
        write_card(history, &photos[s], s, last != NULL, stream);
    fputs("</ol>\n</section>\n", stream);
}

static const char *const columns[] = {"Loss",     "Perplexity", "BLEU-1",  "BLEU-2",
                                      "BLEU-3",   "BLEU-4",     "ROUGE-L", "CIDEr",
                                      "Distinct", "Words/s",    "Time"};

static void write_part_head(const struct train_history *history, const char *score, size_t part,
                            FILE *stream) {
    fprintf(stream, "<th scope=\"col\">%s, ", score);
    html_text_write(stream, history->parts.items[part].name);
    fputs("</th>", stream);
}

static void write_head(const struct train_history *history, FILE *stream) {
    fputs("<thead><tr><th scope=\"col\">Epoch</th><th scope=\"col\" class=\"text\">Phase</th>",
          stream);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        fprintf(stream, "<th scope=\"col\">%s</th>", columns[i]);
    for (size_t i = 0; i < history_parts(history); i++) {
        write_part_head(history, "BLEU-4", i, stream);
        write_part_head(history, "CIDEr", i, stream);
    }
    fputs("<th scope=\"col\" class=\"text\">Kept</th></tr></thead>\n", stream);
}

static void put_fixed(FILE *stream, double value, unsigned decimals) {
    fputs("<td>", stream);
    html_number_fixed(stream, value, decimals);
    fputs("</td>", stream);
}

static void write_scores(const struct train_epoch *epoch, FILE *stream) {
    if (!training_report_is_scored(epoch)) {
        fputs("<td colspan=\"8\" class=\"text\"><small>not validated</small></td>", stream);
        return;
    }
    put_fixed(stream, epoch->perplexity, 2);
    for (size_t n = 0; n < 4; n++) put_fixed(stream, 100 * epoch->scores.bleu[n], 1);
    put_fixed(stream, 100 * epoch->scores.rouge_l, 1);
    put_fixed(stream, 100 * epoch->scores.cider, 1);
    fputs("<td>", stream);
    html_number_count(stream, epoch->distinct);
    fputs("</td>", stream);
}

/* The scores of each part, where there are several. */
static void write_parts(const struct train_history *history, size_t index, FILE *stream) {
    const bool scored = training_report_is_scored(&history->epochs[index]);
    for (size_t i = 0; i < history_parts(history); i++) {
        const struct scores *scores = &history_part_scores(history, index, i)->scores;
        if (!scored) {
            fputs("<td></td><td></td>", stream);
            continue;
        }
        put_fixed(stream, 100 * scores->bleu[3], 1);
        put_fixed(stream, 100 * scores->cider, 1);
    }
}

/* data-label: the text that the stepper shows for the epoch. */
static void begin_row(const struct train_epoch *epoch, bool best, FILE *stream) {
    fprintf(stream, "<tr%s data-epoch=\"%zu\" data-label=\"Epoch %zu of %zu",
            best ? " class=\"best\"" : "", epoch->epoch, epoch->epoch, epoch->epochs);
    if (training_report_is_scored(epoch)) {
        fputs(", CIDEr ", stream);
        html_number_fixed(stream, 100 * epoch->scores.cider, 1);
    }
    fputs(best ? ", the best\">" : "\">", stream);
}

static void write_row(const struct train_history *history, size_t index, bool best, FILE *stream) {
    const struct train_epoch *epoch = &history->epochs[index];
    begin_row(epoch, best, stream);
    fprintf(stream, "<th scope=\"row\">%zu</th><td class=\"text\">%s</td>", epoch->epoch,
            train_phase_name(epoch->phase));
    put_fixed(stream, epoch->loss, 3);
    write_scores(epoch, stream);
    put_fixed(stream, epoch->words_per_second, 0);
    fputs("<td>", stream);
    html_number_duration(stream, epoch->seconds);
    fputs("</td>", stream);
    write_parts(history, index, stream);
    fprintf(stream, "<td class=\"text\">%s</td></tr>\n", best ? "best" : "");
}

void training_table_write(const struct train_history *history, FILE *stream) {
    const struct train_epoch *best = history_best(history);
    fputs("<section aria-labelledby=\"epochs\">\n<h2 id=\"epochs\">Epochs</h2>\n", stream);
    fputs("<div class=\"scroll\" role=\"region\" aria-label=\"Table of epochs\" tabindex=\"0\">\n"
          "<table class=\"epochs\">\n",
          stream);
    write_head(history, stream);
    fputs("<tbody>\n", stream);
    for (size_t e = 0; e < history->epoch_count; e++)
        write_row(history, e, &history->epochs[e] == best, stream);
    fputs("</tbody>\n</table>\n</div>\n"
          "<p class=\"muted\">Scores are times 100, of the validation photos by beam search; "
          "distinct are the different captions among them. "
          "Loss is in nats per word.",
          stream);
    if (history_parts(history) > 0)
        fputs(" Scores of the whole are the mean of those of the data sets.", stream);
    fputs("</p>\n</section>\n", stream);
}

static void begin_fact(FILE *stream, const char *name) {
    fprintf(stream, "<div><dt>%s</dt><dd>", name);
}

static void end_fact(FILE *stream) {
    fputs("</dd></div>\n", stream);
}

/* Absent or unknown numbers are left out. */
static void put_count(FILE *stream, const char *name, size_t count) {
    if (count == 0) return;
    begin_fact(stream, name);
    html_number_count(stream, count);
    end_fact(stream);
}

static void put_coverage(FILE *stream, double coverage) {
    if (!(coverage > 0)) return;
    begin_fact(stream, "of the captions\xE2\x80\x99 words are covered");
    html_number_fixed(stream, 100 * coverage, 1);
    fputs("\xC2\xA0%", stream);
    end_fact(stream);
}

static double seconds_of(const struct train_history *history) {
    double seconds = 0;
    for (size_t e = 0; e < history->epoch_count; e++) seconds += history->epochs[e].seconds;
    return seconds;
}

void training_summary_write(const struct train_history *history, FILE *stream) {
    const struct train_summary *summary = &history->summary;
    fputs("<section aria-labelledby=\"run\">\n<h2 id=\"run\">The run</h2>\n<dl class=\"facts\">\n",
          stream);
    put_count(stream, "photos to learn from", summary->train_photos);
    put_count(stream, "captions of them", summary->captions);
    put_count(stream, "photos to validate on", summary->validation_photos);
    put_count(stream, "words in the vocabulary", summary->words);
    put_coverage(stream, summary->coverage);
    put_count(stream, "words in the longest caption", summary->longest);
    put_count(stream, "missing photos, left out", summary->missing);
    put_count(stream, "unreadable photos, left out", summary->broken);
    put_count(stream, "captions without a word, left out", summary->wordless);
    begin_fact(stream, "of training, validation not counted");
    html_number_duration(stream, seconds_of(history));
    end_fact(stream);
    fputs("</dl>\n</section>\n", stream);
}

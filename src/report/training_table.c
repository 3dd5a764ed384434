#include "report/html.h"
#include "report/training_report_parts.h"

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

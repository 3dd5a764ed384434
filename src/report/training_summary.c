#include "report/html.h"
#include "report/training_report_parts.h"

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

#include <string.h>

#include "report/html.h"
#include "report/training_report_parts.h"

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

#include <string.h>

#include "report/html_text.h"
#include "report/training_report_parts.h"

const char training_photos_style[] =
    "#stepper{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;align-items:center;"
    "gap:.5rem .75rem;margin-bottom:1.25rem;padding:.6rem 0;background:var(--paper);"
    "border-bottom:1px solid var(--rule)}\n"
    "#stepper[hidden]{display:none}\n"
    "#stepper input{flex:1 1 10rem;min-width:8rem;accent-color:var(--first)}\n"
    "#stepper button{min-width:2.5rem;min-height:2.5rem;border:1px solid var(--rule);"
    "border-radius:.4rem;background:var(--card);color:inherit;font:inherit;cursor:pointer}\n"
    "#stepper button:disabled{color:var(--muted);cursor:default;opacity:.6}\n"
    "#stepper output{flex:1 1 15rem;font-variant-numeric:tabular-nums}\n"
    ".photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr));"
    "gap:1.25rem;margin:0;padding:0;list-style:none}\n"
    ".photos article{display:grid;grid-template-columns:160px 1fr;gap:1.1rem;height:100%;"
    "padding:1.1rem;border:1px solid var(--rule);border-radius:.5rem;background:var(--card)}\n"
    ".photos img{display:block;max-width:100%;height:auto;border-radius:.25rem}\n"
    ".photos .missing{display:flex;align-items:center;align-self:start;width:160px;max-width:100%;"
    "min-height:120px;padding:.6rem;border:1px dashed var(--muted);border-radius:.25rem;"
    "color:var(--muted);font-size:.8rem;line-height:1.35;overflow-wrap:anywhere}\n"
    ".photos h3{overflow-wrap:anywhere;margin:0 0 "
    ".5rem;color:var(--muted);font-size:.8rem;font-weight:400}\n"
    ".photos h4{margin:0 0 .15rem;color:var(--muted);font-size:.8rem;font-weight:600}\n"
    ".photos .said{overflow-wrap:anywhere;margin:0 0 "
    ".75rem;font-size:1.15rem;line-height:1.35;font-weight:600}\n"
    ".photos ul,.photos "
    "ol{overflow-wrap:anywhere;margin:0;padding:0;list-style:none;font-size:.9rem;line-height:1.4}"
    "\n"
    ".photos ul li{padding:.1rem 0}\n"
    ".photos details{margin-top:.75rem}\n"
    ".photos summary{color:var(--muted);font-size:.8rem;font-weight:600;cursor:pointer}\n"
    ".photos .history li{display:grid;grid-template-columns:6.5rem 1fr;gap:.5rem;"
    "padding:.15rem 0}\n"
    ".photos .history span{color:var(--muted);font-variant-numeric:tabular-nums}\n"
    ".photos .history .now{font-weight:600}\n"
    "@media (max-width:420px){.photos article{grid-template-columns:1fr}}\n"
    "@media print{#stepper{display:none}.photos article{height:auto}"
    "details::details-content{content-visibility:visible;height:auto}}\n";

const char training_photos_script[] =
    "\"use strict\";\n"
    "(() => {\n"
    "  const stepper = document.getElementById(\"stepper\");\n"
    "  if (!stepper) return;\n"
    "  const slider = stepper.querySelector(\"input\");\n"
    "  const output = stepper.querySelector(\"output\");\n"
    "  const [back, forth] = stepper.querySelectorAll(\"button\");\n"
    "  const rows = [...document.querySelectorAll(\"tr[data-epoch]\")];\n"
    "  const charts = [...document.querySelectorAll(\"svg.chart\")];\n"
    "  const cards = [...document.querySelectorAll(\".photos article\")].map((card) => ({\n"
    "    said: card.querySelector(\".said\"),\n"
    "    lines: [...card.querySelectorAll(\".history li\")],\n"
    "  }));\n"
    "  const turn = (element, on) => {\n"
    "    element.classList.toggle(\"now\", on);\n"
    "    if (on) element.setAttribute(\"aria-current\", \"true\");\n"
    "    else element.removeAttribute(\"aria-current\");\n"
    "  };\n"
    "  const point = (chart, epoch) => {\n"
    "    const [low, high, left, right] = [\"low\", \"high\", \"left\", \"right\"].map(\n"
    "      (name) => Number(chart.dataset[name]));\n"
    "    const x = left + (right - left) * (epoch - low) / (high - low);\n"
    "    const cursor = chart.querySelector(\".cursor\");\n"
    "    cursor.setAttribute(\"x1\", x);\n"
    "    cursor.setAttribute(\"x2\", x);\n"
    "    cursor.classList.add(\"on\");\n"
    "  };\n"
    "  const show = () => {\n"
    "    const epoch = Number(slider.value);\n"
    "    const row = rows.find((one) => Number(one.dataset.epoch) === epoch);\n"
    "    output.value = row ? row.dataset.told : \"Epoch \" + epoch;\n"
    "    slider.setAttribute(\"aria-valuetext\", output.value);\n"
    "    back.disabled = epoch <= Number(slider.min);\n"
    "    forth.disabled = epoch >= Number(slider.max);\n"
    "    for (const one of rows) turn(one, one === row);\n"
    "    for (const {said, lines} of cards) {\n"
    "      const line = lines.find((one) =>\n"
    "        Number(one.dataset.from) <= epoch && epoch <= Number(one.dataset.to));\n"
    "      for (const one of lines) turn(one, one === line);\n"
    "      said.textContent = line ? line.querySelector(\"bdi\").textContent : \"\\u2013\";\n"
    "    }\n"
    "  };\n"
    "  const step = (distance) => {\n"
    "    slider.value = Number(slider.value) + distance;\n"
    "    slider.dispatchEvent(new Event(\"input\"));\n"
    "  };\n"
    "  slider.addEventListener(\"input\", () => {\n"
    "    show();\n"
    "    for (const chart of charts) point(chart, Number(slider.value));\n"
    "  });\n"
    "  back.addEventListener(\"click\", () => step(-1));\n"
    "  forth.addEventListener(\"click\", () => step(1));\n"
    "  slider.value = slider.defaultValue; /* not what the browser remembers of an earlier page "
    "*/\n"
    "  show();\n"
    "  stepper.hidden = false;\n"
    "})();\n";

/* What was said of a photo in an epoch; NULL: nothing. */
static const char *caption_of(const struct train_history *history, size_t epoch, size_t sample) {
    return history->captions ? history->captions[epoch * history->sample_count + sample] : NULL;
}

static bool is_told(const struct train_history *history, size_t epoch) {
    for (size_t s = 0; s < history->sample_count; s++)
        if (caption_of(history, epoch, s)) return true;
    return false;
}

/* The last of the epochs from `epoch` on in which the same was said of a photo. */
static size_t last_of_run(const struct train_history *history, size_t epoch, size_t sample) {
    const char *caption = caption_of(history, epoch, sample);
    for (size_t next = epoch + 1; next < history->epoch_count; next++) {
        const char *other = caption_of(history, next, sample);
        if (!other || strcmp(caption, other) != 0) return next - 1;
    }
    return history->epoch_count - 1;
}

/* An empty caption must not look like a fault of the page. */
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

/* The caption of the weights that are kept, or the last one, large. */
static void write_said(const struct train_history *history, size_t sample, FILE *stream) {
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

/* One line for all epochs in a row that said the same. */
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
                       size_t sample, bool told, FILE *stream) {
    fprintf(stream, "<li><article aria-labelledby=\"photo-%zu\">\n", sample + 1);
    write_thumbnail(&history->samples[sample], photo, stream);
    fprintf(stream, "<div>\n<h3 id=\"photo-%zu\"><bdi>", sample + 1);
    html_text_write(stream, history->samples[sample].name);
    fputs("</bdi></h3>\n", stream);
    if (told) write_said(history, sample, stream);
    write_references(&history->samples[sample], stream);
    if (told) write_history(history, sample, stream);
    fputs("</div>\n</article></li>\n", stream);
}

/* Shown by the script, which alone can move it. */
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
        if (!is_told(history, e)) continue;
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

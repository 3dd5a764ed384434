/* Sheets that are filled in or looked up: receipts, forms, tables, calendars, sheet music. */
#include <math.h>

#include "kinds.h"

static void draw_word(struct canvas *canvas, const struct text_style *style, double x, double y,
                      char align, size_t words) {
    char *text = words_title(canvas->random, LATIN, words);
    canvas_text(canvas, style, x, y, align, text);
    g_free(text);
}

static void draw_number(struct canvas *canvas, const struct text_style *style, double x, double y,
                        char align) {
    char *text = words_number(canvas->random);
    canvas_text(canvas, style, x, y, align, text);
    g_free(text);
}

static void draw_rule(struct canvas *canvas, double x0, double x1, double y) {
    const double dash[] = {10, 8};
    if (canvas_chance(canvas, 0.5)) cairo_set_dash(canvas->cairo, dash, 2, 0);
    canvas_line(canvas, x0, y, x1, y, canvas->palette.ink, 2);
    cairo_set_dash(canvas->cairo, NULL, 0, 0);
}

static void draw_stripes_code(struct canvas *canvas, double x, double y, double width,
                              double height) {
    for (double at = x; at < x + width;) {
        const double bar = (double)canvas_between(canvas, 1, 4) * 3;
        canvas_box(canvas, at, y, bar, height, canvas->palette.ink);
        at += bar + (double)canvas_between(canvas, 1, 3) * 3;
    }
}

void draw_receipt(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, margin = w * 0.08;
    struct text_style style = {.size = w * canvas_uniform(canvas, 0.05, 0.085),
                               .colour = canvas->palette.ink};
    style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_FIXED, canvas->test);
    struct text_style title = style;
    title.size *= 1.6;
    title.bold = true;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    double y = margin + title.size;
    draw_word(canvas, &title, w / 2, y, 'c', 2);
    y += title.size;
    for (size_t i = canvas_between(canvas, 1, 3); i > 0; i--, y += style.size) {
        draw_word(canvas, &style, w / 2, y, 'c', 2);
    }
    draw_rule(canvas, margin, w - margin, y);
    y += style.size;
    const double end = h * canvas_uniform(canvas, 0.6, 0.8);
    for (; y < end; y += style.size) {
        draw_word(canvas, &style, margin, y, 'l', canvas_between(canvas, 1, 2));
        char *price =
            g_strdup_printf("%zu.%02zu", canvas_below(canvas, 60), canvas_below(canvas, 100));
        canvas_text(canvas, &style, w - margin, y, 'r', price);
        g_free(price);
    }
    draw_rule(canvas, margin, w - margin, y);
    y += title.size;
    draw_word(canvas, &title, margin, y, 'l', 1);
    draw_number(canvas, &title, w - margin, y, 'r');
    y += title.size * 1.2;
    if (canvas_chance(canvas, 0.4) && y + 60 < h) {
        draw_stripes_code(canvas, w * 0.2, y, w * 0.6, fmin(90, h - y - 10));
    } else if (y + style.size < h) {
        draw_word(canvas, &style, w / 2, y, 'c', 3);
    }
    canvas_say(canvas, "a receipt");
    canvas_say(canvas, "a paper receipt with text and numbers");
    canvas_say(canvas, "a printed receipt");
}

/* A field of a form: a label, and a line, a box, single boxes or choices; returns its height. */
static double draw_field(struct canvas *canvas, const struct text_style *style, double x, double y,
                         double width, const char *hand) {
    const double size = style->size;
    const size_t look = canvas_style(canvas, "field", 6);
    struct text_style written = {hand, size * 1.2, false, false, rgb_hsl(0.62, 0.7, 0.35)};
    draw_word(canvas, style, x, y, 'l', canvas_between(canvas, 1, 2));
    y += size * 1.2;
    if (look == 0 || look == 3) {
        canvas_line(canvas, x, y + size * 0.6, x + width, y + size * 0.6, style->colour, 2);
    }
    if (look == 1 || look == 4) {
        canvas_frame(canvas, x, y - size * 0.6, width, size * 1.4, style->colour, 2);
    }
    if (look == 2) {
        for (double at = x; at + size < x + width; at += size) {
            canvas_frame(canvas, at, y - size * 0.6, size, size * 1.3, style->colour, 2);
        }
    }
    if (look == 5) {
        for (size_t i = 0; i < 3; i++) {
            const double at = x + width * (double)i / 3;
            canvas_frame(canvas, at, y - size / 2, size * 0.8, size * 0.8, style->colour, 2);
            draw_word(canvas, style, at + size * 1.1, y, 'l', 1);
        }
    } else if (canvas_chance(canvas, 0.4)) {
        draw_word(canvas, &written, x + size / 2, y, 'l', 1);
    }
    return size * 2.9;
}

void draw_form(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height,
                 margin = w * canvas_uniform(canvas, 0.04, 0.1);
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 34));
    struct text_style title = style;
    const char *hand = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_HAND, canvas->test);
    title.size *= 1.7;
    title.bold = true;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    if (canvas_chance(canvas, 0.3)) {
        canvas_box(canvas, 0, 0, w, margin + title.size * 1.5, canvas->palette.faint);
    }
    draw_word(canvas, &title, margin, margin + title.size / 2, 'l', 3);
    const size_t columns = canvas_between(canvas, 1, 2);
    const double each = (w - margin * (double)(columns + 1)) / (double)columns;
    for (double y = margin + title.size * 2.2; y < h - margin - style.size * 2;) {
        double taken = 0;
        for (size_t i = 0; i < columns; i++) {
            const double x = margin + (double)i * (each + margin);
            taken = draw_field(canvas, &style, x, y, each, hand);
        }
        y += taken;
    }
    canvas_say(canvas, "a form");
    canvas_say(canvas, "a paper form with fields to fill in");
    canvas_say(canvas, "a printed form with text");
}

void draw_table(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, margin = canvas_uniform(canvas, 15, 80);
    struct text_style style = canvas_text_style(canvas, LATIN, canvas_uniform(canvas, 18, 42));
    const size_t look = canvas_style(canvas, "table", 10), columns = canvas_between(canvas, 3, 8);
    const double row = style.size * canvas_uniform(canvas, 1.2, 2);
    const double each = (w - 2 * margin) / (double)columns;
    const struct rgb accent = canvas_accent(canvas, 0);
    canvas->medium = canvas_chance(canvas, 0.7) ? MEDIUM_PAPER : MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    size_t line = 0;
    for (double y = margin; y + row < h - margin; y += row, line++) {
        struct text_style cell = style;
        if (line == 0) {
            cell.bold = true;
            if (look > 4) canvas_box(canvas, margin, y, w - 2 * margin, row, accent);
            if (look > 4) cell.colour = rgb_grey(rgb_light(accent) > 0.6 ? 0.05 : 1);
        } else if (look % 3 == 1 && line % 2) {
            canvas_box(canvas, margin, y, w - 2 * margin, row,
                       rgb_mix(canvas->palette.ground, canvas->palette.faint, 0.5));
        }
        for (size_t i = 0; i < columns; i++) {
            const double x = margin + each * (double)i;
            cairo_save(canvas->cairo);
            cairo_rectangle(canvas->cairo, x, y, each, row);
            cairo_clip(canvas->cairo);
            if (i == 0 || line == 0)
                draw_word(canvas, &cell, x + 8, y + row / 2, 'l', 1);
            else
                draw_number(canvas, &cell, x + each - 8, y + row / 2, 'r');
            cairo_restore(canvas->cairo);
            if (look % 2 == 0) canvas_frame(canvas, x, y, each, row, canvas->palette.ink, 2);
        }
        if (look % 2 == 1 && (line == 0 || look > 6)) {
            canvas_line(canvas, margin, y + row, w - margin, y + row, canvas->palette.ink, 2);
        }
    }
    canvas_say(canvas, "a table of numbers");
    canvas_say(canvas, "a page with a table of numbers");
    canvas_say(canvas, "a table with rows and columns");
}

static void draw_month(struct canvas *canvas, const struct text_style *style, double x, double y,
                       double width, double height, size_t look) {
    static const char *const days[] = {"M", "T", "W", "T", "F", "S", "S"};
    const size_t first = canvas_below(canvas, 7), length = canvas_between(canvas, 28, 31);
    const double each = width / 7, row = height / 8;
    struct text_style title = *style, day = *style;
    title.size *= 1.5;
    title.bold = true;
    draw_word(canvas, &title, x + width / 2, y + row / 2, 'c', 1);
    if (look > 2) canvas_box(canvas, x, y + row, width, row, canvas_accent(canvas, 0));
    for (size_t i = 0; i < 7; i++) {
        canvas_text(canvas, style, x + each * ((double)i + 0.5), y + row * 1.5, 'c', days[i]);
    }
    for (size_t i = 0; i < length; i++) {
        const size_t place = i + first;
        const double cell_x = x + each * (double)(place % 7),
                     cell_y = y + row * (double)(2 + place / 7);
        char text[16];
        g_snprintf(text, sizeof text, "%zu", i + 1);
        if (look % 2 == 0) canvas_frame(canvas, cell_x, cell_y, each, row, canvas->palette.ink, 2);
        day.colour = place % 7 == 6 ? canvas_accent(canvas, 1) : style->colour;
        const bool corner = look == 2 || look == 5;
        canvas_text(canvas, &day, cell_x + (corner ? style->size * 0.2 : each / 2),
                    cell_y + (corner ? style->size * 0.5 : row / 2), corner ? 'l' : 'c', text);
    }
}

void draw_calendar(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, margin = canvas_uniform(canvas, 20, 60);
    const size_t look = canvas_style(canvas, "calendar", 6);
    const bool year = canvas_chance(canvas, 0.25);
    const size_t columns = year ? (w > h ? 4 : 3) : 1, rows = year ? 12 / columns : 1;
    const double head = !year && canvas_chance(canvas, 0.3) ? h * 0.3 : 0;
    const double each = (w - margin) / (double)columns, tall = (h - margin - head) / (double)rows;
    const double size = fmin(each / 7, tall / 8) * canvas_uniform(canvas, 0.5, 0.75);
    struct text_style style = canvas_text_style(canvas, LATIN, size);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    if (head > 0) canvas_box(canvas, 0, 0, w, head, canvas_accent(canvas, 2));
    for (size_t i = 0; i < columns * rows; i++) {
        draw_month(canvas, &style, margin + each * (double)(i % columns),
                   head + margin + tall * (double)(i / columns), each - margin, tall - margin,
                   look);
    }
    canvas_say(canvas, "a calendar");
    canvas_say(canvas, year ? "a calendar of a year" : "a calendar of a month");
    canvas_say(canvas, "a page of a calendar");
}

static void draw_note(struct canvas *canvas, double x, double y, double gap, double stem_to) {
    const struct rgb ink = canvas->palette.ink;
    const bool hollow = canvas_chance(canvas, 0.2);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, -0.35);
    cairo_scale(canvas->cairo, gap * 0.62, gap * 0.45);
    cairo_arc(canvas->cairo, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(canvas->cairo);
    if (hollow) {
        canvas_stroke(canvas, ink, gap * 0.18);
    } else {
        canvas_fill(canvas, ink);
    }
    const double side = stem_to < y ? gap * 0.55 : -gap * 0.55;
    canvas_line(canvas, x + side, y, x + side, stem_to, ink, gap * 0.14);
    if (canvas_chance(canvas, 0.08)) canvas_disc(canvas, x + gap, y - gap / 4, gap * 0.15, ink);
}

/* A bar's notes: single ones, or some under a beam. */
static void draw_measure(struct canvas *canvas, double x, double y, double width, double gap) {
    const size_t notes = canvas_between(canvas, 1, 6);
    const bool beam = notes > 1 && canvas_chance(canvas, 0.5);
    const double step = width / ((double)notes + 0.3),
                 beam_y = y - gap * canvas_uniform(canvas, 1, 2);
    double first = 0, last = 0;
    for (size_t i = 0; i < notes; i++) {
        const double at = x + step * ((double)i + 0.6);
        const double place = y + gap / 2 * (double)canvas_between(canvas, 1, 9);
        draw_note(canvas, at, place, gap,
                  beam ? beam_y : place + (place > y + 2 * gap ? -3.2 : 3.2) * gap);
        if (i == 0) first = at + gap * 0.55;
        last = at + gap * 0.55;
    }
    if (beam) canvas_line(canvas, first, beam_y, last, beam_y, canvas->palette.ink, gap * 0.5);
}

static void draw_staff(struct canvas *canvas, double x, double y, double width, double gap) {
    const struct rgb ink = canvas->palette.ink;
    for (size_t i = 0; i < 5; i++) {
        const double line = y + gap * (double)i;
        canvas_line(canvas, x, line, x + width, line, ink, fmax(1.2, gap * 0.08));
    }
    struct text_style clef = {"Noto Music", gap * 6, false, false, ink};
    if (!fonts_have_family(canvas->fonts, clef.family)) clef.family = "Symbola";
    canvas_text(canvas, &clef, x + gap * 0.5, y + gap * 2.2, 'l',
                canvas_chance(canvas, 0.7) ? "\U0001d11e" : "\U0001d122");
    const size_t bars = canvas_between(canvas, 2, 5);
    const double start = x + gap * 4.5, each = (width - gap * 4.5) / (double)bars;
    for (size_t i = 0; i < bars; i++) {
        const double end = start + each * (double)(i + 1);
        draw_measure(canvas, end - each, y, each, gap);
        canvas_line(canvas, end, y, end, y + 4 * gap, ink, gap * 0.15);
    }
}

void draw_sheet_music(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, margin = canvas_uniform(canvas, 20, 90);
    const double gap = canvas_uniform(canvas, 9, 24);
    struct text_style style = canvas_text_style(canvas, LATIN, gap * 3);
    const bool sung = canvas_chance(canvas, 0.35);
    double y = margin + gap * 3;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    if (canvas_chance(canvas, 0.6)) {
        draw_word(canvas, &style, w / 2, y, 'c', canvas_between(canvas, 1, 3));
        y += gap * 6;
    }
    style.size = gap * 1.7;
    for (; y + gap * 6 < h; y += gap * (sung ? 12 : 10)) {
        draw_staff(canvas, margin, y, w - 2 * margin, gap);
        for (double x = margin + gap * 5; sung && x < w - margin - gap * 4; x += gap * 6) {
            draw_word(canvas, &style, x, y + gap * 7, 'l', 1);
        }
    }
    canvas_say(canvas, "a page of sheet music");
    canvas_say(canvas, "sheet music");
    canvas_say(canvas, "a page of musical notes");
}

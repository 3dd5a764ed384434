/* Pages that are read: print, handwriting, code, formulas, slides, posters. */
#include <math.h>

#include "kinds.h"

static enum script pick_script(struct canvas *canvas, double latin) {
    if (canvas_chance(canvas, latin)) return LATIN;
    const enum script script = (enum script)canvas_below(canvas, SCRIPTS);
    return fonts_have(canvas->fonts, script) ? script : LATIN;
}

/* Text that fills a block; returns its height. */
static double fill_block(struct canvas *canvas, const struct text_style *style, enum script script,
                         double x, double y, double width, double height, char align) {
    const double letters = width * height / (style->size * style->size * 0.35);
    const size_t words = (size_t)fmin(letters / 6 + 8, 900);
    char *text = words_text(canvas->random, script, words);
    const double taken = canvas_block(canvas, style, x, y, width, height, align, text);
    g_free(text);
    return taken;
}

static double draw_title(struct canvas *canvas, struct text_style style, enum script script,
                         double x, double y, double width, char align) {
    style.bold = canvas_chance(canvas, 0.7);
    style.size *= canvas_uniform(canvas, 1.3, 2.4);
    if (canvas_chance(canvas, 0.2)) style.colour = canvas_accent(canvas, 0);
    char *text = words_title(canvas->random, script, canvas_between(canvas, 2, 7));
    const double taken = canvas_block(canvas, &style, x, y, width, 3 * style.size, align, text);
    g_free(text);
    return taken + style.size * 0.5;
}

/* Paragraphs down to the bottom, now and then with a heading or a gap. */
static void draw_column(struct canvas *canvas, const struct text_style *style, enum script script,
                        double x, double y, double width, double bottom, char align) {
    const double gap = style->size * canvas_uniform(canvas, 0.2, 1);
    while (y < bottom - style->size) {
        if (canvas_chance(canvas, 0.15)) {
            y += draw_title(canvas, *style, script, x, y, width, 'l') * 0.8;
        }
        const double wish = style->size * canvas_uniform(canvas, 2, 14);
        const double height = fmax(0, fmin(wish, bottom - y));
        const double lines = floor(height / (style->size * 0.9));
        y += fill_block(canvas, style, script, x, y, width, lines * style->size * 0.9, align) + gap;
        y += style->size * 0.1;
    }
}

static void draw_list(struct canvas *canvas, const struct text_style *style, enum script script,
                      double x, double y, double width, double bottom) {
    const size_t mark = canvas_style(canvas, "list mark", 5);
    for (size_t n = 1; y < bottom - style->size; n++) {
        const double size = style->size;
        if (mark == 0) canvas_disc(canvas, x + size / 2, y + size / 2, size / 6, style->colour);
        if (mark == 1) canvas_box(canvas, x + size / 3, y + size / 2, size / 2, 2, style->colour);
        if (mark == 2) canvas_frame(canvas, x, y + 3, size / 2, size / 2, style->colour, 2);
        if (mark > 2) {
            char label[16];
            g_snprintf(label, sizeof label, mark == 3 ? "%zu." : "%zu)", n);
            canvas_text(canvas, style, x, y + size / 2, 'l', label);
        }
        char *text = words_title(canvas->random, script, canvas_between(canvas, 2, 14));
        y += canvas_block(canvas, style, x + 1.5 * size, y, width - 1.5 * size, bottom - y, 'l',
                          text);
        y += size * 0.4;
        g_free(text);
    }
}

static void draw_poem(struct canvas *canvas, const struct text_style *style, enum script script,
                      double x, double y, double width, double bottom) {
    const bool centred = canvas_chance(canvas, 0.3);
    for (size_t n = 1; y < bottom; n++, y += style->size * (n % 5 == 0 ? 2 : 1.1)) {
        char *text = words_title(canvas->random, script, canvas_between(canvas, 3, 6));
        canvas_text(canvas, style, centred ? x + width / 2 : x, y + style->size / 2,
                    centred ? 'c' : 'l', text);
        g_free(text);
    }
}

static void draw_letter(struct canvas *canvas, const struct text_style *style, enum script script,
                        double x, double y, double width, double bottom) {
    for (size_t i = 0; i < 3; i++, y += style->size) {
        char *text = words_title(canvas->random, script, 3);
        canvas_text(canvas, style, x + (i == 2 ? width : 0), y + style->size / 2,
                    i == 2 ? 'r' : 'l', text);
        g_free(text);
    }
    y += style->size * 2;
    draw_column(canvas, style, script, x, y, width, y + (bottom - y) * 0.75, 'l');
    struct text_style hand = *style;
    hand.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_HAND, canvas->test);
    hand.size *= 1.8;
    char *name = words_title(canvas->random, LATIN, 2);
    canvas_text(canvas, &hand, x, bottom - style->size, 'l', name);
    g_free(name);
}

static void draw_columns(struct canvas *canvas, const struct text_style *style, enum script script,
                         double x, double y, double width, double bottom, size_t columns) {
    const double gap = style->size * canvas_uniform(canvas, 0.8, 1.6);
    const double each = (width - gap * (double)(columns - 1)) / (double)columns;
    for (size_t i = 0; i < columns; i++) {
        const double left = x + (double)i * (each + gap);
        draw_column(canvas, style, script, left, y, each, bottom, 'j');
    }
}

static void draw_page_marks(struct canvas *canvas, const struct text_style *style, double margin) {
    struct text_style small = *style;
    small.size *= 0.8;
    if (canvas_chance(canvas, 0.5)) {
        char *number = g_strdup_printf("%zu", canvas_between(canvas, 1, 400));
        canvas_text(canvas, &small, canvas->width / 2, canvas->height - margin / 2, 'c', number);
        g_free(number);
    }
    if (canvas_chance(canvas, 0.3)) {
        char *head = words_title(canvas->random, LATIN, 3);
        canvas_text(canvas, &small, margin, margin / 2, 'l', head);
        g_free(head);
        canvas_line(canvas, margin, margin * 0.75, canvas->width - margin, margin * 0.75,
                    style->colour, 1.5);
    }
}

static void say_page(struct canvas *canvas, size_t columns, bool list) {
    canvas_say(canvas, "a page of text");
    canvas_say(canvas, "a page of printed text");
    canvas_say(canvas, "a document with text");
    if (columns == 2) canvas_say(canvas, "a page of text in two columns");
    if (columns == 3) canvas_say(canvas, "a page of text in three columns");
    if (columns < 2) canvas_say(canvas, list ? "a page of text with a list" : "a page with text");
}

void draw_text_page(struct canvas *canvas) {
    const enum script script = pick_script(canvas, 0.7);
    struct text_style style =
        canvas_text_style(canvas, script, exp(canvas_uniform(canvas, log(15), log(58))));
    const double margin = canvas_uniform(canvas, 0.02, 0.12) * fmin(canvas->width, canvas->height);
    const double width = canvas->width - 2 * margin, bottom = canvas->height - margin;
    const size_t layout = canvas_style(canvas, "page", 10);
    size_t columns = layout < 4 ? 1 : layout < 7 ? 2 : layout == 7 ? 3 : 0;
    if (style.size * 12 > width / (double)(columns ? columns : 1)) columns = columns ? 1 : 0;
    double y = margin;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    if (canvas_chance(canvas, 0.45)) {
        y += draw_title(canvas, style, script, margin, y, width,
                        canvas_chance(canvas, 0.5) ? 'c' : 'l');
    }
    if (layout == 1 || layout == 5) { /* a summary */
        y += fill_block(canvas, &style, script, margin + width * 0.1, y, width * 0.8,
                        fmin(style.size * 5, bottom - y), 'j');
        y += style.size;
    }
    if (layout == 8) draw_list(canvas, &style, script, margin, y, width, bottom);
    if (layout == 9) draw_poem(canvas, &style, script, margin, y, width, bottom);
    if (layout == 3) draw_letter(canvas, &style, script, margin, y, width, bottom);
    if (columns > 0 && layout != 3) {
        draw_columns(canvas, &style, script, margin, y, width, bottom, columns);
    }
    draw_page_marks(canvas, &style, margin);
    say_page(canvas, columns, layout == 8);
}

static void draw_ruling(struct canvas *canvas, double line) {
    const size_t ruling = canvas_style(canvas, "ruling", 5);
    const struct rgb blue = rgb_hsl(0.55 + canvas_uniform(canvas, 0, 0.1), 0.5, 0.8);
    if (ruling == 0 || ruling == 1) return;
    for (double y = line * 2; y < canvas->height; y += line) {
        canvas_line(canvas, 0, y, canvas->width, y, blue, 2);
    }
    if (ruling == 3) {
        for (double x = line; x < canvas->width; x += line) {
            canvas_line(canvas, x, 0, x, canvas->height, blue, 2);
        }
    }
    if (ruling == 4) {
        const double x = canvas->width * 0.12;
        canvas_line(canvas, x, 0, x, canvas->height, rgb_hsl(0, 0.6, 0.75), 3);
    }
}

void draw_handwriting(struct canvas *canvas) {
    static const double inks[][3] = {
        {0.62, 0.8, 0.3}, {0, 0, 0.15}, {0.6, 0.5, 0.2}, {0, 0, 0.3}, {0.95, 0.7, 0.4}};
    const double *ink = inks[canvas_below(canvas, 5)];
    const double size = canvas_uniform(canvas, 35, 90), margin = canvas_uniform(canvas, 20, 130);
    struct text_style style = {.size = size * 0.95,
                               .italic = canvas_chance(canvas, 0.2),
                               .colour = rgb_hsl(ink[0], ink[1], ink[2])};
    style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_HAND, canvas->test);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    draw_ruling(canvas, size);
    for (double y = size * 1.6; y < canvas->height - size / 2; y += size) {
        double x = margin + canvas_uniform(canvas, -8, 8);
        const double end = canvas->width - canvas_uniform(canvas, 0.3, 2) * margin;
        if (canvas_chance(canvas, 0.08)) continue;
        const double stop = canvas_chance(canvas, 0.15) ? end * 0.6 : end;
        while (x < stop) {
            char *word = words_new(canvas->random, LATIN, 1);
            cairo_save(canvas->cairo);
            cairo_translate(canvas->cairo, x, y + canvas_uniform(canvas, -4, 4));
            cairo_rotate(canvas->cairo, canvas_uniform(canvas, -0.03, 0.03));
            canvas_text(canvas, &style, 0, 0, 'l', word);
            cairo_restore(canvas->cairo);
            x += canvas_text_width(canvas, &style, word) + size * 0.35;
            g_free(word);
        }
    }
    canvas_say(canvas, "a page of handwriting");
    canvas_say(canvas, "a page of handwritten text");
    canvas_say(canvas, "handwriting on a sheet of paper");
}

void draw_code_page(struct canvas *canvas) {
    const double size = canvas_uniform(canvas, 18, 42), margin = canvas_uniform(canvas, 20, 90);
    struct text_style style = {.size = size, .colour = canvas->palette.ink};
    style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_FIXED, canvas->test);
    const bool numbered = canvas_chance(canvas, 0.4);
    size_t indent = 0, line = canvas_between(canvas, 1, 90);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    for (double y = margin; y < canvas->height - margin; y += size, line++) {
        if (canvas_chance(canvas, 0.1)) continue;
        char *code = words_code(canvas->random);
        char *text = numbered ? g_strdup_printf("%3zu  %*s%s", line, (int)indent * 4, "", code)
                              : g_strdup_printf("%*s%s", (int)indent * 4, "", code);
        canvas_text(canvas, &style, margin, y, 'l', text);
        g_free(code);
        g_free(text);
        indent = canvas_below(canvas, 3) ? indent : canvas_below(canvas, 4);
    }
    canvas_say(canvas, "a page of text");
    canvas_say(canvas, "a page of printed code");
    canvas_say(canvas, "a page with lines of code");
}

static const char *const symbols[] = {"α", "β", "γ", "λ", "π",    "σ", "φ", "ω", "x",  "y",
                                      "z", "n", "k", "i", "f(x)", "a", "b", "θ", "Δt", "e"};
static const char *const operators[] = {"+", "−", "=", "≤", "·", "∈", "→", "±", "≈"};

static void append_terms(struct canvas *canvas, GString *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0) g_string_append_printf(text, " %s ", operators[canvas_below(canvas, 9)]);
        g_string_append(text, symbols[canvas_below(canvas, 20)]);
        if (canvas_chance(canvas, 0.3))
            g_string_append(text, canvas_chance(canvas, 0.5) ? "²" : "ₙ");
    }
}

/* A fraction, a sum, an integral, a root or a row of terms; returns its width. */
static double draw_term(struct canvas *canvas, const struct text_style *style, double x, double y) {
    static const char *const large[] = {"∑", "∫", "∏", "√"};
    const double size = style->size;
    GString *upper = g_string_new(NULL), *lower = g_string_new(NULL);
    append_terms(canvas, upper, canvas_between(canvas, 1, 3));
    append_terms(canvas, lower, canvas_between(canvas, 1, 2));
    double width = fmax(canvas_text_width(canvas, style, upper->str),
                        canvas_text_width(canvas, style, lower->str));
    const size_t form = canvas_below(canvas, 3);
    if (form == 0) {
        canvas_text(canvas, style, x + width / 2, y - size * 0.55, 'c', upper->str);
        canvas_text(canvas, style, x + width / 2, y + size * 0.55, 'c', lower->str);
        canvas_line(canvas, x, y, x + width, y, style->colour, fmax(1.5, size / 20));
    } else if (form == 1) {
        struct text_style big = *style, small = *style;
        big.size *= 1.9;
        small.size *= 0.55;
        canvas_text(canvas, &big, x, y, 'l', large[canvas_below(canvas, 4)]);
        canvas_text(canvas, &small, x + size * 0.5, y + size * 1.1, 'c', "i=0");
        canvas_text(canvas, &small, x + size * 0.6, y - size * 1.1, 'c', "∞");
        canvas_text(canvas, style, x + size * 1.3, y, 'l', upper->str);
        width = size * 1.3 + canvas_text_width(canvas, style, upper->str);
    } else {
        canvas_text(canvas, style, x, y, 'l', upper->str);
        width = canvas_text_width(canvas, style, upper->str);
    }
    g_string_free(upper, TRUE);
    g_string_free(lower, TRUE);
    return width;
}

void draw_formulas(struct canvas *canvas) {
    const double size = canvas_uniform(canvas, 30, 90), margin = canvas_uniform(canvas, 20, 90);
    const bool board = canvas->palette.dark && canvas_chance(canvas, 0.6);
    const bool hand = board || canvas_chance(canvas, 0.3);
    if (board) canvas->palette.ground = rgb_hsl(canvas_uniform(canvas, 0.3, 0.5), 0.3, 0.18);
    struct text_style style = canvas_text_style(canvas, LATIN, size);
    if (hand)
        style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_HAND, canvas->test);
    style.italic = !hand && canvas_chance(canvas, 0.7);
    canvas->medium = board ? MEDIUM_BARE : MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    const bool words = !board && canvas_chance(canvas, 0.4);
    for (double y = margin + size; y < canvas->height - size; y += size * 2.6) {
        double x = margin + canvas_uniform(canvas, 0, 0.2) * canvas->width;
        while (x < canvas->width * 0.75) {
            x += draw_term(canvas, &style, x, y) + size * 0.4;
            if (x > canvas->width * 0.75) break;
            canvas_text(canvas, &style, x, y, 'c', operators[canvas_below(canvas, 9)]);
            x += size * 0.4;
        }
        if (words) {
            struct text_style body = style;
            body.italic = false;
            y += size * 1.4;
            y += fill_block(canvas, &body, LATIN, margin, y, canvas->width - 2 * margin, size * 1.8,
                            'l') -
                 size;
        }
    }
    canvas_say(canvas, "mathematical formulas");
    canvas_say(canvas,
               board ? "mathematical formulas on a blackboard" : "a page of mathematical formulas");
    canvas_say(canvas, "a picture of mathematical formulas");
}

static void draw_slide_frame(struct canvas *canvas, size_t layout) {
    const double w = canvas->width, h = canvas->height;
    const struct rgb accent = canvas_accent(canvas, 0);
    canvas_paint(canvas, canvas->palette.ground);
    if (layout == 0 || layout == 5) canvas_box(canvas, 0, 0, w, h * 0.17, accent);
    if (layout == 1) canvas_box(canvas, 0, 0, w * 0.05, h, accent);
    if (layout == 2) canvas_box(canvas, 0, h * 0.93, w, h * 0.07, accent);
    if (layout == 3) canvas_box(canvas, w * 0.06, h * 0.19, w * 0.88, 4, accent);
    if (layout == 4) {
        canvas_disc(canvas, w, h, h * 0.3, accent);
        canvas_disc(canvas, w * 0.85, h, h * 0.15, canvas_accent(canvas, 1));
    }
    if (layout == 6) canvas_box(canvas, w * 0.68, 0, w * 0.32, h, accent);
}

/* A small chart for a slide's side. */
static void draw_small_bars(struct canvas *canvas, double x, double y, double width,
                            double height) {
    const size_t count = canvas_between(canvas, 3, 6);
    const double step = width / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double bar = height * canvas_uniform(canvas, 0.2, 1);
        canvas_box(canvas, x + step * (double)i, y + height - bar, step * 0.7, bar,
                   canvas_accent(canvas, i));
    }
}

void draw_slide(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height;
    const size_t layout = canvas_style(canvas, "slide", 10);
    const enum script script = pick_script(canvas, 0.85);
    struct text_style title =
        canvas_text_style(canvas, script, h * canvas_uniform(canvas, 0.09, 0.13));
    struct text_style body = title;
    draw_slide_frame(canvas, layout);
    title.bold = canvas_chance(canvas, 0.6);
    if (layout == 0 || layout == 5) title.colour = rgb_grey(1);
    canvas->medium = MEDIUM_SCREEN;
    char *heading = words_title(canvas->random, script, canvas_between(canvas, 2, 4));
    if (layout == 9 || layout == 7) { /* a title page */
        title.size *= 1.3;
        canvas_block(canvas, &title, w * 0.1, h * 0.3, w * 0.8, h * 0.35, 'c', heading);
        body.size = h * 0.06;
        char *below = words_title(canvas->random, script, 5);
        canvas_text(canvas, &body, w / 2, h * 0.72, 'c', below);
        g_free(below);
    } else {
        canvas_block(canvas, &title, w * 0.07, h * 0.03, w * 0.85, h * 0.14, 'l', heading);
        body.size = h * canvas_uniform(canvas, 0.055, 0.09);
        const bool chart = layout == 5 || layout == 8;
        const double width = chart ? w * 0.45 : layout == 6 ? w * 0.58 : w * 0.83;
        draw_list(canvas, &body, script, w * 0.08, h * 0.25, width,
                  h * canvas_uniform(canvas, 0.6, 0.9));
        if (chart) draw_small_bars(canvas, w * 0.58, h * 0.3, w * 0.35, h * 0.5);
    }
    g_free(heading);
    canvas_say(canvas, "a slide of a presentation");
    canvas_say(canvas, "a presentation slide with text");
    canvas_say(canvas, "a slide with a title and text");
}

void draw_poster(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height;
    const size_t layout = canvas_style(canvas, "poster", 10);
    const struct rgb ground =
        canvas_chance(canvas, 0.6) ? canvas_accent(canvas, 0) : canvas->palette.ground;
    canvas->palette.ink = rgb_grey(rgb_light(ground) > 0.55 ? 0.05 : 1);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, ground);
    if (layout % 3 == 0)
        canvas_frame(canvas, w * 0.04, h * 0.04, w * 0.92, h * 0.92, canvas->palette.ink, 8);
    if (layout % 4 == 1) canvas_box(canvas, 0, h * 0.6, w, h * 0.4, canvas_accent(canvas, 1));
    if (layout % 4 == 2) canvas_disc(canvas, w / 2, h * 0.3, w * 0.35, canvas_accent(canvas, 2));
    const char align = canvas_chance(canvas, 0.7) ? 'c' : 'l';
    const enum script script = pick_script(canvas, 0.85);
    for (double y = h * 0.08; y < h * 0.88;) {
        const double size = w * (canvas_chance(canvas, 0.5) ? canvas_uniform(canvas, 0.12, 0.25)
                                                            : canvas_uniform(canvas, 0.04, 0.09));
        struct text_style style = canvas_text_style(canvas, script, size);
        style.bold = canvas_chance(canvas, 0.6);
        if (canvas_chance(canvas, 0.2)) style.colour = canvas_accent(canvas, 3);
        char *text = words_title(canvas->random, script, canvas_between(canvas, 1, 3));
        char *upper = g_utf8_strup(text, -1);
        y += canvas_block(canvas, &style, w * 0.08, y, w * 0.84, fmin(size * 2.2, h * 0.92 - y),
                          align, canvas_chance(canvas, 0.5) ? upper : text);
        y += h * canvas_uniform(canvas, 0, 0.06) + 5;
        g_free(text);
        g_free(upper);
    }
    canvas_say(canvas, "a poster with text");
    canvas_say(canvas, "a poster with large text");
    canvas_say(canvas, "text on a plain background");
}

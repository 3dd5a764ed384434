/* Screenshots: what a computer or a phone shows. */
#include <math.h>

#include "kinds.h"

/* How the windows of one screen look. */
struct theme {
    struct rgb ground, bar, ink, faint, field, accent;
    const char *family;
    double size; /* a line's height */
    size_t buttons;
};

static struct theme draw_theme(struct canvas *canvas, double size) {
    const bool dark = canvas->palette.dark;
    const double hue = canvas_hue(canvas), tint = canvas_uniform(canvas, 0, 0.2);
    struct theme theme = {.size = size, .buttons = canvas_style(canvas, "title bar", 7)};
    theme.ground = rgb_hsl(
        hue, tint, dark ? canvas_uniform(canvas, 0.08, 0.2) : canvas_uniform(canvas, 0.9, 1));
    theme.field = dark ? rgb_mix(theme.ground, rgb_grey(0), 0.4) : rgb_grey(1);
    theme.ink = rgb_grey(dark ? 0.88 : 0.12);
    theme.faint = rgb_mix(theme.ground, theme.ink, 0.25);
    theme.accent = canvas_accent(canvas, 0);
    theme.bar = canvas_chance(canvas, 0.4) ? theme.accent : rgb_mix(theme.ground, theme.ink, 0.12);
    theme.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_PRINT, canvas->test);
    canvas->medium = MEDIUM_SCREEN;
    return theme;
}

static struct text_style label_style(const struct theme *theme) {
    return (struct text_style){theme->family, theme->size, false, false, theme->ink};
}

static void draw_label(struct canvas *canvas, const struct text_style *style, double x, double y,
                       char align, size_t words) {
    char *text = words_title(canvas->random, LATIN, words);
    canvas_text(canvas, style, x, y, align, text);
    g_free(text);
}

/* A title bar with its buttons; returns its height. */
static double draw_title_bar(struct canvas *canvas, const struct theme *theme, double x, double y,
                             double w) {
    const double h = theme->size * 1.5, middle = y + h / 2, r = theme->size * 0.28;
    struct text_style style = label_style(theme);
    style.colour = rgb_grey(rgb_light(theme->bar) > 0.55 ? 0.1 : 0.95);
    canvas_box(canvas, x, y, w, h, theme->bar);
    const bool left = theme->buttons % 2;
    for (size_t i = 0; i < 3; i++) {
        const double at = left ? x + theme->size * (0.8 + (double)i)
                               : x + w - theme->size * (0.8 + (double)i * 1.2);
        if (theme->buttons < 2)
            canvas_disc(canvas, at, middle, r, rgb_hsl(0.16 * (double)i, 0.7, 0.55));
        if (theme->buttons == 2 || theme->buttons == 3) {
            canvas_frame(canvas, at - r, middle - r, 2 * r, 2 * r, style.colour, 2);
        }
        if (theme->buttons > 3) {
            canvas_line(canvas, at - r, middle - (i ? 0 : r), at + r, middle + (i ? 0 : r),
                        style.colour, 2);
            if (i == 0)
                canvas_line(canvas, at - r, middle + r, at + r, middle - r, style.colour, 2);
        }
    }
    if (left || canvas_chance(canvas, 0.3))
        draw_label(canvas, &style, x + w / 2, middle, 'c', 2);
    else
        draw_label(canvas, &style, x + theme->size * 0.7, middle, 'l', 2);
    return h;
}

static double draw_menu(struct canvas *canvas, const struct theme *theme, double x, double y,
                        double w) {
    const struct text_style style = label_style(theme);
    const size_t count = canvas_between(canvas, 3, 7);
    canvas_box(canvas, x, y, w, theme->size * 1.3, theme->ground);
    for (size_t i = 0; i < count && (double)i * theme->size * 3.4 < w - theme->size * 4; i++) {
        draw_label(canvas, &style, x + theme->size * (0.6 + 3.4 * (double)i),
                   y + theme->size * 0.65, 'l', 1);
    }
    return theme->size * 1.3;
}

static double draw_tools(struct canvas *canvas, const struct theme *theme, double x, double y,
                         double w) {
    const double step = theme->size * 1.7, h = theme->size * 1.8, r = theme->size * 0.5;
    canvas_box(canvas, x, y, w, h, rgb_mix(theme->ground, theme->ink, 0.06));
    for (double at = x + step * 0.6; at < x + w * 0.8; at += step) {
        if (canvas_chance(canvas, 0.15)) continue;
        const struct rgb colour = canvas_chance(canvas, 0.4)
                                      ? canvas_accent(canvas, canvas_below(canvas, 6))
                                      : theme->ink;
        const size_t form = canvas_below(canvas, 4);
        if (form == 0)
            canvas_frame(canvas, at - r * 0.7, y + h / 2 - r * 0.7, r * 1.4, r * 1.4, colour, 3);
        if (form == 1) canvas_disc(canvas, at, y + h / 2, r * 0.7, colour);
        if (form == 2) canvas_polygon_path(canvas, at, y + h / 2, r, 3, M_PI / 2);
        if (form == 3) canvas_star_path(canvas, at, y + h / 2, r, r * 0.4, 5, 0);
        canvas_fill(canvas, colour);
    }
    return h;
}

static void draw_button(struct canvas *canvas, const struct theme *theme, double x, double y,
                        double w, bool strong) {
    struct text_style style = label_style(theme);
    const double h = theme->size * 1.5;
    canvas_round_path(canvas, x, y, w, h, theme->size * (canvas->test ? 0.75 : 0.25));
    canvas_set(canvas, strong ? theme->accent : rgb_mix(theme->ground, theme->ink, 0.1));
    cairo_fill_preserve(canvas->cairo);
    canvas_stroke(canvas, theme->faint, 2);
    if (strong) style.colour = rgb_grey(rgb_light(theme->accent) > 0.6 ? 0.1 : 1);
    draw_label(canvas, &style, x + w / 2, y + h / 2, 'c', 1);
}

static void draw_rows(struct canvas *canvas, const struct theme *theme, double x, double y,
                      double w, double h, bool grid) {
    const size_t columns = canvas_between(canvas, 3, 8);
    const double row = theme->size * 1.35, each = w / (double)columns;
    const struct text_style style = label_style(theme);
    const size_t chosen = canvas_below(canvas, 12);
    canvas_box(canvas, x, y, w, h, theme->field);
    size_t line = 0;
    for (double at = y; at + row < y + h; at += row, line++) {
        if (line == 0) canvas_box(canvas, x, at, w, row, rgb_mix(theme->ground, theme->ink, 0.13));
        if (line == chosen && line > 0)
            canvas_box(canvas, x, at, w, row, rgb_mix(theme->field, theme->accent, 0.4));
        for (size_t i = 0; i < columns; i++) {
            const double left = x + each * (double)i;
            if (grid) canvas_frame(canvas, left, at, each, row, theme->faint, 1.5);
            if (grid && line > 0 && canvas_chance(canvas, 0.35)) continue;
            cairo_save(canvas->cairo);
            cairo_rectangle(canvas->cairo, left, at, each - 5, row);
            cairo_clip(canvas->cairo);
            char *number = words_number(canvas->random);
            if (line > 0 && i > 0 && canvas_chance(canvas, 0.7)) {
                canvas_text(canvas, &style, left + each - 9, at + row / 2, 'r', number);
            } else {
                draw_label(canvas, &style, left + 8, at + row / 2, 'l',
                           canvas_between(canvas, 1, 2));
            }
            g_free(number);
            cairo_restore(canvas->cairo);
        }
    }
}

static void draw_list_pane(struct canvas *canvas, const struct theme *theme, double x, double y,
                           double w, double h) {
    const struct text_style style = label_style(theme);
    canvas_box(canvas, x, y, w, h, rgb_mix(theme->ground, theme->ink, 0.05));
    cairo_save(canvas->cairo);
    cairo_rectangle(canvas->cairo, x, y, w, h);
    cairo_clip(canvas->cairo);
    for (double at = y + theme->size; at < y + h - theme->size; at += theme->size * 1.4) {
        const double indent = canvas_chance(canvas, 0.4) ? theme->size : 0;
        canvas_box(canvas, x + indent + theme->size * 0.4, at - theme->size * 0.3,
                   theme->size * 0.6, theme->size * 0.6,
                   canvas_accent(canvas, canvas_below(canvas, 2)));
        draw_label(canvas, &style, x + indent + theme->size * 1.4, at, 'l',
                   canvas_between(canvas, 1, 2));
    }
    cairo_restore(canvas->cairo);
}

static void draw_text_pane(struct canvas *canvas, const struct theme *theme, double x, double y,
                           double w, double h) {
    const struct text_style style = label_style(theme);
    canvas_box(canvas, x, y, w, h, theme->field);
    char *text = words_text(canvas->random, LATIN, 260);
    canvas_block(canvas, &style, x + theme->size, y + theme->size, w - 2 * theme->size,
                 (h - 2 * theme->size) * canvas_uniform(canvas, 0.4, 1), 'l', text);
    g_free(text);
}

static void draw_fields(struct canvas *canvas, const struct theme *theme, double x, double y,
                        double w, double h) {
    const struct text_style style = label_style(theme);
    const size_t kind = canvas_below(canvas, 3);
    canvas_box(canvas, x, y, w, h, theme->ground);
    for (double at = y + theme->size; at + theme->size * 2 < y + h; at += theme->size * 2.2) {
        const size_t part = kind == 2 ? canvas_below(canvas, 2) : kind;
        draw_label(canvas, &style, x + theme->size, at, 'l', 2);
        if (part == 0) {
            canvas_box(canvas, x + w * 0.45, at - theme->size * 0.7, w * 0.5, theme->size * 1.4,
                       theme->field);
            canvas_frame(canvas, x + w * 0.45, at - theme->size * 0.7, w * 0.5, theme->size * 1.4,
                         theme->faint, 2);
        } else { /* a switch */
            const bool on = canvas_chance(canvas, 0.5);
            canvas_round_path(canvas, x + w - theme->size * 3, at - theme->size * 0.5,
                              theme->size * 2, theme->size, theme->size / 2);
            canvas_fill(canvas, on ? theme->accent : theme->faint);
            canvas_disc(canvas, x + w - theme->size * (on ? 1.5 : 2.5), at, theme->size * 0.4,
                        rgb_grey(1));
        }
    }
}

enum { PANE_TABLE, PANE_TEXT, PANE_FIELDS, PANE_FILES, PANES };

static void draw_files(struct canvas *canvas, const struct theme *theme, double x, double y,
                       double w, double h) {
    const struct text_style style = label_style(theme);
    const double step = theme->size * 4.5;
    const struct rgb colour = canvas_accent(canvas, 1);
    canvas_box(canvas, x, y, w, h, theme->field);
    for (double top = y + theme->size; top + step * 0.9 < y + h; top += step) {
        for (double left = x + theme->size; left + step * 0.8 < x + w; left += step) {
            canvas_box(canvas, left + step * 0.15, top, step * 0.2, step * 0.1, colour);
            canvas_box(canvas, left + step * 0.15, top + step * 0.06, step * 0.5, step * 0.38,
                       colour);
            draw_label(canvas, &style, left + step * 0.4, top + step * 0.62, 'c', 1);
        }
    }
}

/* A window in the rectangle, with one of the panes. */
static void draw_frame(struct canvas *canvas, const struct theme *theme, double x, double y,
                       double w, double h, size_t pane) {
    void (*const panes[])(struct canvas *, const struct theme *, double, double, double,
                          double) = {NULL, draw_text_pane, draw_fields, draw_files};
    const size_t plan = canvas_style(canvas, "window", 10);
    cairo_save(canvas->cairo);
    cairo_rectangle(canvas->cairo, x, y, w, h);
    cairo_clip(canvas->cairo);
    canvas_box(canvas, x, y, w, h, theme->ground);
    double top = y + draw_title_bar(canvas, theme, x, y, w), left = x, bottom = y + h;
    if (plan % 2 == 0 || plan == 3) top += draw_menu(canvas, theme, x, top, w);
    if (plan % 3 == 0 || plan == 5) top += draw_tools(canvas, theme, x, top, w);
    if (plan > 3) bottom -= theme->size * 1.3;
    if (plan > 5) {
        left += w * 0.25;
        draw_list_pane(canvas, theme, x, top, w * 0.25, bottom - top);
    }
    if (pane == PANE_TABLE) {
        draw_rows(canvas, theme, left, top, x + w - left, bottom - top, canvas_chance(canvas, 0.5));
    } else {
        panes[pane](canvas, theme, left, top, x + w - left, bottom - top);
    }
    if (plan > 3) {
        const struct text_style style = label_style(theme);
        draw_label(canvas, &style, x + theme->size / 2, bottom + theme->size * 0.65, 'l', 3);
    }
    cairo_restore(canvas->cairo);
    canvas_frame(canvas, x, y, w, h, theme->faint, 2);
}

void draw_window(struct canvas *canvas) {
    static const char *const what[] = {"a table", "text", "fields", "folders"};
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 18, 34));
    const size_t pane = canvas_below(canvas, PANES);
    const double margin = canvas_chance(canvas, 0.5) ? 0 : canvas_uniform(canvas, 10, 70);
    canvas_paint(canvas, canvas_accent(canvas, 3));
    draw_frame(canvas, &theme, margin, margin, canvas->width - 2 * margin,
               canvas->height - 2 * margin, pane);
    canvas_say(canvas, "a screenshot of a window with %s", what[pane]);
    canvas_say(canvas, "a screenshot of a window");
    canvas_say(canvas, "a screenshot of a computer program");
}

void draw_desktop(struct canvas *canvas) {
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 15, 22));
    const double w = canvas->width, h = canvas->height, bar = theme.size * 2;
    const bool top = canvas_style(canvas, "desktop", 5) == 3;
    draw_gradient(canvas);
    canvas->caption_count = 0;
    canvas->medium = MEDIUM_SCREEN;
    for (double y = h * 0.1; canvas_chance(canvas, 0.8) && y < h * 0.8; y += theme.size * 5) {
        struct text_style style = label_style(&theme);
        canvas_round_path(canvas, 30, y, theme.size * 2.4, theme.size * 2.4, 6);
        canvas_fill(canvas, canvas_accent(canvas, canvas_below(canvas, 6)));
        style.colour = rgb_grey(1);
        draw_label(canvas, &style, 30 + theme.size * 1.2, y + theme.size * 3.1, 'c', 1);
    }
    for (size_t i = canvas_between(canvas, 1, 3); i > 0; i--) {
        draw_frame(canvas, &theme, w * canvas_uniform(canvas, 0.1, 0.4),
                   h * canvas_uniform(canvas, 0.1, 0.35), w * canvas_uniform(canvas, 0.35, 0.55),
                   h * canvas_uniform(canvas, 0.35, 0.5), canvas_below(canvas, PANES));
    }
    canvas_box(canvas, 0, top ? 0 : h - bar, w, bar, theme.bar);
    for (size_t i = 0; i < canvas_between(canvas, 3, 9); i++) {
        canvas_round_path(canvas, bar * (0.3 + 1.2 * (double)i), (top ? 0 : h - bar) + bar * 0.15,
                          bar * 0.7, bar * 0.7, 5);
        canvas_fill(canvas, canvas_accent(canvas, i));
    }
    canvas_say(canvas, "a screenshot of a computer desktop");
    canvas_say(canvas, "a screenshot of a desktop with windows");
    canvas_say(canvas, "a screenshot of a computer screen");
}

static void draw_page_body(struct canvas *canvas, const struct theme *theme, double y) {
    const double w = canvas->width, h = canvas->height, size = theme->size;
    const size_t plan = canvas_style(canvas, "web page", 10);
    struct text_style style = label_style(theme), title = style;
    title.size *= 2.2;
    title.bold = true;
    if (plan % 2 == 0) {
        canvas_box(canvas, 0, y, w, size * 4, theme->accent);
        title.colour = rgb_grey(rgb_light(theme->accent) > 0.6 ? 0.1 : 1);
        draw_label(canvas, &title, size * 2, y + size * 2, 'l', 2);
        title.colour = theme->ink;
        y += size * 5;
    }
    const double left = plan > 5 ? w * 0.25 : size * 2;
    if (plan > 5) draw_list_pane(canvas, theme, 0, y, w * 0.22, h - y);
    const size_t columns = plan % 3 == 0 ? 1 : plan % 3 == 1 ? 3 : 2;
    const double each = (w - left - size) / (double)columns;
    for (; y < h; y += size * 9.5) {
        for (size_t i = 0; i < columns; i++) {
            const double x = left + each * (double)i;
            double top = y;
            if (columns > 1 || canvas_chance(canvas, 0.3)) {
                const double tall = size * 4;
                canvas_box(
                    canvas, x, top, each - size, tall,
                    rgb_mix(theme->ground, canvas_accent(canvas, canvas_below(canvas, 6)), 0.5));
                top += tall + size * 0.4;
            } else {
                draw_label(canvas, &title, x, top + size, 'l', 3);
                top += size * 2.3;
            }
            char *text = words_text(canvas->random, LATIN, 60);
            canvas_block(canvas, &style, x, top, each - size, fmax(0, y + size * 8.5 - top), 'l',
                         text);
            g_free(text);
        }
    }
}

void draw_browser(struct canvas *canvas) {
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 15, 30));
    const double w = canvas->width, bar = theme.size * 1.9;
    canvas_paint(canvas, theme.field);
    double y = draw_title_bar(canvas, &theme, 0, 0, w);
    canvas_box(canvas, 0, y, w, bar, rgb_mix(theme.ground, theme.ink, 0.08));
    canvas_round_path(canvas, theme.size * 5, y + bar * 0.15, w - theme.size * 9, bar * 0.7,
                      canvas_chance(canvas, 0.5) ? bar : 5);
    canvas_fill(canvas, theme.field);
    for (size_t i = 0; i < 3; i++) {
        canvas_polygon_path(canvas, theme.size * (1 + 1.4 * (double)i), y + bar / 2,
                            theme.size * 0.4, i == 2 ? 12 : 3, i == 0 ? -M_PI / 2 : M_PI / 2);
        canvas_fill(canvas, theme.ink);
    }
    const struct text_style style = label_style(&theme);
    draw_label(canvas, &style, theme.size * 6, y + bar / 2, 'l', 1);
    draw_page_body(canvas, &theme, y + bar + theme.size * 0.5);
    canvas_say(canvas, "a screenshot of a web page");
    canvas_say(canvas, "a screenshot of a browser with a web page");
    canvas_say(canvas, "a screenshot of a website");
}

/* Lines of code in colours. */
static void draw_code(struct canvas *canvas, const struct theme *theme, double x, double y,
                      double w, double h, bool numbered) {
    struct text_style style = label_style(theme);
    style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_FIXED, canvas->test);
    const double advance = canvas_text_width(canvas, &style, "mmmmmmmm") / 8;
    size_t indent = 0, line = canvas_between(canvas, 1, 300);
    cairo_save(canvas->cairo);
    cairo_rectangle(canvas->cairo, x, y, w, h);
    cairo_clip(canvas->cairo);
    for (double at = y + theme->size; at < y + h; at += theme->size * 1.05, line++) {
        double left = x + advance;
        if (numbered) {
            char number[24];
            g_snprintf(number, sizeof number, "%4zu", line);
            style.colour = theme->faint;
            canvas_text(canvas, &style, left, at, 'l', number);
            left += advance * 6;
        }
        if (canvas_chance(canvas, 0.12)) continue;
        char *code = words_code(canvas->random);
        char **words = g_strsplit(code, " ", -1);
        left += advance * 4 * (double)indent;
        for (char **word = words; *word; word++) {
            style.colour = canvas_chance(canvas, 0.5)
                               ? theme->ink
                               : canvas_accent(canvas, canvas_below(canvas, ACCENTS));
            canvas_text(canvas, &style, left, at, 'l', *word);
            left += advance * (double)(g_utf8_strlen(*word, -1) + 1);
        }
        g_strfreev(words);
        g_free(code);
        indent = canvas_below(canvas, 3) ? indent : canvas_below(canvas, 5);
    }
    cairo_restore(canvas->cairo);
}

void draw_code_editor(struct canvas *canvas) {
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 17, 30));
    const double w = canvas->width, h = canvas->height;
    const size_t plan = canvas_style(canvas, "editor", 5);
    canvas_paint(canvas, theme.ground);
    double y = plan == 4 ? 0 : draw_title_bar(canvas, &theme, 0, 0, w), x = 0;
    if (plan == 1) y += draw_menu(canvas, &theme, 0, y, w);
    if (plan < 3) {
        x = w * 0.22;
        draw_list_pane(canvas, &theme, 0, y, x, h - y);
    }
    draw_code(canvas, &theme, x, y, w - x, h - y - theme.size, true);
    canvas_box(canvas, 0, h - theme.size, w, theme.size, theme.accent);
    canvas_say(canvas, "a screenshot of a code editor");
    canvas_say(canvas, "a screenshot of a window with code");
    canvas_say(canvas, "a screenshot of a computer program with code");
}

void draw_terminal(struct canvas *canvas) {
    struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 17, 34));
    const size_t look = canvas_style(canvas, "terminal", 5);
    if (look == 2) theme.ink = rgb_hsl(0.33, 0.9, canvas->palette.dark ? 0.6 : 0.25);
    if (look == 3) theme.ink = rgb_hsl(0.11, 0.9, canvas->palette.dark ? 0.6 : 0.25);
    canvas_paint(canvas, theme.ground);
    const double y = look == 4 ? 0 : draw_title_bar(canvas, &theme, 0, 0, canvas->width);
    if (canvas_chance(canvas, 0.5)) {
        for (size_t i = 0; i < ACCENTS; i++) canvas->palette.accents[i] = theme.ink;
    }
    draw_code(canvas, &theme, 0, y, canvas->width,
              (canvas->height - y) * canvas_uniform(canvas, 0.5, 1), false);
    canvas_say(canvas, "a screenshot of a terminal");
    canvas_say(canvas, "a screenshot of a terminal window with text");
    canvas_say(canvas, "a screenshot of a window with lines of text");
}

void draw_spreadsheet(struct canvas *canvas) {
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 17, 34));
    const double w = canvas->width, h = canvas->height;
    canvas_paint(canvas, theme.ground);
    double y = draw_title_bar(canvas, &theme, 0, 0, w);
    if (canvas_chance(canvas, 0.7)) y += draw_menu(canvas, &theme, 0, y, w);
    if (canvas_chance(canvas, 0.8)) y += draw_tools(canvas, &theme, 0, y, w);
    draw_rows(canvas, &theme, 0, y, w, h - y, true);
    canvas_say(canvas, "a screenshot of a spreadsheet");
    canvas_say(canvas, "a screenshot of a window with a table");
    canvas_say(canvas, "a screenshot of a table");
}

void draw_dialog(struct canvas *canvas) {
    const struct theme theme = draw_theme(canvas, canvas_uniform(canvas, 30, 52));
    const double w = canvas->width, h = canvas->height,
                 margin = canvas_chance(canvas, 0.5) ? 4 : 60;
    const double inner = w - 2 * margin, size = theme.size;
    struct text_style style = label_style(&theme);
    canvas_paint(canvas, canvas_accent(canvas, 4));
    canvas_box(canvas, margin, margin, inner, h - 2 * margin, theme.ground);
    const double y = margin + draw_title_bar(canvas, &theme, margin, margin, inner) + size;
    const bool sign = canvas_chance(canvas, 0.6);
    if (sign) {
        canvas_polygon_path(canvas, margin + size * 2, y + size * 1.2, size * 1.2,
                            canvas_chance(canvas, 0.5) ? 3 : 40, 0);
        canvas_fill(canvas, canvas_accent(canvas, 1));
    }
    const double left = margin + size * (sign ? 4 : 1);
    char *text = words_text(canvas->random, LATIN, canvas_between(canvas, 8, 30));
    canvas_block(canvas, &style, left, y, w - margin - size - left,
                 fmax(size, h - margin - size * 3 - y), 'l', text);
    g_free(text);
    const size_t buttons = canvas_between(canvas, 1, 3);
    for (size_t i = 0; i < buttons; i++) {
        draw_button(canvas, &theme, w - margin - size * 6 * (double)(i + 1),
                    h - margin - size * 2.2, size * 5.3, i == 0);
    }
    canvas_say(canvas, "a screenshot of a dialog window");
    canvas_say(canvas, "a screenshot of a window with text and buttons");
    canvas_say(canvas, "a screenshot of a message on a computer");
}

static void draw_chat(struct canvas *canvas, const struct theme *theme, double y, double bottom) {
    const struct text_style style = label_style(theme);
    while (y < bottom - theme->size * 2) {
        const bool own = canvas_chance(canvas, 0.5);
        const double w = canvas->width * canvas_uniform(canvas, 0.3, 0.7);
        const double h = fmin(
            theme->size * (double)canvas_between(canvas, 1, 4) + theme->size * 0.6, bottom - y);
        const double x = own ? canvas->width - w - theme->size * 0.6 : theme->size * 0.6;
        canvas_round_path(canvas, x, y, w, h, theme->size * 0.6);
        canvas_fill(canvas, own ? rgb_mix(theme->accent, theme->ground, 0.5)
                                : rgb_mix(theme->ground, theme->ink, 0.12));
        char *text = words_text(canvas->random, LATIN, 25);
        canvas_block(canvas, &style, x + theme->size * 0.5, y + theme->size * 0.2, w - theme->size,
                     h - theme->size * 0.5, 'l', text);
        g_free(text);
        y += h + theme->size * 0.5;
    }
}

static void draw_apps(struct canvas *canvas, const struct theme *theme, double y, double bottom) {
    const double step = canvas->width / (double)canvas_between(canvas, 3, 5);
    struct text_style style = label_style(theme);
    style.size = step * 0.17;
    for (; y + step < bottom; y += step * 1.15) {
        for (double x = 0; x + step * 0.9 < canvas->width; x += step) {
            canvas_round_path(canvas, x + step * 0.2, y + step * 0.15, step * 0.6, step * 0.6,
                              step * (canvas->test ? 0.3 : 0.12));
            canvas_fill(canvas, canvas_accent(canvas, canvas_below(canvas, ACCENTS)));
            draw_label(canvas, &style, x + step / 2, y + step * 0.88, 'c', 1);
        }
    }
}

void draw_phone_screen(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height;
    const struct theme theme = draw_theme(canvas, w * canvas_uniform(canvas, 0.06, 0.09));
    struct text_style style = label_style(&theme);
    const size_t pane = canvas_below(canvas, 3);
    const double bar = theme.size * 1.1, top = bar + theme.size * 2;
    canvas_paint(canvas, theme.ground);
    if (pane != 2) canvas_box(canvas, 0, 0, w, top, theme.bar);
    style.colour = rgb_grey(rgb_light(pane == 2 ? theme.ground : theme.bar) > 0.55 ? 0.1 : 0.95);
    style.size *= 0.7;
    canvas_text(canvas, &style, theme.size * 0.6, bar / 2, 'l', "12:45");
    canvas_frame(canvas, w - theme.size * 1.6, bar * 0.3, theme.size, bar * 0.4, style.colour, 2);
    style.size *= 1.7;
    if (pane != 2) draw_label(canvas, &style, theme.size, bar + theme.size, 'l', 2);
    if (pane == 0) draw_chat(canvas, &theme, top + theme.size * 0.5, h - theme.size * 1.5);
    if (pane == 1) draw_fields(canvas, &theme, 0, top, w, h - top);
    if (pane == 2) draw_apps(canvas, &theme, bar * 1.5, h - theme.size);
    canvas_say(canvas, "a screenshot of a phone");
    canvas_say(canvas, pane == 0   ? "a screenshot of a chat on a phone"
                       : pane == 1 ? "a screenshot of settings on a phone"
                                   : "a screenshot of a phone with icons");
    canvas_say(canvas, "a screenshot of a phone screen");
}

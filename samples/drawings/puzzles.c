/* Codes and puzzles of squares. */
#include <math.h>

#include "kinds.h"

/* The ground, and the largest square in its middle. */
static double begin_square(struct canvas *canvas, double margin, double *x, double *y) {
    const double side = fmin(canvas->width, canvas->height) * (1 - 2 * margin);
    *x = (canvas->width - side) / 2;
    *y = (canvas->height - side) / 2;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    return side;
}

static void draw_finder(struct canvas *canvas, double x, double y, double cell, struct rgb ink) {
    canvas_box(canvas, x, y, 7 * cell, 7 * cell, ink);
    canvas_box(canvas, x + cell, y + cell, 5 * cell, 5 * cell, canvas->palette.ground);
    canvas_box(canvas, x + 2 * cell, y + 2 * cell, 3 * cell, 3 * cell, ink);
}

void draw_qr_code(struct canvas *canvas) {
    double x, y;
    const double side = begin_square(canvas, canvas_uniform(canvas, 0.03, 0.2), &x, &y);
    const size_t count = 21 + 4 * canvas_below(canvas, 8);
    const double cell = side / (double)count;
    const size_t look = canvas_style(canvas, "qr", 5);
    const struct rgb ink =
        canvas_chance(canvas, 0.8) ? canvas->palette.ink : canvas_accent(canvas, 0);
    for (size_t i = 0; i < count * count; i++) {
        const size_t row = i / count, column = i % count;
        const bool corner =
            (row < 8 && (column < 8 || column >= count - 8)) || (row >= count - 8 && column < 8);
        if (corner || canvas_chance(canvas, 0.5)) continue;
        const double at_x = x + cell * (double)column, at_y = y + cell * (double)row;
        if (look == 4) {
            canvas_disc(canvas, at_x + cell / 2, at_y + cell / 2, cell * 0.45, ink);
        } else {
            canvas_box(canvas, at_x, at_y, cell * 1.02, cell * 1.02, ink);
        }
    }
    draw_finder(canvas, x, y, cell, ink);
    draw_finder(canvas, x + side - 7 * cell, y, cell, ink);
    draw_finder(canvas, x, y + side - 7 * cell, cell, ink);
    canvas_say(canvas, "a qr code");
    canvas_say(canvas, "a square qr code");
    canvas_say(canvas, "a picture of a qr code");
}

void draw_barcode(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height,
                 margin = canvas_uniform(canvas, 0.05, 0.15) * w;
    const double top = h * canvas_uniform(canvas, 0.08, 0.25),
                 bottom = h * canvas_uniform(canvas, 0.7, 0.85);
    const double unit = (w - 2 * margin) / (double)canvas_between(canvas, 60, 130);
    struct text_style style = canvas_text_style(canvas, LATIN, (h - bottom) * 0.6);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    for (double x = margin; x < w - margin;) {
        const double bar = unit * (double)canvas_between(canvas, 1, 4);
        canvas_box(canvas, x, top, bar, bottom - top, canvas->palette.ink);
        x += bar + unit * (double)canvas_between(canvas, 1, 3);
    }
    if (canvas_chance(canvas, 0.8)) {
        char *digits =
            g_strdup_printf("%zu %06zu %06zu", canvas_below(canvas, 10),
                            canvas_below(canvas, 1000000), canvas_below(canvas, 1000000));
        canvas_text(canvas, &style, w / 2, (bottom + h) / 2, 'c', digits);
        g_free(digits);
    }
    canvas_say(canvas, "a barcode");
    canvas_say(canvas, "a barcode with numbers");
    canvas_say(canvas, "a picture of a barcode");
}

void draw_crossword(struct canvas *canvas) {
    double x, y;
    const double side = begin_square(canvas, canvas_uniform(canvas, 0.02, 0.12), &x, &y);
    const size_t count = canvas_between(canvas, 7, 19);
    const double cell = side / (double)count, letters = canvas_chance(canvas, 0.4) ? 0.6 : 0;
    struct text_style style = canvas_text_style(canvas, LATIN, cell * 0.4), letter = style;
    letter.size = cell * 0.8;
    for (size_t i = 0, number = 1; i < count * count; i++) {
        const double at_x = x + cell * (double)(i % count), at_y = y + cell * (double)(i / count);
        const bool black = (i / count % 2 && i % count % 2) || canvas_chance(canvas, 0.08);
        if (black) {
            canvas_box(canvas, at_x, at_y, cell, cell, canvas->palette.ink);
            continue;
        }
        canvas_frame(canvas, at_x, at_y, cell, cell, canvas->palette.ink, 2);
        if (canvas_chance(canvas, 0.25)) {
            char text[16];
            g_snprintf(text, sizeof text, "%zu", number++);
            canvas_text(canvas, &style, at_x + cell * 0.06, at_y + cell * 0.22, 'l', text);
        }
        if (canvas_chance(canvas, letters)) {
            const char text[2] = {(char)('A' + (int)canvas_below(canvas, 26)), 0};
            canvas_text(canvas, &letter, at_x + cell / 2, at_y + cell * 0.55, 'c', text);
        }
    }
    canvas_say(canvas, "a crossword puzzle");
    canvas_say(canvas, "a crossword with black and white squares");
    canvas_say(canvas, "a puzzle of squares");
}

void draw_sudoku(struct canvas *canvas) {
    double x, y;
    const double side = begin_square(canvas, canvas_uniform(canvas, 0.02, 0.15), &x, &y);
    const double cell = side / 9, filled = canvas_uniform(canvas, 0.25, 0.6);
    const struct text_style style =
        canvas_text_style(canvas, LATIN, cell * canvas_uniform(canvas, 0.6, 0.95));
    for (size_t i = 0; i < 81; i++) {
        const double at_x = x + cell * (double)(i % 9), at_y = y + cell * (double)(i / 9);
        canvas_frame(canvas, at_x, at_y, cell, cell, canvas->palette.ink, 2);
        if (!canvas_chance(canvas, filled)) continue;
        const char text[2] = {(char)('1' + (int)canvas_below(canvas, 9)), 0};
        canvas_text(canvas, &style, at_x + cell / 2, at_y + cell / 2, 'c', text);
    }
    for (size_t i = 0; i < 9; i++) {
        canvas_frame(canvas, x + side / 3 * (double)(i % 3), y + side / 3 * (double)(i / 3),
                     side / 3, side / 3, canvas->palette.ink, 7);
    }
    canvas_say(canvas, "a sudoku puzzle");
    canvas_say(canvas, "a sudoku puzzle with numbers");
    canvas_say(canvas, "a puzzle of numbers in squares");
}

void draw_chess_diagram(struct canvas *canvas) {
    static const char *const pieces[] = {"♔", "♕", "♖", "♗", "♘", "♙",
                                         "♚", "♛", "♜", "♝", "♞", "♟"};
    double x, y;
    const double side = begin_square(canvas, canvas_uniform(canvas, 0.01, 0.1), &x, &y);
    const double cell = side / 8, full = canvas_uniform(canvas, 0.15, 0.5);
    const struct rgb dark = rgb_mix(canvas_accent(canvas, 0), rgb_grey(0.5), 0.4);
    const struct text_style style = {canvas_chance(canvas, 0.5) ? "DejaVu Sans" : "FreeSerif", cell,
                                     false, false, rgb_grey(0)};
    for (size_t i = 0; i < 64; i++) {
        const double at_x = x + cell * (double)(i % 8), at_y = y + cell * (double)(i / 8);
        canvas_box(canvas, at_x, at_y, cell, cell,
                   (i + i / 8) % 2 ? dark : rgb_mix(dark, rgb_grey(1), 0.8));
        if (!canvas_chance(canvas, full)) continue;
        canvas_text(canvas, &style, at_x + cell / 2, at_y + cell / 2, 'c',
                    pieces[canvas_below(canvas, 12)]);
    }
    canvas_frame(canvas, x, y, side, side, canvas->palette.ink, canvas_uniform(canvas, 2, 12));
    canvas_say(canvas, "a diagram of a chess board");
    canvas_say(canvas, "a drawing of a chess board with pieces");
    canvas_say(canvas, "a chess diagram");
}

/* Each cell opens to the right or down: a maze with one way from anywhere to anywhere. */
void draw_maze(struct canvas *canvas) {
    double x, y;
    const double side = begin_square(canvas, canvas_uniform(canvas, 0.03, 0.12), &x, &y);
    const size_t count = canvas_between(canvas, 8, 28);
    const double cell = side / (double)count, line = cell * canvas_uniform(canvas, 0.08, 0.4);
    for (size_t i = 0; i < count * count; i++) {
        const size_t row = i / count, column = i % count;
        const double left = x + cell * (double)column, top = y + cell * (double)row;
        const bool right = row + 1 == count || (column + 1 < count && canvas_chance(canvas, 0.5));
        if (right) {
            canvas_line(canvas, left, top + cell, left + cell, top + cell, canvas->palette.ink,
                        line);
        } else {
            canvas_line(canvas, left + cell, top, left + cell, top + cell, canvas->palette.ink,
                        line);
        }
    }
    canvas_frame(canvas, x, y, side, side, canvas->palette.ink, line);
    canvas_box(canvas, x - line, y + line / 2, 2 * line, cell - line, canvas->palette.ground);
    canvas_say(canvas, "a maze");
    canvas_say(canvas, "a drawing of a maze");
    canvas_say(canvas, "a maze puzzle of lines");
}

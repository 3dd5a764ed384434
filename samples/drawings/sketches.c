/* Drawings of things: by lines, as cartoons, by children, in comics. Things are drawn by strokes of
 * our own, or are the pictures of a font of symbols, where one is installed. */
#include <math.h>
#include <pango/pangocairo.h>

#include "kinds.h"

/* Things of which Symbola has an outline and Noto Color Emoji a coloured picture. */
static const struct {
    const char *picture, *name;
} things[] = {
    {"🏠", "a house"},         {"🌲", "a tree"},       {"🌳", "a tree"},       {"🐈", "a cat"},
    {"🐱", "a cat"},           {"🐕", "a dog"},        {"🐶", "a dog"},        {"🌷", "a flower"},
    {"🌻", "a flower"},        {"🌹", "a flower"},     {"🚗", "a car"},        {"🚙", "a car"},
    {"⛵", "a boat"},          {"🚢", "a ship"},       {"🐟", "a fish"},       {"🐦", "a bird"},
    {"🐔", "a chicken"},       {"🐘", "an elephant"},  {"🐎", "a horse"},      {"🐄", "a cow"},
    {"🐑", "a sheep"},         {"🐖", "a pig"},        {"🐇", "a rabbit"},     {"🐻", "a bear"},
    {"🐢", "a turtle"},        {"🐍", "a snake"},      {"🐌", "a snail"},      {"🦋", "a butterfly"},
    {"🍎", "an apple"},        {"🍌", "a banana"},     {"🍇", "grapes"},       {"🍓", "a strawberry"},
    {"🍕", "a pizza"},         {"🍔", "a hamburger"},  {"🎂", "a cake"},       {"☕", "a cup"},
    {"🍺", "a glass of beer"}, {"🚲", "a bicycle"},    {"🚌", "a bus"},        {"🚂", "a train"},
    {"✈", "an airplane"},     {"🚁", "a helicopter"}, {"🚀", "a rocket"},     {"⚽", "a ball"},
    {"🎸", "a guitar"},        {"🎹", "a piano"},      {"🎺", "a trumpet"},    {"📷", "a camera"},
    {"📱", "a phone"},         {"☂", "an umbrella"},  {"👒", "a hat"},        {"👞", "a shoe"},
    {"👕", "a shirt"},         {"👗", "a dress"},      {"👓", "glasses"},      {"🔑", "a key"},
    {"✂", "scissors"},        {"⌚", "a watch"},      {"💡", "a light bulb"}, {"🎈", "a balloon"},
    {"🎁", "a gift"},          {"👩", "a woman"},      {"👨", "a man"},        {"👶", "a baby"},
    {"👸", "a princess"},      {"😀", "a face"},       {"😺", "a cat"},        {"🌞", "a sun"},
    {"🌴", "a palm tree"},     {"🌵", "a cactus"},     {"🍄", "a mushroom"},   {"⛄", "a snowman"},
    {"🏰", "a castle"},        {"⛪", "a church"},     {"🐧", "a penguin"},    {"🐙", "an octopus"},
    {"👻", "a ghost"},         {"🎃", "a pumpkin"},    {"🐊", "a crocodile"},  {"🐵", "a monkey"}};
enum { THINGS = sizeof things / sizeof *things };

/* Puts the outline of a font's picture into the path, `size` high around (x, y); false when the
 * font is not there. */
static bool picture_path(struct canvas *canvas, const char *picture, double x, double y,
                         double size) {
    static const char *const families[] = {"Symbola", "DejaVu Sans"};
    const char *family = families[fonts_have_family(canvas->fonts, "Symbola") ? 0 : 1];
    if (!fonts_have_family(canvas->fonts, family)) return false;
    PangoLayout *layout = pango_cairo_create_layout(canvas->cairo);
    PangoFontDescription *font = pango_font_description_from_string(family);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, picture, -1);
    PangoAttrList *attributes = pango_attr_list_new(); /* no coloured picture instead */
    pango_attr_list_insert(attributes, pango_attr_fallback_new(FALSE));
    pango_layout_set_attributes(layout, attributes);
    pango_attr_list_unref(attributes);
    const bool known = pango_layout_get_unknown_glyphs_count(layout) == 0;
    int width, height;
    pango_layout_get_size(layout, &width, &height);
    cairo_move_to(canvas->cairo, x - (double)width / PANGO_SCALE / 2,
                  y - (double)height / PANGO_SCALE / 2);
    if (known) pango_cairo_layout_path(canvas->cairo, layout);
    pango_font_description_free(font);
    g_object_unref(layout);
    return known;
}

/* Draws the current path anew with corners that tremble, as a hand would. */
static void shake_path(struct canvas *canvas, double shake) {
    cairo_path_t *path = cairo_copy_path(canvas->cairo);
    cairo_new_path(canvas->cairo);
    for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
        const cairo_path_data_t *data = &path->data[i];
        double p[6];
        const int points = data->header.length - 1;
        for (int k = 0; k < points; k++) {
            p[2 * k] = data[1 + k].point.x + canvas_uniform(canvas, -shake, shake);
            p[2 * k + 1] = data[1 + k].point.y + canvas_uniform(canvas, -shake, shake);
        }
        if (data->header.type == CAIRO_PATH_MOVE_TO) cairo_move_to(canvas->cairo, p[0], p[1]);
        if (data->header.type == CAIRO_PATH_LINE_TO) cairo_line_to(canvas->cairo, p[0], p[1]);
        if (data->header.type == CAIRO_PATH_CURVE_TO) {
            cairo_curve_to(canvas->cairo, p[0], p[1], p[2], p[3], p[4], p[5]);
        }
        if (data->header.type == CAIRO_PATH_CLOSE_PATH) cairo_close_path(canvas->cairo);
    }
    cairo_path_destroy(path);
}

static void ring(struct canvas *canvas, double x, double y, double r, double squash) {
    double points[25][2];
    for (size_t i = 0; i < 25; i++) {
        points[i][0] = x + r * cos((double)i * M_PI / 12);
        points[i][1] = y + r * squash * sin((double)i * M_PI / 12);
    }
    canvas_shaky_path(canvas, points, 25, r * 0.02);
}

static void stroke(struct canvas *canvas, size_t count, const double (*points)[2]) {
    canvas_shaky_path(canvas, points, count, 0.015);
}
#define STROKE(...)                                                                                \
    do {                                                                                           \
        const double points_[][2] = {__VA_ARGS__};                                                 \
        stroke(canvas, sizeof points_ / sizeof *points_, points_);                                 \
    } while (0)

static void house_path(struct canvas *canvas) {
    const double roof = canvas_uniform(canvas, -0.9, -0.5),
                 door = canvas_uniform(canvas, -0.5, 0.3);
    STROKE({-0.7, 0.8}, {-0.7, -0.2}, {0.7, -0.2}, {0.7, 0.8}, {-0.7, 0.8});
    STROKE({-0.85, -0.2}, {0, roof}, {0.85, -0.2});
    STROKE({door, 0.8}, {door, 0.3}, {door + 0.25, 0.3}, {door + 0.25, 0.8});
    STROKE({-0.6, 0}, {-0.6, 0.25}, {-0.3, 0.25}, {-0.3, 0}, {-0.6, 0});
    STROKE({0.3, 0}, {0.3, 0.25}, {0.6, 0.25}, {0.6, 0}, {0.3, 0});
}

static void tree_path(struct canvas *canvas) {
    STROKE({-0.12, 0.9}, {-0.1, 0.1});
    STROKE({0.12, 0.9}, {0.1, 0.1});
    if (canvas_chance(canvas, 0.5)) {
        for (size_t i = 0; i < 5; i++) {
            ring(canvas, canvas_uniform(canvas, -0.35, 0.35), canvas_uniform(canvas, -0.6, 0), 0.4,
                 0.8);
        }
    } else {
        STROKE({-0.6, 0.2}, {0, -0.4}, {0.6, 0.2}, {-0.6, 0.2});
        STROKE({-0.45, -0.2}, {0, -0.9}, {0.45, -0.2});
    }
}

static void face_path(struct canvas *canvas) {
    const double smile = canvas_uniform(canvas, -0.1, 0.3);
    ring(canvas, 0, 0, 0.75, canvas_uniform(canvas, 1, 1.25));
    ring(canvas, -0.28, -0.2, 0.1, 0.7);
    ring(canvas, 0.28, -0.2, 0.1, 0.7);
    STROKE({0, -0.1}, {-0.08, 0.15}, {0.05, 0.17});
    STROKE({-0.3, 0.4}, {0, 0.4 + smile}, {0.3, 0.4});
    for (size_t i = 0; i < 12; i++) {
        const double x = canvas_uniform(canvas, -0.6, 0.6);
        STROKE({x, -0.75}, {x * 1.2, -0.45 - canvas_uniform(canvas, 0, 0.2)});
    }
}

static void cat_path(struct canvas *canvas) {
    ring(canvas, 0, 0.1, 0.6, 0.85);
    STROKE({-0.5, -0.2}, {-0.55, -0.8}, {-0.15, -0.4});
    STROKE({0.5, -0.2}, {0.55, -0.8}, {0.15, -0.4});
    ring(canvas, -0.22, 0, 0.09, 1.3);
    ring(canvas, 0.22, 0, 0.09, 1.3);
    STROKE({-0.06, 0.2}, {0.06, 0.2}, {0, 0.28}, {-0.06, 0.2});
    for (size_t i = 0; i < 3; i++) {
        const double y = 0.22 + 0.08 * (double)i;
        STROKE({-0.2, 0.28}, {-0.85, y});
        STROKE({0.2, 0.28}, {0.85, y});
    }
}

static void flower_path(struct canvas *canvas) {
    const size_t petals = canvas_between(canvas, 5, 9);
    for (size_t i = 0; i < petals; i++) {
        const double angle = 2 * M_PI * (double)i / (double)petals;
        ring(canvas, 0.32 * cos(angle), -0.4 + 0.32 * sin(angle), 0.2, 1);
    }
    ring(canvas, 0, -0.4, 0.16, 1);
    STROKE({0, -0.05}, {0.03, 0.4}, {0, 0.9});
    STROKE({0, 0.6}, {0.4, 0.3}, {0.05, 0.75});
}

static void car_path(struct canvas *canvas) {
    STROKE({-0.95, 0.3}, {-0.9, 0}, {-0.5, -0.05}, {-0.3, -0.4}, {0.35, -0.4}, {0.6, -0.05},
           {0.95, 0.05}, {0.95, 0.3}, {-0.95, 0.3});
    STROKE({-0.4, -0.05}, {-0.25, -0.32}, {0.3, -0.32}, {0.48, -0.05}, {-0.4, -0.05});
    ring(canvas, -0.5, 0.3, 0.2, 1);
    ring(canvas, 0.5, 0.3, 0.2, 1);
}

static void boat_path(struct canvas *canvas) {
    STROKE({-0.8, 0.4}, {0.8, 0.4}, {0.5, 0.75}, {-0.5, 0.75}, {-0.8, 0.4});
    STROKE({0, 0.4}, {0, -0.9});
    STROKE({0.05, -0.85}, {0.65, 0.25}, {0.05, 0.25});
    STROKE({-0.05, -0.6}, {-0.5, 0.25}, {-0.05, 0.25});
}

static void fish_path(struct canvas *canvas) {
    ring(canvas, -0.1, 0, 0.6, 0.5);
    STROKE({0.45, 0}, {0.9, -0.35}, {0.8, 0}, {0.9, 0.35}, {0.45, 0});
    ring(canvas, -0.45, -0.08, 0.05, 1);
    STROKE({-0.2, -0.25}, {-0.1, 0}, {-0.2, 0.25});
}

static void person_path(struct canvas *canvas) {
    const double arm = canvas_uniform(canvas, -0.4, 0.3), leg = canvas_uniform(canvas, 0.15, 0.35);
    ring(canvas, 0, -0.65, 0.22, 1);
    STROKE({0, -0.42}, {0, 0.25});
    STROKE({-0.45, arm}, {0, -0.25}, {0.45, arm});
    STROKE({-leg, 0.9}, {0, 0.25}, {leg, 0.9});
}

static void cup_path(struct canvas *canvas) {
    ring(canvas, -0.1, -0.4, 0.5, 0.25);
    STROKE({-0.6, -0.4}, {-0.5, 0.5}, {-0.1, 0.6}, {0.3, 0.5}, {0.4, -0.4});
    STROKE({0.4, -0.25}, {0.75, -0.2}, {0.65, 0.25}, {0.35, 0.25});
}

static const struct {
    void (*path)(struct canvas *canvas);
    const char *name;
} strokes[] = {{house_path, "a house"}, {tree_path, "a tree"},     {face_path, "a face"},
               {cat_path, "a cat"},     {flower_path, "a flower"}, {car_path, "a car"},
               {boat_path, "a boat"},   {fish_path, "a fish"},     {person_path, "a person"},
               {cup_path, "a cup"}};
enum { STROKES = sizeof strokes / sizeof *strokes };

/* Puts a thing into the path and returns its name. `line` is made thinner for the font's pictures,
 * which have fine details. */
static const char *thing_path(struct canvas *canvas, double x, double y, double size,
                              double *line) {
    const size_t picture = canvas_style(canvas, "thing", THINGS);
    if (canvas_chance(canvas, 0.5) && picture_path(canvas, things[picture].picture, x, y, size)) {
        shake_path(canvas, canvas_uniform(canvas, 0, 1));
        *line = fmin(*line * 0.4, size / 250);
        return things[picture].name;
    }
    const size_t choice = canvas_below(canvas, STROKES);
    cairo_new_path(canvas->cairo);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_scale(canvas->cairo, size * 0.5 * canvas_uniform(canvas, 0.8, 1.1), size * 0.5);
    strokes[choice].path(canvas);
    cairo_restore(canvas->cairo);
    return strokes[choice].name;
}

/* Lines beside lines, as of a pencil that shades. */
static void draw_hatching(struct canvas *canvas, struct rgb colour) {
    const double x = canvas->width * canvas_uniform(canvas, 0.2, 0.7);
    const double y = canvas->height * canvas_uniform(canvas, 0.5, 0.8);
    for (size_t i = 0; i < 30; i++) {
        const double at = x + 9 * (double)i;
        canvas_line(canvas, at, y, at - 60, y + canvas_uniform(canvas, 60, 110), colour, 2);
    }
}

void draw_line_drawing(struct canvas *canvas) {
    const double small = fmin(canvas->width, canvas->height);
    const double size = small * canvas_uniform(canvas, 0.6, 0.92);
    const size_t look = canvas_style(canvas, "lines", 5);
    double line = canvas_uniform(canvas, 3, 10);
    const bool coloured = canvas_chance(canvas, 0.15);
    const struct rgb ink =
        coloured ? canvas_accent(canvas, 0) : rgb_grey(canvas_uniform(canvas, 0, 0.4));
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, canvas->palette.ground);
    cairo_set_line_cap(canvas->cairo, CAIRO_LINE_CAP_ROUND);
    const char *name = thing_path(canvas, canvas->width / 2, canvas->height / 2, size, &line);
    cairo_path_t *path = cairo_copy_path(canvas->cairo);
    canvas_stroke(canvas, ink, line);
    for (size_t i = 0; look == 3 && i < 2; i++) { /* lines drawn over and over */
        cairo_append_path(canvas->cairo, path);
        shake_path(canvas, 1.5 * line);
        canvas_stroke(canvas, ink, line / 2);
    }
    cairo_path_destroy(path);
    if (look == 1 || look == 4) draw_hatching(canvas, ink);
    if (canvas_chance(canvas, 0.2)) {
        const double y = canvas->height / 2 + size * 0.48;
        canvas_line(canvas, 20, y, canvas->width - 20, y, ink, line);
    }
    canvas_say(canvas, "a line drawing of %s", name);
    canvas_say(canvas, "a simple drawing of %s", name);
    canvas_say(canvas, coloured ? "a drawing of %s" : "a black and white drawing of %s", name);
}

static void draw_flat_ground(struct canvas *canvas, double horizon) {
    const double w = canvas->width, h = canvas->height, hue = canvas_hue(canvas);
    canvas_paint(canvas, rgb_hsl(canvas_chance(canvas, 0.5) ? 0.55 : hue, 0.6, 0.8));
    canvas_box(canvas, 0, h * horizon, w, h,
               rgb_hsl(canvas_chance(canvas, 0.5) ? 0.3 : hue + 0.3, 0.5, 0.55));
    if (canvas_chance(canvas, 0.4))
        canvas_disc(canvas, w * 0.8, h * 0.2, 70, rgb_hsl(0.13, 0.9, 0.65));
    for (size_t i = canvas_below(canvas, 4); i > 0; i--) {
        canvas_polygon_path(canvas, w * canvas_uniform(canvas, 0, 1), h * horizon, 200, 3, 0);
        canvas_fill(canvas, rgb_hsl(hue + 0.1, 0.3, canvas_uniform(canvas, 0.4, 0.7)));
    }
}

/* A thing in its colours, or in one colour with an outline. */
static const char *draw_coloured(struct canvas *canvas, double x, double y, double size) {
    const size_t choice = canvas_style(canvas, "thing", THINGS);
    if (fonts_have_family(canvas->fonts, "Noto Color Emoji") && canvas_chance(canvas, 0.65)) {
        const struct text_style style = {"Noto Color Emoji", size, false, false, rgb_grey(0)};
        canvas_text(canvas, &style, x, y, 'c', things[choice].picture);
        return things[choice].name;
    }
    double line = size * 0.015;
    const char *name = thing_path(canvas, x, y, size, &line);
    canvas_set(canvas, canvas_accent(canvas, canvas_below(canvas, ACCENTS)));
    cairo_fill_preserve(canvas->cairo);
    canvas_stroke(canvas, rgb_grey(0.1), line);
    return name;
}

void draw_cartoon(struct canvas *canvas) {
    const double w = canvas->width, h = canvas->height, small = fmin(w, h);
    const bool scene = canvas_chance(canvas, 0.5);
    const double horizon = canvas_uniform(canvas, 0.55, 0.8);
    canvas->medium = MEDIUM_SCREEN;
    canvas_paint(canvas, canvas->palette.ground);
    if (scene) {
        draw_flat_ground(canvas, horizon);
        for (size_t i = canvas_below(canvas, 4); i > 0; i--) {
            draw_coloured(canvas, w * canvas_uniform(canvas, 0.1, 0.9), h * horizon, small * 0.25);
        }
    }
    const char *name = draw_coloured(canvas, w * (scene ? canvas_uniform(canvas, 0.35, 0.65) : 0.5),
                                     h * (scene ? 0.65 : 0.5), small * (scene ? 0.55 : 0.8));
    canvas_say(canvas, "a cartoon of %s", name);
    canvas_say(canvas, "a cartoon drawing of %s", name);
    canvas_say(canvas, "a cartoon picture of %s", name);
}

static void draw_crayon(struct canvas *canvas, struct rgb colour, double line) {
    cairo_path_t *path = cairo_copy_path(canvas->cairo);
    cairo_set_line_cap(canvas->cairo, CAIRO_LINE_CAP_ROUND);
    canvas_stroke(canvas, colour, line);
    cairo_append_path(canvas->cairo, path);
    shake_path(canvas, line * 0.35);
    canvas_stroke(canvas, rgb_mix(colour, rgb_grey(1), 0.25), line / 2);
    cairo_path_destroy(path);
}

/* Colours an area in by strokes to and fro. */
static void draw_scribble(struct canvas *canvas, double x, double y, double w, double h,
                          struct rgb colour) {
    const double step = canvas_uniform(canvas, 10, 20);
    size_t side = 0;
    for (double at = y; at < y + h; at += step, side ^= 1) {
        cairo_line_to(canvas->cairo, x + (side ? w : 0) + canvas_uniform(canvas, -15, 15), at);
    }
    canvas_stroke(canvas, colour, step * 0.7);
}

static void draw_child_thing(struct canvas *canvas, size_t thing, double x, double y, double size) {
    const struct rgb colour = rgb_hsl(canvas_hue(canvas), canvas_uniform(canvas, 0.6, 1),
                                      canvas_uniform(canvas, 0.3, 0.55));
    if (canvas_chance(canvas, 0.4) && thing == 0) {
        draw_scribble(canvas, x - size * 0.3, y - size * 0.05, size * 0.6, size * 0.4,
                      rgb_mix(colour, rgb_grey(1), 0.4));
    }
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, canvas_uniform(canvas, -0.12, 0.12));
    cairo_scale(canvas->cairo, size / 2, size / 2);
    strokes[thing].path(canvas);
    cairo_restore(canvas->cairo);
    shake_path(canvas, size * 0.007);
    draw_crayon(canvas, colour, canvas_uniform(canvas, 8, 16));
}

static void draw_child_sun(struct canvas *canvas, double x, double y) {
    const struct rgb yellow = rgb_hsl(0.13 + canvas_uniform(canvas, -0.03, 0.03), 0.95, 0.5);
    const double r = canvas_uniform(canvas, 45, 90);
    ring(canvas, x, y, r, 1);
    draw_crayon(canvas, yellow, 12);
    for (size_t i = 0; i < 11; i++) {
        const double angle = 2 * M_PI * (double)i / 11 + canvas_uniform(canvas, -0.1, 0.1);
        cairo_move_to(canvas->cairo, x + 1.2 * r * cos(angle), y + 1.2 * r * sin(angle));
        cairo_line_to(canvas->cairo, x + 1.9 * r * cos(angle), y + 1.9 * r * sin(angle));
    }
    draw_crayon(canvas, yellow, 10);
}

void draw_child_drawing(struct canvas *canvas) {
    static const size_t plans[][4] = {{0, 8, 8, 4}, {0, 1, 8, 4}, {8, 8, 8, 4}, {3, 4, 1, 4},
                                      {8, 5, 1, 4}, {0, 3, 8, 1}, {6, 7, 7, 8}};
    const double w = canvas->width, h = canvas->height,
                 ground = h * canvas_uniform(canvas, 0.8, 0.92);
    const size_t *plan = plans[canvas_style(canvas, "child", 7)],
                 count = canvas_between(canvas, 1, 4);
    const bool sun = canvas_chance(canvas, 0.7);
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, rgb_mix(canvas->palette.ground, rgb_grey(1), 0.5));
    if (canvas_chance(canvas, 0.7)) {
        draw_scribble(canvas, 0, ground, w, h - ground,
                      rgb_hsl(0.33, 0.7, canvas_uniform(canvas, 0.35, 0.5)));
    }
    if (canvas_chance(canvas, 0.3))
        draw_scribble(canvas, 0, 0, w, h * 0.15, rgb_hsl(0.58, 0.8, 0.65));
    if (sun) draw_child_sun(canvas, w * (canvas_chance(canvas, 0.5) ? 0.12 : 0.88), h * 0.14);
    for (size_t i = 0; i < count; i++) {
        const double size = fmin(w / (double)count, h * 0.8) * canvas_uniform(canvas, 0.7, 1);
        draw_child_thing(canvas, plan[i], w * ((double)i + 0.5) / (double)count,
                         ground - size * 0.42, size);
    }
    canvas_say(canvas, "a child's drawing");
    canvas_say(canvas, "a child's drawing of %s", strokes[plan[0]].name);
    canvas_say(canvas, "a drawing by a child on paper");
    canvas_say(canvas, sun ? "a child's drawing of %s and the sun" : "a crayon drawing of %s",
               strokes[plan[0]].name);
}

static void draw_bubble(struct canvas *canvas, double x, double y, double w, double h) {
    struct text_style style = {NULL, fmax(14, h * 0.24), false, false, rgb_grey(0.05)};
    style.family = fonts_pick(canvas->fonts, canvas->random, LATIN, FONT_HAND, canvas->test);
    canvas_round_path(canvas, x, y, w, h, h * 0.45);
    cairo_move_to(canvas->cairo, x + w * 0.3, y + h - 2);
    cairo_line_to(canvas->cairo, x + w * 0.25, y + h * 1.4);
    cairo_line_to(canvas->cairo, x + w * 0.45, y + h - 2);
    canvas_set(canvas, rgb_grey(1));
    cairo_fill_preserve(canvas->cairo);
    canvas_stroke(canvas, rgb_grey(0.05), 3);
    canvas_box(canvas, x + w * 0.31, y + h - 6, w * 0.12, 6, rgb_grey(1));
    char *text = words_title(canvas->random, LATIN, canvas_between(canvas, 3, 8));
    canvas_block(canvas, &style, x + w * 0.1, y + h * 0.15, w * 0.8, h * 0.75, 'c', text);
    g_free(text);
}

static void draw_panel(struct canvas *canvas, double x, double y, double w, double h,
                       bool coloured) {
    cairo_save(canvas->cairo);
    cairo_rectangle(canvas->cairo, x, y, w, h);
    cairo_clip(canvas->cairo);
    const struct rgb ground = coloured ? rgb_hsl(canvas_hue(canvas), 0.5, 0.75)
                                       : rgb_grey(canvas_uniform(canvas, 0.8, 1));
    canvas_box(canvas, x, y, w, h, ground);
    for (size_t i = canvas_between(canvas, 1, 2); i > 0; i--) {
        const double at = x + w * canvas_uniform(canvas, 0.25, 0.75), size = fmin(w, h) * 0.6;
        if (coloured) {
            draw_coloured(canvas, at, y + h * 0.68, size);
        } else {
            double line = 5;
            thing_path(canvas, at, y + h * 0.68, size, &line);
            canvas_stroke(canvas, rgb_grey(0.05), line);
        }
    }
    if (canvas_chance(canvas, 0.75)) {
        draw_bubble(canvas, x + w * canvas_uniform(canvas, 0.05, 0.3), y + h * 0.05, w * 0.6,
                    h * 0.24);
    }
    cairo_restore(canvas->cairo);
    canvas_frame(canvas, x, y, w, h, rgb_grey(0.05), 5);
}

void draw_comic(struct canvas *canvas) {
    const double gap = canvas_uniform(canvas, 8, 24);
    const bool coloured = canvas_chance(canvas, 0.6);
    const size_t rows = canvas->height > 500 ? canvas_between(canvas, 2, 4) : 1;
    const double tall = (canvas->height - gap) / (double)rows;
    canvas->medium = MEDIUM_PAPER;
    canvas_paint(canvas, rgb_grey(1));
    for (size_t row = 0; row < rows; row++) {
        const size_t columns = canvas_between(canvas, rows == 1 ? 3 : 1, rows == 1 ? 4 : 3);
        const double wide = (canvas->width - gap) / (double)columns;
        for (size_t i = 0; i < columns; i++) {
            draw_panel(canvas, gap + wide * (double)i, gap + tall * (double)row, wide - gap,
                       tall - gap, coloured);
        }
    }
    canvas_say(canvas, rows == 1 ? "a comic strip" : "a page of a comic");
    canvas_say(canvas, "a comic with drawings and text");
    canvas_say(canvas, "a comic with several drawings");
}

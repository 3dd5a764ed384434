#include "fonts.h"

#include <pango/pangocairo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_SHARE = 5 };

/* A letter that tells whether a font can write the script. */
static const gunichar letters[SCRIPTS] = {'g',   0x436, 0x3be,  0x639,  0x5d0,
                                          0x915, 0xe01, 0x6c34, 0x304d, 0xd55c};

static const char *const hands[] = {"Handwriting", "Humor",   "Comic",  "Breip",   "Rufscript",
                                    "Kristi",      "Dancing", "Tomson", "Ecolier", "Isabella",
                                    "Script",      "Hand",    "Chalk",  "Caveat",  NULL};
static const char *const fixed[] = {"Mono", "Courier", "Typewriter", "Inconsolata",
                                    "Hack", "Code",    NULL};
/* Fonts of pictures and ornaments. */
static const char *const odd[] = {"Emoji", "Symbol",   "Dingbats", "Music",
                                  "Math",  "Initials", "Icons",    NULL};

static bool has_part(const char *name, const char *const *parts) {
    for (; *parts; parts++) {
        if (strstr(name, *parts)) return true;
    }
    return false;
}

static bool is_test(const char *family) {
    uint64_t hash = 1469598103934665603U; /* FNV-1a */
    for (; *family; family++) hash = (hash ^ (unsigned char)*family) * 1099511628211U;
    return (hash >> 20) % TEST_SHARE == 0;
}

static void find_scripts(PangoFontMap *map, PangoContext *context, struct font *font) {
    PangoFontDescription *wanted = pango_font_description_new();
    pango_font_description_set_family(wanted, font->family);
    pango_font_description_set_size(wanted, 12 * PANGO_SCALE);
    PangoFont *loaded = pango_font_map_load_font(map, context, wanted);
    for (size_t i = 0; loaded && i < SCRIPTS; i++) {
        font->scripts[i] = pango_font_has_char(loaded, letters[i]);
    }
    if (loaded) g_object_unref(loaded);
    pango_font_description_free(wanted);
}

static int by_family(const void *a, const void *b) {
    return strcmp(((const struct font *)a)->family, ((const struct font *)b)->family);
}

bool fonts_have(const struct fonts *fonts, enum script script) {
    for (size_t i = 0; i < fonts->count; i++) {
        if (fonts->list[i].scripts[script]) return true;
    }
    return false;
}

bool fonts_have_family(const struct fonts *fonts, const char *family) {
    for (size_t i = 0; i < fonts->count; i++) {
        if (!strcmp(fonts->list[i].family, family)) return true;
    }
    return false;
}

struct fonts *fonts_find(void) {
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    PangoFontFamily **families;
    int count;
    pango_font_map_list_families(map, &families, &count);
    struct fonts *fonts = g_new0(struct fonts, 1);
    fonts->list = g_new0(struct font, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        const char *name = pango_font_family_get_name(families[i]);
        struct font *font = &fonts->list[fonts->count++];
        *font = (struct font){.family = g_strdup(name), .test = is_test(name)};
        font->class = has_part(name, hands)   ? FONT_HAND
                      : has_part(name, fixed) ? FONT_FIXED
                                              : FONT_PRINT;
        if (!has_part(name, odd)) find_scripts(map, context, font);
    }
    g_free(families);
    g_object_unref(context);
    qsort(fonts->list, fonts->count, sizeof *fonts->list, by_family);
    if (fonts_have(fonts, LATIN)) return fonts;
    fprintf(stderr, "drawings: no font found that can write Latin: install one, such as Debian's "
                    "fonts-dejavu\n");
    fonts_free(fonts);
    return NULL;
}

void fonts_free(struct fonts *fonts) {
    for (size_t i = 0; i < fonts->count; i++) g_free(fonts->list[i].family);
    g_free(fonts->list);
    g_free(fonts);
}

/* The nth font that fits, or NULL; `total` counts all that do. */
static const struct font *find_font(const struct fonts *fonts, enum script script, int class,
                                    int test, size_t nth, size_t *total) {
    const struct font *found = NULL;
    *total = 0;
    for (size_t i = 0; i < fonts->count; i++) {
        const struct font *font = &fonts->list[i];
        if (!font->scripts[script] || (class >= 0 && (int)font->class != class) ||
            (test >= 0 && font->test != (test == 1))) {
            continue;
        }
        if ((*total)++ == nth) found = font;
    }
    return found;
}

const char *fonts_pick(const struct fonts *fonts, struct random *random, enum script script,
                       enum font_class class, bool test) {
    const int classes[] = {(int)class, -1, (int)class, -1}, halves[] = {test, test, -1, -1};
    for (size_t i = 0; i < 4; i++) {
        size_t total;
        find_font(fonts, script, classes[i], halves[i], 0, &total);
        if (total == 0) continue;
        const size_t nth = random_below(random, total);
        return find_font(fonts, script, classes[i], halves[i], nth, &total)->family;
    }
    return "sans";
}

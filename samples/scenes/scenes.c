/* Draws scenes of coloured shapes with the captions that are right for them: a data set to learn
 * from within minutes, and one whose captions can be checked word by word.
 *
 *     scenes FOLDER [--seed N] [--train N] [--val N]
 *
 * writes FOLDER/train.json and FOLDER/val.json in the format of COCO's captions, and the photos
 * that they name as PNG. The same arguments give the same bytes.
 *
 * A scene shows one group of equal things, "three small green triangles", or two of different
 * colours, "two blue squares below a red circle". Exactly one caption is right: the group whose
 * colour comes first in the alphabet is named first. Light, ground, noise, places, angles and
 * shades differ from scene to scene. Of all combinations (which things together, or what thing how
 * often in which size) every tenth is kept for validation: a quarter of its scenes show what no
 * training scene has shown.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stb_image_write.h>

#include "base/random.h"

enum { SIDE = 64, COLOURS = 3, SAMPLES = 3 /* a pixel's side, for smooth edges */ };
/* How far a thing goes from its middle, in radii: as far as a triangle's corner. All of it lies
 * within the photo. */
static const float REACH = 1.15F;

enum { MOST_THINGS = 4, GROUPS = 2, COMBINATIONS = 10 /* every tenth is for validation */ };
enum { CIRCLE, SQUARE, TRIANGLE, SHAPES };
enum { ABOVE, LEFT_OF, RELATIONS };
enum { SMALL, LARGE, SIZES };

static const struct {
    const char *one, *many;
} shapes[SHAPES] = {{"circle", "circles"}, {"square", "squares"}, {"triangle", "triangles"}};

static const struct {
    const char *name;
    float rgb[COLOURS];
} colours[] = {/* by the alphabet */
               {"blue", {40, 85, 215}},
               {"green", {40, 160, 55}},
               {"purple", {150, 50, 175}},
               {"red", {210, 35, 35}},
               {"yellow", {235, 220, 45}}};
enum { COLOUR_NAMES = sizeof colours / sizeof *colours };

static const char *const numbers[MOST_THINGS + 1] = {"no", "a", "two", "three", "four"};
static const char *const sizes[SIZES] = {"small ", "large "};

/* [relation][who is named first] */
static const char *const relations[RELATIONS][GROUPS] = {{"above", "below"},
                                                         {"left of", "right of"}};

/* Things of one kind. The size is said only where the group is alone. */
struct group {
    size_t count, shape, colour, size;
};

/* Of two groups the first is the one above or on the left. */
struct scene {
    struct group groups[GROUPS];
    size_t group_count, relation;
};

/* A rectangle of the photo, in pixels. */
struct area {
    float left, top, right, bottom;
};

struct thing {
    float x, y, radius, sine, cosine;
    float rgb[COLOURS];
    size_t shape;
};

struct photo {
    float pixels[SIDE][SIDE][COLOURS];
};

static float uniform(struct random *random, float low, float high) {
    return low + (high - low) * random_uniform(random);
}

static size_t kind(const struct group *group) {
    return group->colour * SHAPES + group->shape;
}

/* Whether a scene is one of the combinations that training never shows. */
static bool is_held_out(const struct scene *scene) {
    const struct group *first = &scene->groups[0], *second = &scene->groups[1];
    const size_t with =
        scene->group_count == 2 ? kind(second) : first->count + MOST_THINGS * first->size;
    return (kind(first) + with) % COMBINATIONS == 0;
}

static struct group draw_group(struct random *random, size_t most) {
    return (struct group){.count = 1 + random_below(random, most),
                          .shape = random_below(random, SHAPES),
                          .colour = random_below(random, COLOUR_NAMES),
                          .size = random_below(random, SIZES)};
}

/* Draws until the scene is held out or not, as wanted, and its groups can be told apart. */
static struct scene draw_scene(struct random *random, bool held_out) {
    struct scene scene;
    do {
        scene.group_count = 1 + random_below(random, GROUPS);
        const size_t most = scene.group_count == 1 ? MOST_THINGS : MOST_THINGS / 2;
        for (size_t g = 0; g < GROUPS; g++) scene.groups[g] = draw_group(random, most);
        scene.relation = random_below(random, RELATIONS);
    } while (is_held_out(&scene) != held_out ||
             (scene.group_count == 2 && scene.groups[0].colour == scene.groups[1].colour));
    return scene;
}

/* A ground of grey, light or dark, that changes slowly from one side to the other. */
static void paint_ground(struct photo *photo, struct random *random) {
    const bool light = random_below(random, 2) == 0;
    const float grey = light ? uniform(random, 180, 240) : uniform(random, 15, 75);
    const float angle = uniform(random, 0, 6.2831853F), slope = uniform(random, 0, 20) / SIDE;
    float tint[COLOURS];
    for (size_t k = 0; k < COLOURS; k++) tint[k] = uniform(random, -10, 10);
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            const float along =
                ((float)x - SIDE / 2.0F) * cosf(angle) + ((float)y - SIDE / 2.0F) * sinf(angle);
            for (size_t k = 0; k < COLOURS; k++) {
                photo->pixels[y][x][k] = grey + tint[k] + slope * along;
            }
        }
    }
}

/* Whether the point, measured from the thing's middle in radii and turned upright, is on it. */
static bool covers(size_t shape, float x, float y) {
    switch (shape) {
    case CIRCLE:
        return x * x + y * y <= 1;
    case SQUARE:
        return fabsf(x) <= 0.8F && fabsf(y) <= 0.8F;
    default: /* TRIANGLE */
        return y <= 0.7F && fabsf(x) <= (y + 1) * 0.52F;
    }
}

/* The share of the pixel that the thing covers. */
static float coverage(const struct thing *thing, size_t pixel_x, size_t pixel_y) {
    size_t covered = 0;
    for (size_t sample = 0; sample < SAMPLES * SAMPLES; sample++) {
        const float step = 1.0F / SAMPLES;
        const float x = (float)pixel_x + ((float)(sample % SAMPLES) + 0.5F) * step - thing->x;
        const float y = (float)pixel_y + ((float)(sample / SAMPLES) + 0.5F) * step - thing->y;
        covered += covers(thing->shape, (x * thing->cosine + y * thing->sine) / thing->radius,
                          (y * thing->cosine - x * thing->sine) / thing->radius);
    }
    return (float)covered / (SAMPLES * SAMPLES);
}

static void paint_thing(struct photo *photo, const struct thing *thing) {
    const float reach = thing->radius * REACH;
    for (size_t y = (size_t)(thing->y - reach); y < SIDE && (float)y < thing->y + reach; y++) {
        for (size_t x = (size_t)(thing->x - reach); x < SIDE && (float)x < thing->x + reach; x++) {
            const float share = coverage(thing, x, y);
            for (size_t k = 0; k < COLOURS; k++) {
                photo->pixels[y][x][k] += share * (thing->rgb[k] - photo->pixels[y][x][k]);
            }
        }
    }
}

static float draw_radius(const struct scene *scene, const struct group *group,
                         struct random *random) {
    if (scene->group_count == 2) return uniform(random, 7.5F, 9);
    return group->size == SMALL ? uniform(random, 5.5F, 7) : uniform(random, 10, 11.5F);
}

/* A place within the area where the thing touches none of the others; false when none was found. */
static bool find_place(struct thing *thing, const struct area *area, const struct thing *others,
                       size_t count, struct random *random) {
    const float reach = thing->radius * REACH;
    for (size_t attempt = 0; attempt < 100; attempt++) {
        thing->x = uniform(random, area->left + reach, area->right - reach);
        thing->y = uniform(random, area->top + reach, area->bottom - reach);
        bool free = true;
        for (size_t i = 0; i < count; i++) {
            const float gap = reach + others[i].radius * REACH + 1;
            free &= hypotf(thing->x - others[i].x, thing->y - others[i].y) >= gap;
        }
        if (free) return true;
    }
    return false;
}

/* Places all things of a group; false when they do not fit as they were drawn. */
static bool place_group(const struct scene *scene, const struct group *group,
                        const struct area *area, struct random *random, struct thing *things) {
    const float radius = draw_radius(scene, group, random);
    float rgb[COLOURS];
    for (size_t k = 0; k < COLOURS; k++) {
        rgb[k] = colours[group->colour].rgb[k] + uniform(random, -20, 20);
    }
    for (size_t i = 0; i < group->count; i++) {
        const float angle = uniform(random, -0.1F, 0.1F);
        things[i] = (struct thing){.radius = radius * uniform(random, 0.92F, 1.08F),
                                   .sine = sinf(angle),
                                   .cosine = cosf(angle),
                                   .shape = group->shape};
        for (size_t k = 0; k < COLOURS; k++) things[i].rgb[k] = rgb[k] + uniform(random, -8, 8);
        if (!find_place(&things[i], area, things, i, random)) return false;
    }
    return true;
}

/* Where group `g` is to be: the whole photo, or its side of a line somewhere in the middle. */
static struct area area_of(const struct scene *scene, size_t g, float line) {
    struct area area = {0, 0, SIDE, SIDE};
    if (scene->group_count == 1) return area;
    if (scene->relation == ABOVE) {
        *(g == 0 ? &area.bottom : &area.top) = line;
    } else {
        *(g == 0 ? &area.right : &area.left) = line;
    }
    return area;
}

/* The middle of a group's things. */
static void middle(const struct thing *things, size_t count, float *x, float *y) {
    *x = *y = 0;
    for (size_t i = 0; i < count; i++) {
        *x += things[i].x / (float)count;
        *y += things[i].y / (float)count;
    }
}

/* Whether two groups lie so that only one relation can be meant: what is above is not to the side
 * as well. */
static bool is_clear(const struct scene *scene, struct thing things[GROUPS][MOST_THINGS]) {
    if (scene->group_count == 1) return true;
    float x[GROUPS], y[GROUPS];
    for (size_t g = 0; g < GROUPS; g++) middle(things[g], scene->groups[g].count, &x[g], &y[g]);
    const float across = fabsf(x[1] - x[0]), down = fabsf(y[1] - y[0]);
    return scene->relation == ABOVE ? across <= down / 2 : down <= across / 2;
}

/* Places all groups; false when they do not fit as they were drawn, or are not clear. */
static bool place_groups(const struct scene *scene, struct random *random,
                         struct thing things[GROUPS][MOST_THINGS]) {
    const float line = uniform(random, SIDE * 0.45F, SIDE * 0.55F);
    for (size_t g = 0; g < scene->group_count; g++) {
        const struct area area = area_of(scene, g, line);
        if (!place_group(scene, &scene->groups[g], &area, random, things[g])) return false;
    }
    return is_clear(scene, things);
}

/* Light over all of it, then the camera's noise; 0..255. */
static void develop(const struct photo *photo, struct random *random,
                    uint8_t pixels[SIDE][SIDE][COLOURS]) {
    const float light = uniform(random, 0.85F, 1.05F), noise = uniform(random, 0, 4);
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            for (size_t k = 0; k < COLOURS; k++) {
                const float value =
                    photo->pixels[y][x][k] * light + noise * random_normal(random) + 0.5F;
                pixels[y][x][k] = (uint8_t)fminf(fmaxf(value, 0), 255);
            }
        }
    }
}

static void paint(const struct scene *scene, struct random *random,
                  uint8_t pixels[SIDE][SIDE][COLOURS]) {
    struct photo photo;
    struct thing things[GROUPS][MOST_THINGS];
    while (!place_groups(scene, random, things)) continue;
    paint_ground(&photo, random);
    for (size_t g = 0; g < scene->group_count; g++) {
        for (size_t i = 0; i < scene->groups[g].count; i++) paint_thing(&photo, &things[g][i]);
    }
    develop(&photo, random, pixels);
}

static void print_group(FILE *out, const struct scene *scene, const struct group *group) {
    fprintf(out, "%s %s%s %s", numbers[group->count],
            scene->group_count == 1 ? sizes[group->size] : "", colours[group->colour].name,
            group->count == 1 ? shapes[group->shape].one : shapes[group->shape].many);
}

static void print_caption(FILE *out, const struct scene *scene) {
    const struct group *groups = scene->groups;
    const size_t first = scene->group_count == 2 && groups[1].colour < groups[0].colour ? 1 : 0;
    print_group(out, scene, &groups[first]);
    if (scene->group_count == 1) return;
    fprintf(out, " %s ", relations[scene->relation][first]);
    print_group(out, scene, &groups[1 - first]);
}

/* One of the two halves of the data set: its name is that of the list and of the photos' folder. */
struct half {
    const char *folder, *name;
    uint64_t seed;
    size_t count;
    bool validation;
};

static bool file_error(const char *path) {
    fprintf(stderr, "scenes: %s: %s\n", path, strerror(errno));
    return false;
}

static bool make_folder(const char *path) {
    return mkdir(path, 0777) == 0 || errno == EEXIST || file_error(path);
}

/* The scene of that number: its random numbers are its own. */
static struct random scene_random(const struct half *half, size_t number) {
    return random_seeded(half->seed, 2 * (uint64_t)number + half->validation);
}

static bool write_photo(const struct half *half, const struct scene *scene, size_t number,
                        struct random *random) {
    uint8_t pixels[SIDE][SIDE][COLOURS];
    char path[4096];
    paint(scene, random, pixels);
    const int length =
        snprintf(path, sizeof path, "%s/%s/%05zu.png", half->folder, half->name, number);
    if (length >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return file_error(half->folder);
    }
    errno = 0;
    return stbi_write_png(path, SIDE, SIDE, COLOURS, pixels, SIDE * COLOURS) || file_error(path);
}

/* Writes the photos, their rows of the list and, to a stream of their own, those of the captions,
 * which come behind all photos. */
static bool write_scenes(const struct half *half, FILE *images, FILE *annotations) {
    for (size_t i = 1; i <= half->count; i++) {
        struct random random = scene_random(half, i);
        const bool held_out = half->validation && i % 4 == 0;
        const struct scene scene = draw_scene(&random, held_out);
        if (!write_photo(half, &scene, i, &random)) return false;
        fprintf(images,
                "%s{\"id\": %zu, \"file_name\": \"%s/%05zu.png\", \"width\": %d, \"height\": %d, "
                "\"combination\": \"%s\"}",
                i > 1 ? ",\n" : "", i, half->name, i, SIDE, SIDE, held_out ? "new" : "known");
        fprintf(annotations, "%s{\"id\": %zu, \"image_id\": %zu, \"caption\": \"",
                i > 1 ? ",\n" : "", i, i);
        print_caption(annotations, &scene);
        fprintf(annotations, "\"}");
    }
    return true;
}

static bool write_list(const struct half *half, FILE *list) {
    char *text = NULL;
    size_t size = 0;
    FILE *annotations = open_memstream(&text, &size);
    if (!annotations) return file_error(half->folder);
    fprintf(list, "{\"images\": [\n");
    const bool ok = write_scenes(half, list, annotations);
    fclose(annotations);
    fprintf(list, "],\n\"annotations\": [\n%s]}\n", text);
    free(text);
    return ok;
}

static bool write_half(const struct half *half) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", half->folder, half->name);
    if (!make_folder(half->folder) || !make_folder(path)) return false;
    snprintf(path, sizeof path, "%s/%s.json", half->folder, half->name);
    FILE *list = fopen(path, "w");
    if (!list) return file_error(path);
    const bool ok = write_list(half, list) && !ferror(list);
    return (fclose(list) == 0 && ok) || file_error(path);
}

static bool parse_number(const char *text, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

static int usage(FILE *out, int status) {
    fprintf(out, "usage: scenes FOLDER [--seed N (1)] [--train N (6000)] [--val N (300)]\n"
                 "Draws scenes of coloured shapes with their captions, in COCO's format.\n");
    return status;
}

int main(int argc, char **argv) {
    static const struct option flags[] = {{"seed", required_argument, NULL, 's'},
                                          {"train", required_argument, NULL, 't'},
                                          {"val", required_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    uint64_t seed = 1, train = 6000, val = 300;
    int flag;
    while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
        if (flag == 'h') return usage(stdout, 0);
        uint64_t *number = flag == 's' ? &seed : flag == 't' ? &train : &val;
        if (flag == '?' || !parse_number(optarg, number)) return usage(stderr, 2);
    }
    if (optind + 1 != argc) return usage(stderr, 2);
    const char *folder = argv[optind];
    stbi_write_png_compression_level = 3; /* noise does not get smaller for longer searching */
    const struct half halves[] = {{folder, "train", seed, (size_t)train, false},
                                  {folder, "val", seed, (size_t)val, true}};
    return write_half(&halves[0]) && write_half(&halves[1]) ? 0 : 1;
}

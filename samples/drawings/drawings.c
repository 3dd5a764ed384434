/* Draws pictures that are no photos, with the captions that are right for them: pages of text,
 * charts, diagrams, screenshots, maps, logos, drawings, puzzles, blank and noise pictures. A
 * captioner that learns from them beside photos says "a bar chart" of a bar chart.
 *
 *     drawings FOLDER COUNT [--seed N] [--styles train|test] [--size MIN-MAX]
 *
 * writes COUNT pictures, JPEG and PNG, and FOLDER/drawings.json: [{"file_name": ..., "kind": ...,
 * "named_by": ..., "captions": [...]}]. The same arguments and fonts give the same bytes. What text
 * says is never quoted. `--styles test` draws with fonts, colours and layouts that `--styles train`
 * never uses (canvas.h). */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <stb_image_write.h>
#include <turbojpeg.h>

#include "develop.h"
#include "kinds.h"

struct task {
    const char *folder;
    uint64_t seed, count, shortest, longest; /* of the pictures' longest sides, in pixels */
    bool test;
    struct fonts *fonts;
};

enum { SMALLEST_SIDE = 16, LARGEST_SIDE = 4096 };

static bool file_error(const char *path) {
    fprintf(stderr, "drawings: %s: %s\n", path, strerror(errno));
    return false;
}

/* The kind of the picture of that number: all kinds by their shares, evenly spread (the fractional
 * parts of multiples of the golden ratio). */
static const struct kind *kind_of(uint64_t number) {
    double sum = 0, place = fmod((double)number * 0.61803398874989485, 1);
    for (size_t i = 0; i < kind_count; i++) sum += kinds[i].share;
    place *= sum;
    for (size_t i = 0; i + 1 < kind_count; i++) {
        place -= kinds[i].share;
        if (place < 0) return &kinds[i];
    }
    return &kinds[kind_count - 1];
}

/* A canvas of the kind's form, drawn at `scale` times the picture's pixels. */
static bool open_canvas(struct canvas *canvas, const struct kind *kind, size_t width, size_t height,
                        double scale) {
    const double longest = (double)(width > height ? width : height);
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)ceil((double)width * scale), (int)ceil((double)height * scale));
    canvas->cairo = cairo_create(surface);
    cairo_surface_destroy(surface);
    canvas->width = CANVAS_UNITS * (double)width / longest;
    canvas->height = CANVAS_UNITS * (double)height / longest;
    canvas->palette = canvas_palette(canvas, kind->dark);
    cairo_scale(canvas->cairo, longest * scale / CANVAS_UNITS, longest * scale / CANVAS_UNITS);
    if (cairo_status(canvas->cairo) == CAIRO_STATUS_SUCCESS) return true;
    fprintf(stderr, "drawings: %s\n", cairo_status_to_string(cairo_status(canvas->cairo)));
    return false;
}

static bool write_bytes(const char *path, const unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file) return file_error(path);
    const bool ok = fwrite(bytes, 1, size, file) == size;
    return (fclose(file) == 0 && ok) || file_error(path);
}

static bool write_jpeg(const char *path, const struct picture *picture, int quality, bool fine) {
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    if (!handle) return false;
    const int status =
        tjCompress2(handle, picture->pixels, (int)picture->width, 0, (int)picture->height, TJPF_RGB,
                    &bytes, &size, fine ? TJSAMP_444 : TJSAMP_420, quality, 0);
    const bool ok = status == 0 && write_bytes(path, bytes, size);
    if (status != 0) fprintf(stderr, "drawings: %s: %s\n", path, tjGetErrorStr2(handle));
    tjFree(bytes);
    tjDestroy(handle);
    return ok;
}

/* Writes the picture under a name of its number, which is put into `name`. */
static bool write_picture(const struct task *task, struct canvas *canvas,
                          const struct picture *picture, uint64_t number, char *name, size_t size) {
    char path[4096];
    const bool jpeg = canvas_chance(canvas, 0.7);
    snprintf(name, size, "%05llu.%s", (unsigned long long)number, jpeg ? "jpg" : "png");
    if (snprintf(path, sizeof path, "%s/%s", task->folder, name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return file_error(task->folder);
    }
    const int quality = (int)canvas_between(canvas, 35, 95);
    if (jpeg) return write_jpeg(path, picture, quality, canvas_chance(canvas, 0.4));
    errno = 0;
    return stbi_write_png(path, (int)picture->width, (int)picture->height, 3, picture->pixels,
                          (int)picture->width * 3) ||
           file_error(path);
}

static void write_row(FILE *list, const struct canvas *canvas, const struct kind *kind,
                      const char *name, bool first) {
    fprintf(list,
            "%s{\"file_name\": \"%s\", \"kind\": \"%s\", \"named_by\": \"%s\", \"captions\": [",
            first ? "" : ",\n", name, kind->name, kind->named_by);
    for (size_t i = 0; i < canvas->caption_count; i++) {
        fprintf(list, "%s\"%s\"", i > 0 ? ", " : "", canvas->captions[i]);
    }
    fprintf(list, "]}");
}

static bool write_drawing(const struct task *task, uint64_t number, FILE *list) {
    char name[64];
    const struct kind *kind = kind_of(number);
    struct random random = random_seeded(task->seed, 2 * number + task->test);
    struct canvas canvas = {.random = &random, .fonts = task->fonts, .test = task->test};
    const double aspect = exp(canvas_uniform(&canvas, log(kind->narrowest), log(kind->widest)));
    const double longest = canvas_uniform(&canvas, (double)task->shortest, (double)task->longest);
    const size_t width = (size_t)fmax(SMALLEST_SIDE, longest * fmin(1, aspect));
    const size_t height = (size_t)fmax(SMALLEST_SIDE, longest / fmax(1, aspect));
    struct picture picture = {0};
    bool ok = open_canvas(&canvas, kind, width, height, canvas_chance(&canvas, 0.2) ? 1 : 2.5);
    if (ok) {
        kind->draw(&canvas);
        ok = develop(&canvas, width, height, &picture) &&
             write_picture(task, &canvas, &picture, number, name, sizeof name);
    }
    if (ok) write_row(list, &canvas, kind, name, number == 1);
    cairo_destroy(canvas.cairo);
    picture_free(&picture);
    return ok;
}

static bool write_drawings(const struct task *task) {
    char path[4096];
    if (mkdir(task->folder, 0777) != 0 && errno != EEXIST) return file_error(task->folder);
    snprintf(path, sizeof path, "%s/drawings.json", task->folder);
    FILE *list = fopen(path, "w");
    if (!list) return file_error(path);
    bool ok = fprintf(list, "[") > 0;
    for (uint64_t i = 1; ok && i <= task->count; i++) ok = write_drawing(task, i, list);
    ok = ok && fprintf(list, "]\n") > 0;
    return fclose(list) == 0 && ok;
}

static bool parse_number(const char *text, uint64_t *number) {
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

/* "200-700", or one number for both. */
static bool parse_size(const char *text, struct task *task) {
    char first[32] = {0};
    const char *dash = strchr(text, '-');
    const size_t length = dash ? (size_t)(dash - text) : strlen(text);
    if (length >= sizeof first) return false;
    memcpy(first, text, length);
    return parse_number(first, &task->shortest) &&
           parse_number(dash ? dash + 1 : first, &task->longest) &&
           task->shortest >= SMALLEST_SIDE && task->longest <= LARGEST_SIDE &&
           task->shortest <= task->longest;
}

static int usage(FILE *out, int status) {
    fprintf(
        out,
        "usage: drawings FOLDER COUNT [--seed N (1)] [--styles train|test (train)]\n"
        "                [--size MIN-MAX (200-700)]\n"
        "Draws pages of text, charts, screenshots, maps and other pictures that are no photos,\n"
        "with their captions: FOLDER/drawings.json.\n");
    return status;
}

static bool parse_flag(int flag, const char *value, struct task *task) {
    if (flag == 's') return parse_number(value, &task->seed);
    if (flag == 'z') return parse_size(value, task);
    task->test = strcmp(value, "test") == 0;
    return flag == 'y' && (task->test || strcmp(value, "train") == 0);
}

int main(int argc, char **argv) {
    static const struct option flags[] = {{"seed", required_argument, NULL, 's'},
                                          {"styles", required_argument, NULL, 'y'},
                                          {"size", required_argument, NULL, 'z'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct task task = {.seed = 1, .shortest = 200, .longest = 700};
    int flag;
    while ((flag = getopt_long(argc, argv, "h", flags, NULL)) != -1) {
        if (flag == 'h') return usage(stdout, 0);
        if (flag == '?' || !parse_flag(flag, optarg, &task)) return usage(stderr, 2);
    }
    if (optind + 2 != argc || !parse_number(argv[optind + 1], &task.count)) return usage(stderr, 2);
    task.folder = argv[optind];
    task.fonts = fonts_find();
    if (!task.fonts) return 1;
    const bool ok = write_drawings(&task);
    fonts_free(task.fonts);
    return ok ? 0 : 1;
}

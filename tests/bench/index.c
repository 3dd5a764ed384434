/* bench_index MODEL PHOTOS FILE: an index of made-up photos with random vectors, as the model would
 * make them: what a search over so many takes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "format/float16.h"
#include "search/index_file.h"

enum { NAME = 64 };

static void draw(struct random *random, float *vector, size_t width) {
    double square = 0;
    for (size_t i = 0; i < width; i++) {
        vector[i] = (float)random_normal(random);
        square += (double)vector[i] * (double)vector[i];
    }
    for (size_t i = 0; i < width; i++) vector[i] /= (float)sqrt(square);
}

static bool fill(struct index_content *content, struct arena *arena, caption_error *error) {
    struct random random = random_seeded(1, 2);
    const size_t width = content->width;
    struct index_row *rows = arena_take(arena, content->count, sizeof *rows, "photos", error);
    float *vector = arena_take(arena, width, sizeof *vector, "a vector", error);
    content->rows = rows;
    for (size_t i = 0; rows && vector && i < content->count; i++) {
        size_t bad;
        char *name = arena_take(arena, NAME, 1, "a name", error);
        uint8_t *bytes = arena_take(arena, width, 2, "a vector", error);
        if (!name || !bytes) return false;
        snprintf(name, NAME, "holiday/2024/%03zu/a photo %06zu.jpg", i / 1000, i);
        draw(&random, vector, width);
        if (!float16_from_floats(vector, width, bytes, &bad)) return false;
        rows[i] = (struct index_row){{name, i, i, i}, bytes, 0};
    }
    return rows && vector;
}

int main(int argc, char **argv) {
    caption_error error = {0};
    struct model model;
    struct arena arena = {0};
    struct index_content content = {0};
    if (argc != 4 || !model_open(&model, argv[1], &error) ||
        !model_check_search(&model, argv[1], &error)) {
        fprintf(stderr, "bench_index: expected MODEL PHOTOS FILE: %s\n", error.message);
        return 1;
    }
    content.width = model.search.size;
    content.count = strtoul(argv[2], NULL, 10);
    const bool done = index_file_model(&model, &content.model, &error) &&
                      fill(&content, &arena, &error) && index_file_write(argv[3], &content, &error);
    if (!done) fprintf(stderr, "bench_index: %s\n", error.message);
    arena_free(&arena);
    model_free(&model);
    return !done;
}

/* Helper of test_report.sh.
 *
 *     report_page write OUT.html ENDED EPOCHS TEXT PHOTO...   a report of a run that never was
 *     report_page colors PICTURE RRGGBB...                    how many colours a picture has, and
 * how many pixels of each of those named
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/image.h"
#include "report/training_report.h"
#include "report_fixture.h"

static int fail(const char *message) {
    fprintf(stderr, "report_page: %s\n", message);
    return 1;
}

static size_t number(const char *text) {
    return (size_t)strtoul(text, NULL, 10);
}

static int write_report(char **arguments, int photos) {
    struct train_history history =
        fixture_history(number(arguments[1]), number(arguments[2]), number(arguments[3]),
                        (const char *const *)arguments + 4, (size_t)photos);
    caption_error error = {0};
    struct training_report *report =
        training_report_new(arguments[0], "caption train made-up.json -o model", &error);
    bool ok = report && training_report_write(report, &history, &error);
    training_report_free(report);
    fixture_history_free(&history);
    return ok ? 0 : fail(error.message);
}

/* Counts with a flag for each of the 2^24 colours. */
static int count_colors(const struct image *image, char **named, int count) {
    size_t pixels = image->width * image->height, colors = 0;
    unsigned char *seen = calloc((size_t)1 << 24, 1);
    if (!seen) return fail("not enough memory");
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *rgb = image->pixels + 3 * i;
        size_t color = (size_t)rgb[0] << 16 | (size_t)rgb[1] << 8 | rgb[2];
        colors += !seen[color];
        seen[color] = 1;
    }
    free(seen);
    printf("%zu", colors);
    for (int n = 0; n < count; n++) {
        unsigned long wanted = strtoul(named[n], NULL, 16);
        size_t found = 0;
        for (size_t i = 0; i < pixels; i++) {
            const uint8_t *rgb = image->pixels + 3 * i;
            found += wanted == ((unsigned long)rgb[0] << 16 | (unsigned long)rgb[1] << 8 | rgb[2]);
        }
        printf(" %zu", found);
    }
    printf("\n");
    return 0;
}

static int read_colors(char **arguments, int count) {
    struct file_bytes file;
    struct image image;
    caption_error error = {0};
    if (!file_read(arguments[0], (size_t)1 << 30, &file, &error)) return fail(error.message);
    bool ok = image_decode(file.data, file.size, &image, &error);
    file_bytes_free(&file);
    if (!ok) return fail(error.message);
    int status = count_colors(&image, arguments + 1, count);
    image_free(&image);
    return status;
}

int main(int argc, char **argv) {
    if (argc >= 6 && strcmp(argv[1], "write") == 0) return write_report(argv + 2, argc - 6);
    if (argc >= 3 && strcmp(argv[1], "colors") == 0) return read_colors(argv + 2, argc - 3);
    return fail("write OUT.html ENDED EPOCHS TEXT PHOTO... | colors PICTURE RRGGBB...");
}

/* Reads paths from standard input, decodes each file and writes a row: its path, then "photo",
 * width, height and the pixels of the photo resized to SIDE x SIDE in hexadecimal, or "refused" and
 * why. A child decodes each, so that one that crashes or hangs is a row, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "image/photo.h"

enum { SIDE = 16, MOST_SECONDS = 60 };

static bool write_photo(const struct image *image, caption_error *error) {
    uint8_t pixels[SIDE * SIDE * 3];
    if (!image_resize(image, image->photo, SIDE, SIDE, pixels, error)) return false;
    printf("photo\t%zu\t%zu\t", image->width, image->height);
    for (size_t i = 0; i < sizeof pixels; i++) printf("%02x", pixels[i]);
    return true;
}

static void write_row(const char *path) {
    struct file_bytes file;
    struct image image;
    caption_error error = {0};
    bool ok = file_read(path, PHOTO_MAX_BYTES, &file, &error);
    if (ok) {
        ok = image_decode(file.data, file.size, &image, &error);
        if (ok) {
            ok = write_photo(&image, &error);
            image_free(&image);
        }
        file_bytes_free(&file);
    }
    if (!ok) printf("refused\t%s", error.message);
    putchar('\n');
}

int main(void) {
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        printf("%s\t", path);
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            /* Of the processor: a busy machine is no fault of the picture's. */
            setrlimit(RLIMIT_CPU, &(struct rlimit){MOST_SECONDS, MOST_SECONDS});
            write_row(path);
            fflush(stdout);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            printf("crashed\t%d\n", status);
    }
    return 0;
}

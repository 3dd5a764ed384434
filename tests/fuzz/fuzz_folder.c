/* Folders: data sets of files side by side, of archives, with metadata. The input is a list of
 * files: a name, a newline, the content, a line "=="; those whose names begin with "d/" lie in a
 * folder below. */
#include <sys/stat.h>

#include "data/dataset.h"
#include "fuzz.h"

enum { MOST_FILES = 12, LONGEST_NAME = 40 };

static char folder[32]; /* of this input */

/* The path of the file that is to be named so: no name leads out of the folder. */
static void place(char *path, size_t size, const char *name, size_t length) {
    const bool below = length > 2 && strncmp(name, "d/", 2) == 0;
    const char *base = below ? name + 2 : name;
    const int rest = (int)(below ? length - 2 : length);
    snprintf(path, size, "%s/%s%.*s", folder, below ? "train/" : "", rest, base);
    for (char *at = path + strlen(folder) + (below ? strlen("/train/") : 1); *at; at++)
        if (*at == '/') *at = '_';
}

/* Writes files, or removes them. Returns how many there were. */
static size_t each_file(const char *text, size_t size, bool writes) {
    size_t count = 0;
    for (const char *end = text + size; text < end && count < MOST_FILES; count++) {
        const char *line = memchr(text, '\n', (size_t)(end - text));
        if (!line || line == text || line - text > LONGEST_NAME) break;
        const char *content = line + 1,
                   *stop = memmem(content, (size_t)(end - content), "\n==\n", 4);
        const size_t length = (size_t)((stop ? stop : end) - content);
        char path[128];
        place(path, sizeof path, text, (size_t)(line - text));
        FILE *file = writes ? fopen(path, "w") : NULL;
        if (file) FUZZ_MUST(fwrite(content, 1, length, file) == length && fclose(file) == 0);
        if (!writes) unlink(path);
        text = content + length + (stop ? 4 : 0);
    }
    return count;
}

static void check(struct dataset *dataset) {
    for (size_t i = 0; i < dataset->photo_count; i++) {
        const struct dataset_photo *photo = &dataset->photos[i];
        FUZZ_MUST(photo->name && photo->path &&
                  photo->first + photo->count <= dataset->caption_count);
        const struct photo_file file = dataset_photo_file(photo);
        caption_error error = {0};
        if (!photo_decodes(&file, &error)) fuzz_check_error(&error);
    }
    char *summary = dataset_summary(dataset, NULL);
    FUZZ_MUST(summary != NULL);
    free(summary);
}

static void read_dataset(const char *path, const struct dataset_reading *how) {
    struct dataset dataset;
    caption_error error = {0};
    if (!dataset_read(&dataset, path, how, &error)) {
        fuzz_check_error(&error);
        return;
    }
    check(&dataset);
    dataset_free(&dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char below[64];
    char *text = fuzz_text(bytes, size);
    snprintf(folder, sizeof folder, "/tmp/caption-fuzz-XXXXXX");
    FUZZ_MUST(mkdtemp(folder) != NULL);
    snprintf(below, sizeof below, "%s/train", folder);
    mkdir(below, 0700);
    each_file(text, size, true);
    read_dataset(folder, NULL);
    read_dataset(folder, &(struct dataset_reading){.images = below, .sidecar = ".note"});
    each_file(text, size, false);
    FUZZ_MUST(rmdir(below) == 0 && rmdir(folder) == 0);
    free(text);
    return 0;
}

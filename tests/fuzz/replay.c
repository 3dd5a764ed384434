/* Gives the files of the folders that are named to a fuzz target, once each. No file is an error.
 */
#include <dirent.h>

#include "base/file.h"
#include "fuzz.h"

static const size_t largest_file = 1 << 20;

static size_t replay(const char *folder) {
    DIR *files = opendir(folder);
    if (!files) return 0;
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(files)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        struct file_bytes file;
        char *path = file_join(folder, entry->d_name, NULL);
        FUZZ_MUST(path && file_read(path, largest_file, &file, NULL));
        uint8_t *exact = malloc(file.size > 0 ? file.size : 1); /* to find reads behind the end */
        FUZZ_MUST(exact != NULL);
        memcpy(exact, file.data, file.size);
        LLVMFuzzerTestOneInput(exact, file.size);
        free(exact);
        file_bytes_free(&file);
        free(path);
        count++;
    }
    closedir(files);
    return count;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const size_t count = replay(argv[i]);
        printf("%s: %zu files\n", argv[i], count);
        if (count == 0) return 1;
    }
    return argc > 1 ? 0 : 1;
}

#include "base/windows_path.h"

#include <string.h>
#include <unistd.h>

static void replace(char *path, char from, char to) {
    for (char *at = path; (at = strchr(at, from)) != NULL; at++) *at = to;
}

void windows_path_try(char *path) {
    if (!strchr(path, '\\') || access(path, F_OK) == 0) return;
    char *slash = strrchr(path, '/'); /* what stands before it has its slashes already */
    char *start = slash ? slash + 1 : path;
    replace(start, '\\', '/');
    if (access(path, F_OK) != 0) replace(start, '/', '\\');
}

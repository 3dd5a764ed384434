#include "base/windows_path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void windows_path_try(char *path) {
    if (!strchr(path, '\\') || access(path, F_OK) == 0) return;
    char *tried = strdup(path); /* short of memory, it is not tried */
    if (!tried) return;
    for (char *at = tried; (at = strchr(at, '\\')) != NULL; at++) *at = '/';
    if (access(tried, F_OK) == 0) strcpy(path, tried);
    free(tried);
}

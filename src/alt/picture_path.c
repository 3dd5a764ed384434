#include "alt/picture_path.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* "https:", "data:", "//host", and what a template fills in. */
static bool is_remote(const char *url) {
    static const char *const templates[] = {"{{", "{%", "<?", "<%", "${"};
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (strstr(url, templates[i])) return true;
    const size_t scheme =
        strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return (scheme > 0 && url[scheme] == ':') || strncmp(url, "//", 2) == 0;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = tolower((unsigned char)c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The path of a URL, without "?..." and "#...", %20 as a space; NULL when memory is short. */
static char *decode(const char *url, caption_error *error) {
    url += strspn(url, " \t\r\n\f");
    char *path = memory_substring(url, strcspn(url, "?#"), error), *to = path;
    if (!path) return NULL;
    for (const char *from = path; *from; from++) {
        const bool is_escape = *from == '%' && digit(from[1]) >= 0 && digit(from[2]) >= 0;
        const int byte = is_escape ? digit(from[1]) * 16 + digit(from[2]) : *from;
        if (is_escape && byte > 0) from += 2;
        *to++ = byte > 0 || !is_escape ? (char)byte : '%';
    }
    while (to > path && isspace((unsigned char)to[-1])) to--;
    *to = '\0';
    return path;
}

/* Takes "." and ".." out of a relative path, in place; false where it leads out of its top. */
static bool flatten(char *path) {
    char *to = path; /* behind what is kept, which has no slash at its end */
    for (const char *from = path; *from;) {
        const size_t length = strcspn(from, "/");
        const bool is_same = length == 0 || (length == 1 && *from == '.');
        if (length == 2 && memcmp(from, "..", 2) == 0) {
            if (to == path) return false;
            while (to > path && *--to != '/') {
            }
        } else if (!is_same) {
            if (to > path) *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
        from += strspn(from, "/");
    }
    *to = '\0';
    return true;
}

/* Whether a file lies in a folder, links followed. What does not exist lies where its name says. */
static bool is_inside(const char *path, const char *root) {
    char real_path[PATH_MAX], real_root[PATH_MAX];
    if (!realpath(root, real_root)) return false;
    char *folder = realpath(path, real_path) ? NULL : file_directory(path, NULL);
    if (folder && !realpath(folder, real_path)) {
        free(folder);
        return !strstr(path, "..");
    }
    free(folder);
    const size_t length = strcmp(real_root, "/") == 0 ? 0 : strlen(real_root);
    return strncmp(real_path, real_root, length) == 0 &&
           (real_path[length] == '/' || real_path[length] == '\0');
}

/* The folder that a relative URL is relative to; NULL when memory is short. */
static char *start_of(const char *base, const struct alt_folders *folders, caption_error *error) {
    if (!base) return memory_string(folders->document, error);
    char *path = decode(base, error);
    if (!path) return NULL;
    const char *from = *path == '/' ? folders->root : folders->document;
    char *slash = strrchr(path, '/');
    if (slash) *slash = '\0';
    char *folder =
        slash ? file_join(from, path + (*path == '/'), error) : memory_string(from, error);
    free(path);
    return folder;
}

static char *join(const char *url, const char *base, const struct alt_folders *folders,
                  caption_error *error) {
    char *path = decode(url, error);
    if (!path) return NULL;
    char *start =
        *path == '/' ? memory_string(folders->root, error) : start_of(base, folders, error);
    char *joined = start ? file_join(start, path + strspn(path, "/"), error) : NULL;
    free(start);
    free(path);
    return joined;
}

bool alt_picture_path(const char *url, const char *base, const struct alt_folders *folders,
                      enum alt_place *place, char **path, caption_error *error) {
    *path = NULL;
    *place = ALT_REMOTE;
    url += strspn(url, " \t\r\n\f");
    if (is_remote(url) || (base && is_remote(base) && *url != '/')) return true;
    *path = join(url, base, folders, error);
    if (!*path) return false;
    const bool inside = folders->in_archive ? flatten(*path) : is_inside(*path, folders->root);
    *place = inside ? ALT_LOCAL : ALT_OUTSIDE;
    if (inside) return true;
    free(*path);
    *path = NULL;
    return true;
}

/* Paths as Windows writes them. */
#ifndef CAPTION_BASE_WINDOWS_PATH_H
#define CAPTION_BASE_WINDOWS_PATH_H

/* Makes slashes of the path's backslashes where there is no file of its name and one of that name:
 * a backslash is a letter here. */
void windows_path_try(char *path);

#endif

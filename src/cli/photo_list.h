/* The photos that the arguments of the command line stand for: a list without doubles, in the order
 * of the arguments, folders sorted by path (bytes).
 *
 *     struct photo_list list = {.recursive = true};
 *     photo_list_add(&list, "holiday", &error);
 *     photo_list_add_from(&list, "-", false, &error);
 */
#ifndef CAPTION_CLI_PHOTO_LIST_H
#define CAPTION_CLI_PHOTO_LIST_H

#include <sys/stat.h>

#include "base/error.h"
#include "cli/options.h"

/* A photo, or an argument or folder that cannot be read. */
struct photo_entry {
    char *path;             /* owned; "-" is standard input */
    caption_error *problem; /* owned; NULL of a photo */
    unsigned relative;      /* path + relative is its path in the folder that was named */
    bool name_taken;        /* another photo has the file that its name asks for:
                               photo_list_find_taken_names */
};

struct photo_list {
    /* Set by the caller before anything is added. */
    bool recursive;           /* folders in folders are searched, too */
    const char *const *globs; /* [glob_count]: of a folder, take files whose names match one of
                                 these patterns of the shell (none: all) */
    size_t glob_count;
    bool stays_inside; /* files are written beside photos: links to folders outside the folder that
                          was named are not followed, but become entries with a problem */

    char *root; /* owned: the real path of the folder that is searched, where it matters */

    struct photo_entry *entries; /* [count] */
    size_t count, capacity;
    size_t photos;  /* entries without a problem */
    size_t others;  /* files of folders that were passed over: neither name nor content says photo,
                       or raw photos beside what the camera made of them */
    size_t doubles; /* names in folders of photos that are in the list by another name */
    bool folders;   /* at least one argument was a folder */

    struct file_id *seen; /* what is in the list, and folders that were searched: a hash table */
    size_t seen_count, seen_capacity;
};

/* Adds a photo, or the photos of a folder. A file that is named is taken as a photo whatever it is;
 * in a folder, files that are none by photo_recognise are counted and passed over, and so are,
 * uncounted, hidden files and folders. What is in the list already, be it by another name, is
 * passed over (by device, inode, size and time) and counted, which ends loops of symbolic links,
 * too; a photo's own name takes the place of that of a link to it. A folder that cannot be read or
 * holds no photo, and a file that cannot be looked at, become entries with a problem. False when
 * memory is short. */
bool photo_list_add(struct photo_list *list, const char *argument, caption_error *error);

/* Adds what a file ("-": standard input) names, one a line; lines end with a 0 byte instead of a
 * newline where `zeros` says so or the file holds one. False when it cannot be read. */
bool photo_list_add_from(struct photo_list *list, const char *file, bool zeros,
                         caption_error *error);

/* Marks, of the photos of a folder whose names differ in nothing but the extension (and case, where
 * the file system ignores that), all but the first in the order of bytes, however the folder is
 * spelt; and a "dog.png.jpg" beside such a "dog.png". `by_relative_path`: instead of folders and
 * names, paths from `relative` on are compared, and where two do not differ at all, it is false
 * with `error` set: files made from these would fight. */
bool photo_list_find_taken_names(struct photo_list *list, bool by_relative_path,
                                 caption_error *error);

/* "/dev/stdin" where standard input is one of the list, else NULL. */
const char *photo_list_input(const struct photo_list *list);

/* Whether a file, as stat(2) sees it, is one of the list. */
bool photo_list_holds(const struct photo_list *list, const struct stat *file);

void photo_list_free(struct photo_list *list);

/* The flags that say which photos a command reads, and how: the same for every command that takes
 * PATH... . */

enum { PHOTO_OPTIONS_ROWS = 8 };

struct photo_options {
    bool recursive, zeros;
    const char *files_from; /* NULL: there is none */
    struct options_list globs;
    const char *sandbox; /* see run_sandbox */
};

/* Sets the defaults and the rows, which point into `options` and `caption`: both must stay where
 * they are. Freed with options_list_free(&options->globs). */
void photo_options_init(struct photo_options *options, caption_options *caption,
                        struct options_row rows[PHOTO_OPTIONS_ROWS]);

/* Adds what the arguments and --files-from name to the list, whose stays_inside the caller has set.
 * False with `error` set where an argument is rather a command, or memory is short. */
bool photo_options_list(const struct photo_options *options, char *const *arguments, int count,
                        struct photo_list *list, caption_error *error);

/* The file of --files-from, for run_files_read; NULL where it is none or standard input. */
const char *photo_options_file(const struct photo_options *options);

#endif

#include "cli/photo_options.h"

#include <string.h>

#include "cli/command.h"
#include "cli/run_sandbox.h"
#include "decode/plan.h"
#include "image/image.h"

void photo_options_init(struct photo_options *options, caption_options *caption,
                        struct options_row out[PHOTO_OPTIONS_ROWS]) {
    *options = (struct photo_options){.sandbox = "auto"};
    const struct options_row rows[PHOTO_OPTIONS_ROWS] = {
        {'r', "recursive", OPTIONS_ON, &options->recursive, NULL, 0, 0,
         "the folders in a folder, too; loops of symbolic links end, and a link out of the folder "
         "is not followed where files are written beside photos",
         NULL},
        {0, "glob", OPTIONS_REPEATED, &options->globs, "PATTERN", 0, 0,
         "of a folder, only files whose names match, as '*.jpg'; may be given several times", NULL},
        {0, "files-from", OPTIONS_STRING, &options->files_from, "FILE", 0, 0,
         "photos and folders that FILE names, one a line; -: standard input. A file that holds "
         "0 bytes is divided at those (find -print0)",
         NULL},
        {'0', "null", OPTIONS_ON, &options->zeros, NULL, 0, 0,
         "it is divided at 0 bytes in any case", NULL},
        {0, "max-pixels", OPTIONS_SIZE, &caption->max_pixels, "N", 1, (double)IMAGE_MAX_PIXELS,
         "photos that have more pixels are refused, not decoded", NULL},
        {0, "accept-truncated", OPTIONS_ON, &caption->accept_truncated, NULL, 0, 0,
         "half a JPEG is captioned as far as it goes, the rest grey; without it, it is an error",
         NULL},
        {0, "memory", OPTIONS_SIZE, &caption->memory, "MB", 0, PLAN_MAX_MEMORY,
         "megabytes that the photos being decoded may take, of all threads together; a thread "
         "whose "
         "photo is too much waits. 0: a quarter of the machine's memory",
         NULL},
        RUN_SANDBOX_FLAG(options->sandbox),
    };
    memcpy(out, rows, sizeof rows);
}

bool photo_options_list(const struct photo_options *options, char *const *arguments, int count,
                        struct photo_list *list, caption_error *error) {
    const bool files_on_input = options->files_from && strcmp(options->files_from, "-") == 0;
    list->recursive = options->recursive;
    list->globs = options->globs.items;
    list->glob_count = options->globs.count;
    if (!arguments_check(arguments, count, error)) return false;
    for (int i = 0; i < count; i++) {
        if (files_on_input && strcmp(arguments[i], "-") == 0)
            return error_set(error, CAPTION_ERROR_ARGUMENT,
                             "standard input cannot be a photo and --files-from at once");
        if (!photo_list_add(list, arguments[i], error)) return false;
    }
    return !options->files_from ||
           photo_list_add_from(list, options->files_from, options->zeros, error);
}

const char *photo_options_file(const struct photo_options *options) {
    const char *file = options->files_from;
    return file && strcmp(file, "-") != 0 ? file : NULL;
}

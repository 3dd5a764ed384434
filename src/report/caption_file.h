/* Sidecar files, one a photo: their paths, text files with captions, and XMP. */
#ifndef CAPTION_REPORT_CAPTION_FILE_H
#define CAPTION_REPORT_CAPTION_FILE_H

#include "report/caption_output.h"
#include "report/caption_table.h"
#include "report/xmp_packet.h"

/* The path of a photo's sidecar file, newly allocated: "holiday/dog.txt" for "holiday/dog.jpg" and
 * the extension ".txt". If photos differ only in their extension, the first in byte order has that
 * name, and the others keep their extension: "dog.jpg" has "dog.txt" and "dog.png" has
 * "dog.png.txt". In `folder` (NULL: beside the photo) the tree of the folder argument is mirrored.
 * NULL with `error` set when memory is short. */
char *caption_file_path(const struct caption_row *row, const char *folder, const char *extension,
                        caption_error *error);

/* The first line of a file of captions, newly allocated; NULL where it cannot be read, or is a
 * link, which may lead anywhere. */
char *caption_file_first(const char *path);

/* Whether a path names a regular file, be it by a link. */
bool caption_file_is_there(const char *path);

/* What happens to an existing file. */
enum caption_file_existing {
    CAPTION_FILE_SKIP, /* left as it is: its photo is not captioned */
    CAPTION_FILE_OVERWRITE,
    CAPTION_FILE_APPEND,  /* add captions after its lines */
    CAPTION_FILE_PREPEND, /* or before them */
};

enum { CAPTION_FILE_RESERVED = 4 };
struct caption_file_options {
    const char *extension; /* with its dot; must stay valid */
    const char *folder;    /* see caption_file_path; must stay valid */
    enum caption_file_existing existing;
    bool force;           /* overwrite a file that is not text, too; never a photo */
    bool n_best;          /* all captions, a line each, not only the best */
    enum tags_shown tags; /* in a line of their own, after the captions */
    const char *reserved[CAPTION_FILE_RESERVED]; /* what the run reads and writes besides, or NULL:
                                                    never written over; must stay valid */
};

/* An output that writes a text file for each photo with captions, atomically, in UTF-8 with a final
 * newline; folders are created as needed. NULL when memory is short. */
struct caption_output *caption_file_output_new(const struct caption_file_options *options,
                                               caption_error *error);

/* A tar archive of photos with their captions, as WebDataset reads it: for each photo its member,
 * as it was, then KEY.txt with its caption and KEY.json with what a row of JSON Lines says. Photos
 * that could not be read are left out. */

/* An output that writes the archive beside `path` and renames it over it at the end (POSIX's
 * format, by libarchive). The same input makes the same bytes: members have no owner and no time.
 * `rows` says what the texts hold; its stream is not used. Its rows must have a member. NULL with
 * `error` set. */
struct caption_output *caption_tar_new(const char *path, const struct caption_rows *rows,
                                       caption_error *error);

/* Captions as metadata: an XMP sidecar beside each photo with the best caption as its description
 * (dc:description) and as its alt text (Iptc4xmpCore:AltTextAccessibility, IPTC Photo Metadata
 * Standard 2021.1), which exiftool, darktable and digiKam read; its tags are added to the keywords
 * (dc:subject), and the confidence of the caption is stored in a property of our own
 * (caption:Confidence). The photo itself is never modified.
 *
 * A sidecar has one of two names: "dog.jpg" has "dog.jpg.xmp" in darktable and digiKam, so that
 * dog.png has one of its own, and "dog.xmp" in Adobe's programs. Where one exists, under either
 * name, the captions go to it: the two texts are added or replaced, and everything else is left
 * unchanged: see xmp_packet.h. A "dog.xmp" that says it belongs to dog.cr2
 * (photoshop:SidecarForExtension) is left alone. */

/* Which sidecars are created where they do not exist. */
enum caption_xmp_names {
    CAPTION_XMP_USUAL,     /* dog.jpg.xmp, unless there is a dog.xmp */
    CAPTION_XMP_DARKTABLE, /* dog.jpg.xmp */
    CAPTION_XMP_ADOBE,     /* dog.xmp; if photos differ only in their extension, the first in byte
                              order has it, and the others have "dog.png.xmp" */
    CAPTION_XMP_BOTH,
    CAPTION_XMP_NONE,
};

struct caption_xmp_options {
    const char *folder; /* see caption_file_path; must stay valid */
    bool overwrite;     /* existing texts are replaced, not kept */
    enum tags_shown tags;
    enum caption_xmp_names names;
};

/* What is written of a photo; false: nothing, for there is no caption. */
bool caption_xmp_content(const struct caption_row *row, enum tags_shown tags,
                         struct xmp_content *content);

/* Writes the content to the photo's sidecars, each atomically. */
bool caption_xmp_put(const struct caption_xmp_options *options, const struct caption_row *row,
                     const struct xmp_content *content, caption_error *error);

/* Whether the photo's sidecars are there and have everything that is written: both texts, keywords.
 */
bool caption_xmp_is_done(const struct caption_xmp_options *options, const struct caption_row *row);

/* Hands out the sidecars of a photo that would be written. False with `error` set when a file
 * cannot be looked at or memory is short. */
bool caption_xmp_list(const struct caption_xmp_options *options, const struct caption_row *row,
                      void (*take)(void *context, const char *path), void *context,
                      caption_error *error);

/* An output that writes the sidecars of each photo. NULL when memory is short. */
struct caption_output *caption_xmp_new(const struct caption_xmp_options *options,
                                       caption_error *error);

#endif

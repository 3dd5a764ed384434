/* The packed weights of a model in a file beside it, MODEL.packed: what inference makes of the
 * model's numbers for one processor, as it lies in memory. A program that finds them maps them in
 * place of packing, which is a quarter of the time of one photo, and programs share them.
 *
 * The file is 64 KiB with a line of text, the key, and two lines with the sizes of the parts, then
 * the parts, each from a multiple of 64 KiB on. The key names all that the parts depend on (the
 * model, the program's source, the processor's instructions, the precision); a file with another
 * key is as good as none. The parts hold numbers and no pointer that is used, so a damaged file
 * gives wrong captions or an error, and never reads other memory. */
#ifndef CAPTION_FORMAT_PACKED_FILE_H
#define CAPTION_FORMAT_PACKED_FILE_H

#include "base/file.h"
#include "base/memory.h"

enum packed_part { PACKED_DECODER, PACKED_ENCODER, PACKED_PARTS };

enum {
    PACKED_KEY = 256,              /* bytes of a key, with the terminating 0 */
    PACKED_HEAD = PACKED_KEY + 64, /* of the key and the sizes */
    PACKED_ALIGNMENT = 64 * 1024   /* of a part: the largest pages that processors have */
};

struct packed_file {
    struct file_parts file; /* not owned */
    size_t offsets[PACKED_PARTS], sizes[PACKED_PARTS];
};

/* "MODEL.packed", newly allocated; NULL with `error` set when memory is short. */
char *packed_file_path(const char *model, caption_error *error);

/* Writes the parts, atomically. */
bool packed_file_write(const char *path, const char *key, const struct arena *const *parts,
                       caption_error *error);

/* The key and the sizes as they stand in the file; returns their length. */
int packed_file_head(char head[PACKED_HEAD], const char *key, const size_t *sizes);

/* Takes an open file, which must stay open, as packed weights of that key. False where it is
 * damaged or has another key; errors name `path`. */
bool packed_file_take(struct packed_file *packed, const struct file_parts *file, const char *path,
                      const char *key, caption_error *error);

/* Whether a file begins as such a file, of any key. */
bool packed_file_recognise(const char *path);

/* Maps a part into an empty arena, which it outlives. */
bool packed_file_map(const struct packed_file *packed, enum packed_part part, struct arena *arena,
                     caption_error *error);

#endif

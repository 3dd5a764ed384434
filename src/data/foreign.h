/* Files that hold data sets and are not read, each with the way out. */
#ifndef CAPTION_DATA_FOREIGN_H
#define CAPTION_DATA_FOREIGN_H

#include <stdint.h>

#include "base/error.h"

/* True for a file that may hold a data set; false with `error` set, which names the path, for one
 * that begins as a Parquet or Arrow file or as compressed data does. */
bool foreign_check(const uint8_t *bytes, size_t size, const char *path, caption_error *error);

#endif

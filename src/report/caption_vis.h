/* The captions in the format of neuraltalk2's vis.json, for tools that read it:
 *
 *     [{"image_id": "1", "caption": "a dog runs", "file_name": "holiday/dog.jpg"}, ...]
 *
 * As there, photos of a folder are counted from "1" in the order of the input; file_name is what
 * its -dump_path adds. A photo without a caption has no row, but it counts: ids do not shift. */
#ifndef CAPTION_REPORT_CAPTION_VIS_H
#define CAPTION_REPORT_CAPTION_VIS_H

#include "report/caption_output.h"

/* An output that writes the file `path` atomically. NULL with `error` set when memory is short or
 * the file cannot be created. */
struct caption_output *caption_vis_new(const char *path, caption_error *error);

/* Whether a file is an array of such rows, perhaps empty. */
bool caption_vis_recognise(const char *path);

#endif

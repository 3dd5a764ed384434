/* The captions as neuraltalk2's vis.json has them, for the tools that read that:
 *
 *     [{"image_id": "1", "caption": "a dog runs", "file_name": "holiday/dog.jpg"}, ...]
 *
 * As there, photos of a folder are counted from "1" in the order of the input; file_name is what
 * its -dump_path adds. A photo without a caption has no row, but it counts: ids do not shift. */
#ifndef CAPTION_REPORT_CAPTION_VIS_H
#define CAPTION_REPORT_CAPTION_VIS_H

#include "report/caption_output.h"

/* An output that writes the file `path`, whole or not at all. NULL with `error` set where memory is
 * short or no file can be made there. */
struct caption_output *caption_vis_new(const char *path, caption_error *error);

/* Whether a file holds an array of such rows, or none. */
bool caption_vis_recognise(const char *path);

#endif

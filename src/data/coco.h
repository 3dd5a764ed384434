/* COCO captions:
 *
 *     {"images": [{"id", "file_name", "split" (optional)}],
 *      "annotations": [{"image_id", "caption"}]}
 *
 * (Chen et al., Microsoft COCO Captions, 2015.) Ids are whole numbers or strings. Annotations come
 * in any order; those of photos that are not in "images" are left out and counted. Annotations of
 * objects (instances_*.json) have no captions: an error that says so. */
#ifndef CAPTION_DATA_COCO_H
#define CAPTION_DATA_COCO_H

#include "data/builder.h"
#include "data/source.h"

/* True for an object that has "images" and "annotations". */
bool coco_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool coco_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

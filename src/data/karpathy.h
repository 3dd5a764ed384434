/* Karpathy's format of Flickr8k, Flickr30k and COCO:
 *
 *     {"images": [{"filename", "split", "imgid" or "cocoid", "filepath" (optional),
 *                  "sentences": [{"tokens": [...], "raw"}]}]}
 *
 * (Karpathy and Fei-Fei, Deep Visual-Semantic Alignments, 2015.) */
#ifndef CAPTION_DATA_KARPATHY_H
#define CAPTION_DATA_KARPATHY_H

#include <cjson/cJSON.h>

#include "data/builder.h"

/* True for an object that has "images" and not COCO's "annotations". */
bool karpathy_recognises(const cJSON *root);

/* Adds all photos and captions. Errors name the data set and the field. */
bool karpathy_read(const cJSON *root, struct builder *builder, caption_error *error);

#endif

/* Karpathy's format of Flickr8k, Flickr30k and COCO:
 *
 *     {"images": [{"filename", "split", "imgid" or "cocoid", "filepath" (optional),
 *                  "source" (optional), "sentences": [{"tokens": [...], "raw"}]}]}
 *
 * (Karpathy and Fei-Fei, Deep Visual-Semantic Alignments, 2015.) "filepath" is a subfolder of the
 * folder of photos. Sentences with "tokens" are used unchanged, others are tokenized from "raw".
 * "split" may be absent from all photos. "source" is where a photo comes from: a string; any other
 * type is ignored. */
#ifndef CAPTION_DATA_KARPATHY_H
#define CAPTION_DATA_KARPATHY_H

#include "data/builder.h"
#include "data/source.h"

/* True for an object that has "images" and not COCO's "annotations". */
bool karpathy_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool karpathy_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

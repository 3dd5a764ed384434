/* Karpathy's format of Flickr8k, Flickr30k and COCO:
 *
 *     {"images": [{"filename", "split", "imgid" or "cocoid", "filepath" (optional),
 *                  "source" (optional), "sentences": [{"tokens": [...], "raw"}]}]}
 *
 * (Karpathy and Fei-Fei, Deep Visual-Semantic Alignments, 2015.) "filepath" is put between the
 * folder of the photos and "filename". Sentences with "tokens" are used as they are, others are
 * tokenized from "raw". "split" may be left out of all photos. "source" is where a photo comes
 * from: a string; anything else says nothing. */
#ifndef CAPTION_DATA_KARPATHY_H
#define CAPTION_DATA_KARPATHY_H

#include "data/builder.h"
#include "data/source.h"

/* True for an object that has "images" and not COCO's "annotations". */
bool karpathy_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the field. */
bool karpathy_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

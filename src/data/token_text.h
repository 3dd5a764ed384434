/* Flickr8k's token.txt and Flickr30k's results_*.token, a caption a line:
 *
 *     1000268201_693b08cb0e.jpg#0<TAB>A child in a pink dress .
 *
 * (Hodosh, Young and Hockenmaier, Framing Image Description, 2013.) The lines of a photo may be
 * anywhere; the format has no splits. */
#ifndef CAPTION_DATA_TOKEN_TEXT_H
#define CAPTION_DATA_TOKEN_TEXT_H

#include "data/builder.h"
#include "data/source.h"

/* True for a text whose first line has that form. */
bool token_text_recognises(const struct source *source);

/* Adds all photos and captions. Errors name the data set and the line. */
bool token_text_read(const struct source *source, struct builder *builder, caption_error *error);

#endif

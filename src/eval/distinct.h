/* How many different sentences there are: the quickest sign of a captioner that does not look at
 * its photos. */
#ifndef CAPTION_EVAL_DISTINCT_H
#define CAPTION_EVAL_DISTINCT_H

#include "text/tokenizer.h"

/* Counts the different word sequences among `captions`. */
bool distinct_count(const struct tokens *captions, size_t count, size_t *distinct,
                    caption_error *error);

#endif

/* The parts of the page of captions, one file each. Internal to the page. */
#ifndef CAPTION_REPORT_CAPTION_PAGE_PARTS_H
#define CAPTION_REPORT_CAPTION_PAGE_PARTS_H

#include <stdio.h>

#include "report/tag_text.h"

/* A photo's place in the gallery. The stream's own errors are left to
 * its owner. */
void caption_card_write(FILE *stream, const char *path, const caption_result *result,
                        const caption_thumbnail *thumbnail, enum tags_told tags);

#endif

/* A photo's tags in text. */
#ifndef CAPTION_REPORT_TAG_TEXT_H
#define CAPTION_REPORT_TAG_TEXT_H

#include <stdio.h>

#include "caption.h"

/* What outputs write of a photo. */
enum tags_told {
    TAGS_NOT_TOLD, /* its captions */
    TAGS_TOLD,     /* its captions and its tags */
    TAGS_ALONE,    /* its tags */
};

/* The names, separated by ", ". The stream's own errors are left to its owner. */
void tag_text_write(FILE *stream, const caption_result *result);

#endif

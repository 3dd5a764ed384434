/* Faults of an untrusted text, counted before it is parsed. */
#ifndef CAPTION_DATA_TEXT_FAULTS_H
#define CAPTION_DATA_TEXT_FAULTS_H

#include "base/error.h"

struct text_faults {
    size_t
        zeros; /* 0 bytes and \u0000: what stands behind one in a name or a caption is not read */
    size_t foreign; /* lines that are not in UTF-8 */
};

/* Adds those of text[size]. */
void text_faults_count(struct text_faults *faults, const char *text, size_t size);

/* False with `error` set, which names `path`, for a text in UTF-16. */
bool text_faults_check(const char *text, size_t size, const char *path, caption_error *error);

#endif

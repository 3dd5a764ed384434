/* The caption styles of a model: the ways in which its training data sets describe photos, each
 * with a name, such as "coco". A style is a vector that is added to x_1 (decoder.h); without a
 * style, captions are a mixture of all. The first style is the default. */
#ifndef CAPTION_MODEL_STYLES_H
#define CAPTION_MODEL_STYLES_H

#include <stddef.h>

#include "base/error.h"

/* No style, in place of a number. */
#define STYLE_NONE SIZE_MAX

enum { STYLES_MOST = 64, STYLES_LONGEST_NAME = 64 };

/* Starts as {0}. */
struct styles {
    char **names; /* [count], all different; owned */
    size_t count, capacity;
};
void styles_free(struct styles *styles);

/* The number of a style, or STYLE_NONE. A name of NULL is none. */
size_t styles_find(const struct styles *styles, const char *name);

/* The name of a style; NULL for STYLE_NONE. */
const char *styles_name(const struct styles *styles, size_t style);

/* Adds a name if it is new. Names are short words without white space; "none" and "auto" are
 * reserved by the command line. */
bool styles_add(struct styles *styles, const char *name, caption_error *error);

/* The style of a photo: that of its source (NULL: it has none), else that of its data set. */
size_t styles_of(const struct styles *styles, const char *source, const char *set);

/* The number of the requested style: the model's first for NULL, STYLE_NONE for "none" and where
 * the model has no styles. A style that it does not have is an error that lists those it has. */
bool styles_choose(const struct styles *styles, const char *name, size_t *style,
                   caption_error *error);

/* The text for a model's metadata, under "styles": one name a line. Freed with free(). */
char *styles_format(const struct styles *styles, caption_error *error);

/* Reads such a text; hostile input. `name` begins the messages. On failure there is nothing to
 * free. */
bool styles_parse(struct styles *styles, const char *text, const char *name, caption_error *error);

#endif

/* What the readers of documents share. Internal to src/alt. */
#ifndef CAPTION_ALT_PICTURES_PARTS_H
#define CAPTION_ALT_PICTURES_PARTS_H

#include "alt/pictures.h"

/* Each adds the pictures of its kind; `place` of each counts in bytes[size]. */
bool pictures_read_html(const char *bytes, size_t size, struct alt_pictures *pictures,
                        caption_error *error);
bool pictures_read_xhtml(const char *bytes, size_t size, struct alt_pictures *pictures,
                         caption_error *error);
bool pictures_read_markdown(const char *bytes, size_t size, struct alt_pictures *pictures,
                            caption_error *error);

/* The attributes of an <img> that count; NULL: absent. */
struct img_attributes {
    const char *src, *alt, *role, *aria_hidden;
};

/* Adds an <img>; one without src is no picture. */
bool pictures_add_tag(struct alt_pictures *pictures, const struct img_attributes *attributes,
                      size_t place, caption_error *error);

/* The same for "![](url)". */
bool pictures_add(struct alt_pictures *pictures, struct alt_picture picture, const char *url,
                  caption_error *error);

/* The place behind the name of the tag that begins at bytes[at]: "<img". */
size_t pictures_behind_name(const char *bytes, size_t size, size_t at);

/* Says which library the program was built without, and its package. Returns false. */
bool pictures_need(const char *library, const char *package, caption_error *error);

#endif

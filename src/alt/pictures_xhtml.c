/* XHTML, which is XML. */
#include "alt/pictures_parts.h"

#ifdef CAPTION_WITH_EXPAT

#include <string.h>

#include <expat.h>

#include "base/memory.h"

struct xhtml_reader {
    XML_Parser parser;
    const char *bytes;
    size_t size;
    struct alt_pictures *pictures;
    caption_error *error;
    bool failed;
};

static const char *local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *value_of(const char **attributes, const char *name) {
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0) return attributes[1];
    return NULL;
}

static void start_element(void *context, const char *name, const char **attributes) {
    struct xhtml_reader *reader = context;
    const size_t at = (size_t)XML_GetCurrentByteIndex(reader->parser);
    const char *tag = local_name(name), *href = value_of(attributes, "href");
    /* An element that an entity stands for begins with no "<". */
    if (reader->failed || at >= reader->size || reader->bytes[at] != '<') return;
    if (strcmp(tag, "base") == 0 && !reader->pictures->base && href) {
        reader->pictures->base = memory_string(href, reader->error);
        reader->failed = !reader->pictures->base;
    }
    if (strcmp(tag, "img") != 0) return;
    const struct img_attributes img = {value_of(attributes, "src"), value_of(attributes, "alt"),
                                       value_of(attributes, "role"),
                                       value_of(attributes, "aria-hidden")};
    reader->failed |=
        !pictures_add_tag(reader->pictures, &img,
                          pictures_behind_name(reader->bytes, reader->size, at), reader->error);
}

bool pictures_read_xhtml(const char *bytes, size_t size, struct alt_pictures *pictures,
                         caption_error *error) {
    struct xhtml_reader reader = {.parser = XML_ParserCreate("UTF-8"),
                                  .bytes = bytes,
                                  .size = size,
                                  .pictures = pictures,
                                  .error = error};
    if (!reader.parser) return error_memory(error, "an XML parser");
    XML_SetUserData(reader.parser, &reader);
    XML_SetStartElementHandler(reader.parser, start_element);
    bool ok = XML_Parse(reader.parser, bytes, (int)size, XML_TRUE) == XML_STATUS_OK;
    if (!ok)
        error_set(error, CAPTION_ERROR_FORMAT, "line %lu: %s",
                  (unsigned long)XML_GetCurrentLineNumber(reader.parser),
                  XML_ErrorString(XML_GetErrorCode(reader.parser)));
    ok = ok && !reader.failed;
    XML_ParserFree(reader.parser);
    return ok;
}

#else

bool pictures_read_xhtml(const char *bytes, size_t size, struct alt_pictures *pictures,
                         caption_error *error) {
    (void)bytes, (void)size, (void)pictures;
    return pictures_need("expat", "libexpat1-dev", error);
}

#endif

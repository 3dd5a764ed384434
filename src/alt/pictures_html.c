/* HTML, as browsers read it. */
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#ifdef CAPTION_WITH_GUMBO
#include <gumbo.h>
#endif
#ifdef CAPTION_WITH_EXPAT
#include <expat.h>
#endif

#include "alt/pictures.h"
#include "base/file.h"
#include "base/memory.h"

#ifdef CAPTION_WITH_GUMBO

/* Loaded for the first document, for it takes time. */
#define GUMBO(FUNCTION)                                                                            \
    FUNCTION(gumbo_parse_with_options)                                                             \
    FUNCTION(gumbo_get_attribute)                                                                  \
    FUNCTION(kGumboDefaultOptions)

struct gumbo {
    GUMBO(LIBRARY_POINTER)
};

static bool load(struct gumbo *lib, caption_error *error) {
    return library_load(CAPTION_GUMBO_SONAME, "HTML", "libgumbo", LIBRARY_NAMES(GUMBO), lib, error);
}

/* Gumbo checks no allocation, and frees its tree by recursion: a deep one would end the program. So
 * everything that it allocates is kept until the end, and a failure jumps out of it. So does a
 * document that takes too long: every tag looks through all elements that are open. */
enum gumbo_failure { OUT_OF_MEMORY = 1, OUT_OF_TIME };
enum { MOST_SECONDS = 20, CALLS_A_LOOK = 1000 };

struct gumbo_block {
    struct gumbo_block *next;
    max_align_t bytes[];
};

struct gumbo_memory {
    struct gumbo_block *blocks;
    size_t calls;
    double begun;
    jmp_buf failed;
};

/* Seconds that this thread computed. */
static double computed(void) {
    struct timespec time = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *take(void *context, size_t size) {
    struct gumbo_memory *memory = context;
    size_t all;
    struct gumbo_block *block = size_add(size, sizeof *block, &all) ? malloc(all) : NULL;
    if (!block) longjmp(memory->failed, OUT_OF_MEMORY);
    block->next = memory->blocks;
    memory->blocks = block;
    if (++memory->calls % CALLS_A_LOOK == 0 && computed() - memory->begun > MOST_SECONDS)
        longjmp(memory->failed, OUT_OF_TIME);
    return block->bytes;
}

static void keep(void *context, void *taken) {
    (void)context, (void)taken;
}

static void free_all(struct gumbo_memory *memory) {
    while (memory->blocks) {
        struct gumbo_block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
}

static const char *value_of(const struct gumbo *lib, const GumboElement *element,
                            const char *name) {
    const GumboAttribute *attribute = lib->gumbo_get_attribute(&element->attributes, name);
    return attribute ? attribute->value : NULL;
}

/* The alt text, or what a program makes one of: Vue, Angular, AngularJS, Aurelia, Thymeleaf. */
static const char *alt_of(const struct gumbo *lib, const GumboElement *element) {
    static const char *const names[] = {"alt",        ":alt",        "v-bind:alt", "[alt]",
                                        "[attr.alt]", "ng-attr-alt", "alt.bind",   "th:alt"};
    const char *alt = NULL;
    for (size_t i = 0; !alt && i < sizeof names / sizeof *names; i++)
        alt = value_of(lib, element, names[i]);
    return alt;
}

static bool add_element(const struct gumbo *lib, const GumboElement *element, const char *bytes,
                        size_t size, struct alt_pictures *pictures, caption_error *error) {
    if (element->tag == GUMBO_TAG_BASE && !pictures->base && value_of(lib, element, "href")) {
        pictures->base = memory_string(value_of(lib, element, "href"), error);
        return pictures->base != NULL;
    }
    const char *tag = element->original_tag.data;
    if (element->tag != GUMBO_TAG_IMG || !tag || element->original_tag.length == 0) return true;
    const struct img_attributes attributes = {value_of(lib, element, "src"), alt_of(lib, element),
                                              value_of(lib, element, "role"),
                                              value_of(lib, element, "aria-hidden")};
    return pictures_add_tag(pictures, &attributes,
                            pictures_behind_name(bytes, size, (size_t)(tag - bytes)), error);
}

static const GumboVector *children_of(const GumboNode *node) {
    if (node->type == GUMBO_NODE_DOCUMENT) return &node->v.document.children;
    if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE)
        return &node->v.element.children;
    return NULL;
}

/* The next node in the order of the document. */
static const GumboNode *next_node(const GumboNode *node) {
    const GumboVector *children = children_of(node);
    if (children && children->length > 0) return children->data[0];
    for (; node->parent; node = node->parent) {
        const GumboVector *siblings = children_of(node->parent);
        if (node->index_within_parent + 1 < siblings->length)
            return siblings->data[node->index_within_parent + 1];
    }
    return NULL;
}

static bool add_all(const struct gumbo *lib, const GumboNode *node, const char *bytes, size_t size,
                    struct alt_pictures *pictures, caption_error *error) {
    for (; node; node = next_node(node))
        if (node->type == GUMBO_NODE_ELEMENT &&
            !add_element(lib, &node->v.element, bytes, size, pictures, error))
            return false;
    return true;
}

bool pictures_read_html(const char *bytes, size_t size, struct alt_pictures *pictures,
                        caption_error *error) {
    struct gumbo lib;
    if (!load(&lib, error)) return false;
    struct gumbo_memory memory = {.begun = computed()};
    GumboOptions options = *lib.kGumboDefaultOptions;
    options.allocator = take;
    options.deallocator = keep;
    options.userdata = &memory;
    options.max_errors = 0;
    bool ok;
    switch (setjmp(memory.failed)) {
    case 0:
        ok = add_all(&lib, lib.gumbo_parse_with_options(&options, bytes, size)->document, bytes,
                     size, pictures, error);
        break;
    case OUT_OF_TIME:
        ok = error_set(error, CAPTION_ERROR_LIMIT,
                       "is HTML that takes more than %d s to read: its elements lie too deep in "
                       "each other",
                       MOST_SECONDS);
        break;
    default:
        ok = error_memory(error, "an HTML document");
    }
    free_all(&memory);
    return ok;
}

#else

bool pictures_read_html(const char *bytes, size_t size, struct alt_pictures *pictures,
                        caption_error *error) {
    (void)bytes, (void)size, (void)pictures;
    return pictures_need("gumbo", "libgumbo-dev", error);
}

#endif

/* XHTML, which is XML. */

#ifdef CAPTION_WITH_EXPAT

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

static const char *xhtml_value(const char **attributes, const char *name) {
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0) return attributes[1];
    return NULL;
}

static void start_element(void *context, const char *name, const char **attributes) {
    struct xhtml_reader *reader = context;
    const size_t at = (size_t)XML_GetCurrentByteIndex(reader->parser);
    const char *tag = local_name(name), *href = xhtml_value(attributes, "href");
    /* An element that an entity stands for begins with no "<". */
    if (reader->failed || at >= reader->size || reader->bytes[at] != '<') return;
    if (strcmp(tag, "base") == 0 && !reader->pictures->base && href) {
        reader->pictures->base = memory_string(href, reader->error);
        reader->failed = !reader->pictures->base;
    }
    if (strcmp(tag, "img") != 0) return;
    const struct img_attributes img = {
        xhtml_value(attributes, "src"), xhtml_value(attributes, "alt"),
        xhtml_value(attributes, "role"), xhtml_value(attributes, "aria-hidden")};
    reader->failed |=
        !pictures_add_tag(reader->pictures, &img,
                          pictures_behind_name(reader->bytes, reader->size, at), reader->error);
}

/* Expat knows few encodings. Tags are ASCII in all that hold no bytes of 0, so that each byte may
 * be a letter for itself where the declaration names another one than UTF-8. */
static const char *encoding_of(const char *bytes) {
    const char *end = strncmp(bytes, "<?xml", 5) == 0 ? strstr(bytes, "?>") : NULL;
    const char *name = end ? pictures_find_value(bytes, (size_t)(end - bytes), "encoding") : NULL;
    return !name || strncasecmp(name, "UTF", 3) == 0 ? "UTF-8" : "ISO-8859-1";
}

bool pictures_read_xhtml(const char *bytes, size_t size, struct alt_pictures *pictures,
                         caption_error *error) {
    struct xhtml_reader reader = {.parser = XML_ParserCreate(encoding_of(bytes)),
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

/* Markdown: "![](URL)", "![][NAME]", and the HTML in it. Cmark says where blocks lie; of what lies
 * in a line it is less sure, so that its place is believed only if the text there fits, and else
 * the block is searched. A text in the wrong place is found by reading the document again. */
#include "alt/pictures.h"

#ifdef CAPTION_WITH_CMARK

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmark.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* Loaded for the first document, for it takes time. */
#define CMARK(FUNCTION)                                                                            \
    FUNCTION(cmark_iter_free)                                                                      \
    FUNCTION(cmark_iter_get_node)                                                                  \
    FUNCTION(cmark_iter_new)                                                                       \
    FUNCTION(cmark_iter_next)                                                                      \
    FUNCTION(cmark_node_first_child)                                                               \
    FUNCTION(cmark_node_get_end_line)                                                              \
    FUNCTION(cmark_node_get_literal)                                                               \
    FUNCTION(cmark_node_get_start_column)                                                          \
    FUNCTION(cmark_node_get_start_line)                                                            \
    FUNCTION(cmark_node_get_type)                                                                  \
    FUNCTION(cmark_node_get_url)                                                                   \
    FUNCTION(cmark_node_parent)                                                                    \
    FUNCTION(cmark_parser_feed)                                                                    \
    FUNCTION(cmark_parser_finish)                                                                  \
    FUNCTION(cmark_parser_new_with_mem)

struct cmark {
    CMARK(LIBRARY_POINTER)
};

static bool load(struct cmark *lib, caption_error *error) {
    return library_load(CAPTION_CMARK_SONAME, "Markdown", "libcmark", LIBRARY_NAMES(CMARK), lib,
                        error);
}

/* Cmark ends the program where an allocation fails, unless it is given functions, which it hands
 * nothing. So everything that it allocates is in a list, and a failure jumps out of it. */
struct cmark_block {
    struct cmark_block *previous, *next;
    size_t size;
    max_align_t bytes[];
};

struct cmark_memory {
    struct cmark_block *blocks;
    jmp_buf failed;
};

static _Thread_local struct cmark_memory *of_cmark; /* while this thread reads a document */

static void *take(size_t count, size_t size) {
    size_t all;
    struct cmark_block *block =
        size_multiply(count, size, &size) && size_add(size, sizeof *block, &all) ? calloc(1, all)
                                                                                 : NULL;
    if (!block) longjmp(of_cmark->failed, 1);
    block->size = size;
    block->next = of_cmark->blocks;
    if (block->next) block->next->previous = block;
    of_cmark->blocks = block;
    return block->bytes;
}

static void give_back(void *bytes) {
    if (!bytes) return;
    struct cmark_block *block =
        (struct cmark_block *)((char *)bytes - offsetof(struct cmark_block, bytes));
    *(block->previous ? &block->previous->next : &of_cmark->blocks) = block->next;
    if (block->next) block->next->previous = block->previous;
    free(block);
}

static void *take_more(void *bytes, size_t size) {
    void *more = take(1, size);
    if (!bytes) return more;
    const struct cmark_block *block =
        (struct cmark_block *)((char *)bytes - offsetof(struct cmark_block, bytes));
    memcpy(more, bytes, size_smaller(size, block->size));
    give_back(bytes);
    return more;
}

struct markdown {
    struct cmark lib;
    struct cmark_memory memory;
    const char *bytes;
    size_t size;
    size_t *lines; /* [line_count + 1], owned: where each begins; the last: the end */
    size_t line_count, line_capacity;
    size_t searched; /* no text before it belongs to the pictures that are still to come */
    size_t in_vain;  /* bytes that were searched for pictures that were not found */
    struct alt_pictures *pictures;
};

/* Lines end as in CommonMark: with LF, CR or both. */
static bool find_lines(struct markdown *markdown, caption_error *error) {
    size_t at = 0;
    for (;;) {
        if (!memory_grow(&markdown->lines, &markdown->line_capacity, markdown->line_count + 2,
                         sizeof *markdown->lines, "lines", error))
            return false;
        markdown->lines[markdown->line_count++] = at;
        at += strcspn(markdown->bytes + at, "\r\n");
        if (at == markdown->size) break;
        at += markdown->bytes[at] == '\r' && markdown->bytes[at + 1] == '\n' ? 2 : 1;
    }
    markdown->lines[markdown->line_count] = markdown->size;
    return true;
}

static size_t begin_of_line(const struct markdown *markdown, int line) {
    const size_t index = line < 1 ? 0 : (size_t)line - 1;
    return markdown->lines[size_smaller(index, markdown->line_count)];
}

/* The block that an inline is part of. */
static cmark_node *block_of(const struct markdown *markdown, cmark_node *node) {
    while (node && markdown->lib.cmark_node_get_type(node) > CMARK_NODE_LAST_BLOCK)
        node = markdown->lib.cmark_node_parent(node);
    return node;
}

struct block_extent {
    size_t begin, end;
};

static struct block_extent extent_of(const struct markdown *markdown, cmark_node *block) {
    return (struct block_extent){
        begin_of_line(markdown, markdown->lib.cmark_node_get_start_line(block)),
        begin_of_line(markdown, markdown->lib.cmark_node_get_end_line(block) + 1)};
}

/* Whether a picture without text begins at the place, with that URL if it stands there as it is. */
static bool is_empty_picture(const struct markdown *markdown, size_t at, const char *url) {
    const char *text = markdown->bytes + at;
    if (strncmp(text, "![](", 4) != 0) return strncmp(text, "![][", 4) == 0;
    text += 4 + strspn(text + 4, " \t\r\n");
    text += *text == '<';
    return !url || strncmp(text, url, strlen(url)) == 0 || strcspn(text, "\\&") < strlen(url);
}

/* Where to search for the next picture of a block: nowhere after many long searches in vain, which
 * would take hours in a hostile document. */
static size_t search_from(const struct markdown *markdown, const struct block_extent *block) {
    static const size_t most = (size_t)1 << 28;
    const size_t from = size_larger(block->begin, markdown->searched);
    return markdown->in_vain < most ? size_smaller(from, block->end) : block->end;
}

/* Where cmark says that an inline begins. */
static size_t place_of(const struct markdown *markdown, cmark_node *node) {
    const int column = markdown->lib.cmark_node_get_start_column(node);
    return begin_of_line(markdown, markdown->lib.cmark_node_get_start_line(node)) +
           (size_t)(column > 0 ? column - 1 : 0);
}

/* The place between the brackets of a picture; 0: not found. */
static size_t find_picture(struct markdown *markdown, cmark_node *node) {
    const char *url = markdown->lib.cmark_node_get_url(node);
    const struct block_extent block = extent_of(markdown, block_of(markdown, node));
    size_t at = place_of(markdown, node);
    if (at >= markdown->searched && at < block.end && is_empty_picture(markdown, at, url))
        return at + 2;
    const size_t from = search_from(markdown, &block);
    for (at = from; at < block.end; at++)
        if (markdown->bytes[at] == '!' && is_empty_picture(markdown, at, url) &&
            (at == 0 || markdown->bytes[at - 1] != '\\'))
            return at + 2;
    markdown->in_vain += block.end - from;
    return 0;
}

static bool has_text(const struct markdown *markdown, cmark_node *picture) {
    return markdown->lib.cmark_node_first_child(picture) != NULL;
}

static bool add_picture(struct markdown *markdown, cmark_node *node, caption_error *error) {
    struct alt_picture picture = {.line = (size_t)markdown->lib.cmark_node_get_start_line(node),
                                  .lacks_alt = !has_text(markdown, node)};
    const char *url = markdown->lib.cmark_node_get_url(node);
    if (!url || !*url) return true;
    if (picture.lacks_alt) picture.place = find_picture(markdown, node);
    if (picture.place > 0) markdown->searched = picture.place;
    return pictures_add(markdown->pictures, picture, url, error);
}

static bool has_tag(const char *html) {
    for (; html && *html; html++)
        if (strncasecmp(html, "<img", 4) == 0) return true;
    return false;
}

/* The pictures of bytes `begin` to `end`, which are HTML; 0: its place is not known. */
static bool add_html(struct markdown *markdown, const char *html, size_t size, size_t begin,
                     size_t line, caption_error *error) {
    struct alt_pictures *pictures = markdown->pictures;
    const size_t first = pictures->count;
    if (!pictures_read_html(html, size, pictures, error)) return false;
    for (size_t i = first; i < pictures->count; i++) {
        struct alt_picture *picture = &pictures->items[i];
        picture->line = line;
        picture->place = html == markdown->bytes + begin ? picture->place + begin : 0;
    }
    return true;
}

/* The length of a line, its end included. */
static size_t line_length(const char *line) {
    const size_t length = strcspn(line, "\r\n");
    if (line[length] == 0) return length;
    return length + (line[length] == '\r' && line[length + 1] == '\n' ? 2 : 1);
}

/* Counted in its text: where a line ends a comment or a script, cmark takes the one before for the
 * last. */
static int last_line_of(const struct markdown *markdown, cmark_node *html) {
    int line = markdown->lib.cmark_node_get_start_line(html) - 1;
    const char *text = markdown->lib.cmark_node_get_literal(html);
    for (; *text; text += line_length(text)) line++;
    return line;
}

static bool add_html_block(struct markdown *markdown, cmark_node *node, caption_error *error) {
    if (!has_tag(markdown->lib.cmark_node_get_literal(node))) return true;
    const size_t begin = extent_of(markdown, node).begin,
                 end = begin_of_line(markdown, last_line_of(markdown, node) + 1);
    markdown->searched = size_larger(markdown->searched, end);
    return add_html(markdown, markdown->bytes + begin, end - begin, begin,
                    (size_t)markdown->lib.cmark_node_get_start_line(node), error);
}

/* The place of a tag in a line; NULL: not found. */
static const char *find_tag(struct markdown *markdown, cmark_node *node, const char *tag) {
    const struct block_extent block = extent_of(markdown, block_of(markdown, node));
    const size_t size = strlen(tag), begin = search_from(markdown, &block),
                 at = place_of(markdown, node);
    if (at >= begin && at < block.end && strncmp(markdown->bytes + at, tag, size) == 0)
        return markdown->bytes + at;
    const char *found = memmem(markdown->bytes + begin, block.end - begin, tag, size);
    if (!found) markdown->in_vain += block.end - begin;
    return found;
}

/* One tag in a line. */
static bool add_html_inline(struct markdown *markdown, cmark_node *node, caption_error *error) {
    const char *literal = markdown->lib.cmark_node_get_literal(node);
    if (!has_tag(literal)) return true;
    const char *found = find_tag(markdown, node, literal);
    const size_t size = strlen(literal), at = found ? (size_t)(found - markdown->bytes) : 0;
    if (found) markdown->searched = at + size;
    return add_html(markdown, found ? found : literal, size, at,
                    (size_t)markdown->lib.cmark_node_get_start_line(block_of(markdown, node)),
                    error);
}

static bool add_node(struct markdown *markdown, cmark_node *node, caption_error *error) {
    switch (markdown->lib.cmark_node_get_type(node)) {
    case CMARK_NODE_IMAGE:
        return add_picture(markdown, node, error);
    case CMARK_NODE_HTML_BLOCK:
        return add_html_block(markdown, node, error);
    case CMARK_NODE_HTML_INLINE:
        return add_html_inline(markdown, node, error);
    default:
        return true;
    }
}

static bool add_all(struct markdown *markdown, cmark_node *document, caption_error *error) {
    cmark_iter *nodes = markdown->lib.cmark_iter_new(document);
    bool ok = true;
    for (cmark_event_type event;
         ok && (event = markdown->lib.cmark_iter_next(nodes)) != CMARK_EVENT_DONE;)
        if (event == CMARK_EVENT_ENTER)
            ok = add_node(markdown, markdown->lib.cmark_iter_get_node(nodes), error);
    markdown->lib.cmark_iter_free(nodes);
    return ok;
}

static bool parse(struct markdown *markdown, caption_error *error) {
    static cmark_mem functions = {take, take_more, give_back};
    struct cmark_memory *memory = of_cmark = &markdown->memory;
    bool ok;
    if (setjmp(memory->failed) == 0) {
        cmark_parser *parser =
            markdown->lib.cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &functions);
        markdown->lib.cmark_parser_feed(parser, markdown->bytes, markdown->size);
        ok = add_all(markdown, markdown->lib.cmark_parser_finish(parser), error);
    } else {
        ok = error_memory(error, "a Markdown document");
    }
    while (memory->blocks) give_back(memory->blocks->bytes);
    of_cmark = NULL;
    return ok;
}

static bool read_body(const char *bytes, size_t size, struct alt_pictures *pictures,
                      caption_error *error) {
    struct markdown markdown = {.bytes = bytes, .size = size, .pictures = pictures};
    const bool ok =
        load(&markdown.lib, error) && find_lines(&markdown, error) && parse(&markdown, error);
    free(markdown.lines);
    return ok;
}

/* Whether a line is the mark, and nothing but spaces. */
static bool is_mark(const char *line, const char *mark) {
    const size_t length = strlen(mark);
    if (strncmp(line, mark, length) != 0) return false;
    const char *rest = line + length + strspn(line + length, " \t");
    return *rest == 0 || *rest == '\r' || *rest == '\n';
}

static bool is_blank(const char *line) {
    return is_mark(line, "");
}

/* Bytes and lines of the metadata that a document begins with: YAML between two lines "---" (the
 * second may be "..."), or TOML between two lines "+++", as Jekyll, Hugo and pandoc read them.
 * CommonMark does not know them, and takes their values for text. Before a blank line, "---" is a
 * rule across the page. */
struct front_matter {
    size_t size, lines;
};

static struct front_matter front_matter_of(const char *bytes, size_t size) {
    const size_t begin = utf8_mark(bytes, size);
    const bool is_yaml = is_mark(bytes + begin, "---");
    if (!is_yaml && !is_mark(bytes + begin, "+++")) return (struct front_matter){0};
    struct front_matter front = {begin + line_length(bytes + begin), 1};
    if (is_blank(bytes + front.size)) return (struct front_matter){0};
    while (bytes[front.size]) {
        const char *line = bytes + front.size;
        front.size += line_length(line);
        front.lines++;
        if (is_yaml ? is_mark(line, "---") || is_mark(line, "...") : is_mark(line, "+++"))
            return front;
    }
    return (struct front_matter){0};
}

bool pictures_read_markdown(const char *bytes, size_t size, struct alt_pictures *pictures,
                            caption_error *error) {
    const struct front_matter front = front_matter_of(bytes, size);
    if (!read_body(bytes + front.size, size - front.size, pictures, error)) return false;
    for (size_t i = 0; i < pictures->count; i++) {
        struct alt_picture *picture = &pictures->items[i];
        picture->line += front.lines;
        if (picture->place > 0) picture->place += front.size;
    }
    return true;
}

#else

bool pictures_read_markdown(const char *bytes, size_t size, struct alt_pictures *pictures,
                            caption_error *error) {
    (void)bytes, (void)size, (void)pictures;
    return pictures_need("cmark", "libcmark-dev", error);
}

#endif
